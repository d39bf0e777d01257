//! Bodies that pass through as they come, in both directions.

use std::pin::pin;

use http::{HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody as Pieces};
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::upstream::fault::{Act, chunked, reply};

type Piece = Result<Frame<Bytes>, BodyError>;

fn whole(bytes: &'static str) -> BoxBody<Bytes, BodyError> {
    Full::new(Bytes::from_static(bytes.as_bytes())).map_err(|never| match never {}).boxed()
}

/// A body that the test feeds.
fn fed() -> (mpsc::UnboundedSender<Piece>, BoxBody<Bytes, BodyError>) {
    let (feed, pieces) = mpsc::unbounded_channel();
    let pieces =
        futures_util::stream::unfold(pieces, |mut pieces| async move { pieces.recv().await.map(|piece| (piece, pieces)) });
    (feed, BoxBody::new(Pieces::new(Box::pin(pieces))))
}

fn piece(bytes: &'static [u8]) -> Piece {
    Ok(Frame::data(Bytes::from_static(bytes)))
}

async fn open(client: &Client, method: Method, body: BoxBody<Bytes, BodyError>) -> Result<Response<StreamBody>, Error> {
    let head = Head {
        method,
        path_and_query: "/files/a",
        headers: HeaderMap::new().into(),
        repeat: Repeat::ByMethod,
        trailers: Trailers::default(),
        tally: Tally::default(),
    };
    client.open(&demo(), head, body, in_a_minute()).await
}

async fn download(script: Vec<Act>) -> (Vec<u8>, Option<Error>) {
    let reply = open(&client(&Faults::new(vec![script])), Method::GET, whole("")).await.unwrap();
    drain(reply.into_body()).await
}

/// What came, and the error that it ended with.
async fn drain(body: StreamBody) -> (Vec<u8>, Option<Error>) {
    let mut body = pin!(body);
    let mut came = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => came.extend_from_slice(&frame.into_data().unwrap()),
            Err(error) => {
                assert!(body.frame().await.is_none(), "nothing follows an error");
                return (came, Some(error));
            }
        }
    }
    (came, None)
}

#[test]
fn a_streamed_body_can_be_boxed() {
    fn is_body<B: Body<Data = Bytes, Error = Error> + Send + Sync + Unpin + 'static>() {}
    is_body::<StreamBody>();
}

#[tokio::test(start_paused = true)]
async fn a_reply_passes_untouched() {
    let coded = fixtures::brotli();
    let head = "Content-Encoding: br\r\nETag: \"1\"\r\nServer: Tomcat\r\nConnection: keep-alive\r\n";
    let faults = Faults::answering(reply(head, &coded));
    let client = client(&faults);
    let mut headers = HeaderMap::new();
    headers.insert("accept-encoding", HeaderValue::from_static("br"));
    let head = Head {
        method: Method::GET,
        path_and_query: "/a?b=c",
        headers: headers.into(),
        repeat: Repeat::ByMethod,
        trailers: Trailers::default(),
        tally: Tally::default(),
    };
    let opened = client.open(&demo(), head, whole(""), in_a_minute()).await.unwrap();
    let names: Vec<&str> = opened.headers().keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["content-encoding", "etag", "content-length"]);
    assert_eq!(opened.body().size_hint().exact(), Some(coded.len() as u64));
    let (came, error) = drain(opened.into_body()).await;
    assert!(came == coded && error.is_none());
    assert_eq!(faults.requests(), ["GET /a?b=c HTTP/1.1\r\naccept-encoding: br\r\nhost: demo\r\n\r\n"]);
    assert_eq!(client.waiting(&demo()), 1, "the connection waits for the next call");
}

#[tokio::test(start_paused = true)]
async fn pieces_pass_as_they_come() {
    let go = Arc::new(Notify::new());
    let head =
        Act::send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata:1\r\n");
    let script = vec![Act::Read, head, Act::Wait(go.clone()), Act::send("6\r\ndata:2\r\n"), Act::Hang];
    let opened = open(&client(&Faults::new(vec![script])), Method::GET, whole("")).await.unwrap();
    let mut body = opened.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data:1");
    go.notify_one();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data:2");
}

