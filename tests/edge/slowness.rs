//! Clients that take their time cost the others nothing.

use super::{SHOP, assert_serves};
use crate::support::fault::{Act, Faults, reply};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::{Client, End};
use crate::support::process;

#[test]
fn silence_and_half_heads_hold_nobody_up() {
    let gateway = Setup::new(SHOP).workers(1).start();
    let mut clients: Vec<Client> = Vec::new();
    for start in ["", "G", "GET /detail/1 HTTP/1.1\r\n", "GET /detail/1 HTTP/1.1\r\nHost: a\r\nX: ", "PRI * HTTP/2.0\r\n"] {
        for _ in 0..20 {
            let mut client = gateway.connect();
            client.send(start);
            clients.push(client);
        }
    }
    assert_serves(&gateway, "a hundred silent connections");
    // Each may still go on.
    let going_on = clients.get_mut(25).expect("it is there");
    assert_eq!(going_on.send("ET /detail/1 HTTP/1.1\r\nHost: a\r\n\r\n").read().status, 200);
}

#[test]
fn a_drain_does_not_wait_for_clients_that_have_said_nothing() {
    let mut gateway = Setup::new(SHOP).workers(1).start();
    let mut clients: Vec<Client> = (0..50).map(|_| gateway.connect()).collect();
    assert_serves(&gateway, "silent connections");
    assert_eq!(gateway.stop(), 0);
    for client in &mut clients {
        client.end();
    }
    // It was told to drain within half a minute; nobody was waited for, and nobody cut.
    let stopped = gateway.events("stopped");
    assert_eq!(stopped.first().and_then(|event| event.get("cut")?.as_u64()), Some(0), "{stopped:?}");
}

#[test]
fn a_head_that_comes_byte_by_byte_is_a_head() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    for byte in super::GOOD.as_bytes() {
        client.send([*byte]);
    }
    assert_eq!(client.read().status, 200);
}

#[test]
fn a_client_that_leaves_within_a_head_is_let_go_without_a_word() {
    let gateway = Gateway::start(SHOP);
    for start in ["", "G", "GET /detail/1 HTTP/1.1\r\nHost: a\r\n"] {
        let mut client = gateway.connect();
        assert_eq!(client.send(start).finish().end(), End::Closed, "{start:?}");
    }
    assert_serves(&gateway, "clients that left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_is_read_slowly_comes_whole_in_bounded_memory_while_others_are_served() {
    const SIZE: usize = 64 * 1024 * 1024;
    let large: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
    let backend = Faults::new(vec![vec![Act::Read, Act::Send(reply("", &large))]]);
    let address = backend.listen().await;
    let routes = format!(
        "{SHOP}
  - route: GET /large
    proxy: large:/
"
    );
    let routes = routes.replace("upstreams:\n", &format!("upstreams:\n  large: {{url: 'http://{address}'}}\n"));
    let gateway = Setup::new(&routes).workers(1).start();
    let worker = *gateway.workers(1).first().expect("one worker");
    let before = process::memory(worker);
    let mut client = gateway.connect();
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    // Nothing of it is read while others are served.
    for _ in 0..50 {
        assert_serves(&gateway, "a client that does not read");
    }
    let grown = process::memory(worker).saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB for an answer that nobody reads");
    let answer = client.read();
    assert!(!answer.cut && answer.body == large);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_answer_is_logged_as_cut() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    client.send("GET /slow?ms=30000 HTTP/1.1\r\nHost: a\r\nX-Request-Id: leaves-before-the-answer\r\n\r\n");
    drop(client);
    let line = gateway.logged("leaves-before-the-answer");
    assert_eq!((line.get("status"), line.get("cut")), (Some(&499.into()), Some(&true.into())), "{line}");
    assert_serves(&gateway, "a client that left");
}
