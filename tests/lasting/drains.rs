//! TERM while something lasts.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::json;

use super::{Backend, report, take, websocket};
use crate::support::gateway::Gateway;
use crate::support::http::{Client, End};

const RESTART: &[u8] = b"\x88\x02\x03\xf4";
/// A client's answer.
const GOODBYE: &[u8] = b"\x88\x82\0\0\0\0\x03\xf4";

fn number(report: &serde_json::Value, name: &str) -> u64 {
    report.get(name).and_then(serde_json::Value::as_u64).unwrap_or_else(|| panic!("no {name}: {report}"))
}

fn stream(gateway: &Gateway, backend: &Backend, kind: &str, first: &str) -> (Client, TcpStream, String) {
    let mut client = gateway.connect();
    client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut upstream, _) = backend.accept();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("{:X}\r\n{first}\r\n", first.len());
    upstream.write_all((head + &chunk).as_bytes()).expect("it is read");
    let answer = client.head();
    assert_eq!(answer.status, 200);
    assert!(client.fill_to(chunk.len()));
    assert_eq!(String::from_utf8_lossy(&client.drain()), chunk);
    let id = answer.header("x-request-id").expect("every answer has its id").to_owned();
    (client, upstream, id)
}

#[test]
fn a_websocket_is_told_to_come_back_and_its_backend_hears_the_goodbye() {
    let backend = Backend::listen();
    let mut gateway = backend.behind("cluster: {drain: 60s, stream_drain: 2s}");
    let (mut client, mut upstream, id) = websocket(&gateway, &backend);
    gateway.signal(Signal::TERM);
    assert_eq!(take(&mut client, RESTART.len()), RESTART);
    client.send(GOODBYE);
    let mut came = Vec::new();
    upstream.read_to_end(&mut came).expect("an end in good order");
    assert_eq!(came, GOODBYE);
    assert_eq!(client.end(), End::Closed);
    assert_eq!(gateway.wait().code(), Some(0));
    let report = report(&gateway);
    assert_eq!((number(&report, "websocket_told"), number(&report, "websocket_cut")), (1, 0), "{report}");
    let line = gateway.logged(&id);
    let told = ["status", "code", "cut"].map(|name| line.get(name).cloned().unwrap_or_default());
    assert_eq!(told, [json!(101), json!("drain_deadline"), json!(false)], "{line}");
}

#[test]
fn an_event_stream_ends_between_two_events_from_where_its_client_comes_back() {
    let backend = Backend::listen();
    let mut gateway = backend.behind("cluster: {drain: 60s, stream_drain: 2s}");
    let (mut client, _upstream, id) = stream(&gateway, &backend, "text/event-stream", "id: 1\ndata: a\n\n");
    gateway.signal(Signal::TERM);
    assert!(client.fill_to(5));
    assert_eq!(client.drain(), b"0\r\n\r\n", "a whole answer");
    assert_eq!(client.end(), End::Closed);
    assert_eq!(gateway.wait().code(), Some(0));
    let report = report(&gateway);
    assert_eq!((number(&report, "streaming_told"), number(&report, "streaming_cut")), (1, 0), "{report}");
    let line = gateway.logged(&id);
    assert_eq!((line.get("code"), line.get("cut")), (Some(&"drain_deadline".into()), Some(&false.into())), "{line}");
}

#[test]
fn what_would_look_whole_is_cut_by_its_own_deadline_while_a_request_still_has_its_time() {
    let backend = Backend::listen();
    let mut gateway = backend.behind("cluster: {drain: 60s, stream_drain: 300ms}");
    let (mut download, _first, id) = stream(&gateway, &backend, "application/octet-stream", "half of it");
    let (mut event, _second, _) = stream(&gateway, &backend, "text/event-stream", "data: half an ev");
    let mut request = gateway.connect();
    request.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut slow, _) = backend.accept();
    let mut idle = gateway.connect();
    assert_eq!(idle.send("GET /_forecourt/live HTTP/1.1\r\nHost: a\r\n\r\n").read().status, 200);
    gateway.signal(Signal::TERM);
    for client in [&mut download, &mut event] {
        // No last chunk.
        assert!(!client.fill_to(1), "more came: {:?}", client.drain());
    }
    assert_eq!(idle.end(), End::Closed);
    slow.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("it is read");
    let answer = request.read();
    assert_eq!((answer.status, answer.text().as_str(), answer.header("connection")), (200, "ok", Some("close")));
    assert_eq!(gateway.wait().code(), Some(0));
    let report = report(&gateway);
    let counts =
        ["idle", "in_flight_finished", "in_flight_cut", "streaming_told", "streaming_cut"].map(|name| number(&report, name));
    // The request for readiness came and went before.
    assert_eq!(counts, [1, 1, 0, 0, 2], "{report}");
    let line = gateway.logged(&id);
    assert_eq!((line.get("code"), line.get("cut")), (Some(&"drain_deadline".into()), Some(&true.into())), "{line}");
}

#[test]
fn half_a_head_does_not_hold_a_drain_for_its_whole_time() {
    let backend = Backend::listen();
    let mut gateway = backend.behind("");
    let mut client = gateway.connect();
    assert_eq!(client.send("GET /_forecourt/live HTTP/1.1\r\nHost: a\r\n\r\nGET /half").read().status, 200);
    let from = std::time::Instant::now();
    gateway.signal(Signal::TERM);
    let answer = client.read();
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    assert_eq!(client.end(), End::Closed);
    drop(client);
    assert_eq!(gateway.wait().code(), Some(0));
    // Ten would be its time.
    assert!(from.elapsed().as_secs() < 9, "{:?}", from.elapsed());
}
