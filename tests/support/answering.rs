//! The product's own way from routes.yaml to an answer, without a port: `plan::compile`, then `Gateway::answer`.

#![allow(dead_code, unreachable_pub, reason = "every test binary needs its own part of it")]

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use forecourt::demo::InMemory;
use forecourt::gateway::edge::{BodyError, Peer, RequestId, Trace};
use forecourt::gateway::{Body, Gateway};
use forecourt::plan;
use forecourt::spec::Snapshot;
use forecourt::upstream::Client;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

/// The name of every request here.
pub const REQUEST_ID: &str = "request-of-a-test";

/// Whom every request here comes from.
pub const PEER: &str = "192.0.2.7:40000";

/// A gateway for a routes.yaml, its files and its variables; the report when there is something wrong with them.
pub fn gateway(routes: &str, files: BTreeMap<String, Vec<u8>>, env: BTreeMap<String, String>) -> Result<Gateway, String> {
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text: routes.to_owned(), files, env, ..Snapshot::default() };
    let plan = plan::compile(&snapshot).map_err(|broken| broken.to_string())?;
    Ok(Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(InMemory)))))
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Whether the body broke off.
    pub cut: bool,
    pub trace: Trace,
}

impl Answer {
    /// The one value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Asks for a path with GET.
pub async fn get(gateway: &Gateway, path: &str) -> Answer {
    ask(gateway, Request::get(path).body(Sent::empty()).expect("the test's path is one")).await
}

/// Asks as the edge does: with a request id and a peer.
pub async fn ask(gateway: &Gateway, mut request: Request<Sent>) -> Answer {
    let id = RequestId::adopt(&HeaderValue::from_static(REQUEST_ID)).expect("the test's request id is one");
    request.headers_mut().insert("x-request-id", id.header());
    request.extensions_mut().insert(id);
    if request.extensions().get::<Peer>().is_none() {
        request.extensions_mut().insert(Peer { address: PEER.parse().expect("the test's peer is one"), secure: false });
    }
    collect(gateway.answer(request).await).await
}

async fn collect(response: Response<Body>) -> Answer {
    let (mut head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    let mut cut = false;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => {
                cut = true;
                break;
            }
        }
    }
    let trace = head.extensions.remove().expect("every answer has a trace");
    Answer { status: head.status, headers: head.headers, body: bytes, cut, trace }
}

/// The body of a request: pieces, and perhaps a bad end.
#[derive(Debug)]
pub struct Sent {
    pieces: VecDeque<Result<Bytes, BodyError>>,
    length: Option<u64>,
}

impl Sent {
    pub fn empty() -> Self {
        Self { pieces: VecDeque::new(), length: Some(0) }
    }

    /// Bytes whose number is known.
    pub fn whole(bytes: Vec<u8>) -> Self {
        let length = Some(bytes.len() as u64);
        Self { pieces: VecDeque::from([Ok(Bytes::from(bytes))]), length }
    }

    /// Bytes that come one by one, and an end that nobody announced.
    pub fn in_pieces(bytes: &[u8], end: Option<BodyError>) -> Self {
        let pieces = bytes.iter().map(|byte| Ok(Bytes::copy_from_slice(&[*byte]))).chain(end.map(Err)).collect();
        Self { pieces, length: None }
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(self.pieces.pop_front().map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
