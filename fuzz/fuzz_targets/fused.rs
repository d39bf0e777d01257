//! What the fused form gives is what the reference gives, which then has nothing to note.
//!
//! The first bytes choose the steps, the rest is the document. `cargo +nightly fuzz run fused`

#![no_main]

use forecourt::json::{Limits, Path, parse};
use forecourt::shape::{
    Action, Arrays, Case, CaseOptions, EmptyOptions, Fate, Flatten, FlattenOptions, Fused, Join, Notes, Nulls, NullsOptions,
    Omit, Pick, PickOptions, Rename, Shape, Spelling, Step, Wrap,
};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 10] = ["a", "a.b", "a[]", "[].a", "a[0]", "*", "**.a", "a.**.b", "*[].a", "[]"];

/// A step for a byte, when its options are sound.
fn step(byte: u8) -> Option<Step> {
    let path = Path::parse(PATHS[usize::from(byte >> 3) % PATHS.len()]).ok()?;
    let action = match byte & 7 {
        0 => Action::Nulls(Nulls::new(NullsOptions::default()).ok()?),
        1 => {
            let empty = EmptyOptions { strings: Fate::Drop, objects: Fate::Keep, arrays: Fate::Drop };
            let options = NullsOptions { emptied: Fate::Drop, empty, except: vec![path], ..NullsOptions::default() };
            Action::Nulls(Nulls::new(options).ok()?)
        }
        2 => Action::Omit(Omit::new(vec![path]).ok()?),
        3 => Action::Rename(Rename::new(vec![(path, "b".to_owned())]).ok()?),
        4 => Action::Case(Case::new(CaseOptions { to: Spelling::Camel, except: vec![], stop: vec![path] }).ok()?),
        5 => Action::Pick(Pick::new(PickOptions { at: None, fields: vec![path] }).ok()?),
        6 => {
            let arrays = if byte & 8 == 0 { Arrays::Keep } else { Arrays::Each };
            let join = if byte & 16 == 0 { Join::Camel } else { Join::Text("_".to_owned()) };
            Action::Flatten(Flatten::new(FlattenOptions { arrays, join, ..FlattenOptions::default() }).ok()?)
        }
        _ => Action::Wrap(Wrap::new("a").ok()?),
    };
    Some(Step::new(action))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, document)) = bytes.split_first_chunk::<4>() else { return };
    let Ok(text) = std::str::from_utf8(document) else { return };
    let steps: Vec<Step> = choice.iter().filter_map(|byte| step(*byte)).collect();
    let Some(out) = Fused::new(&steps).run(text, Limits::default().depth) else { return };
    let mut tree = parse(text, &Limits::default()).expect("the fused form takes only JSON");
    let mut notes = Notes::new();
    Shape::new(steps, true).run(&mut tree, &mut notes).expect("the fused form takes only what does not fail");
    assert_eq!((out, notes.warnings()), (tree.to_json(), 0));
});
