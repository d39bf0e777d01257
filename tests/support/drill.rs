//! Workers that misbehave as they are told: what stands in the drill file when a worker starts is what it does wrong.

use std::fs;
use std::path::Path;

use super::gateway::Setup;

const FILE: &str = "drill";

/// Has a gateway that is about to be started read drills; the first workers find this one.
#[must_use]
pub fn drilled(setup: Setup, drill: &str) -> Setup {
    let path = setup.folder().join(FILE);
    setup.file(FILE, drill).environment("FORECOURT_DRILL_FILE", &path.to_string_lossy())
}

/// Puts another drill in its place, for the workers that start from now on.
pub fn next(folder: &Path, drill: &str) {
    fs::write(folder.join(FILE), drill).expect("our own folder");
}
