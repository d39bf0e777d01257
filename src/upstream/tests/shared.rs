//! HTTP/2: many calls on few connections, against a server that keeps the rules.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{BoxFuture, join_all};
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody as Pieces};
use tokio::sync::{Barrier, mpsc};

use super::*;
use crate::upstream::connect::Connector;
use crate::upstream::resolve::Names;

type Answer = Arc<dyn Fn(Request<RecvStream>, SendResponse<Bytes>) -> BoxFuture<'static, ()> + Send + Sync>;

/// A server in memory that answers every call by a function.
#[derive(Clone)]
pub(super) struct Server {
    builder: Builder,
    answer: Answer,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(super) fn new<F: Future<Output = ()> + Send + 'static>(
        answer: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Self {
        let answer: Answer = Arc::new(move |request, respond| Box::pin(answer(request, respond)));
        Self { builder: Builder::new(), answer, connections: Arc::default() }
    }

    fn taking(mut self, streams: u32) -> Self {
        self.builder.max_concurrent_streams(streams);
        self
    }

    pub(super) fn client(&self) -> Client {
        Client::with_connector(Connector::new(Some(Arc::new(self.clone())), Names::system()).sharing_memory())
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Dial for Server {
    fn dial(&self) -> DuplexStream {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let (near, far) = tokio::io::duplex(64 * 1024);
        let server = self.clone();
        tokio::spawn(async move {
            let Ok(mut connection) = server.builder.handshake::<_, Bytes>(far).await else { return };
            while let Some(Ok((request, respond))) = connection.accept().await {
                tokio::spawn((server.answer)(request, respond));
            }
        });
        near
    }
}

pub(super) fn respond(mut respond: SendResponse<Bytes>, body: impl Into<Bytes>) {
    let mut stream = respond.send_response(Response::new(()), false).unwrap();
    stream.send_data(body.into(), true).unwrap();
}

fn respond_if_wanted(mut respond: SendResponse<Bytes>) {
    if let Ok(mut stream) = respond.send_response(Response::new(()), false) {
        let _sent = stream.send_data(Bytes::from_static(b"x"), true);
    }
}

pub(super) async fn read(mut body: RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        body.flow_control().release_capacity(piece.len()).unwrap();
        all.extend_from_slice(&piece);
    }
    all
}

pub(super) fn head(path: &str, trailers: Trailers) -> Head<'_> {
    let (headers, tally) = (HeaderMap::new().into(), Tally::default());
    Head { method: Method::POST, path_and_query: path, headers, repeat: Repeat::ByMethod, trailers, tally }
}

pub(super) type Piece = Result<Frame<Bytes>, BodyError>;

