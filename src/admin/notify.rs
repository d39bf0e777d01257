//! What the service manager is told, in systemd's protocol: ready, reloading, stopping, how it goes, and that the master's loop
//! still turns.

use std::time::Duration;

use sd_notify::NotifyState;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, warn};

use crate::cluster::{Handle, Refused, Status};
use crate::telemetry::{self, Events};

/// The variable with the service manager's socket.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Looks at the master when no event is a reason to, and no watchdog asks: so often.
const LOOK: Duration = Duration::from_secs(10);

/// Tells the service manager how the master is.
#[derive(Debug)]
pub struct Notifier {
    /// How often the manager wants to hear of us, if it does.
    watchdog: Option<Duration>,
    said: Said,
}

/// What the manager knows.
#[derive(Debug, Default)]
struct Said {
    stage: Stage,
    status: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Starting,
    Ready,
    Stopping,
    /// An heir is the main process now.
    Over,
}

/// One assignment of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Ready,
    /// With the time, which the manager compares with that of its request.
    Reloading,
    Stopping,
    MainPid(u32),
    Status(String),
    Watchdog,
}

/// What an event line says that matters here.
#[derive(Debug, Default, Deserialize)]
struct Line {
    #[serde(default)]
    event: String,
    /// The process of the master that takes over.
    heir: Option<u32>,
}

impl Notifier {
    /// For the service manager that the environment names; none without one.
    pub fn from_env() -> Option<Self> {
        std::env::var_os(SOCKET)?;
        // Half the time, so that one late word is no death.
        let watchdog = sd_notify::watchdog_enabled().map(|time| (time / 2).max(Duration::from_millis(1)));
        Some(Self { watchdog, said: Said::default() })
    }

    /// Tells until the master ends. The master is asked through its own loop, so that a watchdog learns when that is stuck.
    pub async fn run(mut self, handle: Handle) {
        let mut events = telemetry::events();
        let mut ticks = interval(self.watchdog.unwrap_or(LOOK));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trouble = false;
        while self.said.stage != Stage::Over {
            let lines = tokio::select! {
                line = events.next() => waiting(&mut events, &line),
                _ = ticks.tick() => Vec::new(),
            };
            let ticked = lines.is_empty();
            let words = match handle.status().await {
                Ok(status) => self.said.news(&lines, &status, ticked && self.watchdog.is_some()),
                Err(Refused::Leaving) => {
                    send(self.said.leaving(), &mut trouble).await;
                    return;
                }
                Err(_) => Vec::new(),
            };
            send(words, &mut trouble).await;
        }
    }
}

/// This line and those behind it, so that a burst of events is one look at the master.
fn waiting(events: &mut Events, first: &str) -> Vec<Line> {
    let mut lines = vec![read(first)];
    while let Some(line) = events.next_now() {
        lines.push(read(&line));
    }
    lines
}

fn read(line: &str) -> Line {
    // Our own lines are JSON objects; a field of another type than ours is not meant for us.
    serde_json::from_str(line).unwrap_or_default()
}

impl Said {
    /// What the manager does not know yet. `beat` says that it wants a sign of life.
    fn news(&mut self, lines: &[Line], status: &Status, beat: bool) -> Vec<Word> {
        let mut words = Vec::new();
        if let Some(heir) = lines.iter().filter(|line| line.event == "upgrade").find_map(|line| line.heir) {
            // From now on it speaks for the service, and stopping is no business of the manager's.
            self.stage = Stage::Over;
            return vec![Word::MainPid(heir)];
        }
        let serving = status.groups.iter().all(|group| group.ready > 0 || group.workers == 0);
        // A reload that is over already has to be told as well: the manager waits for it.
        let reload = lines.iter().any(|line| line.event == "reload");
        match self.stage {
            Stage::Starting if serving && status.state == "serving" => words.push(Word::Ready),
            Stage::Ready if status.state == "draining" => words.push(Word::Stopping),
            Stage::Ready if reload || status.state == "reloading" => {
                // Also while it lasts, with each event: the manager takes the last one.
                words.push(Word::Reloading);
                if status.state != "reloading" {
                    words.push(Word::Ready);
                }
            }
            _ => {}
        }
        match words.last() {
            Some(Word::Ready) => self.stage = Stage::Ready,
            Some(Word::Stopping) => self.stage = Stage::Stopping,
            _ => {}
        }
        let line = summary(status);
        if line != self.status {
            words.push(Word::Status(line.clone()));
            self.status = line;
        }
        if beat {
            words.push(Word::Watchdog);
        }
        words
    }

