//! What filters, functions and tests are told by name: `money(currency="EUR")`.
//!
//! The engine hands every argument on, whether anybody asks for it or not, so a name with a slip in it would change nothing and be seen by
//! nobody. Names stand in the text of a template, so all of them are checked when it is read, and values as far as they stand there too; the rest
//! is checked when the page is rendered. A message says who refuses, which argument, what kind it wants and what kind it was given.

mod calls;
mod kind;
mod read;
mod signature;
#[cfg(test)]
mod tests;

use super::TemplateProblem;
use super::place::place;
use crate::base::suggest;
use calls::{Call, calls};
use kind::of_engine;
pub(super) use kind::{Kind, described};
pub(super) use read::Arguments;
use signature::{Signature, signature};

/// Where the filters, functions and tests of a template stand, by which an error of the engine finds the one that it comes from.
#[derive(Debug, Default)]
pub(super) struct Callers(Vec<(usize, String)>);

impl Callers {
    pub(super) fn of(template: &str) -> Self {
        Self(calls(template).into_iter().map(|call| (call.at, call.name.to_owned())).collect())
    }

    /// What the engine says of a value that one of its own filters could not use, in our words. It points at the value in front of the filter,
    /// whichever of its values it was; at the filter where a number is out of bounds.
    pub(super) fn explain(&self, error: &tera::ReportError) -> Option<String> {
        let range = &error.span().range;
        let message = error.message();
        let ((wanted, given), mut calls) = match message.strip_prefix("Invalid type for the value, expected `") {
            Some(kinds) => {
                let (wanted, given) = kinds.strip_suffix('`')?.split_once("` but got `")?;
                ((of_engine(wanted), of_engine(given)), self.names(range.end))
            }
            None => {
                let (value, kind) = message.strip_prefix("Value `")?.strip_suffix('`')?.split_once("` is out of range for `")?;
                ((of_engine(kind), format!("`{value}`")), self.names(range.start))
            }
        };
        let name = calls.next()?;
        Some(format!("`{name}` wants {wanted}, not {given}"))
    }

    /// The names of those that stand there or behind it.
    fn names(&self, at: usize) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(start, _)| *start >= at).map(|(_, name)| name.as_str())
    }
}

/// What is wrong with the arguments of a template, as far as its text tells. It may be one that the engine does not take.
pub(super) fn problems(name: &str, text: &str) -> Vec<TemplateProblem> {
    let mut problems = Vec::new();
    for call in calls(text) {
        let Some(signature) = signature(call.callee, call.name) else { continue };
        for (at, message) in wrong(&call, signature) {
            let (line, column) = place(text, at);
            problems.push(TemplateProblem { template: name.to_owned(), line: Some(line), column: Some(column), message });
        }
    }
    problems
}

fn wrong(call: &Call<'_>, signature: &Signature) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for argument in &call.arguments {
        match (signature.kind(argument.name), &argument.literal) {
            (None, _) => wrong.push((argument.at, unknown(call.name, argument.name, signature))),
            (Some(kind), Some(value)) if !kind.takes(value) => {
                wrong.push((argument.value_at, refused(call.name, argument.name, kind, value)));
            }
            _ => {}
        }
    }
    // A name with a slip in it is told once.
    for (missing, kind) in signature.required().filter(|(name, _)| call.arguments.iter().all(|argument| argument.name != *name)) {
        if call.arguments.iter().all(|argument| suggest(argument.name, signature.names()) != Some(missing)) {
            wrong.push((call.at, format!("`{}` needs `{missing}`, {}", call.name, kind.words())));
        }
    }
    wrong
}

/// An argument that nobody asks for.
fn unknown(callee: &str, argument: &str, signature: &Signature) -> String {
    let known: Vec<&str> = signature.names().collect();
    let known = match known.as_slice() {
        [] => format!("`{callee}` takes no arguments, and was given `{argument}`"),
        names => format!("`{callee}` has no argument `{argument}`: it knows `{}`", names.join("`, `")),
    };
    match suggest(argument, signature.names()) {
        Some(near) => format!("{known}; did you mean `{near}`?"),
        None => known,
    }
}

/// An argument of the wrong kind.
fn refused(callee: &str, argument: &str, kind: Kind, value: &tera::Value) -> String {
    format!("`{callee}` wants {} in `{argument}`, not {}", kind.words(), described(value))
}
