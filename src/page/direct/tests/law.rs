//! Any template and any document.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::*;

/// A document whose members have names that templates below have.
fn documents() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE]-?[0-9]{1,3})?",
        "\"([a-z<>&'/é ]|\\\\n|\\\\\"|\\\\u00e9|\\\\ud83d){0,24}\"",
    ];
    let value = scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(" , "))),
            prop::collection::vec(("[a-d]|\\\\u0061|other", inner), 0..5).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    prop::collection::vec(("[a-d]|\\\\u0061|other", value), 0..6).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!(" \"{name}\" : {value} ")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// An expression of what is worked out here.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => "[a-d]((\\.|\\?\\.)[a-d]|\\??\\[([0-2]|-1|'[a-d]'|[a-d]|[0-2]?:[0-2]?)\\]){0,2}",
        2 => prop_oneof![Just("data.a"), Just("1"), Just("-1.5"), Just("0"), Just("'a<'"), Just("none"), Just("true"), Just("[a, 1, 'x']"), Just("[]"), Just("{'a': b, 'b': 2}")].prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let infix = prop_oneof![
            Just("and"),
            Just("or"),
            Just("=="),
            Just("!="),
            Just("<"),
            Just(">="),
            Just(">"),
            Just("<="),
            Just("in"),
            Just("not in"),
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("//"),
            Just("%"),
            Just("~"),
        ];
        let filter = prop_oneof![
            Just("length"),
            Just("upper"),
            Just("first"),
            Just("last"),
            Just("join(sep=',')"),
            Just("default(value='d')"),
            Just("urlencode"),
            Just("json_script"),
            Just("json"),
            Just("safe"),
            Just("decimal"),
            Just("round"),
            Just("url"),
            Just("truncate(length=2)"),
            Just("keys"),
            Just("reverse"),
            Just("int"),
        ];
        let test = prop_oneof![
            Just("is defined"),
            Just("is not none"),
            Just("is string"),
            Just("is number"),
            Just("is map"),
            Just("is array"),
            Just("is iterable"),
            Just("is odd"),
        ];
        prop_oneof![
            (inner.clone(), filter).prop_map(|(a, filter)| format!("({a}) | {filter}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            (inner.clone(), "[a-d]", inner.clone()).prop_map(|(a, name, b)| format!("[{a} for {name} in {b}]")),
            (inner.clone(), infix, inner.clone()).prop_map(|(a, infix, b)| format!("{a} {infix} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| if a.starts_with(['-', 'n']) { a } else { format!("not {a}") }),
            (inner, test).prop_map(|(a, is)| format!("{a} {is}")),
        ]
    })
}

/// A template of what is worked out here.
fn templates() -> impl Strategy<Value = String> {
    let dash = || prop_oneof![3 => Just(""), 1 => Just("-")];
    let leaf = prop_oneof![
        "[ a-z<>\n]{0,6}",
        (dash(), expressions(), dash()).prop_map(|(open, inner, close)| format!("{{{{{open} {inner} {close}}}}}")),
        (dash(), dash()).prop_map(|(open, close)| format!("{{#{open} note {close}#}}")),
    ];
    let steps = |inner: BoxedStrategy<String>| prop::collection::vec(inner, 0..4).prop_map(|steps| steps.concat());
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let body = steps(inner.boxed());
        prop_oneof![
            (expressions(), body.clone(), body.clone(), dash()).prop_map(|(condition, then, other, dash)| format!(
                "{{% if {condition} {dash}%}}{then}{{%{dash} else %}}{other}{{% endif %}}"
            )),
            (prop_oneof![Just("set"), Just("set_global")], "[a-d]", expressions())
                .prop_map(|(set, name, value)| format!("{{% {set} {name} = {value} %}}")),
            ("[a-d]", body.clone()).prop_map(|(name, body)| format!("{{% set {name} %}}{body}{{% endset %}}")),
            body.clone().prop_map(|body| format!("{{% filter upper %}}{body}{{% endfilter %}}")),
            body.clone().prop_map(|body| format!("{body}{{% include 'part' %}}")),
            ("[a-d], [a-d]", "[a-d](\\.[a-d])?", body.clone())
                .prop_map(|(names, list, each)| format!("{{% for {names} in {list} %}}{each}{{% endfor %}}")),
            ("[a-d]", "[a-d](\\.[a-d])?", body.clone(), body.clone()).prop_map(|(name, list, each, none)| format!(
                "{{% for {name} in {list} %}}{each}{{% if loop.last %}};{{% endif %}}{{% else %}}{none}{{% endfor %}}"
            )),
            body,
        ]
    })
}

/// How many cases there are: `FORECOURT_SUITE=full` makes many.
fn cases() -> u32 {
    if std::env::var("FORECOURT_SUITE").is_ok_and(|suite| suite == "full") { 50_000 } else { 2000 }
}

#[test]
fn any_template_writes_what_the_engine_writes() {
    let part = prop_oneof![templates(), Just("{{ a or '' }}{% set b = a %}{{ b or c }}".to_owned())];
    let cases = cases();
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    // How many were taken, and how many of them were written to the end.
    let (taken, written) = (Cell::new(0), Cell::new(0));
    let done = runner.run(&(templates(), templates(), part, documents()), |(own, inherited, part, text)| {
        let child = format!("{{% extends 'base' %}}{{% block one %}}{own}{{{{ super() }}}}{{% endblock %}}");
        let base = format!("{{% block one %}}{inherited}{{% endblock %}}{{% block two %}}{own}{{% endblock %}}");
        let part = part.replace("{% include 'part' %}", "");
        let files = [("own", own.as_str()), ("child", child.as_str()), ("base", base.as_str()), ("part", part.as_str())];
        for files in [&[files[0], files[3]][..], &files] {
            // What the engine does not take is not for us to take either.
            let Ok(templates) = compile(files) else { continue };
            let name = if files.len() == 4 { "child" } else { "own" };
            let direct = Direct::compile(files.iter().copied(), name, HeadParts::default());
            let direct = direct.map_err(|stays| TestCaseError::fail(stays.to_string()))?;
            taken.set(taken.get() + 1);
            if let Some(direct) = made(&direct, &text, &AROUND_NOTHING, templates.limit) {
                written.set(written.get() + 1);
                prop_assert_eq!(direct, templates.render(name, &document(&text), &AROUND_NOTHING), "{}", name);
            }
        }
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
    let (taken, written) = (taken.get(), written.get());
    assert!(taken > cases && written > cases / 3, "{taken} taken, {written} written, of {cases}");
}
