//! What every answer carries, and what is told of it.

use super::*;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_an_id_a_date_and_the_security_headers() {
    for request in [get("/good"), get("/_forecourt/live"), get("//"), get("/panic"), "GET / HTTP/1.1\r\n\r\n".to_owned()] {
        let received = exchange(&edge(), &request).await;
        for header in
            ["x-request-id: ", "date: ", "x-content-type-options: nosniff", "referrer-policy: strict-origin-when-cross-origin"]
        {
            assert_eq!(received.matches(header).count(), 1, "{header} in {received}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_id_is_kept_and_any_other_replaced() {
    let ask = |id: &str| format!("GET /id HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\n\r\n");
    let received = exchange(&edge(), ask("abcdefgh.1_2-3")).await;
    assert!(received.contains("x-request-id: abcdefgh.1_2-3\r\n") && received.ends_with("abcdefgh.1_2-3"), "{received}");
    let received = exchange(&edge(), ask("<script>")).await;
    assert!(!received.contains("<script>"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn the_service_sees_the_canonical_path_whatever_form_came() {
    for (request, seen) in [
        (get("/%61/./b?x=%41"), "GET /a/b?x=%41 for a"),
        ("GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "GET /x?y for a"),
        ("GET http://A HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "GET / for A"),
        ("GET http://a/ HTTP/1.0\r\n\r\n".to_owned(), "GET / for a"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "OPTIONS * for a"),
    ] {
        let received = exchange(&edge(), &request).await;
        assert!(received.ends_with(seen), "{request:?}: {received}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_fault_page_and_the_connection_lives_on() {
    let received = exchange(&edge(), get("/panic") + &get("/good")).await;
    assert_eq!(statuses(&received), [500, 200]);
    assert!(received.contains("refused panic") && !received.contains("gave up"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_always_panics_is_a_bare_500() {
    let service: fn(Request<Body>) -> Answer = |_| Box::pin(async { panic!("again") });
    let edge = Edge::new(tower::service_fn(service), EdgeSettings::default());
    let received = exchange(&edge, get("/")).await;
    assert_eq!(statuses(&received), [500]);
    assert!(received.contains("content-length: 0\r\n"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_cut_and_never_closed_as_if_whole() {
    for path in ["/broken", "/body-panics"] {
        let kept = Kept::default();
        let (edge, log) = kept.edge();
        let received = exchange(&edge, get(path)).await;
        assert!(!received.ends_with("0\r\n\r\n"), "{received}");
        let line = &kept.lines(&log)[0];
        assert_eq!((line["status"].as_u64(), line["cut"].as_bool()), (Some(200), Some(true)), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_house_paths_are_served_here_and_refused_there() {
    let request = |method: &str, path: &str| format!("{method} /_forecourt/{path} HTTP/1.1\r\nHost: a\r\n\r\n");
    for (method, path, status) in
        [("GET", "live", 200), ("POST", "live", 405), ("GET", "", 404), ("GET", "x/y", 404), ("GET", "live/", 404)]
    {
        assert_eq!(statuses(&exchange(&edge(), request(method, path)).await), [status], "{method} {path}");
    }
    let received = exchange(&edge(), request("HEAD", "live")).await;
    assert!(received.starts_with("HTTP/1.1 200") && received.ends_with("\r\n\r\n"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn each_request_leaves_one_line() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let requests = [
        get("/%61?token=s3cret&b=1"),
        get("/a;b"),
        "HEAD /good HTTP/1.1\r\nHost: a\r\nX-Request-Id: my-own-id\r\n\r\n".to_owned(),
        get("/_forecourt/live"),
        get("/panic"),
        "DELETE /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
    ];
    exchange(&edge, requests.concat()).await;
    let lines = kept.lines(&log);
    let seen: Vec<_> = lines
        .iter()
        .map(|line| {
            assert_eq!((line["peer"].as_str(), line["worker"].as_u64()), (Some("10.0.0.7"), Some(5)));
            assert_eq!((line["cut"].as_bool(), line["http"].as_str()), (Some(false), Some("1.1")));
            let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            (text("method"), text("path"), line["status"].as_u64().unwrap(), line["bytes"].as_u64().unwrap(), text("code"))
        })
        .collect();
    let row = |method: &str, path: &str, status, bytes, code: &str| {
        (method.to_owned(), path.to_owned(), status, bytes, code.to_owned())
    };
    assert_eq!(
        seen,
        [
            row("GET", "/a?token=[redacted]&b=1", 200, 29, "-"),
            row("GET", "/a;b", 400, 17, "semicolon"),
            row("HEAD", "/good", 200, 0, "-"),
            row("GET", "/_forecourt/live", 200, 5, "-"),
            row("GET", "/panic", 500, 13, "panic"),
            row("DELETE", "/x", 400, 18, "host_twice"),
        ]
    );
    assert_eq!((lines[0]["route"].as_str(), lines[2]["request_id"].as_str()), (Some("GET /{*rest}"), Some("my-own-id")));
}

#[tokio::test(start_paused = true)]
async fn an_http_10_client_is_served_and_closed() {
    let received = exchange(&edge(), "GET /x HTTP/1.0\r\n\r\n").await;
    assert!(received.starts_with("HTTP/1.0 200") && received.ends_with("GET /x for -"), "{received}");
}
