//! The law of the fused form: what it gives is what the reference gives, and then the reference has nothing to note.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::machine::Machine;
use super::{Fused, Pass};
use crate::json::{self, Limits, Stop};
use crate::shape::laws::made_up::{self, NAMES, PATHS};
use crate::shape::testing::{literal, path, paths};
use crate::shape::*;

/// What the reference makes of a text, when there is nothing to note.
fn reference(steps: &[Step], text: &str) -> Option<String> {
    let mut tree = json::parse(text, &Limits::default()).ok()?;
    let mut notes = Notes::new();
    Shape::new(steps.to_vec(), true).run(&mut tree, &mut notes).ok()?;
    (notes.warnings() == 0).then(|| String::from_utf8(tree.to_json()).expect("JSON is UTF-8"))
}

fn fused(steps: &[Step], text: &str) -> Option<String> {
    let out = Fused::new(steps).run(text, Limits::default().depth)?;
    Some(String::from_utf8(out).expect("JSON is UTF-8"))
}

/// Steps that the fused form has to take over on a document, and what comes out.
#[track_caller]
fn same(steps: &[Step], text: &str, expected: &str) {
    assert_eq!(reference(steps, text).as_deref(), Some(expected), "the reference on {text}");
    assert_eq!(fused(steps, text).as_deref(), Some(expected), "the fused form on {text}");
}

pub(super) fn act(action: Action) -> Step {
    Step::new(action)
}

