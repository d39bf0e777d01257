//! A master that may open no more descriptors waits, at rest, until it may.

use std::time::Instant;

use super::{alone, setup};
use crate::support::figures::note;
use crate::support::gateway::Gateway;
use crate::support::http::Client;
use crate::support::load::{Load, Mix};
use crate::support::process;

const GOOD: &str = "GET /detail/1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";

/// The master's share of a processor, in percent, until it has failed to accept so many times.
fn share_while_it_fails(gateway: &Gateway, times: usize) -> f64 {
    let (before, began) = (process::processor_time(gateway.master()), Instant::now());
    gateway.log.wait("failures to accept", |lines| {
        let failed = lines.iter().filter(|line| line.contains("\"event\":\"accept\"")).count();
        (failed >= times).then_some(())
    });
    let used = process::processor_time(gateway.master()) - before;
    100.0 * used.as_secs_f64() / began.elapsed().as_secs_f64()
}

#[test]
fn a_master_without_descriptors_is_at_rest_and_serves_again_when_they_return() {
    let _alone = alone();
    let gateway = setup("").workers(2).start();
    gateway.workers(2);
    // Standard input, output and error are all that fits below.
    let limit = process::limit_descriptors(gateway.master(), Some(3));
    let mut clients: Vec<Client> = (0..50).map(|_| gateway.connect()).collect();
    for client in &mut clients {
        client.send(GOOD);
    }
    // The pauses double from 50 ms to a second: six of them are two and a half seconds.
    let share = share_while_it_fails(&gateway, 6);
    process::limit_descriptors(gateway.master(), limit);
    let began = Instant::now();
    for client in &mut clients {
        assert_eq!(client.read().status, 200);
    }
    let again = began.elapsed();
    assert!(share < 5.0, "{share} % of a processor");
    let counts = format!(
        "{share:.1} % of a processor at the limit; 50 of 50 waiting requests answered {} ms after it was lifted",
        again.as_millis()
    );
    note("master-at-its-limit", &counts);
}

#[test]
fn a_master_whose_descriptors_run_out_under_load_still_serves_everybody() {
    let _alone = alone();
    let gateway = setup("").workers(2).start();
    gateway.workers(2);
    // The master keeps a copy of every silent connection as long as it can: far fewer than there will be.
    let open = process::descriptors(gateway.master()) as u64;
    process::limit_descriptors(gateway.master(), Some(open + 40));
    let mut silent: Vec<Client> = (0..300).map(|_| gateway.connect()).collect();
    let load = Load::start(gateway.address(), Mix::EVERYTHING);
    load.around();
    let ledger = load.stop();
    for client in &mut silent {
        assert_eq!(client.send(GOOD).read().status, 200);
    }
    let failures = gateway.events("accept").len();
    note(
        "out-of-descriptors",
        &format!("{failures} failures to accept, 300 of 300 silent connections answered in the end; {ledger}"),
    );
    ledger.flawless();
    assert!(failures > 0, "the limit was never reached");
}
