//! The vectors of conversions, and the laws that hold for all of them.

use proptest::prelude::*;

use super::*;
use crate::shape::Action;
use crate::shape::testing::{doc, documents, literal, path, shaped, shaped_and_noted, strict_failure};

fn step(at: &str, to: To) -> Action {
    let options = ConvertOptions { path: path(at), to, otherwise: None };
    Action::Convert(Convert::new(vec![options]).expect("the test's conversion is one"))
}

fn json() -> To {
    To::Json(Limits { depth: 16, ..Limits::default() })
}

fn map() -> To {
    let entries = [("0", r#""draft""#), ("1", "1.10"), ("PAID", "{}"), ("true", "null")];
    To::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), literal(value))).collect())
}

/// What a value becomes, or how the warning about it ends.
#[track_caller]
fn table(to: &To, vectors: &[(&str, Result<&str, &str>)]) {
    for (input, expected) in vectors {
        let (output, texts) = shaped_and_noted(step("v", to.clone()), &format!(r#"{{"v":{input}}}"#));
        let given = expected.unwrap_or(input);
        assert_eq!(output, format!(r#"{{"v":{given}}}"#), "{input} by {to:?}");
        let warnings: Vec<String> = expected.err().map(|found| format!("convert: `v` has {found}")).into_iter().collect();
        assert_eq!(texts, warnings, "{input} by {to:?}");
    }
}

#[test]
fn r2_a_string_has_the_same_characters() {
    table(
        &To::String,
        &[
            ("1E+2", Ok(r#""1E+2""#)),
            ("-0", Ok(r#""-0""#)),
            ("12345678901234567890", Ok(r#""12345678901234567890""#)),
            ("true", Ok(r#""true""#)),
            (r#""\u4e2d\/""#, Ok(r#""\u4e2d\/""#)),
            ("null", Ok("null")),
            ("[1]", Err("array")),
        ],
    );
}

#[test]
fn r2_a_decimal_string_is_plain_with_its_scale() {
    table(
        &To::DecimalString,
        &[
            ("1E+2", Ok(r#""100""#)),
            ("0E-8", Ok(r#""0.00000000""#)),
            ("1.10", Ok(r#""1.10""#)),
            ("-0", Ok(r#""0""#)),
            ("100.00", Ok(r#""100.00""#)),
            ("123456789012345678901234567890", Ok(r#""123456789012345678901234567890""#)),
            (r#""1E+2""#, Ok(r#""100""#)),
            (r#""1.10""#, Ok(r#""1.10""#)),
            (r#""x""#, Err("a string that is no number")),
            ("1e999999999", Err("a number too long to write out")),
            ("1e-999999999", Err("a number too long to write out")),
            ("true", Err("boolean")),
        ],
    );
}

#[test]
fn r10_a_number_is_what_a_string_spells_and_a_failure_keeps_the_value() {
    table(
        &To::Number,
        &[
            (r#""1.10""#, Ok("1.10")),
            (r#"" 42 ""#, Ok("42")),
            (r#""1e400""#, Ok("1e400")),
            ("0E-8", Ok("0E-8")),
            (r#""NaN""#, Err("a string that is no number")),
            (r#""007""#, Err("a string that is no number")),
            (r#""+1""#, Err("a string that is no number")),
            (r#""1,000""#, Err("a string that is no number")),
            (r#""1}""#, Err("a string that is no number")),
            (r#""""#, Err("a string that is no number")),
            ("true", Err("boolean")),
            ("{}", Err("object")),
        ],
    );
    table(
        &To::Integer,
        &[
            (r#""12345678901234567890""#, Ok("12345678901234567890")),
            ("5.00", Ok("5")),
            ("1E+2", Ok("100")),
            ("-0", Ok("-0")),
            ("-0.0", Ok("0")),
            ("0E-8", Ok("0")),
            (r#""-7.0""#, Ok("-7")),
            ("5.5", Err("a number with a fraction")),
            ("1e999999999", Err("a number too long to write out")),
            (r#""five""#, Err("a string that is no number")),
        ],
    );
}

#[test]
fn r10_a_fixed_value_stands_for_a_failure_and_strict_fails() {
    let options = ConvertOptions { path: path("list[].v"), to: To::Integer, otherwise: Some(literal("-1")) };
    let convert = Action::Convert(Convert::new(vec![options]).expect("the test's conversion is one"));
    let (output, texts) = shaped_and_noted(convert, r#"{"list":[{"v":"x"},{"v":null},{},{"v":"3"}]}"#);
    assert_eq!(output, r#"{"list":[{"v":-1},{"v":null},{},{"v":3}]}"#);
    assert_eq!(texts, [""; 0]);
    let error = strict_failure(step("v", To::Boolean), r#"{"v":2}"#);
    assert_eq!(error, Error::Mismatch { step: "convert", path: "v".to_owned(), found: "a number that is neither 1 nor 0" });
}

#[test]
fn r11_booleans() {
    table(
        &To::Boolean,
        &[
            ("1", Ok("true")),
            ("0", Ok("false")),
            ("1.0", Ok("true")),
            ("0E-8", Ok("false")),
            (r#""1""#, Ok("true")),
            (r#""0""#, Ok("false")),
            (r#""true""#, Ok("true")),
            (r#""FALSE""#, Ok("false")),
            (r#""Y""#, Ok("true")),
            (r#""N""#, Ok("false")),
            (r#""yes""#, Ok("true")),
            (r#""No""#, Ok("false")),
            ("false", Ok("false")),
            ("null", Ok("null")),
            ("2", Err("a number that is neither 1 nor 0")),
            (r#""""#, Err("a string that is neither true nor false")),
            (r#""on""#, Err("a string that is neither true nor false")),
            ("[]", Err("array")),
        ],
    );
}

#[test]
fn s41_documents_and_lists_in_strings() {
    table(
        &json(),
        &[
            (r#""{\"color\":\"red\",\"size\":null,\"n\":1.10}""#, Ok(r#"{"color":"red","size":null,"n":1.10}"#)),
            (r#""\"{\\\"a\\\":1}\"""#, Ok(r#""{\"a\":1}""#)),
            (r#""null""#, Ok("null")),
            (r#""{\"a\":\"\\ud83d\"}""#, Ok(r#"{"a":"\ud83d"}"#)),
            (r#""{\"a\":1}{\"b\":2}""#, Err("a string that is no JSON document")),
            (r#""NaN""#, Err("a string that is no JSON document")),
            (r#""""#, Err("a string that is no JSON document")),
            (r#"{"a":1}"#, Err("object")),
        ],
    );
    let deep = format!(r#""{}{}""#, "[".repeat(1000), "]".repeat(1000));
    table(&json(), &[(&deep, Err("a string that is no JSON document"))]);
    table(
        &To::List { split: ",".to_owned() },
        &[
            (r#""a.jpg,b.jpg""#, Ok(r#"["a.jpg","b.jpg"]"#)),
            (r#""1,,\"""#, Ok(r#"["1","","\""]"#)),
            (r#""one""#, Ok(r#"["one"]"#)),
            (r#""""#, Ok("[]")),
            (r#"["a"]"#, Ok(r#"["a"]"#)),
            (r#""\ud800,\uDFFF,\u0061""#, Ok(r#"["\ud800","\udfff","a"]"#)),
            ("null", Ok("null")),
            ("5", Err("number")),
        ],
    );
    let many = format!(r#""{}""#, ",".repeat(100_000));
    table(&To::List { split: ",".to_owned() }, &[(&many, Err("a string with more parts than a list may have"))]);
    assert!(
        Convert::new(vec![ConvertOptions { path: path("v"), to: To::List { split: String::new() }, otherwise: None }]).is_err()
    );
}

#[test]
fn s38_a_map_replaces_values_by_their_text_or_number() {
    table(
        &map(),
        &[
            ("0", Ok(r#""draft""#)),
            ("0.00", Ok(r#""draft""#)),
            (r#""0""#, Ok(r#""draft""#)),
            ("1e0", Ok("1.10")),
            (r#""P\u0041ID""#, Ok("{}")),
            ("true", Ok("null")),
            ("null", Ok("null")),
            (r#""0.00""#, Err("a value that the map does not have")),
            ("2", Err("a value that the map does not have")),
            ("{}", Err("object")),
        ],
    );
    let options = ConvertOptions { path: path("v"), to: map(), otherwise: Some(literal(r#""unknown""#)) };
    let convert = || Action::Convert(Convert::new(vec![options.clone()]).expect("the test's conversion is one"));
    assert_eq!(shaped(convert(), r#"{"v":7}"#), r#"{"v":"unknown"}"#);
    assert_eq!(shaped(convert(), r#"{"v":null}"#), r#"{"v":null}"#);
}

#[test]
fn a_value_of_the_wrong_type_on_the_way_is_counted() {
    let (output, texts) = shaped_and_noted(step("list[].v", To::Integer), r#"{"list":{"v":"1"}}"#);
    assert_eq!((output.as_str(), texts), (r#"{"list":{"v":"1"}}"#, vec!["convert: `list[].v` has object".to_owned()]));
    assert_eq!(shaped_and_noted(step("a.b.v", To::Integer), r#"{"a":{"b":null}}"#).1, [""; 0]);
}

#[test]
fn conversions_of_one_step_are_done_in_order() {
    let options = [("*", To::String), ("a", To::Number)].map(|(at, to)| ConvertOptions { path: path(at), to, otherwise: None });
    let convert = Action::Convert(Convert::new(options.into()).expect("the test's conversions are some"));
    assert_eq!(shaped(convert, r#"{"a":1.10,"b":2}"#), r#"{"a":1.10,"b":"2"}"#);
}

fn every() -> Vec<To> {
    let date = |to| {
        To::Date(DateOptions {
            to,
            from: ["epoch_ms", "epoch_s", "array", "iso", "yyyy-MM-dd HH:mm:ss", "yyyyMMdd"].map(str::to_owned).into(),
            zone: Some("Asia/Shanghai".to_owned()),
            invalid: None,
        })
    };
    let mut all =
        vec![To::String, To::Number, To::Integer, To::Boolean, To::DecimalString, json(), To::List { split: ",".to_owned() }];
    all.extend([DateForm::Iso, DateForm::Date, DateForm::EpochMs, DateForm::EpochS].map(date));
    all.push(map());
    all
}

proptest! {
    #[test]
    fn a_conversion_never_yields_anything_but_json(input in documents(), at in prop::sample::select(vec!["**.a", "**.*", "**[]", "a", "list[]", "*.b", "."])) {
        for to in every() {
            let output = shaped(step(at, to), &input);
            prop_assert_eq!(crate::shape::testing::text(&doc(&output)), output);
        }
    }

    #[test]
    fn what_no_conversion_addresses_leaves_byte_for_byte(other in documents(), value in documents()) {
        for to in every() {
            let output = shaped(step("v", to), &format!(r#"{{"o":{other},"v":{value}}}"#));
            let start = format!(r#"{{"o":{other},"v":"#);
            prop_assert!(output.starts_with(&start));
        }
    }

    #[test]
    fn a_scalar_that_was_converted_is_not_converted_again(input in documents()) {
        for to in [To::String, To::Number, To::Integer, To::Boolean, To::DecimalString] {
            let once = shaped(step("**.a", to.clone()), &input);
            prop_assert_eq!(shaped(step("**.a", to), &once), once);
        }
    }
}
