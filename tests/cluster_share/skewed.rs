//! `least_connections` against `round_robin` on a skewed load, in one run. A measurement, not a test: `scripts/bench-policies`.

use std::sync::atomic::{AtomicBool, Ordering};

use super::alone;
use crate::support::drill::drilled;
use crate::support::figures::note;
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;
use crate::support::load::{self, Kind, Load, Mix};

const WORKERS: usize = 4;
/// Connections that keep one worker busy, each of whose requests holds its event loop for five milliseconds.
const HEAVY: usize = 8;
const BLOCK: &str = "path /detail/2: block 5ms\n";
const HEAVY_REQUEST: &str = "GET /detail/2 HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const REQUESTS: u64 = 4000;
/// Runs of each policy, one after the other in turn.
const ROUNDS: usize = 3;

#[test]
#[ignore = "a measurement of a quiet machine: scripts/bench-policies"]
fn p99_of_round_robin_and_of_least_connections_on_a_skewed_load() {
    let _alone = alone();
    for round in 1..=ROUNDS {
        for policy in ["round_robin", "least_connections"] {
            let ledger = measure(policy);
            let times = [0.5, 0.9, 0.99, 1.0].map(|share| ledger.slowest(Kind::OneEach, share).as_micros());
            let line = format!("p50 {} µs, p90 {} µs, p99 {} µs, slowest {} µs", times[0], times[1], times[2], times[3]);
            note(&format!("skewed-{policy}-{round}"), &line);
        }
    }
}

/// Short requests of one connection each, while one of four workers is kept busy by connections that stay.
fn measure(policy: &str) -> load::Ledger {
    let routes = load::routes(load::slow::start());
    let setup = Setup::new(&format!("cluster: {{policy: {policy}}}\n{routes}")).workers(WORKERS);
    let gateway = drilled(setup, BLOCK).start();
    gateway.workers(WORKERS);
    let heavy = connections_of_one_worker(&gateway);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for mut client in heavy {
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(client.send(HEAVY_REQUEST).read().status, 200);
                }
            });
        }
        let load = Load::start(gateway.address(), Mix { one_each: 4, ..Mix::default() });
        load.answers(REQUESTS);
        let ledger = load.stop();
        stop.store(true, Ordering::Relaxed);
        ledger.flawless();
        ledger
    })
}

/// As many connections as are wanted that all ended up at the worker with number 1.
fn connections_of_one_worker(gateway: &Gateway) -> Vec<Client> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for number in 0.. {
        let id = format!("whose-is-it-{number}");
        let mut client = gateway.connect();
        client.send(format!("GET {} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\n\r\n", load::ITEM));
        assert_eq!(client.read().status, 200);
        let worker = gateway.logged(&id).get("worker").and_then(serde_json::Value::as_u64);
        if worker == Some(1) {
            found.push(client)
        } else {
            others.push(client)
        }
        if found.len() == HEAVY {
            break;
        }
    }
    found
}