pub(super) fn nulls() -> Step {
    act(Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are sound")))
}

pub(super) fn sweep(options: NullsOptions) -> Step {
    act(Action::Nulls(Nulls::new(options).expect("the options are sound")))
}

pub(super) fn flatten(options: FlattenOptions) -> Step {
    act(Action::Flatten(Flatten::new(options).expect("the options are sound")))
}

pub(super) fn omit(list: &[&str]) -> Step {
    act(Action::Omit(Omit::new(paths(list)).expect("the paths are sound")))
}

pub(super) fn pick(list: &[&str]) -> Step {
    act(Action::Pick(Pick::new(PickOptions { at: None, fields: paths(list) }).expect("the fields are sound")))
}

pub(super) fn rename(entries: &[(&str, &str)]) -> Step {
    let entries = entries.iter().map(|(from, to)| (path(from), (*to).to_owned())).collect();
    act(Action::Rename(Rename::new(entries).expect("the names are sound")))
}

pub(super) fn case(to: Spelling) -> Step {
    act(Action::Case(Case::new(CaseOptions { to, except: vec![], stop: paths(&["**.map"]) }).expect("the options are sound")))
}

pub(super) fn defaults(entries: &[(&str, &str)]) -> Step {
    let values = entries.iter().map(|(at, value)| (path(at), literal(value))).collect();
    act(Action::Default(Defaults::new(DefaultsOptions { values }).expect("the values are sound")))
}

pub(super) fn convert(at: &str, to: To) -> Step {
    act(Action::Convert(Convert::new(vec![ConvertOptions { path: path(at), to, otherwise: None }]).expect("it is one")))
}

pub(super) fn wrap(key: &str) -> Step {
    act(Action::Wrap(Wrap::new(key).expect("every name is a key")))
}

pub(super) fn unwrap(data: &str) -> Step {
    let options = UnwrapOptions {
        data: vec![Payload::At(path(data))],
        ok: vec![(path("code"), vec![literal("200"), literal("0")])],
        missing: MissingVerdict::Ok,
        message: paths(&["message"]),
        status: vec![("401".to_owned(), 401)],
        otherwise: 502,
        missing_data: MissingData::Value(literal("null")),
    };
    act(Action::Unwrap(Unwrap::new(options).expect("the envelope is one")))
}

pub(super) fn each() -> FlattenOptions {
    FlattenOptions { arrays: Arrays::Each, join: Join::Text(".".to_owned()), ..FlattenOptions::default() }
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
    assert_eq!(fused(&steps, "{}"), None, "an object on the way is missing");
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

fn converts() -> impl Strategy<Value = Action> {
    let to = prop_oneof![
        Just(To::String),
        Just(To::Number),
        Just(To::Integer),
        Just(To::Boolean),
        Just(To::DecimalString),
        Just(To::List { split: ",".to_owned() }),
        Just(To::Map(vec![("1".to_owned(), literal("\"one\"")), ("true".to_owned(), literal("1"))])),
    ];
    let otherwise = prop::option::of(prop::sample::select(vec!["null", "0", "\"other\"", "[]"]).prop_map(literal));
    prop::collection::vec((prop::sample::select(&PATHS[..]), to, otherwise), 1..3).prop_map(|entries| {
        let entry = |(at, to, otherwise)| ConvertOptions { path: path(at), to, otherwise };
        Action::Convert(Convert::new(entries.into_iter().map(entry).collect()).expect("the options are sound"))
    })
}

fn fills() -> impl Strategy<Value = Action> {
    let value = prop::sample::select(vec!["0", "[]", r#"{"a":{"b":1}}"#, "null", "\"x\""]);
    prop::collection::vec((prop::sample::select(&PATHS[..]), value), 1..4).prop_filter_map("not for these", |entries| {
        let values = entries.into_iter().map(|(at, value)| (path(at), literal(value))).collect();
        Defaults::new(DefaultsOptions { values }).ok().map(Action::Default)
    })
}

fn unwraps() -> impl Strategy<Value = Action> {
    let good = || prop::collection::vec(prop::sample::select(vec!["1.10", "null", "true", "0"]), 1..3);
    let data = prop::collection::vec(prop::sample::select(vec!["a", "a.b", "b", "*"]), 1..3);
    let ok = prop::collection::vec((prop::sample::select(vec!["c", "id", "0"]), good()), 0..2);
    (data, ok, any::<bool>()).prop_map(|(data, ok, missing_is_error)| {
        let payload = |text: &str| if text == "*" { Payload::Rest } else { Payload::At(path(text)) };
        let options = UnwrapOptions {
            data: data.into_iter().map(payload).collect(),
            ok: ok.into_iter().map(|(at, good)| (path(at), good.into_iter().map(literal).collect())).collect(),
            missing: if missing_is_error { MissingVerdict::Error } else { MissingVerdict::Ok },
            message: vec![],
            status: vec![],
            otherwise: 502,
            missing_data: MissingData::Value(literal("null")),
        };
        Action::Unwrap(Unwrap::new(options).expect("the options are sound"))
    })
}

/// Steps that work in lists and objects at a place.
fn trees() -> impl Strategy<Value = Action> {
    let at = || prop::sample::select(&PATHS[..]);
    let group = (at(), at(), any::<bool>()).prop_filter_map("no list", |(list, by, is_map)| {
        let form = if is_map { GroupForm::Map } else { GroupForm::Entries };
        Group::new(GroupOptions { list: path(list), by: path(by), form, missing: "none".to_owned() }).ok().map(Action::Group)
    });
    let each = (at(), made_up::steps()).prop_filter_map("no list", |(list, action)| {
        Each::new(EachOptions { list: path(list), steps: vec![act(action)] }).ok().map(Action::Each)
    });
    let merge = (prop::collection::vec(at(), 1..3), at()).prop_filter_map("no objects", |(from, into)| {
        let options = MergeOptions { from: paths(&from), into: path(into), on_conflict: MergeConflict::Last };
        Merge::new(options).ok().map(Action::Merge)
    });
    let both = at().prop_filter_map("no places", |at| {
        let beside = |name: &str| path(&format!("{at}.{name}"));
        Move::new(vec![(beside("a"), beside("b"))]).ok().map(Action::Move)
    });
    prop_oneof![group, each, merge, both]
}

/// Any list of steps, a condition among them now and then.
pub(super) fn step_lists() -> impl Strategy<Value = Vec<Step>> {
    let action = prop_oneof![
        8 => made_up::steps(),
        2 => converts(),
        2 => fills(),
        2 => prop::sample::select(vec![Arrays::Keep, Arrays::Each])
            .prop_map(|arrays| Action::Flatten(Flatten::new(FlattenOptions { arrays, ..each() }).expect("the options are sound"))),
        1 => unwraps(),
        2 => trees(),
        2 => Just(()).prop_map(|()| Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are sound"))),
    ];
    let when =
        prop::option::weighted(0.05, prop::sample::select(&PATHS[..]).prop_map(|at| When { path: path(at), equals: None }));
    prop::collection::vec((action, when).prop_map(|(action, when)| Step { when, action }), 0..5)
}

/// White space where it may stand, after a pattern of numbers.
pub(super) fn spaced(text: &str, gaps: &[usize]) -> String {
    let mut out = String::new();
    let (mut in_string, mut escaped, mut at) = (false, false, 0);
    for c in text.chars() {
        let is_mark = !in_string && "{}[]:,".contains(c);
        let mut gap = || {
            at += 1;
            out.push_str(["", "", " ", "\n\t", "                    "][gaps[at % gaps.len()] % 5]);
        };
        if is_mark {
            gap();
        }
        out.push(c);
        if is_mark {
            at += 1;
            out.push_str(["", "", " ", "\r\n"][gaps[at % gaps.len()] % 4]);
        }
        match c {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    out
}

/// How often the fused form did the work itself, so that these tests cannot pass by leaving all to the reference.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static TRIED: AtomicUsize = AtomicUsize::new(0);

#[test]
fn the_fused_form_equals_the_reference() {
    // `PROPTEST_CASES` makes it as many as wanted.
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: ProptestConfig::default().cases.max(2048),
        max_shrink_iters: 20_000,
        max_local_rejects: u32::MAX,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let cases = (made_up::documents(), step_lists(), prop::collection::vec(any::<usize>(), 1..8), any::<bool>());
    runner
        .run(&cases, |(doc, steps, gaps, is_spaced)| {
            let doc = if is_spaced { spaced(&doc, &gaps) } else { doc };
            TRIED.fetch_add(1, Ordering::Relaxed);
            if let Some(out) = fused(&steps, &doc) {
                TAKEN.fetch_add(1, Ordering::Relaxed);
                prop_assert_eq!(Some(out), reference(&steps, &doc), "passes: {:?}", Fused::new(&steps).plan());
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let (taken, tried) = (TAKEN.load(Ordering::Relaxed), TRIED.load(Ordering::Relaxed));
    assert!(taken * 4 > tried, "the fused form took {taken} of {tried}");
}

/// The files of a folder of test data, and of those in it.
pub(super) fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the data is there").map(|entry| entry.expect("it can be listed").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn real_documents_and_the_suites_come_out_the_same() {
    let lists = [
        vec![],
        vec![nulls()],
        vec![nulls(), flatten(each())],
        vec![unwrap("data"), nulls(), flatten(FlattenOptions::default())],
        vec![omit(&["**.id", "data.list[0]"]), case(Spelling::Snake), nulls()],
        vec![pick(&["data", "code"]), rename(&[("data", "payload")]), defaults(&[("total", "0")])],
        vec![sweep(NullsOptions { emptied: Fate::Drop, elements: Fate::Drop, ..NullsOptions::default() }), wrap("all")],
    ];
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let (mut taken, mut documents) = (0, 0);
    for file in files(&data) {
        let Ok(text) = String::from_utf8(std::fs::read(&file).expect("it can be read")) else { continue };
        for (at, steps) in lists.iter().enumerate() {
            let fused = fused(steps, &text);
            if at < 2 {
                // Steps that never have anything to say: what is JSON is taken, and nothing else.
                assert_eq!(fused.is_some(), json::parse(&text, &Limits::default()).is_ok(), "{}", file.display());
                documents += usize::from(at == 0 && fused.is_some());
            }
            if let Some(out) = fused {
                taken += 1;
                assert!(Some(out) == reference(steps, &text), "{} with list {at}", file.display());
            }
        }
    }
    assert!(documents > 100 && taken > 4 * documents, "{taken} of {documents} documents");
}

/// What one pass makes of a document that comes in pieces; none when it is refused.
fn in_pieces(fused: &Fused, text: &str, cuts: &[usize]) -> Option<String> {
    let [Pass::Bytes(program)] = fused.passes.as_slice() else { return None };
    let mut machine = Machine::new(&**program, 128, Vec::new());
    for cut in cuts {
        match machine.run(&text.as_bytes()[..*cut], false) {
            Err(Stop::End) => {}
            Err(Stop::Refused) => return None,
            Ok(()) => panic!("{text} is not over at {cut}"),
        }
    }
    machine.run(text.as_bytes(), true).ok()?;
    Some(String::from_utf8(machine.cut.out).expect("JSON is UTF-8"))
}

proptest! {
    #[test]
    fn a_document_may_come_in_any_two_pieces(doc in made_up::documents(), steps in step_lists(), gaps in prop::collection::vec(any::<usize>(), 1..8)) {
        let doc = spaced(&doc, &gaps);
        let fused = Fused::new(&steps);
        prop_assume!(fused.passes.len() == 1);
        let whole = in_pieces(&fused, &doc, &[]);
        for cut in 0..=doc.len() {
            prop_assert_eq!(&in_pieces(&fused, &doc, &[cut]), &whole, "cut at {}", cut);
        }
        let every: Vec<usize> = (0..=doc.len()).collect();
        prop_assert_eq!(&in_pieces(&fused, &doc, &every), &whole);
    }

    #[test]
    fn it_accepts_what_the_parser_accepts(
        doc in made_up::documents(),
        at in any::<prop::sample::Index>(),
        instead in prop::sample::select(vec!["", "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "-", ".", "e", "n", " ", "\u{1}", "\u{0}", "é", "null"]),
        name in prop::sample::select(&NAMES[..]),
    ) {
        // One byte becomes something else.
        let at = at.index(doc.len());
        prop_assume!(doc.is_char_boundary(at) && doc.is_char_boundary(at + 1));
        let broken = format!("{}{instead}{}", &doc[..at], &doc[at + 1..]);
        let accepted = json::parse(&broken, &Limits::default()).is_ok();
        prop_assert_eq!(fused(&[], &broken).is_some(), accepted, "{}", &broken);
        prop_assert_eq!(fused(&[nulls()], &broken).is_some(), accepted, "{}", &broken);
        // A walk that looks at every name, and finds none.
        let nowhere = omit(&[&format!("**[\"{}x\"]", name.replace(['\\', '"'], ""))]);
        prop_assert_eq!(fused(&[nowhere], &broken).is_some(), accepted, "{}", &broken);
    }
}
