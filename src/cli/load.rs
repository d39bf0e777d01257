//! From a path to a plan, for every command that needs one.

use std::path::Path;

use anyhow::{Error, Result, anyhow};

use super::exit::Exit;
use crate::plan::{self, Plan};
use crate::spec::{ReadError, Snapshot};

/// Reads and compiles a configuration.
pub(super) fn load(path: &Path) -> Result<(Snapshot, Plan)> {
    let snapshot = Snapshot::read(path).map_err(|error| Exit::NoInput.because(unread(error, path)))?;
    let plan = plan::compile(&snapshot).map_err(|broken| Exit::Configuration.because(broken))?;
    Ok((snapshot, plan))
}

/// Whoever has no file at all needs to know how to get one.
fn unread(error: ReadError, path: &Path) -> Error {
    let error = Error::new(error);
    if path.exists() {
        return error;
    }
    anyhow!("{error:#}: name it with `-c FILE` or FORECOURT_CONFIG, or start in its folder")
}
