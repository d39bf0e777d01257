//! What a violated rule says to a person. A message names the rule, never the value that broke it.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::types::JsonType;
use serde_json::Value;

/// How many options a message lists.
const MOST_OPTIONS: usize = 20;

/// The message for one violated rule. Rules that need the place or other rules beside them are told elsewhere.
pub(super) fn message(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => must_be(&types_of(kind)),
        Kind::Enum { options } => one_of(options.as_array().map(Vec::as_slice).unwrap_or_default().iter()),
        Kind::Constant { expected_value } => format!("must be {}", option(expected_value)),
        Kind::Format { format } => must_have_format(format),
        Kind::Pattern { pattern } => format!("must match the pattern {pattern}"),
        Kind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        Kind::MinLength { limit } => format!("must have at least {}", counted(*limit, "character")),
        Kind::MaxLength { limit } => format!("must have at most {}", counted(*limit, "character")),
        Kind::MinItems { limit } => format!("must have at least {}", counted(*limit, "element")),
        Kind::MaxItems { limit } => format!("must have at most {}", counted(*limit, "element")),
        Kind::AdditionalItems { limit } => {
            format!("must have at most {}", counted(u64::try_from(*limit).unwrap_or(u64::MAX), "element"))
        }
        Kind::UnevaluatedItems { .. } => "must not have further elements".to_owned(),
        Kind::MinProperties { limit } => format!("must have at least {}", counted(*limit, "member")),
        Kind::MaxProperties { limit } => format!("must have at most {}", counted(*limit, "member")),
        Kind::UniqueItems => "must not hold the same element twice".to_owned(),
        Kind::Contains => "does not contain the elements that it must contain".to_owned(),
        Kind::FalseSchema => "is not allowed".to_owned(),
        Kind::Not { .. } => "has a form that is not allowed".to_owned(),
        Kind::OneOfMultipleValid { .. } => "fits more than one of the allowed forms; exactly one must fit".to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "fits none of the allowed forms".to_owned(),
        Kind::Custom { message, .. } => message.clone(),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::Required { .. } => "is required".to_owned(),
        Kind::PropertyNames { error } => {
            format!("has a member with a name that is not allowed: it {}", message_of_name(error.kind()))
        }
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => "has members that are not allowed".to_owned(),
        Kind::ContentEncoding { content_encoding } => format!("must be encoded as {content_encoding}"),
        Kind::ContentMediaType { content_media_type } => format!("must hold {content_media_type}"),
        Kind::FromUtf8 { .. } => "must be UTF-8".to_owned(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } | Kind::Referencing(_) => {
            "cannot be checked".to_owned()
        }
    }
}

fn message_of_name(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::FalseSchema => "must not stand here".to_owned(),
        kind => message(kind),
    }
}

/// The types that would have been right, in one order.
pub(super) fn types_of(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(several) => several.into_iter().collect(),
    }
}

/// `must be a string or null`.
pub(super) fn must_be(types: &[JsonType]) -> String {
    // A whole number is a number.
    let wider = types.contains(&JsonType::Number);
    let mut names: Vec<&str> = Vec::new();
    for name in types.iter().filter(|kind| !(wider && **kind == JsonType::Integer)).map(|kind| type_name(*kind)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("must be {}", either(&names))
}

/// The type as a person calls it.
pub(super) fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

/// `must be one of: a, b`.
pub(super) fn one_of<'a>(options: impl ExactSizeIterator<Item = &'a Value>) -> String {
    let more = options.len() > MOST_OPTIONS;
    let mut options = options.take(MOST_OPTIONS);
    let Some(first) = options.next() else { return "is not allowed".to_owned() };
    let rest: Vec<String> = options.map(option).collect();
    if rest.is_empty() {
        return format!("must be {}", option(first));
    }
    format!("must be one of: {}, {}{}", option(first), rest.join(", "), if more { ", …" } else { "" })
}

/// An option of an `enum` or a `const`, as a person would type it.
fn option(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() || text.contains([',', '"']) || text.trim() != text => value.to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn either(names: &[&str]) -> String {
    match names {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

fn must_have_format(format: &str) -> String {
    let what = match format {
        "date" => "a date such as 2026-11-20",
        "date-time" => "a date and time such as 2026-11-20T08:00:00Z",
        "time" => "a time such as 08:00:00Z",
        "duration" => "a duration such as P1DT12H",
        "email" => "an e-mail address",
        "hostname" => "a host name",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        "uri" => "an absolute URI",
        "uri-reference" => "a URI or a relative reference",
        "uri-template" => "a URI template",
        "iri" => "an absolute IRI",
        "iri-reference" => "an IRI or a relative reference",
        "uuid" => "a UUID",
        "json-pointer" => "a JSON pointer",
        "relative-json-pointer" => "a relative JSON pointer",
        "regex" => "a regular expression",
        other => return format!("must have the format {other}"),
    };
    format!("must be {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_read_as_english() {
        assert_eq!(must_be(&[JsonType::String]), "must be a string");
        assert_eq!(must_be(&[JsonType::Null, JsonType::String]), "must be null or a string");
        assert_eq!(must_be(&[JsonType::Integer, JsonType::Number, JsonType::String]), "must be a number or a string");
    }

    #[test]
    fn options_are_listed_and_the_list_is_bounded() {
        assert_eq!(one_of([json!("a"), json!("b"), json!(1)].iter()), "must be one of: a, b, 1");
        assert_eq!(one_of([json!("a, b"), json!("")].iter()), r#"must be one of: "a, b", """#);
        assert_eq!(one_of([json!(true)].iter()), "must be true");
        let many: Vec<Value> = (0..100).map(|n| json!(n)).collect();
        assert!(one_of(many.iter()).ends_with("18, 19, …"));
    }
}
