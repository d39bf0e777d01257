//! The keywords of JSON Schema 2020-12: what stands under each, and which words are close to one.

/// What a keyword holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// One schema.
    Schema,
    /// A list of schemas.
    List,
    /// Schemas by name.
    Map,
    /// Anything else.
    Value,
}

const KEYWORDS: &[(&str, Holds)] = &[
    ("$anchor", Holds::Value),
    ("$comment", Holds::Value),
    ("$defs", Holds::Map),
    ("$dynamicAnchor", Holds::Value),
    ("$dynamicRef", Holds::Value),
    ("$id", Holds::Value),
    ("$ref", Holds::Value),
    ("$schema", Holds::Value),
    ("$vocabulary", Holds::Value),
    ("additionalProperties", Holds::Schema),
    ("allOf", Holds::List),
    ("anyOf", Holds::List),
    ("const", Holds::Value),
    ("contains", Holds::Schema),
    ("contentEncoding", Holds::Value),
    ("contentMediaType", Holds::Value),
    ("contentSchema", Holds::Schema),
    ("default", Holds::Value),
    ("definitions", Holds::Map),
    ("dependentRequired", Holds::Value),
    ("dependentSchemas", Holds::Map),
    ("deprecated", Holds::Value),
    ("description", Holds::Value),
    ("else", Holds::Schema),
    ("enum", Holds::Value),
    ("examples", Holds::Value),
    ("exclusiveMaximum", Holds::Value),
    ("exclusiveMinimum", Holds::Value),
    ("format", Holds::Value),
    ("if", Holds::Schema),
    ("items", Holds::Schema),
    ("maxContains", Holds::Value),
    ("maxItems", Holds::Value),
    ("maxLength", Holds::Value),
    ("maxProperties", Holds::Value),
    ("maximum", Holds::Value),
    ("minContains", Holds::Value),
    ("minItems", Holds::Value),
    ("minLength", Holds::Value),
    ("minProperties", Holds::Value),
    ("minimum", Holds::Value),
    ("multipleOf", Holds::Value),
    ("not", Holds::Schema),
    ("oneOf", Holds::List),
    ("pattern", Holds::Value),
    ("patternProperties", Holds::Map),
    ("prefixItems", Holds::List),
    ("properties", Holds::Map),
    ("propertyNames", Holds::Schema),
    ("readOnly", Holds::Value),
    ("required", Holds::Value),
    ("then", Holds::Schema),
    ("title", Holds::Value),
    ("type", Holds::Value),
    ("unevaluatedItems", Holds::Schema),
    ("unevaluatedProperties", Holds::Schema),
    ("uniqueItems", Holds::Value),
    ("writeOnly", Holds::Value),
];

/// The keywords that look at a value alone, without another schema.
const ALONE: &[&str] = &[
    "const",
    "contentEncoding",
    "contentMediaType",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];

/// Words of OpenAPI that say nothing about which values are right.
const NOTES: &[&str] = &["discriminator", "example", "externalDocs", "xml"];

/// What a keyword holds; `None` for a word that JSON Schema does not know.
pub(super) fn holds(keyword: &str) -> Option<Holds> {
    KEYWORDS.iter().find(|(name, _)| *name == keyword).map(|(_, holds)| *holds)
}

/// Whether a keyword looks at a value alone: what it says hangs on no other schema, and on no other keyword.
pub(super) fn looks_at_the_value(keyword: &str) -> bool {
    ALONE.contains(&keyword)
}

/// What is wrong with a word that is no keyword, if anything is. JSON Schema lets unknown words pass, so that a slip of the fingers
/// switches a rule off without a sound. `strict` refuses every one but `x-…`; without it, those that look like a slip.
pub(super) fn complaint(word: &str, strict: bool) -> Option<String> {
    if word.starts_with("x-") || NOTES.contains(&word) {
        return None;
    }
    if word == "nullable" {
        return Some("`nullable` is no keyword of JSON Schema 2020-12: write `type: [string, \"null\"]`".to_owned());
    }
    let newer = match word {
        "dependencies" => Some("`dependentRequired` or `dependentSchemas`"),
        "additionalItems" => Some("`items` beside `prefixItems`"),
        _ => None,
    };
    if let Some(newer) = newer {
        return Some(format!("`{word}` is no keyword of JSON Schema 2020-12: write {newer}"));
    }
    let near = KEYWORDS
        .iter()
        .map(|(name, _)| (strsim::osa_distance(&name.to_lowercase(), &word.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, name)) => Some(format!("unknown keyword `{word}`: did you mean `{name}`?")),
        None if strict => Some(format!("unknown keyword `{word}`: use one of JSON Schema 2020-12, or start it with `x-`")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_refused_and_a_note_is_not() {
        assert_eq!(complaint("minimun", false).unwrap(), "unknown keyword `minimun`: did you mean `minimum`?");
        assert_eq!(complaint("maxlength", false).unwrap(), "unknown keyword `maxlength`: did you mean `maxLength`?");
        assert!(complaint("nullable", false).unwrap().contains("[string, \"null\"]"));
        assert!(complaint("dependencies", false).unwrap().contains("dependentSchemas"));
        assert!(complaint("additionalItems", false).unwrap().contains("prefixItems"));
        assert!(complaint("example", true).is_none());
        assert!(complaint("x-unit", true).is_none());
        assert!(complaint("colour", false).is_none());
        assert!(complaint("colour", true).unwrap().starts_with("unknown keyword `colour`"));
    }
}
