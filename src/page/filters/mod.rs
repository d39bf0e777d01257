//! The filters that Tera does not have and pages need.
//!
//! | filter | gives |
//! |---|---|
//! | `json_script` | JSON that is safe inside `<script>` |
//! | `json` | JSON, escaped as any text, for an attribute |
//! | `urlencode` | one path segment or query value |
//! | `urlencode_path` | a path: as `urlencode`, but slashes stay |
//! | `url` | the address if it is harmless, else `#` |
//! | `absolute` | an address with the site's origin |
//! | `decimal` | a number with a fixed number of places: `1,234.50` |
//! | `money` | an amount in a currency, as a language writes it |
//! | `plural` | the form of a text that a number asks for |
//! | `date` | a date in a format and a zone, or as a language writes it |
//! | `striptags` | the text of a piece of HTML |

mod address;
mod date;
mod decimal;
mod json;
mod money;
mod plural;
mod text;

use std::borrow::Cow;

use tera::value::ValueKind;
use tera::{Error, Kwargs, State, Tera, TeraResult, Value};

use super::arguments::Arguments;
use super::readers::described;
pub(super) use address::{absolute, is_harmless};
pub(super) use decimal::MOST_PLACES;
pub(super) use json::{json, json_script, json_script_of_text};

/// A filter that makes a text of what a value prints.
pub(super) type TextFilter = fn(&Given<'_>, &Kwargs) -> TeraResult<String>;

/// Those filters, by name.
const OF_TEXT: [(&str, TextFilter); 8] = [
    ("urlencode", address::urlencode),
    ("urlencode_path", address::urlencode_path),
    ("url", address::url),
    ("money", money::money),
    ("plural", plural::plural),
    ("decimal", decimal::decimal),
    ("date", date::date),
    ("striptags", text::striptags),
];

/// What such a filter is given: what would be printed of it, and what it is.
#[derive(Debug)]
pub(super) struct Given<'v> {
    pub(super) text: Cow<'v, str>,
    pub(super) kind: GivenKind,
    /// The engine's value, of which an error tells more.
    pub(super) value: Option<&'v Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenKind {
    Undefined,
    None,
    /// A number or a text.
    One,
    Other,
}

impl<'v> Given<'v> {
    pub(super) fn of(value: &'v Value) -> Self {
        let kind = match value.kind() {
            ValueKind::Undefined => GivenKind::Undefined,
            ValueKind::None => GivenKind::None,
            _ if value.is_number() || value.is_string() => GivenKind::One,
            _ => GivenKind::Other,
        };
        Self { text: value.as_str().map_or_else(|| value.to_string().into(), Into::into), kind, value: Some(value) }
    }

    fn is_none(&self) -> bool {
        self.kind == GivenKind::None
    }

    /// Whether it may be a number: it is one, or a text.
    fn is_one(&self) -> bool {
        self.kind == GivenKind::One
    }

    /// What to say where it is no number. Without the engine's value nobody reads it: the engine says it again.
    fn not_a_number(&self, filter: &str) -> Error {
        let what = self.value.map_or_else(|| "another value".to_owned(), described);
        Error::message(format!("`{filter}` wants a number, not {what}"))
    }

    /// Its text. Refuses a variable that is not there, as printing it would.
    fn defined(&self, filter: &str) -> TeraResult<&str> {
        if self.kind == GivenKind::Undefined { Err(Error::message(missing(filter))) } else { Ok(&self.text) }
    }
}

/// The filter of that name that makes a text of what a value prints.
pub(super) fn of_text(name: &str) -> Option<TextFilter> {
    OF_TEXT.into_iter().find(|(known, _)| *known == name).map(|(_, filter)| filter)
}

/// Registers the filters. Must come before the templates, which are checked against them.
pub(super) fn register(tera: &mut Tera) {
    for (name, filter) in OF_TEXT {
        tera.register_filter(name, move |value: &Value, kwargs: Kwargs, _: &State| filter(&Given::of(value), &kwargs));
    }
    tera.register_filter("json_script", |value: &Value, kwargs: Kwargs, _: &State| {
        Arguments::of_filter("json_script", &kwargs)?;
        json_script(value).map(|json| Value::safe_string(&json))
    });
    tera.register_filter("json", |value: &Value, kwargs: Kwargs, _: &State| {
        Arguments::of_filter("json", &kwargs)?;
        json(value)
    });
    tera.register_filter("absolute", |value: &Value, kwargs: Kwargs, state: &State| {
        Arguments::of_filter("absolute", &kwargs)?;
        let site = state.get::<Value>("site")?;
        let origin = site.as_ref().and_then(|site| site.get_from_path("origin")).and_then(Value::as_str);
        absolute(&Given::of(value), origin)
    });
}

fn missing(filter: &str) -> String {
    format!("`{filter}` was given a variable that is not there")
}
