//! The targets of an upstream as this worker finds them: which are in, which is next, what became of a call. Time is passed in.

use std::time::Duration;

use tokio::time::Instant;

use super::balance::Balance;
use super::breaker::{Answer, Breaker, BreakerRules, Change, Role, Verdict};
use super::health::{Health, HealthRules};
use super::load::Load;

/// One target.
#[derive(Debug)]
pub(super) struct One {
    pub(super) weight: u32,
    /// What it has saved up under [`Balance::Weighted`].
    pub(super) credit: f64,
    slow_start: Duration,
    breaker: Option<Breaker>,
    health: Health,
    load: Load,
}

impl One {
    /// What one more call would cost, by its weight.
    pub(super) fn cost(&self, now: Instant) -> f64 {
        self.load.cost(now) / (f64::from(self.weight) * self.slow_share(now))
    }

    /// The share of its calls that it gets while it begins slowly.
    pub(super) fn slow_share(&self, now: Instant) -> f64 {
        self.health.share(self.slow_start, now)
    }

    /// A call goes to it.
    fn begin(&mut self, place: usize, role: Role) -> Picked {
        self.load.begin();
        if let Some(breaker) = self.breaker.as_mut().filter(|_| role == Role::Trial) {
            breaker.begin_trial();
        }
        Picked { place, role }
    }

    fn answer(&self, now: Instant) -> Answer {
        self.breaker.as_ref().map_or(Answer::Pass, |breaker| breaker.ask(now))
    }
}

/// A target that was picked for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) place: usize,
    pub(super) role: Role,
}

/// All targets of an upstream.
#[derive(Debug)]
pub(super) struct Targets {
    all: Vec<One>,
    balance: Balance,
    turn: usize,
    random: fastrand::Rng,
}

impl Targets {
    /// Targets by their weights.
    pub(super) fn new(
        weights: &[u32],
        balance: Balance,
        breaker: Option<BreakerRules>,
        slow_start: Duration,
        random: fastrand::Rng,
    ) -> Self {
        let one = |weight: &u32| One {
            weight: (*weight).max(1),
            credit: 0.0,
            slow_start,
            breaker: breaker.map(Breaker::new),
            health: Health::new(),
            load: Load::default(),
        };
        Self { all: weights.iter().map(one).collect(), balance, turn: 0, random }
    }

    /// The target of the next call; `tried` are those that failed it before, which come last.
    ///
    /// At most half of the targets, rounded up, are out, and never all: when more are unwell, or their breakers open, those that failed last
    /// stay in. Only when the breakers of all are open is a call refused.
    ///
    /// # Errors
    /// The moment before which no target can be tried.
    pub(super) fn pick(&mut self, now: Instant, tried: &[usize]) -> Result<Picked, Instant> {
        if let [only] = self.all.as_mut_slice() {
            let role = match only.answer(now) {
                Answer::Pass => Role::Ordinary,
                Answer::Try => Role::Trial,
                Answer::Refuse(until) => return Err(until),
            };
            return Ok(only.begin(0, role));
        }
        let answers: Vec<Answer> = self.all.iter().map(|one| one.answer(now)).collect();
        let refusals = answers.iter().filter_map(|answer| if let Answer::Refuse(until) = answer { Some(*until) } else { None });
        if let Some(first) = refusals.clone().min().filter(|_| refusals.count() == answers.len()) {
            return Err(first);
        }
        // A target that may be tried is, so that it comes back as soon as it can; but not by a call that has failed already.
        let mut with_answers = self.all.iter_mut().zip(&answers).enumerate();
        let trial = with_answers.find(|(_, (one, answer))| tried.is_empty() && **answer == Answer::Try && one.health.is_well());
        if let Some((place, (one, _))) = trial {
            return Ok(one.begin(place, Role::Trial));
        }
        let mut places: Vec<usize> = self.places_in(&answers);
        if places.iter().any(|place| !tried.contains(place)) {
            places.retain(|place| !tried.contains(place));
        }
        let place = self.balance.pick(&mut self.all, &places, &mut self.turn, now, &mut self.random).ok_or(now)?;
        let role = match answers.get(place) {
            Some(Answer::Pass) => Role::Ordinary,
            Some(Answer::Try) => Role::Trial,
            _ => Role::Forced,
        };
        self.all.get_mut(place).map(|one| one.begin(place, role)).ok_or(now)
    }

    /// Those that are in.
    fn places_in(&self, answers: &[Answer]) -> Vec<usize> {
        let count = self.all.len();
        let is_in = |place: &usize| {
            self.all.get(*place).is_some_and(|one| one.health.is_well()) && answers.get(*place) == Some(&Answer::Pass)
        };
        let (mut places, mut out): (Vec<usize>, Vec<usize>) = (0..count).partition(is_in);
        let most = count.div_ceil(2).min(count.saturating_sub(1));
        if out.len() > most {
            // A check that fails may itself be wrong; a breaker has seen calls fail. Of those, the last one to open knows least.
            let open_since = |place: &usize| self.all.get(*place).and_then(|one| one.breaker.as_ref()?.open_since());
            out.sort_by_key(|place| (open_since(place).is_some(), open_since(place).map(std::cmp::Reverse)));
            out.truncate(out.len() - most);
            places.append(&mut out);
            places.sort_unstable();
        }
        places
    }

    /// A call is over that took so long.
    pub(super) fn settle(&mut self, now: Instant, picked: Picked, verdict: Verdict, took: Duration) -> Option<Change> {
        let random = self.random.f64();
        let one = self.all.get_mut(picked.place)?;
        one.load.end(now, (verdict != Verdict::Unknown).then_some((took, verdict == Verdict::Good)));
        let change = one.breaker.as_mut()?.record(picked.role, verdict, now, random);
        if change == Some(Change::Closed) {
            one.health.returned(now);
        }
        change
    }

    /// A check is over; whether the target is well from now on, when that has changed.
    pub(super) fn checked(&mut self, place: usize, rules: &HealthRules, passed: bool, now: Instant) -> Option<bool> {
        let one = self.all.get_mut(place)?;
        one.health.checked(rules, passed, now).then_some(passed)
    }

    /// Another worker's checks say something of a target; whether that changed anything.
    pub(super) fn told(&mut self, place: usize, well: bool, now: Instant) -> bool {
        self.all.get_mut(place).is_some_and(|one| one.health.told(well, now))
    }

    /// A random number from 0 to 1.
    pub(super) fn chance(&mut self) -> f64 {
        self.random.f64()
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
