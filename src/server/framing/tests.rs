//! Heads and bodies that HTTP servers are known to read differently.

mod laws;

use super::*;
use Refusal::{BadRequest, ExpectationFailed, HeadTooLarge, MethodNotAllowed, UriTooLong};

/// What became of the bytes that did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Wait,
    Refused(Refusal),
    Broken(&'static str),
    /// They come behind a request for WebSocket.
    Hold,
}

/// Feeds `bytes` in pieces that end at `cuts`, as a reader would, and gives back what passed and how it ended.
fn feed(bytes: &[u8], cuts: &[usize], limits: Limits) -> (Vec<u8>, Rest, u64) {
    let mut scanner = Scanner::new(limits);
    let (mut passed, mut kept, mut from, mut heads) = (Vec::new(), Vec::new(), 0, 0);
    for to in cuts.iter().copied().chain([bytes.len()]) {
        kept.extend_from_slice(&bytes[from..to]);
        from = to;
        while !kept.is_empty() {
            let (taken, rest) = match scanner.next(&kept) {
                Step::Wait(taken) => (taken, Some(Rest::Wait)),
                Step::Head(head) => {
                    heads += 1;
                    (head.length, (head.framing == Framing::Switch).then_some(Rest::Hold))
                }
                Step::Data { skip, bytes } => (skip + bytes, None),
                Step::Ended(taken, _) => (taken, None),
                Step::Refused(refusal) => (0, Some(Rest::Refused(refusal))),
                Step::Broken(taken, rule) => (taken, Some(Rest::Broken(rule))),
            };
            passed.extend(kept.drain(..taken));
            match rest {
                None => {}
                Some(Rest::Wait) => break,
                Some(Rest::Hold) if kept.is_empty() => {}
                Some(rest) => return (passed, rest, heads),
            }
        }
    }
    (passed, Rest::Wait, heads)
}

