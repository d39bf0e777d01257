//! Several requests on one connection.

use super::{GOOD, SHOP, assert_closed, assert_problem, assert_serves};
use crate::support::gateway::Gateway;
use crate::support::http::End;

const BAD: &str = "GET /detail/2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";

#[test]
fn a_bad_request_behind_good_ones_is_refused_after_their_answers_and_ends_the_connection() {
    let gateway = Gateway::start(SHOP);
    for good in 1..4 {
        let mut client = gateway.connect();
        client.send(format!("{}{BAD}{GOOD}", GOOD.repeat(good)));
        for _ in 0..good {
            assert_eq!(client.read().status, 200);
        }
        let answer = client.read();
        assert_problem(&gateway, &answer, (400, "bad_request"), "bad behind good");
        assert_closed(&mut client, &answer);
    }
    assert_serves(&gateway, "a pipeline");
}

#[test]
fn answers_come_in_the_order_of_the_requests_however_long_each_takes() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send([get("/slow?ms=300"), get("/detail/1"), get("/nothing"), get("/detail/0")].concat());
    let statuses: Vec<u16> = (0..4).map(|_| client.read().status).collect();
    assert_eq!(statuses, [200, 200, 404, 422]);
}

#[test]
fn a_request_smuggled_into_a_body_stays_a_body() {
    let gateway = Gateway::start(SHOP);
    let hidden = "GET /detail/1 HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut client = gateway.connect();
    client.send(format!("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()));
    let first = client.read();
    client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((first.status >= 400, client.read().status), (true, 404), "{first:?}");
}

#[test]
fn an_unread_body_does_not_become_a_request() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    // No route takes it, so nobody reads its body; what follows it is a request, not the body.
    let body = "GET /detail/1 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(format!("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    assert_eq!(client.read().status, 404);
    client.send("GET /detail/0 HTTP/1.1\r\nHost: a\r\n\r\n");
    match client.try_read("GET") {
        Ok(answer) => assert_eq!(answer.status, 422),
        Err(end) => assert_eq!(end, End::Closed),
    }
}

#[test]
fn a_connection_serves_a_thousand_requests_and_then_closes_politely() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    for number in 1..=1000 {
        let answer = client.send("GET /_forecourt/live HTTP/1.1\r\nHost: a\r\n\r\n").read();
        assert_eq!(answer.header("connection"), (number == 1000).then_some("close"), "request {number}");
    }
    assert_eq!(client.end(), End::Closed);
}
