//! Streams of events leave as they come.

use std::io::Write;
use std::time::{Duration, Instant};

use super::Backend;
use crate::support::http::End;

const EVENTS: usize = 200;

#[test]
fn every_event_arrives_before_the_next_one_is_sent() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    client.send("GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
    let (mut upstream, _) = backend.accept();
    upstream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .expect("it is read");
    // The head does not wait for an event.
    assert_eq!(client.head().header("content-type"), Some("text/event-stream"));
    let mut times: Vec<Duration> = Vec::new();
    for number in 100..100 + EVENTS {
        let event = format!("B\r\ndata: {number}\n\n\r\n");
        let sent = Instant::now();
        upstream.write_all(event.as_bytes()).expect("it is read");
        assert!(client.fill_to(event.len()));
        times.push(sent.elapsed());
        assert_eq!(String::from_utf8_lossy(&client.drain()), event);
    }
    times.sort_unstable();
    let (median, worst) = (times.get(EVENTS / 2), times.last());
    std::io::stderr().write_all(format!("{EVENTS} events: median {median:?}, worst {worst:?}\n").as_bytes()).expect("it is open");
    upstream.write_all(b"0\r\n\r\n").expect("it is read");
    assert!(client.fill_to(5));
    assert_eq!(client.drain(), b"0\r\n\r\n");
    drop(client);
}

#[test]
fn a_stream_that_its_backend_breaks_off_is_cut_and_never_looks_whole() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut upstream, _) = backend.accept();
    upstream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n: a\n\n\r\n")
        .expect("it is read");
    assert_eq!(client.head().status, 200);
    assert!(client.fill_to(10));
    assert_eq!(client.drain(), b"5\r\n: a\n\n\r\n");
    drop(upstream);
    assert!(matches!(client.end(), End::Closed | End::Reset));
}
