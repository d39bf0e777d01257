//! What filters, functions and tests are told by name: `money(currency="EUR")`.
//!
//! The engine hands every argument on, whether anybody asks for it or not, so a name with a slip in it would change nothing and be seen by
//! nobody. Names stand in the text of a template, so all of them are checked when it is read, and values as far as they stand there too, by the
//! function that reads them later; the rest is checked when the page is rendered. A message says who refuses, which argument, what it wants and
//! what it was given.

mod calls;
mod kind;
mod literal;
mod nameless;
mod read;
mod signature;
#[cfg(test)]
mod tests;

use super::TemplateProblem;
use super::foreign;
use super::place::{Place, place};
use crate::base::suggest;
use calls::{Call, Callee, calls};
pub(super) use calls::{Piece, Sort, Token, pieces};
pub(super) use kind::Kind;
use kind::of_engine;
pub(super) use read::Arguments;
use signature::{APART, Signature, signature};

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

/// What is wrong with the calls of a template, as far as its text tells. It may be one that the engine does not take.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) problems: Vec<TemplateProblem>,
    /// Where the first argument without a name stands: the engine reads no further.
    pub(super) nameless: Option<Place>,
}

pub(super) fn problems(name: &str, text: &str) -> Told {
    let mut told = Told::default();
    for call in calls(text) {
        let problems = match signature(call.callee, call.name) {
            Some(_) if is_super(&call) && call.block.is_none() => {
                vec![(call.at, "`super()` stands in a block alone, for what the parent has there".to_owned())]
            }
            Some(signature) => wrong(&call, signature),
            None => vec![(call.at, unknown_callee(call.callee, call.name))],
        };
        if let (None, Some(first)) = (told.nameless, call.nameless.first()) {
            told.nameless = Some(place(text, first.at));
        }
        for (at, message) in problems {
            let (line, column) = place(text, at);
            told.problems.push(TemplateProblem { template: name.to_owned(), line: Some(line), column: Some(column), message });
        }
    }
    told
}

/// Where a template calls `super()` in a block, in bytes, and the innermost block around it.
pub(super) fn supers(text: &str) -> Vec<(usize, &str)> {
    // Most templates have none, and have been searched for calls already.
    let calls = if text.contains("super") { calls(text) } else { Vec::new() };
    calls.into_iter().filter(is_super).filter_map(|call| Some((call.at, call.block?))).collect()
}

fn is_super(call: &Call<'_>) -> bool {
    call.callee == Callee::Function && call.name == "super"
}

fn wrong(call: &Call<'_>, signature: &Signature) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for argument in &call.arguments {
        match (signature.kind(argument.name), &argument.literal) {
            (None, _) => wrong.push((argument.at, unknown(call.name, argument.name, signature))),
            (Some(kind), Some(value)) => {
                let refusal = kind.check(value).err();
                wrong.extend(refusal.map(|refusal| (argument.value_at, refusal.told(call.name, argument.name))));
            }
            _ => {}
        }
    }
    let has = |name: &str| call.arguments.iter().any(|argument| argument.name == name);
    wrong.extend(apart(call.callee, call.name, has).map(|message| (call.at, message)));
    if let Some(first) = call.nameless.first() {
        wrong.push((first.at, nameless::told(call, signature)));
        return wrong;
    }
    if wrong.is_empty() && call.callee == Callee::Function && call.name == "range" {
        wrong.extend(no_range(call).map(|message| (call.at, message)));
    }
    // A name with a slip in it is told once.
    for (missing, kind) in signature.required().filter(|(name, _)| !has(name)) {
        let mut strangers = call.arguments.iter().filter(|argument| signature.kind(argument.name).is_none());
        if strangers.all(|argument| suggest(argument.name, signature.names()) != Some(missing)) {
            wrong.push((call.at, format!("`{}` needs `{missing}`, {}", call.name, kind.words())));
        }
    }
    wrong
}

/// Why a range of numbers that stand in the template can never be made: it is tried, by the engine.
fn no_range(call: &Call<'_>) -> Option<String> {
    let is_literal = call.arguments.iter().all(|argument| argument.literal.is_some());
    let arguments: Vec<String> = call.arguments.iter().map(|argument| format!("{}={}", argument.name, argument.text)).collect();
    let template = format!("{{% set x = range({}) %}}", arguments.join(", "));
    let mut engine = tera::Tera::new();
    let read = engine.add_raw_template("range", &template).is_ok();
    let error =
        engine.render("range", &tera::Context::new()).err().filter(|_| is_literal && read && !call.arguments.is_empty())?;
    let tera::ErrorKind::RenderingError(report) = error.kind() else { return None };
    let message = report.message();
    Some(match message.split("would produce ").nth(1).and_then(|rest| rest.split(' ').next()) {
        Some(length) => format!("`range` would make {length} numbers, and 100000 are the most"),
        None if message.contains("greater than") => {
            "`range` has a `start` behind its `end`: count down by `step_by=-1`".to_owned()
        }
        None if message.contains("Missing") => return None,
        None => format!("`range` cannot be made: {message}"),
    })
}

/// Two arguments that do not go together.
fn apart(callee: Callee, name: &str, has: impl Fn(&str) -> bool) -> Option<String> {
    let (.., pair) =
        APART.iter().find(|(kind, known, pair)| *kind == callee && *known == name && pair.iter().all(|name| has(name)))?;
    Some(format!("`{name}` takes `{}`, not both", pair.join("` or `")))
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

/// A filter, function or test that nobody knows, and what to write instead.
fn unknown_callee(callee: Callee, name: &str) -> String {
    let told = format!("unknown {} `{name}`", callee.word());
    let advice = match callee {
        Callee::Filter => foreign::filter(name),
        Callee::Function => foreign::function(name),
        Callee::Test => foreign::test(name),
    };
    let is = |callee| signature(callee, name).is_some();
    let other = match callee {
        Callee::Filter | Callee::Function if is(Callee::Test) => Some(format!("it is a test, `x is {name}`")),
        Callee::Function | Callee::Test if is(Callee::Filter) => Some(format!("it is a filter, `x | {name}`")),
        Callee::Filter | Callee::Test if is(Callee::Function) => Some(format!("it is a function, `{name}(…)`")),
        _ => None,
    };
    if let Some(advice) = advice.map(ToOwned::to_owned).or(other) {
        return format!("{told}: {advice}");
    }
    match suggest(name, signature::names(callee)) {
        Some(near) => format!("{told}: did you mean `{near}`?"),
        None => told,
    }
}
