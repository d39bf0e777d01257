//! From faults to violations: a place in our path grammar, the rule, a message.

use std::collections::HashSet;

use super::alternatives::{self, Told};
use super::faults::{Fault, Step, faults};
use super::graph::{Graph, Sub};
use super::judge::Judge;
use super::{In, Violation};
use crate::json::Node;

/// How many violations one request is told; a document of a hundred thousand wrong elements must not come back ten times its size.
pub(super) const MOST_VIOLATIONS: usize = 1000;

/// How often a subschema may be applied to a value to tell what is wrong, beyond as often as it took to see that something is.
const FREE_STEPS: u64 = 10_000;

/// How much of a member's name a path shows.
const LONGEST_KEY: usize = 100;

/// Adds every violation of a document. `name` is the field's; empty for a body. Gives how often a subschema was applied to a value.
pub(super) fn tell<'d>(graph: &Graph, sub: Sub, place: In, name: &str, document: &'d Node<'d>, out: &mut Vec<Violation>) -> u64 {
    let mut judge = Judge::new(graph);
    let fits = judge.fits(sub, document);
    if fits && !judge.too_deep {
        return judge.steps;
    }
    let before = out.len();
    if !judge.too_deep {
        tell_faults(&mut judge, sub, place, name, document, out);
    }
    let whole = |rule: &str, message: &str| Violation {
        place,
        path: name.to_owned(),
        rule: rule.to_owned(),
        message: message.to_owned(),
    };
    if judge.too_deep {
        out.truncate(before);
        push(whole("depth", "is nested too deep for its rule to be checked"), out);
    } else if out.len() == before {
        // A rule that says yes and no to itself has no fault that could be named; the document is refused all the same.
        push(whole("$ref", "does not keep its rule"), out);
    }
    judge.steps
}

fn tell_faults<'d>(judge: &mut Judge<'_>, sub: Sub, place: In, name: &str, document: &'d Node<'d>, out: &mut Vec<Violation>) {
    let most = judge.steps * 2 + FREE_STEPS;
    let mut waiting = faults(judge, sub, Vec::new(), document);
    waiting.reverse();
    let mut told = HashSet::new();
    while let Some(mut fault) = waiting.pop().filter(|_| out.len() < MOST_VIOLATIONS) {
        // Each look into forms may go down to the end of the document; at some point they are told without their reasons.
        fault.forms = fault.forms.filter(|_| judge.steps <= most);
        // The same forms for the same value, reached in another way, say nothing new.
        if fault.forms.is_some_and(|(subs, node)| !told.insert((subs.as_ptr().addr(), std::ptr::from_ref(node).addr()))) {
            continue;
        }
        match alternatives::tell(judge, name, fault) {
            Told::Meant(form) => waiting.extend(form.into_iter().rev()),
            Told::Is { path, rule, message } => push(Violation { place, path, rule, message }, out),
        }
    }
}

/// Adds a violation, unless it is there already or there are too many.
fn push(violation: Violation, out: &mut Vec<Violation>) {
    // Two branches of a schema often ask for the same thing; only the neighbours are compared, so that this stays linear.
    if out.len() < MOST_VIOLATIONS && !out.iter().rev().take(8).any(|told| *told == violation) {
        out.push(violation);
    }
}

/// The path to where a fault is, and on to the member that is meant.
pub(super) fn path_to(name: &str, fault: &Fault<'_, '_>) -> String {
    let mut path = name.to_owned();
    for step in &fault.at {
        match step {
            Step::Element(index) => path.push_str(&format!("[{index}]")),
            Step::Member(key) => add_key(&mut path, &key.decode()),
        }
    }
    if let Some(member) = &fault.member {
        add_key(&mut path, member);
    }
    path
}

/// Adds a member's name to a path: `.name`, or `["odd.name"]`.
pub(super) fn add_key(path: &mut String, key: &str) {
    let shown: String = match key.char_indices().nth(LONGEST_KEY) {
        Some((end, _)) => format!("{}…", key.get(..end).unwrap_or_default()),
        None => key.to_owned(),
    };
    let odd = shown.is_empty() || shown.contains(|c: char| c.is_control() || c.is_whitespace() || ".[]*\"\\".contains(c));
    if odd {
        path.push_str(&format!("[{}]", serde_json::Value::String(shown)));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_in_our_grammar() {
        for (keys, expected) in [
            (&["a", "b"][..], "a.b"),
            (&["a.b", "c"], r#"["a.b"].c"#),
            (&["x", ""], r#"x[""]"#),
            (&["x", "sa\"y"], r#"x["sa\"y"]"#),
            (&["@class", "x-y"], "@class.x-y"),
        ] {
            let mut path = String::new();
            keys.iter().for_each(|key| add_key(&mut path, key));
            assert_eq!(path, expected);
        }
    }

    #[test]
    fn a_very_long_name_is_cut() {
        let mut path = String::new();
        add_key(&mut path, &"ü".repeat(100_000));
        assert_eq!(path.chars().count(), LONGEST_KEY + 1);
    }
}
