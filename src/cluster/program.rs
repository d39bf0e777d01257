//! The program that a worker runs, and the seam at which tests put workers of their own.

use std::ffi::OsString;
use std::future::Future;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::fs::{Mode, OFlags, open};
use tokio::process::{Child, Command};

/// The environment variable with the number of the channel's descriptor; always `0`, the standard input.
pub(crate) const CHANNEL_FD: &str = "FORECOURT_CHANNEL_FD";
/// The environment variable with the worker's number, from 1.
pub(crate) const WORKER_ID: &str = "FORECOURT_WORKER_ID";

/// A program file held open, so that every worker of this master runs the same image even when the file on disk is
/// replaced meanwhile.
#[derive(Debug)]
pub struct Program {
    image: OwnedFd,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Program {
    /// The program that is running now.
    ///
    /// # Errors
    /// `/proc` is not mounted.
    pub fn current() -> std::io::Result<Self> {
        Self::open(Path::new("/proc/self/exe"))
    }

    /// The program in a file. It must be a binary: a script's interpreter could not open it again.
    ///
    /// # Errors
    /// The file does not exist or may not be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let image = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        // mimalloc keeps what is freed for a while; workers give it back at once, and stay small when idle.
        let env = vec![("MIMALLOC_PURGE_DELAY".into(), "0".into())];
        Ok(Self { image, args: Vec::new(), env })
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets an environment variable, beside those that are inherited.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }
}

/// Starts worker processes.
pub(crate) trait Spawn {
    type Process: Process;

    /// Starts the process of a worker, which owns `channel` from then on.
    fn spawn(&mut self, worker: u32, channel: OwnedFd) -> std::io::Result<Self::Process>;
}

/// A worker process.
pub(crate) trait Process: Send + 'static {
    fn id(&self) -> u32;

    /// Kills it, if it still runs.
    fn kill(&mut self);

    /// Waits for its end and reaps it.
    fn wait(&mut self) -> impl Future<Output = std::io::Result<ExitStatus>> + Send;
}

impl Spawn for Program {
    type Process = Child;

    fn spawn(&mut self, worker: u32, channel: OwnedFd) -> std::io::Result<Child> {
        // The child resolves the path itself, before close-on-exec closes the image.
        let mut command = Command::new(format!("/proc/self/fd/{}", self.image.as_raw_fd()));
        command
            .arg0(format!("forecourt: worker {worker}"))
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env(CHANNEL_FD, "0")
            .env(WORKER_ID, worker.to_string())
            .stdin(Stdio::from(channel));
        command.spawn()
    }
}

impl Process for Child {
    fn id(&self) -> u32 {
        Self::id(self).unwrap_or_default()
    }

    fn kill(&mut self) {
        // An error means that it has ended.
        let _ = self.start_kill();
    }

    async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        Self::wait(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::channel::Channel;
    use super::*;

    fn shell(path: &Path, script: &str) -> Program {
        Program::open(path).unwrap().arg("-c").arg(script).env("FORECOURT_TEST", "yes")
    }

    #[tokio::test]
    async fn a_worker_has_its_channel_as_its_standard_input_and_knows_its_number() {
        let script = "test \"$FORECOURT_CHANNEL_FD.$FORECOURT_WORKER_ID.$MIMALLOC_PURGE_DELAY.$FORECOURT_TEST\" = 0.7.0.yes \
                      && test -S /dev/stdin && exit 42";
        let (_channel, theirs) = Channel::pair().unwrap();
        let mut child = shell(Path::new("/bin/sh"), script).spawn(7, theirs).unwrap();
        assert_eq!(Process::wait(&mut child).await.unwrap().code(), Some(42));
    }

    #[tokio::test]
    async fn a_worker_inherits_no_other_descriptor_of_the_master() {
        let (_channel, theirs) = Channel::pair().unwrap();
        // what this test process itself was started with is not the master's to close
        let inheritable = std::fs::read_dir("/proc/self/fdinfo").unwrap().filter(|entry| {
            let info = std::fs::read_to_string(entry.as_ref().unwrap().path()).unwrap_or_default();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or("02000000");
            i64::from_str_radix(flags.trim(), 8).unwrap() & 0o2_000_000 == 0
        });
        let allowed = inheritable.count();
        let mut child = shell(Path::new("/bin/sh"), "set -- /proc/$$/fd/*; exit $#").spawn(1, theirs).unwrap();
        let found = Process::wait(&mut child).await.unwrap().code().unwrap();
        // one more for the directory that the shell itself is reading
        assert!(found as usize <= allowed + 1, "{found} descriptors, {allowed} allowed");
    }

    #[tokio::test]
    async fn a_file_that_is_replaced_on_disk_does_not_change_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::copy("/bin/sh", &path).unwrap();
        let mut program = shell(&path, "exit 42");
        std::fs::copy("/bin/false", folder.path().join("new")).unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        for _ in 0..2 {
            let (_channel, theirs) = Channel::pair().unwrap();
            let mut child = program.spawn(1, theirs).unwrap();
            assert_eq!(Process::wait(&mut child).await.unwrap().code(), Some(42));
            std::fs::remove_file(&path).ok();
        }
    }

    #[tokio::test]
    async fn a_program_that_cannot_run_is_an_error_not_a_process() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (_channel, theirs) = Channel::pair().unwrap();
        assert!(Program::open(file.path()).unwrap().spawn(1, theirs).is_err());
    }
}
