//! The fused form on documents that were thought of: each comes out as said, and as the reference has it.

use super::Fused;
use super::testing::*;
use crate::shape::testing::{literal, path, paths};
use crate::shape::*;

/// Steps that the fused form has to take over on a document, and what comes out.
#[track_caller]
fn same(steps: &[Step], text: &str, expected: &str) {
    assert_eq!(reference(steps, text).as_deref(), Some(expected), "the reference on {text}");
    assert_eq!(fused(steps, text).as_deref(), Some(expected), "the fused form on {text}");
}

#[test]
fn white_space_goes_and_every_token_stays() {
    let spaced = " { \"a\" : [ 1.10 , {\t} ,[ ] , \"b \\u0041\" ] ,\r\n \"c\" : -0E+2 } ";
    same(&[], spaced, r#"{"a":[1.10,{},[],"b \u0041"],"c":-0E+2}"#);
    same(&[nulls()], spaced, r#"{"a":[1.10,{},[],"b \u0041"],"c":-0E+2}"#);
    for scalar in ["null", " 1 ", "\"x\"", "true", "[]", "{}"] {
        same(&[nulls()], scalar, scalar.trim());
    }
}

#[test]
fn null_members_go_wherever_they_stand() {
    same(&[nulls()], r#"{"a":null,"b":[1,null,{"c":null}]}"#, r#"{"b":[1,null,{}]}"#);
    same(&[nulls()], r#"{"a":null , "b":null}"#, "{}");
    same(&[nulls()], r#"{ "a" : null , "b" : 1 , "c" : null , "d" : 2 , "e" : null }"#, r#"{"b":1,"d":2}"#);
    let emptied = NullsOptions { emptied: Fate::Drop, ..NullsOptions::default() };
    same(&[sweep(emptied)], r#"{"a":{"b":{"c":null}},"d":{},"e":[{"f":null}]}"#, r#"{"d":{},"e":[{}]}"#);
    let empty = EmptyOptions { strings: Fate::Drop, objects: Fate::Keep, arrays: Fate::Drop };
    let otherwise = Some(literal("[]"));
    let listed = ConvertOptions { path: path("a"), to: To::Number, otherwise };
    let listed = act(Action::Convert(Convert::new(vec![listed]).expect("it is one")));
    same(&[listed, sweep(NullsOptions { empty, ..NullsOptions::default() })], r#"{"a":"x","b":"","c":[[]]}"#, r#"{"c":[[]]}"#);
    let stand_in = NullsOptions { to: vec![(path("list[].tags"), literal("[]"))], ..NullsOptions::default() };
    same(&[sweep(stand_in)], r#"{"list":[{"tags":null,"x":null},{"tags":[1]}]}"#, r#"{"list":[{"tags":[]},{"tags":[1]}]}"#);
}

/// Steps of which the first removes what is empty, and the second a container by its name.
pub(super) fn twice_gone() -> [(Vec<Step>, &'static str, &'static str); 5] {
    let empty = EmptyOptions { strings: Fate::Keep, objects: Fate::Drop, arrays: Fate::Keep };
    let swept = || vec![sweep(NullsOptions { empty, ..NullsOptions::default() }), omit(&["b.a"])];
    let picked = || vec![pick(&["b.a.x", "c"]), omit(&["b.a"])];
    [
        (swept(), r#"{"b":{"a":{}},"c":1}"#, r#"{"c":1}"#),
        (swept(), r#"{"b":{"a":{"n":null,"d":{"n":null}}},"c":1}"#, r#"{"c":1}"#),
        (swept(), r#"{"b":{"a":{"x":1}},"c":1}"#, r#"{"b":{},"c":1}"#),
        (picked(), r#"{"b":{"a":{"y":1}},"c":1}"#, r#"{"c":1}"#),
        (picked(), r#"{"b":{"a":{"x":1}},"c":1}"#, r#"{"b":{},"c":1}"#),
    ]
}

#[test]
fn what_a_later_step_removes_is_still_counted_by_an_earlier_one() {
    for (steps, doc, expected) in twice_gone() {
        same(&steps, doc, expected);
    }
}

#[test]
fn what_is_nested_is_lifted_in_its_place() {
    let doc = r#"{"z":1,"m":{"y":2,"b":{"x":3,"n":null},"e":{"n":null}},"l":[{"p":{"q":4}},5],"c":{}}"#;
    same(&[nulls(), flatten(each())], doc, r#"{"z":1,"m.y":2,"m.b.x":3,"m.e":{},"l":[{"p.q":4},5],"c":{}}"#);
    same(
        &[nulls(), flatten(FlattenOptions { join: Join::Camel, ..FlattenOptions::default() })],
        doc,
        r#"{"z":1,"mY":2,"mBX":3,"mE":{},"l":[{"p":{"q":4}},5],"c":{}}"#,
    );
    let one = FlattenOptions { levels: Some(1), except: paths(&["m.e"]), ..FlattenOptions::default() };
    same(&[flatten(one)], r#"{"m":{"b":{"x":{"y":3}},"e":{"f":4},"g":{}}}"#, r#"{"m_b":{"x":{"y":3}},"m_e":{"f":4},"m_g":{}}"#);
    let at = FlattenOptions { at: Some(path("list[]")), ..FlattenOptions::default() };
    same(&[flatten(at)], r#"{"a":{"b":1},"list":[{"c":{"d":2}},null]}"#, r#"{"a":{"b":1},"list":[{"c_d":2},null]}"#);
    same(&[flatten(each())], r#"{"a":{"l":[{"b":{"c":1}},[{"d":{"e":2}}]]}}"#, r#"{"a.l":[{"b.c":1},[{"d.e":2}]]}"#);
    same(&[flatten(each())], r#"{"a":{"b":{}}}"#, r#"{"a.b":{}}"#);
    same(&[flatten(each())], r#" { "a" : { "b" : { } , "c" : 1 } , "d" : 2 } "#, r#"{"a.b":{},"a.c":1,"d":2}"#);
}

#[test]
fn an_envelope_is_taken_off_wherever_its_verdict_stands() {
    let steps = [unwrap("data"), nulls()];
    for doc in [
        r#"{"code":200,"data":{"a":1,"b":null},"message":null}"#,
        r#"{"data":{"a":1,"b":null},"x":[{}],"code":0.0}"#,
        r#" { "message" : {"deep":[1]} , "data" : { "a" : 1 } , "code" : 2e2 } "#,
        r#"{"data":{"a":1}}"#,
        r#"{"data":{"a":1},"code":null}"#,
    ] {
        same(&steps, doc, r#"{"a":1}"#);
    }
    same(&[unwrap("data.rows"), wrap("a"), wrap("b")], r#"{"data":{"x":1,"rows":[1],"y":{}}}"#, r#"{"b":{"a":[1]}}"#);
    for odd in [r#"{"code":500,"data":1}"#, r#"{"code":200,"data":null}"#, "{}", "[]", r#"{"data":1,"data":2}"#, r#"{"data":1"#] {
        assert_eq!(fused(&steps, odd), None, "{odd}");
    }
}

#[test]
fn names_and_values_change_side_by_side() {
    let doc = r#"{"user_id":12345678901234567890,"map":{"en_US":1},"list":[{"old_name":"1.50","gone":[{}],"n":null}]}"#;
    let unsafe_numbers = NumbersOptions { beyond: Beyond::String, ..NumbersOptions::default() };
    let steps = [
        act(Action::Numbers(Numbers::new(unsafe_numbers).expect("it is one"))),
        omit(&["list[].gone"]),
        rename(&[("list[].old_name", "the_price")]),
        nulls(),
        case(Spelling::Camel),
        convert("list[].thePrice", To::Number),
    ];
    same(&steps, doc, r#"{"userId":"12345678901234567890","map":{"en_US":1},"list":[{"thePrice":1.50}]}"#);
    assert_eq!(Fused::new(&steps).plan().len(), 1, "one pass does it all");
    same(&[pick(&["list.n", "list.gone", "map"])], doc, r#"{"map":{"en_US":1},"list":[{"gone":[{}],"n":null}]}"#);
    same(&[pick(&["a.b", "c"])], r#"{"a":{"x":1},"c":2,"d":{"c":3}}"#, r#"{"c":2}"#);
}

#[test]
fn what_is_missing_is_added_at_the_end() {
    let steps = [nulls(), defaults(&[("total", "0"), ("list[].tags", "[]"), ("a.b", "{}")])];
    same(
        &steps,
        r#"{"list":[{},{"tags":[1],"x":2},{"tags":null}],"a":{}}"#,
        r#"{"list":[{"tags":[]},{"tags":[1],"x":2},{"tags":[]}],"a":{"b":{}},"total":0}"#,
    );
    same(&[defaults(&[("total", "0")])], r#"{"total":null,"x":1}"#, r#"{"total":0,"x":1}"#);
    same(&steps, "{}", r#"{"total":0,"a":{"b":{}}}"#);
    let steps = [defaults(&[("a.b.c", "1"), ("d", "2"), ("a.b.x", "3"), ("a.y", "4"), ("list[].m.n", "5")])];
    same(
        &steps,
        r#"{"a":{"b":null},"list":[{},{"m":null}]}"#,
        r#"{"a":{"b":{"c":1,"x":3},"y":4},"list":[{"m":{"n":5}},{"m":{"n":5}}],"d":2}"#,
    );
    let stand_in = NullsOptions { to: vec![(path("a"), literal("{}"))], ..NullsOptions::default() };
    same(&[sweep(stand_in), defaults(&[("a.b", "1")])], r#"{"a":null}"#, r#"{"a":{"b":1}}"#);
    // Another path wants a list where one is made an object.
    assert_eq!(fused(&[defaults(&[("a.b", "0"), ("a[].b", "0")])], "{}"), None);
}

#[test]
fn what_the_reference_has_to_say_something_about_is_left_to_it() {
    for (steps, doc) in [
        (vec![rename(&[("a", "b")])], r#"{"a":1,"b":2}"#),
        (vec![case(Spelling::Camel)], r#"{"a_b":1,"aB":2}"#),
        (vec![flatten(each())], r#"{"a":{"b":1},"a.b":2}"#),
        (vec![flatten(each())], r#"{"a":{"b":1},"a":{"c":2}}"#),
        (vec![omit(&["a.b"])], r#"{"a":1}"#),
        (vec![pick(&["a[]"])], r#"{"a":[],"a":null}"#),
        (vec![convert("a", To::Number)], r#"{"a":"x"}"#),
        (vec![flatten(each())], "1"),
        (vec![nulls()], "{]"),
        (vec![nulls()], "[1,]"),
        (vec![nulls()], "1 2"),
    ] {
        assert_eq!(fused(&steps, doc), None, "{doc}");
    }
}

#[test]
fn as_deep_as_allowed_and_no_deeper() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for steps in [vec![], vec![nulls()], vec![omit(&["**.a"])], vec![flatten(each())]] {
        assert!(fused(&steps, &deep(128)).is_some());
        assert_eq!(fused(&steps, &deep(129)), None);
    }
}
