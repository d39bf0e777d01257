//! Pages whose head leaves early, by the test's clock: when what leaves, what comes behind it, and what never leaves early.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use http::{HeaderMap, Request};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Empty};
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::super::Gateway;
use super::super::edge::{BodyError, Trace};
use super::kept::{Backend, reply};
use crate::plan;
use crate::spec::Snapshot;
use crate::upstream::{Client, Dial};

const PAGE: &str = "<!doctype html>\n<html><head><title>{{ item.name }}</title></head>\n<body id=\"{{ request.nonce }}\">\
                    {% if reviews is defined %}<p>{{ reviews.n }}</p>{% endif %}</body></html>";
const EARLY: &str = "    page: {template: p.html, early_head: true}\n";
const BROWSER: (&str, &str) = ("accept", "text/html");

/// A gateway for `GET /p`, which makes a required call `item` and an optional one `reviews`, with these keys beside them.
fn gateway(dial: Arc<dyn Dial>, page: &str, keys: &str) -> Gateway {
    let calls = "      item: GET shop:/item\n      reviews: {to: \"GET shop:/reviews\", optional: true}\n";
    with_calls(dial, page, &format!("{keys}{}", if keys.contains("page:") { "" } else { EARLY }), calls)
}

fn with_calls(dial: Arc<dyn Dial>, page: &str, keys: &str, calls: &str) -> Gateway {
    let text = format!(
        "upstreams: {{shop: {{url: \"demo:\", retry: false, breaker: false}}}}\nroutes:\n  - route: GET /p\n    timeout: 2s\n{keys}    calls:\n{calls}"
    );
    let files = [("templates/p.html".to_owned(), page.as_bytes().to_vec())].into();
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text, files, ..Snapshot::default() };
    let plan = plan::compile(&snapshot).unwrap_or_else(|broken| panic!("{broken}"));
    Gateway::new(Arc::new(plan), Client::new(Some(dial)))
}

/// A success whose reply sets a cookie.
const SIGNED: &str = "299 Signed";

/// A backend that takes so many milliseconds for each of the two, and answers with this status and body.
fn backend(item: (u64, &'static str, &'static str), reviews: (u64, &'static str, &'static str)) -> Backend {
    Backend::new_by_path(move |path| {
        let (wait, status, body) = if path == "/item" { item } else { reviews };
        let lines = if path == "/item" { "Set-Cookie: item=1\r\n" } else { "Set-Cookie: reviews=1\r\n" };
        (wait, reply(status, if status == SIGNED { lines } else { "" }, body))
    })
}

struct Seen {
    status: u16,
    headers: HeaderMap,
    /// When the answer began, and what came when, in milliseconds.
    began: u128,
    pieces: Vec<(u128, String)>,
    trace: Trace,
}

