//! `forecourt serve`: the master. Checks the configuration, binds, starts the workers, and stays until it is told to go.

use std::num::NonZeroU32;

use anyhow::{Context, Result};

use super::configuration::configuration;
use super::exit::Exit;
use super::{ServeArguments, load, log, runtime};
use crate::cluster::listen::{self, ListenError};
use crate::cluster::{Error, Master, MasterSettings, Program};

pub(super) fn run(arguments: &ServeArguments) -> Result<()> {
    let (snapshot, plan) = load::load(&arguments.config.config)?;
    log::start(None)?;
    let configuration = configuration(&snapshot, &plan, arguments)?;
    let routes = plan.router().routes().len();
    // The master serves nothing: what it compiled was the check.
    drop((snapshot, plan));
    let addresses: Vec<_> = configuration.groups.iter().flat_map(|group| group.listen.clone()).collect();
    let listeners = listen::bind_all(&addresses).map_err(cannot_listen)?;
    let workers = configuration.groups.iter().fold(NonZeroU32::MIN, |most, group| most.max(group.workers));
    for listener in &listeners {
        let address = listener.address();
        tracing::info!(event = "setup", address = %address, workers, routes, "listening on {address}");
    }
    let program = Program::current()
        .context("the program cannot find its own file: is /proc mounted?")
        .map_err(|error| Exit::System.because(error))?;
    let settings = MasterSettings {
        listeners,
        workers,
        generation: configuration.generation,
        program: configuration.args.into_iter().fold(program, Program::arg),
        start: MasterSettings::START,
        drain: configuration.drain,
        restart: configuration.restart,
    };
    // Who was cut is in the log already, and no reason to call the end of a master that was told to go a failure.
    runtime::one_thread()?.block_on(Master::run(settings)).map(drop).map_err(|error| match error {
        Error::GaveUp { .. } => Exit::Unavailable.because(error),
        error => Exit::System.because(error),
    })
}

/// A port that is taken is one thing, a port that we may not have another.
pub(super) fn cannot_listen(error: ListenError) -> anyhow::Error {
    let exit = if error.is_forbidden() { Exit::NoPermission } else { Exit::Unavailable };
    exit.because(error)
}
