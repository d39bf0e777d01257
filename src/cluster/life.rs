//! The life of one worker process, as a pure state machine: time is passed in, nothing is done, everything is answered.
//!
//! ```text
//! Starting -> Online -> Listening -> Retiring -> Draining -> Stopped
//!     any state before Draining -> Draining when told to disconnect
//!     any state -> Failed when it ends without having been told to
//! ```

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::describe::describe;
use super::message::Malformed;

/// Where a worker process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Forked; it has not said that it understands its generation.
    Starting,
    /// It understands its generation.
    Online,
    /// It takes connections.
    Listening,
    /// It takes connections until its replacement does.
    Retiring,
    /// It finishes what it has.
    Draining,
    /// It ended when it was told to.
    Stopped,
    /// It ended by itself, or had to be killed.
    Failed,
}

impl State {
    /// The word in the status and in the log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Online => "online",
            Self::Listening => "listening",
            Self::Retiring => "retiring",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// One worker process.
#[derive(Debug)]
pub(crate) struct Life {
    slot: u32,
    generation: u64,
    born: Instant,
    state: State,
    /// It is given connections now. Whether it should be is the fleet's to say.
    rotating: bool,
    /// When it last said anything.
    heard: Option<Instant>,
    /// It fell silent while it served, and is not trusted any more.
    stalled: bool,
    listening_since: Option<Instant>,
    deadline: Option<Instant>,
    /// What it said last about why it goes, or why it was killed.
    reason: Option<String>,
    killed: bool,
    /// Its channel is closed, so it cannot be reached.
    lost: bool,
    connections: u64,
    requests: u64,
    cut: u64,
}

/// What is known about a worker that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obituary {
    /// [`State::Stopped`] or [`State::Failed`].
    pub(crate) state: State,
    /// Whole sentence part: how it ended and what it said.
    pub(crate) reason: String,
    /// How long it had been listening, if ever.
    pub(crate) served: Option<Duration>,
    /// Connections that were open when it ended.
    pub(crate) cut: u64,
    /// Requests that it reported in its life.
    pub(crate) requests: u64,
    /// The master killed it.
    pub(crate) killed: bool,
}

