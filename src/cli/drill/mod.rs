//! Drills: a worker that misbehaves when it is told to, so that what its master then does can be seen.
//!
//! Nothing of it is there unless `FORECOURT_DRILL_FILE` names a file when the worker starts (docs/operations.md, Drills).

mod script;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tracing::warn;

use super::exit::Exit;
use crate::cluster::{Event, WorkerChannel};
use crate::gateway::injection::Injection;
use script::{Deed, Script, Start};

/// The environment variable that names the file.
const FILE: &str = "FORECOURT_DRILL_FILE";

/// What a worker was told to do wrong.
#[derive(Debug)]
pub(super) struct Drill {
    script: Script,
    /// Requests that have come.
    requests: AtomicU64,
    /// What was allocated, never to be freed.
    kept: Mutex<Vec<Vec<u8>>>,
}

impl Drill {
    /// The drill that the environment asks for.
    ///
    /// # Errors
    /// The file cannot be read, or one of its lines is none.
    pub(super) fn from_env() -> Result<Option<Self>> {
        let Some(path) = std::env::var_os(FILE).map(PathBuf::from) else { return Ok(None) };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{FILE}: {} cannot be read", path.display()))
            .map_err(|error| Exit::NoInput.because(error))?;
        let script = Script::parse(&text)
            .with_context(|| format!("{FILE}: {}", path.display()))
            .map_err(|error| Exit::Configuration.because(error))?;
        warn!(event = "drill", file = %path.display(), "this worker misbehaves as it is told to: not for production");
        Ok(Some(Self { script, requests: AtomicU64::new(0), kept: Mutex::default() }))
    }

    /// What is to happen before the worker listens.
    ///
    /// # Errors
    /// It hung until its master was gone.
    pub(super) async fn start(&self, channel: &mut WorkerChannel) -> Result<()> {
        let Some(start) = self.script.start else { return Ok(()) };
        warn!(event = "drill", deed = %start, "a drill at the start");
        match start {
            Start::Panic => panic!("a drill at the start"),
            Start::Exit(code) => exit(code),
            // An orphan would hang for ever; every other word of the master is ignored.
            Start::Hang => loop {
                if let Event::Closed = channel.next().await {
                    return Err(Exit::Software.because(anyhow::anyhow!("the drill is over: the master is gone")));
                }
            },
        }
    }

    /// What is done to the answers of routes.
    pub(super) fn injections(&self) -> Vec<Injection> {
        self.script.injections.clone()
    }

    /// What is to happen when a request for this path has come. Afterwards the request takes its usual way.
    pub(super) async fn request(&self, path: &str) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        for deed in [self.script.requests.get(&number), self.script.paths.get(path)].into_iter().flatten() {
            warn!(event = "drill", deed = %deed, request = number, path, "a drill");
            self.act(*deed).await;
        }
    }

    async fn act(&self, deed: Deed) {
        match deed {
            Deed::Abort => std::process::abort(),
            Deed::Panic => panic!("a drill"),
            Deed::Exit(code) => exit(code),
            Deed::Spin => loop {
                std::hint::spin_loop();
            },
            Deed::Block(time) => block(time),
            Deed::Wait(time) => tokio::time::sleep(time).await,
            Deed::Allocate(bytes) => {
                // Not zero: pages that nobody wrote to take no memory.
                let piece = vec![1; bytes];
                self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
            }
        }
    }
}

#[expect(clippy::exit, reason = "the drill is an end without a farewell")]
fn exit(code: u8) -> ! {
    std::process::exit(code.into())
}

#[expect(clippy::disallowed_methods, reason = "the drill is an event loop that does nothing for a while")]
fn block(time: Duration) {
    std::thread::sleep(time);
}