fn whole(bytes: &[u8]) -> Rest {
    feed(bytes, &[], Limits::default()).1
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Heads that HTTP servers disagree on, after the cases that were probed against hyper, nginx and HAProxy.
fn refused_heads() -> Vec<(String, Refusal)> {
    let get = |lines: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
    let post = |lines: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
    let host = |host: &str| format!("GET / HTTP/1.1\r\n{host}\r\n\r\n");
    let line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n");
    let bad = BadRequest;
    vec![
        // Where the body ends.
        (post("Content-Length: 5\r\nTransfer-Encoding: chunked"), bad("length_and_encoding")),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 5"), bad("length_and_encoding")),
        (post("Content-Length: 5\r\nContent-Length: 5"), bad("content_length_twice")),
        (post("Content-Length: 5\r\nContent-Length: 6"), bad("content_length_twice")),
        (post("Content-Length: 5, 5"), bad("content_length")),
        (post("Content-Length: 5,6"), bad("content_length")),
        (post("Content-Length: +2"), bad("content_length")),
        (post("Content-Length: -1"), bad("content_length")),
        (post("Content-Length: 0x2"), bad("content_length")),
        (post("Content-Length: 2 2"), bad("content_length")),
        (post("Content-Length:"), bad("content_length")),
        (post("Content-Length: 1e3"), bad("content_length")),
        (post("Content-Length: \"2\""), bad("content_length")),
        (post("Content-Length: 9223372036854775808"), bad("content_length")),
        (post("Content-Length: 18446744073709551616"), bad("content_length")),
        (post("Transfer-Encoding: identity, chunked"), bad("transfer_encoding")),
        (post("Transfer-Encoding: gzip, chunked"), bad("transfer_encoding")),
        (post("Transfer-Encoding: chunked, chunked"), bad("transfer_encoding")),
        (post("Transfer-Encoding: chunked, identity"), bad("transfer_encoding")),
        (post("Transfer-Encoding: chunked,"), bad("transfer_encoding")),
        (post("Transfer-Encoding: xchunked"), bad("transfer_encoding")),
        (post("Transfer-Encoding: identity"), bad("transfer_encoding")),
        (post("Transfer-Encoding: \"chunked\""), bad("transfer_encoding")),
        (post("Transfer-Encoding: 'chunked'"), bad("transfer_encoding")),
        (post("Transfer-Encoding: chunked;a=b"), bad("transfer_encoding")),
        (post("Transfer-Encoding:"), bad("transfer_encoding")),
        (post("Transfer-Encoding: \u{b}chunked"), bad("control_character")),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), bad("transfer_encoding_twice")),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), bad("transfer_encoding_twice")),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), bad("encoding_in_http_10")),
        // How a line ends and what is in it.
        ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), bad("bare_lf")),
        ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n".to_owned(), bad("bare_lf")),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n".to_owned(), bad("bare_lf")),
        ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), bad("bare_lf")),
        ("\r\n".repeat(9), bad("blank_lines")),
        (get("X: a\rb"), bad("bare_cr")),
        (get("X: a\r"), bad("bare_cr")),
        (get("X: a\0b"), bad("control_character")),
        (get("X: a\u{1}b"), bad("control_character")),
        (get("X: a\u{7f}b"), bad("control_character")),
        (get("X\0: a"), bad("header_name")),
        (get("X: a\r\n b"), bad("obs_fold")),
        (get("X: a\r\n\tb"), bad("obs_fold")),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n".to_owned(), bad("obs_fold")),
        (get("X : a"), bad("space_before_colon")),
        (get("X\t: a"), bad("space_before_colon")),
        (get("Transfer-Encoding : chunked"), bad("space_before_colon")),
        (get(": a"), bad("header_name")),
        (get("X Y: a"), bad("header_name")),
        (get("X(Y): a"), bad("header_name")),
        (get("X\u{e9}: a"), bad("header_name")),
        (get("no colon here"), bad("header_line")),
        // Whom it is for.
        (host("X: a"), bad("host_missing")),
        (host("Host: a\r\nHost: a"), bad("host_twice")),
        (host("Host: a\r\nhost: b"), bad("host_twice")),
        (host("Host:"), bad("host")),
        (host("Host: a/b"), bad("host")),
        (host("Host: a, b"), bad("host")),
        (host("Host: x@a"), bad("host")),
        (host("Host: a b"), bad("host")),
        (host("Host: a:b"), bad("host")),
        (host("Host: a:80:80"), bad("host")),
        (line("GET http://evil/ HTTP/1.1"), bad("authority")),
        (line("GET http://x@a/ HTTP/1.1"), bad("authority")),
        (line("GET http:///a HTTP/1.1"), bad("authority")),
        (line("GET http://a:80/ HTTP/1.1"), bad("authority")),
        // The request line.
        (line("GET a:80 HTTP/1.1"), bad("request_target")),
        (line("GET a HTTP/1.1"), bad("request_target")),
        (line("GET * HTTP/1.1"), bad("request_target")),
        (line("GET ftp://a/ HTTP/1.1"), bad("request_target")),
        (line("CONNECT a:443 HTTP/1.1"), MethodNotAllowed),
        (line("GET /a#b HTTP/1.1"), bad("fragment")),
        (line("GET /%zz HTTP/1.1"), bad("percent_escape")),
        (line("GET /% HTTP/1.1"), bad("percent_escape")),
        (line("GET /?a=%4 HTTP/1.1"), bad("percent_escape")),
        (line("GET /\u{e9} HTTP/1.1"), bad("non_ascii")),
        (line("GET /\0 HTTP/1.1"), bad("request_target")),
        (line("GET /<a> HTTP/1.1"), bad("request_target")),
        (line("GET  / HTTP/1.1"), bad("request_line")),
        (line("GET /  HTTP/1.1"), bad("http_version")),
        (line("GET\t/ HTTP/1.1"), bad("method")),
        (line("GET /\tHTTP/1.1"), bad("request_line")),
        (line("GET / HTTP/1.1 "), bad("http_version")),
        (line("GET /a b HTTP/1.1"), bad("http_version")),
        (line("GET /"), bad("request_line")),
        (line("GET"), bad("request_line")),
        (line("GET / HTTP/1.2"), bad("http_version")),
        (line("GET / HTTP/2.0"), bad("http_version")),
        (line("GET / HTTP/0.9"), bad("http_version")),
        (line("GET / http/1.1"), bad("http_version")),
        (line("GET / HTTP/1.10"), bad("http_version")),
        (line(" GET / HTTP/1.1"), bad("method")),
        (line("G(T / HTTP/1.1"), bad("method")),
        (line(&format!("{} / HTTP/1.1", "A".repeat(33))), bad("method")),
        ("\u{16}\u{3}\u{1}".to_owned(), bad("method")),
        // What it expects.
        (post("Expect: 200-ok"), ExpectationFailed),
        (post("Expect: y 100-continue"), ExpectationFailed),
        (post("Expect:"), ExpectationFailed),
        (post("Expect: 100-continue\r\nExpect: x"), ExpectationFailed),
    ]
}

