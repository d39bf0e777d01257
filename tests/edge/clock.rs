//! Waits that are too long for a test's patience, with the clock in hand: edge and gateway as a worker joins them, over a
//! pipe in memory. Times are those that the documentation promises.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use forecourt::demo::InMemory;
use forecourt::gateway::Gateway;
use forecourt::plan;
use forecourt::server::{Edge, EdgeSettings};
use forecourt::spec::Snapshot;
use forecourt::telemetry::AccessLog;
use forecourt::upstream::Client;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

use super::SHOP;

/// What was answered until the connection closed, and when that was.
struct Ending {
    received: String,
    seconds: u64,
}

impl Ending {
    /// Status and code of the only answer, a problem document.
    fn problem(&self) -> (u16, String) {
        let (head, body) = self.received.split_once("\r\n\r\n").expect("an answer");
        assert!(head.contains("content-type: application/problem+json"), "{head}");
        let document: Value = serde_json::from_str(body).expect("a document");
        let status = document.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let code = document.get("code").and_then(Value::as_str);
        (status.expect("a status"), code.expect("a code").to_owned())
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A connection to a gateway with an access log of its own.
struct Connection {
    client: DuplexStream,
    opened: Instant,
    log: AccessLog,
    kept: Kept,
}

impl Connection {
    fn open(routes: &str) -> Self {
        Self::with_room(routes, 64 * 1024)
    }

    fn with_room(routes: &str, room: usize) -> Self {
        let snapshot = Snapshot { root: "routes.yaml".to_owned(), text: routes.to_owned(), ..Snapshot::default() };
        let plan = plan::compile(&snapshot).expect("a configuration");
        let gateway = Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(InMemory))));
        let service = tower::service_fn(move |request| {
            let gateway = gateway.clone();
            async move { Ok::<_, Infallible>(gateway.answer(request).await) }
        });
        let kept = Kept::default();
        let log = AccessLog::start(1, kept.clone()).expect("a log");
        let edge = Edge::new(service, EdgeSettings { access: Some(log.clone()), ..EdgeSettings::default() });
        let (client, server) = tokio::io::duplex(room);
        tokio::spawn(edge.serve(server, edge.admit(SocketAddr::from(([127, 0, 0, 1], 4000)))));
        Self { client, opened: Instant::now(), log, kept }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        // A gateway that has closed has said why.
        let _closed = self.client.write_all(bytes.as_ref()).await;
        self
    }

    /// Sends a byte after every pause until the gateway closes or `count` are sent.
    async fn drip(&mut self, byte: &[u8], count: usize, pause: Duration) -> &mut Self {
        for _ in 0..count {
            tokio::time::sleep(pause).await;
            if self.client.write_all(byte).await.is_err() {
                break;
            }
        }
        self
    }

    async fn end(&mut self) -> Ending {
        let mut received = Vec::new();
        self.client.read_to_end(&mut received).await.expect("a pipe has no errors");
        Ending { received: String::from_utf8(received).expect("text"), seconds: self.opened.elapsed().as_secs() }
    }

    fn lines(&self) -> Vec<Value> {
        assert!(self.log.flush(Duration::from_secs(20)));
        let text = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(text).expect("text").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The one line of the access log, with this status and code.
    fn assert_logged(&self, status: u16, code: &str) {
        let lines = self.lines();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.get("status"), line.get("code")), (Some(&status.into()), Some(&code.into())), "{line}");
    }
}

