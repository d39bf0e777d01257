//! As much as is allowed passes, one more is refused.

use super::{SHOP, assert_problem, assert_serves, refused};
use crate::support::gateway::Gateway;
use crate::support::http::Client;

const URI: usize = 8 * 1024;
const HEAD: usize = 32 * 1024;
const HEADERS: usize = 100;
const BODY: usize = 1024 * 1024;

/// `SHOP` with limits of its own.
fn limited(limits: &str) -> Gateway {
    Gateway::start(&format!("limits: {limits}\n{SHOP}"))
}

fn with_target(length: usize) -> String {
    let start = "/_forecourt/live?";
    format!("GET {start}{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length - start.len()))
}

fn with_head(length: usize) -> String {
    let head = |filler: usize| format!("GET /_forecourt/live HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(filler));
    head(length - head(0).len())
}

fn with_headers(count: usize) -> String {
    format!("GET /_forecourt/live HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1))
}

fn order(length: usize) -> String {
    let around = r#"{"note":""}"#.len();
    format!(r#"{{"note":"{}"}}"#, "a".repeat(length - around))
}

/// `fits` is answered 200, `over` with this status and code; then the gateway goes on.
fn assert_limit(gateway: &Gateway, fits: &str, over: &str, expected: (u16, &str)) {
    assert_eq!(gateway.raw(fits).status, 200, "{expected:?}");
    assert_problem(gateway, &refused(gateway, over.as_bytes()), expected, "one over");
    assert_serves(gateway, expected.1);
}

#[test]
fn the_target_has_its_limit() {
    let gateway = Gateway::start(SHOP);
    assert_limit(&gateway, &with_target(URI), &with_target(URI + 1), (414, "uri_too_long"));
    // Far over, and no end in sight: refused before it is all there.
    let endless = "a".repeat(URI * 4);
    assert_problem(&gateway, &refused(&gateway, format!("GET /{endless}").as_bytes()), (414, "uri_too_long"), "endless");
    assert_limit(&limited("{uri: 100B}"), &with_target(100), &with_target(101), (414, "uri_too_long"));
}

#[test]
fn the_head_has_its_limit() {
    let gateway = Gateway::start(SHOP);
    assert_limit(&gateway, &with_head(HEAD), &with_head(HEAD + 1), (431, "head_too_large"));
    let endless = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(HEAD * 4));
    assert_problem(&gateway, &refused(&gateway, endless.as_bytes()), (431, "head_too_large"), "endless");
    assert_limit(&limited("{head: 2KiB}"), &with_head(2048), &with_head(2049), (431, "head_too_large"));
}

#[test]
fn the_number_of_headers_has_its_limit() {
    let gateway = Gateway::start(SHOP);
    assert_limit(&gateway, &with_headers(HEADERS), &with_headers(HEADERS + 1), (431, "head_too_large"));
    assert_limit(&limited("{headers: 10}"), &with_headers(10), &with_headers(11), (431, "head_too_large"));
}

#[test]
fn a_body_of_announced_size_has_its_limit() {
    let gateway = Gateway::start(SHOP);
    let post =
        |length: usize| gateway.request("POST", "/orders", &[("Content-Type", "application/json")], order(length).as_bytes());
    let fits = post(BODY);
    assert_ne!(fits.status, 413, "{}", fits.text());
    assert_problem(&gateway, &post(BODY + 1), (413, "body_too_large"), "one over");
    assert_serves(&gateway, "a large body");
}

#[test]
fn a_body_in_chunks_has_the_same_limit() {
    let gateway = limited("{body: 10KiB}");
    let send = |client: &mut Client, length: usize| {
        client.send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in order(length).as_bytes().chunks(1000) {
            client.send(format!("{:x}\r\n", piece.len())).send(piece).send("\r\n");
        }
        client.send("0\r\n\r\n").read()
    };
    let fits = send(&mut gateway.connect(), 10 * 1024);
    assert_ne!(fits.status, 413, "{}", fits.text());
    let mut client = gateway.connect();
    let over = send(&mut client, 10 * 1024 + 1);
    assert_problem(&gateway, &over, (413, "body_too_large"), "one over");
    super::assert_closed(&mut client, &over);
    assert_serves(&gateway, "a large body in chunks");
}

#[test]
fn an_upload_far_over_the_limit_is_answered_while_it_comes_and_is_not_read_to_its_end() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    client.send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000000000\r\n\r\n");
    let answer = client.read();
    assert_problem(&gateway, &answer, (413, "body_too_large"), "a hundred gigabytes");
    assert_serves(&gateway, "a hundred gigabytes");
}

#[test]
fn a_client_that_waits_for_leave_to_send_is_told_no_without_it() {
    let gateway = Gateway::start(SHOP);
    let head = |length: usize| {
        format!(
            "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    assert_eq!(gateway.raw(head(BODY + 1)).status, 413);
    let mut client = gateway.connect();
    assert_eq!(client.send(head(100)).read().status, 100);
    assert!(client.send(order(100)).read().status != 413);
}