const TRAILED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n\
    2\r\nab\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\nX-Other: 2\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn trailers_that_nobody_asked_for_are_left_out_and_the_end_is_the_end() {
    let (came, error) = download(vec![Act::Read, Act::send(TRAILED), Act::Hang]).await;
    assert!(came == b"ab" && error.is_none());
    let (came, error) = download(vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Act::Hang]).await;
    assert!(came.is_empty() && error.is_none());
}

#[tokio::test(start_paused = true)]
async fn trailers_that_are_announced_and_wanted_pass_both_ways() {
    let faults = Faults::new(vec![vec![Act::Read, Act::send(TRAILED), Act::Read, Act::send(TRAILED), Act::Hang]]);
    let client = client(&faults);
    let (feed, body) = fed();
    let says = [("te", "trailers"), ("trailer", "x-digest, cookie")]
        .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
    let trailers = Trailers::of(&HeaderMap::from_iter(says));
    feed.send(piece(b"up")).unwrap();
    let fields = [("x-digest", "3"), ("cookie", "a=b"), ("etag", "4")]
        .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
    feed.send(Ok(Frame::trailers(HeaderMap::from_iter(fields)))).unwrap();
    drop(feed);
    let head = Head {
        method: Method::PUT,
        path_and_query: "/a",
        headers: HeaderMap::new().into(),
        repeat: Repeat::ByMethod,
        trailers,
        tally: Tally::default(),
    };
    let opened = client.open(&demo(), head, body, in_a_minute()).await.unwrap();
    assert_eq!(opened.headers()["trailer"], "x-sum");
    let collected = opened.into_body().collect().await.unwrap();
    let expected = HeaderMap::from_iter([(http::HeaderName::from_static("x-sum"), HeaderValue::from_static("1"))]);
    assert_eq!(collected.trailers(), Some(&expected));
    assert_eq!(collected.to_bytes(), "ab");
    // The backend has read to the end of the trailers: what follows is the next request.
    let opened = open(&client, Method::GET, whole("")).await.unwrap();
    assert_eq!(drain(opened.into_body()).await.0, b"ab");
    assert_eq!((client.opened(), faults.connections()), (1, 1));
    let sent = "PUT /a HTTP/1.1\r\nhost: demo\r\nte: trailers\r\nconnection: te\r\ntrailer: x-digest\r\ntransfer-encoding: chunked\r\n\r\nup";
    assert_eq!(faults.requests()[0], sent);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_ends_in_an_error() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    for (script, came, kind) in [
        (vec![Act::Read, Act::send(format!("{length}abc"))], "abc", "upstream_incomplete"),
        (vec![Act::Read, Act::send(format!("{chunks}3\r\nabc\r\n"))], "abc", "upstream_incomplete"),
        (vec![Act::Read, Act::send(format!("{chunks}3\r\nabc\r\nxyz"))], "abc", "upstream_malformed"),
        (vec![Act::Read, Act::send(format!("{length}abc")), Act::Hang], "abc", "upstream_between_bytes_timeout"),
        (vec![Act::Read, Act::send(length), Act::Hang], "", "upstream_between_bytes_timeout"),
    ] {
        let (found, error) = download(script).await;
        assert_eq!((String::from_utf8(found).unwrap().as_str(), error.map(|error| error.kind())), (came, Some(kind)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_problem_with_the_head_or_what_came_with_it_is_an_error_at_once() {
    for (script, kind) in [
        (vec![Act::Hang], "upstream_first_byte_timeout"),
        (vec![Act::Read], "upstream_closed"),
        (vec![Act::Read, Act::send("HTTP/1.1 200 OK\n\n")], "upstream_malformed"),
        (
            vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")],
            "upstream_malformed",
        ),
        (vec![Act::Read, Act::send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")], "upstream_malformed"),
        // Of the body, but it came with the head.
        (vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz")], "upstream_malformed"),
    ] {
        let error = open(&client(&Faults::new(vec![script])), Method::GET, whole("")).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_stall_limits_a_stream_not_its_whole_duration_nor_its_size() {
    let bytes = chunked(&[&[b'x'; 1000][..]].repeat(300));
    let drip = Act::Drip { bytes, size: 10_000, pause: Duration::from_secs(4) };
    let start = Instant::now();
    let (came, error) = download(vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), drip]).await;
    assert!(came.len() == 300_000 && error.is_none());
    assert!(start.elapsed() > Duration::from_secs(60), "longer than total and deadline: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_a_stalled_upstream() {
    let head = Act::send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    let script = vec![Act::Read, head, Act::Pause(Duration::from_secs(4)), Act::send("cd"), Act::Hang];
    let opened = open(&client(&Faults::new(vec![script])), Method::GET, whole("")).await.unwrap();
    let mut body = opened.into_body();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "cd");
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_leaves_cuts_the_connection() {
    let script = vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nab"), Act::AwaitClose];
    let faults = Faults::new(vec![script]);
    let client = client(&faults);
    let mut opened = open(&client, Method::GET, whole("")).await.unwrap();
    opened.body_mut().frame().await.unwrap().unwrap();
    drop(opened);
    faults.closed(1).await;
    assert_eq!(client.waiting(&demo()), 0);
}

#[tokio::test(start_paused = true)]
async fn an_upload_passes_as_it_comes() {
    let (feed, body) = fed();
    let faults = Faults::answering(reply("", "done"));
    let client = client(&faults);
    let feeding = async {
        for bytes in [&b"one "[..], b"two ", b"three"] {
            feed.send(piece(bytes)).unwrap();
            tokio::task::yield_now().await;
        }
        let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("x"))]);
        feed.send(Ok(Frame::trailers(trailers))).unwrap();
        drop(feed);
    };
    let (opened, ()) = tokio::join!(open(&client, Method::POST, body), feeding);
    assert_eq!(drain(opened.unwrap().into_body()).await.0, b"done");
    assert_eq!(faults.requests(), ["POST /files/a HTTP/1.1\r\nhost: demo\r\ntransfer-encoding: chunked\r\n\r\none two three"]);
    assert_eq!(client.waiting(&demo()), 1);
    let opened = open(&client, Method::PUT, whole("known")).await.unwrap();
    drain(opened.into_body()).await;
    assert_eq!(faults.requests()[1], "PUT /files/a HTTP/1.1\r\nhost: demo\r\ncontent-length: 5\r\n\r\nknown");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_breaks_off_is_never_ended_as_if_whole() {
    let (feed, body) = fed();
    let faults = Faults::new(vec![vec![Act::ReadHead, Act::AwaitClose]]);
    feed.send(piece(b"half")).unwrap();
    feed.send(Err("the client left".into())).unwrap();
    let error = open(&client(&faults), Method::POST, body).await.unwrap_err();
    assert!(matches!(&error, Error::ClientBody(cause) if cause.to_string() == "the client left"), "{error}");
    faults.closed(1).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_breaks_off_during_the_reply_ends_the_reply() {
    let (feed, body) = fed();
    let head = Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
    let faults = Faults::new(vec![vec![Act::ReadHead, head, Act::AwaitClose]]);
    feed.send(piece(b"half")).unwrap();
    let opened = open(&client(&faults), Method::POST, body).await.unwrap();
    feed.send(Err("the client left".into())).unwrap();
    let (_, error) = drain(opened.into_body()).await;
    assert_eq!(error.unwrap().kind(), "body_broken");
}

#[tokio::test(start_paused = true)]
async fn a_reply_before_the_end_of_the_upload_costs_the_connection() {
    let (feed, body) = fed();
    let faults = Faults::new(vec![vec![Act::ReadHead, Act::reply("", "too much"), Act::AwaitClose]]);
    let client = client(&faults);
    feed.send(piece(b"half")).unwrap();
    let opened = open(&client, Method::POST, body).await.unwrap();
    assert_eq!(drain(opened.into_body()).await.0, b"too much");
    faults.closed(1).await;
    assert_eq!(client.waiting(&demo()), 0);
    drop(feed);
}

#[tokio::test(start_paused = true)]
async fn only_a_body_that_is_empty_can_be_sent_twice() {
    for (body, method, expected) in [
        (whole(""), Method::GET, Ok(())),
        (whole("x"), Method::PUT, Err("upstream_closed")),
        (whole(""), Method::POST, Err("upstream_closed")),
    ] {
        let stale = vec![Act::Read, Act::reply("", "1"), Act::Read];
        let faults = Faults::new(vec![stale, vec![Act::Read, Act::reply("", "2")]]);
        let client = client(&faults);
        client.send(&demo(), get("/"), in_a_minute()).await.unwrap();
        let opened = open(&client, method.clone(), body).await;
        assert_eq!(opened.map(|_| ()).map_err(|error| error.kind()), expected, "{method}");
    }
}
