//! Whole replies, and every way not to get one.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use tokio::sync::Notify;

use super::*;
use crate::upstream::fault::{Act, chunked, reply};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads a request, then sends these bytes and closes.
fn answer(bytes: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Read, Act::send(bytes)]
}

async fn outcome(script: Vec<Act>) -> Result<Reply, Error> {
    client(&Faults::new(vec![script])).send(&demo(), get("/"), in_a_minute()).await
}

#[tokio::test(start_paused = true)]
async fn a_reply_comes_back_whole() {
    let faults = Faults::answering(reply("X-A: 1\r\nServer: Tomcat\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n", "{\"a\":\n1}"));
    let mut call = call(Method::POST, "/items?a=b%20c");
    headers_of(&mut call).insert("x-sent", HeaderValue::from_static("1"));
    call.body = Bytes::from_static(b"{}");
    let reply = client(&faults).send(&demo(), call, in_a_minute()).await.unwrap();
    assert_eq!((reply.status, &reply.body[..]), (StatusCode::OK, &b"{\"a\":\n1}"[..]));
    assert_eq!((&reply.headers["x-a"], reply.headers.get("server")), (&HeaderValue::from_static("1"), None));
    assert_eq!(reply.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    let expected = "POST /items?a=b%20c HTTP/1.1\r\nx-sent: 1\r\nhost: demo\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(faults.requests(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_reply_has_one_of_three_framings() {
    for script in [
        answer(reply("", "hello")),
        answer([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), chunked(&[b"he", b"llo"])].concat()),
        answer("HTTP/1.1 200 OK\r\n\r\nhello"),
        answer("HTTP/1.0 200 OK\r\n\r\nhello"),
        answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"),
        answer(
            [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n".to_vec(), reply("", "hello")].concat(),
        ),
    ] {
        let reply = outcome(script).await.unwrap();
        assert_eq!(reply.body, "hello");
        assert!(!reply.headers.contains_key("x-trailer") && !reply.headers.contains_key("link"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_without_a_body_has_none_whatever_it_says() {
    for (method, head) in [
        (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"),
        (Method::GET, "HTTP/1.1 204 No Content\r\nContent-Encoding: br\r\n\r\n"),
        (Method::GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        (Method::GET, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let faults = Faults::new(vec![vec![Act::Read, Act::send(head), Act::Hang]]);
        let reply = client(&faults).send(&demo(), call(method, "/"), in_a_minute()).await.unwrap();
        assert!(reply.body.is_empty() && !reply.headers.contains_key("content-encoding"), "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_way_to_fail_has_a_name_of_its_own() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let coded = |coding: &str, body: &[u8]| answer(reply(&format!("Content-Encoding: {coding}\r\n"), body));
    for (script, kind, message) in [
        (vec![], "upstream_closed", "the upstream closed the connection before the head of its reply was whole"),
        (vec![Act::Read], "upstream_closed", "the upstream closed the connection before the head of its reply was whole"),
        (
            answer("HTTP/1.1 200 OK\r\nX-A"),
            "upstream_closed",
            "the upstream closed the connection before the head of its reply was whole",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"),
            "upstream_incomplete",
            "the body of the reply ended early, after 5 bytes",
        ),
        (answer(format!("{chunks}5\r\nhel")), "upstream_incomplete", "the body of the reply ended early, after 3 bytes"),
        (answer(format!("{chunks}5\r\nhello\r\n")), "upstream_incomplete", "the body of the reply ended early, after 5 bytes"),
        (
            answer(format!("{chunks}5\r\nhello\r\n0\r\n")),
            "upstream_incomplete",
            "the body of the reply ended early, after 5 bytes",
        ),
        (answer(format!("{chunks}zz\r\n")), "upstream_malformed", "the reply is not well formed: its chunks cannot be read"),
        (
            answer(format!("{chunks}5\r\nhelloXX0\r\n\r\n")),
            "upstream_malformed",
            "the reply is not well formed: its chunks cannot be read",
        ),
        (answer("{\"not\":\"http\"}\r\n\r\n"), "upstream_malformed", "the reply is not well formed: its head cannot be read"),
        (
            answer("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"),
            "upstream_malformed",
            "the reply is not well formed: its head cannot be read",
        ),
        (
            answer("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
            "upstream_malformed",
            "the reply is not well formed: a line of its head ends in a bare line feed",
        ),
        (
            answer("HTTP/1.1 100 Continue\r\n\r\n".repeat(9)),
            "upstream_malformed",
            "the reply is not well formed: more than 8 interim replies came first",
        ),
        (
            vec![Act::Read, Act::Forever(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec())],
            "upstream_malformed",
            "the reply is not well formed: more than 8 interim replies came first",
        ),
        (
            vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nX-Pad: "), Act::Forever(vec![b'x'; 1000])],
            "upstream_malformed",
            "the reply is not well formed: its head is larger than 65536 bytes",
        ),
        (
            answer(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101))),
            "upstream_malformed",
            "the reply is not well formed: its head cannot be read: too many headers",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "upstream_malformed",
            "the reply is not well formed: it has both a Content-Length and a Transfer-Encoding",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
            "upstream_malformed",
            "the reply is not well formed: its Content-Length is not one number",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"),
            "upstream_malformed",
            "the reply is not well formed: its Content-Length is not one number",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
            "upstream_malformed",
            "the reply is not well formed: its Transfer-Encoding is not `chunked`",
        ),
        (
            answer("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "upstream_malformed",
            "the reply is not well formed: its Transfer-Encoding is not `chunked`",
        ),
        (
            answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            "upstream_malformed",
            "the reply is not well formed: it switches protocols, but not as it was asked to",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n"),
            "upstream_too_large",
            "the body of the reply is larger than 262144 bytes",
        ),
        (
            vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\n\r\n"), Act::Forever(vec![b'x'; 4096])],
            "upstream_too_large",
            "the body of the reply is larger than 262144 bytes",
        ),
        (
            coded("gzip", &gzip(&(0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())),
            "upstream_too_large",
            "the body of the reply is larger than 262144 bytes",
        ),
        (
            coded("br", &fixtures::brotli_bomb()),
            "upstream_ratio",
            "the body of the reply grows more than 100 times when its content coding is removed",
        ),
        (
            coded("compress", b"x"),
            "upstream_coding",
            "the content coding of the reply cannot be removed: `compress` is not known",
        ),
        (
            coded("gzip, br", b"x"),
            "upstream_coding",
            "the content coding of the reply cannot be removed: there is more than one: gzip, br",
        ),
        (
            coded("gzip", b"{}"),
            "upstream_coding",
            "the content coding of the reply cannot be removed: the gzip stream is corrupt",
        ),
        (
            coded("zstd", &fixtures::zstd()[..50]),
            "upstream_coding",
            "the content coding of the reply cannot be removed: the zstd stream is cut short",
        ),
        (
            coded("deflate", &[0x03, 0x00, 0x00]),
            "upstream_coding",
            "the content coding of the reply cannot be removed: bytes follow the end of the deflate stream",
        ),
    ] {
        let start = Instant::now();
        let error = outcome(script).await.unwrap_err();
        let words = error.to_string();
        // What the HTTP layer adds is its own business.
        assert!(error.kind() == kind && words.starts_with(message), "{kind}, {message}: {} {words}", error.kind());
        assert!(start.elapsed() < Duration::from_secs(1), "{message}: only known after {:?}", start.elapsed());
        assert!(!error.is_timeout(), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_wait_has_a_limit_of_its_own() {
    let drip = |bytes: Vec<u8>, pause| Act::Drip { bytes, size: 1, pause: Duration::from_secs(pause) };
    let long = || vec![b'x'; 100];
    let endless = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    for (script, deadline, kind, after) in [
        (vec![Act::Hang], 60, "upstream_first_byte_timeout", 3),
        (vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\n"), Act::Hang], 60, "upstream_first_byte_timeout", 3),
        (vec![Act::Read, drip(reply("", ""), 1)], 60, "upstream_first_byte_timeout", 3),
        (vec![Act::Read, Act::send(endless), Act::Hang], 60, "upstream_between_bytes_timeout", 5),
        (vec![Act::Read, Act::send(endless), drip(long(), 6)], 60, "upstream_between_bytes_timeout", 5),
        (vec![Act::Read, Act::send(endless), drip(long(), 1)], 60, "upstream_total_timeout", 10),
        (vec![Act::Read, Act::send(endless), drip(long(), 1)], 7, "deadline", 7),
        (vec![Act::Hang], 2, "deadline", 2),
        (vec![Act::Hang], 0, "deadline", 0),
    ] {
        let faults = Faults::new(vec![script]);
        let start = Instant::now();
        let error = client(&faults).send(&demo(), get("/"), start + Duration::from_secs(deadline)).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (kind, after));
        assert!(error.is_timeout());
        if after > 0 {
            // What is given up is cut, so that the upstream does not go on for nobody.
            faults.connect();
            assert_eq!(faults.connections(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_cuts_its_connection() {
    let faults = Faults::new(vec![vec![Act::Read, Act::AwaitClose]]);
    let (client, upstream) = (client(&faults), demo());
    let call = client.send(&upstream, get("/"), far());
    tokio::select! {
        _ = call => panic!("nobody answers"),
        () = faults.read(1) => {}
    }
    faults.closed(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_late_but_in_time_is_fine() {
    let go = Arc::new(Notify::new());
    let faults = Faults::new(vec![vec![Act::Read, Act::Wait(go.clone()), Act::reply("", "late")]]);
    let (client, upstream) = (client(&faults), demo());
    let waits = async {
        faults.read(1).await;
        tokio::time::advance(Duration::from_secs(2)).await;
        go.notify_one();
    };
    let (reply, ()) = tokio::join!(client.send(&upstream, get("/"), far()), waits);
    assert_eq!(reply.unwrap().body, "late");
    let drip = Act::Drip { bytes: reply_bytes(), size: 7, pause: Duration::from_millis(200) };
    assert_eq!(outcome(vec![Act::Read, drip]).await.unwrap().body, "drop by drop");
}

fn reply_bytes() -> Vec<u8> {
    reply("", "drop by drop")
}

#[tokio::test(start_paused = true)]
async fn every_coding_is_removed_with_the_headers_that_tell_of_it() {
    let document = fixtures::document();
    for (coding, body) in
        [("gzip", gzip(&document)), ("br", fixtures::brotli()), ("zstd", fixtures::zstd()), ("identity", document.clone())]
    {
        let head = format!("Content-Encoding: {coding}\r\nDigest: x\r\nVary: Accept-Encoding\r\n");
        for script in [
            answer(reply(&head, &body)),
            vec![Act::Read, Act::Drip { bytes: reply(&head, &body), size: 11, pause: Duration::from_millis(1) }],
        ] {
            let reply = outcome(script).await.unwrap();
            assert_eq!(reply.body, document, "{coding}");
            let left = ["content-encoding", "content-length", "digest"].map(|name| reply.headers.contains_key(name));
            assert_eq!(left, [coding == "identity"; 3], "{coding}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_body_is_announced_where_one_is_expected() {
    for (method, announced) in
        [(Method::POST, true), (Method::PUT, true), (Method::PATCH, true), (Method::GET, false), (Method::DELETE, false)]
    {
        let faults = Faults::answering(reply("", ""));
        client(&faults).send(&demo(), call(method.clone(), "/"), in_a_minute()).await.unwrap();
        assert_eq!(faults.requests()[0].contains("content-length: 0\r\n"), announced, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn how_a_body_is_framed_is_one_of_the_lines_of_a_head() {
    for (body, lines, fits) in [("", 99, true), ("", 100, false), ("x", 98, true), ("x", 99, false)] {
        let faults = Faults::answering(reply("", ""));
        let mut sent = Call { body: Bytes::from_static(body.as_bytes()), ..call(Method::GET, "/") };
        for number in 0..lines {
            headers_of(&mut sent).insert(HeaderName::try_from(format!("x-{number}")).unwrap(), HeaderValue::from_static("1"));
        }
        let answered = client(&faults).send(&demo(), sent, in_a_minute()).await;
        assert_eq!(answered.is_ok(), fits, "{body:?} {lines}");
        if fits {
            // Those, and the request line.
            assert_eq!(faults.requests()[0].split("\r\n\r\n").next().unwrap().lines().count(), 101, "{body:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_upstreams_would_refuse_is_not_sent() {
    let faults = Faults::answering(reply("", ""));
    let client = client(&faults);
    let mut large = get("/");
    headers_of(&mut large).insert("cookie", HeaderValue::from_str(&"x".repeat(8 * 1024)).unwrap());
    let error = client.send(&demo(), large, in_a_minute()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        ("head_too_large", "the head of the call is 8270 bytes, over the limit of 8192")
    );
    let mut many = get("/");
    for number in 0..100 {
        headers_of(&mut many).insert(HeaderName::try_from(format!("x-{number}")).unwrap(), HeaderValue::from_static("1"));
    }
    let error = client.send(&demo(), many, in_a_minute()).await.unwrap_err();
    assert_eq!(error.to_string(), "the head of the call is 101 headers, over the limit of 100");
    let error = client.send(&demo(), get("/a b"), in_a_minute()).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), ("internal", "\"/a b\" is not a path that can be sent"));
    assert_eq!(faults.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn redirects_are_the_client_s_business() {
    let faults = Faults::answering(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n".to_vec());
    let reply = client(&faults).send(&demo(), get("/"), in_a_minute()).await.unwrap();
    assert_eq!((reply.status, &reply.headers["location"]), (StatusCode::FOUND, &HeaderValue::from_static("http://elsewhere/")));
    assert_eq!(faults.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_sample_backend_demo_cannot_be_called() {
    let error = Client::new(None).send(&demo(), get("/"), in_a_minute()).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::NoDemo)), "{error}");
}

#[test]
fn a_call_can_be_made_from_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let (client, upstream) = (Client::new(None), demo());
    let now = std::time::Instant::now().into();
    is_send(&client.send(&upstream, get("/"), now));
    let body = http_body_util::Empty::new().map_err(|never| match never {}).boxed();
    let head = Head {
        method: Method::GET,
        path_and_query: "/",
        headers: HeaderMap::new().into(),
        repeat: Repeat::ByMethod,
        trailers: Trailers::default(),
        tally: Tally::default(),
    };
    is_send(&client.open(&upstream, head, body, now));
}

#[test]
fn what_may_be_secret_is_not_in_the_debug_form() {
    let mut call = get("/?token=s3cret");
    headers_of(&mut call).insert("authorization", HeaderValue::from_static("s3cret"));
    call.body = Bytes::from_static(b"s3cret");
    let reply = Reply { status: StatusCode::OK, headers: headers_of(&mut call).clone(), body: call.body.clone() };
    let rules = HeaderRules {
        set: vec![(HeaderName::from_static("authorization"), HeaderValue::from_static("s3cret"))],
        remove: vec![],
        deadline: None,
    };
    let shown = format!("{call:?} {reply:?} {rules:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
