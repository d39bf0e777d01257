//! The policy, as the environment overrides it.

use super::{SHOP, fails};
use crate::support::gateway::Setup;

#[test]
fn a_policy_that_is_none_is_exit_code_78_with_those_that_are() {
    let (code, said) = fails(Setup::new(SHOP).environment("FORECOURT_SCHED_POLICY", "round-robin").launch());
    assert_eq!(code, Some(78));
    let wanted = "FORECOURT_SCHED_POLICY is `round-robin`, which is no policy: write one of round_robin, weighted, \
                  least_connections, shared; did you mean `round_robin`?";
    assert!(said.contains(wanted), "{said}");
}

#[test]
fn every_policy_starts_whether_the_file_or_the_environment_says_so() {
    for policy in ["round_robin", "weighted", "least_connections", ""] {
        let gateway = Setup::new(SHOP).environment("FORECOURT_SCHED_POLICY", policy).start();
        assert_eq!(gateway.get("/detail/1").status, 200, "{policy}");
    }
    let gateway = Setup::new(SHOP).environment("FORECOURT_SCHED_POLICY", "shared").launch();
    gateway.workers(2);
    let gateway = Setup::new(&format!("cluster: {{policy: weighted, weights: [3, 1], workers: 2}}\n{SHOP}")).start();
    assert_eq!(gateway.get("/detail/1").status, 200);
}
