//! Bytes that no honest client sends, against the shipped binary.
//!
//! Each is answered with its documented status as a problem document with a code and a request id, leaves its line in the
//! access log, and the gateway serves the next request. Waits of ten seconds and more are in `clock.rs`, with the clock in
//! hand.

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod clock;
mod heads;
mod limits;
mod paths;
mod pipelines;
mod prior_knowledge;
mod slowness;

use support::gateway::Gateway;
use support::http::{Answer, Client, End};

/// A shop in front of the sample backend.
const SHOP: &str = "
upstreams:
  shop: {url: 'demo:', envelope: mall}
  files: {url: 'demo:'}
routes:
  - route: GET /detail/{id}
    input: {path: {id: {type: integer, minimum: 1}}}
    call: GET shop:/api/items/{path.id}
  - route: POST /orders
    call: POST shop:/api/orders
  - route: GET /slow
    call: GET shop:/api/slow
  - route: GET /files/{*rest}
    proxy: files:/files/{path.rest}
";

const GOOD: &str = "GET /detail/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n";

/// A problem document with this status and code, whose line in the access log says the same.
fn assert_problem(gateway: &Gateway, answer: &Answer, expected: (u16, &str), about: &str) -> serde_json::Value {
    assert_eq!((answer.status, answer.problem().as_str()), expected, "{about}");
    let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
    let logged = (line.get("status"), line.get("code"));
    assert_eq!(logged, (Some(&expected.0.into()), Some(&expected.1.into())), "{about}: {line}");
    line
}

/// The gateway is as it was.
fn assert_serves(gateway: &Gateway, about: &str) {
    let answer = gateway.raw(GOOD);
    assert_eq!(answer.status, 200, "after {about}: {answer:?}");
}

/// Sends `bytes`, reads the one answer, and sees the connection close.
fn refused(gateway: &Gateway, bytes: &[u8]) -> Answer {
    let mut client = gateway.connect();
    let answer = client.send(bytes).read();
    assert_closed(&mut client, &answer);
    answer
}

fn assert_closed(client: &mut Client, answer: &Answer) {
    assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
    assert_eq!(client.end(), End::Closed, "{answer:?}");
}
