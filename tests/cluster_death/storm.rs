//! A worker that cannot start any more.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{alone, setup};
use crate::support::drill::{drilled, next};
use crate::support::figures::note;
use crate::support::gateway::Gateway;
use crate::support::load::{Load, Mix};
use crate::support::process;

/// Five restarts, as the defaults have it.
const LIMIT: usize = 5;

/// Processor time of the master and of every worker that it has buried.
fn used(gateway: &Gateway) -> Duration {
    process::processor_time(gateway.master()) + process::processor_time_of_dead_children(gateway.master())
}

#[test]
fn a_restart_storm_ends_in_giveup_in_bounded_time_and_cpu_and_the_rest_still_serves() {
    let _alone = alone();
    let setup = setup("cluster: {restart: {limit: 5, within: 60s, backoff: 100ms..10s}}\n").workers(3);
    let mut gateway = drilled(setup, "").start();
    let victim = gateway.workers(3)[0];
    // Nobody is at it when it dies: what follows costs no request.
    next(gateway.folder(), "start: exit 3\n");
    let (before, began) = (used(&gateway), Instant::now());
    process::signal(victim, Signal::KILL);
    gateway.log.wait("the burial", |lines| lines.iter().any(|line| line.contains("\"event\":\"exit\"")).then_some(()));
    let load = Load::start(gateway.address(), Mix { pause: Duration::from_millis(20), ..Mix::EVERYTHING });
    let given_up =
        gateway.log.wait("the end of patience", |lines| lines.iter().find(|line| line.contains("\"event\":\"giveup\"")).cloned());
    let (took, used) = (began.elapsed(), used(&gateway) - before);
    load.around();
    let ledger = load.stop();
    let starts = gateway.events("fork").len() - 3;
    let counts =
        format!("gave up after {starts} starts, {} ms and {} ms of processor time; {ledger}", took.as_millis(), used.as_millis());
    note("restart-storm", &counts);
    assert!(given_up.contains("exit") && given_up.contains("5 times within 60s"), "{given_up}");
    assert_eq!(starts, LIMIT);
    // At once, then after 100, 200, 400 and 800 ms at most, and what five starts take.
    assert!(took < Duration::from_secs(20), "{counts}");
    assert!(used < Duration::from_secs(10), "{counts}");
    ledger.flawless();
    assert_eq!(gateway.stop(), 0);
}
