//! What a stream of HTTP/2 does at its ends: bodies both ways, trailers, resets, a client that is gone.

mod early;
mod ends;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::HeaderMap;
use http_body::Frame;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::*;
use crate::gateway::edge::Interim;

type Pieces = BoxBody<Bytes, std::io::Error>;

/// What the service of these tests has seen and what it waits for.
#[derive(Default)]
struct Seen {
    asked: AtomicUsize,
    /// Requests that are at work, and pieces of a body without an end.
    working: AtomicUsize,
    pieces: AtomicUsize,
    given_up: Notify,
}

/// Counts as at work until it is dropped.
struct Working(Arc<Seen>);

impl Working {
    fn new(seen: &Arc<Seen>) -> Self {
        seen.working.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::SeqCst);
        self.0.given_up.notify_one();
    }
}

fn body(pieces: impl futures_util::Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send + Sync + 'static) -> Pieces {
    StreamBody::new(pieces).boxed()
}

async fn serve(seen: Arc<Seen>, request: Request<Body>) -> Result<Reply, Infallible> {
    seen.asked.fetch_add(1, Ordering::SeqCst);
    let working = Working::new(&seen);
    Ok(match request.uri().path() {
        "/hang" => std::future::pending().await,
        "/endless" => Response::new(body(futures_util::stream::poll_fn(move |_| {
            let _held = &working;
            seen.pieces.fetch_add(1, Ordering::SeqCst);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))))
        }))),
        "/silent" => Response::new(body(futures_util::stream::poll_fn(move |_| {
            let _held = &working;
            Poll::Pending
        }))),
        "/breaks" => Response::new(body(futures_util::stream::iter([
            Ok(Frame::data(Bytes::from_static(b"half"))),
            Err(std::io::Error::other("the backend is gone")),
        ]))),
        "/trailers" => {
            let mut trailers = HeaderMap::new();
            let whole = request.into_body().collect().await.unwrap();
            trailers.insert("x-came", whole.trailers().map_or_else(|| "none".parse().unwrap(), |came| came["x-sent"].clone()));
            Response::new(body(futures_util::stream::iter([Ok(Frame::data(whole.to_bytes())), Ok(Frame::trailers(trailers))])))
        }
        "/body" => match request.into_body().collect().await {
            Ok(whole) => full(StatusCode::OK, whole.to_bytes().len().to_string()),
            Err(error) => full(StatusCode::BAD_REQUEST, error.to_string()),
        },
        "/held" => {
            // Reads one piece of its body and no more.
            let mut body = request.into_body();
            let _first = body.frame().await;
            let _held = body;
            std::future::pending().await
        }
        "/told" | "/told-at-once" => {
            let interim = request.extensions().get::<Interim>().cloned().unwrap();
            interim.give("</a.css>; rel=preload; as=style".parse().unwrap());
            if request.uri().path() == "/told" {
                tokio::time::sleep(Duration::from_secs(5)).await;
                interim.give("</late>; rel=preload".parse().unwrap());
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            full(StatusCode::OK, "told")
        }
        "/nothing" => full(StatusCode::from_u16(request.uri().query().unwrap().parse().unwrap()).unwrap(), "not to be seen"),
        _ => full(StatusCode::OK, "good"),
    })
}

/// An edge in front of [`serve`], a client of it, and what keeps the client's connection going.
struct Test {
    seen: Arc<Seen>,
    edge: Edge<tower::util::BoxCloneSyncService<Request<Body>, Reply, Infallible>>,
}

impl Test {
    fn new() -> Self {
        Self::with(EdgeSettings::default())
    }

    fn with(settings: EdgeSettings) -> Self {
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        let service = tower::service_fn(move |request| {
            let answer: Answer = Box::pin(serve(Arc::clone(&shared), request));
            answer
        });
        Self { seen, edge: Edge::new(tower::util::BoxCloneSyncService::new(service), settings) }
    }

    fn pipe(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(1 << 16);
        tokio::spawn(self.edge.serve(server, self.edge.admit(SocketAddr::from(PEER))));
        client
    }

