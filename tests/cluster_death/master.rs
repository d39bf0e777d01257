//! A master that is killed under load.

use std::net::TcpListener;
use std::time::Instant;

use rustix::process::Signal;

use super::{alone, setup};
use crate::support::figures::note;
use crate::support::load::{Fate, Load, Mix};
use crate::support::process;

#[test]
fn a_master_that_is_killed_costs_no_request_that_a_worker_has_begun_and_leaves_nothing_behind() {
    let _alone = alone();
    let mut gateway = setup("").workers(2).start();
    let (address, workers) = (gateway.address(), gateway.workers(2));
    let load = Load::start(address, Mix::EVERYTHING);
    load.around();
    gateway.signal(Signal::KILL);
    let killed = Instant::now();
    let ledger = load.stop();
    gateway.wait();
    for worker in workers {
        process::wait_for_end(worker);
    }
    let took = killed.elapsed();
    // What no worker had taken died with the master; whoever came later was refused. Everything else was answered.
    for fate in [Fate::Failed(0), Fate::Raced, Fate::Cut, Fate::TimedOut, Fate::Wrong] {
        assert_eq!(ledger.count(fate), 0, "{ledger}");
    }
    let logged = gateway.access.whole().join("\n");
    for lost in &ledger.lost {
        assert!(!logged.contains(&format!("\"{}\"", lost.id)), "a worker had begun it: {lost:?}");
    }
    gateway.log.whole();
    assert_eq!(gateway.processes(), Vec::<u32>::new());
    TcpListener::bind(address).expect("the port is free");
    note("master-killed", &format!("the workers had ended and the port was free after {} ms; {ledger}", took.as_millis()));
}
