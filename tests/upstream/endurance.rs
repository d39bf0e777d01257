//! A thousand failures later.

use std::time::Instant;

use super::Stage;
use super::scenarios;
use crate::support::lines::PATIENCE;
use crate::support::process;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn after_a_thousand_failures_the_worker_holds_no_more_than_before() {
    let mut scenarios = scenarios::broken();
    scenarios.extend(scenarios::unusable());
    let stage = Stage::open(scenarios).await;
    let worker = *stage.gateway.workers(1).first().expect("one worker");
    let round = || {
        for scenario in &stage.scenarios {
            assert_eq!(stage.gateway.get(&format!("/shaped/{}", scenario.name)).status, scenario.status, "{}", scenario.name);
            let status = if scenario.begins { 200 } else { scenario.status };
            // An endless body is left in the middle.
            let mut client = stage.gateway.connect();
            client.send(format!("GET /passed/{} HTTP/1.1\r\nHost: a\r\n\r\n", scenario.name));
            assert_eq!(client.head().status, status, "{}", scenario.name);
        }
    };
    // Once for everything that is made on first use and kept.
    round();
    stage.assert_serves("one of each");
    let (descriptors, memory) = (process::descriptors(worker), process::memory(worker));
    let rounds = 1000 / (2 * stage.scenarios.len()) + 1;
    for _ in 0..rounds {
        round();
    }
    stage.assert_serves("a thousand failures");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = process::descriptors(worker);
        if now <= descriptors {
            break;
        }
        assert!(Instant::now() < deadline, "{now} descriptors, {descriptors} before");
        // A request gives the worker a turn to close what it still has to.
        stage.assert_serves("a thousand failures");
    }
    let grown = process::memory(worker).saturating_sub(memory);
    assert!(grown < 16 * 1024, "{grown} KiB more than before");
    assert_eq!(stage.gateway.workers(1), [worker], "no worker died");
}
