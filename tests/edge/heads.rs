//! Heads that servers read in different ways, after the cases that were probed against hyper, nginx and HAProxy.

use super::{GOOD, SHOP, assert_problem, assert_serves, refused};
use crate::support::gateway::Gateway;

/// Header lines behind `POST /orders HTTP/1.1` and `Host: shop.example`, with the rule that each breaks.
const FRAMINGS: [(&str, &str); 29] = [
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", "length_and_encoding"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", "length_and_encoding"),
    ("Content-Length: 5\r\nContent-Length: 5", "content_length_twice"),
    ("Content-Length: 5\r\nContent-Length: 6", "content_length_twice"),
    ("Content-Length: 5, 5", "content_length"),
    ("Content-Length: 5,6", "content_length"),
    ("Content-Length: +2", "content_length"),
    ("Content-Length: -1", "content_length"),
    ("Content-Length: 0x2", "content_length"),
    ("Content-Length: 2 2", "content_length"),
    ("Content-Length:", "content_length"),
    ("Content-Length: 9223372036854775808", "content_length"),
    ("Content-Length: 18446744073709551616", "content_length"),
    ("Transfer-Encoding: identity", "transfer_encoding"),
    ("Transfer-Encoding: identity, chunked", "transfer_encoding"),
    ("Transfer-Encoding: gzip, chunked", "transfer_encoding"),
    ("Transfer-Encoding: chunked, chunked", "transfer_encoding"),
    ("Transfer-Encoding: chunked, identity", "transfer_encoding"),
    ("Transfer-Encoding: xchunked", "transfer_encoding"),
    ("Transfer-Encoding: \"chunked\"", "transfer_encoding"),
    ("Transfer-Encoding: \u{b}chunked", "control_character"),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "transfer_encoding_twice"),
    ("Transfer-Encoding : chunked", "space_before_colon"),
    ("X: a\r\n b", "obs_fold"),
    ("X: a\rb", "bare_cr"),
    ("X: a\0b", "control_character"),
    (": a", "header_name"),
    ("X Y: a", "header_name"),
    ("no colon here", "header_line"),
];

/// Header lines of a whole head of `GET /`, for whom it is.
const HOSTS: [(&str, &str); 8] = [
    ("X: a", "host_missing"),
    ("Host: a\r\nHost: a", "host_twice"),
    ("Host: a\r\nHost: b", "host_twice"),
    ("Host: a/b", "host"),
    ("Host: a, b", "host"),
    ("Host: x@a", "host"),
    ("Host: a:b", "host"),
    ("Host:", "host"),
];

/// Request lines.
const LINES: [(&str, &str); 21] = [
    ("GET http://evil/ HTTP/1.1", "authority"),
    ("GET a:80 HTTP/1.1", "request_target"),
    ("GET a HTTP/1.1", "request_target"),
    ("GET ftp://a/ HTTP/1.1", "request_target"),
    ("GET * HTTP/1.1", "request_target"),
    ("GET /a#b HTTP/1.1", "fragment"),
    ("GET /%zz HTTP/1.1", "percent_escape"),
    ("GET /% HTTP/1.1", "percent_escape"),
    ("GET /\u{e9} HTTP/1.1", "non_ascii"),
    ("GET /\0 HTTP/1.1", "request_target"),
    ("GET  / HTTP/1.1", "request_line"),
    ("GET /  HTTP/1.1", "http_version"),
    ("GET\t/ HTTP/1.1", "method"),
    ("GET / HTTP/1.1 ", "http_version"),
    ("GET /a b HTTP/1.1", "http_version"),
    ("GET /", "request_line"),
    ("GET / HTTP/1.2", "http_version"),
    ("GET / HTTP/2.0", "http_version"),
    ("GET / HTTP/0.9", "http_version"),
    (" GET / HTTP/1.1", "method"),
    ("G(T / HTTP/1.1", "method"),
];

