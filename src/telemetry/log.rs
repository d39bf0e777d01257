//! The program's own log, on stderr.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use super::clock::Clock;
use super::escape::{VALUE_BYTES, string};
use super::outbox::Outbox;
use super::standard::Standard;
use super::tap::{ToFollowers, is_told};
use super::text::Words;

/// Bytes that may wait for a slow reader of the log; beyond it lines are dropped and counted.
const BOUND: usize = 256 << 10;

/// How long a panic waits for its line to be written, in case it is the end of the process.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The log of this process. The log never waits for its reader: a terminal that somebody has stopped, or a collector that
/// hangs, must not stop the gateway.
static LOG: OnceLock<Outbox<()>> = OnceLock::new();

/// The variable that sets the level: `debug`, or a filter such as `info,forecourt::upstream=debug`.
const LEVEL: &str = "FORECOURT_LOG";

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: one readable line an event.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Format {
    /// Text when stderr is a terminal, JSON when it is a file or a pipe.
    pub fn of_stderr() -> Self {
        if std::io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The level is not one; the text is what was given.
    #[error("{LEVEL} is `{0}`, which is not a level or a filter: write one of error, warn, info, debug")]
    Level(String),
    /// There is a log already.
    #[error("the log is set up already")]
    Twice,
}

/// Starts the log of this process and sends panics to it. `worker` is the worker's number, `None` in the master.
/// The level comes from `FORECOURT_LOG` and is `info` without it.
///
/// # Errors
/// The level cannot be read, or the log was started before.
pub fn init(format: Format, worker: Option<u32>) -> Result<(), InitError> {
    let level = std::env::var(LEVEL).ok().filter(|level| !level.trim().is_empty());
    let level = level.unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::try_new(&level).map_err(|_| InitError::Level(level))?;
    if let Ok(outbox) = Outbox::start("log", BOUND, Duration::ZERO, Standard::Error) {
        // A second log is refused below.
        let _ = LOG.set(outbox);
    }
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Line);
    let lines = match format {
        Format::Text => layer.event_format(Words { worker }).with_filter(filter).boxed(),
        Format::Json => layer.event_format(Lines { worker }).with_filter(filter).boxed(),
    };
    // Followers ask the master. It tells them its events even when its log is to be quiet.
    let followers = worker.is_none().then(|| ToFollowers.with_filter(filter_fn(is_told)));
    tracing_subscriber::registry().with(lines).with(followers).try_init().map_err(|_| InitError::Twice)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("no message");
        tracing::error!(place, panic = message, "a thread panicked");
        flush(LAST_WORDS);
    }));
    Ok(())
}

/// Says something to whoever reads standard error, in lines of its own, behind everything that was logged.
pub fn say(text: &str) {
    // Written at once, so that no other line comes in between; a Line takes everything.
    let _ = Line.write_all(format!("{text}\n").as_bytes());
}

/// Waits until everything logged so far is written, at most for `patience`. Blocks the thread: for the end of the process.
pub fn flush(patience: Duration) {
    if let Some(outbox) = LOG.get() {
        outbox.flush(patience);
    }
}

/// Takes one event, whole, as the subscriber writes it.
struct Line;

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match LOG.get() {
            Some(outbox) => outbox.push(|(), lines| lines.extend_from_slice(bytes)),
            // Too early for a log, or the system had no thread for it.
            None => drop(std::io::stderr().write_all(bytes)),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Events as JSON lines: `time`, `level`, `target`, `worker`, `message`, then the event's own fields.
struct Lines {
    worker: Option<u32>,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writeln!(out, "{}", json(self.worker, event))
    }
}

/// An event as a JSON object on one line, without its line feed.
pub(super) fn json(worker: Option<u32>, event: &Event<'_>) -> String {
    let mut line = Vec::with_capacity(256);
    line.extend_from_slice(b"{\"time\":\"");
    Clock::default().stamp(SystemTime::now(), &mut line);
    let meta = event.metadata();
    // A Vec takes every byte.
    let _ = write!(line, "\",\"level\":\"{}\",\"target\":\"{}\"", meta.level().as_str().to_ascii_lowercase(), meta.target());
    if let Some(worker) = worker {
        let _ = write!(line, ",\"worker\":{worker}");
    }
    event.record(&mut Members(&mut line));
    line.push(b'}');
    match String::from_utf8(line) {
        Ok(line) => line,
        // It was text that was written.
        Err(odd) => String::from_utf8_lossy(odd.as_bytes()).into_owned(),
    }
}

struct Members<'a>(&'a mut Vec<u8>);

impl Members<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push(b',');
        string(self.0, field.name(), VALUE_BYTES);
        self.0.push(b':');
    }

    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }
}

impl Visit for Members<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        string(self.0, value, VALUE_BYTES);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A log that is kept.
    #[derive(Clone, Default)]
    pub(in super::super) struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        pub(in super::super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_of_json_with_its_fields() {
        let kept = Kept::default();
        let out = kept.clone();
        let log = tracing_subscriber::fmt().event_format(Lines { worker: Some(2) }).with_writer(move || out.clone()).finish();
        tracing::subscriber::with_default(log, || {
            tracing::warn!(lost = 3, ok = false, path = "a\"\n\u{1b}b", "lines were dropped");
        });
        let text = kept.text();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(read["level"], "warn");
        assert_eq!(read["worker"], 2);
        assert_eq!(read["lost"], 3);
        assert_eq!(read["ok"], false);
        assert_eq!(read["path"], "a\"\n\u{1b}b");
        assert_eq!(read["message"], "lines were dropped");
    }
}
