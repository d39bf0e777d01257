//! Laws that hold for every text: nothing panics, nothing hangs, the mirror takes what the schema takes.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{report, snapshot};
use crate::spec::{Report, load, load_standing, schema};

/// A file that uses most of the grammar.
const WHOLE: &str = include_str!("whole.yaml");

#[test]
fn the_whole_grammar_is_read() {
    assert_eq!(report(WHOLE), "");
}

#[test]
fn the_schema_is_one_and_has_the_whole_grammar() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema.get("$id").is_none());
    let mut poor = Vec::new();
    undescribed(&schema, "", &mut poor);
    assert_eq!(poor, [""; 0], "these keys have no description for an editor");
}

/// Every key of the mirror without a description; the keywords of JSON Schema speak for themselves.
fn undescribed(schema: &serde_json::Value, at: &str, poor: &mut Vec<String>) {
    let keyword = at.starts_with("/$defs/JsonSchema") || at.starts_with("/$defs/FieldSpec");
    let Some(members) = schema.as_object().filter(|_| !keyword) else { return };
    if let Some(properties) = members.get("properties").and_then(|properties| properties.as_object()) {
        poor.extend(
            properties.iter().filter(|(_, value)| value.get("description").is_none()).map(|(key, _)| format!("{at}/{key}")),
        );
    }
    for (key, value) in members {
        undescribed(value, &format!("{at}/{key}"), poor);
    }
}

#[test]
fn a_billion_laughs_are_refused_quickly() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        let one = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [one.as_str(); 9].join(", ")));
    }
    let start = Instant::now();
    assert!(report(&text).contains("`*a0` is an alias, and aliases are not read here"));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn hostile_sizes_end_quickly() {
    let start = Instant::now();
    for text in [
        "[".repeat(1 << 20),
        "{a: ".repeat(1 << 18),
        "- ".repeat(1 << 19),
        "a: b\n".repeat(100_000),
        (0..60_000).map(|key| format!("k{key}: {{}}\n")).collect(),
        format!("routes: [{}]", "{}, ".repeat(100_000)),
        format!("routes: [{}]", "*a, ".repeat(100_000)),
        format!("listen: [{}]", "${SECRET}${SECRET}, ".repeat(40_000)),
        format!("listen: \"{}\"", "${A:-".repeat(100_000)),
        "a".repeat((1 << 20) + 1),
    ] {
        let report = report(&text);
        assert!(report.len() < 4 << 20, "{} bytes", report.len());
        assert!(!report.is_empty(), "{}", &text[..40]);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// Pieces that a slip of the fingers, or a fuzzer, puts into a file.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "\"", "'", "${", "${A}", "$$", "*a", "&a ", "!!int ", "|\n",
        ">", "#", "~", "null", "true", "1e400", ".inf", "007", "-", "?", "? ", "<<: ", "---\n", "%", "@", "`", "\u{feff}",
        "\u{2028}", "é", "🦀", "\r", "routes", "shape", "when", "nulls", "x-y",
    ]);
    prop_oneof![
        4 => words.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_load_panic(edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, piece()), 1..6)) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (at, length, piece) in edits {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece);
        }
        let text = String::from_utf8_lossy(&bytes);
        let available = load_standing(&snapshot(&text));
        prop_assert!(available.mirror.is_some() || !available.problems.is_empty());
        let _ = Report::new(&available.source, &available.problems).to_string();
        match load(&snapshot(&text)) {
            Ok(_) => {}
            Err((source, problems)) => {
                prop_assert!(!problems.is_empty());
                let report = Report::new(&source, &problems).to_string();
                prop_assert!(report.ends_with('\n'));
                // Everything that the schema lets pass, the mirror takes: serde never has the first word.
                for unexplained in ["invalid type", "missing field", "did not match any variant", "unknown variant", "unknown field"] {
                    prop_assert!(!report.contains(unexplained), "{report}");
                }
            }
        }
    }
}
