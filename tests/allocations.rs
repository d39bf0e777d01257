//! What the fast form of a shape asks of the allocator: its output, and nothing else once it has warmed up.

#![expect(clippy::unwrap_used, reason = "a test whose steps are not sound has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;

use forecourt::json::{Limits, Node, Path, parse};
use forecourt::shape::{
    Action, Arrays, Flatten, FlattenOptions, Fused, Join, MissingData, MissingVerdict, Nulls, NullsOptions, Omit, Payload,
    Rename, Step, Unwrap, UnwrapOptions,
};

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, with a count for each thread.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
#[expect(unsafe_code, reason = "an allocator is one that the compiler cannot check")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn unwrap() -> Step {
    let zero = parse("0", &Limits::default()).unwrap();
    let options = UnwrapOptions {
        data: vec![Payload::At(path("data"))],
        ok: vec![(path("code"), vec![zero])],
        missing: MissingVerdict::Ok,
        message: vec![path("message")],
        status: vec![],
        otherwise: 502,
        missing_data: MissingData::Value(Node::Null),
    };
    Step::new(Action::Unwrap(Unwrap::new(options).unwrap()))
}

fn nulls() -> Step {
    Step::new(Action::Nulls(Nulls::new(NullsOptions::default()).unwrap()))
}

fn flatten() -> Step {
    let options = FlattenOptions { join: Join::Text(".".to_owned()), arrays: Arrays::Each, ..FlattenOptions::default() };
    Step::new(Action::Flatten(Flatten::new(options).unwrap()))
}

fn omit() -> Step {
    Step::new(Action::Omit(Omit::new(vec![path("list[].secret")]).unwrap()))
}

fn rename() -> Step {
    Step::new(Action::Rename(Rename::new(vec![(path("list[].old"), "new".to_owned())]).unwrap()))
}

/// An envelope around a list, with or without white space.
fn document(items: usize, is_spaced: bool) -> String {
    let mut list = String::new();
    for item in 0..items {
        let comma = if item == 0 { "" } else { "," };
        let _never_fails = write!(
            list,
            r#"{comma}{{"id":{item},"old":"a \"b\"","secret":null,"seller":{{"nick":"c","contact":{{"mail":null,"phone":1.5e3}}}},"tags":["d",[],{{"e":true}}]}}"#
        );
    }
    let text = format!(r#"{{"code":0,"data":{{"list":[{list}]}},"more":{{"f":[1]}}}}"#);
    if is_spaced { text.replace(',', " ,\n ").replace(':', " : ") } else { text }
}

#[test]
fn a_pass_asks_for_its_output_and_for_nothing_else() {
    for (steps, name) in [
        (vec![nulls()], "nulls"),
        (vec![unwrap(), nulls(), flatten()], "unwrap, nulls, flatten"),
        (vec![unwrap(), nulls(), omit(), rename()], "unwrap, nulls, omit, rename"),
    ] {
        let fused = Fused::new(&steps);
        for is_spaced in [false, true] {
            let texts = [document(300, is_spaced), document(1, is_spaced), document(40, is_spaced)];
            for text in &texts {
                assert!(fused.run(text, 128).is_some(), "{name}: the fast form takes it");
            }
            for text in &texts {
                let before = ASKED.get();
                let out = fused.run(text, 128);
                let asked = ASKED.get() - before;
                assert!(out.is_some(), "{name}");
                assert_eq!(asked, 1, "{name}, {} bytes, spaced: {is_spaced}", text.len());
            }
        }
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind_that_the_next_one_sees() {
    let fused = Fused::new(&[unwrap(), nulls(), flatten()]);
    let whole = document(3, false);
    let expected = fused.run(&whole, 128);
    assert!(expected.is_some());
    for end in 0..whole.len() {
        assert_eq!(fused.run(&whole[..end], 128), None, "cut at {end}");
        assert_eq!(fused.run(&whole, 128), expected, "after what was cut at {end}");
    }
}
