//! The vectors of move and copy.

use super::*;
use crate::shape::vectors::{path, shaped, told};

fn entries(entries: &[(&str, &str)]) -> Vec<(Path, Path)> {
    entries.iter().map(|(from, to)| (path(from), path(to))).collect()
}

fn moved(list: &[(&str, &str)], doc: &str) -> (String, usize) {
    let step = Move::new(entries(list)).expect("the entries are sound");
    (shaped(doc, |doc, notes| step.apply(doc, notes)), told(doc, |doc, notes| step.apply(doc, notes)).warnings())
}

fn copied(list: &[(&str, &str)], doc: &str) -> (String, usize) {
    let step = Copy::new(entries(list)).expect("the entries are sound");
    (shaped(doc, |doc, notes| step.apply(doc, notes)), told(doc, |doc, notes| step.apply(doc, notes)).warnings())
}

fn quiet(text: &str) -> (String, usize) {
    (text.to_owned(), 0)
}

#[test]
fn j9_objects_on_the_way_are_made() {
    assert_eq!(moved(&[("a.b", "c")], r#"{"a":{"b":1.10,"x":2},"y":3}"#), quiet(r#"{"a":{"x":2},"y":3,"c":1.10}"#));
    assert_eq!(moved(&[("a", "x.y.z")], r#"{"a":1,"b":2}"#), quiet(r#"{"b":2,"x":{"y":{"z":1}}}"#));
    assert_eq!(moved(&[("a", "x.y")], r#"{"a":1,"x":null}"#), quiet(r#"{"x":{"y":1}}"#));
    assert_eq!(moved(&[("a", "x[\"y.z\"]")], r#"{"a":1}"#), quiet(r#"{"x":{"y.z":1}}"#));
    assert_eq!(copied(&[("a", "x.y")], r#"{"a":[1],"b":2}"#), quiet(r#"{"a":[1],"b":2,"x":{"y":[1]}}"#));
}

#[test]
fn j9_wildcards_stay_in_the_same_element() {
    let doc = r#"{"list":[{"a":{"b":1}},{"a":{"b":2},"b":0},{"c":3},null]}"#;
    let (result, warnings) = moved(&[("list[].a.b", "list[].b")], doc);
    assert_eq!((result.as_str(), warnings), (r#"{"list":[{"a":{},"b":1},{"a":{},"b":2},{"c":3},null]}"#, 1));
    let doc = r#"{"m":{"x":{"a":1},"y":{"a":2}}}"#;
    assert_eq!(moved(&[("m.*.a", "m.*.in.a")], doc), quiet(r#"{"m":{"x":{"in":{"a":1}},"y":{"in":{"a":2}}}}"#));
    assert_eq!(
        moved(&[("list[].skus[].a", "list[].skus[].b")], r#"{"list":[{"skus":[{"a":1},{}]}]}"#),
        quiet(r#"{"list":[{"skus":[{"b":1},{}]}]}"#)
    );
    for (from, to) in [
        ("list[].a", "x"),
        ("a", "list[].a"),
        ("list[].a", "other[].a"),
        ("list[].skus[].a", "list[].a"),
        ("list[].a", "list[].skus[].a"),
        ("m.*.a", "m.*.b.*"),
        ("**.a", "**.b"),
        ("**.a", "b"),
    ] {
        assert!(Move::new(entries(&[(from, to)])).is_err(), "{from} to {to}");
        assert!(Copy::new(entries(&[(from, to)])).is_err(), "{from} to {to}");
    }
}

#[test]
fn j9_a_value_does_not_move_into_itself() {
    for (from, to) in [("a", "a.b"), ("a", "a"), ("", "a"), ("list[]", "list[].x"), ("list[].a", "list[].a.b")] {
        assert!(Move::new(entries(&[(from, to)])).is_err(), "{from} to {to}");
    }
    assert_eq!(moved(&[("a.b", "a")], r#"{"a":{"b":{"c":1},"x":2}}"#), (r#"{"a":{"c":1}}"#.to_owned(), 1));
    assert_eq!(
        copied(&[("", "all"), ("a", "a.b")], r#"{"a":{"c":1}}"#),
        quiet(r#"{"a":{"c":1,"b":{"c":1}},"all":{"a":{"c":1}}}"#)
    );
    assert_eq!(copied(&[("list[]", "list[].self")], r#"{"list":[{"a":1}]}"#), quiet(r#"{"list":[{"a":1,"self":{"a":1}}]}"#));
}

#[test]
fn all_entries_happen_at_once() {
    assert_eq!(moved(&[("a", "b"), ("b", "a")], r#"{"a":1,"x":0,"b":2}"#), quiet(r#"{"x":0,"b":1,"a":2}"#));
    assert_eq!(copied(&[("a", "b"), ("b", "a")], r#"{"a":1,"x":0,"b":2}"#).0, r#"{"a":2,"x":0,"b":1}"#);
    assert_eq!(moved(&[("a", "x.y"), ("x", "z")], r#"{"a":1,"x":2}"#), quiet(r#"{"x":{"y":1},"z":2}"#));
    assert_eq!(moved(&[("list[].a", "list[].b"), ("list", "items")], r#"{"list":[{"a":1}]}"#), quiet(r#"{"items":[{"b":1}]}"#));
    assert_eq!(moved(&[("a.b", "c"), ("a.c", "b")], r#"{"a":{"b":1,"c":2}}"#), quiet(r#"{"a":{},"c":1,"b":2}"#));
}

#[test]
fn two_entries_never_want_the_same_place() {
    for list in [[("a", "x"), ("b", "x")], [("a", "x"), ("b", "x.y")], [("list[].a", "list[].x"), ("list[].b", "list[].x.y")]] {
        assert!(Move::new(entries(&list)).is_err(), "{list:?}");
        assert!(Copy::new(entries(&list)).is_err(), "{list:?}");
    }
    assert!(Move::new(entries(&[("a", "x"), ("a", "y")])).is_err());
    assert!(Move::new(entries(&[("a", "x"), ("a.b", "y")])).is_err());
    assert!(Move::new(entries(&[("l[0]", "x"), ("y", "l[1].z")])).is_err());
    assert_eq!(copied(&[("a", "x"), ("a", "y")], r#"{"a":1}"#), quiet(r#"{"a":1,"x":1,"y":1}"#));
    assert!(Move::new(vec![]).is_err() && Copy::new(vec![]).is_err());
}

#[test]
fn elements_leave_their_array_by_the_positions_they_came_with() {
    let doc = r#"{"loc":[12.5,-0,3]}"#;
    assert_eq!(moved(&[("loc[0]", "lng"), ("loc[1]", "lat")], doc), quiet(r#"{"loc":[3],"lng":12.5,"lat":-0}"#));
    assert_eq!(copied(&[("loc[0]", "lng"), ("loc[9]", "no")], doc), quiet(r#"{"loc":[12.5,-0,3],"lng":12.5}"#));
    assert_eq!(moved(&[("l[0]", "a"), ("l[1][0]", "b")], r#"{"l":[1,[2,3]]}"#), quiet(r#"{"l":[[3]],"a":1,"b":2}"#));
    for to in ["x[0]", "x.*", "", "x[]"] {
        assert!(Copy::new(entries(&[("a", to)])).is_err(), "{to}");
    }
    assert_eq!(moved(&[("a", "l[1].b")], r#"{"a":1,"l":[{},{}]}"#), quiet(r#"{"l":[{},{"b":1}]}"#));
    assert_eq!(moved(&[("a", "l[1].b")], r#"{"a":1,"l":[{}]}"#), (r#"{"a":1,"l":[{}]}"#.to_owned(), 1));
    assert_eq!(moved(&[("a", "l[0].b")], r#"{"a":1}"#), (r#"{"a":1}"#.to_owned(), 1));
}

#[test]
fn a_value_whose_new_place_cannot_be_reached_stays_where_it_is() {
    assert_eq!(moved(&[("a", "b.c")], r#"{"a":1,"b":"x"}"#), (r#"{"a":1,"b":"x"}"#.to_owned(), 1));
    assert_eq!(moved(&[("a", "b.c"), ("b", "x.y")], r#"{"a":1,"b":2,"x":[]}"#), (r#"{"a":1,"b":2,"x":[]}"#.to_owned(), 2));
    assert_eq!(moved(&[("a", "b.c"), ("b", "x.y")], r#"{"a":1,"b":2}"#), quiet(r#"{"b":{"c":1},"x":{"y":2}}"#));
    assert_eq!(copied(&[("a", "b.c")], r#"{"a":1,"b":"x"}"#), (r#"{"a":1,"b":"x"}"#.to_owned(), 1));
}

#[test]
fn a_path_through_the_wrong_type_is_told_and_a_missing_one_is_not() {
    for (doc, warnings) in
        [(r#"{"a":{}}"#, 0), (r#"{"a":null}"#, 0), ("{}", 0), ("null", 0), (r#"{"a":"x"}"#, 1), (r#"{"a":[]}"#, 1), ("[]", 1)]
    {
        assert_eq!(moved(&[("a.b", "c")], doc), (doc.to_owned(), warnings), "{doc}");
        assert_eq!(copied(&[("a.b", "c")], doc), (doc.to_owned(), warnings), "{doc}");
    }
    assert_eq!(moved(&[("list[].a", "list[].b")], r#"{"list":{"a":1}}"#), (r#"{"list":{"a":1}}"#.to_owned(), 1));
}

#[test]
fn j3_of_a_name_that_stands_twice_the_last_value_counts() {
    assert_eq!(moved(&[("a", "b")], r#"{"a":1,"x":0,"a":2}"#), quiet(r#"{"x":0,"b":2}"#));
    assert_eq!(moved(&[("a", "b")], r#"{"a":1,"b":2,"x":0,"b":3}"#), (r#"{"b":1,"x":0}"#.to_owned(), 1));
    assert_eq!(moved(&[("a.x", "b")], r#"{"a":{"x":1},"a":{"x":2}}"#), quiet(r#"{"a":{"x":1},"a":{},"b":2}"#));
}
