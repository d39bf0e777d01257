//! `forecourt stop`: the end of a running gateway, waited for.

use std::os::fd::OwnedFd;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use http::Method;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::de::IgnoredAny;

use super::ask::{self, Patience};
use super::control_argument::ControlArgument;
use super::exit;

/// How to stop.
#[derive(Debug, Clone, Args)]
pub(super) struct StopArguments {
    #[command(flatten)]
    control: ControlArgument,
    /// Do not finish what is under way
    #[arg(long)]
    now: bool,
}

pub(super) fn run(arguments: &StopArguments) -> Result<()> {
    let begun = Instant::now();
    let (pid, process) = ask::with(&arguments.control, async |mut master| {
        // Held before it is told, so that its number cannot become another's.
        let process = master.pid().and_then(open);
        let path = format!("/stop?now={}", arguments.now);
        let _accepted: IgnoredAny = master.ask(Method::POST, &path, Patience::Short).await?;
        Ok((master.pid(), process))
    })?;
    match (pid, process) {
        (Some(pid), Some(process)) => {
            wait(&process)?;
            exit::print(&format!("stopped: process {pid} has ended, after {} ms", begun.elapsed().as_millis()))
        }
        _ => exit::print("told to stop; its process cannot be seen from here, so its end is not waited for"),
    }
}

fn open(pid: u32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// Waits for the end of a process. Its own limits say how long that may take.
fn wait(process: &OwnedFd) -> Result<()> {
    loop {
        match poll(&mut [PollFd::new(process, PollFlags::IN)], None) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