    fn leaving(&mut self) -> Vec<Word> {
        let known = matches!(self.stage, Stage::Stopping | Stage::Over);
        self.stage = Stage::Stopping;
        if known { Vec::new() } else { vec![Word::Stopping] }
    }
}

/// The line that `systemctl status` shows.
fn summary(status: &Status) -> String {
    let (mut ready, mut workers, mut given_up) = (0, 0, 0);
    for group in &status.groups {
        ready += group.ready;
        workers += group.workers;
        given_up += group.given_up.len();
    }
    let mut line = format!("{}, generation {}, {ready} of {workers} workers ready", status.state, status.generation);
    if given_up > 0 {
        line.push_str(&format!(", {given_up} given up"));
    }
    line
}

/// Sends words, in one datagram when they may be in one. The manager's socket may be full, so a thread waits for it.
async fn send(words: Vec<Word>, trouble: &mut bool) {
    if words.is_empty() {
        return;
    }
    let sent = spawn_blocking(move || {
        // READY behind RELOADING is a second notification.
        for part in words.chunk_by(|_, next| *next != Word::Ready) {
            let states = part.iter().flat_map(Word::states).collect::<Vec<_>>();
            sd_notify::notify(&states)?;
        }
        Ok::<_, std::io::Error>(())
    });
    match sent.await {
        Ok(Ok(())) => *trouble = false,
        Ok(Err(error)) if !*trouble => {
            *trouble = true;
            debug!(%error, "the service manager cannot be told anything");
        }
        Ok(Err(_)) => {}
        Err(panicked) => warn!(%panicked, "telling the service manager failed"),
    }
}

impl Word {
    fn states(&self) -> Vec<NotifyState<'_>> {
        match self {
            Self::Ready => vec![NotifyState::Ready],
            Self::Reloading => {
                let mut states = vec![NotifyState::Reloading];
                states.extend(NotifyState::monotonic_usec_now());
                states
            }
            Self::Stopping => vec![NotifyState::Stopping],
            Self::MainPid(pid) => vec![NotifyState::MainPid(*pid)],
            Self::Status(line) => vec![NotifyState::Status(line)],
            Self::Watchdog => vec![NotifyState::Watchdog],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tests::status;

    fn at(state: &'static str, ready: usize) -> Status {
        let mut status = status();
        status.state = state;
        status.groups.iter_mut().for_each(|group| group.ready = ready);
        status
    }

    fn line(text: &str) -> Vec<Line> {
        vec![read(text)]
    }

    fn said(status: &Status) -> Word {
        Word::Status(summary(status))
    }

    #[test]
    fn the_manager_hears_ready_reloading_and_stopping_in_their_time() {
        let mut told = Said::default();
        let (none, up, busy, down) = (at("serving", 0), at("serving", 2), at("reloading", 2), at("draining", 2));
        assert_eq!(told.news(&[], &none, false), [said(&none)], "nothing is ready");
        assert_eq!(told.news(&[], &up, false), [Word::Ready, said(&up)]);
        assert_eq!(told.news(&line(r#"{"event":"fork"}"#), &up, false), []);
        assert_eq!(told.news(&[], &busy, false), [Word::Reloading, said(&busy)]);
        assert_eq!(told.news(&line(r#"{"event":"reload"}"#), &up, false), [Word::Reloading, Word::Ready, said(&up)]);
        assert_eq!(told.news(&[], &up, true), [Word::Watchdog]);
        assert_eq!(told.news(&[], &down, false), [Word::Stopping, said(&down)]);
        assert_eq!(told.leaving(), []);
    }

    #[test]
    fn a_reload_that_nobody_saw_under_way_is_told_with_both_its_ends() {
        let mut told = Said::default();
        let up = at("serving", 2);
        told.news(&[], &up, false);
        assert_eq!(told.news(&line(r#"{"event":"reload","reason":"broken"}"#), &up, false), [Word::Reloading, Word::Ready]);
    }

    #[test]
    fn an_heir_becomes_the_main_process_and_the_old_master_says_no_more() {
        let mut told = Said::default();
        told.news(&[], &at("serving", 2), false);
        assert_eq!(told.news(&line(r#"{"event":"upgrade","heir":77}"#), &at("draining", 2), true), [Word::MainPid(77)]);
        assert_eq!(told.leaving(), []);
        assert_eq!(Said::default().leaving(), [Word::Stopping]);
    }

    #[test]
    fn the_line_for_people_counts_workers_and_those_that_were_given_up() {
        let mut status = at("serving", 1);
        assert_eq!(summary(&status), "serving, generation 3, 1 of 2 workers ready");
        status.groups[0].given_up.push("worker 2".to_owned());
        assert_eq!(summary(&status), "serving, generation 3, 1 of 2 workers ready, 1 given up");
    }
}
