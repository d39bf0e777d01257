//! Which targets get calls, whatever happens to them.

use proptest::prelude::*;

use super::*;
use crate::base::share::Share;

const RULES: BreakerRules = BreakerRules {
    consecutive: 3,
    success_below: Share::percent(80),
    window: Duration::from_secs(10),
    minimum: 20,
    cooldown: (Duration::from_secs(1), Duration::from_secs(60)),
};

fn targets(weights: &[u32], balance: Balance) -> Targets {
    Targets::new(weights, balance, Some(RULES), Duration::ZERO, fastrand::Rng::with_seed(7))
}

/// Calls, one after the other, each with the verdict of its target; how many each got.
fn run(targets: &mut Targets, now: Instant, calls: usize, verdicts: &[Verdict]) -> Vec<usize> {
    let mut got = vec![0; verdicts.len()];
    for _ in 0..calls {
        let Ok(picked) = targets.pick(now, &[]) else { continue };
        got[picked.place] += 1;
        targets.settle(now, picked, verdicts[picked.place], Duration::from_millis(10));
    }
    got
}

fn fail(targets: &mut Targets, now: Instant, place: usize) {
    for _ in 0..RULES.consecutive {
        let others: Vec<usize> = (0..targets.all.len()).filter(|other| *other != place).collect();
        let picked = targets.pick(now, &others).unwrap();
        assert_eq!(picked.place, place);
        targets.settle(now, picked, Verdict::Bad, Duration::ZERO);
    }
}

#[test]
fn calls_are_dealt_out_in_turn_by_weight_or_by_load() {
    let now = Instant::now();
    let well = [Verdict::Good; 3];
    assert_eq!(run(&mut targets(&[1, 1, 1], Balance::RoundRobin), now, 300, &well), [100, 100, 100]);
    assert_eq!(run(&mut targets(&[5, 3, 2], Balance::Weighted), now, 100, &well), [50, 30, 20]);
    let by_load = run(&mut targets(&[1, 1, 1], Balance::P2c), now, 300, &well);
    assert!(by_load.iter().all(|got| (60..=140).contains(got)), "{by_load:?}");
}

#[test]
fn a_target_with_many_calls_under_way_gets_no_more_of_two() {
    let now = Instant::now();
    let mut targets = targets(&[1, 1], Balance::P2c);
    let busy = targets.pick(now, &[1]).unwrap();
    assert_eq!(busy.place, 0);
    for _ in 0..50 {
        let picked = targets.pick(now, &[]).unwrap();
        assert_eq!(picked.place, 1);
        targets.settle(now, picked, Verdict::Unknown, Duration::ZERO);
    }
}

#[test]
fn by_load_a_weight_is_a_share_of_the_calls_under_way() {
    let now = Instant::now();
    let mut targets = targets(&[3, 1], Balance::P2c);
    let mut got = [0; 2];
    for _ in 0..40 {
        got[targets.pick(now, &[]).unwrap().place] += 1;
    }
    assert_eq!(got, [30, 10]);
}

#[test]
fn another_target_is_tried_before_the_same_one_again() {
    let now = Instant::now();
    for balance in [Balance::P2c, Balance::RoundRobin, Balance::Weighted] {
        let mut targets = targets(&[1, 1, 1], balance);
        for _ in 0..20 {
            let first = targets.pick(now, &[]).unwrap().place;
            let second = targets.pick(now, &[first]).unwrap().place;
            let third = targets.pick(now, &[first, second]).unwrap().place;
            assert_eq!([first, second, third].iter().sum::<usize>(), 3, "{balance:?}");
            targets.pick(now, &[first, second, third]).unwrap();
        }
    }
}

#[test]
fn one_that_fails_is_out_until_a_trial_brings_it_back() {
    let now = Instant::now();
    let mut targets = targets(&[1, 1], Balance::RoundRobin);
    fail(&mut targets, now, 0);
    assert_eq!(run(&mut targets, now, 100, &[Verdict::Bad, Verdict::Good]), [0, 100]);
    let later = now + Duration::from_secs(2);
    assert_eq!(run(&mut targets, later, 100, &[Verdict::Bad, Verdict::Good]), [1, 99], "one trial");
    let later = later + Duration::from_secs(4);
    assert_eq!(run(&mut targets, later, 100, &[Verdict::Good, Verdict::Good]), [51, 49], "the trial, then in turn");
}

#[test]
fn a_call_that_failed_already_is_no_trial() {
    let now = Instant::now();
    let mut targets = targets(&[1, 1, 1], Balance::RoundRobin);
    fail(&mut targets, now, 0);
    let later = now + Duration::from_secs(2);
    let picked = targets.pick(later, &[1]).unwrap();
    assert_eq!(picked, Picked { place: 2, role: Role::Ordinary });
}

