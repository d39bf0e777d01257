//! A `proxy:` route has answered its head when a body goes wrong: then nothing must look whole.

use super::Stage;
use super::scenarios::{self, Scenario};
use crate::support::http::{Client, End};

/// What a client of HTTP/1.1 sees of each scenario.
async fn every_call_is_answered_or_cut(scenarios: Vec<Scenario>) {
    let stage = Stage::open(scenarios).await;
    for scenario in &stage.scenarios {
        let name = scenario.name;
        let answer = stage.gateway.get(&format!("/passed/{name}"));
        let id = answer.header("x-request-id").expect("every answer has its id").to_owned();
        let line = stage.gateway.logged(&id);
        if scenario.begins {
            assert_eq!((answer.status, answer.cut), (200, true), "{name}: {answer:?}");
            assert_eq!((line.get("status"), line.get("cut")), (Some(&200.into()), Some(&true.into())), "{line}");
        } else {
            assert_eq!((answer.status, answer.problem().as_str()), (scenario.status, scenario.code), "{name}: {}", answer.text());
            assert_eq!((line.get("code"), line.get("cut")), (Some(&scenario.code.into()), Some(&false.into())), "{line}");
        }
        stage.assert_serves(name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_broken_transport_is_a_502_or_a_cut_connection() {
    every_call_is_answered_or_cut(scenarios::broken()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_takes_too_long_is_a_504_or_a_cut_connection() {
    let mut late = scenarios::late_ones();
    // The total is for the head of a reply that is passed on; its body may take its time as long as it moves.
    late.retain(|scenario| scenario.name != "drips");
    every_call_is_answered_or_cut(late).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn bytes_that_are_whole_are_passed_whatever_they_are() {
    let mut scenarios = scenarios::unusable();
    scenarios.retain(|scenario| scenario.name != "never-ends");
    let stage = Stage::open(scenarios).await;
    for Scenario { name, .. } in &stage.scenarios {
        let answer = stage.gateway.get(&format!("/passed/{name}"));
        assert_eq!((answer.status, answer.cut), (200, false), "{name}");
        stage.assert_serves(name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_knows_the_end_of_a_body_by_the_end_of_the_connection_sees_a_reset() {
    let mut scenarios = scenarios::broken();
    // Where there was a length there still is one, and nothing else is needed.
    scenarios.retain(|scenario| scenario.begins && scenario.name.contains("chunk"));
    assert_eq!(scenarios.len(), 4);
    let stage = Stage::open(scenarios).await;
    for Scenario { name, .. } in &stage.scenarios {
        let mut client: Client = stage.gateway.connect();
        // HTTP/1.0 has no chunks: what has no length ends with the connection.
        client.send(format!("GET /passed/{name} HTTP/1.0\r\n\r\n"));
        while client.fill_to(1) {
            client.drain();
        }
        assert_eq!(client.end(), End::Reset, "{name}");
    }
}
