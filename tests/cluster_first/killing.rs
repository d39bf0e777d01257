//! Workers that die without a word.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::process::Signal;

use super::{GOOD, SHOP, shop};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;
use crate::support::process;

/// Kills a worker, waits until the master has buried it and another one is listening, and gives the milliseconds between.
fn replace(gateway: &Gateway, victim: u32, workers: usize) -> i64 {
    process::signal(victim, Signal::KILL);
    let buried = gateway.log.wait("the burial", |lines| {
        lines.iter().position(|line| line.contains("\"event\":\"exit\"") && line.contains(&format!("\"pid\":{victim},")))
    });
    gateway.workers(workers);
    let lines = gateway.log.all();
    let born = lines.iter().skip(buried).find(|line| line.contains("\"event\":\"listening\"")).expect("it is there");
    moment(born) - lines.get(buried).map_or(0, |line| moment(line))
}

/// Milliseconds since midnight, of a line of the log: `{"time":"2026-11-21T05:17:06.000Z"`.
fn moment(line: &str) -> i64 {
    let digits = |from: usize, to: usize| line.get(from..to).and_then(|text| text.parse::<i64>().ok()).expect("a time");
    digits(20, 22) * 3_600_000 + digits(23, 25) * 60_000 + digits(26, 28) * 1000 + digits(29, 32)
}

#[test]
fn two_workers_at_least_serve_by_default() {
    let gateway = Gateway::start(SHOP);
    assert!(gateway.workers(2).len() >= 2);
    assert_eq!(gateway.processes().len(), gateway.workers(2).len() + 1, "the master and its workers");
}

#[test]
fn a_killed_worker_is_replaced_at_once() {
    let gateway = shop().workers(2).start();
    let victim = *gateway.workers(2).first().expect("two workers");
    let passed = replace(&gateway, victim, 2);
    // Tens of milliseconds as a rule; a machine that is busy may take longer.
    assert!((0..10_000).contains(&passed), "{passed} ms");
    assert_eq!(gateway.raw(GOOD).status, 200);
    let exit = gateway.events("exit");
    let reason = exit.first().and_then(|event| event.get("reason")?.as_str()).unwrap_or_default();
    assert!(reason.contains("SIGKILL"), "{reason}");
}

#[test]
fn connections_that_no_worker_has_read_from_are_answered_whoever_dies() {
    let gateway = shop().workers(2).start();
    gateway.workers(2);
    let mut silent: Vec<Client> = (0..40).map(|_| gateway.connect()).collect();
    for round in 0..3 {
        for victim in gateway.workers(2) {
            replace(&gateway, victim, 2);
        }
        for client in silent.drain(..10) {
            let mut client = client;
            assert_eq!(client.send(GOOD).read().status, 200, "round {round}");
        }
    }
    for mut client in silent {
        assert_eq!(client.send(GOOD).read().status, 200);
    }
}

#[test]
fn a_death_under_load_costs_the_requests_of_that_worker_and_the_port_never_refuses() {
    const KILLS: usize = 8;
    const CLIENTS: usize = 6;
    let gateway = shop().workers(2).start();
    gateway.workers(2);
    let (stop, answered, lost) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    // This panics when the port refuses.
                    let mut client = gateway.connect();
                    match client.send(GOOD).try_read("GET") {
                        Ok(answer) => {
                            assert!(answer.status == 200 && !answer.cut, "{answer:?}");
                            answered.fetch_add(1, Ordering::SeqCst);
                        }
                        // It was being served by the one that died.
                        Err(_) => drop(lost.fetch_add(1, Ordering::SeqCst)),
                    }
                }
            });
        }
        for turn in 0..KILLS {
            let before = answered.load(Ordering::SeqCst);
            let pids = gateway.workers(2);
            let victim = *pids.get(turn % pids.len()).expect("two workers");
            replace(&gateway, victim, 2);
            // Answers go on before the next one dies.
            while answered.load(Ordering::SeqCst) < before + 50 {
                assert_eq!(gateway.raw(GOOD).status, 200);
                answered.fetch_add(1, Ordering::SeqCst);
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
    let (answered, lost) = (answered.into_inner(), lost.into_inner());
    assert!(answered >= KILLS * 50, "{answered}");
    assert!(lost <= KILLS * CLIENTS, "{lost} of {answered} were lost, with {KILLS} kills and {CLIENTS} clients");
}

#[test]
fn a_worker_that_dies_too_often_is_given_up_and_the_others_go_on() {
    let restart = "cluster: {restart: {limit: 2, within: 60s, backoff: 10ms..20ms}}\n";
    let mut gateway = Setup::new(&format!("{restart}{SHOP}")).workers(2).start();
    gateway.workers(2);
    let victim = || {
        let first =
            |event: &serde_json::Value| (event.get("worker")?.as_u64()? == 1).then(|| event.get("pid")?.as_u64()).flatten();
        gateway.events("fork").iter().filter_map(first).next_back().and_then(|pid| u32::try_from(pid).ok())
    };
    for deaths in 1..=3 {
        process::signal(victim().expect("worker 1 was started"), Signal::KILL);
        gateway.log.wait("its end", |lines| {
            let forked = lines.iter().filter(|line| line.contains("\"event\":\"fork\",\"group\":\"web\",\"worker\":1,")).count();
            let given_up = lines.iter().any(|line| line.contains("\"event\":\"giveup\",\"group\":\"web\",\"worker\":1,"));
            (forked > deaths || given_up).then_some(())
        });
    }
    let given_up = gateway.events("giveup");
    let reason = given_up.first().and_then(|event| event.get("reason")?.as_str()).unwrap_or_default();
    assert!(reason.contains("2 times within 60s") && reason.contains("SIGKILL"), "{given_up:?}");
    for _ in 0..10 {
        assert_eq!(gateway.raw(GOOD).status, 200);
    }
    assert_eq!(gateway.stop(), 0);
}
