//! HTTP/2 by prior knowledge, on the port that speaks HTTP/1.1.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Notify;

use super::{SHOP, assert_serves};
use crate::support::fault::{Act, Faults, reply};
use crate::support::gateway::Gateway;
use crate::support::http::Client;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

async fn connect(gateway: &Gateway) -> SendRequest<Full<Bytes>> {
    let stream = tokio::net::TcpStream::connect(gateway.address()).await.expect("the gateway listens");
    let (requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2 is spoken");
    tokio::spawn(connection);
    requests
}

fn request(method: &str, uri: &str, body: &str) -> Request<Full<Bytes>> {
    let builder = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    builder.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request")
}

async fn read(response: Response<hyper::body::Incoming>) -> (StatusCode, serde_json::Value) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    (parts.status, serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_and_problems_travel_over_one_http2_connection() {
    let gateway = Gateway::start(SHOP);
    let requests = connect(&gateway).await;
    let long = format!("http://shop.example/{}", "a".repeat(8 * 1024));
    for (method, uri, body, status, code) in [
        ("GET", "http://shop.example/detail/1", "", 200, None),
        ("GET", "http://shop.example/detail/0", "", 422, Some("validation_failed")),
        ("GET", "http://shop.example/files//a", "", 400, Some("bad_path")),
        ("GET", "http://user@shop.example/detail/1", "", 400, Some("bad_request")),
        ("GET", "http://shop.example/nothing", "", 404, Some("no_route")),
        ("DELETE", "http://shop.example/detail/1", "", 405, Some("method_not_allowed")),
        ("GET", long.as_str(), "", 414, Some("uri_too_long")),
        ("POST", "http://shop.example/orders", &"x".repeat(1024 * 1024 + 1), 413, Some("body_too_large")),
        ("GET", "http://shop.example/detail/2", "", 200, None),
    ] {
        let answer = requests.clone().send_request(request(method, uri, body)).await.expect("an answer");
        let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).expect("an id").to_owned();
        let (answered, document) = read(answer).await;
        assert_eq!(
            (answered.as_u16(), document.get("code").and_then(|code| code.as_str())),
            (status, code),
            "{method} {uri:.60}"
        );
        let line = gateway.logged(&id);
        assert_eq!((line.get("status"), line.get("http")), (Some(&status.into()), Some(&"2".into())), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_of_one_connection_do_not_wait_for_each_other() {
    let release = Arc::new(Notify::new());
    let late = reply("Content-Type: application/json\r\n", "{\"late\":true}");
    let backend = Faults::new(vec![vec![Act::Read, Act::Wait(Arc::clone(&release)), Act::Send(late)]]);
    let late = format!("  late: {{url: 'http://{}'}}\nroutes:\n  - route: GET /late\n    call: late:/\n", backend.listen().await);
    let gateway = Gateway::start(&SHOP.replace("routes:\n", &late));
    let requests = connect(&gateway).await;
    let waiting = tokio::spawn(requests.clone().send_request(request("GET", "http://a/late", "")));
    backend.read(1).await;
    for _ in 0..20 {
        let answer = requests.clone().send_request(request("GET", "http://a/detail/1", "")).await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    assert!(!waiting.is_finished());
    release.notify_one();
    assert_eq!(waiting.await.expect("a task").expect("an answer").status(), 200);
}

#[test]
fn nonsense_behind_the_preface_ends_its_connection_and_nothing_else() {
    let gateway = Gateway::start(SHOP);
    for nonsense in [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(),
        // A frame of 16 MiB, a frame of a stream that does not exist, HEADERS that HPACK cannot read.
        b"\xff\xff\xff\0\0\0\0\0\x01",
        &[SETTINGS, b"\0\0\x01\0\0\0\0\0\x05x"].concat(),
        &[SETTINGS, b"\0\0\x04\x01\x05\0\0\0\x01\xff\xff\xff\xff"].concat(),
        &[0xff; 1000],
    ] {
        let mut client = gateway.connect();
        client.send([PREFACE, nonsense].concat());
        // It says GOAWAY, or nothing, and closes.
        while client.fill_to(1) {
            client.drain();
        }
        assert_serves(&gateway, "nonsense behind the preface");
    }
}

#[test]
fn a_preface_that_stops_and_becomes_something_else_is_http_1_and_bad() {
    let gateway = Gateway::start(SHOP);
    let mut client: Client = gateway.connect();
    let answer = client.send("PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").read();
    assert_eq!((answer.status, answer.problem().as_str()), (400, "bad_request"));
}
