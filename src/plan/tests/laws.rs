//! Laws: whatever becomes of a configuration, compiling it gives a plan or a report, and never a panic.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::compile;
use crate::spec::{Snapshot, load_document};

/// The files that ship, and a file that uses what they do not.
const SHIPPED: &str = include_str!("../../../routes.yaml");
const WHOLE: &str = include_str!("../../spec/tests/whole.yaml");

fn base() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![SHIPPED, WHOLE])
        .prop_map(|text| load_document("routes.yaml", text).map_or(Value::Null, |(json, _)| json))
}

/// A place in a document, found by walking down by chance.
fn reach<'v>(value: &'v mut Value, way: &[prop::sample::Index]) -> &'v mut Value {
    let Some((step, rest)) = way.split_first() else { return value };
    let count = match value {
        Value::Array(elements) => elements.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if count == 0 {
        return value;
    }
    let at = step.index(count);
    match value {
        Value::Array(elements) => reach(&mut elements[at], rest),
        Value::Object(members) => match members.values_mut().nth(at) {
            Some(next) => reach(next, rest),
            None => unreachable!("there are as many values as keys"),
        },
        _ => unreachable!("it was counted"),
    }
}

type Way = Vec<prop::sample::Index>;

/// What a slip, or a copy from somewhere else, does to a file.
#[derive(Debug, Clone)]
enum Change {
    /// Takes the member or the element out.
    Delete(Way, prop::sample::Index),
    /// Two values change places.
    SwapValues(Way, Way),
    /// Two keys of a mapping change places.
    SwapKeys(Way, prop::sample::Index, prop::sample::Index),
    /// A key becomes another word of the grammar.
    Rename(Way, prop::sample::Index, String),
    /// A value becomes another one.
    Replace(Way, Value),
    /// A list or a mapping takes one more.
    Add(Way, String, Value),
}

