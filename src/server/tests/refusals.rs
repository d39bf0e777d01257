//! What must not be served, and how it is said.

use super::*;
use crate::server::{Limits, Timeouts};
use proptest::prelude::*;

const GOOD: &str = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_refused_head_is_answered_by_the_service_and_the_connection_closes() {
    for (head, status, rule) in [
        ("GET / HTTP/1.1\r\n\r\n", 400, "host_missing"),
        ("GET / HTTP/1.1\nHost: a\n\n", 400, "bare_lf"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "length_and_encoding",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417, "expectation"),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405, "method_not_allowed"),
        ("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400, "http_version"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400, "space_before_colon"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}", 400, "method"),
    ] {
        let received = exchange(&edge(), format!("{head}{GOOD}")).await;
        assert_eq!(statuses(&received), [status], "{head:?}");
        assert!(received.ends_with(&format!("refused {rule}")), "{received}");
        assert!(received.contains("connection: close\r\n"), "{received}");
        assert!(!received.contains("refused.invalid"), "{received}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_comes_after_the_answers_to_what_was_before_it() {
    let bad = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    for before in
        [GOOD, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"]
    {
        for times in 1..4 {
            let received = exchange(&edge(), format!("{}{bad}{GOOD}", before.repeat(times))).await;
            let expected: Vec<u16> = std::iter::repeat_n(200, times).chain([400]).collect();
            assert_eq!(statuses(&received), expected, "{before:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_request_gets_no_body() {
    let received = exchange(&edge(), "HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n").await;
    assert_eq!(statuses(&received), [400]);
    assert!(received.ends_with("\r\n\r\n"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn no_header_makes_a_request_a_refusal() {
    let received = exchange(&edge(), "GET /x HTTP/1.1\r\nHost: refused.invalid\r\nConnection: close\r\n\r\n").await;
    assert!(received.ends_with("GET /x for refused.invalid"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn each_limit_holds_to_the_byte() {
    let limits = Limits { uri: 100, head: 1024, headers: 5, ..Limits::default() };
    let edge = Edge::new(service(), EdgeSettings { limits, ..EdgeSettings::default() });
    let uri = |n: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(n - 1));
    let head = |n: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(n - 32));
    let headers = |n: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(n - 1));
    assert_eq!(head(1024).len(), 1024);
    for (request, status) in
        [(uri(100), 200), (uri(101), 414), (head(1024), 200), (head(1025), 431), (headers(5), 200), (headers(6), 431)]
    {
        assert_eq!(statuses(&exchange(&edge, &request).await), [status], "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_limits_hold_heads_larger_than_any_buffer() {
    let head = |n: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(n - 32));
    for (request, status) in [(head(32 * 1024), 200), (head(32 * 1024 + 1), 431)] {
        let received = exchange(&edge(), format!("{request}{GOOD}")).await;
        assert_eq!(statuses(&received).first(), Some(&status));
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_with_two_meanings_is_refused_and_the_connection_stays() {
    for (path, rule) in [("/a%2fb", "encoded_slash"), ("/a/../b", "dot_segment"), ("//a", "double_slash"), ("/a;b", "semicolon")]
    {
        let received = exchange(&edge(), format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n{GOOD}")).await;
        assert_eq!(statuses(&received), [400, 200], "{path}");
        assert!(received.contains(&format!("refused {rule}")), "{received}");
    }
}

#[tokio::test(start_paused = true)]
async fn broken_chunks_reach_the_service_as_an_error_and_end_the_connection() {
    for body in ["2\r\nab\r\n0x1\r\n", "2\nab", "2\r\nabc\r\n"] {
        let head = "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let received = exchange(&edge(), format!("{head}{body}{GOOD}")).await;
        assert_eq!(statuses(&received), [400], "{body:?}");
        assert!(received.contains("body: the body broke off: chunk_"), "{received}");
    }
}

#[tokio::test(start_paused = true)]
async fn chunks_are_put_together_and_their_trailers_dropped() {
    let request =
        "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";
    let received = exchange(&edge(), format!("{request}{GOOD}")).await;
    assert_eq!(statuses(&received), [200, 200]);
    assert!(received.contains("5 bytes"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_refused_in_mid_upload_can_read_why() {
    let mut client = connect_through(&edge(), 1024);
    client.write_all(b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n").await.unwrap();
    // More than the pipe holds: it is only written because somebody reads.
    client.write_all(&vec![b'x'; 50_000]).await.unwrap();
    assert_eq!(statuses(&read_all(&mut client).await), [413]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_announced_is_asked_for_only_when_it_is_read() {
    let mut client = connect(&edge());
    client.write_all(b"POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await.unwrap();
    assert_eq!(read_until(&mut client, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"abc").await.unwrap();
    assert!(read_until(&mut client, "3 bytes").await.starts_with("HTTP/1.1 200"));
    client.write_all(b"POST /unread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await.unwrap();
    assert!(read_all(&mut client).await.starts_with("HTTP/1.1 413"));
}

#[test]
fn no_bytes_panic_or_hang_the_edge() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let words = prop::sample::select(vec![
        "GET ",
        "POST ",
        "/",
        "/body",
        " HTTP/1.1\r\n",
        "Host: a\r\n",
        "\r\n",
        "\n",
        "Content-Length: 3\r\n",
        "0\r\n\r\n",
        "abc",
        "3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /good HTTP/1.1\r\nHost: a\r\n\r\n",
        "\0",
    ]);
    proptest!(ProptestConfig::with_cases(200), |(words in prop::collection::vec(words, 0..20), noise in prop::collection::vec(any::<u8>(), 0..40))| {
        let bytes = [words.concat().into_bytes(), noise].concat();
        runtime.block_on(async {
            let edge = edge();
            let mut client = connect(&edge);
            client.write_all(&bytes).await.unwrap();
            let mut received = Vec::new();
            let end = tokio::time::timeout(Duration::from_secs(300), client.read_to_end(&mut received)).await;
            assert!(end.is_ok(), "hangs");
            edge.drain().await;
        });
    });
}

#[tokio::test(start_paused = true)]
async fn the_same_bytes_get_the_same_answers_however_they_arrive() {
    let bytes = format!(
        "{GOOD}POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n{GOOD}GET / HTTP/1.1\r\n\r\n"
    );
    for cut in 1..bytes.len() {
        let edge = Edge::new(service(), EdgeSettings { timeouts: Timeouts::default(), ..EdgeSettings::default() });
        let mut client = connect(&edge);
        client.write_all(&bytes.as_bytes()[..cut]).await.unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
        client.write_all(&bytes.as_bytes()[cut..]).await.unwrap();
        let received = read_all(&mut client).await;
        assert_eq!(statuses(&received), [200, 200, 200, 400], "cut at {cut}");
    }
}
