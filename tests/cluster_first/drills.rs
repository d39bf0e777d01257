//! Drills: workers that misbehave when they are told to, and what they note of it.

use std::time::{Duration, Instant};

use forecourt::cluster::Usage;
use rustix::process::Signal;

use super::{RESILIENT, SHOP, shop};
use crate::support::gateway::{Gateway, Setup};

/// Workers that do not start are given up soon.
const IMPATIENT: &str = "cluster: {restart: {limit: 1, within: 60s, backoff: 10ms..20ms}}\n";

/// With a drill of these lines.
fn drilled(setup: Setup, drill: &str) -> Setup {
    let setup = setup.file("drill.txt", drill);
    let path = setup.folder().join("drill.txt").display().to_string();
    setup.environment("FORECOURT_DRILL_FILE", &path)
}

/// Waits until this is in the log.
fn said(gateway: &Gateway, what: &str) {
    gateway.log.wait(what, |lines| lines.iter().any(|line| line.contains(what)).then_some(()));
}

#[test]
fn a_worker_refuses_a_drill_that_it_does_not_understand() {
    let setup = Setup::new(&format!("{IMPATIENT}{SHOP}")).workers(1);
    let mut gateway = drilled(setup, "# fine\nrequest 1: fly\n").launch();
    assert_eq!(gateway.wait().code(), Some(69));
    let said = gateway.log.whole().join("\n");
    assert!(said.contains("drill.txt: line 2: `fly`: expected one of abort, panic"), "{said}");
    assert!(said.contains("exited with code 78"), "{said}");
}

#[test]
fn a_drill_that_cannot_be_read_is_refused() {
    let setup = Setup::new(&format!("{IMPATIENT}{SHOP}")).workers(1);
    let mut gateway = setup.environment("FORECOURT_DRILL_FILE", "/nowhere/drill.txt").launch();
    assert_eq!(gateway.wait().code(), Some(69));
    let said = gateway.log.whole().join("\n");
    assert!(said.contains("/nowhere/drill.txt cannot be read") && said.contains("exited with code 66"), "{said}");
}

#[test]
fn a_start_that_fails_by_order_is_a_start_that_fails() {
    for (start, expected) in [("exit 3", "exited with code 3"), ("panic", "exited with code 70")] {
        let setup = Setup::new(&format!("{IMPATIENT}{SHOP}")).workers(1);
        let mut gateway = drilled(setup, &format!("start: {start}\n")).launch();
        assert_eq!(gateway.wait().code(), Some(69), "{start}");
        let last = gateway.log.whole().pop().expect("last words");
        assert!(last.contains(expected), "{start}: {last}");
    }
}

#[test]
fn a_worker_that_hangs_at_its_start_by_order_outlives_no_master() {
    for signal in [Signal::QUIT, Signal::KILL] {
        let mut gateway = drilled(shop().workers(1), "start: hang\n").launch();
        said(&gateway, "\"deed\":\"hang\"");
        assert!(gateway.events("listening").is_empty());
        gateway.signal(signal);
        gateway.wait();
        // Its end of the log is closed when it has ended.
        gateway.log.whole();
        assert_eq!(gateway.processes(), Vec::<u32>::new(), "{signal:?}");
    }
}

#[test]
fn a_worker_takes_memory_and_time_by_order() {
    let drill = "path /detail/1: allocate 64MiB\npath /detail/2: block 100ms\npath /detail/3: spin\n";
    let gateway = drilled(shop().workers(1), drill).start();
    let worker = *gateway.workers(1).first().expect("a worker");
    let before = Usage::of(worker).expect("it lives");
    assert_eq!(gateway.get("/detail/1").status, 200);
    let grown = Usage::of(worker).expect("it lives").own - before.own;
    // what was free after the start is used first
    assert!((48 << 20..128 << 20).contains(&grown), "{grown} bytes");
    let started = Instant::now();
    assert_eq!(gateway.get("/detail/2").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(100));
    let mut client = gateway.connect();
    client.send("GET /detail/3 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    said(&gateway, "\"deed\":\"spin\"");
    let idle = Usage::of(worker).expect("it lives").cpu;
    // Whoever waits for nothing else uses time.
    while Usage::of(worker).expect("it lives").cpu < idle + Duration::from_millis(200) {
        std::thread::yield_now();
    }
}

#[test]
fn a_request_that_panics_by_order_is_a_500_and_the_worker_lives() {
    let gateway = drilled(shop().workers(1), "request 2: panic\n").start();
    let statuses: Vec<u16> = (0..3).map(|_| gateway.get("/detail/1").status).collect();
    assert_eq!(statuses, [200, 500, 200]);
}

#[test]
fn a_request_that_ends_its_worker_by_order_does_so() {
    for (deed, expected) in [("abort", "was killed by SIGABRT"), ("exit 3", "exited with code 3")] {
        let gateway = drilled(shop().workers(1), &format!("path /detail/7: {deed}\n")).start();
        let mut client = gateway.connect();
        client.send("GET /detail/7 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
        assert!(client.try_read("GET").is_err(), "{deed}");
        gateway.log.wait("the end of the worker", |lines| {
            lines.iter().any(|line| line.contains("\"event\":\"exit\"") && line.contains(expected)).then_some(())
        });
        assert_eq!(gateway.get("/detail/1").status, 200, "{deed}: another worker serves");
    }
}

#[test]
fn whoever_a_drain_cuts_is_named() {
    let routes = format!("{}{SHOP}", RESILIENT.replace("cluster: {", "cluster: {drain: 700ms, "));
    let mut gateway = drilled(Setup::new(&routes).workers(1), "path /detail/9: wait 60s\n").start();
    let mut client = gateway.connect();
    client.send("GET /detail/9?token=s3cret HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: the-one-that-waits\r\n\r\n");
    said(&gateway, "\"deed\":\"wait 60000ms\"");
    gateway.signal(Signal::TERM);
    assert_eq!(gateway.wait().code(), Some(0));
    let cuts = gateway.log.whole();
    let cut = cuts.iter().find(|line| line.contains("\"request_id\":\"the-one-that-waits\"")).expect("who was cut");
    assert!(cut.contains("\"event\":\"cut\"") && cut.contains("\"line\":\"GET /detail/9\""), "{cut}");
    assert!(cut.contains("\"age_ms\":") && cut.contains("\"peer\":\"127.0.0.1:"), "{cut}");
    assert!(!cuts.iter().any(|line| line.contains("s3cret")), "no query in the log");
}
