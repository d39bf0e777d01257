//! Kinds of values, and the words for them.

use tera::Value;
use tera::value::ValueKind;

/// What an argument has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::page) enum Kind {
    Any,
    Text,
    Truth,
    /// A whole number, which may be below zero.
    Whole,
    /// A whole number that is not below zero.
    Count,
    List,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Whole => "a whole number",
            Self::Count => "a whole number from 0",
            Self::List => "a list",
        }
    }

    /// Whether the value is one. A fraction of nothing is whole: `2.0`.
    pub(super) fn takes(self, value: &Value) -> bool {
        let is_whole = |value: &Value| value.as_i128().is_some() || value.as_f64().is_some_and(|number| number.trunc() == number);
        match self {
            Self::Any => true,
            Self::Text => value.is_string(),
            Self::Truth => value.is_bool(),
            Self::Whole => value.is_number() && is_whole(value),
            Self::Count => value.is_number() && is_whole(value) && value.as_f64().is_none_or(|number| number >= 0.0),
            Self::List => value.is_array(),
        }
    }
}

/// A value in a message, cut to a length that a log bears: its kind, and itself where it is short.
pub(in crate::page) fn described(value: &Value) -> String {
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

/// The engine's name of a kind, which is that of a type of its own.
pub(super) fn of_engine(name: &str) -> String {
    match name {
        "&str" | "string" | "String" => "a text",
        "bool" => "true or false",
        "usize" | "u8" | "u16" | "u32" | "u64" | "u128" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" | "Number" => "a number",
        "&[Value]" | "Vec<Value>" | "array" => "a list",
        "Map" | "&Map" | "map/struct" => "a mapping",
        "none" => "null",
        "undefined" => "a variable that is not there",
        other => return format!("`{other}`"),
    }
    .to_owned()
}