    async fn client(&self) -> SendRequest<Bytes> {
        // Room for others beside an answer that nobody takes.
        let builder = h2::client::Builder::new().initial_connection_window_size(1 << 20).clone();
        let (client, connection) = builder.handshake(self.pipe()).await.unwrap();
        tokio::spawn(async move {
            let _ = connection.await;
        });
        client
    }

    async fn until_given_up(&self) {
        while self.seen.working.load(Ordering::SeqCst) > 0 {
            self.seen.given_up.notified().await;
        }
    }
}

async fn ask(client: &SendRequest<Bytes>, method: &str, path: &str, ends: bool) -> (ResponseFuture, SendStream<Bytes>) {
    let request = Request::builder().method(method).uri(format!("http://a{path}")).body(()).unwrap();
    client.clone().ready().await.unwrap().send_request(request, ends).unwrap()
}

/// Reads a body to its end: what came, or why it ended.
async fn read(body: &mut h2::RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut came = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        came.extend_from_slice(&data);
    }
    Ok(came)
}

async fn text(client: &SendRequest<Bytes>, path: &str) -> String {
    let (response, _) = ask(client, "GET", path, true).await;
    String::from_utf8(read(response.await.unwrap().body_mut()).await.unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_requests_taken_back_at_once_cost_little_work_and_the_connection() {
    let test = Test::new();
    let mut client = test.pipe();
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for stream in (1..2000_u32).step_by(2) {
        // HEADERS, whole, without a body behind them: GET, http, `/`, for `a`; and RST_STREAM with CANCEL.
        flood.extend([0, 0, 6, 1, 5]);
        flood.extend(stream.to_be_bytes());
        flood.extend(b"\x82\x86\x84\x01\x01a");
        flood.extend([0, 0, 4, 3, 0]);
        flood.extend(stream.to_be_bytes());
        flood.extend([0, 0, 0, 8]);
    }
    // In one read and more, as they come; that the other side has gone by then is no matter.
    let _sent = client.write_all(&flood).await;
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    // GOAWAY with ENHANCE_YOUR_CALM.
    let goaway = received.windows(9).position(|window| window[3] == 7 && window[4..] == [0; 5] && window[..2] == [0, 0]);
    let reason = &received[goaway.expect("a GOAWAY") + 13..][..4];
    assert_eq!(reason, [0, 0, 0, 11], "{received:?}");
    assert!(test.seen.asked.load(Ordering::SeqCst) <= 128, "{}", test.seen.asked.load(Ordering::SeqCst));
    test.until_given_up().await;
    test.edge.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_holds_a_bounded_part_of_an_answer() {
    let test = Test::new();
    let client = test.client().await;
    let (response, _) = ask(&client, "GET", "/endless", true).await;
    let response = response.await.unwrap();
    // Others go on meanwhile.
    for _ in 0..20 {
        assert_eq!(text(&client, "/good").await, "good");
    }
    // The client's window, and ours for one answer with the piece that is in hand and the one that was handed over.
    let most = (65_535 + 64 * 1024) / (16 * 1024) + 3;
    let pieces = test.seen.pieces.load(Ordering::SeqCst);
    assert!((4..=most).contains(&pieces), "{pieces} pieces, at most {most}");
    drop(response);
    test.until_given_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_request_back_ends_the_work_and_the_body_at_once() {
    let test = Test::new();
    let client = test.client().await;
    let (waiting, mut request) = ask(&client, "POST", "/hang", false).await;
    let (response, _) = ask(&client, "GET", "/silent", true).await;
    let silent = response.await.unwrap();
    assert_eq!(test.seen.working.load(Ordering::SeqCst), 2);
    request.send_reset(Reason::CANCEL);
    drop((waiting, silent));
    test.until_given_up().await;
    assert_eq!(text(&client, "/good").await, "good");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_is_reset_and_its_connection_goes_on() {
    let test = Test::new();
    let client = test.client().await;
    let (response, _) = ask(&client, "GET", "/breaks", true).await;
    let error = match response.await {
        Ok(mut response) => read(response.body_mut()).await.expect_err("half of it"),
        Err(error) => error,
    };
    assert!(error.is_reset() && error.is_remote(), "{error}");
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    assert_eq!(text(&client, "/good").await, "good");
}

#[tokio::test(start_paused = true)]
async fn trailers_go_both_ways() {
    let test = Test::new();
    let client = test.client().await;
    let (response, mut request) = ask(&client, "POST", "/trailers", false).await;
    request.send_data(Bytes::from_static(b"abc"), false).unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sent", "yes".parse().unwrap());
    request.send_trailers(trailers).unwrap();
    let mut response = response.await.unwrap();
    assert_eq!(read(response.body_mut()).await.unwrap(), b"abc");
    assert_eq!(response.body_mut().trailers().await.unwrap().unwrap()["x-came"], "yes");
}

#[tokio::test(start_paused = true)]
async fn a_request_body_that_is_taken_back_or_does_not_fit_its_length_never_looks_whole() {
    let kept = Kept::default();
    let log = AccessLog::start(5, kept.clone()).unwrap();
    let test = Test::with(EdgeSettings { access: Some(log.clone()), ..EdgeSettings::default() });
    let client = test.client().await;
    for reason in [Reason::CANCEL, Reason::NO_ERROR] {
        let (response, mut request) = ask(&client, "POST", "/body", false).await;
        request.send_data(Bytes::from_static(b"abc"), false).unwrap();
        assert_eq!(text(&client, "/good").await, "good");
        request.send_reset(reason);
        drop(response);
        test.until_given_up().await;
    }
    let short = Request::post("http://a/body").header("content-length", "5").body(()).unwrap();
    let (response, mut request) = client.clone().ready().await.unwrap().send_request(short, false).unwrap();
    request.send_data(Bytes::from_static(b"abc"), true).unwrap();
    let error = response.await.expect_err("three bytes of five");
    assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR));
    test.until_given_up().await;
    drop(client);
    test.edge.drain().await;
    let statuses: Vec<_> =
        kept.lines(&log).iter().filter(|line| line["path"] == "/body").map(|line| line["status"].clone()).collect();
    assert_eq!(statuses, [499, 499, 499]);
}

#[tokio::test(start_paused = true)]
async fn a_request_body_comes_no_faster_than_it_is_read() {
    let test = Test::new();
    let client = test.client().await;
    let (_response, mut request) = ask(&client, "POST", "/held", false).await;
    let mut sent = 0;
    let stopped = Instant::now() + Duration::from_secs(5);
    request.reserve_capacity(16 * 1024);
    // What it may send it sends; then nothing more may follow, for as long as one looks.
    loop {
        let capacity = std::future::poll_fn(|cx| request.poll_capacity(cx));
        let Ok(capacity) = tokio::time::timeout_at(stopped, capacity).await else { break };
        let room = capacity.unwrap().unwrap();
        request.send_data(Bytes::from(vec![b'x'; room]), false).unwrap();
        sent += room;
        request.reserve_capacity(16 * 1024);
    }
    // The window, and once again what the one piece that was read has opened.
    assert!((256 * 1024..=512 * 1024).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn where_no_body_belongs_there_is_none() {
    let test = Test::new();
    let client = test.client().await;
    for (method, path, length) in [
        ("HEAD", "/good", Some("4")),
        ("GET", "/nothing?204", None),
        ("GET", "/nothing?304", None),
        ("HEAD", "/nothing?304", None),
    ] {
        let (response, _) = ask(&client, method, path, true).await;
        let mut response = response.await.unwrap();
        assert!(response.body().is_end_stream(), "{method} {path}");
        assert_eq!(read(response.body_mut()).await.unwrap(), b"", "{method} {path}");
        assert_eq!(response.headers().get("content-length").map(|value| value.to_str().unwrap()), length, "{method} {path}");
    }
}
