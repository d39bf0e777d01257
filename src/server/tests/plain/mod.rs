//! HTTP/1 to the byte: what is sent for what came, and when.

mod ends;
mod laws;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use http_body::Frame;

use super::*;

/// What the service of these tests has done.
#[derive(Default)]
struct Seen {
    /// Requests that are at work, and pieces of a body without an end.
    working: AtomicUsize,
    pieces: AtomicUsize,
}

/// Counts as at work until it is dropped.
struct Working(Arc<Seen>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::SeqCst);
    }
}

fn pieces<const N: usize>(pieces: [Result<Frame<Bytes>, &'static str>; N]) -> Reply {
    let pieces = pieces.map(|piece| piece.map_err(std::io::Error::other));
    Response::new(StreamBody::new(futures_util::stream::iter(pieces)).boxed())
}

fn data(text: &'static str) -> Result<Frame<Bytes>, &'static str> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

fn trailers() -> Result<Frame<Bytes>, &'static str> {
    let named = [("x-sum", "7"), ("content-length", "9"), ("x-unsaid", "1")];
    Ok(Frame::trailers(named.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).into_iter().collect()))
}

fn with(mut reply: Reply, name: &'static str, value: &'static str) -> Reply {
    reply.headers_mut().insert(name, value.parse().unwrap());
    reply
}

async fn serve(seen: Arc<Seen>, request: Request<Body>) -> Result<Reply, Infallible> {
    if let Some(refusal) = request.extensions().get::<Refusal>().copied() {
        return Ok(full(StatusCode::from_u16(status(refusal)).unwrap(), refusal.rule()));
    }
    seen.working.fetch_add(1, Ordering::SeqCst);
    let working = Working(Arc::clone(&seen));
    let query = request.uri().query().map(ToOwned::to_owned);
    Ok(match request.uri().path() {
        "/status" => full(StatusCode::from_u16(query.unwrap().parse().unwrap()).unwrap(), "good"),
        "/empty" => with(full(StatusCode::OK, ""), "content-length", "0"),
        "/unknown" => pieces([data("go"), data(""), data("od")]),
        "/sized" => with(pieces([data("go"), data("od")]), "content-length", "4"),
        "/long" => with(pieces([data("go"), data("od, and more")]), "content-length", "4"),
        "/short" => with(pieces([data("go")]), "content-length", "4"),
        "/no-number" => with(pieces([data("go")]), "content-length", "4x"),
        "/coded" => with(pieces([data("good")]), "transfer-encoding", "gzip"),
        "/trailers" => with(pieces([data("good"), trailers()]), "trailer", "X-Sum, Content-Length"),
        "/unsaid" => pieces([data("good"), trailers()]),
        "/breaks" => pieces([data("half"), Err("gone")]),
        "/leaves" => with(full(StatusCode::OK, "bye"), "connection", "close"),
        "/unread" => full(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        "/body" => match request.into_body().collect().await {
            Ok(whole) => {
                let came = whole.trailers().map(|came| format!(" and {came:?}")).unwrap_or_default();
                let text = String::from_utf8_lossy(&whole.to_bytes()).into_owned();
                full(StatusCode::OK, format!("<{text}{came}>"))
            }
            Err(error) => full(StatusCode::BAD_REQUEST, error.to_string()),
        },
        // Nothing of it is in the task of the connection.
        "/elsewhere" => {
            let whole = tokio::spawn(request.into_body().collect()).await.unwrap().unwrap();
            full(StatusCode::OK, format!("<{}>", String::from_utf8_lossy(&whole.to_bytes())))
        }
        "/echo" => Response::new(request.into_body().map_err(std::io::Error::other).boxed()),
        "/dropped-elsewhere" => {
            let body = request.into_body();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                drop(body);
            });
            full(StatusCode::OK, "good")
        }
        "/held" => {
            let mut body = request.into_body();
            let _first = body.frame().await;
            let _held = (body, working);
            std::future::pending().await
        }
        "/hang" => {
            let _held = working;
            std::future::pending().await
        }
        "/endless" => Response::new(
            StreamBody::new(futures_util::stream::poll_fn(move |_| {
                let _held = &working;
                seen.pieces.fetch_add(1, Ordering::SeqCst);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))))
            }))
            .boxed(),
        ),
        "/large" => pieces([
            data("a"),
            Ok(Frame::data(vec![b'b'; 3000].into())),
            data("c"),
            Ok(Frame::data(vec![b'd'; 100_000].into())),
            Ok(Frame::data(vec![b'e'; 2048].into())),
            data("f"),
        ]),
        _ => full(StatusCode::OK, "good"),
    })
}

