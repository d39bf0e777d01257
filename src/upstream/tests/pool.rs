//! Connections that are used again, and those that must not be.

use super::*;
use crate::upstream::fault::{Act, reply};

fn ok(body: &str) -> Act {
    Act::Send(reply("", body))
}

async fn body(client: &Client, call: Call<'_>) -> Result<String, &'static str> {
    match client.send(&demo(), call, far()).await {
        Ok(reply) => Ok(String::from_utf8(reply.body.to_vec()).unwrap()),
        Err(error) => Err(error.kind()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_used_again() {
    let faults = Faults::answering(reply("", "x"));
    let client = client(&faults);
    for _ in 0..5 {
        assert_eq!(body(&client, get("/")).await, Ok("x".into()));
        assert_eq!(client.waiting(&demo()), 1);
    }
    assert_eq!((faults.connections(), faults.requests().len()), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn calls_side_by_side_have_connections_of_their_own() {
    let faults = Faults::answering(reply("", "x"));
    let client = client(&faults);
    let (a, b) = tokio::join!(body(&client, get("/a")), body(&client, get("/b")));
    assert_eq!((a, b, faults.connections(), client.waiting(&demo())), (Ok("x".into()), Ok("x".into()), 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waited_too_long_is_not_used_again() {
    let faults = Faults::answering(reply("", "x"));
    let client = client(&faults);
    body(&client, get("/")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(14)).await;
    body(&client, get("/")).await.unwrap();
    assert_eq!(faults.connections(), 1);
    tokio::time::sleep(Duration::from_secs(15)).await;
    body(&client, get("/")).await.unwrap();
    assert_eq!(faults.connections(), 2);
    // Nobody has to call for it to be closed.
    tokio::time::sleep(Duration::from_secs(17)).await;
    assert_eq!(client.waiting(&demo()), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_grows_old_however_busy_it_is() {
    let faults = Faults::answering(reply("", "x"));
    let client = client(&faults);
    for _ in 0..40 {
        body(&client, get("/")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(faults.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_closes_between_calls_is_not_noticed() {
    for close in [vec![], vec![Act::Reset]] {
        for method in [Method::GET, Method::POST] {
            let script = [vec![Act::Read, ok("x")], close.clone()].concat();
            let faults = Faults::new(vec![script]);
            let client = client(&faults);
            for count in 1..4 {
                assert_eq!(body(&client, call(method.clone(), "/")).await, Ok("x".into()));
                faults.closed(count).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_connection_is_forgiven_once_where_that_is_safe() {
    // The connection that waited takes the second request and is then gone without a byte.
    let stale = vec![Act::Read, ok("1"), Act::Read];
    for (method, expected, requests) in [
        (Method::GET, Ok("2".into()), 3),
        (Method::HEAD, Ok(String::new()), 3),
        (Method::OPTIONS, Ok("2".into()), 3),
        (Method::PUT, Ok("2".into()), 3),
        (Method::DELETE, Ok("2".into()), 3),
        (Method::POST, Err("upstream_closed"), 2),
        (Method::PATCH, Err("upstream_closed"), 2),
    ] {
        let faults = Faults::new(vec![stale.clone(), vec![Act::Read, ok("2"), Act::Hang]]);
        let client = client(&faults);
        assert_eq!(body(&client, get("/")).await, Ok("1".into()));
        let mut call = call(method.clone(), "/again");
        call.body = if method == Method::PUT { Bytes::from_static(b"body") } else { Bytes::new() };
        assert_eq!(body(&client, call).await, expected, "{method}");
        let seen = faults.requests();
        assert_eq!(seen.len(), requests, "{method}");
        if requests == 3 {
            assert_eq!(seen[1], seen[2], "{method}: the second try is the same request");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_failure_and_a_new_connection_are_not_forgiven() {
    let faults = Faults::new(vec![vec![Act::Read, ok("1"), Act::Read], vec![Act::Read]]);
    let client = client(&faults);
    assert_eq!(body(&client, get("/")).await, Ok("1".into()));
    assert_eq!(body(&client, get("/")).await, Err("upstream_closed"));
    assert_eq!((faults.connections(), faults.requests().len()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_had_begun_is_not_asked_for_again() {
    for begun in ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let faults = Faults::new(vec![vec![Act::Read, ok("1"), Act::Read, Act::send(begun)]]);
        let client = client(&faults);
        assert_eq!(body(&client, get("/")).await, Ok("1".into()));
        assert_eq!(body(&client, get("/")).await, Err("upstream_closed"), "{begun:?}");
        assert_eq!(faults.connections(), 1, "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_try_has_no_more_time_than_the_first() {
    // The first try is closed after two seconds, without a byte.
    let stale = vec![Act::Read, ok("1"), Act::Read, Act::Pause(Duration::from_secs(2))];
    let faults = Faults::new(vec![stale, vec![Act::Read, Act::Hang]]);
    let client = client(&faults);
    assert_eq!(body(&client, get("/")).await, Ok("1".into()));
    let start = Instant::now();
    assert_eq!(body(&client, get("/")).await, Err("upstream_first_byte_timeout"));
    assert_eq!((start.elapsed(), faults.connections()), (Duration::from_secs(3), 2));
}

#[tokio::test(start_paused = true)]
async fn what_the_upstream_closes_or_cut_short_does_not_wait() {
    let bytes = |text: &str| vec![Act::Read, Act::send(text), Act::Hang];
    for script in [
        bytes("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"),
        bytes("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"),
        // More came than was announced: whose reply would that be?
        bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
        bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nevil"),
        bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\nnot gzip!"),
        bytes("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nx"),
    ] {
        let faults = Faults::new(vec![script, vec![Act::Read, ok("next"), Act::Hang]]);
        let client = client(&faults);
        let first = body(&client, get("/")).await;
        assert_eq!(body(&client, get("/")).await, Ok("next".into()), "{first:?}");
        assert_eq!(faults.connections(), 2, "{first:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_unasked_is_nobody_s_reply() {
    // Between two calls the upstream sends another reply.
    let go = Arc::new(tokio::sync::Notify::new());
    let unasked = vec![Act::Read, ok("1"), Act::Wait(go.clone()), ok("evil"), Act::AwaitClose];
    let faults = Faults::new(vec![unasked, vec![Act::Read, ok("2"), Act::Hang]]);
    let client = client(&faults);
    assert_eq!(body(&client, get("/")).await, Ok("1".into()));
    go.notify_one();
    faults.closed(1).await;
    assert_eq!(body(&client, get("/")).await, Ok("2".into()));
}

#[tokio::test(start_paused = true)]
async fn connections_are_shared_by_origin_only() {
    let faults = Faults::answering(reply("", "x"));
    let address = faults.listen().await;
    let client = Client::new(None);
    let upstream = |target: String| Upstream::new("shop".into(), settings(&target));
    let (one, two) = (upstream(format!("http://{address}/a")), upstream(format!("http://{address}/b")));
    let other = upstream(format!("http://localhost:{}", address.port()));
    for upstream in [&one, &two, &one] {
        tokio::time::resume();
        client.send(upstream, get("/"), far()).await.unwrap();
        tokio::time::pause();
    }
    assert_eq!((client.opened(), client.waiting(&two), client.waiting(&other)), (1, 1, 0));
    let seen: Vec<String> = faults.requests().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(seen, ["/a/", "/b/", "/a/"]);
}
