//! Readers of arguments that want more than a kind: a time zone, a currency, a language.
//!
//! A filter or a function reads its argument with one when a page is made; a value that stands in the text of a template is tried with the same
//! one when that is read. So what passes then does not fail later.

mod locales;
mod money;
mod picture;
mod plural;
mod time;

use tera::Value;
use tera::value::ValueKind;

pub(super) use locales::{Locale, Place};
pub(super) use money::{currency, locale};
pub(super) use picture::{format_name, pixels};
pub(super) use plural::language;
pub(super) use time::{format, formatted, zone};

/// Why an argument is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    wanted: String,
    given: String,
    near: Option<String>,
}

impl Refusal {
    /// What is wanted, and what was given.
    pub(super) fn new(wanted: impl Into<String>, given: &Value) -> Self {
        Self { wanted: wanted.into(), given: described(given), near: None }
    }

    /// What was probably meant.
    fn near(self, near: Option<String>) -> Self {
        Self { near, ..self }
    }

    /// What was probably meant, of these.
    pub(super) fn nearest<'w>(self, given: &Value, words: impl IntoIterator<Item = &'w str>) -> Self {
        let near = given.as_str().and_then(|typed| crate::base::suggest(typed, words)).map(ToOwned::to_owned);
        self.near(near)
    }

    /// The message: who refuses, which argument, what it wants, what it was given.
    pub(super) fn told(&self, callee: &str, argument: &str) -> String {
        let Self { wanted, given, near } = self;
        let near = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("`{callee}` wants {wanted} in `{argument}`, not {given}{near}")
    }
}

/// A text.
fn text(value: &Value) -> Result<&str, Refusal> {
    value.as_str().ok_or_else(|| Refusal::new("a text", value))
}

/// A value in a message, cut to a length that a log bears: its kind, and itself where it is short.
pub(super) fn described(value: &Value) -> String {
    let text = || value.to_string().chars().take(64).collect::<String>();
    match value.kind() {
        ValueKind::Undefined => "a variable that is not there".to_owned(),
        ValueKind::None => "null".to_owned(),
        ValueKind::Bool => text(),
        ValueKind::Array => "a list".to_owned(),
        ValueKind::Map => "a mapping".to_owned(),
        // A number that would not have printed as it was typed is a safe text.
        ValueKind::String | ValueKind::Bytes if !(value.is_safe() && text().parse::<f64>().is_ok()) => {
            format!("the text `{}`", text())
        }
        _ => format!("the number `{}`", text()),
    }
}
