//! What the fused form gives is what the reference gives, which then has nothing to note.
//!
//! The first bytes choose the steps, the rest is the document. `cargo +nightly fuzz run fused`

#![no_main]

use forecourt::json::{Limits, parse};
use forecourt::shape::{Fused, Notes, Shape, Step};
use libfuzzer_sys::fuzz_target;

mod steps;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, document)) = bytes.split_first_chunk::<4>() else { return };
    let Ok(text) = std::str::from_utf8(document) else { return };
    let steps: Vec<Step> = choice.iter().filter_map(|byte| steps::step(*byte)).collect();
    let Some(out) = Fused::new(&steps).run(text, Limits::default().depth) else { return };
    let mut tree = parse(text, &Limits::default()).expect("the fused form takes only JSON");
    let mut notes = Notes::new();
    Shape::new(steps, true).run(&mut tree, &mut notes).expect("the fused form takes only what does not fail");
    assert_eq!((out, notes.warnings()), (tree.to_json(), 0));
});