impl Life {
    /// A process has been started for `slot` and must listen by `deadline`.
    pub(crate) fn new(slot: u32, generation: u64, now: Instant, deadline: Instant) -> Self {
        Self {
            slot,
            generation,
            born: now,
            state: State::Starting,
            rotating: false,
            heard: None,
            stalled: false,
            listening_since: None,
            deadline: Some(deadline),
            reason: None,
            killed: false,
            lost: false,
            connections: 0,
            requests: 0,
            cut: 0,
        }
    }

    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }

    /// The generation that it serves.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// When it was started.
    pub(crate) fn born(&self) -> Instant {
        self.born
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// May be given connections.
    pub(crate) fn can_serve(&self) -> bool {
        matches!(self.state, State::Listening | State::Retiring) && !self.killed && !self.lost && !self.stalled
    }

    /// Is given connections.
    pub(crate) fn in_rotation(&self) -> bool {
        self.rotating
    }

    /// It is given connections from now on, or no more. True when that is news.
    pub(crate) fn rotate(&mut self, rotating: bool) -> bool {
        let news = self.rotating != rotating;
        self.rotating = rotating;
        news
    }

    /// It has said something.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// When it last said anything.
    pub(crate) fn heard(&self) -> Option<Instant> {
        self.heard
    }

    /// Since when it has been silent although it should beat; for a worker that serves or could.
    pub(crate) fn silent_since(&self) -> Option<Instant> {
        self.heard.or(self.listening_since).filter(|_| self.can_serve())
    }

    /// It has been silent for too long: it gets nothing more and must end by `deadline`.
    pub(crate) fn stall(&mut self, deadline: Instant) {
        self.stalled = true;
        self.deadline = Some(self.deadline.unwrap_or(deadline).min(deadline));
    }

    /// Has it been silent for too long?
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// What it last reported: open connections, and requests since it started.
    pub(crate) fn load(&self) -> (u64, u64) {
        (self.connections, self.requests)
    }

    /// Has, or may have, connections to finish.
    pub(crate) fn has_served(&self) -> bool {
        self.listening_since.is_some() || self.state == State::Draining
    }

    /// It says `online`.
    pub(crate) fn online(&mut self) -> Result<(), Malformed> {
        match self.state {
            State::Starting => self.state = State::Online,
            State::Draining => {}
            _ => return Err(Malformed::Untimely("online")),
        }
        Ok(())
    }

    /// It says `listening`. True when it may be given connections from now on; a worker that is leaving already stays out.
    pub(crate) fn listening(&mut self, now: Instant) -> Result<bool, Malformed> {
        match self.state {
            State::Online => {
                self.state = State::Listening;
                self.listening_since = Some(now);
                if !self.killed {
                    self.deadline = None;
                }
                Ok(!self.killed)
            }
            State::Draining => Ok(false),
            _ => Err(Malformed::Untimely("listening")),
        }
    }

    /// It says `retiring`. True when that is news.
    pub(crate) fn retire(&mut self, reason: String) -> bool {
        let news = !self.killed && matches!(self.state, State::Starting | State::Online | State::Listening);
        if news {
            self.reason = Some(reason);
        }
        if self.state == State::Listening {
            self.state = State::Retiring;
        }
        news
    }

    /// It says `beat`.
    pub(crate) fn beat(&mut self, connections: u64, requests: u64) {
        (self.connections, self.requests) = (connections, requests);
    }

    /// It says `exit`.
    pub(crate) fn exiting(&mut self, reason: String, cut: u64) {
        (self.connections, self.cut) = (0, cut);
        self.reason = Some(reason);
    }

    /// It is told to finish by `deadline`. True when that is news; an earlier deadline replaces a later one.
    pub(crate) fn drain(&mut self, deadline: Instant) -> bool {
        if self.killed || self.stalled {
            return false;
        }
        let news = self.state != State::Draining;
        self.state = State::Draining;
        self.deadline = Some(if news { deadline } else { self.deadline.unwrap_or(deadline).min(deadline) });
        news
    }

    /// Its end of the channel is closed: it should end by itself before `deadline`.
    pub(crate) fn lose(&mut self, deadline: Instant) {
        self.lost = true;
        if !self.killed {
            self.deadline = Some(self.deadline.unwrap_or(deadline).min(deadline));
        }
    }

    /// It is about to be killed. False when it has been already.
    pub(crate) fn kill(&mut self, reason: &str) -> bool {
        let news = !self.killed;
        if news {
            self.killed = true;
            self.deadline = None;
            self.reason = Some(reason.to_owned());
            self.cut += self.connections;
        }
        news
    }

    /// When something must have happened.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Why it must be killed now, if its deadline has passed.
    pub(crate) fn overdue(&self, now: Instant) -> Option<&'static str> {
        self.deadline.filter(|deadline| *deadline <= now)?;
        Some(match self.state {
            _ if self.stalled => "its event loop did not turn for two heartbeats",
            State::Draining => "it did not finish in the time to drain",
            _ if self.lost => "it closed its channel and did not end in the time to drain",
            _ => "it did not listen in the time to start",
        })
    }

    /// The process has ended; `None` when it never was one.
    pub(crate) fn end(&mut self, now: Instant, status: Option<ExitStatus>) -> Obituary {
        let stopped = self.state == State::Draining && !self.killed && status.is_some_and(|status| status.success());
        if !stopped && !self.killed {
            self.cut = self.cut.max(self.connections);
        }
        self.state = if stopped { State::Stopped } else { State::Failed };
        let how = status.map(describe);
        let reason = match (how, &self.reason) {
            (Some(how), Some(said)) => format!("{how}: {said}"),
            (Some(how), None) => how,
            (None, Some(said)) => said.clone(),
            (None, None) => "could not be started".to_owned(),
        };
        let served = self.listening_since.map(|since| now.saturating_duration_since(since));
        Obituary { state: self.state, reason, served, cut: self.cut, requests: self.requests, killed: self.killed }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    const START: Duration = Duration::from_secs(30);

    fn born() -> (Life, Instant) {
        let now = Instant::now();
        (Life::new(1, 1, now, now + START), now)
    }

    fn listening() -> (Life, Instant) {
        let (mut life, now) = born();
        life.online().unwrap();
        assert!(life.listening(now).unwrap());
        (life, now)
    }

    #[test]
    fn a_good_life_ends_stopped() {
        let (mut life, now) = listening();
        assert!(life.can_serve());
        assert_eq!(life.overdue(now + START * 9), None);
        assert!(life.retire("memory".into()));
        assert!(life.can_serve());
        assert!(life.drain(now + START));
        assert!(!life.can_serve());
        life.exiting("drained".into(), 0);
        let obituary = life.end(now + START, Some(ExitStatus::from_raw(0)));
        assert_eq!(obituary.state, State::Stopped);
        assert_eq!(obituary.reason, "exited with code 0: drained");
        assert_eq!((obituary.served, obituary.cut), (Some(START), 0));
    }

    #[test]
    fn a_sudden_end_is_a_failure_and_counts_the_open_connections() {
        let (mut life, now) = listening();
        life.beat(3, 10);
        let obituary = life.end(now, Some(ExitStatus::from_raw(9)));
        let expected = "was killed by SIGKILL";
        assert_eq!((obituary.state, obituary.reason.as_str(), obituary.cut, obituary.requests), (State::Failed, expected, 3, 10));
    }

    #[test]
    fn words_at_the_wrong_time_are_refused_and_change_nothing() {
        let (mut life, now) = born();
        assert!(life.listening(now).is_err());
        assert_eq!(life.state, State::Starting);
        life.online().unwrap();
        assert!(life.online().is_err());
        life.listening(now).unwrap();
        assert!(life.listening(now).is_err());
        assert_eq!(life.state, State::Listening);
    }

    #[test]
    fn a_silent_worker_is_not_trusted_again_and_has_a_last_deadline() {
        let (mut life, now) = listening();
        assert_eq!(life.silent_since(), Some(now));
        life.hear(now + START);
        assert_eq!(life.silent_since(), Some(now + START));
        life.stall(now + START * 2);
        life.hear(now + START);
        assert!(!life.can_serve());
        assert_eq!(life.silent_since(), None);
        assert!(!life.drain(now + START * 9), "its deadline stays");
        assert_eq!(life.overdue(now + START), None);
        assert!(life.overdue(now + START * 2).unwrap().contains("event loop"));
    }

    #[test]
    fn words_that_crossed_a_disconnect_are_harmless() {
        let (mut life, now) = born();
        assert!(life.drain(now + START));
        life.online().unwrap();
        assert!(!life.listening(now).unwrap());
        assert!(!life.retire("late".into()));
        assert_eq!(life.state, State::Draining);
        assert!(!life.can_serve());
    }

    #[test]
    fn deadlines_bring_their_reason_once() {
        let (mut life, now) = born();
        assert_eq!(life.overdue(now), None);
        assert!(life.overdue(now + START).unwrap().contains("start"));
        assert!(life.kill("slow"));
        assert!(!life.kill("slow"));
        assert_eq!(life.overdue(now + START), None);
        let (mut life, now) = listening();
        life.drain(now + START);
        life.drain(now + START * 2);
        life.beat(2, 2);
        assert!(life.overdue(now + START).unwrap().contains("drain"));
        life.kill("late");
        assert_eq!(life.end(now, Some(ExitStatus::from_raw(9))).cut, 2);
    }
}
