//! The breaker's histories.

use proptest::prelude::*;

use super::*;

const RULES: BreakerRules = BreakerRules {
    consecutive: 3,
    success_below: Share::percent(80),
    window: Duration::from_secs(10),
    minimum: 20,
    cooldown: (Duration::from_secs(1), Duration::from_secs(4)),
};

fn bad(breaker: &mut Breaker, now: Instant) -> Option<Change> {
    breaker.record(Role::Ordinary, Verdict::Bad, now, 0.0)
}

fn good(breaker: &mut Breaker, now: Instant) -> Option<Change> {
    breaker.record(Role::Ordinary, Verdict::Good, now, 0.0)
}

fn fail(breaker: &mut Breaker, now: Instant, times: usize) {
    for _ in 0..times {
        bad(breaker, now);
    }
}

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(RULES);
    fail(&mut breaker, now, 3);
    breaker
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
    let now = Instant::now();
    let mut breaker = Breaker::new(RULES);
    for _ in 0..3 {
        assert_eq!((bad(&mut breaker, now), bad(&mut breaker, now), good(&mut breaker, now)), (None, None, None));
    }
    assert_eq!((bad(&mut breaker, now), bad(&mut breaker, now)), (None, None));
    assert_eq!(bad(&mut breaker, now), Some(Change::Opened(Duration::from_secs(1))));
    assert_eq!(breaker.ask(now), Answer::Refuse(now + Duration::from_secs(1)));
}

#[test]
fn too_few_successes_open_it_once_there_were_enough_calls() {
    let now = Instant::now();
    for (calls, opens) in [(19, false), (20, true)] {
        let mut breaker = Breaker::new(BreakerRules { consecutive: 1000, ..RULES });
        // Every fourth fails: three quarters are less than four fifths.
        for call in 1..=calls {
            breaker.record(Role::Ordinary, if call % 4 == 0 { Verdict::Bad } else { Verdict::Good }, now, 0.0);
        }
        assert_eq!(breaker.open_since().is_some(), opens, "{calls}");
    }
}

#[test]
fn what_was_long_ago_does_not_count() {
    let start = Instant::now();
    let mut breaker = Breaker::new(BreakerRules { consecutive: 1000, ..RULES });
    fail(&mut breaker, start, 19);
    let later = start + Duration::from_secs(11);
    fail(&mut breaker, later, 19);
    assert_eq!(breaker.open_since(), None);
    assert!(bad(&mut breaker, later).is_some());
}

#[test]
fn one_trial_at_a_time_decides_and_failed_trials_double_the_wait() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    for seconds in [1, 2, 4, 4] {
        assert!(matches!(breaker.ask(now + Duration::from_millis(seconds * 1000 - 1)), Answer::Refuse(_)), "{seconds}");
        now += Duration::from_secs(seconds);
        assert_eq!(breaker.ask(now), Answer::Try);
        breaker.begin_trial();
        assert_eq!(breaker.ask(now), Answer::Refuse(now), "one trial is under way");
        let change = breaker.record(Role::Trial, Verdict::Bad, now, 0.0);
        assert_eq!(change, Some(Change::Opened(Duration::from_secs((seconds * 2).min(4)))));
    }
    now += Duration::from_secs(4);
    breaker.begin_trial();
    assert_eq!(breaker.record(Role::Trial, Verdict::Good, now, 0.0), Some(Change::Closed));
    assert_eq!(breaker.ask(now), Answer::Pass);
    assert_eq!(bad(&mut breaker, now), None, "it begins anew");
}

#[test]
fn a_trial_that_tells_nothing_leaves_its_turn_to_the_next_call() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let later = now + Duration::from_secs(1);
    breaker.begin_trial();
    assert_eq!(breaker.record(Role::Trial, Verdict::Unknown, later, 0.0), None);
    assert_eq!(breaker.ask(later), Answer::Try);
}

#[test]
fn calls_from_before_it_opened_change_nothing_and_forced_ones_may_close_it() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert_eq!(good(&mut breaker, now), None);
    assert_eq!(breaker.record(Role::Forced, Verdict::Bad, now, 0.0), None);
    assert_eq!(breaker.ask(now), Answer::Refuse(now + Duration::from_secs(1)));
    assert_eq!(breaker.record(Role::Forced, Verdict::Good, now, 0.0), Some(Change::Closed));
}

#[test]
fn chance_makes_the_wait_half_as_long_again_at_most() {
    let now = Instant::now();
    let mut breaker = Breaker::new(BreakerRules { consecutive: 1, ..RULES });
    let change = breaker.record(Role::Ordinary, Verdict::Bad, now, 1.0);
    assert_eq!(change, Some(Change::Opened(Duration::from_millis(1500))));
}

proptest! {
    /// A target that never answers: whatever the traffic, only so many calls reach it.
    #[test]
    fn a_dead_target_is_called_until_it_opens_and_then_once_a_cooldown(
        pauses in prop::collection::vec(0_u64..400, 1..500),
        random in 0.0_f64..1.0,
    ) {
        let start = Instant::now();
        let (mut millis, mut reached) = (0, 0_u64);
        let mut breaker = Breaker::new(RULES);
        for pause in pauses {
            millis += pause;
            let now = start + Duration::from_millis(millis);
            let role = match breaker.ask(now) {
                Answer::Pass => Role::Ordinary,
                Answer::Try => {
                    breaker.begin_trial();
                    Role::Trial
                }
                Answer::Refuse(until) => {
                    prop_assert!(until > now && until <= now + Duration::from_secs(6));
                    continue;
                }
            };
            reached += 1;
            breaker.record(role, Verdict::Bad, now, random);
        }
        prop_assert!(reached <= 3 + millis / 1000, "{} calls in {} ms", reached, millis);
    }
}