fn accepted_requests() -> Vec<String> {
    let get = |lines: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let mut requests = vec![
        get(""),
        get("X:\r\n"),
        get("X: \t a b \t\r\n"),
        get("X: caf\u{e9}\r\n"),
        get("Content-Length: 0\r\n"),
        get("Content_Length: 5\r\n"),
        get("Expect: 100-Continue\r\n"),
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "get /a?b=[c]|{d}^`e HTTP/1.1\r\nHOST: shop.example:8080\r\n\r\n".to_owned(),
        "GET /a/../b;c//d\\e%2f%00 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n".to_owned(),
        "GET http://A:1/b?c HTTP/1.1\r\nHost:  a:1 \r\n\r\n".to_owned(),
        "GET https://a HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\nGET / H".to_owned(),
    ];
    for body in ["0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "0003;a=\"b c\";d\r\nabc\r\nA\r\n0123456789\r\n000\r\nX: y\r\nZ:\r\n\r\n"]
    {
        requests.push(format!("{CHUNKED}{body}"));
    }
    requests
}

#[test]
fn heads_that_servers_disagree_on_are_refused_however_they_are_cut() {
    for (head, refusal) in refused_heads() {
        let expected = (Vec::new(), Rest::Refused(refusal), 0);
        for cut in 0..head.len() {
            let (passed, rest, heads) = feed(head.as_bytes(), &[cut], Limits::default());
            // Blank lines before a head may have passed: nothing else.
            assert_eq!((passed, rest, heads), expected, "cut at {cut}: {head:?}");
        }
    }
}

#[test]
fn good_requests_pass_as_they_are_however_they_are_cut() {
    for request in accepted_requests() {
        for cut in 0..request.len() {
            let (passed, rest, heads) = feed(request.as_bytes(), &[cut], Limits::default());
            assert_eq!((passed.as_slice(), rest, heads), (request.as_bytes(), Rest::Wait, 1), "cut at {cut}: {request:?}");
        }
    }
}

#[test]
fn a_refused_head_lets_everything_before_it_pass() {
    for (head, refusal) in refused_heads() {
        for before in accepted_requests() {
            let bytes = format!("{before}{head}");
            let (passed, rest, heads) = feed(bytes.as_bytes(), &[], Limits::default());
            assert_eq!((passed.len(), rest, heads), (before.len(), Rest::Refused(refusal), 1), "{bytes:?}");
        }
    }
}

#[test]
fn the_target_may_be_as_long_as_its_limit_and_no_longer() {
    let limits = Limits { uri: 100, ..Limits::default() };
    for (length, rest) in [(100, Rest::Wait), (101, Rest::Refused(UriTooLong)), (5000, Rest::Refused(UriTooLong))] {
        let head = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length - 1));
        for cut in 0..head.len() {
            assert_eq!(feed(head.as_bytes(), &[cut], limits).1, rest, "{length} bytes, cut at {cut}");
        }
    }
    // Without its end ever coming it is refused as soon as it is known to be too long.
    assert_eq!(feed(&[b'a'; 200], &[], limits).1, Rest::Refused(UriTooLong));
    assert_eq!(feed(&[b'a'; 100], &[], limits).1, Rest::Wait);
}

#[test]
fn the_head_may_be_as_large_as_its_limit_and_no_larger() {
    let limits = Limits { head: 2000, ..Limits::default() };
    let around = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    for (length, rest) in [(2000, Rest::Wait), (2001, Rest::Refused(HeadTooLarge)), (9000, Rest::Refused(HeadTooLarge))] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(length - around));
        assert_eq!(head.len(), length);
        for cut in 0..head.len() {
            assert_eq!(feed(head.as_bytes(), &[cut], limits).1, rest, "{length} bytes, cut at {cut}");
        }
    }
    let endless = format!("GET / HTTP/1.1\r\n{}", "X".repeat(2000));
    assert_eq!(feed(endless.as_bytes(), &[], limits).1, Rest::Refused(HeadTooLarge));
}

#[test]
fn there_may_be_as_many_headers_as_their_limit_and_no_more() {
    let limits = Limits { headers: 10, ..Limits::default() };
    for (count, rest) in [(10, Rest::Wait), (11, Rest::Refused(HeadTooLarge))] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
        assert_eq!(feed(head.as_bytes(), &[], limits).1, rest, "{count}");
    }
}

