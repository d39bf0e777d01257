//! The program's log, with the exit code of a level that is none.

use anyhow::Result;

use super::exit::Exit;
use crate::telemetry::{self, Format};

/// Starts the log of a master, or of the worker with this number.
pub(super) fn start(worker: Option<u32>) -> Result<()> {
    telemetry::init(Format::of_stderr(), worker).map_err(|error| Exit::Configuration.because(error))
}
