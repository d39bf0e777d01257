//! The program that a worker runs, and the seam at which tests put workers of their own.

use std::ffi::OsString;
use std::future::Future;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::fs::{Mode, OFlags, open};
use tokio::process::{Child, Command};

/// The environment variable with the number of the channel's descriptor; always `0`, the standard input.
pub(crate) const CHANNEL_FD: &str = "FORECOURT_CHANNEL_FD";
/// The environment variable with the worker's number in its group, from 1.
pub(crate) const WORKER_ID: &str = "FORECOURT_WORKER_ID";
/// The environment variable with the name of the worker's group.
pub(crate) const GROUP: &str = "FORECOURT_GROUP";
/// The environment variable with the number of the descriptor through which an old master hands over; always `0`.
pub(crate) const PREDECESSOR_FD: &str = "FORECOURT_PREDECESSOR_FD";

/// A program file held open, so that every worker of this master runs the same image even when the file on disk is
/// replaced meanwhile.
#[derive(Debug)]
pub struct Program {
    image: OwnedFd,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    /// The file and the arguments of the master that takes over from this one.
    heir: Option<(PathBuf, Vec<OsString>)>,
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
        // mimalloc keeps what is freed for a second; workers give it back after a tenth of one, and stay small. At once would be dear:
        // requests that come in bursts would have the system map the same memory for each burst anew.
        // Without huge pages, of which a buffer of some 100 KiB takes one of 2 MiB for itself.
        let env = [("MIMALLOC_PURGE_DELAY", "100"), ("MIMALLOC_ALLOW_THP", "0")];
        let env = env.map(|(name, value)| (name.into(), value.into())).to_vec();
        Ok(Self { image, args: Vec::new(), env, heir: None })
    }

    /// The file, looked up anew each time, and the arguments of a master that takes over from this one.
    #[must_use]
    pub fn heir(mut self, path: PathBuf, args: Vec<OsString>) -> Self {
        self.heir = Some((path, args));
        self
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

/// Which worker to start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hire<'a> {
    pub(crate) group: &'a str,
    /// Its number in the group, from 1.
    pub(crate) worker: u32,
    pub(crate) generation: u64,
    /// Arguments beside the program's own.
    pub(crate) args: &'a [OsString],
}

/// Starts worker processes.
pub(crate) trait Spawn {
    type Process: Process;

    /// Starts the process of a worker, which owns `channel` from then on.
    fn spawn(&mut self, hire: &Hire<'_>, channel: OwnedFd) -> std::io::Result<Self::Process>;

    /// Starts a master that takes over from this one, and owns `channel` from then on.
    fn spawn_heir(&mut self, channel: OwnedFd) -> std::io::Result<Self::Process>;

    /// The file of the program that such a master runs, for people.
    fn heir_program(&self) -> String;
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

    fn spawn(&mut self, hire: &Hire<'_>, channel: OwnedFd) -> std::io::Result<Child> {
        let Hire { group, worker, generation, args } = hire;
        // The child resolves the path itself, before close-on-exec closes the image.
        let mut command = Command::new(format!("/proc/self/fd/{}", self.image.as_raw_fd()));
        command
            .arg0(format!("forecourt: worker {group}/{worker}, generation {generation}:"))
            .args(&self.args)
            .args(*args)
            .env_remove(PREDECESSOR_FD)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env(CHANNEL_FD, "0")
            .env(WORKER_ID, worker.to_string())
            .env(GROUP, group)
            .stdin(Stdio::from(channel));
        command.spawn()
    }

    fn spawn_heir(&mut self, channel: OwnedFd) -> std::io::Result<Child> {
        let (path, args) = self.heir.as_ref().ok_or_else(|| std::io::Error::other("this master does not know its own file"))?;
        let mut command = Command::new(path);
        command.arg0("forecourt: master").args(args).env(PREDECESSOR_FD, "0").stdin(Stdio::from(channel));
        // It has a life of its own, beyond that of this master.
        command.kill_on_drop(false).spawn()
    }

    fn heir_program(&self) -> String {
        self.heir.as_ref().map_or_else(|| "of an unknown name".to_owned(), |(path, _)| path.display().to_string())
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

    fn hire(worker: u32) -> Hire<'static> {
        Hire { group: "web", worker, generation: 1, args: &[] }
    }

    fn shell(path: &Path, script: &str) -> Program {
        Program::open(path).unwrap().arg("-c").arg(script).env("FORECOURT_TEST", "yes")
    }

    #[tokio::test]
    async fn a_worker_has_its_channel_as_its_standard_input_and_knows_its_number() {
        let script = "test \"$FORECOURT_CHANNEL_FD.$FORECOURT_GROUP.$FORECOURT_WORKER_ID.$MIMALLOC_PURGE_DELAY.$MIMALLOC_ALLOW_THP.$FORECOURT_TEST\" = 0.web.7.100.0.yes \
                      && test -S /dev/stdin && exit 42";
        let (_channel, theirs) = Channel::pair().unwrap();
        let mut child = shell(Path::new("/bin/sh"), script).spawn(&hire(7), theirs).unwrap();
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
        let mut child = shell(Path::new("/bin/sh"), "set -- /proc/$$/fd/*; exit $#").spawn(&hire(1), theirs).unwrap();
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
            let mut child = program.spawn(&hire(1), theirs).unwrap();
            assert_eq!(Process::wait(&mut child).await.unwrap().code(), Some(42));
            std::fs::remove_file(&path).ok();
        }
    }

    #[tokio::test]
    async fn a_program_that_cannot_run_is_an_error_not_a_process() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (_channel, theirs) = Channel::pair().unwrap();
        assert!(Program::open(file.path()).unwrap().spawn(&hire(1), theirs).is_err());
    }
}
