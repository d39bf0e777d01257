//! The master's events for whoever wants to follow them: the log lines that name an `event`, as the same JSON.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::log::json;

/// Lines that are kept for a follower who comes later.
const KEPT: usize = 256;

/// Lines that may wait for a slow follower; beyond it he misses the oldest.
const WAITING: usize = 1024;

/// The events of this process.
static TAP: OnceLock<Tap> = OnceLock::new();

/// Where followers connect.
pub(super) struct Tap {
    kept: Mutex<VecDeque<Arc<str>>>,
    followers: broadcast::Sender<Arc<str>>,
}

/// The events of this process: those that were kept, then each as it happens.
#[derive(Debug)]
pub struct Events {
    kept: VecDeque<Arc<str>>,
    live: broadcast::Receiver<Arc<str>>,
}

/// Connects to the events of this process. Nothing is missed between those that are kept and those that follow.
pub fn events() -> Events {
    tap().events()
}

fn tap() -> &'static Tap {
    TAP.get_or_init(Tap::new)
}

impl Tap {
    fn new() -> Self {
        Self { kept: Mutex::default(), followers: broadcast::Sender::new(WAITING) }
    }

    fn tell(&self, line: Arc<str>) {
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&line));
        // Under the lock, so that a follower who comes now gets this line once. Nobody may be there.
        let _ = self.followers.send(line);
    }

    fn events(&self) -> Events {
        let kept = self.kept();
        Events { live: self.followers.subscribe(), kept: kept.clone() }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<str>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    /// The kept lines alone, the oldest first; each a JSON object without a line feed.
    pub fn kept(&mut self) -> impl Iterator<Item = Arc<str>> + '_ {
        self.kept.drain(..)
    }

    /// The next line if it is there already, also when it is the word of missed ones.
    pub fn next_now(&mut self) -> Option<Arc<str>> {
        match self.kept.pop_front() {
            Some(line) => Some(line),
            None => match self.live.try_recv() {
                Ok(line) => Some(line),
                Err(TryRecvError::Lagged(lines)) => Some(missed(lines)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => None,
            },
        }
    }

    /// The next line. A follower that was too slow is told how many lines he missed, by a line of its own:
    /// `{"event":"missed","lines":17}`. Dropping the future loses none.
    pub async fn next(&mut self) -> Arc<str> {
        if let Some(line) = self.kept.pop_front() {
            return line;
        }
        match self.live.recv().await {
            Ok(line) => line,
            Err(RecvError::Lagged(lines)) => missed(lines),
            // The sender lives as long as the process.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn missed(lines: u64) -> Arc<str> {
    format!("{{\"event\":\"missed\",\"lines\":{lines}}}").into()
}

/// Gives the events to the followers, whatever the level of the log.
pub(super) struct ToFollowers;

/// Is this one of the events that followers are told?
pub(super) fn is_told(meta: &Metadata<'_>) -> bool {
    meta.is_event() && *meta.level() <= Level::INFO && meta.fields().field("event").is_some()
}

impl<S: Subscriber> Layer<S> for ToFollowers {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        tap().tell(json(None, event).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Arc<str> {
        number.to_string().into()
    }

    #[tokio::test]
    async fn a_follower_gets_the_last_lines_and_then_each_new_one_once() {
        let tap = Tap::new();
        (0..KEPT + 3).for_each(|number| tap.tell(line(number)));
        let mut events = tap.events();
        tap.tell(line(KEPT + 3));
        for number in 3..KEPT + 4 {
            assert_eq!(events.next().await, line(number));
        }
        assert_eq!(tap.events().kept().count(), KEPT);
    }

    #[tokio::test]
    async fn a_slow_follower_is_told_how_many_lines_he_missed() {
        let tap = Tap::new();
        let mut events = tap.events();
        (0..WAITING + 5).for_each(|number| tap.tell(line(number)));
        assert_eq!(&*events.next().await, "{\"event\":\"missed\",\"lines\":5}");
        assert_eq!(events.next().await, line(5));
    }

    #[tokio::test]
    async fn only_what_names_an_event_is_told_whatever_the_level_of_the_log() {
        use tracing_subscriber::filter::{LevelFilter, filter_fn};
        use tracing_subscriber::prelude::*;
        let subscriber = tracing_subscriber::registry()
            .with(ToFollowers.with_filter(filter_fn(is_told)))
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::ERROR));
        let mut events = events();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(place = "here", "nothing to follow");
            tracing::debug!(event = "detail", place = "here");
            tracing::info!(event = "fork", place = "here", worker = 7, "told \"to all\"");
        });
        // The tap is the process's own: other tests may tell it something too.
        let read = loop {
            let read: serde_json::Value = serde_json::from_str(&events.next().await).unwrap();
            if read["place"] == "here" {
                break read;
            }
        };
        assert_eq!((&read["event"], &read["worker"], &read["message"]), (&"fork".into(), &7.into(), &"told \"to all\"".into()));
    }
}
