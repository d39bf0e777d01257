//! `forecourt serve`: the master. Checks the configuration, binds, starts the workers, and stays until it is told to go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::configuration::configuration;
use super::exit::Exit;
use super::{ServeArguments, load, log, runtime};
use crate::cluster::listen::{self, Bound, ListenError};
use crate::cluster::{Configuration, Error, Handle, Loader, Master, MasterSettings, Notice, Predecessor, Program};

pub(super) fn run(arguments: &ServeArguments) -> Result<()> {
    // Before anything is opened: where this master came from decides what it opens.
    let program = program()?;
    runtime::one_thread()?.block_on(async {
        let mut predecessor = Predecessor::from_env().map_err(|error| Exit::System.because(error))?;
        let served = serve(arguments, program, &mut predecessor).await;
        if let (Err(error), Some(predecessor)) = (&served, &predecessor) {
            predecessor.fail(&format!("{error:#}"));
        }
        served
    })
}

async fn serve(arguments: &ServeArguments, program: Program, predecessor: &mut Option<Predecessor>) -> Result<()> {
    let configuration = read(arguments)?;
    log::start(None)?;
    let adopted = match predecessor {
        Some(predecessor) => predecessor.adopt().await.map_err(|error| Exit::System.because(error))?,
        None => Vec::new(),
    };
    let listeners = bind(&configuration, adopted)?;
    if let Some(predecessor) = predecessor {
        predecessor.online();
    }
    for (group, bound) in listeners.iter().map(|bound| (group_of(&configuration, bound), bound)) {
        let address = bound.address();
        let scheme = if address.ip().is_some() { "http://" } else { "" };
        tracing::info!(event = "setup", group, address = %address, "listening on {scheme}{address}");
    }
    let (_handle, commands) = Handle::new();
    let settings = MasterSettings {
        configuration,
        listeners,
        load: loader(arguments.clone()),
        program,
        start: MasterSettings::START,
        commands,
        notify: Arc::new(|notice| notice_to_log(&notice)),
        reopen: None,
        predecessor: predecessor.take(),
    };
    // Who was cut is in the log already, and no reason to call the end of a master that was told to go a failure.
    Master::run(settings).await.map(drop).map_err(|error| match error {
        Error::GaveUp { .. } => Exit::Unavailable.because(error),
        error => Exit::System.because(error),
    })
}

fn notice_to_log(notice: &Notice) {
    if let Notice::Ready { workers } = notice {
        tracing::info!(event = "setup", workers, "ready");
    }
}

/// Reads and checks the configuration. What was compiled is the check: the master serves nothing itself.
fn read(arguments: &ServeArguments) -> Result<Configuration> {
    let (snapshot, plan) = load::load(&arguments.config.config)?;
    configuration(&snapshot, &plan, arguments)
}

fn loader(arguments: ServeArguments) -> Loader {
    Arc::new(move || read(&arguments).map_err(|error| format!("{error:#}")))
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

fn group_of<'a>(configuration: &'a Configuration, bound: &Bound) -> &'a str {
    let group = configuration.groups.iter().find(|group| group.listen.contains(bound.wanted()));
    group.map_or("", |group| group.name.as_str())
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
