//! Whether a target is well, by what it answers when it is asked for that. Time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// How a target is asked whether it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthRules {
    /// What is asked: any 2xx or 3xx is well.
    pub path: String,
    /// How often.
    pub every: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Failed checks in a row after which it is out.
    pub fall: u32,
    /// Passed checks in a row after which it is in again.
    pub rise: u32,
}

/// The least share of its calls that a target gets when it is in again.
const LEAST: f64 = 0.1;

/// The health of one target. A target is well until a check says otherwise.
#[derive(Debug)]
pub(super) struct Health {
    well: bool,
    /// Checks in a row that said the other thing.
    against: u32,
    /// Since when it is in again.
    back: Option<Instant>,
}

impl Health {
    pub(super) fn new() -> Self {
        Self { well: true, against: 0, back: None }
    }

    pub(super) fn is_well(&self) -> bool {
        self.well
    }

    /// A check is over; whether that changed anything.
    pub(super) fn checked(&mut self, rules: &HealthRules, passed: bool, now: Instant) -> bool {
        if passed == self.well {
            self.against = 0;
            return false;
        }
        self.against += 1;
        if self.against < if self.well { rules.fall } else { rules.rise } {
            return false;
        }
        self.told(passed, now)
    }

    /// Somebody else has checked; whether that changed anything.
    pub(super) fn told(&mut self, well: bool, now: Instant) -> bool {
        if well == self.well {
            return false;
        }
        self.well = well;
        self.against = 0;
        if well {
            self.returned(now);
        }
        true
    }

    /// It is in again, by a check or by a breaker that closed.
    pub(super) fn returned(&mut self, now: Instant) {
        self.back = Some(now);
    }

    /// The share of its calls that it gets, from [`LEAST`] to 1 while `slow_start` passes.
    pub(super) fn share(&self, slow_start: Duration, now: Instant) -> f64 {
        let Some(back) = self.back.filter(|_| !slow_start.is_zero()) else { return 1.0 };
        let passed = now.saturating_duration_since(back).as_secs_f64() / slow_start.as_secs_f64();
        passed.clamp(LEAST, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> HealthRules {
        let second = Duration::from_secs(1);
        HealthRules { path: "/health".to_owned(), every: second, timeout: second, fall: 3, rise: 2 }
    }

    #[test]
    fn it_takes_checks_in_a_row_to_change_anything() {
        let now = Instant::now();
        let mut health = Health::new();
        // What the check said, and whether the target is in afterwards.
        for (step, (passed, well)) in [
            (false, true),
            (false, true),
            (true, true),
            (false, true),
            (false, true),
            (false, false),
            (true, false),
            (false, false),
            (true, false),
            (true, true),
            (true, true),
        ]
        .into_iter()
        .enumerate()
        {
            let before = health.is_well();
            assert_eq!(health.checked(&rules(), passed, now), before != well, "step {step}");
            assert_eq!(health.is_well(), well, "step {step}");
        }
    }

    #[test]
    fn a_target_that_is_back_begins_slowly() {
        let now = Instant::now();
        let slow = Duration::from_secs(10);
        let mut health = Health::new();
        assert!((health.share(slow, now) - 1.0).abs() < 1e-9, "the first time it does not");
        health.returned(now);
        for (seconds, share) in [(0, 0.1), (1, 0.1), (5, 0.5), (10, 1.0), (60, 1.0)] {
            let found = health.share(slow, now + Duration::from_secs(seconds));
            assert!((found - share).abs() < 1e-9, "{seconds}: {found}");
        }
        assert!((health.share(Duration::ZERO, now) - 1.0).abs() < 1e-9);
    }
}