/// An edge in front of [`serve`].
struct Test {
    seen: Arc<Seen>,
    edge: Edge<tower::util::BoxCloneSyncService<Request<Body>, Reply, Infallible>>,
}

impl Test {
    fn new() -> Self {
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        let service = tower::service_fn(move |request| {
            let answer: Answer = Box::pin(serve(Arc::clone(&shared), request));
            answer
        });
        Self { seen, edge: Edge::new(tower::util::BoxCloneSyncService::new(service), EdgeSettings::default()) }
    }

    fn connect(&self, capacity: usize) -> DuplexStream {
        let (client, server) = tokio::io::duplex(capacity);
        tokio::spawn(self.edge.serve(server, self.edge.admit(SocketAddr::from(PEER))));
        client
    }

    /// Sends `bytes` and reads to the end: what came, without what every answer has.
    async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect(1 << 16);
        client.write_all(bytes.as_ref()).await.unwrap();
        plain(&read_all(&mut client).await)
    }

    async fn until_given_up(&self) {
        while self.seen.working.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Answers without the headers that all of them have.
fn plain(received: &str) -> String {
    let common = ["date: ", "x-request-id: ", "x-content-type-options: ", "referrer-policy: "];
    received.split_inclusive("\r\n").filter(|line| !common.iter().any(|name| line.starts_with(name))).collect()
}

fn ask(line: &str, headers: &str) -> String {
    format!("{line}\r\nHost: a\r\n{headers}\r\n")
}

const LAST: &str = "GET /leaves HTTP/1.1\r\nHost: a\r\n\r\n";
const BYE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbye";

#[tokio::test(start_paused = true)]
async fn an_answer_is_framed_as_its_request_and_its_length_allow() {
    for (line, headers, answer) in [
        ("GET /a HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("GET /a HTTP/1.1", "Connection: keep-alive\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("GET /empty HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ("GET /unknown HTTP/1.1", "", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\ngo\r\n2\r\nod\r\n0\r\n\r\n"),
        ("GET /coded HTTP/1.1", "", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"),
        ("GET /sized HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("GET /long HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("HEAD /a HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
        ("HEAD /sized HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
        ("HEAD /empty HTTP/1.1", "", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ("HEAD /unknown HTTP/1.1", "", "HTTP/1.1 200 OK\r\n\r\n"),
        ("GET /status?204 HTTP/1.1", "", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET /status?304 HTTP/1.1", "", "HTTP/1.1 304 Not Modified\r\n\r\n"),
        ("HEAD /status?304 HTTP/1.1", "", "HTTP/1.1 304 Not Modified\r\n\r\n"),
        ("GET /status?404 HTTP/1.1", "", "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngood"),
        ("GET /status?599 HTTP/1.1", "", "HTTP/1.1 599 <none>\r\ncontent-length: 4\r\n\r\ngood"),
        (
            "GET /trailers HTTP/1.1",
            "",
            "HTTP/1.1 200 OK\r\ntrailer: X-Sum, Content-Length\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
        ),
        (
            "GET /trailers HTTP/1.1",
            "TE: gzip, Trailers\r\n",
            "HTTP/1.1 200 OK\r\ntrailer: X-Sum, Content-Length\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\nx-sum: 7\r\n\r\n",
        ),
        (
            "GET /unsaid HTTP/1.1",
            "TE: trailers\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
        ),
        (
            "GET /a HTTP/1.0",
            "Connection: Keep-Alive\r\n",
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\ngood",
        ),
        ("HEAD /unknown HTTP/1.0", "Connection: keep-alive\r\n", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n"),
    ] {
        let received = Test::new().exchange(ask(line, headers) + LAST).await;
        assert_eq!(received, format!("{answer}{BYE}"), "{line} {headers}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_where_one_side_says_so_or_nothing_else_ends_the_answer() {
    for (line, headers, answer) in [
        ("GET /a HTTP/1.1", "Connection: x, Close\r\n", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ngood"),
        (
            "GET /a HTTP/1.1",
            "Connection: close\r\nConnection: keep-alive\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ngood",
        ),
        ("GET /leaves HTTP/1.1", "", BYE),
        (
            "GET /leaves HTTP/1.0",
            "Connection: keep-alive\r\n",
            "HTTP/1.0 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbye",
        ),
        ("GET /a HTTP/1.0", "", "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("GET /unknown HTTP/1.0", "", "HTTP/1.0 200 OK\r\n\r\ngood"),
        ("GET /unknown HTTP/1.0", "Connection: keep-alive\r\n", "HTTP/1.0 200 OK\r\n\r\ngood"),
        ("GET /trailers HTTP/1.0", "TE: trailers\r\n", "HTTP/1.0 200 OK\r\n\r\ngood"),
        (
            "GET /a HTTP/1.1",
            "X: \0\r\n",
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 17\r\n\r\ncontrol_character",
        ),
        ("HEAD /a HTTP/1.1", "X: \0\r\n", "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 17\r\n\r\n"),
    ] {
        let received = Test::new().exchange(ask(line, headers) + LAST).await;
        assert_eq!(received, answer, "{line} {headers}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_reaches_the_service_as_it_was_framed() {
    let sized = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let chunked = |body: &str| format!("Transfer-Encoding: chunked\r\n\r\n{body}");
    for (body, answer) in [
        ("\r\n".to_owned(), "<>"),
        (sized(""), "<>"),
        (sized("abc"), "<abc>"),
        (chunked("0\r\n\r\n"), "<>"),
        (chunked("1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n"), "<abc>"),
        (chunked("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"), "<abc and {\"x-sum\": \"7\"}>"),
    ] {
        for (path, expected) in [("/body", answer), ("/elsewhere", answer.split(" and").next().unwrap())] {
            let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\n{body}");
            let expected = format!("{}>", expected.trim_end_matches('>'));
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{expected}", expected.len());
            let received = Test::new().exchange(format!("{request}{request}{LAST}")).await;
            assert_eq!(received, format!("{answer}{answer}{BYE}"), "{request}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn large_pieces_leave_between_small_ones_in_their_order() {
    for capacity in [64, 1000, 4096, 1 << 18] {
        let mut client = Test::new().connect(capacity);
        client.write_all(ask("GET /large HTTP/1.0", "").as_bytes()).await.unwrap();
        let received = read_all(&mut client).await;
        let body = received.split_once("\r\n\r\n").unwrap().1;
        let expected =
            ["a".to_owned(), "b".repeat(3000), "c".to_owned(), "d".repeat(100_000), "e".repeat(2048), "f".to_owned()].concat();
        assert!(body == expected, "{} bytes through {capacity}", body.len());
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_is_told_that_its_body_is_wanted_when_it_is_and_not_before() {
    const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    let expects = "Expect: 100-continue\r\nContent-Length: 3\r\n";
    let test = Test::new();
    for path in ["/body", "/elsewhere"] {
        let mut client = test.connect(1 << 16);
        client.write_all(ask(&format!("POST {path} HTTP/1.1"), expects).as_bytes()).await.unwrap();
        assert_eq!(read_until(&mut client, "\r\n\r\n").await, CONTINUE);
        client.write_all(b"abc").await.unwrap();
        client.write_all(LAST.as_bytes()).await.unwrap();
        assert_eq!(plain(&read_all(&mut client).await), format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<abc>{BYE}"));
    }
    // Not to those that know nothing of it, and not for nothing.
    let received = test.exchange(ask("POST /body HTTP/1.0", expects) + "abc").await;
    assert_eq!(received, "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n<abc>");
    let received = test.exchange(ask("POST /body HTTP/1.1", "Expect: 100-continue\r\n") + LAST).await;
    assert_eq!(received, format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n<>{BYE}"));
    // Who was not told sends none, and what it sends then is no body.
    let received = test.exchange(ask("POST /unread HTTP/1.1", expects)).await;
    assert_eq!(received, "HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\ncontent-length: 9\r\n\r\ntoo large");
    // It came without waiting.
    let received = test.exchange(ask("POST /unread HTTP/1.1", expects) + "abc" + LAST).await;
    assert_eq!(received, format!("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 9\r\n\r\ntoo large{BYE}"));
}
