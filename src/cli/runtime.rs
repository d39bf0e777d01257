//! Runtimes: one thread for a master, as many as the configuration says for a worker.

use std::os::fd::AsFd;

use anyhow::{Error, Result};
use tokio::runtime::{Builder, Runtime};

use super::allocator::Allocator;
use super::exit::Exit;
use crate::page::STACK;

/// Descriptors that the smallest of our programs needs beside those that it is started with.
const LEAST: usize = 16;

/// A runtime that runs everything on this thread.
pub(super) fn one_thread() -> Result<Runtime> {
    find_room()?;
    Builder::new_current_thread().thread_stack_size(STACK).enable_all().build().map_err(refused)
}

/// A runtime with this many threads that serve.
pub(super) fn threads(count: usize) -> Result<Runtime> {
    if count == 1 {
        Allocator.remember();
        return one_thread();
    }
    find_room()?;
    let mut builder = Builder::new_multi_thread();
    builder.on_thread_start(|| Allocator.remember()).on_thread_stop(|| Allocator.forget());
    builder.worker_threads(count).thread_stack_size(STACK).enable_all().build().map_err(refused)
}

/// Without enough descriptors the runtime does not refuse, it panics.
fn find_room() -> Result<()> {
    let room: std::io::Result<Vec<_>> = (0..LEAST).map(|_| std::io::stderr().as_fd().try_clone_to_owned()).collect();
    room.map(drop).map_err(|error| {
        let short = format!("this process may have too few open files, and needs at least {LEAST} more: raise `ulimit -n`");
        Exit::System.because(Error::new(error).context(short))
    })
}

fn refused(error: std::io::Error) -> Error {
    Exit::System.because(Error::new(error).context("the system has no room for the program's event loop"))
}
