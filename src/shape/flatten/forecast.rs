//! Whether the names of a flattened object could meet, told without making them.

use super::super::fence::Ground;
use super::{Arrays, Joint, Rules};
use crate::json::{Member, Node};

/// How many pairs of names are compared before the answer is left to the exact way.
const PAIRS: usize = 1024;

/// What flattening an object comes to.
pub(super) enum Forecast {
    /// Nothing is lifted.
    Flat,
    /// The names cannot meet.
    Clear {
        /// How many members the result has.
        members: usize,
    },
    /// Some might.
    Unsure,
}

/// Looks at an object and everything that would be lifted out of it.
///
/// All names made of a lifted member `seller` begin with `seller_`. Another name can only meet them when it begins so, too, as far
/// as it goes: `seller_x`, `seller`, or, where the joiner is `__`, a lifted `seller_`. When no member beside a lifted one has such
/// a name, at any level, no two names of the result meet. Escapes in names, `camel` and an empty joiner need a closer look.
pub(super) fn of(rules: &Rules, members: &[Member<'_>], ground: &Ground) -> Forecast {
    if !members.iter().any(|member| lifts(rules, &member.value, rules.levels)) {
        return Forecast::Flat;
    }
    let Joint::Text(joint) = &rules.joint else { return Forecast::Unsure };
    if joint.is_empty() || rules.arrays == Arrays::Index && joint.starts_with(|first: char| first.is_ascii_digit()) {
        return Forecast::Unsure;
    }
    let mut look = Look { rules, joint, members: 0, pairs: 0 };
    if look.members(members, rules.levels, ground) { Forecast::Clear { members: look.members } } else { Forecast::Unsure }
}

/// Whether a value with so many levels left is lifted, the fence aside.
pub(super) fn lifts(rules: &Rules, value: &Node<'_>, levels: usize) -> bool {
    match value {
        Node::Object(object) => levels > 0 && !object.is_empty(),
        Node::Array(elements) => rules.arrays == Arrays::Index && !elements.is_empty(),
        _ => false,
    }
}

struct Look<'l> {
    rules: &'l Rules,
    joint: &'l str,
    members: usize,
    pairs: usize,
}

impl Look<'_> {
    /// Counts the members of the result; `false` when names might meet.
    fn members(&mut self, members: &[Member<'_>], levels: usize, ground: &Ground) -> bool {
        let mut plain = false;
        for (at, member) in members.iter().enumerate() {
            let below =
                if lifts(self.rules, &member.value, levels) { self.rules.except.member(ground, &member.key) } else { None };
            let Some(below) = below else {
                self.members += 1;
                continue;
            };
            if !plain && members.iter().any(|member| member.key.is_escaped()) {
                return false;
            }
            plain = true;
            self.pairs += members.len();
            if self.pairs > PAIRS
                || self.begins_another(members, at, member.key.as_raw())
                || !self.inside(&member.value, levels, &below)
            {
                return false;
            }
        }
        true
    }

    /// What stands in a value that is lifted.
    fn inside(&mut self, value: &Node<'_>, levels: usize, ground: &Ground) -> bool {
        match value {
            Node::Object(object) => self.members(object.members(), levels - 1, ground),
            Node::Array(elements) => elements.iter().enumerate().all(|(at, element)| {
                let below = if lifts(self.rules, element, levels) { self.rules.except.element(ground, at) } else { None };
                match below {
                    Some(below) => self.inside(element, levels, &below),
                    None => {
                        self.members += 1;
                        true
                    }
                }
            }),
            _ => true,
        }
    }

    /// Whether another member's name begins with this one and the joiner, as far as it goes.
    fn begins_another(&self, members: &[Member<'_>], at: usize, name: &str) -> bool {
        members.iter().enumerate().any(|(other, member)| {
            let begun = member.key.as_raw().strip_prefix(name);
            begun.is_some_and(|rest| rest.starts_with(self.joint) || self.joint.starts_with(rest)) && other != at
        })
    }
}
