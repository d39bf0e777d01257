//! What holds for the whole floor: the suites of others, the bodies of Java backends, the laws.

mod documents;
mod laws;
mod loose;
mod samples;
mod suite;

use std::path::{Path, PathBuf};

/// A folder of test data, below `tests/data`.
fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}
