//! Scalars of the mirror that are texts until the plan reads them.

use schemars::JsonSchema;
use serde::Deserialize;

/// A duration as typed: `250ms`, `10s`, `1m30s`; where a span is meant, `25ms..250ms`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DurationText(pub String);

/// A size as typed: `8KiB`, `1MiB`, or a bare number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SizeText {
    /// With a unit.
    Text(String),
    /// In bytes.
    Bytes(u64),
}

/// A JSON value as typed. Numbers keep their digits only in the source: read it through [`super::Source::literal`].
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Literal(pub serde_json::Value);

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A list.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The values, one or many.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}
