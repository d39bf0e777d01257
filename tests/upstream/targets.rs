//! Several targets of one backend: one that is dead is not missed.

use serde_json::Value;

use crate::support::fault::{Act, Faults, refused, reply};
use crate::support::gateway::{Gateway, Setup};
use crate::support::until::until;

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn gateway(targets: &[String], options: &str) -> Gateway {
    gateway_of(1, targets, options)
}

fn gateway_of(workers: usize, targets: &[String], options: &str) -> Gateway {
    let urls: Vec<String> = targets.iter().map(|target| format!("'http://{target}'")).collect();
    let upstreams = format!("upstreams:\n  shop: {{urls: [{}]{options}}}\n", urls.join(", "));
    Setup::new(&(upstreams + "routes:\n  - {route: ANY /a, call: 'shop:/'}\n  - {route: ANY /b, proxy: 'shop:/'}\n"))
        .workers(workers)
        .start()
}

fn well() -> Faults {
    Faults::answering(reply("Content-Type: application/json\r\n", "[1]"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn calls_reach_all_targets_and_a_dead_one_costs_no_answer() {
    let (first, second, broken) = (well(), well(), Faults::new(vec![vec![Act::Read]]));
    for balance in ["p2c", "round_robin", "weighted"] {
        let mut targets = vec![refused().to_string()];
        for faults in [&first, &second, &broken] {
            targets.push(faults.listen().await.to_string());
        }
        let gateway = gateway(&targets, &format!(", balance: {balance}, retry: {{attempts: 3}}"));
        let before = (first.requests().len(), second.requests().len(), broken.requests().len());
        for number in 0..100 {
            let path = if number % 2 == 0 { "/a" } else { "/b" };
            let answer = gateway.get(path);
            assert_eq!((answer.status, answer.text().as_str()), (200, "[1]"), "{balance} {number}");
        }
        let got = (first.requests().len() - before.0, second.requests().len() - before.1);
        assert_eq!(got.0 + got.1, 100, "{balance}");
        assert!(got.0 > 0 && got.1 > 0, "{balance}: {got:?}");
        // Seven failures in a row open its breaker; then there is a trial a second, or two, or four.
        let tried = broken.requests().len() - before.2;
        assert!(tried <= 7 + 8, "{balance}: {tried}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_upload_goes_to_another_target_when_the_first_one_is_not_there() {
    let there = well();
    let targets = [refused().to_string(), there.listen().await.to_string()];
    let gateway = gateway(&targets, ", balance: round_robin");
    for path in ["/a", "/b", "/a", "/b"] {
        let answer = gateway.request("POST", path, &[("Content-Type", "application/json")], b"{\"n\": 1}");
        assert_eq!(answer.status, 200, "{path}");
    }
    let requests = there.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| request.starts_with("POST / ") && request.ends_with("{\"n\": 1}")), "{requests:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_target_that_fails_its_checks_is_out_until_it_passes_them_again() {
    let scripts = vec![vec![Act::Read, Act::send(UNAVAILABLE)]; 3];
    let sick = Faults::answering_after(scripts, reply("Content-Type: application/json\r\n", "[2]"));
    let sound = well();
    let targets = [sick.listen().await.to_string(), sound.listen().await.to_string()];
    let options = ", balance: round_robin, health: {path: /health, every: 100ms, timeout: 30s, slow_start: 0s}";
    let gateway = gateway(&targets, options);
    let states = || gateway.events("health").iter().filter_map(|event| event.get("state").cloned()).collect::<Vec<_>>();
    until("a failed check", || if states() == ["unwell"] || states().len() > 1 { Ok(()) } else { Err(states()) });
    until("a check that is passed", || if states() == ["unwell", "well"] { Ok(()) } else { Err(states()) });
    until("a call to the target that is back", || {
        let answer = gateway.get("/a");
        assert_eq!(answer.status, 200);
        if answer.text() == "[2]" { Ok(()) } else { Err(answer.text()) }
    });
    let checks = sick.requests().iter().filter(|request| request.starts_with("GET /health ")).count();
    assert!(checks >= 5, "{checks}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_one_worker_finds_in_its_checks_the_others_know() {
    const WORKERS: usize = 3;
    let sick = Faults::answering_after(
        vec![vec![Act::Read, Act::send(UNAVAILABLE)]],
        reply("Content-Type: application/json\r\n", "[2]"),
    );
    let sound = well();
    let targets = [sick.listen().await.to_string(), sound.listen().await.to_string()];
    // One check fails, whosever it is; every one after it is passed, and there would have to be many.
    let options = ", balance: round_robin, health: {path: /health, every: 100ms, timeout: 30s, fall: 1, rise: 10000}";
    let gateway = gateway_of(WORKERS, &targets, options);
    let found = || gateway.events("health").iter().filter(|event| event.get("state") == Some(&"unwell".into())).count();
    until("a word to every worker", || if found() == WORKERS { Ok(()) } else { Err(found()) });
    let asked = |workers: &mut Vec<Value>| {
        let answer = gateway.get("/a");
        assert_eq!((answer.status, answer.text().as_str()), (200, "[1]"), "no worker calls the one that is unwell");
        let id = answer.header("x-request-id").expect("every answer has its id");
        let worker = gateway.logged(id).get("worker").cloned().expect("a worker");
        if !workers.contains(&worker) {
            workers.push(worker);
        }
    };
    let mut workers = Vec::new();
    until("an answer of every worker", || {
        asked(&mut workers);
        if workers.len() == WORKERS { Ok(()) } else { Err(workers.clone()) }
    });
    (0..10 * WORKERS).for_each(|_| asked(&mut workers));
    let checks = sick.requests();
    assert!(checks.iter().all(|request| request.starts_with("GET /health ")), "{checks:?}");
}
