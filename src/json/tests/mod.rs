//! What holds for the whole floor: the suites of others, the bodies of Java backends, the laws.

mod documents;
mod laws;
mod loose;
mod samples;
mod suite;

use std::path::{Path, PathBuf};

/// A folder of test data that is shared between projects: under `FORECOURT_SHARED`, else beside the package.
///
/// None, with a note, where it is absent; in CI (`CI=true`) that is a failure.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("FORECOURT_SHARED").map_or_else(beside, PathBuf::from).join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
    println!("skipped: {} is missing; name the shared folder in FORECOURT_SHARED", folder.display());
    None
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}
