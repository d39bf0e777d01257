//! Arguments that lack their names: `default("x")`, as other languages have it.

use tera::Value;

use super::calls::{Call, Callee};
use super::signature::{IN_TURN, Signature};

/// How long a call that a message writes out may be, in characters.
const LONGEST: usize = 80;

/// What to write instead of a call with an argument that has no name.
pub(super) fn told(call: &Call<'_>, signature: &Signature) -> String {
    let name = call.name;
    let known: Vec<&str> = signature.names().collect();
    let arguments = match known.as_slice() {
        // Without its brackets a function would be a variable.
        [] if call.callee == Callee::Function => return format!("`{name}` takes no arguments: write `{name}()`"),
        [] => return format!("`{name}` takes no arguments: write it without the brackets"),
        [_] => "argument by name",
        _ => "arguments by name",
    };
    match written(call, signature).filter(|written| written.chars().count() <= LONGEST) {
        Some(written) => format!("`{name}` takes its {arguments}: write `{written}`"),
        None => {
            let names: Vec<String> = known.iter().map(|name| format!("{name}=…")).collect();
            format!("`{name}` takes its {arguments}: `{name}({})`", names.join(", "))
        }
    }
}

/// The call with names, where there is no doubt which one an argument has lost.
fn written(call: &Call<'_>, signature: &Signature) -> Option<String> {
    let mut free: Vec<&str> = names(call, signature);
    free.retain(|name| call.arguments.iter().all(|argument| argument.name != *name));
    free.retain(|name| call.nameless.iter().all(|told| told.name != Some(*name)));
    let mut free = free.into_iter();
    let mut arguments: Vec<String> = call.arguments.iter().map(|told| format!("{}={}", told.name, told.text)).collect();
    for told in &call.nameless {
        let name = match told.name {
            Some(name) => signature.kind(name).map(|_| name)?,
            None => free.find(|name| signature.kind(name).is_some_and(|kind| takes(kind, told.literal.as_ref())))?,
        };
        arguments.push(format!("{name}={}", told.text));
    }
    let is_there = |name: &str| arguments.iter().any(|argument| argument.split('=').next() == Some(name));
    let missing: Vec<&str> = signature.required().map(|(name, _)| name).filter(|name| !is_there(name)).collect();
    arguments.extend(missing.into_iter().map(|name| format!("{name}=…")));
    Some(format!("{}({})", call.name, arguments.join(", ")))
}

/// The names in the order in which people give arguments: where there are no more than it needs, those that it needs.
fn names(call: &Call<'_>, signature: &Signature) -> Vec<&'static str> {
    let required: Vec<&str> = signature.required().map(|(name, _)| name).collect();
    let in_turn = IN_TURN.iter().find(|(name, _)| *name == call.name).map(|(_, names)| names.to_vec());
    match in_turn {
        _ if call.nameless.len() + call.arguments.len() <= required.len() => required,
        Some(names) => names,
        None => signature.names().collect(),
    }
}

/// Whether a value may be meant for an argument of this kind. A value that is wrong in itself still is.
fn takes(kind: super::Kind, literal: Option<&Value>) -> bool {
    use super::Kind::{Character, Read, Text, Word};
    match (kind, literal) {
        (_, None) => true,
        (Text | Read(_) | Word(_) | Character, Some(value)) => value.is_string(),
        (kind, Some(value)) => kind.check(value).is_ok(),
    }
}
