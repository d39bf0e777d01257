//! What a suite counted: printed, and kept in a file below `target/cluster-figures` until the next run.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether the whole counts are wanted, not the smaller ones that a change has to wait for: `FORECOURT_SUITE=full`.
pub fn full() -> bool {
    std::env::var("FORECOURT_SUITE").is_ok_and(|suite| suite == "full")
}

/// Prints a line of counts and keeps it under a name.
#[expect(clippy::print_stdout, reason = "who runs a suite with --nocapture wants to read its counts")]
pub fn note(name: &str, counts: &str) {
    println!("{name}: {counts}");
    let folder = folder();
    fs::create_dir_all(&folder).expect("a folder for figures");
    fs::write(folder.join(format!("{name}.txt")), format!("{counts}\n")).expect("a file for figures");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the folder for temporary files lies in target")
        .join("cluster-figures")
}
