//! The reader of the fused form accepts what the parser accepts, and gives back its tokens.
//!
//! `cargo +nightly fuzz run scanner`

#![no_main]

use forecourt::json::{Limits, parse};
use forecourt::shape::{Action, Fused, Nulls, NullsOptions, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let tree = parse(text, &Limits::default()).ok();
    let plain = Fused::new(&[]).run(text, Limits::default().depth);
    assert_eq!(plain, tree.map(|tree| tree.to_json()));
    let nulls = Step::new(Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are sound")));
    assert_eq!(Fused::new([&nulls]).run(text, Limits::default().depth).is_some(), plain.is_some());
});