const POST: &str = "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed_without_a_word_after_ten_seconds() {
    let mut connection = Connection::open(SHOP);
    let ending = connection.end().await;
    assert_eq!((ending.received.as_str(), ending.seconds), ("", 10));
    assert_eq!(connection.lines(), Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_answered_408_after_ten_seconds() {
    for start in ["G", "GET /detail/1 HTTP/1.1\r\nHost: a\r\n", "PRI * HT"] {
        let mut connection = Connection::open(SHOP);
        let ending = connection.send(start).await.end().await;
        assert_eq!(ending.problem(), (408, "request_timeout".to_owned()), "{start:?}");
        // Two more to read on, so that the client sees the answer.
        assert!((10..=12).contains(&ending.seconds), "{start:?}: {} s", ending.seconds);
        connection.assert_logged(408, "request_timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_answered_408_ten_seconds_after_its_first_byte() {
    let mut connection = Connection::open(SHOP);
    connection.send("GET /detail/1 HTTP/1.1\r\nHost: a\r\nX: ").await;
    let ending = connection.drip(b"x", 11, Duration::from_millis(990)).await.end().await;
    assert_eq!(ending.problem(), (408, "request_timeout".to_owned()));
    connection.assert_logged(408, "request_timeout");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_which_nothing_more_comes_is_answered_408_after_ten_seconds() {
    for start in
        ["Content-Length: 100\r\n\r\n", "Content-Length: 100\r\n\r\n{\"a\":", "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a"]
    {
        let mut connection = Connection::open(SHOP);
        let ending = connection.send(format!("{POST}{start}")).await.end().await;
        assert_eq!(ending.problem(), (408, "body_timeout".to_owned()), "{start:?}");
        assert!((10..=12).contains(&ending.seconds), "{start:?}: {} s", ending.seconds);
        connection.assert_logged(408, "body_timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_answered_408() {
    let mut connection = Connection::open(SHOP);
    connection.send(format!("{POST}Content-Length: 1000\r\n\r\n")).await;
    let ending = connection.drip(b"x", 7, Duration::from_secs(1)).await.end().await;
    assert_eq!(ending.problem(), (408, "body_timeout".to_owned()));
    assert!(ending.seconds < 10, "{} s", ending.seconds);
    connection.assert_logged(408, "body_timeout");
}

#[tokio::test(start_paused = true)]
async fn a_steady_body_that_takes_over_half_a_minute_is_answered_408() {
    let mut connection = Connection::open(SHOP);
    connection.send(format!("{POST}Content-Length: 1000000\r\n\r\n")).await;
    let ending = connection.drip(&[b'x'; 10_000], 32, Duration::from_secs(1)).await.end().await;
    assert_eq!(ending.problem(), (408, "body_timeout".to_owned()));
    assert!((30..=34).contains(&ending.seconds), "{} s", ending.seconds);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_route_is_for_its_backend_not_for_the_clients_upload() {
    let routes = SHOP.replace("- route: POST /orders", "- route: POST /orders\n    timeout: 2s");
    let body = r#"{"note":"0123456789"}"#;
    let mut connection = Connection::open(&routes);
    connection.send(format!("{POST}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len())).await;
    let (first, second) = body.split_at(10);
    connection.send(first).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let ending = connection.send(second).await.end().await;
    assert_eq!(ending.problem(), (400, "upstream_refused".to_owned()));
    assert_eq!(ending.seconds, 4);
}

/// A route that passes uploads on, with the default limits: 3 s to the first byte, 10 s in all.
fn uploading() -> String {
    format!("{SHOP}  - route: POST /upload\n    proxy: files:/upload\n")
}

const UPLOAD: &str = "POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_passed_on_may_take_longer_than_the_answer_to_it() {
    for (head, piece) in [
        ("Content-Length: 30000\r\n\r\n", vec![b'x'; 1000]),
        ("Transfer-Encoding: chunked\r\n\r\n", {
            let mut chunk = b"3e8\r\n".to_vec();
            chunk.extend([b'x'; 1000]);
            chunk.extend(b"\r\n");
            chunk
        }),
    ] {
        let mut connection = Connection::open(&uploading());
        connection.send(format!("{UPLOAD}{head}")).await.drip(&piece, 30, Duration::from_secs(1)).await;
        let ending = connection.send(if head.starts_with('T') { "0\r\n\r\n" } else { "" }).await.end().await;
        // The sample backend has no such path, and says so when it has read everything.
        assert!(ending.received.starts_with("HTTP/1.1 404"), "{}", ending.received);
        assert_eq!(ending.seconds, 30);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stops_is_the_clients_fault_not_the_backends() {
    let mut connection = Connection::open(&uploading());
    let ending = connection.send(format!("{UPLOAD}Content-Length: 30000\r\n\r\nx")).await.end().await;
    assert_eq!(ending.problem(), (408, "body_timeout".to_owned()));
    connection.assert_logged(408, "body_timeout");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_after_half_a_minute() {
    for (pause, taken) in [(29, 1000..9999), (31, 0..257)] {
        let mut connection = Connection::with_room(SHOP, 256);
        connection.send("GET /detail/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let received = connection.end().await.received.len();
        assert!(taken.contains(&received), "{received} bytes taken after {pause} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_rest_for_a_minute_between_requests() {
    let mut connection = Connection::open(SHOP);
    for _ in 0..3 {
        connection.send("GET /_forecourt/live HTTP/1.1\r\nHost: a\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(59)).await;
    }
    let ending = connection.end().await;
    assert_eq!(ending.received.matches("HTTP/1.1 200").count(), 3);
    assert_eq!(ending.seconds, 2 * 59 + 60);
}
