//! The edge as a client sees it, over a pipe in memory and with the clock in hand.

mod answers;
mod http2;
mod leaving;
mod plain;
mod refusals;
mod sockets;
mod streams;
mod waiting;
mod watched;
mod websockets;

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::{Body, Edge, EdgeSettings};
use crate::gateway::edge::{Refusal, RequestId, Trace};
use crate::telemetry::AccessLog;

type Reply = Response<BoxBody<Bytes, std::io::Error>>;
type Answer = std::pin::Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

const PEER: ([u8; 4], u16) = ([10, 0, 0, 7], 4000);

fn full(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let body = Full::new(text.into()).map_err(|never| match never {}).boxed();
    Response::builder().status(status).body(body).unwrap()
}

/// What the gateway's one table of faults will say; here so that the tests can name statuses.
fn status(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::BadRequest(_) | Refusal::BadPath(_) => 400,
        Refusal::NotFound => 404,
        Refusal::MethodNotAllowed => 405,
        Refusal::Timeout => 408,
        Refusal::UriTooLong => 414,
        Refusal::ExpectationFailed => 417,
        Refusal::HeadTooLarge => 431,
        Refusal::Panicked => 500,
    }
}

/// Stands in for the gateway: refusals as text, a few paths with a will of their own, everything else echoed.
async fn answer(request: Request<Body>) -> Result<Reply, Infallible> {
    if let Some(refusal) = request.extensions().get::<Refusal>().copied() {
        let mut reply = full(StatusCode::from_u16(status(refusal)).unwrap(), format!("refused {}", refusal.rule()));
        reply.extensions_mut().insert(Trace { code: Some(refusal.rule().into()), ..Trace::default() });
        return Ok(reply);
    }
    Ok(match request.uri().path() {
        "/panic" => panic!("the service gave up"),
        "/hang" => std::future::pending().await,
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            full(StatusCode::OK, "slow")
        }
        "/body" => match request.into_body().collect().await {
            Ok(body) => full(StatusCode::OK, format!("{} bytes", body.to_bytes().len())),
            Err(error) => full(StatusCode::BAD_REQUEST, format!("body: {error}")),
        },
        "/unread" => full(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        "/big" => full(StatusCode::OK, vec![b'x'; 1 << 20]),
        "/endless" => {
            let piece = || Ok(http_body::Frame::data(Bytes::from_static(&[b'x'; 32 * 1024])));
            Response::new(StreamBody::new(futures_util::stream::repeat_with(piece)).boxed())
        }
        "/stream" => {
            let pieces = futures_util::stream::unfold(0, |n| async move {
                tokio::time::sleep(Duration::from_secs(20)).await;
                (n < 3).then(|| (Ok(http_body::Frame::data(Bytes::from_static(b"piece"))), n + 1))
            });
            Response::new(StreamBody::new(pieces).boxed())
        }
        "/broken" => {
            let pieces = futures_util::stream::iter([
                Ok(http_body::Frame::data(Bytes::from_static(b"half"))),
                Err(std::io::Error::other("gone")),
            ]);
            Response::new(StreamBody::new(pieces).boxed())
        }
        "/body-panics" => {
            let pieces =
                futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<Result<_, std::io::Error>>> { panic!("mid-answer") });
            let pieces: futures_util::stream::PollFn<_> = pieces;
            Response::new(StreamBody::new(pieces).boxed())
        }
        "/id" => full(StatusCode::OK, request.extensions().get::<RequestId>().unwrap().as_str().to_owned()),
        _ => {
            let host = request.headers().get("host").map_or("-", |host| host.to_str().unwrap());
            let mut reply = full(StatusCode::OK, format!("{} {} for {host}", request.method(), request.uri()));
            reply.extensions_mut().insert(Trace { route: Some("GET /{*rest}".into()), ..Trace::default() });
            reply
        }
    })
}

type Service = tower::util::ServiceFn<fn(Request<Body>) -> Answer>;

fn service() -> Service {
    tower::service_fn(|request| Box::pin(answer(request)) as Answer)
}

fn edge() -> Edge<Service> {
    Edge::new(service(), EdgeSettings::default())
}

/// Serves the other end of a pipe.
fn connect(edge: &Edge<Service>) -> DuplexStream {
    connect_through(edge, 1 << 16)
}

fn connect_through(edge: &Edge<Service>, capacity: usize) -> DuplexStream {
    let (client, server) = tokio::io::duplex(capacity);
    tokio::spawn(edge.serve(server, edge.admit(SocketAddr::from(PEER))));
    client
}

/// Sends `bytes` and reads until the edge closes. Dates and request ids are taken out.
async fn exchange(edge: &Edge<Service>, bytes: impl AsRef<[u8]>) -> String {
    let mut client = connect(edge);
    client.write_all(bytes.as_ref()).await.unwrap();
    read_all(&mut client).await
}

async fn read_all(client: &mut DuplexStream) -> String {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads until `end` has come.
async fn read_until(client: &mut DuplexStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let mut byte = [0];
        assert_eq!(client.read(&mut byte).await.unwrap(), 1, "closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap()
}

/// The status of every answer in what was received.
fn statuses(received: &str) -> Vec<u16> {
    received.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

/// An access log that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn edge(&self) -> (Edge<Service>, AccessLog) {
        let log = AccessLog::start(5, self.clone()).unwrap();
        (Edge::new(service(), EdgeSettings { access: Some(log.clone()), ..EdgeSettings::default() }), log)
    }

    fn lines(&self, log: &AccessLog) -> Vec<serde_json::Value> {
        assert!(log.flush(Duration::from_secs(20)));
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
