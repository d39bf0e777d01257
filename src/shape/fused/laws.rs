//! The law of the fused form: what it gives is what the reference gives, and then the reference has nothing to note.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::machine::Machine;
use super::testing::*;
use super::{Fused, Pass};
use crate::json::{self, Limits, Stop};
use crate::shape::laws::made_up::{self, NAMES, PATHS};
use crate::shape::testing::{literal, path, paths};
use crate::shape::*;

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
    #![proptest_config(ProptestConfig { max_global_rejects: u32::MAX, max_local_rejects: u32::MAX, ..ProptestConfig::default() })]

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
