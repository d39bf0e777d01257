//! JSONTestSuite through the gateway: an upstream serves each file, a route without steps passes it on.
//!
//! Tokens are compared by the tokenizer of these tests, which shares no line with the product's parser.

#![expect(clippy::indexing_slicing, reason = "a test that reads past an end has failed")]

#[path = "support/answering.rs"]
mod answering;
#[path = "support/backend.rs"]
mod backend;
#[path = "support/tokens.rs"]
mod tokens;

use std::collections::BTreeMap;
use std::path::Path;

use answering::{Answer, gateway, get};
use backend::{Backend, Framing, Rule, Then, reply};
use tokens::tokens;

/// What becomes of a file that the suite leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// It passes, every token as it came.
    Same,
    /// It passes as UTF-8, with this text.
    As(&'static str),
    /// It is a 502.
    Refused,
}

const DIGITS: &str = "a number is text to us: whoever reads it decides how far it counts";
const SURROGATE: &str = "a lone surrogate is an escape that JSON allows, and Java sends it for a cut emoji: it passes as it came";
const NOT_UTF8: &str = "bytes that are no UTF-8, under a content type without a charset: guessing would garble them";

/// Every `i_` file of test_parsing.
const OPEN: [(&str, Open, &str); 35] = [
    ("i_number_double_huge_neg_exp.json", Open::Same, DIGITS),
    ("i_number_huge_exp.json", Open::Same, DIGITS),
    ("i_number_neg_int_huge_exp.json", Open::Same, DIGITS),
    ("i_number_pos_double_huge_exp.json", Open::Same, DIGITS),
    ("i_number_real_neg_overflow.json", Open::Same, DIGITS),
    ("i_number_real_pos_overflow.json", Open::Same, DIGITS),
    ("i_number_real_underflow.json", Open::Same, DIGITS),
    ("i_number_too_big_neg_int.json", Open::Same, DIGITS),
    ("i_number_too_big_pos_int.json", Open::Same, DIGITS),
    ("i_number_very_big_negative_int.json", Open::Same, DIGITS),
    ("i_object_key_lone_2nd_surrogate.json", Open::Same, SURROGATE),
    ("i_string_1st_surrogate_but_2nd_missing.json", Open::Same, SURROGATE),
    ("i_string_1st_valid_surrogate_2nd_invalid.json", Open::Same, SURROGATE),
    ("i_string_UTF-16LE_with_BOM.json", Open::As("[\"é\"]"), "a byte order mark says what the bytes are"),
    ("i_string_UTF-8_invalid_sequence.json", Open::Refused, NOT_UTF8),
    ("i_string_UTF8_surrogate_U+D800.json", Open::Refused, NOT_UTF8),
    ("i_string_incomplete_surrogate_and_escape_valid.json", Open::Same, SURROGATE),
    ("i_string_incomplete_surrogate_pair.json", Open::Same, SURROGATE),
    ("i_string_incomplete_surrogates_escape_valid.json", Open::Same, SURROGATE),
    ("i_string_invalid_lonely_surrogate.json", Open::Same, SURROGATE),
    ("i_string_invalid_surrogate.json", Open::Same, SURROGATE),
    ("i_string_invalid_utf-8.json", Open::Refused, NOT_UTF8),
    ("i_string_inverted_surrogates_U+1D11E.json", Open::Same, SURROGATE),
    ("i_string_iso_latin_1.json", Open::Refused, NOT_UTF8),
    ("i_string_lone_second_surrogate.json", Open::Same, SURROGATE),
    ("i_string_lone_utf8_continuation_byte.json", Open::Refused, NOT_UTF8),
    ("i_string_not_in_unicode_range.json", Open::Refused, NOT_UTF8),
    ("i_string_overlong_sequence_2_bytes.json", Open::Refused, NOT_UTF8),
    ("i_string_overlong_sequence_6_bytes.json", Open::Refused, NOT_UTF8),
    ("i_string_overlong_sequence_6_bytes_null.json", Open::Refused, NOT_UTF8),
    ("i_string_truncated-utf-8.json", Open::Refused, NOT_UTF8),
    ("i_string_utf16BE_no_BOM.json", Open::Refused, "UTF-16 that nothing tells of: RFC 8259 wants UTF-8"),
    ("i_string_utf16LE_no_BOM.json", Open::Refused, "UTF-16 that nothing tells of: RFC 8259 wants UTF-8"),
    ("i_structure_500_nested_arrays.json", Open::Refused, "deeper than `decode.max_depth`, 128"),
    ("i_structure_UTF-8_BOM_empty_object.json", Open::As("{}"), "`decode.strip` takes the byte order mark off"),
];

/// The files of test_transform that are not valid JSON, which its names do not tell.
const TRANSFORM_REFUSED: [(&str, &str); 3] = [
    ("string_1_invalid_codepoint.json", NOT_UTF8),
    ("string_2_invalid_codepoints.json", NOT_UTF8),
    ("string_3_invalid_codepoints.json", NOT_UTF8),
];

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/JSONTestSuite").join(folder);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("the suite is there")
        .map(|entry| entry.expect("the folder can be read"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("a file can be read")))
        .collect();
    files.sort();
    files
}

/// The answers to all files, by a route with these steps.
fn answers(files: &[(String, Vec<u8>)], shape: &str) -> Vec<Answer> {
    answers_above(files, shape, "256KiB")
}

