//! A limit by the gradient of latency, after the gradient controller of Envoy: what answers take now, beside what they take when little
//! is under way.
//!
//! Three things differ from it. Every route has a baseline of its own, and a route has half of the votes at most, so a route that is slow, or
//! gets slow alone, says nothing about the worker. A probe does not let three requests through but half of those that were under way, half
//! again only while that makes answers faster, and is made only while there is something to find. And a limit that has come down to its
//! least without making answers faster learns that they take that long. Time and chance are passed in.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::baseline::{Baselines, Sample};

/// Answers that make a window, at least, and at most.
const SAMPLES: usize = 50;
const MOST_SAMPLES: usize = 500;
const MOST_OF_PROBE: usize = 5000;
/// How long a window is, at least.
const WINDOW: Duration = Duration::from_millis(100);
/// How long a probe listens, at most.
const LONGEST: Duration = Duration::from_secs(1);
/// How much longer than its baseline an answer may take.
pub(super) const TOLERANCE: f64 = 1.25;
/// What is left of the limit after one window, at least.
const STEEPEST: f64 = 0.5;
/// How long baselines hold while the limit is used; up to [`JITTER`] of it is added, so that workers do not look for new ones all at once.
const EPOCH: Duration = Duration::from_secs(60);
const JITTER: f64 = 0.15;
/// A probe that has too few answers by then is over without a finding.
const PROBE: Duration = Duration::from_secs(10);

/// A limit that goes by how long answers take when little is under way.
#[derive(Debug)]
pub(in crate::gateway) struct Gradient {
    limit: f64,
    least: f64,
    most: f64,
    baselines: Baselines,
    /// When the window began; none before the first answer.
    began: Option<Instant>,
    samples: Vec<Sample>,
    /// The most requests that were under way in the window.
    peak: usize,
    /// When the limit last came down: requests from before then have waited behind others that it lets through no more.
    shrunk: Option<Instant>,
    probe: Option<Probe>,
    /// When baselines are too old; at once, as long as nothing has shown that answers were ever faster.
    stale: Option<Instant>,
    random: fastrand::Rng,
}

/// Fewer requests for a moment, to see what answers take then.
#[derive(Debug, Clone, Copy)]
struct Probe {
    began: Instant,
    /// When it had its first answer, and the longest that one of them took.
    heard: Option<Instant>,
    longest: Duration,
    /// The limit before.
    limit: f64,
    /// It has shown a queue.
    goes_on: bool,
    /// The first of all: the answers before it came while the load was building up, so they prove nothing.
    is_first: bool,
}

impl Gradient {
    /// Begins with the whole: a limit that must grow first would refuse requests for no reason after every start.
    pub(super) fn new(least: usize, most: usize, random: fastrand::Rng) -> Self {
        let most = most as f64;
        Self {
            limit: most,
            least: (least as f64).min(most),
            most,
            baselines: Baselines::default(),
            began: None,
            samples: Vec::new(),
            peak: 0,
            shrunk: None,
            probe: None,
            stale: None,
            random,
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A request of a route is over, of `busy` that were under way. One that failed, or that its client gave up, tells that answers are slow,
    /// and never that they are fast.
    pub(super) fn answered(&mut self, route: &Arc<str>, began: Instant, now: Instant, busy: usize, is_good: bool) {
        let since = *self.began.get_or_insert(now);
        self.peak = self.peak.max(busy);
        if let Some(probe) = self.probe.filter(|probe| now.saturating_duration_since(probe.began) > PROBE) {
            // Too little comes to find anything: nobody is refused for it any longer.
            self.probe = None;
            self.samples.clear();
            self.set(probe.limit, now);
            self.stale = Some(self.next_epoch(now));
        }
        if self.shrunk.is_some_and(|shrunk| began < shrunk) {
            return;
        }
        let took = now.saturating_duration_since(began);
        if !is_good && !self.baselines.is_slow(route, took.as_secs_f64()) {
            return;
        }
        self.samples.push((Arc::clone(route), took.as_secs_f64()));
        let is_over = match &mut self.probe {
            // Of the requests of a probe, the fast ones are answered first: it hears the slow ones too.
            Some(probe) => {
                let since = *probe.heard.get_or_insert(now);
                probe.longest = probe.longest.max(took);
                now.saturating_duration_since(since) >= probe.longest.clamp(WINDOW, LONGEST)
            }
            None => self.samples.len() >= MOST_SAMPLES || now.saturating_duration_since(since) >= WINDOW,
        };
        if is_over && self.samples.len() >= SAMPLES || self.samples.len() >= MOST_OF_PROBE {
            self.conclude(now);
        }
    }

    /// A window is full.
    fn conclude(&mut self, now: Instant) {
        let samples = std::mem::take(&mut self.samples);
        let peak = std::mem::take(&mut self.peak) as f64;
        self.began = Some(now);
        if let Some(probe) = self.probe.take() {
            let shows_a_queue = self.baselines.probe(&samples).shows_a_queue();
            return self.probed(probe, shows_a_queue, peak, now);
        }
        let is_used = peak * 2.0 >= self.limit;
        let slower = self.baselines.compare(&samples, !is_used);
        let gradient = (TOLERANCE / slower).clamp(STEEPEST, 1.0);
        let is_stale = self.stale.is_none_or(|stale| is_used && stale <= now);
        // A limit at its least cannot be what makes answers slow: they have become slower, and that is what they take now.
        if is_stale || gradient < 1.0 && self.limit <= self.least {
            let is_first = self.stale.is_none();
            let (heard, longest) = (None, Duration::ZERO);
            self.probe(Probe { began: now, heard, longest, limit: self.limit, goes_on: false, is_first }, peak);
        } else if gradient < 1.0 {
            // What was not even used would take long to come down.
            let used = self.limit.min(peak * 2.0);
            self.set(used * gradient + used.sqrt(), now);
        } else if is_used {
            self.set(self.limit + self.limit.sqrt(), now);
        }
    }

    /// Lets half of what was under way through.
    fn probe(&mut self, probe: Probe, peak: f64) {
        self.probe = Some(probe);
        self.set(self.limit.min(peak) / 2.0, probe.began);
        self.shrunk = Some(probe.began);
    }

    /// A probe is over.
    fn probed(&mut self, probe: Probe, shows_a_queue: bool, peak: f64, now: Instant) {
        if (shows_a_queue || probe.is_first) && self.limit > self.least {
            let goes_on = probe.goes_on || shows_a_queue;
            let (heard, longest) = (None, Duration::ZERO);
            return self.probe(Probe { began: now, heard, longest, goes_on, is_first: false, limit: probe.limit }, peak);
        }
        self.baselines.measured();
        // Where half showed a queue and half of that none, the truth lies between; else nothing was wrong.
        let limit = if probe.goes_on { self.limit * 2.0 } else { probe.limit };
        self.set(limit.min(probe.limit), now);
        self.stale = Some(self.next_epoch(now));
    }

    fn next_epoch(&mut self, now: Instant) -> Instant {
        now + EPOCH + EPOCH.mul_f64(JITTER * self.random.f64())
    }

    fn set(&mut self, limit: f64, now: Instant) {
        let limit = limit.clamp(self.least, self.most);
        if limit < self.limit {
            self.shrunk = Some(now);
        }
        self.limit = limit;
    }
}

#[cfg(test)]
#[path = "gradient_tests.rs"]
mod tests;
