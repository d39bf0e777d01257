//! A worker whose event loop spins.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{alone, setup};
use crate::support::drill::drilled;
use crate::support::figures::note;
use crate::support::load::{Fate, Load, Mix};
use crate::support::obituary::Obituaries;
use crate::support::process;

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
    let victim = gateway.log.wait("the kill", |lines| {
        let kill = lines.iter().find(|line| line.contains("\"event\":\"kill\""))?;
        u32::try_from(serde_json::from_str::<Value>(kill).ok()?["pid"].as_u64()?).ok()
    });
    let killed = spun.elapsed();
    process::wait_for_end(victim);
    let dead = spun.elapsed();
    gateway.log.wait("the burial", |lines| lines.iter().any(|line| line.contains("\"event\":\"exit\"")).then_some(()));
    let buried = spun.elapsed();
    assert!(client.try_read("GET").is_err(), "a request that spins has no answer");
    load.answers(300);
    let ledger = load.stop();
    let rescues = gateway.events("rescue");
    let rescued = rescues.first().and_then(|rescue| rescue.get("rescued")?.as_u64()).unwrap_or_default();
    let obituaries = Obituaries::read(&gateway.log.all());
    let unnamed: Vec<_> = ledger.lost.iter().filter(|lost| !obituaries.name(lost)).collect();
    let counts = format!(
        "heartbeat {} ms; out of rotation after {} ms, killed after {} ms, dead after {} ms, buried after {} ms; {} unread \
         connections went to others, {} were lost with no obituary; {ledger}",
        HEARTBEAT.as_millis(),
        out.as_millis(),
        killed.as_millis(),
        dead.as_millis(),
        buried.as_millis(),
        rescued,
        unnamed.len(),
    );
    note("spinning", &counts);
    // How long a killed process takes to die is the kernel's affair; that its end is noticed is the master's.
    let kept = out <= 2 * HEARTBEAT && killed <= 3 * HEARTBEAT && buried - dead <= HEARTBEAT;
    assert!(kept, "{counts}\n{}", gateway.log.all().join("\n"));
    assert!(rescued > 0, "nobody waited at it: {rescues:?}");
    assert!(obituaries.names("the-one-that-spins"), "{:?}", gateway.events("exit"));
    assert!(unnamed.is_empty(), "no obituary names {unnamed:#?}");
    for fate in [Fate::Failed(0), Fate::Refused, Fate::TimedOut, Fate::Wrong, Fate::Cut] {
        assert_eq!(ledger.count(fate), 0, "{ledger}");
    }
}
