//! Exit codes, after sysexits.h.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Error;

use crate::telemetry;

/// Why the program ends with something else than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Wrong arguments.
    Usage = 64,
    /// A reply that a route cannot use.
    Data = 65,
    /// A file that cannot be read.
    NoInput = 66,
    /// It cannot serve: a port is taken, no worker gets ready, a check says no.
    Unavailable = 69,
    /// A defect of ours.
    Software = 70,
    /// The system refused something.
    System = 71,
    /// Not now: something that excludes it is under way.
    Busy = 75,
    /// Not allowed.
    NoPermission = 77,
    /// The configuration is broken.
    Configuration = 78,
}

/// An error with the exit code it leads to.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct Failure {
    exit: Exit,
    #[source]
    error: Error,
}

impl Exit {
    /// An error that ends the program with this code.
    pub(super) fn because(self, error: impl Into<Error>) -> Error {
        Failure { exit: self, error: error.into() }.into()
    }

    /// The exit when the system refuses something: a lack of permission is one thing, anything else another.
    pub(super) fn of_refusal(error: &std::io::Error) -> Self {
        if error.kind() == ErrorKind::PermissionDenied { Self::NoPermission } else { Self::System }
    }

    /// The exit of a process of ours that ended with this code.
    pub(super) fn of(code: i32) -> Option<Self> {
        use Exit::{Busy, Configuration, Data, NoInput, NoPermission, Software, System, Unavailable, Usage};
        let all = [Usage, Data, NoInput, Unavailable, Software, System, Busy, NoPermission, Configuration];
        all.into_iter().find(|exit| *exit as i32 == code)
    }

    /// Prints an error, if there is one, and gives the code.
    pub(super) fn report(result: Result<(), Error>) -> ExitCode {
        let code = match result.map_err(Error::downcast::<Failure>) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Ok(Failure { exit, error })) => exit.complain(&error),
            Err(Err(error)) => Self::Software.complain(&error),
        };
        telemetry::flush(LAST_WORDS);
        code
    }

    fn complain(self, error: &Error) -> ExitCode {
        complain(&format!("{error:#}"));
        ExitCode::from(self as u8)
    }
}

/// What an error says, as it is printed at the end of the program.
pub(super) fn text(error: &Error) -> String {
    let inner = error.downcast_ref::<Failure>().map_or(error, |failure| &failure.error);
    format!("{inner:#}")
}

/// How long the last words may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where standard error was before a log file or nothing was put there.
static BEFORE: OnceLock<File> = OnceLock::new();

/// Puts something else in the place of standard error. If that succeeds, complaints go from then on to where it was before, too.
pub(super) fn beside_stderr<T, E>(put: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // One that cannot be remembered is not asked for anything either; the first one is the one that matters.
    let before = std::io::stderr().as_fd().try_clone_to_owned();
    let put = put()?;
    if let Ok(before) = before {
        let _ = BEFORE.set(File::from(before));
    }
    Ok(put)
}

/// Prints to standard error, behind everything that was logged; a reader that went away, or reads nothing, is no error.
pub(super) fn complain(text: &str) {
    telemetry::say(text);
    if let Some(mut before) = BEFORE.get() {
        let _reader_gone = before.write_all(format!("{text}\n").as_bytes());
    }
}

/// Prints to standard output; a reader that went away is no error.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _reader_gone = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

/// Passes bytes on to standard output as they are. Tells whether anybody reads there still.
///
/// # Errors
/// They cannot be written for another reason: the disk is full.
pub(super) fn pass_on(bytes: &[u8]) -> Result<bool, Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Exit::System.because(Error::new(error).context("standard output cannot be written to"))),
    }
}

/// Help and version are answers; everything else that clap says is a usage error.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let _reader_gone = error.print();
    if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS }
}
