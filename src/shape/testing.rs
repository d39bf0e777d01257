//! What the tests of the steps share: documents from text, one step on a document, documents that proptest makes up.

use proptest::prelude::*;

use super::{Action, Error, Notes, Shape, Step};
use crate::json::{self, Limits, Node, Path};

pub(super) fn doc(text: &str) -> Node<'_> {
    json::parse(text, &Limits { depth: 256, ..Limits::default() }).expect("the test's document is JSON")
}

/// A value of routes.yaml.
pub(super) fn literal(text: &str) -> Node<'static> {
    doc(text).into_owned()
}

pub(super) fn path(text: &str) -> Path {
    Path::parse(text).expect("the test's path is one")
}

pub(super) fn paths(texts: &[&str]) -> Vec<Path> {
    texts.iter().map(|text| path(text)).collect()
}

pub(super) fn text(node: &Node<'_>) -> String {
    String::from_utf8(node.to_json()).expect("JSON is UTF-8")
}

/// One step on a document.
pub(super) fn shaped(action: Action, input: &str) -> String {
    shaped_and_noted(action, input).0
}

/// One step on a document, and its warnings.
pub(super) fn shaped_and_noted(action: Action, input: &str) -> (String, Vec<String>) {
    let mut notes = Notes::new();
    let mut node = doc(input);
    Shape::new(vec![Step::new(action)], false).run(&mut node, &mut notes).expect("the step does not fail");
    (text(&node), notes.texts().to_vec())
}

/// One step that fails.
pub(super) fn failure(action: Action, input: &str) -> Error {
    Shape::new(vec![Step::new(action)], false).run(&mut doc(input), &mut Notes::new()).expect_err("the step fails")
}

/// One step on a strict route that fails.
pub(super) fn strict_failure(action: Action, input: &str) -> Error {
    Shape::new(vec![Step::new(action)], true).run(&mut doc(input), &mut Notes::new()).expect_err("the strict step fails")
}

/// Documents of every kind of token that backends send, with few names so that paths meet something.
pub(super) fn documents() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c", "list", "data", "code", "x.y", "", "\\u0061"]);
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1",
            "200",
            "200.0",
            "2e2",
            "1.10",
            "1E+2",
            "0E-8",
            "1e400",
            "1e999999999",
            "12345678901234567890",
            "1709259630123",
            "1709259630.123000000",
            r#""""#,
            r#""a,b""#,
            r#""200""#,
            r#""\ud83d""#,
            r#""\u4e2d\/""#,
            r#""Y""#,
            r#""{\"a\":[1]}""#,
            r#""2024-03-01 10:20:30""#,
            r#""0000-00-00""#,
            "[2019,8,25,8,35]",
            "[0,0,0]",
            "{}",
            "[]",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        "[a-z0-9:\\-+. ]{0,12}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|members| {
                let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
