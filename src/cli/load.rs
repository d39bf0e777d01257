//! From a path to a plan, for every command that needs one.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::deep::deep;
use super::exit::Exit;
use crate::plan::{self, Plan};
use crate::spec::{ReadError, Snapshot};

/// Reads and compiles a configuration.
pub(super) fn load(path: &Path) -> Result<(Snapshot, Plan)> {
    deep(|| {
        let snapshot = Snapshot::read(path).map_err(unread)?;
        let plan = compile(&snapshot)?;
        Ok((snapshot, plan))
    })
}

/// Compiles what a master has read.
pub(super) fn compile_read(snapshot: &Snapshot) -> Result<Plan> {
    deep(|| compile(snapshot))
}

fn compile(snapshot: &Snapshot) -> Result<Plan> {
    plan::compile(snapshot).map_err(|broken| Exit::Configuration.because(broken))
}

/// What cannot be opened is no input; what was opened and is not what a configuration may be is a broken one.
fn unread(error: ReadError) -> anyhow::Error {
    let exit = match &error {
        ReadError::Missing { .. } => {
            return Exit::NoInput.because(anyhow!("{error}: write one, or name another with --config"));
        }
        ReadError::Directory { .. } | ReadError::Denied { .. } | ReadError::NotAFile { .. } | ReadError::Io { .. } => {
            Exit::NoInput
        }
        ReadError::TooLarge { .. }
        | ReadError::TooMany { .. }
        | ReadError::TooDeep { .. }
        | ReadError::NotText { .. }
        | ReadError::Outside { .. }
        | ReadError::Name { .. }
        | ReadError::Variable { .. } => Exit::Configuration,
    };
    exit.because(error)
}
