//! The result of flattening one object, built in a single pass.

use super::super::fence::Ground;
use super::forecast::lifts;
use super::{Error, Joint, Run};
use crate::json::{Member, Node, Text};

/// Names on the way to a value, written one after the other.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    text: String,
    depth: usize,
}

impl Prefix {
    /// Nothing is above: names stay as they are.
    pub(super) fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Bytes of what is above.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// The name that a value gets below this prefix.
    pub(super) fn name(&self, joint: &Joint, own: &str) -> String {
        let mut name = String::with_capacity(self.text.len() + own.len());
        name.push_str(&self.text);
        match joint {
            Joint::Text(_) => name.push_str(own),
            Joint::Camel => push_capital(&mut name, own),
        }
        name
    }

    /// Goes below a name; gives what [`Prefix::leave`] needs.
    pub(super) fn enter(&mut self, joint: &Joint, own: &str) -> usize {
        let before = self.text.len();
        match joint {
            Joint::Text(joint) => {
                self.text.push_str(own);
                self.text.push_str(joint);
            }
            Joint::Camel => push_capital(&mut self.text, own),
        }
        self.depth += 1;
        before
    }

    pub(super) fn leave(&mut self, before: usize) {
        self.text.truncate(before);
        self.depth -= 1;
    }
}

/// Writes a name with its first letter as a capital, unless it is the first that is written. `own` is raw: the letter may be an escape.
pub(in super::super) fn push_capital(name: &mut String, own: &str) {
    let (first, rest) = first_letter(own);
    match first {
        Some(letter) if !name.is_empty() && letter.is_lowercase() => {
            name.extend(letter.to_uppercase());
            name.push_str(rest);
        }
        _ => name.push_str(own),
    }
}

/// The first letter of the raw content of a string, and what follows it.
fn first_letter(raw: &str) -> (Option<char>, &str) {
    let escaped = raw.strip_prefix("\\u").and_then(|after| {
        let (digits, rest) = after.split_at_checked(4)?;
        Some((u32::from_str_radix(digits, 16).ok().and_then(char::from_u32), rest))
    });
    escaped.unwrap_or_else(|| {
        let mut letters = raw.chars();
        (letters.next(), letters.as_str())
    })
}

/// Which values are lifted, when the plain rule is not enough: one answer for each name, in the order of the document.
pub(super) struct Plan {
    /// Whether it is lifted, and which name comes next when it is not.
    pub(super) answers: Vec<(bool, usize)>,
    pub(super) next: usize,
}

impl Plan {
    fn opens(&mut self) -> bool {
        let (opens, next) = self.answers.get(self.next).copied().unwrap_or((false, self.next));
        self.next = if opens { self.next + 1 } else { next };
        opens
    }
}

/// The members of the result, as far as they are done.
pub(super) struct Lift<'r, 'n, 'a> {
    run: &'r mut Run<'n>,
    plan: Option<Plan>,
    prefix: Prefix,
    done: Vec<Member<'a>>,
}

impl<'r, 'n, 'a> Lift<'r, 'n, 'a> {
    pub(super) fn new(run: &'r mut Run<'n>, plan: Option<Plan>, members: usize) -> Self {
        Self { run, plan, prefix: Prefix::default(), done: Vec::with_capacity(members) }
    }

    pub(super) fn into_members(self) -> Vec<Member<'a>> {
        self.done
    }

    pub(super) fn members(&mut self, members: Vec<Member<'a>>, levels: usize, ground: &Ground) -> Result<(), Error> {
        let rules = self.run.rules;
        for Member { key, value } in members {
            let below = rules.except.member(ground, &key);
            match (self.opens(&value, levels, below.is_some()), below) {
                (true, Some(below)) => self.inside(key.as_raw(), value, levels, &below)?,
                (_, below) => self.push(key, value, below)?,
            }
        }
        Ok(())
    }

    fn elements(&mut self, elements: Vec<Node<'a>>, levels: usize, ground: &Ground) -> Result<(), Error> {
        let rules = self.run.rules;
        for (at, element) in elements.into_iter().enumerate() {
            let place = at.to_string();
            let below = rules.except.element(ground, at);
            match (self.opens(&element, levels, below.is_some()), below) {
                (true, Some(below)) => self.inside(&place, element, levels, &below)?,
                (_, below) => self.push(Text::raw(place), element, below)?,
            }
        }
        Ok(())
    }

    fn opens(&mut self, value: &Node<'_>, levels: usize, reachable: bool) -> bool {
        match &mut self.plan {
            Some(plan) => plan.opens(),
            None => reachable && lifts(self.run.rules, value, levels),
        }
    }

    /// What stands in a value that is lifted.
    fn inside(&mut self, name: &str, value: Node<'a>, levels: usize, ground: &Ground) -> Result<(), Error> {
        let before = self.prefix.enter(&self.run.rules.joint, name);
        match value {
            Node::Object(object) => self.members(object.into_members(), levels - 1, ground)?,
            Node::Array(elements) => self.elements(elements, levels, ground)?,
            _ => {}
        }
        self.prefix.leave(before);
        Ok(())
    }

    /// A value that is not lifted; `ground` when the step may look into it.
    fn push(&mut self, own: Text<'a>, mut value: Node<'a>, ground: Option<Ground>) -> Result<(), Error> {
        if let Some(ground) = ground {
            self.run.leaf(&mut value, &ground)?;
        }
        let key = match self.prefix.is_empty() {
            true => own,
            false => {
                self.run.count(self.prefix.length() + own.as_raw().len())?;
                Text::raw(self.prefix.name(&self.run.rules.joint, own.as_raw()))
            }
        };
        self.done.push(Member { key, value });
        Ok(())
    }
}
