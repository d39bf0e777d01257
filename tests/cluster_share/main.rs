//! Who gets which connection: shares of four workers, one request a connection.

#[path = "../support/mod.rs"]
mod support;

mod policies;
mod skewed;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use support::gateway::{Gateway, Setup};
use support::load::{self, Load, Mix};

/// One test of this suite at a time: each wants the machine for itself.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests of one connection each, until so many have been answered, and how many each worker answered of them.
fn shares(setup: Setup, clients: usize, requests: u64) -> BTreeMap<u64, u64> {
    let gateway = setup.workers(4).start();
    gateway.workers(4);
    let load = Load::start(gateway.address(), Mix { one_each: clients, ..Mix::default() });
    load.answers(requests);
    let ledger = load.stop();
    ledger.flawless();
    counted(&gateway, ledger.answered())
}

/// How many of `all` requests for the load's item each worker has in the access log.
fn counted(gateway: &Gateway, all: u64) -> BTreeMap<u64, u64> {
    gateway.access.wait("every request's line", |lines| {
        let mut shares = BTreeMap::new();
        for line in lines.iter().filter(|line| line.contains(load::ITEM)) {
            let entry: Value = serde_json::from_str(line).ok()?;
            *shares.entry(entry.get("worker")?.as_u64()?).or_default() += 1;
        }
        (shares.values().sum::<u64>() == all).then_some(shares)
    })
}
