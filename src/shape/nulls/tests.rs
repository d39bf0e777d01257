//! The vectors of nulls.

use super::*;
use crate::shape::vectors::{document, path, shaped, text, told};
use crate::shape::{Move, Rename};

fn nulls(options: NullsOptions) -> Nulls {
    Nulls::new(options).expect("the options are sound")
}

fn check(options: NullsOptions, table: &[(&str, &str)]) {
    let step = nulls(options);
    for (doc, expected) in table {
        let once = shaped(doc, |doc, notes| step.apply(doc, notes));
        assert_eq!(once, *expected, "{doc}");
        assert_eq!(shaped(&once, |doc, notes| step.apply(doc, notes)), once, "{doc} twice");
    }
}

fn paths(texts: &[&str]) -> Vec<Path> {
    texts.iter().map(|text| path(text)).collect()
}

fn to(entries: &[(&str, &str)]) -> Vec<(Path, Node<'static>)> {
    entries.iter().map(|(at, value)| (path(at), document(value))).collect()
}

#[test]
fn n1_members_go_and_elements_stay() {
    let doc = r#"{"a":null,"b":[1,null,{"c":null}]}"#;
    check(NullsOptions::default(), &[(doc, r#"{"b":[1,null,{}]}"#)]);
    check(NullsOptions { elements: Fate::Drop, ..NullsOptions::default() }, &[(doc, r#"{"b":[1,{}]}"#)]);
    let elements_only = NullsOptions { members: Fate::Keep, elements: Fate::Drop, ..NullsOptions::default() };
    check(elements_only, &[(doc, r#"{"a":null,"b":[1,{"c":null}]}"#)]);
    check(NullsOptions { members: Fate::Keep, ..NullsOptions::default() }, &[(doc, doc)]);
}

#[test]
fn n2_only_the_token_counts() {
    let doc = r#"{"a":"","b":"null","c":0,"d":false,"e":[],"f":{},"g":"NaN","h":"N/A"}"#;
    check(NullsOptions::default(), &[(doc, doc)]);
}

#[test]
fn n3_what_was_empty_upstream_stays_unless_its_kind_goes() {
    let doc = r#"{"s":"","o":{},"a":[],"in":{"s":"","o":{},"a":[]},"list":["",{},[],null]}"#;
    let empty =
        |strings, objects, arrays| NullsOptions { empty: EmptyOptions { strings, objects, arrays }, ..NullsOptions::default() };
    use Fate::{Drop, Keep};
    check(empty(Keep, Keep, Keep), &[(doc, doc)]);
    check(empty(Drop, Keep, Keep), &[(doc, r#"{"o":{},"a":[],"in":{"o":{},"a":[]},"list":["",{},[],null]}"#)]);
    check(empty(Keep, Drop, Keep), &[(doc, r#"{"s":"","a":[],"in":{"s":"","a":[]},"list":["",{},[],null]}"#)]);
    check(empty(Keep, Keep, Drop), &[(doc, r#"{"s":"","o":{},"in":{"s":"","o":{}},"list":["",{},[],null]}"#)]);
    check(empty(Drop, Drop, Drop), &[(doc, r#"{"list":["",{},[],null]}"#)]);
    check(NullsOptions { elements: Drop, ..empty(Drop, Drop, Drop) }, &[(doc, "{}")]);
}

#[test]
fn n4_what_became_empty_has_a_switch_of_its_own() {
    let doc = r#"{"a":{"b":null},"c":{}}"#;
    check(NullsOptions::default(), &[(doc, r#"{"a":{},"c":{}}"#)]);
    let emptied = || NullsOptions { emptied: Fate::Drop, ..NullsOptions::default() };
    check(
        emptied(),
        &[
            (doc, r#"{"c":{}}"#),
            (r#"{"a":{"b":{"c":null}},"d":[{"e":null}],"f":1}"#, r#"{"d":[{}],"f":1}"#),
            (r#"{"a":{"b":null}}"#, "{}"),
        ],
    );
    let all = NullsOptions { elements: Fate::Drop, ..emptied() };
    check(all, &[(r#"{"d":[{"e":null}],"f":[null],"g":[],"h":[{}]}"#, r#"{"g":[],"h":[{}]}"#)]);
}

#[test]
fn n5_the_document_itself_is_never_removed() {
    let all = NullsOptions {
        elements: Fate::Drop,
        empty: EmptyOptions { strings: Fate::Drop, objects: Fate::Drop, arrays: Fate::Drop },
        emptied: Fate::Drop,
        ..NullsOptions::default()
    };
    check(all, &[("null", "null"), ("[]", "[]"), ("{}", "{}"), ("\"\"", "\"\""), ("[null]", "[]"), (r#"{"a":null}"#, "{}")]);
    check(NullsOptions::default(), &[("null", "null"), ("[null]", "[null]")]);
}

#[test]
fn n6_empty_is_looked_at_after_the_inside_was_done() {
    let empty = EmptyOptions { strings: Fate::Keep, objects: Fate::Drop, arrays: Fate::Keep };
    check(NullsOptions { empty, ..NullsOptions::default() }, &[(r#"{"a":{"b":null},"c":{"d":{"e":null}},"f":1}"#, r#"{"f":1}"#)]);
}

#[test]
fn n7_except_protects_the_whole_subtree() {
    let except = |texts: &[&str]| NullsOptions { except: paths(texts), ..NullsOptions::default() };
    let doc = r#"{"memo":null,"in":{"a":null,"b":{"c":null}},"list":[{"memo":null,"x":null},{"memo":{"y":null}}]}"#;
    check(except(&["memo", "in"]), &[(doc, r#"{"memo":null,"in":{"a":null,"b":{"c":null}},"list":[{},{"memo":{}}]}"#)]);
    check(except(&["list[].memo"]), &[(doc, r#"{"in":{"b":{}},"list":[{"memo":null},{"memo":{"y":null}}]}"#)]);
    check(except(&["**.memo"]), &[(doc, r#"{"memo":null,"in":{"b":{}},"list":[{"memo":null},{"memo":{"y":null}}]}"#)]);
    check(except(&["list[0]"]), &[(doc, r#"{"in":{"b":{}},"list":[{"memo":null,"x":null},{"memo":{}}]}"#)]);
    let beats_to = NullsOptions { to: to(&[("**.memo", "0")]), ..except(&["list"]) };
    check(beats_to, &[(doc, r#"{"memo":0,"in":{"b":{}},"list":[{"memo":null,"x":null},{"memo":{"y":null}}]}"#)]);
    assert!(Nulls::new(except(&[""])).is_err());
}

#[test]
fn n8_a_stand_in_takes_the_place_of_null_and_wins_over_drop() {
    let doc = r#"{"list":[{"tags":null,"price":null,"x":null},{"tags":[],"price":1},{"price":"a"},null]}"#;
    let options = |entries: &[(&str, &str)]| NullsOptions { to: to(entries), ..NullsOptions::default() };
    check(
        options(&[("list[].tags", "[]"), ("list[].price", "\"0.00\"")]),
        &[(doc, r#"{"list":[{"tags":[],"price":"0.00"},{"tags":[],"price":1},{"price":"a"},null]}"#)],
    );
    let arrays_go = EmptyOptions { strings: Fate::Keep, objects: Fate::Keep, arrays: Fate::Drop };
    check(
        NullsOptions { empty: arrays_go, ..options(&[("list[].tags", "[]"), ("list[].price", "0.00")]) },
        &[(doc, r#"{"list":[{"tags":[],"price":0.00},{"tags":[],"price":1},{"price":"a"},null]}"#)],
    );
    check(
        options(&[("list[]", "{}"), ("", "[]")]),
        &[(doc, r#"{"list":[{},{"tags":[],"price":1},{"price":"a"},{}]}"#), ("null", "[]")],
    );
    check(options(&[("a", "null")]), &[(r#"{"a":null,"b":null}"#, r#"{"a":null}"#)]);
    check(options(&[("**.a", r#"{"a":1}"#)]), &[(r#"{"a":null,"b":{"a":null}}"#, r#"{"a":{"a":1},"b":{"a":{"a":1}}}"#)]);
    check(options(&[("a", "1"), ("*", "2")]), &[(r#"{"a":null,"b":null}"#, r#"{"a":1,"b":2}"#)]);
    for value in ["[null]", r#"{"a":{"b":null}}"#] {
        assert!(Nulls::new(options(&[("a", value)])).is_err(), "{value}");
    }
}

#[test]
fn n8_a_path_that_counts_positions_cannot_live_with_dropped_elements() {
    let drop = || NullsOptions { elements: Fate::Drop, ..NullsOptions::default() };
    assert!(Nulls::new(NullsOptions { except: paths(&["list[0]"]), ..drop() }).is_err());
    assert!(Nulls::new(NullsOptions { to: to(&[("list[0].a", "1")]), ..drop() }).is_err());
    assert!(Nulls::new(NullsOptions { except: paths(&["list[].a"]), ..drop() }).is_ok());
}

#[test]
fn n8_a_stand_in_whose_path_meets_another_type_is_told() {
    let step = nulls(NullsOptions { to: to(&[("list[].tags", "[]")]), ..NullsOptions::default() });
    let notes = told(r#"{"list":{"tags":null}}"#, |doc, notes| step.apply(doc, notes));
    assert_eq!(notes.texts(), ["nulls: `list[].tags` has object"]);
    assert_eq!(told(r#"{"list":null}"#, |doc, notes| step.apply(doc, notes)).warnings(), 0);
}

#[test]
fn n9_a_dropped_member_is_a_missing_path_for_later_steps() {
    let mut doc = document(r#"{"a":null,"b":1}"#);
    let mut notes = Notes::new();
    nulls(NullsOptions::default()).apply(&mut doc, &mut notes).expect("nulls never fails");
    let rename = Rename::new(vec![(path("a"), "x".to_owned())]).expect("the entry is sound");
    rename.apply(&mut doc, &mut notes).expect("rename never fails");
    let relocate = Move::new(vec![(path("a"), path("y.z"))]).expect("the entry is sound");
    relocate.apply(&mut doc, &mut notes).expect("move never fails");
    assert_eq!((text(&doc).as_str(), notes.warnings()), (r#"{"b":1}"#, 0));
}

#[test]
fn n11_names_that_stand_twice_are_treated_each_on_its_own() {
    check(NullsOptions::default(), &[(r#"{"a":null,"a":1,"b":2,"b":null,"\u0061":null}"#, r#"{"a":1,"b":2}"#)]);
}

#[test]
fn n12_a_member_called_null_stays() {
    check(NullsOptions::default(), &[(r#"{"null":1,"a":{"null":"null"}}"#, r#"{"null":1,"a":{"null":"null"}}"#)]);
}
