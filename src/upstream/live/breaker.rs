//! The breaker of one target: it opens when the target fails, so that nobody waits for it, and lets a single call try it now and
//! then. Time and chance are passed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::share::Share;

/// When a failing target is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRules {
    /// Failures in a row.
    pub consecutive: u32,
    /// The share of successes below which it opens.
    pub success_below: Share,
    /// The time that the share is taken over.
    pub window: Duration,
    /// Calls in that time before the share counts.
    pub minimum: u32,
    /// How long it stays open: the first time, and at most. Every failed trial doubles it.
    pub cooldown: (Duration, Duration),
}

/// What a call says about the target that it went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::upstream) enum Verdict {
    /// It answers.
    Good,
    /// It fails.
    Bad,
    /// Nothing.
    Unknown,
}

/// As what a call is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// As one of many.
    Ordinary,
    /// As the one that finds out whether an open breaker may close.
    Trial,
    /// Because there is no better target, though the breaker is open.
    Forced,
}

/// What a breaker says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Pass,
    Try,
    /// Not before then.
    Refuse(Instant),
}

/// A breaker that opened or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// For so long.
    Opened(Duration),
    Closed,
}

#[derive(Debug)]
enum State {
    Closed,
    Open {
        since: Instant,
        until: Instant,
    },
    /// A trial is under way.
    Trying {
        since: Instant,
    },
}

/// The breaker of one target.
#[derive(Debug)]
pub(super) struct Breaker {
    rules: BreakerRules,
    state: State,
    in_a_row: u32,
    /// How often it opened since it was last closed.
    opened: u32,
    window: Window,
}

impl Breaker {
    pub(super) fn new(rules: BreakerRules) -> Self {
        Self { rules, state: State::Closed, in_a_row: 0, opened: 0, window: Window::new(rules.window) }
    }

    /// What a call that comes now would be told.
    pub(super) fn ask(&self, now: Instant) -> Answer {
        match self.state {
            State::Closed => Answer::Pass,
            State::Open { until, .. } if until <= now => Answer::Try,
            State::Open { until, .. } => Answer::Refuse(until),
            State::Trying { .. } => Answer::Refuse(now),
        }
    }

    /// Since when it is not closed.
    pub(super) fn open_since(&self) -> Option<Instant> {
        match self.state {
            State::Closed => None,
            State::Open { since, .. } | State::Trying { since } => Some(since),
        }
    }

    /// A trial begins. Whoever calls this calls [`Breaker::record`], whatever happens.
    pub(super) fn begin_trial(&mut self) {
        if let State::Open { since, .. } = self.state {
            self.state = State::Trying { since };
        }
    }

    /// A call is over. `random`, from 0 to 1, spreads the ends of the cooldowns of many workers.
    pub(super) fn record(&mut self, role: Role, verdict: Verdict, now: Instant, random: f64) -> Option<Change> {
        match (role, &self.state, verdict) {
            (Role::Trial, State::Trying { .. }, Verdict::Bad) => self.open(now, random),
            (Role::Trial, State::Trying { since }, Verdict::Unknown) => {
                // The next call finds out.
                self.state = State::Open { since: *since, until: now };
                None
            }
            (Role::Trial | Role::Forced, State::Trying { .. } | State::Open { .. }, Verdict::Good) => Some(self.close()),
            (_, State::Closed, Verdict::Good) => {
                self.in_a_row = 0;
                self.window.count(now, true);
                None
            }
            (_, State::Closed, Verdict::Bad) => {
                self.in_a_row += 1;
                self.window.count(now, false);
                let (good, all) = self.window.sums(now);
                let rare = all >= u64::from(self.rules.minimum)
                    && good * u64::from(Share::WHOLE) < all * u64::from(self.rules.success_below.parts());
                if self.in_a_row >= self.rules.consecutive || rare { self.open(now, random) } else { None }
            }
            // Calls that were under way when it opened tell of a time before that.
            _ => None,
        }
    }

    fn open(&mut self, now: Instant, random: f64) -> Option<Change> {
        let (first, longest) = self.rules.cooldown;
        let least = first.saturating_mul(1 << self.opened.min(31)).min(longest);
        let pause = least + least.mul_f64(random.clamp(0.0, 1.0) / 2.0);
        let since = self.open_since().unwrap_or(now);
        self.state = State::Open { since, until: now + pause };
        self.opened = self.opened.saturating_add(1);
        Some(Change::Opened(pause))
    }

    fn close(&mut self) -> Change {
        *self = Self::new(self.rules);
        Change::Closed
    }
}

/// Counts over the last while, in ten parts that are forgotten one after the other.
#[derive(Debug)]
struct Window {
    part: Duration,
    began: Option<Instant>,
    number: u128,
    /// Successes and calls; the current part first.
    parts: [(u64, u64); 10],
}

impl Window {
    fn new(whole: Duration) -> Self {
        Self { part: (whole / 10).max(Duration::from_millis(1)), began: None, number: 0, parts: [(0, 0); 10] }
    }

    fn count(&mut self, now: Instant, good: bool) {
        self.turn(now);
        if let Some((successes, calls)) = self.parts.first_mut() {
            *successes += u64::from(good);
            *calls += 1;
        }
    }

    fn sums(&mut self, now: Instant) -> (u64, u64) {
        self.turn(now);
        self.parts.iter().fold((0, 0), |sums, part| (sums.0 + part.0, sums.1 + part.1))
    }

    fn turn(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let number = now.saturating_duration_since(began).as_nanos() / self.part.as_nanos().max(1);
        let passed = usize::try_from(number.saturating_sub(self.number)).unwrap_or(self.parts.len()).min(self.parts.len());
        if passed > 0 {
            self.parts.rotate_right(passed);
            self.parts.iter_mut().take(passed).for_each(|part| *part = (0, 0));
            self.number = number;
        }
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