#[test]
fn chunks_that_servers_disagree_on_break_the_body() {
    let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(257));
    let many = format!("0\r\n{}\r\n", "X: y\r\n".repeat(101));
    let large = format!("0\r\nX: {}\r\n\r\n", "y".repeat(8192));
    for (body, rule) in [
        ("0x2\r\nab\r\n", "chunk_size"),
        ("+2\r\nab\r\n", "chunk_size"),
        ("-1\r\n", "chunk_size"),
        (" 2\r\nab\r\n", "chunk_size"),
        ("2 \r\nab\r\n", "chunk_size"),
        ("2\t\r\nab\r\n", "chunk_size"),
        ("\r\n", "chunk_size"),
        (";a\r\n", "chunk_size"),
        ("g\r\n", "chunk_size"),
        ("2\nab\r\n", "chunk_size"),
        ("2\r\r\nab\r\n", "chunk_line_end"),
        ("2\rab\r\n", "chunk_line_end"),
        ("00000000000000002\r\nab\r\n", "chunk_size_too_long"),
        ("FFFFFFFFFFFFFFFFF\r\n", "chunk_size_too_long"),
        ("2\r\nabc\r\n", "chunk_line_end"),
        ("2\r\nab\n", "chunk_line_end"),
        ("2\r\nab0\r\n", "chunk_line_end"),
        ("2;a\nb\r\n", "chunk_extension"),
        ("2;a\0\r\n", "chunk_extension"),
        (long.as_str(), "chunk_extension_too_long"),
        ("0\r\nX y: z\r\n\r\n", "trailer_name"),
        ("0\r\n: z\r\n\r\n", "trailer_name"),
        ("0\r\n x: z\r\n\r\n", "trailer_name"),
        ("0\r\n\n", "trailer_name"),
        ("0\r\nX: y\n\r\n", "trailer_value"),
        ("0\r\nX: y\r\r\n", "chunk_line_end"),
        ("0\r\n\rX", "chunk_line_end"),
        (many.as_str(), "trailers_too_many"),
        (large.as_str(), "trailers_too_long"),
    ] {
        let bytes = format!("{CHUNKED}{body}");
        for cut in 0..bytes.len() {
            let (passed, rest, _) = feed(bytes.as_bytes(), &[cut], Limits::default());
            assert_eq!(rest, Rest::Broken(rule), "cut at {cut}: {body:?}");
            assert!(bytes.as_bytes().starts_with(&passed));
        }
    }
}

#[test]
fn the_largest_chunk_size_and_extension_pass() {
    let body = format!("FFFFFFFFFFFFFFFF;{}\r\nabc", "x".repeat(256));
    assert_eq!(whole(format!("{CHUNKED}{body}").as_bytes()), Rest::Wait);
}

#[test]
fn what_follows_a_request_for_websocket_is_held_until_it_is_answered() {
    let head = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n";
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for cut in 0..head.len() {
        let (passed, rest, heads) = feed((head.to_owned() + smuggled).as_bytes(), &[cut], Limits::default());
        assert_eq!((passed, rest, heads), (head.as_bytes().to_vec(), Rest::Hold, 1));
    }
    let mut scanner = Scanner::new(Limits::default());
    assert!(matches!(scanner.next(head.as_bytes()), Step::Head(_)));
    let Step::Head(next) = scanner.next(smuggled.as_bytes()) else { panic!("once it is answered it is a request") };
    assert_eq!(next.length, smuggled.len());
}

#[test]
fn what_does_not_ask_for_websocket_holds_nothing() {
    for lines in [
        "Upgrade: websocket",
        "Connection: upgrade",
        "Connection: upgrade\r\nUpgrade: h2c",
        "Connection: upgrade\r\nUpgrade: websocket2",
        "Connection: upgrade\r\nUpgrade: xwebsocket",
        "Connection: upgraded\r\nUpgrade: websocket",
        "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3",
        "Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked",
    ] {
        let body = if lines.contains("Length") {
            "abc"
        } else if lines.contains("chunked") {
            "0\r\n\r\n"
        } else {
            ""
        };
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n{body}");
        let twice = request.repeat(2);
        assert_eq!(feed(twice.as_bytes(), &[], Limits::default()), (twice.clone().into_bytes(), Rest::Wait, 2), "{lines}");
    }
    for line in ["POST / HTTP/1.1", "HEAD / HTTP/1.1", "GET / HTTP/1.0"] {
        let twice = format!("{line}\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").repeat(2);
        assert_eq!(feed(twice.as_bytes(), &[], Limits::default()).2, 2, "{line}");
    }
}

#[test]
fn a_body_is_never_taken_for_a_head() {
    let bytes =
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\n\n\n\n{CHUNKED}4\r\n\n\n\n\n\r\n0\r\n\r\nX Y\r\n");
    let (passed, rest, heads) = feed(bytes.as_bytes(), &[], Limits::default());
    assert_eq!((passed.len(), rest, heads), (bytes.len() - 5, Rest::Refused(BadRequest("request_line")), 2));
}
