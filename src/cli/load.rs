//! From a path to a plan, for every command that needs one.

use std::path::Path;

use anyhow::Result;

use super::exit::Exit;
use crate::plan::{self, Plan};
use crate::spec::Snapshot;

/// Reads and compiles a configuration.
pub(super) fn load(path: &Path) -> Result<(Snapshot, Plan)> {
    let snapshot = Snapshot::read(path).map_err(|error| Exit::NoInput.because(error))?;
    let plan = plan::compile(&snapshot).map_err(|broken| Exit::Configuration.because(broken))?;
    Ok((snapshot, plan))
}
