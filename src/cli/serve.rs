//! `forecourt serve`: the master. Checks the configuration, binds, starts the workers, and stays until it is told to go.

use std::num::NonZeroU32;
use std::thread::available_parallelism;

use anyhow::{Context, Result, anyhow};

use super::exit::Exit;
use super::{ServeArguments, load, log, runtime};
use crate::cluster::listen::{self, ListenError};
use crate::cluster::{Error, Master, MasterSettings, Program, RestartPolicy};
use crate::plan::Workers;

pub(super) fn run(arguments: &ServeArguments) -> Result<()> {
    let _files = arguments.files.open()?;
    let (snapshot, plan) = load::load(&arguments.control.config.config)?;
    log::start(None)?;
    let addresses = if arguments.listen.is_empty() { plan.listen() } else { &arguments.listen };
    let listeners = listen::bind_all(addresses).map_err(cannot_listen)?;
    let workers = match (arguments.workers, plan.cluster().workers) {
        (Some(count), _) => usize::from(count),
        (None, Workers::Count(count)) => count,
        (None, Workers::Auto) => available_parallelism().map_or(2, usize::from).max(2),
    };
    let workers = u32::try_from(workers).ok().and_then(NonZeroU32::new).ok_or_else(|| anyhow!("{workers} workers"))?;
    for listener in &listeners {
        let address = listener.local_addr().map_err(|error| Exit::System.because(error))?;
        tracing::info!(event = "setup", address = %address, workers, routes = plan.router().routes().len(), "listening on http://{address}");
    }
    let cluster = *plan.cluster();
    // The master serves nothing: what it compiled was the check.
    drop(plan);
    let settings = MasterSettings {
        listeners,
        workers,
        generation: serde_json::to_vec(&snapshot)?,
        program: Program::current()
            .context("the program cannot find its own file: is /proc mounted?")
            .map_err(|error| Exit::System.because(error))?
            .arg("worker")
            .arg("--threads")
            .arg(cluster.threads.to_string()),
        start: MasterSettings::START,
        drain: cluster.drain,
        restart: RestartPolicy { limit: cluster.restart.limit, within: cluster.restart.within, backoff: cluster.restart.backoff },
    };
    drop(snapshot);
    // Who was cut is in the log already, and no reason to call the end of a master that was told to go a failure.
    runtime::one_thread()?.block_on(Master::run(settings)).map(drop).map_err(|error| match error {
        Error::GaveUp { .. } => Exit::Unavailable.because(error),
        error => Exit::System.because(error),
    })
}

/// A port that is taken is one thing, a port that we may not have another.
pub(super) fn cannot_listen(error: ListenError) -> anyhow::Error {
    match error {
        ListenError::Forbidden(_) => Exit::NoPermission.because(error),
        _ => Exit::Unavailable.because(error),
    }
}
