//! The log for people: one readable line an event.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::clock::Clock;

/// Events as `05:17:06.123Z info  listening on http://127.0.0.1:8080  workers=2 routes=13`: the time of day in UTC, the
/// level, what happened, then the event's own fields.
pub(super) struct Words {
    pub(super) worker: Option<u32>,
}

impl<S, N> FormatEvent<S, N> for Words
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let mut time = Vec::new();
        Clock::default().stamp(SystemTime::now(), &mut time);
        let time = String::from_utf8_lossy(&time);
        let (_, time) = time.split_once('T').unwrap_or_default();
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        write!(out, "{time} {level:<5} ")?;
        if let Some(worker) = self.worker {
            write!(out, "worker {worker}: ")?;
        }
        let Said { message, event, fields } = said;
        writeln!(out, "{}{}", message.or(event).unwrap_or_default(), fields)
    }
}

/// What an event says. The name of an event is only said when there are no words for it.
#[derive(Default)]
struct Said {
    message: Option<String>,
    event: Option<String>,
    fields: String,
}

impl Said {
    fn take(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = Some(plain(value)),
            "event" => self.event = Some(plain(value)),
            name => {
                let space = if self.fields.is_empty() { "  " } else { " " };
                let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
                // A String takes everything.
                let _ = if value.is_empty() || value.contains(odd) {
                    write!(self.fields, "{space}{name}={value:?}")
                } else {
                    write!(self.fields, "{space}{name}={value}")
                };
            }
        }
    }
}

/// Control characters would let a request write lines of its own into the log, or steer the terminal.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::Kept;
    use super::*;

    fn line(worker: Option<u32>, log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let out = kept.clone();
        let subscriber = tracing_subscriber::fmt().event_format(Words { worker }).with_writer(move || out.clone()).finish();
        tracing::subscriber::with_default(subscriber, log);
        kept.text().split_once("Z ").unwrap().1.to_owned()
    }

    #[test]
    fn an_event_reads_as_a_sentence_with_its_fields_behind() {
        let said = line(None, || tracing::info!(event = "setup", workers = 2, why = "it was told to", "listening on {}", "here"));
        assert_eq!(said, "info  listening on here  workers=2 why=\"it was told to\"\n");
        assert_eq!(line(None, || tracing::info!(event = "fork", worker = 1)), "info  fork  worker=1\n");
        assert_eq!(line(Some(3), || tracing::warn!("a request failed")), "warn  worker 3: a request failed\n");
    }

    #[test]
    fn no_value_writes_a_line_of_its_own_or_steers_the_terminal() {
        let said = line(None, || tracing::info!(path = "a\n\u{1b}[2Jb", cause = %"x\ny", "said\n{}", "\u{1b}]0;title\u{7}"));
        assert_eq!(said.matches('\n').count(), 1);
        assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
    }
}
