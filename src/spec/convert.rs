//! The steps `convert` and `numbers`: what a value becomes.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Literal, OneOrMany};

/// A conversion: its name, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ConvertSpec {
    /// By name.
    Kind(ConvertKind),
    /// With options.
    Mapping(Box<ConvertMapSpec>),
}

/// What a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvertKind {
    /// A string with the same characters.
    String,
    /// A number, from a string that is one.
    Number,
    /// A whole number, from a string or a decimal without fraction.
    Integer,
    /// 0/1, "true"/"false", "Y"/"N", "yes"/"no".
    Boolean,
    /// A string in plain notation, with its scale: `1E+2` is "100".
    DecimalString,
    /// The document inside of a string.
    Json,
    /// The parts of a string.
    List,
    /// A date and time, ISO 8601 with offset.
    Iso,
    /// A date alone.
    Date,
    /// Milliseconds since 1970.
    EpochMs,
    /// Seconds since 1970.
    EpochS,
}

/// A conversion with options.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a conversion")]
pub struct ConvertMapSpec {
    /// What it becomes.
    pub to: Option<ConvertKind>,
    /// What parts a list. Default `,`.
    pub split: Option<String>,
    /// The forms a date may come in, tried in order: `iso`, `epoch_ms`, `epoch_s`, `array`, or a Java pattern.
    pub from: Option<OneOrMany<String>>,
    /// The zone of a date without one; also the zone of the result. Default UTC.
    pub zone: Option<String>,
    /// Each value's replacement.
    pub map: Option<IndexMap<String, Literal>>,
    /// What stands for every other value.
    #[serde(rename = "else")]
    #[serde(default, deserialize_with = "super::text::given")]
    pub otherwise: Option<Literal>,
    /// What an impossible date becomes (`0000-00-00`): it stays, or `null`. Default stays.
    #[serde(default, deserialize_with = "super::text::given")]
    pub invalid: Option<Literal>,
}

/// Numbers that survive JavaScript.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`numbers`")]
pub struct NumbersSpec {
    /// Integers beyond 9007199254740991. Default `keep`.
    #[serde(rename = "unsafe")]
    pub beyond: Option<UnsafeNumbersSpec>,
    /// Keys whose numbers are always strings; `*Id` matches any name with that end.
    #[serde(default)]
    pub always_string: Vec<String>,
    /// NaN and infinities: a bare token or Jackson's string. Default `null` for tokens; strings stay.
    #[serde(default, deserialize_with = "super::text::given")]
    pub nan: Option<NanSpec>,
}

/// What an integer beyond the safe range becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnsafeNumbersSpec {
    /// A string of the same digits.
    String,
    /// It stays.
    Keep,
}

/// What NaN becomes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NanSpec {
    /// `null`
    Null(()),
    /// `"NaN"` or an error.
    Word(NanWord),
}

/// What NaN becomes, other than null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NanWord {
    /// A string.
    String,
    /// A 502.
    Error,
}
