//! WebSockets.

use std::io::{Read, Write};
use std::net::Shutdown;

use serde_json::json;

use super::{Backend, take, websocket};
use crate::support::http::{Client, End};

/// More than every buffer on the way.
const MUCH: usize = 8 * 1024 * 1024;

/// Bytes in which a loss or a change shows.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 13 & 0xff).unwrap_or_default()).collect()
}

#[test]
fn much_flows_both_ways_at_once_and_arrives_as_it_left() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let (mut client, mut upstream, id) = websocket(&gateway, &backend);
    let mut sending = Client::over(client.socket().try_clone().expect("a second handle"));
    let mut receiving = upstream.try_clone().expect("a second handle");
    let up = std::thread::spawn(move || {
        sending.send(noise(MUCH));
        sending.finish();
    });
    let arrived = std::thread::spawn(move || {
        let mut came = Vec::new();
        receiving.read_to_end(&mut came).expect("an end in good order");
        came
    });
    let down = std::thread::spawn(move || {
        upstream.write_all(&noise(MUCH)).expect("the gateway reads");
        upstream.shutdown(Shutdown::Write).expect("it is open");
        upstream
    });
    assert!(client.fill_to(MUCH));
    assert!(client.drain() == noise(MUCH), "what came down is not what was sent");
    assert_eq!(client.end(), End::Closed);
    up.join().expect("it was sent");
    assert!(arrived.join().expect("it came") == noise(MUCH), "what came up is not what was sent");
    drop(down.join().expect("it was sent"));
    let line = gateway.logged(&id);
    let told = ["status", "bytes", "cut", "code", "route"].map(|name| line.get(name).cloned().unwrap_or_default());
    assert_eq!(told, [json!(101), json!(MUCH), json!(false), json!(null), json!("ANY /{*rest}")], "{line}");
}

#[test]
fn a_backend_that_does_not_agree_is_heard_and_the_connection_serves_on() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    client.send(super::HANDSHAKE);
    let (mut upstream, _) = backend.accept();
    upstream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nConnection: close\r\n\r\nnot you").expect("it is read");
    let answer = client.read();
    assert_eq!((answer.status, answer.text().as_str()), (403, "not you"));
    client.send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut upstream, head) = backend.accept();
    assert!(head.starts_with("GET /plain HTTP/1.1\r\n"), "{head}");
    upstream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("it is read");
    assert_eq!(client.read().text(), "ok");
}

#[test]
fn a_backend_that_tears_its_end_down_ends_the_client_s() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let (mut client, mut upstream, id) = websocket(&gateway, &backend);
    upstream.write_all(b"\x81\x02hi").expect("it is read");
    assert_eq!(take(&mut client, 4), b"\x81\x02hi");
    // What the client sent and nobody read makes the system reset the connection.
    client.send("\u{1}");
    let mut byte = [0];
    assert_eq!(upstream.peek(&mut byte).expect("it comes"), 1);
    drop(upstream);
    assert_eq!(client.end(), End::Closed);
    let line = gateway.logged(&id);
    assert_eq!((line.get("code"), line.get("cut")), (Some(&"upstream_reset".into()), Some(&true.into())), "{line}");
}
