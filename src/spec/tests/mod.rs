//! Whole reports, as a user reads them, and laws that hold for every text.

mod document;
mod excerpts;
mod holes;
mod keys;
mod kinds;
mod laws;
mod many;
mod steps;
mod syntax;
mod values;

use super::{Report, Snapshot, load};

/// A routes.yaml with one variable in its environment.
fn snapshot(text: &str) -> Snapshot {
    let env = [("SECRET".to_owned(), "s3cr3t".to_owned())].into();
    Snapshot { root: "routes.yaml".to_owned(), text: text.to_owned(), env, ..Snapshot::default() }
}

/// The report of a broken file.
fn report(text: &str) -> String {
    match load(&snapshot(text)) {
        Ok(_) => String::new(),
        Err((source, problems)) => Report::new(&source, &problems).to_string(),
    }
}

/// Checks a whole report. Both texts may begin with a line break, to stand better in a test.
#[track_caller]
fn says(text: &str, expected: &str) {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    let report = report(text);
    assert_eq!(report, expected, "\n--- said ---\n{report}--- expected ---\n{expected}");
}
