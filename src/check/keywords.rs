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
    /// What a value must be, alone: no other schema has a part in it, and no other keyword.
    Rule,
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
    ("const", Holds::Rule),
    ("contains", Holds::Schema),
    ("contentEncoding", Holds::Rule),
    ("contentMediaType", Holds::Rule),
    ("contentSchema", Holds::Schema),
    ("default", Holds::Value),
    ("definitions", Holds::Map),
    ("dependentRequired", Holds::Rule),
    ("dependentSchemas", Holds::Map),
    ("deprecated", Holds::Value),
    ("description", Holds::Value),
    ("else", Holds::Schema),
    ("enum", Holds::Rule),
    ("examples", Holds::Value),
    ("exclusiveMaximum", Holds::Rule),
    ("exclusiveMinimum", Holds::Rule),
    ("format", Holds::Rule),
    ("if", Holds::Schema),
    ("items", Holds::Schema),
    ("maxContains", Holds::Value),
    ("maxItems", Holds::Rule),
    ("maxLength", Holds::Rule),
    ("maxProperties", Holds::Rule),
    ("maximum", Holds::Rule),
    ("minContains", Holds::Value),
    ("minItems", Holds::Rule),
    ("minLength", Holds::Rule),
    ("minProperties", Holds::Rule),
    ("minimum", Holds::Rule),
    ("multipleOf", Holds::Rule),
    ("not", Holds::Schema),
    ("oneOf", Holds::List),
    ("pattern", Holds::Rule),
    ("patternProperties", Holds::Map),
    ("prefixItems", Holds::List),
    ("properties", Holds::Map),
    ("propertyNames", Holds::Schema),
    ("readOnly", Holds::Value),
    ("required", Holds::Rule),
    ("then", Holds::Schema),
    ("title", Holds::Value),
    ("type", Holds::Rule),
    ("unevaluatedItems", Holds::Schema),
    ("unevaluatedProperties", Holds::Schema),
    ("uniqueItems", Holds::Rule),
    ("writeOnly", Holds::Value),
];

/// Words of OpenAPI that say nothing about which values are right.
const NOTES: &[&str] = &["discriminator", "example", "externalDocs", "xml"];

/// What a keyword holds; `None` for a word that JSON Schema does not know.
pub(super) fn holds(keyword: &str) -> Option<Holds> {
    KEYWORDS.iter().find(|(name, _)| *name == keyword).map(|(_, holds)| *holds)
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
