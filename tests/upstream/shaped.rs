//! A shaped route has the whole reply before it answers, so every fault of a backend has a status and a code.

use super::Stage;
use super::scenarios::{self, Place, Scenario};
use crate::support::fault::{Act, Faults};

async fn every_call_is_answered(scenarios: Vec<Scenario>) {
    let stage = Stage::open(scenarios).await;
    for scenario in &stage.scenarios {
        let name = scenario.name;
        let answer = stage.gateway.get(&format!("/shaped/{name}"));
        assert_eq!((answer.status, answer.problem().as_str()), (scenario.status, scenario.code), "{name}: {}", answer.text());
        let id = answer.header("x-request-id").expect("every answer has its id");
        let line = stage.gateway.logged(id);
        let logged = (line.get("status"), line.get("code"), line.get("route"));
        let route = format!("GET /shaped/{name}");
        assert_eq!(logged, (Some(&scenario.status.into()), Some(&scenario.code.into()), Some(&route.into())), "{line}");
        // The cause is in the log, and only there.
        let told = stage.gateway.log.wait("the cause", |lines| lines.iter().find(|line| line.contains(id)).cloned());
        assert!(told.contains("\"cause\":"), "{told}");
        assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
        stage.assert_serves(name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_broken_transport_is_a_502_with_the_kind_of_break() {
    every_call_is_answered(scenarios::broken()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_takes_too_long_is_a_504_with_the_limit_that_it_passed() {
    every_call_is_answered(scenarios::late_ones()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reply_that_is_no_document_is_a_502_with_what_is_wrong_with_it() {
    every_call_is_answered(scenarios::unusable()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn bytes_behind_a_reply_are_nobodys_reply() {
    let poisoned = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n[\"evil\"]";
    let backend = Faults::new(vec![vec![Act::Read, Act::send(poisoned), Act::Read, Act::Hang]]);
    let place = Place::Plays(backend.clone());
    let stage = Stage::open(vec![Scenario { name: "talks-on", options: "", place, status: 200, code: "", begins: true }]).await;
    for calls in 1..=10 {
        assert_eq!(stage.gateway.get("/shaped/talks-on").text(), "[1,2]");
        assert_eq!(backend.connections(), calls, "the connection is not used again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_closes_behind_every_reply_costs_no_call() {
    let closes = Faults::new(vec![vec![Act::Read, Act::reply("Content-Type: application/json\r\n", "[1,2]")]]);
    let place = Place::Plays(closes);
    let stage = Stage::open(vec![Scenario { name: "closes", options: "", place, status: 200, code: "", begins: true }]).await;
    for _ in 0..100 {
        assert_eq!(stage.gateway.get("/shaped/closes").text(), "[1,2]");
    }
}
