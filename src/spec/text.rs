//! Scalars of the mirror that are texts until the plan reads them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A duration as typed: `250ms`, `10s`, `1m30s`; where a span is meant, `25ms..250ms`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(
    title = "a duration such as 250ms, 10s or 1m30s",
    description = "A number and a unit, as often as needed: ns, us, ms, s, m, h."
)]
#[schemars(example = "250ms", example = "10s", example = "1m30s")]
#[serde(transparent)]
pub struct DurationText(#[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$"))] pub String);

/// What a [`DurationText`] must look like where a first and a last duration are meant.
#[derive(JsonSchema)]
#[schemars(
    title = "a span of durations such as 25ms..250ms",
    description = "The first and the last duration, with `..` between them."
)]
#[schemars(example = "25ms..250ms", example = "1s..60s")]
#[serde(transparent)]
pub(super) struct SpanText(
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+\.\.([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$"))]
    #[expect(dead_code, reason = "only its schema is used")]
    String,
);

/// What a number must be where the HTTP status of a failure is meant.
#[derive(JsonSchema)]
#[schemars(title = "the status of a failure, from 400 to 599")]
#[serde(transparent)]
pub(super) struct StatusText(
    #[schemars(range(min = 400, max = 599))]
    #[expect(dead_code, reason = "only its schema is used")]
    u16,
);

/// What a text must be where an address to listen on is meant.
#[derive(JsonSchema)]
#[schemars(title = "an address such as 127.0.0.1:8080", example = "127.0.0.1:8080", example = "[::]:8080")]
#[serde(transparent)]
pub(super) struct AddressText(#[expect(dead_code, reason = "only its schema is used")] String);

/// What a text must be where permission bits are meant.
#[derive(JsonSchema)]
#[schemars(title = "permission bits such as \"0660\"", example = "0660", example = "0600")]
#[serde(transparent)]
pub(super) struct ModeText(
    #[schemars(regex(pattern = r"^0?[0-7]{3}$"))]
    #[expect(dead_code, reason = "only its schema is used")]
    String,
);

/// What a number must be where the weight of a worker is meant.
#[derive(JsonSchema)]
#[schemars(title = "a weight from 1 to 1000")]
#[serde(transparent)]
pub(super) struct WeightText(
    #[schemars(range(min = 1, max = 1000))]
    #[expect(dead_code, reason = "only its schema is used")]
    u32,
);

/// A size as typed: `8KiB`, `1MiB`, or a bare number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(title = "a size such as 512B, 8KiB or 1MiB", example = "8KiB", example = "1MiB")]
#[serde(untagged)]
pub enum SizeText {
    /// With a unit.
    Text(#[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)? ?([kKMGTP]i?)?B?$"))] String),
    /// In bytes.
    Bytes(u64),
}

/// A share of a whole as typed: `20%`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(title = "a share such as 20% or 0.5%", example = "20%", example = "0.5%")]
#[serde(transparent)]
pub struct ShareText(#[schemars(regex(pattern = r"^[0-9]{1,3}(\.[0-9]{1,2})?%$"))] pub String);

/// What is on by itself: `false` turns it off, a mapping says more about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Switchable<T> {
    /// On or off.
    Switch(bool),
    /// On, and how.
    Set(T),
}

/// A name in place of the default's, or `false` for none. There is nothing that `true` could add to the default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NameOrOff {
    /// None.
    Off(Off),
    /// That name.
    Name(String),
}

/// The word `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "bool")]
#[schemars(title = "`false`", extend("const" = false))]
pub struct Off;

impl TryFrom<bool> for Off {
    type Error = &'static str;

    fn try_from(on: bool) -> Result<Self, Self::Error> {
        if on { Err("only `false` has a meaning here") } else { Ok(Self) }
    }
}

/// A JSON value as typed. Numbers keep their digits only in the source: read it through [`super::Source::literal`].
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(title = "any value", description = "Any value; numbers keep their digits as typed.")]
#[serde(transparent)]
pub struct Literal(pub serde_json::Value);

/// Reads what a key was given, so that `null` is a value and only the key's absence is `None`.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
}

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

#[cfg(test)]
mod tests {
    use super::super::schema;
    use crate::base::{duration, size};

    #[test]
    fn what_the_schema_takes_as_a_duration_or_a_size_reads_as_one() {
        let schema = schema();
        let takes = |name: &str, text: &str| {
            let part = serde_json::json!({"$ref": format!("#/$defs/{name}"), "$defs": schema["$defs"]});
            jsonschema::is_valid(&part, &text.into())
        };
        for text in ["250ms", "10s", "1m30s", "1.5s", "1h", "5m", "500us", "10ns", "0s", "1h2m3s4ms"] {
            assert!(takes("DurationText", text) && duration::parse(text).is_ok(), "{text}");
        }
        for text in ["25ms..250ms", "1s..60s"] {
            assert!(takes("SpanText", text) && duration::parse_span(text).is_ok(), "{text}");
        }
        for text in ["512", "512B", "8KiB", "1.5MiB", "10 MB", "1GiB", "8kB", "4K"] {
            assert!(takes("SizeText", text) && size::parse(text).is_ok(), "{text}");
        }
        for text in ["", "10", "s", "-1s", "ten", "1s..2s"] {
            assert!(!takes("DurationText", text), "{text}");
        }
        assert!(!takes("SpanText", "1s") && !takes("SizeText", "lots") && !takes("SizeText", "-1"));
    }
}
