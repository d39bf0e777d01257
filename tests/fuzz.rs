//! The fuzz targets are no part of the build, so nobody notices when their lock file falls behind.

use std::fs::read_to_string;

#[test]
fn the_lock_file_of_the_fuzz_targets_names_what_the_program_needs() {
    let manifest = read_to_string("Cargo.toml").unwrap();
    let (_, rest) = manifest.split_once("\n[dependencies]\n").unwrap();
    let needed: Vec<&str> = rest
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert!(needed.len() > 20, "{needed:?}");

    let lock = read_to_string("fuzz/Cargo.lock").unwrap();
    let (_, package) = lock.split_once("name = \"forecourt\"\n").unwrap();
    let (package, _) = package.split_once("\n]\n").unwrap();
    let missing: Vec<&&str> = needed
        .iter()
        .filter(|name| !package.contains(&format!(" \"{name}\"")) && !package.contains(&format!(" \"{name} ")))
        .collect();
    assert!(missing.is_empty(), "run `cargo metadata` in fuzz/: its lock file lacks {missing:?}");
}
