//! What a worker process finds when it starts: its number, its channel, and the signals that are meant for it.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use nix::sys::prctl;
use nix::unistd::dup2_stdin;
use rustix::net::{AddressFamily, SocketType, sockopt};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::event::WorkerError;
use super::program::{CHANNEL_FD, GROUP, PREDECESSOR_FD, WORKER_ID};

/// This worker's number and its end of the channel. Standard input is `/dev/null` afterwards, so nothing reads from the
/// channel by mistake.
pub(crate) fn channel() -> Result<(String, u32, OwnedFd), WorkerError> {
    let variable =
        |name: &str| std::env::var(name).map_err(|_| WorkerError::NotAWorker(format!("the environment has no {name}")));
    let (number, worker) = (variable(CHANNEL_FD)?, variable(WORKER_ID)?);
    if number != "0" {
        return Err(WorkerError::NotAWorker(format!("{CHANNEL_FD} is `{number}`, not 0")));
    }
    let worker = worker.parse().map_err(|_| WorkerError::NotAWorker(format!("{WORKER_ID} is `{worker}`, not a number")))?;
    let group = variable(GROUP)?;
    let socket = standard_input()?.ok_or_else(|| WorkerError::NotAWorker("standard input is not a channel".to_owned()))?;
    // The kernel named the process after the path it was started by, which is a number here.
    if let Ok(name) = CString::new(format!("forecourt-w{worker}")) {
        let _ = prctl::set_name(&name);
    }
    Ok((group, worker, socket))
}

/// The channel to the master whose place this one takes, when it was started for that.
pub(crate) fn predecessor() -> std::io::Result<Option<OwnedFd>> {
    if std::env::var_os(PREDECESSOR_FD).is_none() {
        return Ok(None);
    }
    standard_input()?.map(Some).ok_or_else(|| std::io::Error::other(format!("{PREDECESSOR_FD} is set, and there is no channel")))
}

/// The channel on standard input, if there is one; `/dev/null` is there afterwards.
fn standard_input() -> std::io::Result<Option<OwnedFd>> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let is_channel =
        sockopt::socket_domain(&socket) == Ok(AddressFamily::UNIX) && sockopt::socket_type(&socket) == Ok(SocketType::SEQPACKET);
    if is_channel {
        dup2_stdin(File::open("/dev/null")?)?;
    }
    Ok(is_channel.then_some(socket))
}

/// The wish of an operator that one worker be replaced.
#[derive(Debug)]
pub(crate) struct Retire(Signal);

impl Retire {
    /// Listens for TERM. The other signals that a terminal or an operator sends to a whole group do nothing here: the
    /// master gets them too, and says over the channel what they mean.
    pub(crate) fn on_signal() -> std::io::Result<Self> {
        for kind in [
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::hangup(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ] {
            // A handler stays for the life of the process, also when nobody listens.
            drop(signal(kind)?);
        }
        Ok(Self(signal(SignalKind::terminate())?))
    }

    /// Waits for the wish. Dropping the future loses nothing.
    pub(crate) async fn wanted(wish: &mut Option<Self>) {
        match wish {
            Some(Self(terminate)) => drop(terminate.recv().await),
            None => std::future::pending().await,
        }
    }
}