/// A body that the test feeds.
pub(super) fn fed() -> (mpsc::Sender<Piece>, BoxBody<Bytes, BodyError>) {
    let (feed, pieces) = mpsc::channel(1);
    let pieces =
        futures_util::stream::unfold(pieces, |mut pieces| async move { pieces.recv().await.map(|piece| (piece, pieces)) });
    (feed, BoxBody::new(Pieces::new(Box::pin(pieces))))
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_find_one_connection() {
    let all = Arc::new(Barrier::new(100));
    let server = Server::new(move |request, send| {
        let all = Arc::clone(&all);
        async move {
            // None is answered before all are here.
            all.wait().await;
            respond(send, request.uri().path().to_owned());
        }
    });
    let client = server.client();
    let upstream = demo();
    let calls = (0..100).map(|number| {
        let (client, upstream) = (client.clone(), upstream.clone());
        async move {
            let path = format!("/{number}");
            assert_eq!(client.send(&upstream, get(&path), far()).await.unwrap().body, path);
        }
    });
    join_all(calls).await;
    assert_eq!((server.connections(), client.sharing(&demo())), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_few_calls_at_once_gets_more_connections() {
    for (streams, calls, connections) in [(1, 10, 10), (3, 9, 9), (20, 60, 3)] {
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, seen) = (Arc::clone(&at_once), Arc::clone(&most));
        let server = Server::new(move |_, send| {
            let (now, seen) = (Arc::clone(&now), Arc::clone(&seen));
            async move {
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                respond(send, "x");
            }
        });
        let server = server.taking(streams);
        let (client, upstream) = (server.client(), demo());
        // The first call finds out how many it takes.
        client.send(&upstream, get("/"), far()).await.unwrap();
        let all = join_all((0..calls).map(|_| client.send(&upstream, get("/"), far()))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        assert_eq!(most.load(Ordering::SeqCst), calls, "none waits for another");
        assert!(server.connections() <= connections, "{streams}: {}", server.connections());
        client.send(&upstream, get("/"), far()).await.unwrap();
        assert!(server.connections() <= connections, "one that is there is used");
    }
}

#[tokio::test(start_paused = true)]
async fn places_on_a_connection_are_neither_lost_nor_made() {
    let all = Arc::new(Barrier::new(100));
    let server = Server::new(move |request: Request<RecvStream>, send| {
        let all = Arc::clone(&all);
        async move {
            match request.uri().path() {
                "/all" => _ = all.wait().await,
                path => tokio::time::sleep(Duration::from_millis(path[1..].parse().unwrap())).await,
            }
            respond_if_wanted(send);
        }
    });
    let (client, upstream) = (server.client(), demo());
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..60 {
        // Of a hundred at once, some are given up at any point, far more of them than a connection may have had resets by default.
        let calls = (0..100).map(|_| {
            let patience = Duration::from_millis(random.u64(0..60));
            let call = client.send(&upstream, get(&format!("/{}", random.u64(0..40))), far());
            async move { tokio::time::timeout(patience, call).await.map(|reply| reply.unwrap().status).ok() }
        });
        let outcomes = join_all(calls.collect::<Vec<_>>()).await;
        assert!(outcomes.iter().flatten().all(|status| *status == StatusCode::OK));
        assert!((1..100).contains(&outcomes.iter().flatten().count()));
    }
    let whole = join_all((0..100).map(|_| client.send(&upstream, get("/all"), far()))).await;
    assert!(whole.iter().all(Result::is_ok), "a hundred are under way at the same time");
    assert_eq!((server.connections(), client.sharing(&upstream)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_host_is_the_authority_and_nothing_is_said_of_the_connection() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::new(move |request, send| {
        let tell = tell.clone();
        async move {
            let (head, body) = request.into_parts();
            tell.send((head, read(body).await)).unwrap();
            respond(send, "");
        }
    });
    let upstream = Upstream::new(
        "demo".into(),
        Settings {
            headers: HeaderRules {
                set: vec![(http::header::HOST, HeaderValue::from_static("shop.example:8443"))],
                ..HeaderRules::default()
            },
            ..settings("demo:")
        },
    );
    let mut request = HeaderMap::new();
    for (name, value) in [
        ("connection", "te, x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers, deflate"),
        ("proxy-connection", "x"),
        ("upgrade", "h2c"),
        ("http2-settings", "AAMAAABkAAQ"),
        ("x-kept", "1"),
        ("expect", "100-continue"),
        ("transfer-encoding", "chunked"),
        ("cookie", "a=1"),
    ] {
        request.append(name, HeaderValue::from_static(value));
    }
    let trailers = Trailers::of(&request);
    let forwarding = headers::Forwarding::untouched(&request, headers::Peer::default()).unwrap();
    let body = BoxBody::new(Full::new(Bytes::from_static(b"hello")).map_err(|never| match never {}));
    let head = Head { headers: CallHeaders::Made(&forwarding), ..head("/a?b=c", trailers) };
    let opened = server.client().open(&upstream, head, body, far()).await.unwrap();
    assert_eq!((opened.status(), opened.version()), (StatusCode::OK, Version::HTTP_11), "what came how is of no interest below");
    let (head, body) = told.recv().await.unwrap();
    assert_eq!((head.method, head.uri.to_string().as_str()), (Method::POST, "http://shop.example:8443/a?b=c"));
    let mut seen: Vec<String> = head.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    seen.retain(|line| !line.contains("forwarded"));
    seen.sort();
    assert_eq!(seen, ["content-length: 5", "cookie: a=1", "te: trailers", "x-kept: 1"]);
    assert_eq!(body, b"hello");
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_body_says_so_and_a_reply_without_one_has_none() {
    let server = Server::new(|request: Request<RecvStream>, mut send| async move {
        assert!(request.body().is_end_stream());
        let status = request.uri().path()[1..].parse().unwrap_or(StatusCode::OK);
        let head = Response::builder().status(status).header("content-length", "5").header("content-encoding", "gzip");
        send.send_response(head.body(()).unwrap(), true).unwrap();
    });
    let client = server.client();
    for (method, path) in [(Method::HEAD, "/200"), (Method::GET, "/204"), (Method::GET, "/304")] {
        let reply = client.send(&demo(), call(method, path), far()).await.unwrap();
        assert!(reply.body.is_empty() && !reply.headers.contains_key("content-encoding"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_pass_both_ways() {
    let server = Server::new(|request: Request<RecvStream>, mut send| async move {
        let mut body = request.into_body();
        while let Some(Ok(piece)) = body.data().await {
            body.flow_control().release_capacity(piece.len()).unwrap();
        }
        let came = body.trailers().await.unwrap().unwrap();
        let mut stream = send.send_response(Response::builder().header("trailer", "x-sum").body(()).unwrap(), false).unwrap();
        stream.send_data(Bytes::from_static(b"body"), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", came["x-in"].clone());
        trailers.insert("set-cookie", HeaderValue::from_static("no=1"));
        stream.send_trailers(trailers).unwrap();
    });
    let mut request = HeaderMap::new();
    request.insert("te", HeaderValue::from_static("trailers"));
    request.insert("trailer", HeaderValue::from_static("x-in"));
    let (feed, body) = fed();
    feed.send(Ok(Frame::data(Bytes::from_static(b"up")))).await.unwrap();
    let client = server.client();
    let upstream = demo();
    let (opened, ()) = tokio::join!(client.open(&upstream, head("/", Trailers::of(&request)), body, far()), async {
        let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("x-in"), HeaderValue::from_static("7"))]);
        feed.send(Ok(Frame::trailers(trailers))).await.unwrap();
        drop(feed);
    });
    let whole = opened.unwrap().into_body().collect().await.unwrap();
    let trailers = whole.trailers().cloned().unwrap();
    assert_eq!((trailers.len(), trailers["x-sum"].to_str().unwrap()), (1, "7"));
    assert_eq!(whole.to_bytes(), "body");
    assert_eq!((server.connections(), client.sharing(&upstream)), (1, 1));
}