impl Seen {
    fn body(&self) -> String {
        self.pieces.iter().map(|(_, piece)| piece.as_str()).collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(gateway: &Gateway, method: &str, headers: &[(&str, &str)]) -> Seen {
    let start = Instant::now();
    let mut request = Request::builder().method(method).uri("/p");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Empty::new().map_err(|never| -> BodyError { match never {} });
    let (mut parts, mut body) = gateway.answer(request.body(body).unwrap()).await.into_parts();
    let (began, mut pieces) = (start.elapsed().as_millis(), Vec::new());
    while let Some(frame) = body.frame().await {
        let piece = String::from_utf8_lossy(&frame.unwrap().into_data().unwrap()).into_owned();
        pieces.push((start.elapsed().as_millis(), piece));
    }
    let trace: Trace = parts.extensions.remove().unwrap();
    Seen { status: parts.status.as_u16(), headers: parts.headers, began, pieces, trace }
}

const ITEM: &str = "{\"name\":\"mug\"}";
const REVIEWS: &str = "{\"n\":7}";
const OK: &str = "200 OK";

#[tokio::test(start_paused = true)]
async fn what_is_there_when_the_time_of_a_route_is_up_is_shown() {
    // The last one is made beside the event loop.
    for page in [PAGE.to_owned(), format!("{PAGE}{{% raw %}}{{% endraw %}}")] {
        let backend = backend((100, OK, ITEM), (9000, OK, REVIEWS));
        let seen = ask(&gateway(Arc::new(backend), &page, "    page: p.html\n"), "GET", &[BROWSER]).await;
        assert_eq!((seen.status, seen.began, seen.header("x-forecourt-partial")), (200, 2000, "reviews;timeout"), "{page}");
        assert_eq!(seen.trace.code, None, "{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_leaves_when_the_status_is_known_and_the_page_always_ends_as_one() {
    let whole = "<title>mug</title></head>\n<body id=\"NONCE\"><p>7</p></body></html>";
    let lacking = "<title>mug</title></head>\n<body id=\"NONCE\"></body></html>";
    // What the backend does for the item and for its reviews; then the status, when it is there, when the last byte is, how many pieces there are, how
    // the page ends, and the code in the log.
    for (item, reviews, status, began, ended, pieces, end, code) in [
        // Nothing to wait for.
        ((0, OK, ITEM), (0, OK, REVIEWS), 200, 0, 0, 1, whole, None),
        ((100, OK, ITEM), (100, OK, REVIEWS), 200, 100, 100, 1, whole, None),
        ((1000, OK, ITEM), (100, OK, REVIEWS), 200, 1000, 1000, 1, whole, None),
        // The head first.
        ((100, OK, ITEM), (1000, OK, REVIEWS), 200, 100, 1000, 2, whole, None),
        ((0, OK, ITEM), (1000, "500 No", ""), 200, 0, 1000, 2, lacking, None),
        // Past the time of the route the page is whole all the same.
        ((100, OK, ITEM), (9000, OK, REVIEWS), 200, 100, 2000, 2, lacking, None),
        // Reviews that the template cannot show.
        ((100, OK, ITEM), (1000, OK, "{}"), 200, 100, 1000, 2, lacking, Some("page_failed")),
        // What is true is said first.
        ((100, "404 No", ""), (1000, OK, REVIEWS), 404, 100, 100, 1, "", Some("upstream_refused")),
        ((100, "500 No", ""), (1000, OK, REVIEWS), 503, 100, 100, 1, "", Some("upstream_failed")),
        ((100, OK, "{}"), (1000, OK, REVIEWS), 404, 1000, 1000, 1, "", Some("no_data")),
        ((9000, OK, ITEM), (100, OK, REVIEWS), 503, 2000, 2000, 1, "", Some("deadline")),
    ] {
        let row = format!("{item:?} {reviews:?}");
        let gateway = gateway(Arc::new(backend(item, reviews)), PAGE, "");
        let seen = ask(&gateway, "GET", &[BROWSER]).await;
        let last = seen.pieces.last().map_or(0, |(at, _)| *at);
        assert_eq!(
            (seen.status, seen.began, last, seen.pieces.len()),
            (status, began, ended, pieces),
            "{row}: {:?}",
            seen.pieces
        );
        let nonce =
            seen.header("content-security-policy").split("'nonce-").nth(1).unwrap_or_default().split('\'').next().unwrap();
        assert!(nonce.len() == 32 && seen.body().ends_with(&end.replace("NONCE", nonce)), "{row}: {}", seen.body());
        let told = seen.trace.later.told().unwrap_or(&seen.trace);
        assert_eq!((told.code.as_deref(), &**told.route.as_ref().unwrap()), (code, "GET /p"), "{row}");
        if pieces == 2 {
            assert_eq!(seen.pieces[0], (began, "<!doctype html>\n<html><head><title>mug</title></head>".to_owned()), "{row}");
            assert_eq!((seen.header("etag"), seen.header("cache-control")), ("", "private, no-cache"), "{row}");
            assert_eq!((seen.trace.calls.made, told.calls.made), (2, 2), "{row}");
        }
        assert_eq!(seen.status == 200 && pieces == 1, !seen.header("etag").is_empty(), "{row}");
        assert_eq!(gateway.shedding.busy(), 0, "{row}: nobody is under way any more");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_whole_page_for_a_stranger_to_it_waits() {
    let late = || Arc::new(backend((100, OK, ITEM), (1000, OK, REVIEWS)));
    let required = "    page: {template: p.html, early_head: true, required: [reviews]}\n";
    let off = "    page: {template: p.html, early_head: false}\n";
    let part = PAGE.replace("</body>", "{% block part %}x{% endblock %}</body>");
    for (method, headers, page, keys) in [
        ("HEAD", &[BROWSER][..], PAGE, ""),
        ("GET", &[BROWSER, ("if-none-match", "\"a\"")], PAGE, ""),
        ("GET", &[("accept", "application/json")], PAGE, ""),
        ("GET", &[BROWSER, ("x-fragment", "part")], &part, ""),
        ("GET", &[BROWSER], PAGE, required),
        ("GET", &[BROWSER], PAGE, off),
        // Without reviews there is no page.
        ("GET", &[BROWSER], "<head></head>{{ item.name }}{{ reviews.n }}", ""),
        // Nor a head that ends.
        ("GET", &[BROWSER], "<title>{{ item.name }}</title>{% if item.ends is defined %}</head>{% endif %}<p>a", ""),
    ] {
        let gateway = gateway(late(), page, keys);
        let seen = ask(&gateway, method, headers).await;
        assert_eq!((seen.status, seen.began), (200, 1000), "{method} {headers:?} {page}: {}", seen.body());
    }
    // What is known already is told so.
    let gateway = gateway(late(), PAGE, off);
    let tag = ask(&gateway, "GET", &[BROWSER]).await.header("etag").to_owned();
    assert_eq!(ask(&gateway, "GET", &[BROWSER, ("if-none-match", &tag)]).await.status, 304);
}

/// A backend for which the gateway's program has a defect: the third connection to it panics.
struct Defect(Backend, AtomicUsize);

impl Dial for Defect {
    fn dial(&self) -> DuplexStream {
        assert!(self.1.fetch_add(1, Ordering::Relaxed) < 2, "a defect");
        self.0.dial()
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_behind_the_head_never_ends_the_page() {
    let close = |body: &str| reply(OK, "Connection: close\r\n", body);
    let backend = Backend::new_by_path(move |path| match path {
        "/item" => (100, close(ITEM)),
        _ => (1000, close(REVIEWS)),
    });
    let calls = "      item: GET shop:/item\n      reviews: {to: \"GET shop:/reviews\", optional: true}\n      \
                 more: {to: \"GET shop:/more/{reviews.n}\", optional: true}\n";
    for coding in ["identity", "gzip"] {
        let gateway = with_calls(Arc::new(Defect(backend.clone(), AtomicUsize::new(0))), PAGE, EARLY, calls);
        let body = Empty::new().map_err(|never| -> BodyError { match never {} });
        let request = Request::get("/p").header(BROWSER.0, BROWSER.1).header("accept-encoding", coding).body(body).unwrap();
        let (start, mut body) = (Instant::now(), gateway.answer(request).await.into_body());
        let mut pieces = 0;
        // The connection, which asks for the next piece, catches it, says so in the log, and cuts.
        let ended = loop {
            match AssertUnwindSafe(body.frame()).catch_unwind().await {
                Ok(Some(frame)) => pieces += frame.map(|_| 1).unwrap(),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        assert!(!ended && !body.is_end_stream() && pieces > 0, "{coding}");
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        drop(body);
        assert_eq!(gateway.shedding.busy(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_kept_begins_early_for_who_brings_it_and_is_whole_for_the_next() {
    let cache = "    cache: {ttl: 10s}\n";
    for keys in ["", "    page: {template: p.html, early_head: true, deadline: {hard: 1500ms}}\n"] {
        let gateway = gateway(Arc::new(backend((100, OK, ITEM), (1000, OK, REVIEWS))), PAGE, &format!("{keys}{cache}"));
        let other = tokio::spawn({
            let gateway = gateway.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                ask(&gateway, "GET", &[BROWSER]).await
            }
        });
        let first = ask(&gateway, "GET", &[BROWSER]).await;
        assert_eq!((first.began, first.pieces.len(), first.pieces[1].0), (100, 2, 1000), "{keys}");
        assert_eq!(first.header("cache-control"), "no-store", "it may lack a part, and has no tag");
        assert_eq!(first.header("cache-status"), "forecourt; fwd=miss; detail=early-head");
        let other = other.await.unwrap();
        assert_eq!((other.began, other.header("cache-status")), (950, "forecourt; fwd=miss; stored; collapsed"), "{keys}");
        let next = ask(&gateway, "GET", &[BROWSER]).await;
        assert_eq!((next.began, next.header("cache-status")), (0, "forecourt; hit; ttl=10"), "{keys}");
        assert!(!next.header("etag").is_empty() && next.body().contains("<p>7</p>"));
        assert_ne!(next.body(), first.body(), "each has a nonce of its own");
        assert_eq!(next.body().len(), first.body().len());
    }
}

#[tokio::test(start_paused = true)]
async fn cookies_of_the_calls_that_are_over_leave_with_the_head() {
    let gateway = gateway(Arc::new(backend((100, SIGNED, ITEM), (1000, SIGNED, REVIEWS))), PAGE, "");
    let seen = ask(&gateway, "GET", &[BROWSER]).await;
    assert_eq!((seen.began, seen.header("set-cookie"), seen.header("cache-control")), (100, "item=1", "private, no-store"));
    assert!(seen.body().contains("<p>7</p>"));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_leaves_early_leaves_the_encoder_too() {
    let gateway = gateway(Arc::new(backend((100, OK, ITEM), (1000, OK, REVIEWS))), PAGE, "");
    let body = Empty::new().map_err(|never| -> BodyError { match never {} });
    let request = Request::get("/p").header(BROWSER.0, BROWSER.1).header("accept-encoding", "gzip").body(body).unwrap();
    let (start, mut decoded) = (Instant::now(), flate2::write::GzDecoder::new(Vec::new()));
    let (parts, mut body) = gateway.answer(request).await.into_parts();
    assert_eq!((parts.headers["content-encoding"].to_str().unwrap(), parts.headers.get("etag")), ("gzip", None));
    let mut seen = Vec::new();
    while let Some(frame) = body.frame().await {
        std::io::Write::write_all(&mut decoded, &frame.unwrap().into_data().unwrap()).unwrap();
        std::io::Write::flush(&mut decoded).unwrap();
        seen.push((start.elapsed().as_millis(), String::from_utf8(decoded.get_ref().clone()).unwrap()));
    }
    let first = seen.iter().rfind(|(at, _)| *at == 100).unwrap();
    assert!(first.1.ends_with("</head>"), "{seen:?}");
    assert!(seen.last().unwrap().1.ends_with("<p>7</p></body></html>"), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_visitor_who_leaves_takes_the_calls_along() {
    let gateway = gateway(Arc::new(backend((100, OK, ITEM), (1000, OK, REVIEWS))), PAGE, "");
    let body = Empty::new().map_err(|never| -> BodyError { match never {} });
    let mut response = gateway.answer(Request::get("/p").header(BROWSER.0, BROWSER.1).body(body).unwrap()).await;
    assert!(response.body_mut().frame().await.is_some());
    assert_eq!(gateway.shedding.busy(), 1);
    drop(response);
    assert_eq!(gateway.shedding.busy(), 0);
}
