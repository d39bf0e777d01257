//! Descriptors: as many at the end as at the beginning.

use rustix::process::Signal;

use super::{RESILIENT, alone, setup};
use crate::support::figures::{full, note};
use crate::support::gateway::Gateway;
use crate::support::load::{Fate, Load, Mix};
use crate::support::process;
use crate::support::until::until;

const WORKERS: usize = 4;
const DEATHS: u64 = 50;
const CLIENTS: usize = 8;

/// The descriptors of the master, and of each worker in its order.
fn counts(gateway: &Gateway) -> (usize, Vec<usize>) {
    let workers = gateway.workers(WORKERS).into_iter().map(process::descriptors).collect();
    (process::descriptors(gateway.master()), workers)
}

#[test]
fn thousands_of_connections_and_fifty_deaths_later_the_descriptors_are_what_they_were() {
    let _alone = alone();
    let connections: u64 = if full() { 100_000 } else { 20_000 };
    let gateway = setup(RESILIENT).workers(WORKERS).start();
    // Everybody has served before it counts.
    let load = Load::start(gateway.address(), Mix { one_each: CLIENTS, ..Mix::default() });
    load.answers(400);
    load.stop();
    let (mut before, mut looks) = (counts(&gateway), 0);
    until("the end of all connections", || {
        let found = counts(&gateway);
        looks = if found == before && found.1.windows(2).all(|pair| pair[0] == pair[1]) { looks + 1 } else { 0 };
        before = found;
        // Half a second: whatever is closed a little later is closed by then.
        if looks < 50 { Err(before.clone()) } else { Ok(()) }
    });
    let load = Load::start(gateway.address(), Mix { one_each: CLIENTS, ..Mix::default() });
    for death in 0..DEATHS {
        load.answers(connections / DEATHS);
        let pids = gateway.workers(WORKERS);
        process::signal(pids[death as usize % WORKERS], Signal::KILL);
    }
    load.answers(connections / DEATHS);
    let ledger = load.stop();
    let after = until("as many descriptors as before", || {
        let found = counts(&gateway);
        if found == before { Ok(found) } else { Err((found, before.clone())) }
    });
    assert!(ledger.answered() >= connections, "{ledger}");
    // A death costs at most what that worker was serving: one request of each client.
    let lost = ledger.lost.len() as u64;
    assert!(
        lost <= DEATHS * CLIENTS as u64 && lost == ledger.count(Fate::Reset) as u64 + ledger.count(Fate::Cut) as u64,
        "{ledger}"
    );
    let counts =
        format!("master {} before, {} after; workers {:?} before, {:?} after; {ledger}", before.0, after.0, before.1, after.1);
    note("descriptors", &counts);
}
