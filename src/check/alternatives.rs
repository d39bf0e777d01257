//! `anyOf` and `oneOf`, told so that it helps: the errors of the form that was meant, not a riddle about all of them.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::types::JsonType;
use serde_json::Value;

use super::Violation;
use super::explain::Checked;
use super::words::{message, must_be, one_of, types_of};

/// How many forms a message describes.
const MOST_FORMS: usize = 5;

type Branch = [ValidationError<'static>];

/// Tells why none of the branches fits: as the errors of one branch when it is clear which was meant, else as one violation.
pub(super) fn tell(
    checked: &Checked<'_>,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    out: &mut Vec<Violation>,
) {
    let path = checked.path_to(error, None);
    let rule = error.kind().keyword();
    let here = error.instance_path().as_str();
    if let Some(types) = all(context, |branch| wrong_type(branch, here)) {
        return checked.push(path, rule, must_be(&types.concat()), out);
    }
    if let Some(options) = all(context, |branch| wrong_option(branch, here)) {
        let options = options.concat();
        return checked.push(path, rule, one_of(options.iter()), out);
    }
    let right_type: Vec<&Branch> =
        context.iter().map(Vec::as_slice).filter(|branch| wrong_type(branch, here).is_none()).collect();
    let meant: Vec<&Branch> = right_type.iter().copied().filter(|branch| !is_another_form(branch, here)).collect();
    match (meant.as_slice(), right_type.as_slice()) {
        ([one], _) | ([], [one]) => one.iter().for_each(|error| checked.tell(error, out)),
        ([], several) => {
            if !tell_discriminator(checked, several, here, out) {
                checked.push(path, rule, forms(checked, several), out);
            }
        }
        (several, _) => checked.push(path, rule, forms(checked, several), out),
    }
}

/// What `f` says of every branch, if it says something of each.
fn all<T>(context: &[Vec<ValidationError<'static>>], f: impl Fn(&Branch) -> Option<T>) -> Option<Vec<T>> {
    if context.is_empty() { None } else { context.iter().map(|branch| f(branch)).collect() }
}

/// The types a branch asks for, when the value is of none of them.
fn wrong_type(branch: &Branch, here: &str) -> Option<Vec<JsonType>> {
    branch.iter().find_map(|error| match error.kind() {
        Kind::Type { kind } if error.instance_path().as_str() == here => Some(types_of(kind)),
        _ => None,
    })
}

/// The values a branch allows here, when that is all it asks.
fn wrong_option(branch: &Branch, at: &str) -> Option<Vec<Value>> {
    match branch {
        [error] if error.instance_path().as_str() == at => options_of(error),
        _ => None,
    }
}

fn options_of(error: &ValidationError<'_>) -> Option<Vec<Value>> {
    match error.kind() {
        Kind::Enum { options } => options.as_array().cloned(),
        Kind::Constant { expected_value } => Some(vec![Value::clone(expected_value)]),
        _ => None,
    }
}

/// Whether a member of the value itself, such as `kind`, says that another form was meant.
fn is_another_form(branch: &Branch, here: &str) -> bool {
    discriminator(branch, here).is_some()
}

fn discriminator<'a>(branch: &'a Branch, here: &str) -> Option<&'a ValidationError<'static>> {
    branch.iter().find(|error| {
        let below = error.instance_path().as_str().strip_prefix(here).and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|member| !member.contains('/')) && options_of(error).is_some()
    })
}

/// When every form is told by the same member and it has none of their values, that is what is wrong.
fn tell_discriminator(checked: &Checked<'_>, branches: &[&Branch], here: &str, out: &mut Vec<Violation>) -> bool {
    let found: Vec<&ValidationError<'static>> = branches.iter().filter_map(|branch| discriminator(branch, here)).collect();
    let Some(first) = found.first() else { return false };
    if found.iter().any(|error| error.instance_path().as_str() != first.instance_path().as_str()) {
        return false;
    }
    let options: Vec<Value> = found.iter().filter_map(|error| options_of(error)).flatten().collect();
    checked.push(checked.path_to(first, None), first.kind().keyword(), one_of(options.iter()), out);
    true
}

/// The forms in one sentence, each by the first things it lacks.
fn forms(checked: &Checked<'_>, branches: &[&Branch]) -> String {
    let mut told: Vec<String> = branches
        .iter()
        .take(MOST_FORMS)
        .map(|branch| {
            let mut first: Vec<String> = branch.iter().take(3).map(|error| one(checked, error)).collect();
            first.dedup();
            first.join(" and ")
        })
        .collect();
    told.dedup();
    let more = if branches.len() > MOST_FORMS { "; …" } else { "" };
    format!("fits none of the allowed forms: {}{more}", told.join("; or "))
}

fn one(checked: &Checked<'_>, error: &ValidationError<'_>) -> String {
    let member = match error.kind() {
        Kind::Required { property } => property.as_str(),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.first().map(String::as_str)
        }
        _ => None,
    };
    let says = match error.kind() {
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => "is not allowed".to_owned(),
        kind => message(kind),
    };
    let path = checked.path_to(error, member);
    if path.is_empty() { format!("it {says}") } else { format!("{path} {says}") }
}
