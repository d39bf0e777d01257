//! WebSockets through the gateway: handshakes, bytes, ends, and the drain, with both sides in the test's hands.

mod ends;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::*;
use crate::gateway::Gateway;
use crate::plan;
use crate::spec::Snapshot;
use crate::upstream::{Client, Dial};

const ROUTES: &str = "
upstreams: {chat: {url: 'demo:'}}
routes:
  - {route: 'GET /ws/{*rest}', proxy: 'chat:/ws/{path.rest}'}
  - {route: 'GET /shaped', call: 'GET chat:/shaped'}
  - {route: 'GET /posted', proxy: 'POST chat:/posted'}
";

const HANDSHAKE: &str = "GET /ws/room?x=1 HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: https://shop.example\r\n\r\n";

const AGREES: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nServer: Tomcat\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// A message of a server: the text `hello`.
const HELLO: &[u8] = b"\x81\x05hello";
/// Hands the far end of every connection to the test.
struct Exchange(mpsc::UnboundedSender<DuplexStream>);

impl Dial for Exchange {
    fn dial(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(1024);
        self.0.send(far).unwrap();
        near
    }
}

type Answering = tower::util::BoxCloneService<Request<Body>, Response<crate::gateway::Body>, Infallible>;

struct Stage {
    edge: Edge<Answering>,
    calls: mpsc::UnboundedReceiver<DuplexStream>,
    kept: Kept,
    log: AccessLog,
}

impl Stage {
    fn new() -> Self {
        let snapshot = Snapshot { root: "routes.yaml".to_owned(), text: ROUTES.to_owned(), ..Snapshot::default() };
        let (sender, calls) = mpsc::unbounded_channel();
        let gateway = Gateway::new(Arc::new(plan::compile(&snapshot).unwrap()), Client::new(Some(Arc::new(Exchange(sender)))));
        let service = tower::service_fn(move |request| {
            let gateway = gateway.clone();
            async move { Ok(gateway.answer(request).await) }
        });
        let kept = Kept::default();
        let log = AccessLog::start(5, kept.clone()).unwrap();
        let settings = EdgeSettings { access: Some(log.clone()), ..EdgeSettings::default() };
        Self { edge: Edge::new(Answering::new(service), settings), calls, kept, log }
    }

    fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(1024);
        tokio::spawn(self.edge.serve(server, self.edge.admit(SocketAddr::from(PEER))));
        client
    }

    /// A client that has sent `bytes`, and the upstream that has read a whole head.
    async fn asked(&mut self, bytes: impl AsRef<[u8]>) -> (DuplexStream, DuplexStream, String) {
        let mut client = self.connect();
        client.write_all(bytes.as_ref()).await.unwrap();
        let mut upstream = self.calls.recv().await.unwrap();
        let head = read_until(&mut upstream, "\r\n\r\n").await;
        (client, upstream, head)
    }

    /// Both ends of a WebSocket.
    async fn open(&mut self) -> (DuplexStream, DuplexStream) {
        let (mut client, mut upstream, _) = self.asked(HANDSHAKE).await;
        upstream.write_all(AGREES.as_bytes()).await.unwrap();
        assert!(read_until(&mut client, "\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
        (client, upstream)
    }

    /// The only line of the access log, once everything has closed: status, bytes, code, cut.
    async fn line(&self) -> (u64, u64, Option<String>, bool) {
        self.edge.drain().await;
        let lines = self.kept.lines(&self.log);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        let code = line["code"].as_str().map(ToOwned::to_owned);
        (line["status"].as_u64().unwrap(), line["bytes"].as_u64().unwrap(), code, line["cut"].as_bool().unwrap())
    }
}

async fn expect(stream: &mut DuplexStream, bytes: &[u8]) {
    let mut came = vec![0; bytes.len()];
    stream.read_exact(&mut came).await.unwrap();
    assert_eq!(came, bytes);
}

async fn ends(stream: &mut DuplexStream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_passed_both_ways_with_the_headers_that_a_gateway_owes() {
    let mut stage = Stage::new();
    let (mut client, mut upstream, head) = stage.asked(HANDSHAKE).await;
    assert!(head.starts_with("GET /ws/room?x=1 HTTP/1.1\r\n"), "{head}");
    for line in [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version: 13",
        "sec-websocket-protocol: chat",
        "sec-websocket-extensions: permessage-deflate",
        "origin: https://shop.example",
        "x-forwarded-for: 10.0.0.7",
        "x-forwarded-host: shop.example",
        "host: demo",
    ] {
        assert_eq!(head.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {head}");
    }
    upstream.write_all(AGREES.as_bytes()).await.unwrap();
    let answer = read_until(&mut client, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
    for line in [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "sec-websocket-extensions: permessage-deflate",
    ] {
        assert_eq!(answer.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {answer}");
    }
    assert!(answer.contains("x-request-id: ") && !answer.contains("Tomcat"), "{answer}");
    assert!(!answer.contains("content-length") && !answer.contains("transfer-encoding"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn bytes_go_both_ways_as_they_are_and_the_log_has_its_line_at_the_end() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    for _ in 0..100 {
        upstream.write_all(HELLO).await.unwrap();
        expect(&mut client, HELLO).await;
        client.write_all(b"GET / HTTP/1.1\r\n\r\n\0\xff").await.unwrap();
        expect(&mut upstream, b"GET / HTTP/1.1\r\n\r\n\0\xff").await;
        sleep(Duration::from_secs(60)).await;
    }
    drop(client);
    ends(&mut upstream).await;
    drop(upstream);
    assert_eq!(stage.line().await, (101, 700, None, false));
}

#[tokio::test(start_paused = true)]
async fn what_comes_with_the_last_byte_of_a_handshake_is_lost_on_neither_side() {
    let mut stage = Stage::new();
    // A client has nothing to say yet, but may; a server that agrees may go on at once.
    let (mut client, mut upstream, _) = stage.asked([HANDSHAKE.as_bytes(), b"early"].concat()).await;
    client.write_all(b" bird").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    upstream.write_all(&[AGREES.as_bytes(), HELLO].concat()).await.unwrap();
    read_until(&mut client, "\r\n\r\n").await;
    expect(&mut client, HELLO).await;
    expect(&mut upstream, b"early bird").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_but_the_handshake_reaches_an_upstream_that_has_not_agreed() {
    let mut stage = Stage::new();
    let smuggled = "GET /ws/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut client, mut upstream, _) = stage.asked(HANDSHAKE.to_owned() + smuggled).await;
    let mut more = [0; 1];
    assert!(tokio::time::timeout(Duration::from_secs(1), upstream.read(&mut more)).await.is_err());
    upstream
        .write_all(b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 3\r\n\r\nno!")
        .await
        .unwrap();
    let answer = read_until(&mut client, "no!").await;
    assert!(answer.starts_with("HTTP/1.1 426 ") && answer.contains("sec-websocket-version: 13\r\n"), "{answer}");
    // It is HTTP, then, and has its own head, checks, call and answer, at once and on the connection that is free again.
    let refused = Instant::now();
    let head = read_until(&mut upstream, "\r\n\r\n").await;
    assert!(head.starts_with("GET /ws/smuggled HTTP/1.1\r\n") && head.contains("x-forwarded-for: 10.0.0.7\r\n"), "{head}");
    upstream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    assert!(read_until(&mut client, "ok").await.starts_with("HTTP/1.1 200 "));
    assert_eq!(refused.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn bytes_behind_a_refused_handshake_that_are_no_http_are_refused_too() {
    let mut stage = Stage::new();
    let (mut client, mut upstream, _) = stage.asked([HANDSHAKE.as_bytes(), b"\x81\x85\0\0\0\0hello"].concat()).await;
    upstream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await.unwrap();
    assert_eq!(statuses(&read_all(&mut client).await), [403, 400]);
}

#[tokio::test(start_paused = true)]
async fn a_101_that_is_not_the_switch_that_was_asked_for_is_a_502() {
    for answer in [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        let mut stage = Stage::new();
        let (mut client, mut upstream, _) = stage.asked(HANDSHAKE).await;
        upstream.write_all(answer.as_bytes()).await.unwrap();
        assert!(read_until(&mut client, "\r\n\r\n").await.starts_with("HTTP/1.1 502 "), "{answer}");
        ends(&mut upstream).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_none_is_a_400_and_is_not_passed_on() {
    let mut stage = Stage::new();
    for broken in [
        HANDSHAKE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        HANDSHAKE.replace("Sec-WebSocket-Version: 13\r\n", ""),
        HANDSHAKE.replace("Origin:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin:"),
    ] {
        let mut client = stage.connect();
        client.write_all(broken.as_bytes()).await.unwrap();
        let answer = read_until(&mut client, "}").await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("malformed_request"), "{answer}");
    }
    assert!(stage.calls.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn only_get_on_a_proxy_route_and_http_1_1_is_asked_to_switch() {
    for request in [
        HANDSHAKE.replace("/ws/room?x=1", "/shaped"),
        HANDSHAKE.replace("/ws/room?x=1", "/posted"),
        HANDSHAKE.replace("HTTP/1.1", "HTTP/1.0"),
        HANDSHAKE.replace("keep-alive, Upgrade", "keep-alive"),
        HANDSHAKE.replace("Upgrade: websocket", "Upgrade: h2c"),
    ] {
        let mut stage = Stage::new();
        let (_client, _upstream, head) = stage.asked(&request).await;
        let lower = head.to_ascii_lowercase();
        assert!(!lower.contains("\r\nupgrade:") && !lower.contains("\r\nconnection: upgrade"), "{request}\n{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_side_that_takes_nothing_stops_the_other_and_is_cut_after_half_a_minute() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    let from = Instant::now();
    let mut sent = 0;
    while upstream.write_all(&[0; 1024]).await.is_ok() {
        sent += 1024;
    }
    assert!((30..=31).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
    assert!(sent < 64 * 1024, "{sent} bytes were taken for a client that takes nothing");
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    let (status, _, code, cut) = stage.line().await;
    assert_eq!((status, code.as_deref(), cut), (101, Some("write_timeout"), true));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_little_is_not_cut_and_one_that_takes_nothing_is() {
    for (takes, ends) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut stage = Stage::new();
        let (mut client, (server, peer)) = sockets::sipping().await;
        tokio::spawn(stage.edge.serve_tcp(server, stage.edge.admit(peer)));
        client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
        let mut upstream = stage.calls.recv().await.unwrap();
        read_until(&mut upstream, "\r\n\r\n").await;
        upstream.write_all(AGREES.as_bytes()).await.unwrap();
        let talks = tokio::spawn(async move {
            // What ends is less than what the system holds for its client.
            let mut left = if ends { 1500 } else { usize::MAX };
            while left > 0 && upstream.write_all(&[0; 1024]).await.is_ok() {
                left -= 1;
            }
            let _ = upstream.shutdown().await;
            let _ = upstream.read(&mut [0]).await;
        });
        let mut room = vec![0; sockets::SIP];
        client.read_exact(&mut room).await.unwrap();
        for _ in 0..10 {
            sleep(Duration::from_secs(20)).await;
            if takes {
                client.read_exact(&mut room).await.unwrap();
            }
        }
        assert_eq!(stage.edge.connections(), usize::from(takes), "takes: {takes}, ends: {ends}");
        talks.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_end_is_passed_on_and_the_other_half_still_flows() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    client.shutdown().await.unwrap();
    ends(&mut upstream).await;
    sleep(Duration::from_secs(20)).await;
    upstream.write_all(HELLO).await.unwrap();
    expect(&mut client, HELLO).await;
    drop(upstream);
    ends(&mut client).await;
    assert_eq!(stage.line().await, (101, 7, None, false));
}

#[tokio::test(start_paused = true)]
async fn half_an_end_that_nobody_completes_lasts_half_a_minute() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    let from = Instant::now();
    upstream.shutdown().await.unwrap();
    ends(&mut client).await;
    ends(&mut upstream).await;
    assert_eq!(from.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_may_be_silent_for_five_minutes_and_no_other_answer_may() {
    for (kind, silence) in [("text/event-stream; charset=utf-8", 300), ("application/json", 5)] {
        let mut stage = Stage::new();
        let (mut client, mut upstream, _) = stage.asked("GET /ws/events HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
        upstream.write_all(head.as_bytes()).await.unwrap();
        read_until(&mut client, "\r\n\r\n").await;
        let from = Instant::now();
        ends(&mut client).await;
        assert_eq!(from.elapsed().as_secs(), silence, "{kind}");
        let (status, bytes, code, cut) = stage.line().await;
        assert_eq!((status, bytes, code.as_deref(), cut), (200, 0, Some("upstream_between_bytes_timeout"), true), "{kind}");
    }
}
