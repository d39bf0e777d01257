//! The policies, each by its promise.

use std::collections::BTreeMap;

use super::{alone, shares};
use crate::support::figures::note;
use crate::support::load;

/// Upstreams and routes under `cluster:` with these keys.
fn setup(cluster: &str) -> crate::support::gateway::Setup {
    crate::support::gateway::Setup::new(&format!("cluster: {{{cluster}}}\n{}", load::routes(load::slow::start())))
}

/// The largest distance of a share from the one that was promised, in percent of the promise.
fn off(shares: &BTreeMap<u64, u64>, weights: &[u64]) -> f64 {
    let (all, total) = (shares.values().sum::<u64>(), weights.iter().sum::<u64>());
    assert_eq!(shares.keys().copied().collect::<Vec<_>>(), (1..=weights.len() as u64).collect::<Vec<_>>());
    let promised = weights.iter().map(|weight| (all * weight) as f64 / total as f64);
    promised.zip(shares.values()).map(|(promised, share)| 100.0 * (*share as f64 - promised).abs() / promised).fold(0.0, f64::max)
}

#[test]
fn round_robin_deals_within_one_percent() {
    let _alone = alone();
    for clients in [1, 8] {
        let shares = shares(setup("workers: 4"), clients, 4000);
        let off = off(&shares, &[1, 1, 1, 1]);
        note(&format!("round-robin-of-{clients}"), &format!("{shares:?}, at most {off:.2} % off"));
        assert!(off <= 1.0, "{shares:?}: {off} %");
    }
}

#[test]
fn weighted_deals_within_two_percent_of_its_weights() {
    let _alone = alone();
    for clients in [1, 8] {
        let shares = shares(setup("policy: weighted, weights: [4, 3, 2, 1]"), clients, 4000);
        let off = off(&shares, &[4, 3, 2, 1]);
        note(&format!("weighted-of-{clients}"), &format!("{shares:?} for weights 4, 3, 2, 1: at most {off:.2} % off"));
        assert!(off <= 2.0, "{shares:?}: {off} %");
    }
}

#[test]
fn shared_serves_everybody_as_the_kernel_deals() {
    let _alone = alone();
    for clients in [1, 8] {
        let shares = shares(setup("policy: shared"), clients, 4000);
        // The kernel promises nothing about who gets how much.
        note(&format!("shared-of-{clients}"), &format!("{shares:?}"));
        assert_eq!(shares.values().sum::<u64>() / 4000, 1, "{shares:?}");
    }
}

#[test]
fn the_environment_overrides_the_policy() {
    let _alone = alone();
    let setup = setup("policy: weighted, weights: [4, 3, 2, 1]").environment("FORECOURT_SCHED_POLICY", "round_robin");
    let shares = shares(setup, 4, 2000);
    assert!(off(&shares, &[1, 1, 1, 1]) <= 1.0, "{shares:?}");
}
