use std::net::IpAddr;

use http::HeaderValue;

use super::*;

fn forward(request: &HeaderMap, peer: Peer<'_>) -> Result<HeaderMap, Nominated> {
    Forwarding::read(request, peer).map(|forwarding| forwarding.make().into_map())
}

fn forward_untouched(request: &HeaderMap, peer: Peer<'_>) -> Result<HeaderMap, Nominated> {
    Forwarding::untouched(request, peer).map(|forwarding| forwarding.make().into_map())
}

fn map(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

/// What reaches the upstream, without what is always there for this peer.
fn forwarded(sent: &[(&str, &str)]) -> Vec<String> {
    let mut headers = forward(&map(sent), Peer::default()).unwrap();
    for name in ["accept-encoding", "forwarded", "x-forwarded-proto"] {
        headers.remove(name);
    }
    lines(&headers)
}

#[test]
fn what_belongs_to_one_connection_is_not_forwarded() {
    for name in [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
        "Alt-Svc",
        "Expect",
        "X-Retry-Attempt",
        "Host",
        "Content-Length",
        "Range",
        "If-Range",
        "If-None-Match",
        "If-Modified-Since",
    ] {
        assert_eq!(forwarded(&[(name, "x"), ("X-Kept", "1")]), ["x-kept: 1"], "{name}");
    }
}

#[test]
fn cookies_go_up_on_one_line() {
    assert_eq!(
        forwarded(&[("Cookie", "a=1"), ("Cookie", "b=\"2\"; c=3"), ("X-A", "1")]),
        ["cookie: a=1; b=\"2\"; c=3", "x-a: 1"]
    );
    assert_eq!(forwarded(&[("Cookie", "a=1")]), ["cookie: a=1"]);
}

#[test]
fn what_connection_names_is_not_forwarded() {
    let sent =
        [("Connection", "close, X-A ,, x-b"), ("Connection", "x-c"), ("X-A", "1"), ("X-B", "2"), ("X-C", "3"), ("X-D", "4")];
    assert_eq!(forwarded(&sent), ["x-d: 4"]);
    // By then it is the gateway's own.
    assert_eq!(forwarded(&[("Connection", "x-request-id"), ("X-Request-Id", "1")]), ["x-request-id: 1"]);
}

#[test]
fn connection_cannot_name_what_must_arrive() {
    for name in [
        "Cookie",
        "AUTHORIZATION",
        "Host",
        "Forwarded",
        "X-Real-IP",
        "X-Forwarded-For",
        "X-Forwarded-Anything",
        "Content-Length",
        "Content-Type",
        "Origin",
        "Sec-WebSocket-Key",
    ] {
        let sent = map(&[("Connection", "close"), ("Connection", &format!("x-a,{name}")), ("Cookie", "a=b")]);
        assert_eq!(forward(&sent, Peer::default()), Err(Nominated(name.to_ascii_lowercase())), "{name}");
        assert_eq!(forward_untouched(&sent, Peer::default()), Err(Nominated(name.to_ascii_lowercase())), "{name}");
    }
}

#[test]
fn a_name_that_some_server_could_misread_is_dropped_and_counted() {
    let sent = [("X_User", "admin"), ("Content_Length", "5"), ("x.user", "1"), ("X-User", "2"), ("x_user", "3")];
    assert_eq!(forwarded(&sent), ["x-user: 2"]);
    assert_eq!(unforwardable(&map(&sent)), 4);
}

#[test]
fn other_headers_arrive_as_they_came() {
    let sent =
        [("X-A", "1"), ("X-A", "2"), ("Authorization", "Bearer x"), ("Content-Type", "application/json"), ("If-Match", "\"1\"")];
    let expected = ["authorization: Bearer x", "content-type: application/json", "if-match: \"1\"", "x-a: 1", "x-a: 2"];
    assert_eq!(forwarded(&sent), expected);
}

#[test]
fn the_peer_is_told_of_whatever_the_client_wrote() {
    let forged = [
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil"),
        ("X-Forwarded-Port", "1"),
        ("X-Forwarded-Prefix", "/x"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Real-IP", "1.2.3.4"),
        ("Forwarded", "for=1.2.3.4"),
    ];
    let told = |ip: Option<&str>, secure, host: Option<&str>| {
        let peer = Peer { ip: ip.map(|ip| ip.parse::<IpAddr>().unwrap()), secure, host };
        let mut headers = forward(&map(&forged), peer).unwrap();
        headers.remove("accept-encoding");
        lines(&headers)
    };
    assert_eq!(
        told(Some("192.0.2.7"), true, Some("shop.example:8443")),
        [
            "forwarded: for=192.0.2.7;proto=https;host=\"shop.example:8443\"",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: shop.example:8443",
            "x-forwarded-proto: https",
            "x-real-ip: 192.0.2.7",
        ]
    );
    assert_eq!(
        told(Some("2001:db8::7"), false, None),
        [
            "forwarded: for=\"[2001:db8::7]\";proto=http",
            "x-forwarded-for: 2001:db8::7",
            "x-forwarded-proto: http",
            "x-real-ip: 2001:db8::7",
        ]
    );
    assert_eq!(told(Some("::ffff:192.0.2.7"), false, None)[1], "x-forwarded-for: 192.0.2.7");
    assert_eq!(told(None, false, None), ["forwarded: proto=http", "x-forwarded-proto: http"]);
    for odd in ["", "a\"b", "a,b", "a b", "a;b", "é"] {
        assert_eq!(told(None, false, Some(odd)), ["forwarded: proto=http", "x-forwarded-proto: http"], "{odd:?}");
    }
}

#[test]
fn a_call_asks_for_codings_that_are_understood_and_a_proxied_one_for_the_client_s() {
    let sent = map(&[("Accept-Encoding", "gzip, sdch"), ("Range", "bytes=0-1"), ("If-None-Match", "\"x\"")]);
    let call = forward(&sent, Peer::default()).unwrap();
    assert_eq!(call["accept-encoding"], ACCEPT_ENCODING);
    assert_eq!((call.get("range"), call.get("if-none-match")), (None, None));
    let proxied = forward_untouched(&sent, Peer::default()).unwrap();
    assert_eq!(
        (&proxied["accept-encoding"], &proxied["range"], &proxied["if-none-match"]),
        (&sent["accept-encoding"], &sent["range"], &sent["if-none-match"])
    );
    assert!(forward_untouched(&map(&[]), Peer::default()).unwrap().get("accept-encoding").is_none());
}

#[test]
fn a_reply_loses_what_ends_here() {
    let mut reply = map(&[
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=20"),
        ("Proxy-Authenticate", "Basic"),
        ("Trailer", "X-Sum"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("Alt-Svc", "h3=\":443\""),
        ("Server", "Apache-Coyote/1.1"),
        ("X-Powered-By", "JSP/2.3"),
        ("Content-Type", "application/json"),
        ("X_Kept", "1"),
    ]);
    strip_reply(&mut reply);
    assert_eq!(lines(&reply), ["content-type: application/json", "x_kept: 1"]);
}

#[test]
fn cookies_stay_separate_and_connection_cannot_take_them_away() {
    let mut reply = map(&[
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2, 3"),
        ("Connection", "set-cookie, content-type, cache-control"),
        ("Cache-Control", "no-store"),
        ("Content-Type", "text/html"),
    ]);
    strip_reply(&mut reply);
    assert_eq!(
        lines(&reply),
        ["cache-control: no-store", "content-type: text/html", "set-cookie: a=1; Path=/", "set-cookie: b=2, 3"]
    );
}

#[test]
fn a_new_body_leaves_nothing_that_speaks_of_the_old_one() {
    let reply = map(&[
        ("ETag", "\"1\""),
        ("Last-Modified", "x"),
        ("Content-MD5", "x"),
        ("Digest", "x"),
        ("Content-Digest", "x"),
        ("Repr-Digest", "x"),
        ("Content-Length", "5"),
        ("Content-Encoding", "gzip"),
        ("Accept-Ranges", "bytes"),
        ("Content-Range", "bytes 0-4/5"),
        ("Content-Type", "application/json"),
        ("Set-Cookie", "a=1"),
    ]);
    assert_eq!(lines(&for_new_body(&reply)), ["content-type: application/json", "set-cookie: a=1"]);
}

#[test]
fn a_rule_cannot_set_what_follows_from_the_body() {
    for name in ["content-length", "transfer-encoding", "connection", "te", "upgrade", "expect", "trailer", "keep-alive"] {
        assert!(!settable(&HeaderName::from_static(name)), "{name}");
    }
    for name in ["host", "authorization", "x-client", "cookie", "content-type"] {
        assert!(settable(&HeaderName::from_static(name)), "{name}");
    }
}
