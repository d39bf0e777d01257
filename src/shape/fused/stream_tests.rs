//! The law of streaming: what comes out is what the reference gives, wherever the document is cut, and nothing less than the fused form
//! gives for the whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::Fused;
use super::laws::{files, spaced, step_lists};
use super::testing::*;
use super::tests::twice_gone;
use crate::json::{self, Limits};
use crate::shape::laws::made_up;
use crate::shape::testing::path;
use crate::shape::*;

/// What the reference makes of a text, warnings or not.
fn reference(steps: &[Step], strict: bool, text: &str) -> Option<String> {
    noted(steps, strict, text).map(|(out, _)| out)
}

/// The same, with what there is to note.
pub(super) fn noted(steps: &[Step], strict: bool, text: &str) -> Option<(String, Notes)> {
    let mut tree = json::parse(text, &Limits::default()).ok()?;
    let mut notes = Notes::new();
    Shape::new(steps.to_vec(), strict).run(&mut tree, &mut notes).ok()?;
    Some((String::from_utf8(tree.to_json()).expect("JSON is UTF-8"), notes))
}

/// A document that went through a stream.
pub(super) struct Out {
    pub(super) text: String,
    /// How much of it was held back at the end of the last piece.
    held: usize,
    pub(super) warnings: usize,
}

/// What leaves piece by piece; when the document is refused, how much had left by then, and why.
pub(super) fn streamed_in<'t>(
    fused: &Fused,
    strict: bool,
    keep: usize,
    parts: impl IntoIterator<Item = &'t [u8]>,
) -> Result<Out, (usize, Refused)> {
    let mut stream = fused.stream_keeping(strict, Limits::default().depth, keep).expect("no step needs a tree");
    let mut out = Vec::new();
    for part in parts {
        stream.push(part).map_err(|refused| (out.len(), refused))?;
        out.extend(stream.take());
    }
    stream.finish().map_err(|refused| (out.len(), refused))?;
    let last = stream.take();
    let held = last.len();
    out.extend(last);
    Ok(Out { text: String::from_utf8(out).expect("JSON is UTF-8"), held, warnings: stream.warnings() })
}

/// What leaves piece by piece, and what is still held back at the end of the last piece; none when the document is refused.
fn pieces<'t>(fused: &Fused, strict: bool, keep: usize, parts: impl IntoIterator<Item = &'t [u8]>) -> Option<(Vec<u8>, usize)> {
    streamed_in(fused, strict, keep, parts).ok().map(|out| (out.text.into_bytes(), out.held))
}

fn streamed(steps: &[Step], text: &str, size: usize) -> Option<String> {
    let (out, _) = pieces(&Fused::new(steps), false, 1 << 10, text.as_bytes().chunks(size))?;
    Some(String::from_utf8(out).expect("JSON is UTF-8"))
}

fn streams(steps: &[Step]) -> bool {
    Fused::new(steps).streams().is_ok()
}

#[test]
fn what_two_steps_remove_goes_wherever_the_document_is_cut() {
    for (steps, doc, expected) in twice_gone() {
        for size in 1..=doc.len() {
            assert_eq!(streamed(&steps, doc, size).as_deref(), Some(expected), "{doc} in pieces of {size}");
        }
    }
}

#[test]
fn a_list_leaves_while_it_comes() {
    let item = r#"{"id":1,"none":null,"price":{"amount":1.10,"unit":"é"}},"#;
    let list = format!("{{\"code\":200,\"data\":{{\"rows\":[{}{{}}]}}}}", item.repeat(2000));
    for steps in [
        vec![unwrap("data"), nulls(), flatten(each()), rename(&[("rows[].id", "key")])],
        vec![unwrap("data"), rename(&[("rows[].id", "key")]), nulls(), flatten(each())],
        vec![unwrap("data"), nulls(), flatten(each())],
        vec![unwrap("data"), nulls()],
    ] {
        let (out, held) = pieces(&Fused::new(&steps), false, 1 << 10, list.as_bytes().chunks(1000)).expect("it is a document");
        assert!(held < 4 << 10, "{held} bytes of {} came at the end", out.len());
        assert_eq!(Some(String::from_utf8(out).expect("JSON is UTF-8")), reference(&steps, false, &list));
    }
}

