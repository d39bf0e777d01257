//! A path that is read prints as one that reads the same. `cargo +nightly fuzz run path`

#![no_main]

use forecourt::json::Path;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(path) = Path::parse(text) else { return };
    assert_eq!(Path::parse(&path.to_string()).as_ref(), Ok(&path));
});
