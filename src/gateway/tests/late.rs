//! Pages that take too long or cannot be made: what stands in, when, and what becomes of the one that comes too late.

use std::time::Duration;

use http::Method;
use tokio::time::{Instant, advance};

use super::kept::{Backend, SECOND, Seen, ask, gateway, reply};
use crate::gateway::Gateway;

const BROWSER: [(&str, &str); 1] = [("accept", "text/html")];
const CACHE: &str = "    cache: {ttl: 5s, swr: 1s, stale_if_error: 60s}\n";
const PAGE: &str = "    page: {template: a.html, deadline: {soft: 800ms, hard: 3s}, fallback: shell.html}\n";
const HARD: &str = "    page: {template: a.html, deadline: {hard: 3s}, fallback: shell.html}\n";

/// A backend that answers its first request at once, and later ones after so many milliseconds, with this status.
fn slow(millis: u64, status: &'static str) -> Backend {
    Backend::new(move |n| match n {
        1 => (0, reply("200 OK", "", "{\"n\":1}")),
        n => (millis, reply(status, "", &format!("{{\"n\":{n}}}"))),
    })
}

async fn visit(gateway: &Gateway) -> (Seen, Duration) {
    let before = Instant::now();
    let seen = ask(gateway, Method::GET, "/a/1", &BROWSER).await;
    (seen, before.elapsed())
}

#[tokio::test(start_paused = true)]
async fn past_the_soft_deadline_a_stale_page_stands_in_and_past_the_hard_one_the_fallback() {
    let millis = Duration::from_millis;
    // How old what is kept is (none: nothing is), how long the backend takes, with what; then what the visitor gets, and after how long.
    for (age, takes, with, status, body, after) in [
        (None, 100, "200 OK", 200, "<p>2</p>", millis(100)),
        (None, 2900, "200 OK", 200, "<p>2</p>", millis(2900)),
        (None, 3100, "200 OK", 503, "<b>deadline</b>", millis(3000)),
        (None, 100, "500 No", 503, "<b>upstream_failed</b>", millis(100)),
        (None, 100, "404 No", 404, "404 Not Found", millis(100)),
        (Some(3), 100, "200 OK", 200, "<p>1</p>", millis(0)),
        (Some(20), 100, "200 OK", 200, "<p>2</p>", millis(100)),
        (Some(20), 900, "200 OK", 200, "<p>1</p>", millis(800)),
        (Some(20), 9000, "200 OK", 200, "<p>1</p>", millis(800)),
        (Some(20), 100, "500 No", 200, "<p>1</p>", millis(100)),
        (Some(20), 100, "404 No", 404, "404 Not Found", millis(100)),
        (Some(70), 900, "200 OK", 200, "<p>2</p>", millis(900)),
        (Some(70), 9000, "200 OK", 503, "<b>deadline</b>", millis(3000)),
    ] {
        let row = format!("{age:?} {takes} {with}");
        let backend = slow(takes, with);
        let gateway = gateway(&backend, &format!("{PAGE}{CACHE}"));
        match age {
            Some(age) => {
                assert_eq!(visit(&gateway).await.0.status, 200);
                advance(SECOND * age).await;
            }
            // The first one is another page's.
            None => drop(ask(&gateway, Method::GET, "/a/2", &BROWSER).await),
        }
        let (seen, waited) = visit(&gateway).await;
        assert_eq!((seen.status, seen.body.contains(body), waited), (status, true, after), "{row}: {}", seen.body);
        assert_eq!(seen.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(seen.header("retry-after"), if status == 503 { "10" } else { "" }, "{row}");
        assert_eq!(seen.header("cache-control") == "no-store", status != 200, "{row}: {}", seen.header("cache-control"));
        if body == "<p>1</p>" && after == millis(800) {
            assert_eq!((seen.cache().ends_with("; detail=soft-deadline"), seen.word), (true, Some("stale")), "{}", seen.cache());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_too_late_for_one_is_there_for_the_next_and_the_fallback_never_is() {
    let backend = slow(1800, "200 OK");
    let page = "    page: {template: a.html, deadline: {hard: 1s}, fallback: shell.html}\n";
    let gateway = gateway(&backend, &format!("{page}{CACHE}"));
    ask(&gateway, Method::GET, "/a/2", &BROWSER).await;
    assert_eq!(visit(&gateway).await.0.status, 503);
    // The second one waits for what the first one began.
    let (seen, waited) = visit(&gateway).await;
    assert_eq!((seen.status, waited, seen.body.contains("<p>2</p>")), (200, Duration::from_millis(800), true), "{}", seen.body);
    assert_eq!(seen.cache(), "fwd=miss; stored; collapsed");
    assert_eq!(visit(&gateway).await.0.cache(), "hit; ttl=5");
    assert_eq!(backend.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_nothing_is_kept_of_has_a_hard_deadline_too() {
    for (keys, takes, status, body, after) in [
        (HARD, 2900, 200, "<p>2</p>", 2900),
        (HARD, 3100, 503, "<b>deadline</b>", 3000),
        ("    page: {template: a.html, fallback: shell.html}\n", 9000, 503, "<b>upstream_first_byte_timeout</b>", 3000),
        ("    page: {template: a.html, deadline: {}}\n", 3100, 503, "503 Service Unavailable", 3000),
    ] {
        let backend = slow(takes, "200 OK");
        let gateway = gateway(&backend, &format!("    timeout: 10s\n{keys}"));
        ask(&gateway, Method::GET, "/a/2", &BROWSER).await;
        let (seen, waited) = visit(&gateway).await;
        assert_eq!((seen.status, seen.body.contains(body)), (status, true), "{keys} {takes}: {}", seen.body);
        assert_eq!(waited, Duration::from_millis(after), "{keys} {takes}");
        if status == 503 {
            assert_eq!((seen.header("retry-after"), seen.header("cache-control")), ("10", "no-store"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_page_and_json_have_no_fallback() {
    let backend = slow(100, "500 No");
    let gateway = gateway(&backend, HARD);
    ask(&gateway, Method::GET, "/a/2", &BROWSER).await;
    let part = ask(&gateway, Method::GET, "/a/1?_fragment=part", &BROWSER).await;
    assert_eq!((part.status, part.body.contains("503 Service Unavailable")), (503, true), "{}", part.body);
    let json = ask(&gateway, Method::GET, "/a/1", &[]).await;
    assert_eq!((json.status, json.header("content-type")), (502, "application/problem+json"));
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_early_does_not_end_what_others_wait_for() {
    let backend = slow(1000, "200 OK");
    let gateway = gateway(&backend, &format!("{HARD}{CACHE}"));
    ask(&gateway, Method::GET, "/a/2", &BROWSER).await;
    let first = tokio::spawn({
        let gateway = gateway.clone();
        async move { visit(&gateway).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    first.abort();
    let (seen, waited) = visit(&gateway).await;
    assert_eq!((seen.status, waited, backend.count()), (200, Duration::from_millis(500), 2));
}
