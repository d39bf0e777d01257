//! `forecourt start`: serves in the foreground as `serve` does, or as a daemon: a process in a session of its own, whose start
//! is waited for.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use clap::Args;
use tokio::io::AsyncReadExt;
use tokio::net::{UnixDatagram, UnixStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use uuid::Uuid;

use super::exit::{self, Exit};
use super::{ServeArguments, runtime, serve};
use crate::admin::place;

/// How long the last words of a daemon that has ended may take to come through the pipe.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How to start.
#[derive(Debug, Clone, Args)]
pub(super) struct StartArguments {
    #[command(flatten)]
    serve: ServeArguments,
    /// Go to the background, once it is ready
    #[arg(short, long)]
    daemon: bool,
    /// This is the daemon; said by who starts it
    #[arg(long, hide = true)]
    detached: bool,
}

pub(super) fn run(arguments: &StartArguments) -> Result<()> {
    let StartArguments { serve, daemon, detached } = arguments;
    if *detached {
        detach(serve)?;
    } else if *daemon {
        return runtime::one_thread()?.block_on(start(serve));
    }
    serve::run(serve)
}

/// Leaves the session and the terminal of whoever started it. Standard error is kept for the first words and the last.
fn detach(arguments: &ServeArguments) -> Result<()> {
    rustix::process::setsid()
        .context("the daemon cannot have a session of its own")
        .map_err(|error| Exit::System.because(error))?;
    // A log file will have its own way.
    if arguments.files.has_log() {
        return Ok(());
    }
    let nothing = fs::File::options().write(true).open("/dev/null").map_err(|error| Exit::System.because(error))?;
    exit::beside_stderr(|| rustix::stdio::dup2_stderr(&nothing)).map_err(|error| Exit::System.because(error))
}

/// Starts this program anew as a daemon: a process that has threads must not fork. It says that it is ready as it would say it
/// to systemd.
async fn start(arguments: &ServeArguments) -> Result<()> {
    let ear = Ear::open()?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut daemon = Command::new("/proc/self/exe")
        .arg0("forecourt: master")
        .args(std::env::args_os().skip(1))
        .arg("--detached")
        .env("NOTIFY_SOCKET", &ear.path)
        .env_remove("WATCHDOG_USEC")
        .env_remove("WATCHDOG_PID")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("the daemon cannot be started")
        .map_err(|error| Exit::System.because(error))?;
    let pid = daemon.id().unwrap_or_default();
    let words = daemon.stderr.take();
    tokio::select! {
        ready = ear.ready() => ready?,
        ended = daemon.wait() => return Err(failure(ended?, words).await),
        _ = interrupt.recv() => return Err(called_off(&mut daemon).await),
        _ = terminate.recv() => return Err(called_off(&mut daemon).await),
    }
    let note = if arguments.files.has_log() { "" } else { "; its log is thrown away: name a file with --log" };
    exit::print(&format!("started: process {pid} serves{note}"))?;
    // Its own words about that went to its log.
    if let Some(path) = arguments.control.path()
        && UnixStream::connect(&path).await.is_err()
    {
        exit::complain(&format!("it has no control socket at {}: its log says why; signals work all the same", path.display()));
    }
    Ok(())
}

/// What a daemon said that did not get ready, with its exit code.
async fn failure(status: ExitStatus, words: Option<ChildStderr>) -> Error {
    let mut said = Vec::new();
    if let Some(mut words) = words {
        let _all_or_some = timeout(LAST_WORDS, words.read_to_end(&mut said)).await;
    }
    let said = String::from_utf8_lossy(&said).trim_end().to_owned();
    let said = if said.is_empty() { format!("the daemon ended before it was ready: {status}") } else { said };
    status.code().and_then(Exit::of).unwrap_or(Exit::Unavailable).because(anyhow!("{said}"))
}

async fn called_off(daemon: &mut Child) -> Error {
    let pid = daemon.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()));
    if let Some(pid) = pid {
        let _ended = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    let _status = daemon.wait().await;
    Exit::Unavailable.because(anyhow!("called off before it was ready"))
}

/// The socket on which a daemon says that it is ready. Dropping it removes it.
struct Ear {
    path: PathBuf,
    /// A folder for this socket alone, when the user's own cannot be used.
    folder: Option<PathBuf>,
    socket: UnixDatagram,
}

impl Ear {
    /// In the folder that this user alone can enter, so that nobody else can say it.
    fn open() -> Result<Self> {
        // Without it there is no control socket, but the daemon serves.
        let (folder, own) = match place::private_folder() {
            Ok(folder) => (folder, None),
            Err(_) => {
                let folder = std::env::temp_dir().join(format!("forecourt-start-{}", Uuid::now_v7().simple()));
                fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|error| {
                    let place = folder.display();
                    let need =
                        format!("{place} cannot be made, where the daemon is to say that it is ready; name a folder in TMPDIR");
                    Exit::of_refusal(&error).because(Error::new(error).context(need))
                })?;
                (folder.clone(), Some(folder))
            }
        };
        let path = folder.join(format!("start-{}.sock", std::process::id()));
        let _left_by_a_crash = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).map_err(|error| {
            let need = format!("the daemon cannot be listened to at {}", path.display());
            Exit::of_refusal(&error).because(Error::new(error).context(need))
        })?;
        Ok(Self { path, folder: own, socket })
    }

    async fn ready(&self) -> Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let count = self.socket.recv(&mut buffer).await.map_err(|error| Exit::System.because(error))?;
            let said = buffer.get(..count).unwrap_or_default();
            if said.split(|byte| *byte == b'\n').any(|word| word == b"READY=1") {
                return Ok(());
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.path);
        if let Some(folder) = &self.folder {
            let _gone = fs::remove_dir(folder);
        }
    }
}
