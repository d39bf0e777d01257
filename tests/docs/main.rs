//! docs/routes.md and docs/templates.md are true: its examples compile, what it says comes out comes out, its tables are those of the code.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a page that cannot be read has failed")]

mod backend;
mod cache_status;
mod examples;
mod faults;
#[path = "../support/markdown.rs"]
mod markdown;
mod reference;
mod templates;

/// A file of the repository.
fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
