//! The law of what cuts: a document that leaves while it comes is given up only where the reference would have changed what has left.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::stream_tests::{noted, streamed_in};
use super::testing::*;
use super::{Fused, Refused};
use crate::json::{self, Node};
use crate::shape::laws::made_up;
use crate::shape::*;

/// Whether a name stands twice in an object, and once with something in it that could be lifted.
fn has_lifted_twins(node: &Node<'_>) -> bool {
    match node {
        Node::Array(elements) => elements.iter().any(has_lifted_twins),
        Node::Object(object) => {
            let members = object.members();
            let lifts = |value: &Node<'_>| matches!(value, Node::Object(object) if !object.is_empty());
            members.iter().enumerate().any(|(at, member)| {
                let others = members.iter().enumerate().filter(|(other, _)| *other != at);
                lifts(&member.value) && others.into_iter().any(|(_, other)| other.key == member.key)
                    || has_lifted_twins(&member.value)
            })
        }
        _ => false,
    }
}

static SAVED: AtomicUsize = AtomicUsize::new(0);
static CUT: AtomicUsize = AtomicUsize::new(0);

#[test]
fn only_names_that_meet_cut_what_is_flattened() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: ProptestConfig::default().cases.max(4096),
        failure_persistence: None,
        max_global_rejects: u32::MAX,
        max_local_rejects: u32::MAX,
        ..ProptestConfig::default()
    });
    let lifted = prop_oneof![
        2 => made_up::flatten().prop_map(Action::Flatten),
        1 => prop::sample::select(vec!["_", ".", "__", "b"]).prop_map(|join| {
            let options = FlattenOptions { join: Join::Text(join.to_owned()), ..FlattenOptions::default() };
            Action::Flatten(Flatten::new(options).expect("the options are sound"))
        }),
        1 => prop::sample::select(vec!["_", "."]).prop_map(|join| {
            let options = FlattenOptions { join: Join::Text(join.to_owned()), ..each() };
            Action::Flatten(Flatten::new(options).expect("the options are sound"))
        }),
    ];
    let strategy = (made_up::documents(), lifted.prop_map(act), any::<bool>(), 1..40_usize);
    let law = |(doc, flatten, drops, size): (String, Step, bool, usize)| {
        let steps = if drops { vec![nulls(), flatten] } else { vec![flatten] };
        let fused = Fused::new(&steps);
        prop_assume!(fused.streams().is_ok());
        let (expected, notes) = noted(&steps, false, &doc).expect("nothing fails");
        match streamed_in(&fused, false, 0, doc.as_bytes().chunks(size)) {
            Ok(out) => {
                prop_assert_eq!((out.text, out.warnings), (expected, notes.warnings()));
                SAVED.fetch_add(usize::from(fused.run(&doc, 128).is_none()), Ordering::Relaxed);
            }
            Err((_, refused)) => {
                prop_assert!(matches!(refused, Refused::Step { step: "flatten", .. }), "{:?}", refused);
                let before = if drops { noted(&[nulls()], false, &doc).expect("it is one").0 } else { doc };
                let tree = json::parse(&before, &json::Limits::default()).expect("it is one");
                let meets = notes.texts().iter().any(|text| text.contains("stays nested"));
                prop_assert!(meets || has_lifted_twins(&tree), "{:?}", refused);
                CUT.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    };
    if let Err(error) = runner.run(&strategy, law) {
        panic!("{error}");
    }
    let (saved, cut) = (SAVED.load(Ordering::Relaxed), CUT.load(Ordering::Relaxed));
    assert!(saved > 100 && cut > 50, "{saved} were left to the stream alone, {cut} cut");
}

#[test]
fn names_are_compared_as_they_are_made() {
    let joined = |join: &str| flatten(FlattenOptions { join: Join::Text(join.to_owned()), ..FlattenOptions::default() });
    let levels = || flatten(FlattenOptions { levels: Some(9), ..FlattenOptions::default() });
    let empty = NullsOptions::default().empty;
    let no_objects = || NullsOptions { empty: EmptyOptions { objects: Fate::Drop, ..empty }, ..NullsOptions::default() };
    let no_arrays = || NullsOptions { empty: EmptyOptions { arrays: Fate::Drop, ..empty }, ..NullsOptions::default() };
    let camel = || flatten(FlattenOptions { join: Join::Camel, ..FlattenOptions::default() });
    for (steps, doc, expected) in [
        (vec![joined("_")], r#"{"s":{"n":1},"s_id":2}"#, Ok(r#"{"s_n":1,"s_id":2}"#)),
        (vec![joined("_")], r#"{"s_id":2,"s":{"n":1}}"#, Ok(r#"{"s_id":2,"s_n":1}"#)),
        (vec![joined("_")], r#"{"u":{"a":{"b":1},"a_c":2},"u_a":{"d":3}}"#, Ok(r#"{"u_a_b":1,"u_a_c":2,"u_a_d":3}"#)),
        (vec![joined("_")], r#"{"u":{"a":{"b":1}},"u_a":{"b":3}}"#, Err("two members become `u_a_b`, in `.`")),
        (vec![joined("_")], r#"{"in":{"s":{"n":1}},"in_s_n":2}"#, Err("two members become `in_s_n`, in `.`")),
        (vec![joined("_")], r#"{"caf\u00e9":{"x":1}}"#, Ok(r#"{"caf\u00e9_x":1}"#)),
        (vec![joined("_")], r#"{"\u0061":{"x":1},"a_x":2}"#, Err("two members become `a_x`, in `.`")),
        (vec![joined("_")], r#"{"a":{"x":1},"\u0061_y":2}"#, Ok(r#"{"a_x":1,"\u0061_y":2}"#)),
        (vec![joined("_")], r#"{"a":{},"a":1,"b":{"c":1}}"#, Ok(r#"{"a":{},"a":1,"b_c":1}"#)),
        (vec![joined("_")], r#"{"a":{"b":1},"a":1}"#, Err("`a` stands twice, in `.`")),
        (vec![joined("__")], r#"{"a":{"_b":1},"a_":{"b":1}}"#, Err("two members become `a___b`, in `.`")),
        (vec![joined("__")], r#"{"a":{"_b":1},"a_":{"c":1}}"#, Ok(r#"{"a___b":1,"a___c":1}"#)),
        (vec![levels()], r#"{"u":{"a":{"b":1}},"u_a":{"c":2},"x":1,"x":2}"#, Ok(r#"{"u_a_b":1,"u_a_c":2,"x":1,"x":2}"#)),
        (vec![levels()], r#"{"u":{"a":{}},"u_a":2}"#, Err("two names become one")),
        (vec![levels()], r#"{"u":{"a":{"b":2}},"u_a":2}"#, Ok(r#"{"u_a_b":2,"u_a":2}"#)),
        (vec![sweep(no_objects()), case(Spelling::Camel)], r#"{"x":{"a_":{},"a":1}}"#, Ok(r#"{"x":{"a":1}}"#)),
        (vec![sweep(no_objects()), case(Spelling::Camel)], r#"{"x":{"a":1,"a_":{"b":1}}}"#, Err("two names become one, in `x`")),
        (vec![sweep(no_arrays()), joined(".")], r#"{"a.b":[],"a":{"b":1}}"#, Ok(r#"{"a.b":1}"#)),
        (
            vec![sweep(no_arrays()), joined(".")],
            r#"{"a.b":[1],"a":{"b":1}}"#,
            Err("two names become one, or one stands twice, in `.`"),
        ),
        (vec![sweep(no_arrays()), case(Spelling::Camel), joined(".")], r#"{"aB":[],"a_b":{"c":1}}"#, Ok(r#"{"aB.c":1}"#)),
        (vec![camel()], r#"{"a":{"b":1,"B":2}}"#, Err("two names become one")),
        (vec![camel()], r#"{"a":{"b":1},"b":{"B":2},"aC":{"b":3}}"#, Ok(r#"{"aB":1,"bB":2,"aCB":3}"#)),
        (vec![rename(&[("a", "b")])], r#"{"a":1,"x":2,"x":3}"#, Ok(r#"{"b":1,"x":2,"x":3}"#)),
        (vec![rename(&[("in.a", "b")])], r#"{"in":{"a":1,"b":3}}"#, Err("two names become one, in `in`")),
        (vec![pick(&["a", "b"])], r#"{"a":1,"b":2,"a":1}"#, Err("pick: a name stands twice, in `.`")),
        (vec![defaults(&[("a", "1")])], r#"{"a":2,"a":3}"#, Ok(r#"{"a":2,"a":3}"#)),
        (vec![defaults(&[("a", "1")])], r#"{"a":null,"a":3}"#, Err("`a` stands twice, in `.`")),
    ] {
        let fused = Fused::new(&steps);
        for size in [1, 5, 1000] {
            let out = streamed_in(&fused, false, 0, doc.as_bytes().chunks(size));
            match (out, expected) {
                (Ok(out), Ok(expected)) => assert_eq!((out.text.as_str(), out.warnings), (expected, 0), "{doc}"),
                (Err((_, refused)), Err(expected)) => {
                    assert!(refused.to_string().contains(expected), "{doc}: {refused}");
                }
                (out, _) => panic!("{doc}: {:?}", out.map(|out| out.text)),
            }
        }
        if let Ok(expected) = expected {
            let (text, notes) = noted(&steps, false, doc).expect("nothing fails");
            assert_eq!((text.as_str(), notes.warnings()), (expected, 0), "the reference on {doc}");
        }
    }
}

#[test]
fn where_one_path_removes_a_value_no_other_has_anything_to_note() {
    let steps = [omit(&["a[].b[].c", "*"])];
    let doc = r#"{"a":[true],"b":[{"b":1}]}"#;
    for size in [1, 5, 1000] {
        let out = streamed_in(&Fused::new(&steps), false, 0, doc.as_bytes().chunks(size));
        assert_eq!(out.map(|out| (out.text, out.warnings)).ok(), Some(("{}".to_owned(), 0)));
    }
    let (text, notes) = noted(&steps, false, doc).expect("nothing fails");
    assert_eq!((text.as_str(), notes.warnings()), ("{}", 0));
}