#[test]
fn when_most_fail_half_of_them_stay_in_and_when_all_fail_calls_are_refused() {
    let now = Instant::now();
    let mut targets = targets(&[1; 4], Balance::RoundRobin);
    (0..2).for_each(|place| fail(&mut targets, now, place));
    assert_eq!(run(&mut targets, now, 100, &[Verdict::Good; 4]), [0, 0, 50, 50]);
    fail(&mut targets, now + Duration::from_millis(1), 2);
    let got = run(&mut targets, now, 100, &[Verdict::Unknown; 4]);
    assert_eq!(got, [0, 0, 50, 50], "the last one to fail stays in");
    fail(&mut targets, now, 3);
    let refused = targets.pick(now, &[]).unwrap_err();
    assert!(refused > now && refused <= now + Duration::from_millis(1500), "{:?}", refused - now);
    assert_eq!(targets.pick(refused, &[]).unwrap().role, Role::Trial);
}

#[test]
fn the_only_target_is_refused_while_its_breaker_is_open() {
    let now = Instant::now();
    let mut targets = targets(&[1], Balance::P2c);
    fail(&mut targets, now, 0);
    let refused = targets.pick(now, &[]).unwrap_err();
    assert_eq!(targets.pick(refused, &[]), Ok(Picked { place: 0, role: Role::Trial }));
    assert!(targets.pick(refused, &[]).is_err(), "one trial at a time");
}

#[test]
fn checks_take_targets_out_but_never_all() {
    let now = Instant::now();
    let second = Duration::from_secs(1);
    let rules = HealthRules { path: "/".to_owned(), every: second, timeout: second, fall: 1, rise: 1 };
    let mut targets = targets(&[1, 1], Balance::RoundRobin);
    assert_eq!(targets.checked(0, &rules, false, now), Some(false));
    assert_eq!(run(&mut targets, now, 10, &[Verdict::Good; 2]), [0, 10]);
    assert_eq!(targets.checked(1, &rules, false, now), Some(false));
    assert_eq!(run(&mut targets, now, 10, &[Verdict::Good; 2]).iter().sum::<usize>(), 10);
    assert_eq!(targets.checked(0, &rules, true, now), Some(true));
    assert_eq!(run(&mut targets, now, 10, &[Verdict::Good; 2]), [10, 0]);
}

#[test]
fn a_target_that_is_back_gets_a_part_of_its_calls_at_first() {
    let now = Instant::now();
    let slow = Duration::from_secs(10);
    for balance in [Balance::RoundRobin, Balance::Weighted] {
        let mut targets = Targets::new(&[1, 1], balance, Some(RULES), slow, fastrand::Rng::with_seed(7));
        fail(&mut targets, now, 0);
        let back = now + Duration::from_secs(2);
        // The trial brings it back.
        assert_eq!(run(&mut targets, back, 1, &[Verdict::Good; 2]), [1, 0]);
        let early = run(&mut targets, back, 200, &[Verdict::Good; 2]);
        assert!((5..50).contains(&early[0]), "{balance:?}: {early:?}");
        let late = run(&mut targets, back + slow, 200, &[Verdict::Good; 2]);
        assert!((95..=105).contains(&late[0]), "{balance:?}: {late:?}");
    }
}

proptest! {
    /// Any targets, any verdicts, any checks: a call is refused only when the breakers of all targets are open.
    #[test]
    fn somebody_serves_unless_everybody_failed(
        count in 1_usize..7,
        balance in prop::sample::select(vec![Balance::P2c, Balance::RoundRobin, Balance::Weighted]),
        steps in prop::collection::vec((0_u64..800, 0_u8..4, any::<prop::sample::Index>()), 1..300),
    ) {
        let second = Duration::from_secs(1);
        let rules = HealthRules { path: "/".to_owned(), every: second, timeout: second, fall: 1, rise: 1 };
        let mut targets = targets(&vec![1; count], balance);
        let mut now = Instant::now();
        for (pause, kind, which) in steps {
            now += Duration::from_millis(pause);
            if kind == 3 {
                let place = which.index(count);
                targets.checked(place, &rules, pause % 2 == 0, now);
                continue;
            }
            match targets.pick(now, &[]) {
                Ok(picked) => {
                    prop_assert!(picked.place < count);
                    let verdict = [Verdict::Good, Verdict::Bad, Verdict::Bad][usize::from(kind)];
                    targets.settle(now, picked, verdict, Duration::from_millis(pause));
                }
                Err(until) => {
                    prop_assert!(targets.all.iter().all(|one| matches!(one.answer(now), Answer::Refuse(_))));
                    prop_assert!(until > now, "nothing is under way");
                }
            }
        }
    }
}
