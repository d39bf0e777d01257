//! Runtimes: one thread for a master, as many as the configuration says for a worker.

use anyhow::{Error, Result};
use tokio::runtime::{Builder, Runtime};

use super::exit::Exit;

/// A runtime that runs everything on this thread.
pub(super) fn one_thread() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().map_err(refused)
}

/// A runtime with this many threads.
pub(super) fn threads(count: usize) -> Result<Runtime> {
    if count == 1 {
        return one_thread();
    }
    Builder::new_multi_thread().worker_threads(count).enable_all().build().map_err(refused)
}

fn refused(error: std::io::Error) -> Error {
    Exit::System.because(Error::new(error).context("the system has no room for the program's event loop"))
}
