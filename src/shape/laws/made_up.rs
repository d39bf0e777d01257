//! Documents and steps that proptest makes up.

use proptest::prelude::*;

use crate::json::Path;
use crate::shape::vectors::{document, path};
use crate::shape::*;

/// Names as backends do and do not send them; `a_b`, `a.b` and `aB` are there to meet what flattening makes.
pub(in crate::shape) const NAMES: [&str; 20] = [
    "a",
    "b",
    "c",
    "a_b",
    "a_b_c",
    "b_c",
    "a.b",
    "aB",
    "B",
    "_b",
    "a_",
    "",
    "id",
    "skuId",
    "0",
    "1",
    r"\u0061",
    r"\ud83d",
    r#"\"x"#,
    "user_name",
];

/// Scalars and empty containers, as tokens.
pub(in crate::shape) const LEAVES: [&str; 23] = [
    "null",
    "null",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.10",
    "1E+2",
    "0E-8",
    "1e400",
    "1e999999999",
    "9007199254740991",
    "9007199254740992",
    "-12345678901234567890",
    "{}",
    "[]",
    r#""""#,
    r#""null""#,
    r#""\ud83d""#,
    r#""\udfff""#,
    r#""a\u4e2d\/\"""#,
    r#""NaN""#,
];

pub(in crate::shape) const PATHS: [&str; 30] = [
    "a",
    "b",
    "a.b",
    "a.b.c",
    "b.a",
    "c",
    "a_b",
    "id",
    "[\"\"]",
    "[\"a.b\"]",
    "a[]",
    "a[].b",
    "b[].a",
    "a[].b[].c",
    "[]",
    "[].a",
    "[0]",
    "a[1]",
    "a[0].b",
    "*",
    "a.*",
    "*.b",
    "a.*.b",
    "*[].a",
    "**.a",
    "**.b.a",
    "a.**.b",
    "**.a.**.b",
    "**.*",
    "**[]",
];

pub(in crate::shape) fn documents() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        8 => prop::sample::select(&LEAVES[..]).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => "[a-z]{0,6}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let member = (prop::sample::select(&NAMES[..]), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            1 => prop::collection::vec(inner, 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            3 => prop::collection::vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

pub(in crate::shape) fn paths(most: usize) -> impl Strategy<Value = Vec<Path>> {
    prop::collection::vec(prop::sample::select(&PATHS[..]).prop_map(path), 0..=most)
}

pub(in crate::shape) fn fate() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![Fate::Keep, Fate::Drop])
}

pub(in crate::shape) fn nulls() -> impl Strategy<Value = Nulls> {
    let stand_ins = prop::collection::vec(
        (prop::sample::select(&PATHS[..]), prop::sample::select(vec!["0", "[]", r#"{"a":""}"#, "null"])),
        0..3,
    );
    (fate(), fate(), (fate(), fate(), fate()), fate(), paths(2), stand_ins).prop_filter_map(
        "positions and dropped elements do not go together",
        |(members, elements, (strings, objects, arrays), emptied, except, to)| {
            let to = to.into_iter().map(|(at, value)| (path(at), document(value))).collect();
            let empty = EmptyOptions { strings, objects, arrays };
            Nulls::new(NullsOptions { members, elements, empty, emptied, except, to }).ok()
        },
    )
}

pub(in crate::shape) fn flatten() -> impl Strategy<Value = Flatten> {
    let join = prop_oneof![
        prop::sample::select(vec!["_", ".", "", "__", "0", "\""]).prop_map(|text| Join::Text(text.to_owned())),
        Just(Join::Camel),
    ];
    let levels = prop_oneof![3 => Just(None), 1 => Just(Some(1)), 1 => Just(Some(2))];
    let arrays = prop::sample::select(vec![Arrays::Keep, Arrays::Each, Arrays::Index]);
    let at = prop::option::weighted(0.2, prop::sample::select(&PATHS[..]).prop_map(path));
    (at, levels, join, arrays, paths(1)).prop_map(|(at, levels, join, arrays, except)| {
        Flatten::new(FlattenOptions { at, levels, join, arrays, except }).expect("the options are sound")
    })
}

pub(in crate::shape) fn numbers() -> impl Strategy<Value = Numbers> {
    let nan = prop::sample::select(vec![None, Some(Nan::Null), Some(Nan::String)]);
    let always = prop::sample::subsequence(vec!["id", "*Id", "a*", "**"], 0..3);
    (any::<bool>(), always, nan).prop_map(|(unsafe_to_string, always, nan)| {
        let beyond = if unsafe_to_string { Beyond::String } else { Beyond::Keep };
        let always_string = always.into_iter().map(str::to_owned).collect();
        Numbers::new(NumbersOptions { beyond, always_string, nan }).expect("the options are sound")
    })
}

pub(in crate::shape) fn case() -> impl Strategy<Value = Case> {
    let to = prop::sample::select(vec![Spelling::Camel, Spelling::Snake, Spelling::Kebab, Spelling::Pascal]);
    (to, paths(2))
        .prop_map(|(to, stop)| Case::new(CaseOptions { to, except: vec!["B".to_owned()], stop }).expect("the options are sound"))
}

/// Any step that only moves, removes or renames: its options are tried until they are sound.
pub(in crate::shape) fn steps() -> impl Strategy<Value = Action> {
    let pairs = || {
        prop::collection::vec(
            (prop::sample::select(&PATHS[..]).prop_map(path), prop::sample::select(&PATHS[..]).prop_map(path)),
            1..3,
        )
    };
    let renamed = prop::collection::vec(
        (prop::sample::select(&PATHS[..]).prop_map(path), prop::sample::select(&NAMES[..]).prop_map(str::to_owned)),
        1..3,
    );
    let picked = (prop::option::of(prop::sample::select(&PATHS[..]).prop_map(path)), paths(3));
    prop_oneof![
        nulls().prop_map(Action::Nulls),
        flatten().prop_map(Action::Flatten),
        numbers().prop_map(Action::Numbers),
        case().prop_map(Action::Case),
        Just(Action::Wrap(Wrap::new("a").expect("every name is a key"))),
        paths(3).prop_filter_map("no paths", |paths| Omit::new(paths).ok()).prop_map(Action::Omit),
        picked.prop_filter_map("no fields", |(at, fields)| Pick::new(PickOptions { at, fields }).ok()).prop_map(Action::Pick),
        renamed.prop_filter_map("no names", |entries| Rename::new(entries).ok()).prop_map(Action::Rename),
        pairs().prop_filter_map("no places", |entries| Move::new(entries).ok()).prop_map(Action::Move),
        pairs().prop_filter_map("no places", |entries| Copy::new(entries).ok()).prop_map(Action::Copy),
    ]
}
