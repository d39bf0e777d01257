//! HTTP/2 with prior knowledge.

use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::{Instant, sleep};

use super::*;
use crate::server::Limits;

async fn client(edge: &Edge<Service>) -> SendRequest<Full<Bytes>> {
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(connect(edge))).await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    sender
}

fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

async fn text(response: Response<hyper::body::Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn prior_knowledge_is_served() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let mut client = client(&edge).await;
    let response = client.send_request(get("http://shop.example/%61?b")).await.unwrap();
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.headers().contains_key("x-request-id") && response.headers().contains_key("date"));
    assert_eq!(text(response).await, (200, "GET /a?b for shop.example".to_owned()));
    let post = Request::post("http://a/body").body(Full::from("abc")).unwrap();
    assert_eq!(text(client.send_request(post).await.unwrap()).await, (200, "3 bytes".to_owned()));
    drop(client);
    edge.drain().await;
    let lines = kept.lines(&log);
    assert_eq!(
        (lines[0]["http"].as_str(), lines[0]["path"].as_str(), lines[0]["cut"].as_bool()),
        (Some("2"), Some("/a?b"), Some(false))
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_come_from_the_service_and_cost_one_stream() {
    let limits = Limits { headers: 4, uri: 50, ..Limits::default() };
    let edge = Edge::new(service(), EdgeSettings { limits, ..EdgeSettings::default() });
    let mut client = client(&edge).await;
    let many =
        (0..5).fold(Request::get("http://a/"), |request, n| request.header(format!("x-{n}"), "y")).body(Full::default()).unwrap();
    let two_hosts = Request::get("http://a/").header("host", "evil").body(Full::default()).unwrap();
    let long = get(&format!("http://a/{}", "a".repeat(50)));
    for (request, status, rule) in [
        (many, 431, "head_too_large"),
        (two_hosts, 400, "authority"),
        (long, 414, "uri_too_long"),
        (get("http://a/a%2fb"), 400, "encoded_slash"),
    ] {
        assert_eq!(text(client.send_request(request).await.unwrap()).await, (status, format!("refused {rule}")));
    }
    assert_eq!(text(client.send_request(get("http://a/good")).await.unwrap()).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_head_over_the_limit_is_refused_and_logged_like_any_other() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let mut client = client(&edge).await;
    let with = |length| Request::get("http://a/x").header("a", "x".repeat(length)).body(Full::default()).unwrap();
    assert_eq!(text(client.send_request(with(32_000)).await.unwrap()).await.0, 200);
    for length in [40_000, 60_000] {
        let response = client.send_request(with(length)).await.unwrap();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(text(response).await, (431, "refused head_too_large".to_owned()));
    }
    // What the frames do not keep never becomes a request; the connection goes on.
    assert_eq!(text(client.send_request(with(80_000)).await.unwrap()).await, (431, String::new()));
    assert_eq!(text(client.send_request(get("http://a/good")).await.unwrap()).await.0, 200);
    drop(client);
    edge.drain().await;
    let lines = kept.lines(&log);
    let said: Vec<_> = lines.iter().map(|line| (line["status"].as_u64(), line["path"].as_str(), line["code"].as_str())).collect();
    let refused = (Some(431), Some("/x"), Some("head_too_large"));
    assert_eq!(said, [(Some(200), Some("/x"), None), refused, refused, (Some(200), Some("/good"), None)]);
}

#[tokio::test(start_paused = true)]
async fn requests_run_side_by_side() {
    let edge = edge();
    let mut client = client(&edge).await;
    let slow = client.send_request(get("http://a/slow"));
    let from = Instant::now();
    let quick = client.clone().send_request(get("http://a/good")).await.unwrap();
    assert_eq!((text(quick).await.0, from.elapsed().as_secs()), (200, 0));
    assert_eq!(text(slow.await.unwrap()).await, (200, "slow".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_begun_requests_finish_and_takes_no_more() {
    let edge = edge();
    let mut client = client(&edge).await;
    let slow = tokio::spawn(client.send_request(get("http://a/slow")));
    sleep(Duration::from_secs(1)).await;
    let drained = tokio::spawn(edge.drain());
    sleep(Duration::from_secs(1)).await;
    assert!(client.send_request(get("http://a/good")).await.is_err());
    assert_eq!(text(slow.await.unwrap().unwrap()).await, (200, "slow".to_owned()));
    drained.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_closes_after_a_minute() {
    let edge = edge();
    let mut client = client(&edge).await;
    assert_eq!(text(client.send_request(get("http://a/good")).await.unwrap()).await.0, 200);
    let from = Instant::now();
    while !client.is_closed() {
        sleep(Duration::from_secs(1)).await;
    }
    assert!((60..=61).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
    edge.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_preface_and_nothing_more_is_let_go_in_the_end() {
    let edge = edge();
    let mut client = connect(&edge);
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let from = Instant::now();
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert!(from.elapsed() <= Duration::from_secs(70), "{:?}", from.elapsed());
    edge.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_arrives_whole_and_an_untaken_one_is_cut() {
    let edge = edge();
    let mut client = client(&edge).await;
    let response = client.send_request(get("http://a/big")).await.unwrap();
    assert_eq!(response.headers()["content-length"], "1048576");
    assert_eq!(text(response).await.1.len(), 1 << 20);
    // Its window is never opened again, while pings are answered.
    let stuck = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1000)
        .handshake(TokioIo::new(connect(&edge)))
        .await;
    let (mut sender, connection) = stuck.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    let _unread = sender.send_request(get("http://a/big")).await.unwrap();
    let from = Instant::now();
    while !sender.is_closed() {
        sleep(Duration::from_secs(1)).await;
    }
    assert!((30..=32).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_taking_requests_back_is_cut() {
    let edge = edge();
    let mut client = client(&edge).await;
    for _ in 0..200 {
        let request = client.send_request(get("http://a/hang"));
        let _ = tokio::time::timeout(Duration::from_millis(10), request).await;
        if client.is_closed() {
            return edge.drain().await;
        }
    }
    panic!("two hundred requests taken back and still served");
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_what_is_under_way() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let mut client = client(&edge).await;
    let stuck = tokio::spawn(client.send_request(get("http://a/hang")));
    sleep(Duration::from_secs(1)).await;
    edge.cut();
    edge.drain().await;
    assert!(stuck.await.unwrap().is_err());
    assert_eq!((kept.lines(&log)[0]["status"].as_u64(), edge.connections()), (Some(503), 0));
    assert_eq!(kept.lines(&log)[0]["code"], "drain_deadline");
}