/// The answers to all files, each shaped while it comes above so many bytes.
fn answers_above(files: &[(String, Vec<u8>)], shape: &str, above: &str) -> Vec<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
        let rule = |(number, (_, body)): (usize, &(String, Vec<u8>))| Rule {
            method: None,
            target: format!("/{number}"),
            bytes: reply(200, &headers, body, Framing::Length),
            then: Then::Next,
        };
        let backend = Backend::start(files.iter().enumerate().map(rule).collect()).await;
        let routes =
            format!("upstreams: {{shop: {{url: \"${{UPSTREAM}}\", decode: {{stream_above: {above}}}}}}}\nroutes: [{{route: \"GET /{{file}}\", shape: {shape}}}]\n");
        let env = BTreeMap::from([("UPSTREAM".to_owned(), backend.url())]);
        let gateway = gateway(&routes, BTreeMap::new(), env).expect("the configuration is one");
        let mut answers = Vec::new();
        for number in 0..files.len() {
            answers.push(get(&gateway, &format!("/{number}")).await);
        }
        answers
    })
}

/// What is wrong with an answer that should be a document with the tokens of `body`.
fn passes(answer: &Answer, body: &[u8]) -> Result<(), String> {
    if answer.status != 200 || answer.header("content-type") != Some("application/json") {
        return Err(format!("is a {}", answer.status));
    }
    let (before, after) = (tokens(body), tokens(&answer.body));
    match (before, after) {
        (Ok(before), Ok(after)) if before == after && after.concat() == answer.body => Ok(()),
        (before, _) => {
            Err(format!("has other tokens than {:?}: {}", before.map(|found| found.len()), String::from_utf8_lossy(&answer.body)))
        }
    }
}

fn refused(answer: &Answer) -> Result<(), String> {
    let code = answer.trace.code.as_deref();
    let fits = answer.status == 502
        && code == Some("upstream_not_json")
        && answer.header("content-type") == Some("application/problem+json");
    fits.then_some(()).ok_or_else(|| format!("is a {} {code:?}: {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

/// The one file that is no JSON and no 502 either: it has no bytes at all, and a reply without a body is a 204 (a controller that
/// returned nothing), not a broken document.
const NOTHING: &str = "n_structure_no_data.json";

#[test]
fn what_is_json_passes_and_what_is_none_is_a_502() {
    let files = files("test_parsing");
    assert!(files.len() >= 318, "{} files are not the suite", files.len());
    let mut wrong = Vec::new();
    for ((file, body), answer) in files.iter().zip(answers(&files, "[]")) {
        let open = OPEN.iter().find(|(name, _, _)| name == file).map(|(_, open, _)| *open);
        let result = match (file.split('_').next(), open) {
            (Some("y"), None) => passes(&answer, body),
            (Some("n"), None) if file == NOTHING => {
                let empty = answer.status == 204 && answer.body.is_empty() && body.is_empty();
                empty.then_some(()).ok_or_else(|| format!("is a {}", answer.status))
            }
            (Some("n"), None) | (Some("i"), Some(Open::Refused)) => refused(&answer),
            (Some("i"), Some(Open::Same)) => passes(&answer, body),
            (Some("i"), Some(Open::As(text))) => passes(&answer, text.as_bytes()),
            _ => Err("is not in the table of what the suite leaves open".to_owned()),
        };
        wrong.extend(result.err().map(|text| format!("{file} {text}")));
    }
    for (name, _, _) in OPEN {
        if files.iter().all(|(file, _)| file != name) {
            wrong.push(format!("{name} is in the table and not in the suite"));
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}\n", wrong.len(), wrong.join("\n"));
}

#[test]
fn streaming_takes_what_a_whole_reply_takes_and_cuts_or_refuses_the_rest() {
    let files = files("test_parsing");
    for shape in ["[]", "[{nulls: keep}, {case: {to: camel, stop: [\"*\", \"[]\"]}}, {omit: \"**.nothing\"}]"] {
        for (((file, _), whole), streamed) in files.iter().zip(answers(&files, shape)).zip(answers_above(&files, shape, "0B")) {
            if whole.status == 200 {
                assert_eq!((streamed.status, streamed.cut, &streamed.body), (whole.status, false, &whole.body), "{file}");
            } else {
                assert!(streamed.status == whole.status || streamed.cut, "{file} is a {}", streamed.status);
            }
        }
    }
}

#[test]
fn steps_change_nothing_about_what_is_json() {
    let files = files("test_parsing");
    let plain = answers(&files, "[]");
    let stepped = answers(&files, "[{nulls: keep}, {case: {to: camel, stop: [\"*\", \"[]\"]}}, {omit: \"**.nothing\"}]");
    for (((file, _), plain), stepped) in files.iter().zip(plain).zip(stepped) {
        assert_eq!(plain.status, stepped.status, "{file}");
    }
}

#[test]
fn what_other_parsers_transform_passes_untouched() {
    let files = files("test_transform");
    assert!(files.len() >= 22, "{} files are not the suite", files.len());
    let mut wrong = Vec::new();
    for ((file, body), answer) in files.iter().zip(answers(&files, "[]")) {
        let stated = TRANSFORM_REFUSED.iter().any(|(name, _)| name == file);
        let result = if stated { refused(&answer) } else { passes(&answer, body) };
        wrong.extend(result.err().map(|text| format!("{file} {text}")));
    }
    assert!(wrong.is_empty(), "{} files:\n{}\n", wrong.len(), wrong.join("\n"));
}