fn word() -> impl Strategy<Value = String> {
    let words = vec![
        "route",
        "call",
        "calls",
        "proxy",
        "page",
        "shape",
        "input",
        "body",
        "query",
        "path",
        "headers",
        "nulls",
        "flatten",
        "convert",
        "each",
        "in",
        "steps",
        "rename",
        "to",
        "from",
        "map",
        "items",
        "template",
        "url",
        "urls",
        "envelope",
        "timeout",
        "set",
        "$ref",
        "type",
        "properties",
        "pattern",
        "default",
        "when",
        "",
        "a.b",
        "list[]",
        "list[",
        "**",
        "é",
        "x y",
        "_forecourt",
        "GET /{id}",
        "GET shop:/{path.id}",
        "shop:/{query.page}",
        "GET /_forecourt/x",
        "schemas/order.json",
        "../x.json",
        "schemas/none.json#/a",
        "detail.html",
        "mall",
        "ruoy",
        "5s",
        "0s",
        "1MiB",
        "${A}",
        "${A:-b}",
        "127.0.0.1:1",
        "GET /{*rest}",
        "^(a",
        "Asia/Shanghai",
        "yyyy-MM-dd",
        "{",
        "}",
        "{}",
        "[",
        "'",
        "\u{0}",
        "\u{2028}",
    ];
    prop::sample::select(words).prop_map(ToOwned::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        word().prop_map(Value::String),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((word(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn change() -> impl Strategy<Value = Change> {
    let way = || prop::collection::vec(any::<prop::sample::Index>(), 0..7);
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (way(), index()).prop_map(|(way, at)| Change::Delete(way, at)),
        (way(), way()).prop_map(|(a, b)| Change::SwapValues(a, b)),
        (way(), index(), index()).prop_map(|(way, a, b)| Change::SwapKeys(way, a, b)),
        (way(), index(), word()).prop_map(|(way, at, word)| Change::Rename(way, at, word)),
        (way(), value()).prop_map(|(way, value)| Change::Replace(way, value)),
        (way(), word(), value()).prop_map(|(way, word, value)| Change::Add(way, word, value)),
    ]
}

fn apply(document: &mut Value, change: Change) {
    match change {
        Change::Delete(way, at) => match reach(document, &way) {
            Value::Array(elements) if !elements.is_empty() => drop(elements.remove(at.index(elements.len()))),
            Value::Object(members) => entries(members, |entries| drop(entries.remove(at.index(entries.len())))),
            _ => {}
        },
        Change::SwapValues(a, b) => {
            let first = reach(document, &a).clone();
            let second = std::mem::replace(reach(document, &b), first);
            *reach(document, &a) = second;
        }
        Change::SwapKeys(way, a, b) => {
            if let Value::Object(members) = reach(document, &way) {
                entries(members, |entries| {
                    let (a, b) = (a.index(entries.len()), b.index(entries.len()));
                    let key = entries[a].0.clone();
                    entries[a].0 = std::mem::replace(&mut entries[b].0, key);
                });
            }
        }
        Change::Rename(way, at, word) => {
            if let Value::Object(members) = reach(document, &way) {
                entries(members, |entries| {
                    let at = at.index(entries.len());
                    entries[at].0 = word;
                });
            }
        }
        Change::Replace(way, value) => *reach(document, &way) = value,
        Change::Add(way, word, value) => match reach(document, &way) {
            Value::Array(elements) => elements.push(value),
            Value::Object(members) => drop(members.insert(word, value)),
            other => *other = value,
        },
    }
}

/// Changes a mapping that is not empty as a list of its entries.
fn entries(members: &mut Map<String, Value>, change: impl FnOnce(&mut Vec<(String, Value)>)) {
    let mut all: Vec<(String, Value)> = std::mem::take(members).into_iter().collect();
    if !all.is_empty() {
        change(&mut all);
    }
    members.extend(all);
}

fn snapshot(text: String) -> Snapshot {
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    Snapshot {
        root: "shop/routes.yaml".to_owned(),
        text,
        files: [
            file("templates/layout.html", include_str!("../../../templates/layout.html")),
            file("templates/detail.html", include_str!("../../../templates/detail.html")),
            file("templates/list.html", include_str!("../../../templates/list.html")),
            file("templates/error.html", include_str!("../../../templates/error.html")),
            file("templates/card.html", include_str!("../../../templates/card.html")),
            file("templates/home.html", include_str!("../../../templates/home.html")),
            file("templates/item_list.html", include_str!("../../../templates/item_list.html")),
            file("templates/reviews.html", include_str!("../../../templates/reviews.html")),
            file("templates/product.json", include_str!("../../../templates/product.json")),
            file("templates/crumbs.json", include_str!("../../../templates/crumbs.json")),
            file("templates/shell.html", include_str!("../../../templates/shell.html")),
            file("templates/style.css", include_str!("../../../templates/style.css")),
            file("schemas/order.json", include_str!("../../../schemas/order.json")),
            file("presets/envelopes/own.yaml", "data: [payload, \"*\"]\n"),
        ]
        .into(),
        ..Snapshot::default()
    }
}

/// Compiles; a file that does not compile has a report that names it.
fn law(text: String) -> Result<(), TestCaseError> {
    if let Err(broken) = compile(&snapshot(text.clone())) {
        let report = broken.to_string();
        prop_assert!(broken.count() > 0, "nobody says why:\n{text}");
        prop_assert!(report.contains("shop/"), "{report}");
    }
    Ok(())
}

#[test]
fn the_shipped_configuration_compiles() {
    let plan = compile(&snapshot(SHIPPED.to_owned())).map_err(|broken| broken.to_string()).unwrap();
    assert!(plan.router().routes().len() >= 10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_configuration_gives_a_plan_or_a_report(mut document in base(), changes in prop::collection::vec(change(), 1..5)) {
        for change in changes {
            apply(&mut document, change);
        }
        // JSON is YAML.
        law(document.to_string())?;
    }

    #[test]
    fn a_configuration_with_lines_that_moved_gives_a_plan_or_a_report(
        text in prop::sample::select(vec![SHIPPED, WHOLE]),
        moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6_usize), 1..5),
    ) {
        let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        for (from, to, indent) in moves {
            let line = lines.remove(from.index(lines.len()));
            let line = if indent < 5 { line } else { format!("  {line}") };
            if indent > 0 {
                lines.insert(to.index(lines.len()), line);
            }
        }
        law(lines.join("\n"))?;
    }
}
