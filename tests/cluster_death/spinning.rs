//! A worker whose event loop spins.

use std::time::{Duration, Instant};

use super::{alone, setup};
use crate::support::drill::drilled;
use crate::support::figures::note;
use crate::support::load::{Fate, Load, Mix};
use crate::support::obituary::Obituaries;

const HEARTBEAT: Duration = Duration::from_secs(1);
const CLIENTS: usize = 6;
const SPIN: &str = "GET /detail/2 HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: the-one-that-spins\r\n\r\n";

#[test]
fn a_spinning_worker_is_out_of_rotation_within_two_heartbeats_and_dead_within_three() {
    let _alone = alone();
    let setup = setup("cluster: {heartbeat: 1s}\n").workers(3);
    let gateway = drilled(setup, "path /detail/2: spin\n").start();
    gateway.workers(3);
    let load = Load::start(gateway.address(), Mix { one_each: CLIENTS, ..Mix::default() });
    load.answers(300);
    let spun = Instant::now();
    let mut client = gateway.connect();
    client.send(SPIN);
    gateway.log.wait("the discovery", |lines| lines.iter().any(|line| line.contains("event loop does not turn")).then_some(()));
    let out = spun.elapsed();
    gateway.log.wait("the death", |lines| lines.iter().any(|line| line.contains("\"event\":\"exit\"")).then_some(()));
    let dead = spun.elapsed();
    assert!(client.try_read("GET").is_err(), "a request that spins has no answer");
    load.answers(300);
    let ledger = load.stop();
    let rescues = gateway.events("rescue");
    let rescued = rescues.first().and_then(|rescue| rescue.get("rescued")?.as_u64()).unwrap_or_default();
    let obituaries = Obituaries::read(&gateway.log.all());
    let unnamed: Vec<_> = ledger.lost.iter().filter(|lost| !obituaries.name(lost)).collect();
    let counts = format!(
        "heartbeat {} ms; out of rotation after {} ms, dead after {} ms; {} unread connections went to others, {} \
         were lost with no obituary; {ledger}",
        HEARTBEAT.as_millis(),
        out.as_millis(),
        dead.as_millis(),
        rescued,
        unnamed.len(),
    );
    note("spinning", &counts);
    assert!(out <= 2 * HEARTBEAT && dead <= 3 * HEARTBEAT, "{counts}\n{}", gateway.log.all().join("\n"));
    assert!(rescued > 0, "nobody waited at it: {rescues:?}");
    assert!(obituaries.names("the-one-that-spins"), "{:?}", gateway.events("exit"));
    assert!(unnamed.is_empty(), "no obituary names {unnamed:#?}");
    for fate in [Fate::Failed(0), Fate::Refused, Fate::TimedOut, Fate::Wrong, Fate::Cut] {
        assert_eq!(ledger.count(fate), 0, "{ledger}");
    }
}
