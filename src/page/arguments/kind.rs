//! Kinds of values, and the words for them.

use tera::Value;

use super::super::readers::Refusal;

/// What an argument has to be.
#[derive(Debug, Clone, Copy)]
pub(in crate::page) enum Kind {
    Any,
    Text,
    Truth,
    /// A whole number, which may be below zero.
    Whole,
    /// A whole number that is not below zero.
    Count,
    List,
    /// A whole number from the one to the other.
    Within(i64, i64),
    /// A whole number that is not 0.
    Step,
    /// One character.
    Character,
    /// One of these words.
    Word(&'static [&'static str]),
    /// What a reader takes.
    Read(fn(&Value) -> Result<(), Refusal>),
    /// The same, or null.
    ReadOrNull(fn(&Value) -> Result<(), Refusal>),
    /// A list whose elements a reader takes.
    Each(fn(&Value) -> Result<(), Refusal>),
}

impl Kind {
    pub(super) fn words(self) -> String {
        match self {
            Self::Any | Self::ReadOrNull(_) => "a value",
            Self::Text | Self::Read(_) => "a text",
            Self::Truth => "true or false",
            Self::Whole => "a whole number",
            Self::Count => "a whole number from 0",
            Self::List | Self::Each(_) => "a list",
            Self::Within(least, most) => return format!("a whole number from {least} to {most}"),
            Self::Step => "a whole number other than 0",
            Self::Character => "one character",
            Self::Word(words) => return format!("`{}`", words.join("` or `")),
        }
        .to_owned()
    }

    /// Whether the value is one. A fraction of nothing is whole: `2.0`.
    pub(super) fn check(self, value: &Value) -> Result<(), Refusal> {
        let whole =
            || value.as_f64().filter(|number| value.is_number() && (value.as_i128().is_some() || number.trunc() == *number));
        let text = || value.as_str();
        let takes = match self {
            Self::Any => true,
            Self::Text => value.is_string(),
            Self::Truth => value.is_bool(),
            Self::Whole => whole().is_some(),
            Self::Count => whole().is_some_and(|number| number >= 0.0),
            Self::List => value.is_array(),
            #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
            Self::Within(least, most) => whole().is_some_and(|number| (least as f64..=most as f64).contains(&number)),
            Self::Step => whole().is_some_and(|number| number != 0.0),
            Self::Character => text().is_some_and(|text| text.chars().count() == 1),
            Self::Word(words) => text().is_some_and(|text| words.contains(&text)),
            Self::Read(read) => return read(value),
            Self::ReadOrNull(read) => return if value.is_none() { Ok(()) } else { read(value) },
            Self::Each(read) => match value.as_array() {
                Some(elements) => return elements.iter().try_for_each(read),
                None => false,
            },
        };
        if takes {
            return Ok(());
        }
        let words = if let Self::Word(words) = self { words } else { &[] };
        Err(Refusal::new(self.words(), value).nearest(value, words.iter().copied()))
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
