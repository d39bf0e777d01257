//! `forecourt serve`: the master. Checks the configuration, binds, starts the workers, and stays until it is told to go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::configuration::configuration;
use super::exit::{self, Exit};
use super::operation::Operation;
use super::{ServeArguments, load, log, program_pages, runtime};
use crate::admin::KnownRoutes;
use crate::cluster::listen::{self, Bound, ListenError};
use crate::cluster::{
    Configuration, Error, GroupSettings, Handle, Loader, Master, MasterSettings, Notice, Predecessor, Program, Reopen,
};
use crate::telemetry::LogFiles;

pub(super) fn run(arguments: &ServeArguments) -> Result<()> {
    let files = arguments.files.open()?;
    // Before anything else is opened: where this master came from decides what it opens.
    let program = program()?;
    let runtime = runtime::one_thread()?;
    let served = runtime.block_on(async {
        let mut predecessor = Predecessor::from_env().map_err(|error| Exit::System.because(error))?;
        let served = serve(arguments, program, &files, &mut predecessor).await;
        if let (Err(error), Some(predecessor)) = (&served, &predecessor) {
            predecessor.fail(&exit::text(error));
        }
        served
    });
    // A thread that still reads a configuration from a file system that hangs is not waited for.
    runtime.shutdown_background();
    served
}

async fn serve(
    arguments: &ServeArguments,
    program: Program,
    files: &Arc<LogFiles>,
    predecessor: &mut Option<Predecessor>,
) -> Result<()> {
    let known = KnownRoutes::default();
    let (configuration, routes) = read(arguments, &known)?;
    log::start(None)?;
    let adopted = match predecessor {
        Some(predecessor) => predecessor.adopt().await.map_err(|error| Exit::System.because(error))?,
        None => Vec::new(),
    };
    let listeners = bind(&configuration, adopted)?;
    if let Some(predecessor) = predecessor {
        predecessor.online();
    }
    for bound in &listeners {
        let (address, group) = (bound.address(), group_of(&configuration, bound));
        let (group, workers) = group.map_or(("", 0), |group| (group.name.as_str(), group.workers.get()));
        let scheme = if address.ip().is_some() { "http://" } else { "" };
        tracing::info!(event = "setup", group, address = %address, workers, routes, "listening on {scheme}{address}");
    }
    let (handle, commands) = Handle::new();
    let operation = Operation::begin(&handle, arguments, files, &known, predecessor.is_some())?;
    let (notify, reopened) = (operation.notify(), Arc::clone(files));
    let settings = MasterSettings {
        configuration,
        listeners,
        load: loader(arguments.clone(), known),
        program,
        start: MasterSettings::START,
        batch: batch(),
        commands,
        notify: Arc::new(move |notice| {
            notice_to_log(&notice);
            notify(notice);
        }),
        reopen: files.any().then(|| Arc::new(move || reopened.reopen().map_err(std::io::Error::other)) as Reopen),
        predecessor: predecessor.take(),
    };
    let ended = Master::run(settings).await;
    operation.end().await;
    // Who was cut is in the log already, and no reason to call the end of a master that was told to go a failure.
    ended.map(drop).map_err(|error| match error {
        Error::GaveUp { .. } => Exit::Unavailable.because(error),
        error => Exit::System.because(error),
    })
}

/// Connections in a packet to a worker. Fewer than usual only serve to measure what the packets save.
fn batch() -> usize {
    std::env::var("FORECOURT_HANDOFF_BATCH").ok().and_then(|text| text.parse().ok()).unwrap_or(MasterSettings::BATCH)
}

fn notice_to_log(notice: &Notice) {
    if let Notice::Ready { workers } = notice {
        tracing::info!(event = "setup", workers, "ready");
        program_pages::give_back();
    }
}

/// Reads and checks the configuration, and counts its routes, which are `known` from then on. What was compiled is the check: the master serves nothing
/// itself.
fn read(arguments: &ServeArguments, known: &KnownRoutes) -> Result<(Configuration, usize)> {
    let (snapshot, plan) = load::load(&arguments.control.config.config)?;
    let (configuration, routes) = (configuration(&snapshot, &plan, arguments)?, plan.router().routes());
    known.learn(routes.iter().map(|route| &**route.name()));
    Ok((configuration, routes.len()))
}

fn loader(arguments: ServeArguments, known: KnownRoutes) -> Loader {
    Arc::new(move || read(&arguments, &known).map(|(configuration, _)| configuration).map_err(|error| exit::text(&error)))
}

/// The sockets of all groups: those that an old master hands over, and new ones for the rest.
fn bind(configuration: &Configuration, mut adopted: Vec<Bound>) -> Result<Vec<Bound>> {
    let mut listeners = Vec::new();
    let mut missing = Vec::new();
    for address in configuration.groups.iter().flat_map(|group| &group.listen) {
        match adopted.iter().position(|bound| bound.wanted() == address) {
            Some(position) => listeners.push(adopted.swap_remove(position)),
            None => missing.push(address.clone()),
        }
    }
    listeners.extend(listen::bind_all(&missing).map_err(cannot_listen)?);
    Ok(listeners)
}

fn group_of<'a>(configuration: &'a Configuration, bound: &Bound) -> Option<&'a GroupSettings> {
    configuration.groups.iter().find(|group| group.listen.contains(bound.wanted()))
}

/// The program that workers run, and the one that an upgrade starts: the file under the name by which this one was
/// started, whatever lies there by then.
fn program() -> Result<Program> {
    let program = Program::current()
        .context("the program cannot find its own file: is /proc mounted?")
        .map_err(|error| Exit::System.because(error))?;
    let mut arguments = std::env::args_os();
    let name = arguments.next().map(PathBuf::from).filter(|name| name.components().count() > 1);
    let path = match name {
        Some(name) => std::path::absolute(name),
        // Started through PATH: the kernel knows the file.
        None => std::env::current_exe(),
    };
    let path = path.map_err(|error| Exit::System.because(anyhow!(error)))?;
    Ok(program.heir(without_mark(&path), arguments.collect()))
}

/// What the kernel adds to the name of a file that has been replaced since.
fn without_mark(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    text.strip_suffix(" (deleted)").map_or_else(|| path.to_owned(), PathBuf::from)
}

/// A port that is taken is one thing, a port that we may not have another.
pub(super) fn cannot_listen(error: ListenError) -> anyhow::Error {
    let exit = if error.is_forbidden() { Exit::NoPermission } else { Exit::Unavailable };
    exit.because(error)
}
