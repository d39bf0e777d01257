//! A backend that dies under load: what it still gets, who suffers, and how it comes back.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::fault::{Act, Faults, reply};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;
use crate::support::lines::PATIENCE;
use crate::support::until::until;

const CLIENTS: usize = 8;
const REQUESTS: usize = 200;
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn gateway(address: SocketAddr, options: &str) -> Gateway {
    gateway_of(1, address, options)
}

fn gateway_of(workers: usize, address: SocketAddr, options: &str) -> Gateway {
    let routes = "routes:\n  - {route: GET /dead, call: 'GET shop:/', timeout: 60s}\n  - {route: GET /well, call: 'GET demo:/api/items/1'}\n";
    let upstreams =
        format!("upstreams:\n  shop: {{url: 'http://{address}'{options}}}\n  demo: {{url: 'demo:', envelope: mall}}\n");
    Setup::new(&(upstreams + routes)).workers(workers).start()
}

/// What the log says of the calls of a request: tries made, those made again, calls refused.
fn calls(line: &Value) -> [u64; 3] {
    ["calls", "retries", "refused"]
        .map(|name| line.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {name}: {line}")))
}

/// Requests over connections that stay open; the code of each answer, and how long the whole took.
fn load(gateway: &Gateway, path: &str) -> (Vec<String>, Duration) {
    let begun = Instant::now();
    let client = || {
        let mut client: Client = gateway.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut ask = || client.send(&request).read();
        (0..REQUESTS).map(|_| ask().problem()).collect::<Vec<String>>()
    };
    let codes = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client that was answered")).collect()
    });
    (codes, begun.elapsed())
}

