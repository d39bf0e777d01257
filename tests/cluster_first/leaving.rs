//! TERM, INT and QUIT to the master.

use std::net::TcpListener;

use rustix::process::Signal;

use super::{GOOD, SHOP, UnderWay};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::{Client, End};
use crate::support::process;

fn wait_for_event(gateway: &Gateway, name: &str) {
    let wanted = format!("\"event\":\"{name}\"");
    gateway.log.wait(name, |lines| lines.iter().any(|line| line.contains(&wanted)).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn term_finishes_what_is_under_way_and_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut under_way = UnderWay::begin().await;
        let address = under_way.gateway.address();
        let mut idle = under_way.gateway.connect();
        assert_eq!(idle.send(GOOD).read().status, 200);
        under_way.gateway.signal(signal);
        wait_for_event(&under_way.gateway, "disconnect");
        // Nobody new gets in, who is idle is let go, who waits for an answer gets it.
        assert!(Client::try_connect(address).is_err());
        assert_eq!(idle.end(), End::Closed);
        under_way.finish();
        assert_eq!(under_way.gateway.wait().code(), Some(0));
        under_way.gateway.log.whole();
        assert_eq!(under_way.gateway.processes(), Vec::<u32>::new());
        TcpListener::bind(address).expect("the port is free");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_second_term_and_quit_do_not_wait() {
    for signals in [&[Signal::TERM, Signal::TERM][..], &[Signal::QUIT], &[Signal::TERM, Signal::QUIT]] {
        let mut under_way = UnderWay::begin().await;
        for (number, signal) in signals.iter().enumerate() {
            if number > 0 {
                wait_for_event(&under_way.gateway, "disconnect");
            }
            under_way.gateway.signal(*signal);
        }
        let status = under_way.gateway.wait();
        assert_eq!(under_way.client.try_read("GET").map(|answer| answer.status).ok(), None, "it was cut");
        assert_eq!(status.code(), Some(0), "{signals:?}");
        under_way.gateway.log.whole();
        assert_eq!(under_way.gateway.processes(), Vec::<u32>::new());
        // Whoever was cut is in the log.
        let cut: u64 = under_way.gateway.events("stopped").iter().filter_map(|event| event.get("cut")?.as_u64()).sum();
        assert!(cut <= 1, "{cut}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_not_finished_when_the_drain_is_over_is_cut_and_told() {
    let mut under_way = UnderWay::begin_with("cluster: {drain: 700ms}\n").await;
    assert_eq!(under_way.gateway.stop(), 0);
    assert!(under_way.client.try_read("GET").is_err());
    let logged = under_way.gateway.access.whole();
    let line = logged.iter().find(|line| line.contains("\"path\":\"/late\"")).expect("its line");
    assert!(
        line.contains("\"status\":503") && line.contains("\"code\":\"drain_deadline\",") && line.contains("\"cut\":true"),
        "{line}"
    );
    let cuts = under_way.gateway.events("cut");
    assert!(cuts.iter().any(|event| event.get("connections").and_then(serde_json::Value::as_u64) == Some(1)), "{cuts:?}");
    under_way.gateway.log.whole();
    assert_eq!(under_way.gateway.processes(), Vec::<u32>::new());
}

#[test]
fn a_gateway_that_is_not_ready_yet_can_be_stopped() {
    for signal in [Signal::TERM, Signal::QUIT] {
        let mut gateway = Setup::new(SHOP).launch();
        // As soon as the first worker has been forked, long before it serves.
        gateway.log.wait("a fork", |lines| lines.iter().any(|line| line.contains("\"event\":\"fork\"")).then_some(()));
        gateway.signal(signal);
        assert_eq!(gateway.wait().code(), Some(0));
        gateway.log.whole();
        assert_eq!(gateway.processes(), Vec::<u32>::new());
    }
}

#[test]
fn a_term_to_every_process_of_the_group_is_a_drain_too() {
    // What a terminal or a supervisor does that signals the whole group.
    let mut gateway = Gateway::start(SHOP);
    let workers = gateway.workers(2);
    let mut client = gateway.connect();
    assert_eq!(client.send(GOOD).read().status, 200);
    for pid in workers {
        process::signal(pid, Signal::INT);
    }
    assert_eq!(gateway.raw(GOOD).status, 200, "INT to a worker is none of its business");
    for pid in gateway.processes() {
        process::signal(pid, Signal::TERM);
    }
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(client.end(), End::Closed);
    gateway.log.whole();
    assert_eq!(gateway.processes(), Vec::<u32>::new());
}

#[test]
fn who_has_spoken_before_the_term_is_answered() {
    for _ in 0..5 {
        let mut gateway = Setup::new(SHOP).start();
        gateway.workers(2);
        let mut clients: Vec<Client> = (0..100).map(|_| gateway.connect()).collect();
        // Everybody has been accepted, and most have been handed to a worker, which waits for a first byte.
        assert_eq!(gateway.raw(GOOD).status, 200);
        for client in &mut clients {
            client.send(GOOD);
        }
        gateway.signal(Signal::TERM);
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(client.read().status, 200, "client {number}");
        }
        assert_eq!(gateway.wait().code(), Some(0));
    }
}