#[test]
fn nothing_leaves_before_the_verdict_of_its_envelope() {
    let steps = [unwrap("data"), nulls()];
    let list = format!("[{}1]", "1,".repeat(1000));
    let fused = Fused::new(&steps);
    for (before, after, is_late) in
        [("\"code\":200,", "", false), ("", ",\"code\":200", true), ("", "", true), ("\"code\":null,", ",\"message\":{}", false)]
    {
        let text = format!("{{{before}\"data\":{list}{after}}}");
        let mut stream = fused.stream(false, 128).expect("no step needs a tree");
        stream.push(text.as_bytes()).expect("it is a document");
        assert_eq!(
            (stream.is_undecided(), stream.take().is_empty()),
            (is_late && after.is_empty(), is_late && after.is_empty()),
            "{text}"
        );
        stream.finish().expect("it is at its end");
    }
    let mut stream = fused.stream(false, 128).expect("no step needs a tree");
    stream.push(format!("{{\"data\":{list},\"code\":").as_bytes()).expect("so far it is one");
    assert_eq!((stream.is_undecided(), stream.take().len()), (true, 0));
    assert!(stream.push(b"500}").is_err());
}

#[test]
fn an_odd_element_is_done_by_the_reference_and_the_others_leave_as_they_do() {
    let plain = r#"{"a":{"b":1}},"#.repeat(200);
    for (steps, odd) in [
        (vec![nulls(), flatten(each())], r#"{"a":{"b":1},"a.b":2}"#),
        (vec![nulls(), flatten(each())], r#"{"a":{"b":1},"a":{"c":2}}"#),
        (vec![nulls(), flatten(each())], r#"{"\u0061":{"b":1}}"#),
        (vec![rename(&[("list[].c", "a")]), nulls(), flatten(each())], r#"{"c":1,"a":{"b":2}}"#),
        (vec![omit(&["list[].a.b.c"])], r#"{"a":[1]}"#),
        (vec![rename(&[("list[].c", "a")])], r#"{"c":1,"a":2}"#),
        (vec![pick(&["list.c"])], r#"{"a":["is picked by nobody"],"c":1,"c":2}"#),
    ] {
        let text = format!("{{\"list\":[{plain}{odd},{odd},{plain}{odd} , [{odd}]]}}");
        let expected = reference(&steps, false, &text).expect("the reference takes it");
        assert_eq!(Fused::new(&steps).run(&text, 128), None, "{odd}");
        for size in [1, 7, 100, 10_000] {
            assert_eq!(streamed(&steps, &text, size).as_deref(), Some(expected.as_str()), "{odd} in pieces of {size}");
        }
    }
}

#[test]
fn a_step_that_needs_a_tree_gets_one_for_its_part_only() {
    let item = r#"{"id":1,"kind":"a","none":null,"parts":[{"n":2,"k":"x"},{"n":3,"k":"y"},{"n":4,"k":"x"}]}"#;
    let text = format!("{{\"total\":3,\"list\":[{}]}}", vec![item; 500].join(","));
    let parts = GroupOptions { list: path("list[].parts"), by: path("k"), form: GroupForm::Map, missing: String::new() };
    let group = act(Action::Group(Group::new(parts).expect("the list is one")));
    let moved = act(Action::Move(Move::new(vec![(path("list[].kind"), path("list[].sort.name"))]).expect("the places are")));
    let stepped = EachOptions { list: path("list"), steps: vec![nulls()] };
    let stepped = act(Action::Each(Each::new(stepped).expect("the list is one")));
    for (steps, under) in [
        (vec![group.clone(), nulls()], vec!["list[].parts", ""]),
        (vec![nulls(), moved.clone(), flatten(each())], vec!["", "list[]", ""]),
        (vec![stepped.clone(), group.clone()], vec!["list[]", "list[].parts"]),
    ] {
        let fused = Fused::new(&steps);
        let plan: Vec<_> = fused.plan().into_iter().map(|pass| pass.under.unwrap_or_default()).collect();
        assert_eq!(plan, under);
        let (out, held) = pieces(&fused, false, 1 << 10, text.as_bytes().chunks(1000)).expect("it is a document");
        assert!(held < 4 << 10, "{held} bytes of {} came at the end", out.len());
        assert_eq!(Some(String::from_utf8(out).expect("JSON is UTF-8")), reference(&steps, false, &text));
        assert_eq!(fused.run(&text, 128).map(|out| String::from_utf8(out).expect("it is")), reference(&steps, true, &text));
    }
    // What there is to say about one part changes nothing for the others.
    let odd = r#"{"list":[{"parts":[1]},{"parts":[{"k":[]}]},{"parts":7},{"parts":[{"k":"x"}]}]}"#;
    for size in [1, 1000] {
        assert_eq!(streamed(std::slice::from_ref(&group), odd, size), reference(std::slice::from_ref(&group), false, odd));
    }
    assert_eq!(Fused::new(&[group]).run(odd, 128), None);
}

#[test]
fn memory_does_not_grow_with_the_document() {
    let item = r#"{"id":1,"none":null,"price":{"amount":1.10,"unit":"é"}},"#.repeat(100);
    let steps = [rename(&[("rows[].id", "key")]), nulls(), flatten(each())];
    let mut stream = Fused::new(&steps).stream(false, 128).expect("no step needs a tree");
    stream.push(br#"{"total":1,"rows":["#).expect("it is a document so far");
    let mut most = 0;
    for _ in 0..2000 {
        stream.push(item.as_bytes()).expect("it is a document so far");
        stream.take();
        most = most.max(stream.held());
    }
    assert!(most < 8 * item.len(), "{most} bytes");
}

#[test]
fn what_is_not_taken_waits_in_its_order() {
    let text = format!("[{}]", vec![r#"{"name":"é","none":null}"#; 4000].join(","));
    for size in [100, 5000, 20_001] {
        let mut stream = Fused::new(&[nulls()]).stream(false, 128).expect("no step needs a tree");
        text.as_bytes().chunks(size).for_each(|piece| stream.push(piece).expect("it is a document so far"));
        stream.finish().expect("it is one");
        let mut out = Vec::new();
        while stream.is_ready() {
            let piece = stream.take();
            assert!(!piece.is_empty());
            out.extend(piece);
        }
        assert!(stream.take().is_empty());
        assert_eq!(Some(String::from_utf8(out).expect("JSON is UTF-8")), reference(&[nulls()], false, &text));
    }
}

#[test]
fn what_is_not_whole_is_refused() {
    for text in ["[1,2", "[1,2]]", "{\"a\":\"b", "[tru]", "[1] 2", "[\"\u{e9}\"", "", " "] {
        assert_eq!(streamed(&[nulls()], text, 1), None, "{text}");
    }
    let fused = Fused::new(&[nulls()]);
    for bytes in [&b"[\"\xff\"]"[..], b"[\"\xc3", b"[\"\xe2\x82\"]", b"[\"\xed\xa0\x80\"]"] {
        assert!(pieces(&fused, false, 0, bytes.chunks(1)).is_none(), "{bytes:?}");
    }
}

/// Lists, each element a document of its own.
fn lists() -> impl Strategy<Value = String> {
    prop::collection::vec(made_up::documents(), 1..6).prop_map(|documents| {
        let one = documents.first().cloned().unwrap_or_default();
        format!("[{},[{one}],{{\"list\":[{one}]}}]", documents.join(","))
    })
}

/// Steps by which names meet and values are of the wrong type, wherever they stand.
fn meeting() -> Vec<Step> {
    let joined = FlattenOptions { join: Join::Text("_".to_owned()), ..each() };
    vec![
        nulls(),
        flatten(joined),
        flatten(each()),
        flatten(FlattenOptions { join: Join::Camel, ..each() }),
        case(Spelling::Snake),
        rename(&[("**.a", "b")]),
        rename(&[("[].a", "b"), ("[].list[].a", "c")]),
        omit(&["[].a.b", "[].list[].a.b"]),
        wrap("all"),
        defaults(&[("[].k", "1"), ("[].list[].k", "[]")]),
        convert("[].id", To::Number),
        pick(&["a", "list.b"]),
    ]
}

/// A document with its steps, the sizes of gaps and pieces, what is kept, and whether it is strict.
type Trial = ((String, Vec<Step>), Vec<usize>, Vec<usize>, usize, bool);

/// How often the fused form refused a whole document that streaming took, so that the law of odd elements is tried at all.
static REDONE: AtomicUsize = AtomicUsize::new(0);

/// How often a document streamed that there is something to note about.
static NOTED: AtomicUsize = AtomicUsize::new(0);

/// Whether the reference does to a document what nobody can do while it comes: names meet, or one stands twice, of which the last
/// value counts; or a container gives way of which other steps have something to say.
fn may_be_cut(doc: &str, notes: &Notes, refused: &Refused) -> bool {
    let meets = |text: &String| ["stays nested", "the last value stays"].iter().any(|says| text.contains(says));
    let tree = json::parse(doc, &Limits::default()).expect("it is a document");
    let gives_way = matches!(refused, Refused::Step { what, .. } if what.starts_with("`else`"));
    gives_way || notes.warnings() > notes.texts().len() || notes.texts().iter().any(meets) || has_twins(&tree)
}

/// Whether a name stands twice in an object.
fn has_twins(node: &json::Node<'_>) -> bool {
    match node {
        json::Node::Array(elements) => elements.iter().any(has_twins),
        json::Node::Object(object) => {
            let mut names = std::collections::HashSet::new();
            let members = object.members();
            members.iter().any(|member| !names.insert(member.key.decode().into_owned()) || has_twins(&member.value))
        }
        _ => false,
    }
}

#[test]
fn streaming_equals_the_reference_wherever_it_is_cut() {
    // `PROPTEST_CASES` makes it as many as wanted.
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: ProptestConfig::default().cases.max(2048),
        failure_persistence: None,
        max_global_rejects: u32::MAX,
        max_local_rejects: u32::MAX,
        ..ProptestConfig::default()
    });
    let gaps = prop::collection::vec(any::<usize>(), 1..8);
    let sizes = prop::collection::vec(1..40_usize, 1..6);
    let keeps = prop::sample::select(vec![0, 16, 1 << 10]);
    let documents = prop_oneof![
        (made_up::documents(), step_lists()),
        (lists(), prop::collection::vec(prop::sample::select(meeting()), 1..4)),
    ];
    let strategy = (documents, gaps, sizes, keeps, any::<bool>());
    let law = |((doc, steps), gaps, sizes, keep, strict): Trial| {
        prop_assume!(streams(&steps));
        let doc = spaced(&doc, &gaps);
        let fused = Fused::new(&steps);
        let expected = noted(&steps, strict, &doc);
        let whole = fused.run(&doc, Limits::default().depth).map(|out| String::from_utf8(out).expect("JSON is UTF-8"));
        let mut rest = doc.as_bytes();
        let parts = sizes.iter().cycle().map_while(|size| {
            let (part, others) = rest.split_at(rest.len().min(*size));
            rest = others;
            (!part.is_empty()).then_some(part)
        });
        let out = streamed_in(&fused, strict, keep, parts);
        if let Some(whole) = &whole {
            prop_assert_eq!(out.as_ref().ok().map(|out| &out.text), Some(whole), "{:?}", out.as_ref().err());
        }
        match (out, expected) {
            (Ok(out), Some((text, notes))) => {
                prop_assert_eq!(out.text, text);
                prop_assert_eq!(out.warnings, notes.warnings(), "{:?}", notes.texts());
                REDONE.fetch_add(usize::from(whole.is_none()), Ordering::Relaxed);
                NOTED.fetch_add(usize::from(notes.warnings() > 0), Ordering::Relaxed);
            }
            (Ok(out), None) => prop_assert!(false, "the reference refuses what became {}", out.text),
            // What has not begun to leave is given to the reference.
            (Err((left, refused)), Some((_, notes))) if left > 0 && !may_be_cut(&doc, &notes, &refused) => {
                prop_assert!(false, "cut for nothing: {refused:?}, {:?}", notes.texts());
            }
            (Err(_), _) => {}
        }
        Ok(())
    };
    if let Err(error) = runner.run(&strategy, law) {
        panic!("{error}");
    }
    assert!(REDONE.load(Ordering::Relaxed) > 200, "odd elements were redone {} times", REDONE.load(Ordering::Relaxed));
    assert!(NOTED.load(Ordering::Relaxed) > 200, "there was something to note {} times", NOTED.load(Ordering::Relaxed));
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: u32::MAX, max_local_rejects: u32::MAX, ..ProptestConfig::default() })]

    #[test]
    fn every_cut_in_two_gives_the_same(doc in made_up::documents(), steps in step_lists(), gaps in prop::collection::vec(any::<usize>(), 1..8)) {
        prop_assume!(streams(&steps));
        let doc = spaced(&doc, &gaps);
        let fused = Fused::new(&steps);
        let whole = pieces(&fused, false, 0, [doc.as_bytes()]).map(|(out, _)| out);
        for cut in 0..=doc.len() {
            let (one, other) = doc.as_bytes().split_at(cut);
            prop_assert_eq!(&pieces(&fused, false, 1 << 10, [one, other]).map(|(out, _)| out), &whole, "cut at {}", cut);
        }
    }
}

#[test]
fn real_documents_and_the_suites_stream_as_they_are_shaped_whole() {
    let lists = [
        vec![],
        vec![nulls()],
        vec![nulls(), flatten(each())],
        vec![rename(&[("[].id", "key"), ("data.list[].id", "key")]), nulls(), flatten(each())],
        vec![unwrap("data"), nulls(), flatten(FlattenOptions::default())],
        vec![sweep(NullsOptions { emptied: Fate::Drop, elements: Fate::Drop, ..NullsOptions::default() })],
    ];
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut taken = 0;
    for file in files(&data) {
        let bytes = std::fs::read(&file).expect("it can be read");
        let text = std::str::from_utf8(&bytes).ok();
        for steps in &lists {
            let whole = text.and_then(|text| Fused::new(steps).run(text, Limits::default().depth));
            let size = if bytes.len() < 2000 { 3 } else { 4099 };
            let out = pieces(&Fused::new(steps), false, 1 << 10, bytes.chunks(size)).map(|(out, _)| out);
            if let Some(out) = &out {
                taken += 1;
                let expected = text.and_then(|text| reference(steps, false, text)).map(String::into_bytes);
                assert!(expected.as_ref() == Some(out), "{}", file.display());
            }
            assert!(whole.is_none() || out == whole, "{}", file.display());
        }
    }
    assert!(taken > 600, "{taken} documents streamed");
}