/// The load, and a client of another route all the while, which is answered every time.
fn load_beside_another_route(gateway: &Gateway, path: &str) -> (Vec<String>, Duration) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut answered = 0;
            while !is_over.load(Ordering::SeqCst) {
                assert_eq!(gateway.get("/well").status, 200, "after {answered}");
                answered += 1;
            }
            answered
        });
        let outcome = load(gateway, path);
        is_over.store(true, Ordering::SeqCst);
        assert!(other.join().expect("the other route is answered") > 0);
        outcome
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dead_backend_gets_a_fifth_more_calls_and_ten_a_second_and_other_routes_go_on() {
    let dead = Faults::answering(UNAVAILABLE.to_vec());
    // However many workers there are.
    let gateway = gateway_of(4, dead.listen().await, ", breaker: false");
    let (codes, took) = load_beside_another_route(&gateway, "/dead");
    let (requests, attempts) = (codes.len(), dead.requests().len());
    assert!(codes.iter().all(|code| code == "upstream_failed"), "{codes:?}");
    let seconds = usize::try_from(took.as_secs()).expect("a short test") + 1;
    // Ten for the first second are there from the beginning.
    assert!(attempts > requests && attempts <= requests + requests / 5 + 10 * (seconds + 1), "{attempts} in {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn with_its_breaker_a_dead_backend_is_hardly_called_at_all() {
    let dead = Faults::answering(UNAVAILABLE.to_vec());
    let gateway = gateway(dead.listen().await, "");
    let (codes, took) = load_beside_another_route(&gateway, "/dead");
    let attempts = dead.requests().len();
    let refused = codes.iter().filter(|code| *code == "upstream_breaker_open").count();
    assert!(codes.iter().all(|code| code == "upstream_failed" || code == "upstream_breaker_open"));
    // Those that were under way when the seventh failed, and one a second.
    let most = 7 + 2 * CLIENTS + usize::try_from(took.as_secs()).expect("a short test") + 1;
    assert!(attempts <= most, "{attempts} in {took:?}");
    assert!(refused + most >= codes.len(), "{refused} of {}", codes.len());
    let answer = gateway.get("/dead");
    if answer.problem() == "upstream_breaker_open" {
        assert_eq!(answer.status, 503);
        let seconds: u64 = answer.header("retry-after").expect("when to come back").parse().expect("whole seconds");
        assert!((1..=90).contains(&seconds), "{seconds}");
        let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
        assert_eq!((line.get("status"), line.get("code")), (Some(&503.into()), Some(&"upstream_breaker_open".into())));
        assert_eq!(calls(&line), [0, 0, 1], "{line}");
    }
    let first = until("a word about the breaker", || gateway.events("breaker").first().cloned().ok_or("none"));
    assert_eq!((first.get("upstream"), first.get("state")), (Some(&"shop".into()), Some(&"open".into())), "{first}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_is_well_again_is_called_again() {
    let scripts = vec![vec![Act::Read, Act::send(UNAVAILABLE)]; 5];
    let faults = Faults::answering_after(scripts, reply("Content-Type: application/json\r\n", "[1]"));
    let options = ", retry: false, breaker: {consecutive: 3, cooldown: 100ms..200ms}";
    let gateway = gateway(faults.listen().await, options);
    let mut codes = Vec::new();
    until("a good answer", || {
        let answer = gateway.get("/dead");
        if answer.status == 200 {
            return Ok(());
        }
        let code = answer.problem();
        codes.push(code.clone());
        Err(code)
    });
    assert_eq!(codes.iter().filter(|code| *code == "upstream_failed").count(), 5, "{codes:?}");
    assert!(codes.iter().any(|code| code == "upstream_breaker_open"), "{codes:?}");
    assert!((0..20).all(|_| gateway.get("/dead").status == 200));
    until("a word about every change", || {
        let states: Vec<_> = gateway.events("breaker").iter().filter_map(|event| event.get("state").cloned()).collect();
        if states == ["open", "open", "open", "closed"] { Ok(()) } else { Err(states) }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_hangs_takes_no_more_calls_than_it_may_and_nobody_else_along() {
    let hangs = Faults::new(vec![vec![Act::Read, Act::Hang]]);
    let options =
        ", retry: false, breaker: false, timeout: {first_byte: 60s, total: 60s}, bulkhead: {in_flight: 4, queue: 2, wait: 60s}";
    let gateway = gateway(hangs.listen().await, options);
    let (sender, answers) = std::sync::mpsc::channel();
    let ask = || {
        let mut client: Client = gateway.connect();
        client.send("GET /dead HTTP/1.1\r\nHost: a\r\n\r\n");
        let sender = sender.clone();
        // The others are never answered, and end with the gateway.
        std::thread::spawn(move || client.try_read("GET").map(|answer| sender.send(answer)))
    };
    // Four are called and two wait; the seventh sends the oldest of those away.
    let _asking: Vec<_> = (0..7).map(|_| ask()).collect();
    let full = answers.recv_timeout(PATIENCE).expect("an answer to the oldest");
    assert_eq!((full.status, full.problem().as_str()), (503, "upstream_bulkhead_full"));
    assert_eq!(full.header("retry-after"), Some("1"));
    hangs.read(4).await;
    assert_eq!(hangs.requests().len(), 4);
    assert_eq!(gateway.get("/well").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failure_that_passes_is_never_seen() {
    for first in [Act::send(UNAVAILABLE), Act::Reset, Act::send("HTTP/1.1 200 OK\r\nContent-Le")] {
        let faults = Faults::answering_after(vec![vec![Act::Read, first]], reply("", "[1]"));
        let gateway = gateway(faults.listen().await, "");
        let answer = gateway.get("/dead");
        assert_eq!((answer.status, answer.text().as_str()), (200, "[1]"));
        let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
        assert_eq!(calls(&line), [2, 1, 0], "{line}");
        let requests = faults.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests.last().is_some_and(|request| request.contains("x-retry-attempt: 1\r\n")), "{requests:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_call_that_hangs_has_a_second_one_beside_it() {
    let faults = Faults::answering_after(vec![vec![Act::Read, Act::Hang]], reply("", "[1]"));
    let options = ", retry: false, timeout: {first_byte: 60s, total: 60s}, hedge: {after: 50ms, budget: 100%}";
    let gateway = gateway(faults.listen().await, options);
    let answer = gateway.get("/dead");
    assert_eq!((answer.status, answer.text().as_str()), (200, "[1]"));
    let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
    assert_eq!(calls(&line), [2, 1, 0], "{line}");
    // The one that lost is cut, not waited for.
    faults.closed(1).await;
    assert_eq!(faults.requests().len(), 2);
}
