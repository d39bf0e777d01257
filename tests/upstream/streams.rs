//! Backends that speak HTTP/2, behind the shipped binary: what they choose, what their calls share, what becomes of a call whose
//! stream is reset, refused or left.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Response;

use crate::support::fault::frames::{CANCEL, Frame, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use crate::support::fault::{Act, Faults};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;
use crate::support::secure::{self, BOTH, HTTP1, HTTP2, NONE};
use crate::support::until::until;

const READ: Act = Act::ReadStream { whole: true };

fn greet() -> Act {
    Act::Greet(Vec::new())
}

fn ok(body: &str) -> Act {
    Act::Frames(vec![Frame::Head(200, vec![("content-type", "application/json".into())], false), Frame::end(body)])
}

/// A gateway with one worker before the backend at this address, with these members of its entry.
fn before(address: std::net::SocketAddr, options: &str) -> Gateway {
    let patient = "timeout: {connect: 60s, first_byte: 60s, between_bytes: 60s, total: 60s}";
    let routes = "  - route: GET /shaped/{id}\n    call: 'b:/{path.id}'\n    timeout: 60s\n  - route: POST /shaped/{id}\n    call: 'POST b:/{path.id}'\n    timeout: 60s\n\
        \x20 - route: ANY /passed/{id}\n    proxy: 'b:/{path.id}'\n    timeout: 60s\n";
    let file = format!("upstreams:\n  b: {{url: 'https://{address}', {patient}{options}}}\nroutes:\n{routes}");
    secure::trusting(Setup::new(&file)).workers(1).start()
}

const ONCE: &str = ", retry: false, breaker: false";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_speaks_what_it_chooses() {
    for (protocols, script, expected) in [
        (BOTH, vec![greet(), READ, ok("{\"a\":2}"), READ, ok("{\"a\":2}"), Act::Attend], "{\"a\":2}"),
        (HTTP2, vec![greet(), READ, ok("{\"a\":2}"), READ, ok("{\"a\":2}"), Act::Attend], "{\"a\":2}"),
        (
            HTTP1,
            vec![Act::Read, Act::reply("", "{\"a\":1}"), Act::Read, Act::reply("", "{\"a\":1}"), Act::AwaitClose],
            "{\"a\":1}",
        ),
        (
            NONE,
            vec![Act::Read, Act::reply("", "{\"a\":1}"), Act::Read, Act::reply("", "{\"a\":1}"), Act::AwaitClose],
            "{\"a\":1}",
        ),
    ] {
        let faults = Faults::new(vec![script]);
        let gateway = before(secure::play(&faults, protocols).await, ONCE);
        for path in ["/shaped/1", "/passed/1"] {
            let answer = gateway.get(path);
            assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{protocols:?} {path}");
        }
        assert_eq!((faults.connections(), faults.requests().len()), (1, 2), "{protocols:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_reset_is_a_502_or_a_cut_answer_and_the_next_call_has_the_same_connection() {
    let head = |length: &str| {
        Frame::Head(200, vec![("content-type", "application/json".into()), ("content-length", length.into())], false)
    };
    for (about, frames, begins) in [
        ("before the head", vec![Frame::Reset(INTERNAL_ERROR)], false),
        ("with the head", vec![head("9"), Frame::Reset(INTERNAL_ERROR)], false),
        ("in the body", vec![head("9"), Frame::data("{\"a\":"), Frame::Reset(CANCEL)], true),
        ("in a body without a length", vec![Frame::head(200), Frame::data("{\"a\":1}"), Frame::Reset(NO_ERROR)], true),
    ] {
        let failing = [READ, Act::Frames(frames)];
        let script = [vec![greet()], failing.to_vec(), failing.to_vec(), vec![READ, ok("{\"a\":1}"), Act::Attend]].concat();
        let faults = Faults::new(vec![script]);
        let gateway = before(secure::play(&faults, BOTH).await, ONCE);
        let answer = gateway.get("/shaped/1");
        assert_eq!((answer.status, answer.problem().as_str()), (502, "upstream_reset"), "{about}");
        let answer = gateway.get("/passed/1");
        match begins {
            true => assert_eq!((answer.status, answer.cut), (200, true), "{about}"),
            false => assert_eq!((answer.status, answer.problem().as_str()), (502, "upstream_reset"), "{about}"),
        }
        assert_eq!(gateway.get("/shaped/1").status, 200, "{about}");
        assert_eq!(faults.connections(), 1, "{about}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_backend_has_not_touched_it_is_asked_again() {
    let refused = vec![greet(), READ, Act::Frames(vec![Frame::Reset(REFUSED_STREAM)]), READ, ok("{}"), Act::Attend];
    let gone = vec![greet(), READ, Act::Frames(vec![Frame::GoAway(1, NO_ERROR)]), Act::Attend];
    for (first, connections) in [(refused, 1), (gone, 2)] {
        let faults = Faults::new(vec![first, vec![greet(), READ, ok("{}"), Act::Attend]]);
        let gateway = before(secure::play(&faults, BOTH).await, ONCE);
        let answer = gateway.request("POST", "/shaped/1", &[("content-type", "application/json")], b"{\"order\":1}");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!((faults.connections(), faults.requests().len()), (connections, 2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_goes_answers_what_it_has_and_is_found_anew() {
    let goes = Act::Frames(vec![Frame::head(200), Frame::GoAway(0, NO_ERROR), Frame::end("{\"a\":1}")]);
    let faults = Faults::new(vec![vec![greet(), READ, goes, Act::Attend], vec![greet(), READ, ok("{\"a\":2}"), Act::Attend]]);
    let gateway = before(secure::play(&faults, BOTH).await, ONCE);
    assert_eq!(gateway.get("/shaped/1").text(), "{\"a\":1}");
    assert_eq!(gateway.get("/shaped/2").text(), "{\"a\":2}");
    faults.closed(1).await;
    assert_eq!(faults.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_takes_its_stream_along_and_no_other() {
    let script = vec![greet(), READ, READ, Act::AwaitReset, Act::Frames(vec![Frame::head(200), Frame::end("{}")]), Act::Attend];
    let faults = Faults::new(vec![script]);
    let gateway = before(secure::play(&faults, BOTH).await, ONCE);
    let mut leaves = gateway.connect();
    leaves.send("GET /passed/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    faults.read(1).await;
    let mut stays = gateway.connect();
    stays.send("GET /passed/2 HTTP/1.1\r\nHost: a\r\n\r\n");
    faults.read(2).await;
    drop(leaves);
    faults.read(3).await;
    assert_eq!(stays.read().status, 200);
    assert_eq!(faults.requests(), ["stream 1: ", "stream 3: ", "reset 1: 8"]);
    assert_eq!(faults.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_share_a_connection_and_one_that_does_not_read_holds_nobody_up() {
    const LARGE: usize = 64 * 1024 * 1024;
    let (address, connections) = secure::serve(h2::server::Builder::new(), |request, mut send| async move {
        let mut stream = send.send_response(Response::new(()), false).expect("a stream that is open");
        match request.uri().path() {
            "/large" => secure::pour(stream, LARGE).await,
            path => stream.send_data(Bytes::from(format!("{{\"path\":\"{path}\"}}")), true).expect("a stream that is open"),
        }
    })
    .await;
    let gateway = before(address, ONCE);
    let mut slow = gateway.connect();
    slow.send("GET /passed/large HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(slow.head().status, 200);
    let mut clients: Vec<Client> = (0..32).map(|_| gateway.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(format!("GET /shaped/{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.read().text(), format!("{{\"path\":\"/{number}\"}}"));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let mut came = 0;
    while came < LARGE {
        came += slow.piece().expect("all of it").len();
    }
    assert_eq!(came, LARGE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_takes_one_call_at_once_gets_as_many_connections_as_calls() {
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(1);
    let all = std::sync::Arc::new(tokio::sync::Barrier::new(4));
    let (address, connections) = secure::serve(builder, move |_, mut send| {
        let all = std::sync::Arc::clone(&all);
        async move {
            // None is answered before all have come.
            all.wait().await;
            let mut stream = send.send_response(Response::new(()), false).expect("a stream that is open");
            stream.send_data(Bytes::from_static(b"{}"), true).expect("a stream that is open");
        }
    })
    .await;
    let gateway = before(address, ONCE);
    for _ in 0..2 {
        let mut clients: Vec<Client> = (0..4).map(|_| gateway.connect()).collect();
        for client in &mut clients {
            client.send("GET /shaped/1 HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for client in &mut clients {
            assert_eq!(client.read().status, 200);
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trailers_pass_and_an_upload_does() {
    let (address, _) = secure::serve(h2::server::Builder::new(), |request, mut send| async move {
        let mut body = request.into_body();
        let mut length = 0;
        while let Some(Ok(piece)) = body.data().await {
            body.flow_control().release_capacity(piece.len()).expect("what came");
            length += piece.len();
        }
        let came = body.trailers().await.ok().flatten().unwrap_or_default();
        let head = Response::builder().header("trailer", "x-sum").body(()).expect("a head");
        let mut stream = send.send_response(head, false).expect("a stream that is open");
        stream.send_data(length.to_string().into(), false).expect("a stream that is open");
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", came.get("x-in").cloned().unwrap_or(http::HeaderValue::from_static("none")));
        stream.send_trailers(trailers).expect("a stream that is open");
    })
    .await;
    let gateway = before(address, ONCE);
    let mut client = gateway.connect();
    client.send("POST /passed/1 HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: x-in\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("{:x}\r\n{}\r\n0\r\nx-in: seven\r\n\r\n", 300_000, "y".repeat(300_000)));
    let mut all = String::new();
    while !(all.contains("x-sum: seven\r\n") || all.contains("x-sum: none")) && client.fill_to(1) {
        all += &String::from_utf8_lossy(&client.drain());
    }
    assert!(all.contains("300000") && all.contains("x-sum: seven\r\n"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_has_a_connection_of_http_1_for_itself() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let faults =
        Faults::new(vec![vec![greet(), READ, ok("{}"), Act::Attend], vec![Act::ReadHead, Act::send(switch), Act::AwaitClose]]);
    let gateway = before(secure::play(&faults, BOTH).await, ONCE);
    assert_eq!(gateway.get("/passed/1").status, 200);
    let mut client = gateway.connect();
    client.send(
        "GET /passed/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    assert_eq!(client.head().status, 101);
    assert_eq!(faults.connections(), 2);
    assert!(faults.requests()[1].starts_with("GET /socket HTTP/1.1\r\n"), "{:?}", faults.requests());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breakers_and_checks_know_no_difference() {
    let (address, connections) = secure::serve(h2::server::Builder::new(), |_, mut send| async move {
        send.send_reset(h2::Reason::INTERNAL_ERROR);
    })
    .await;
    let gateway = before(address, ", retry: false, health: {path: /up, every: 100ms}");
    until("a word about the checks that fail", || {
        let told = gateway.events("health");
        if told.iter().any(|event| event.get("state") == Some(&"unwell".into())) { Ok(()) } else { Err(told) }
    });
    let codes: Vec<String> = (0..9).map(|_| gateway.get("/shaped/1").problem()).collect();
    assert_eq!(codes[..7], ["upstream_reset"; 7]);
    assert_eq!(codes[7..], ["upstream_breaker_open"; 2]);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let line = gateway.logged(gateway.get("/shaped/1").header("x-request-id").expect("every answer has its id"));
    assert_eq!(line.get("code"), Some(&"upstream_breaker_open".into()), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_that_pass_are_calls_like_any_other() {
    let (address, connections) = secure::serve(h2::server::Builder::new(), |request, mut send| async move {
        let asks = request.uri().path() == "/up";
        let status = if asks { 204 } else { 200 };
        let mut stream = send
            .send_response(Response::builder().status(status).body(()).expect("a head"), asks)
            .expect("a stream that is open");
        if !asks {
            stream.send_data(Bytes::from_static(b"{}"), true).expect("a stream that is open");
        }
    })
    .await;
    let gateway = before(address, ", health: {path: /up, every: 100ms}");
    for _ in 0..50 {
        assert_eq!(gateway.get("/shaped/1").status, 200);
    }
    assert!(gateway.events("health").is_empty());
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_backend_does_not_end_is_never_ended_for_it() {
    // The connection goes down in the middle, by a plain end or by a reset.
    for last in [vec![], vec![Act::Reset]] {
        let half = [vec![greet(), READ, Act::Frames(vec![Frame::head(200), Frame::data("half")])], last].concat();
        let faults = Faults::new(vec![half, vec![greet(), READ, ok("{}"), Act::Attend]]);
        let gateway = before(secure::play(&faults, BOTH).await, ONCE);
        let answer = gateway.get("/passed/1");
        assert_eq!((answer.status, answer.cut), (200, true));
        assert_eq!(gateway.get("/passed/2").status, 200);
    }
}
