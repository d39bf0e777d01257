//! The files of a running gateway: its logs and its pid.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::exit::{self, Exit};
use super::pid_file::PidFile;
use crate::base::{duration, size};
use crate::telemetry::{FileError, LogFiles, Rotation};

/// Which files, and when they are rotated.
#[derive(Debug, Clone, Args)]
pub(super) struct FileArguments {
    /// Write the log to this file, as JSON lines, instead of to standard error
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write the access log to this file instead of to standard output
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Rotate a log file that is as large as this, as in 100MiB
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    rotate_size: Option<u64>,
    /// Rotate a log file that is as old as this, as in 24h
    #[arg(long, value_name = "TIME", value_parser = read_age)]
    rotate_every: Option<Duration>,
    /// Keep this many rotated files of each log
    #[arg(long, value_name = "NUMBER", default_value = "7")]
    rotate_keep: NonZeroU32,
    /// Write the master's process number to this file, and remove it at the end
    #[arg(long, value_name = "FILE")]
    pid_file: Option<PathBuf>,
}

impl FileArguments {
    /// Whether the log has a file.
    pub(super) fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// Opens the log files. What the program has to say at its end goes to the log file, and to where standard error was before.
    pub(super) fn open(&self) -> Result<Arc<LogFiles>> {
        let rotation = Rotation { size: self.rotate_size, every: self.rotate_every, keep: self.rotate_keep.get() };
        let open = || LogFiles::open(self.log.as_deref(), self.access_log.as_deref(), rotation);
        let files = if self.has_log() { exit::beside_stderr(open) } else { open() };
        Ok(Arc::new(files.map_err(unopened)?))
    }

    /// Claims the pid file, if there is to be one. `heir` says that this process takes over from the one that it names.
    pub(super) fn claim_pid(&self, heir: bool) -> Result<Option<PidFile>> {
        self.pid_file.as_deref().map(|path| PidFile::claim(path, heir)).transpose()
    }
}

fn unopened(error: FileError) -> anyhow::Error {
    let exit = if error.is_forbidden() { Exit::NoPermission } else { Exit::System };
    exit.because(error)
}

fn read_size(text: &str) -> Result<u64, String> {
    match size::parse(text) {
        Ok(0) => Err("a file is always as large as nothing: write a size such as 100MiB".to_owned()),
        Ok(size) => Ok(size),
        Err(error) => Err(error.to_string()),
    }
}

fn read_age(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err("a file is always as old as nothing: write a time such as 24h".to_owned()),
        Ok(age) => Ok(age),
        Err(error) => Err(error.to_string()),
    }
}
