//! docs/routes.md is true: its examples compile, what it says comes out comes out, its tables are those of the code.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic_in_result_fn,
    reason = "a page that cannot be read has failed"
)]

#[path = "docs/backend.rs"]
mod backend;
#[path = "docs/examples.rs"]
mod examples;
#[path = "docs/faults.rs"]
mod faults;
#[path = "support/markdown.rs"]
mod markdown;
#[path = "docs/reference.rs"]
mod reference;

/// A file of the repository.
fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