fn bad_requests() -> Vec<(String, &'static str)> {
    let mut all: Vec<(String, &str)> = vec![
        ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), "bare_lf"),
        ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n".to_owned(), "bare_lf"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n".to_owned(), "bare_lf"),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), "encoding_in_http_10"),
        ("GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "authority"),
        // What a browser sends to a port that it believes to speak TLS.
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned(), "method"),
    ];
    all.extend(FRAMINGS.map(|(lines, rule)| (format!("POST /orders HTTP/1.1\r\nHost: shop.example\r\n{lines}\r\n\r\n"), rule)));
    all.extend(HOSTS.map(|(lines, rule)| (format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n"), rule)));
    all.extend(LINES.map(|(line, rule)| (format!("{line}\r\nHost: a\r\n\r\n"), rule)));
    all
}

#[test]
fn heads_that_servers_disagree_on_are_answered_400_and_nothing_behind_them_is_served() {
    let gateway = Gateway::start(SHOP);
    for (head, rule) in bad_requests() {
        let answer = refused(&gateway, format!("{head}{GOOD}").as_bytes());
        let line = assert_problem(&gateway, &answer, (400, "bad_request"), &head);
        assert!(answer.text().contains(&format!("({rule})")), "{head:?}: {}", answer.text());
        assert_eq!(line.get("route"), Some(&serde_json::Value::Null), "{head:?}: {line}");
        assert_serves(&gateway, &head);
    }
}

#[test]
fn a_refused_head_is_logged_as_it_came() {
    let gateway = Gateway::start(SHOP);
    for (head, method, path) in [
        ("DELETE /a/../b?c=d HTTP/1.1\r\nHost: a b\r\n\r\n", "DELETE", "/a/../b?c=d"),
        ("GET / HTTP/1.1\nHost: a\n\n", "GET", "/"),
        // Too broken to tell.
        ("\u{16}\u{3}\u{1}", "", ""),
        ("GET\r\n\r\n", "", ""),
    ] {
        let line = assert_problem(&gateway, &refused(&gateway, head.as_bytes()), (400, "bad_request"), head);
        assert_eq!((line.get("method"), line.get("path")), (Some(&method.into()), Some(&path.into())), "{line}");
    }
}

#[test]
fn what_the_gateway_cannot_do_has_a_status_of_its_own() {
    let gateway = Gateway::start(SHOP);
    for (head, status, code) in [
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405, "method_not_allowed"),
        ("POST /orders HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n", 417, "expectation_failed"),
        ("POST /orders HTTP/1.1\r\nHost: a\r\nExpect: y 100-continue\r\nContent-Length: 2\r\n\r\n", 417, "expectation_failed"),
    ] {
        assert_problem(&gateway, &refused(&gateway, head.as_bytes()), (status, code), head);
        assert_serves(&gateway, head);
    }
}

#[test]
fn a_browser_gets_its_refusal_as_a_document_too_because_nothing_of_a_bad_head_is_believed() {
    let gateway = Gateway::start(SHOP);
    let head = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nAccept: text/html\r\nX-Request-Id: chosen-by-client\r\n\r\n";
    let answer = refused(&gateway, head.as_bytes());
    assert_problem(&gateway, &answer, (400, "bad_request"), head);
    assert_ne!(answer.header("x-request-id"), Some("chosen-by-client"));
}

#[test]
fn unusual_heads_that_mean_one_thing_only_are_served() {
    let gateway = Gateway::start(SHOP);
    for head in [
        "GET /detail/1 HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n",
        "GET /detail/1 HTTP/1.1\r\nHOST:   a:8080 \t\r\nX:\r\n\r\n",
        "GET http://shop.example/detail/1 HTTP/1.1\r\nHost: Shop.Example\r\n\r\n",
        "\r\n\r\nGET /detail/1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        "GET /detail/%31?a=[b]|{c} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /detail/1 HTTP/1.1\r\nHost: a\r\nX: caf\u{e9}\r\n\r\n",
        "GET /detail/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        "GET /detail/1 HTTP/1.0\r\n\r\n",
    ] {
        let answer = gateway.raw(head);
        assert_eq!(answer.status, 200, "{head:?}: {}", answer.text());
    }
    let about_the_server = gateway.raw("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(about_the_server.status < 500, "{about_the_server:?}");
}
