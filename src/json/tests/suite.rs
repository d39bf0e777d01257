//! The JSON parsing test suite of Nicolas Seriot.

use super::{data, files};
use crate::json::{Limits, ParseErrorKind, Scanner, Token, parse_bytes};

/// What is left open by RFC 8259, and refused here. Everything else that is left open is accepted.
const REFUSED: [&str; 14] = [
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_UTF-8_invalid_sequence.json",
    "i_string_UTF8_surrogate_U+D800.json",
    "i_string_invalid_utf-8.json",
    "i_string_iso_latin_1.json",
    "i_string_lone_utf8_continuation_byte.json",
    "i_string_not_in_unicode_range.json",
    "i_string_overlong_sequence_2_bytes.json",
    "i_string_overlong_sequence_6_bytes.json",
    "i_string_overlong_sequence_6_bytes_null.json",
    "i_string_truncated-utf-8.json",
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    "i_structure_UTF-8_BOM_empty_object.json",
];

fn tokens<'t>(text: &'t str, limits: &Limits) -> Vec<Token<'t>> {
    let mut scanner = Scanner::new(text, limits);
    std::iter::from_fn(|| scanner.token().unwrap()).collect()
}

#[test]
fn what_is_json_is_written_again_token_by_token_and_what_is_not_is_refused() {
    let folder = data("JSONTestSuite/test_parsing");
    let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
    let mut wrong = Vec::new();
    for (name, bytes) in files(&folder) {
        let parsed = parse_bytes(&bytes, &limits);
        let accepts = name.starts_with("y_") || (name.starts_with("i_") && !REFUSED.contains(&name.as_str()));
        match parsed {
            Ok(node) => {
                let written = String::from_utf8(node.to_json()).unwrap();
                let text = std::str::from_utf8(&bytes).unwrap();
                if !accepts || tokens(text, &limits) != tokens(&written, &limits) {
                    wrong.push(name);
                }
            }
            Err(error) => {
                let utf8 = std::str::from_utf8(&bytes).is_err();
                if accepts || utf8 != (error.kind == ParseErrorKind::Utf8) {
                    wrong.push(format!("{name}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn transformed_documents_leave_as_they_came() {
    let folder = data("JSONTestSuite/test_transform");
    for (name, bytes) in files(&folder) {
        let limits = Limits::default();
        let Ok(text) = std::str::from_utf8(&bytes) else {
            assert!(parse_bytes(&bytes, &limits).is_err(), "{name}");
            continue;
        };
        let written = String::from_utf8(parse_bytes(&bytes, &limits).unwrap().to_json()).unwrap();
        assert_eq!(tokens(text, &limits), tokens(&written, &limits), "{name}");
    }
}

#[test]
fn large_documents_leave_as_they_came() {
    let folder = data("json-benchmark");
    let large: Vec<_> = files(&folder).into_iter().filter(|(name, _)| name.ends_with(".json")).collect();
    assert!(!large.is_empty());
    for (name, bytes) in large {
        let limits = Limits::default();
        let written = String::from_utf8(parse_bytes(&bytes, &limits).unwrap().to_json()).unwrap();
        assert!(tokens(std::str::from_utf8(&bytes).unwrap(), &limits) == tokens(&written, &limits), "{name}");
    }
}
