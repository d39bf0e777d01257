//! Exit codes, after sysexits.h.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Error;

use crate::base::panic::message;
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

/// Runs the program. A panic is a defect of ours: it is told in one line, and the program ends with the code for that.
pub(super) fn defects(program: impl FnOnce() -> ExitCode) -> ExitCode {
    // A master and a worker send panics to their logs instead, once they have them.
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        complain(&format!("a defect of forecourt, please report it: {} ({place})", message(panicked.payload())));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            complain(&backtrace.to_string());
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(program)).unwrap_or_else(|_told| {
        telemetry::flush(LAST_WORDS);
        ExitCode::from(Exit::Software as u8)
    })
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

/// A text as it may be shown on a terminal. What somebody has named a file must not move the cursor, or colour what follows.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Prints to standard error, behind everything that was logged; a reader that went away, or reads nothing, is no error.
pub(super) fn complain(text: &str) {
    let text = harmless(text);
    telemetry::say(&text);
    if let Some(mut before) = BEFORE.get() {
        let _reader_gone = before.write_all(format!("{text}\n").as_bytes());
    }
}

/// Prints to standard output; a reader that went away is no error.
///
/// # Errors
/// It cannot be written for another reason: the disk is full.
pub(super) fn print(text: &str) -> Result<(), Error> {
    pass_on(format!("{text}\n").as_bytes()).map(drop)
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
        Err(error) => Err(unwritten(error)),
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Exit::System.because(Error::new(error).context("standard output cannot be written to"))
}

/// Help and version are answers; everything else that clap says is a usage error.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let is_odd = |argument: OsString| argument.to_string_lossy().contains(char::is_control);
    let printed = if error.use_stderr() && std::env::args_os().any(is_odd) {
        // Without colours of its own, which look like those of an argument.
        complain(error.render().to_string().trim_end());
        Ok(())
    } else {
        error.print()
    };
    if error.use_stderr() {
        return ExitCode::from(Exit::Usage as u8);
    }
    match printed {
        Err(refused) if refused.kind() != ErrorKind::BrokenPipe => Exit::report(Err(unwritten(refused))),
        _ => ExitCode::SUCCESS,
    }
}
