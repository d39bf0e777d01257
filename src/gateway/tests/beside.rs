//! One thread for everything: what takes long leaves it to the others.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::task::yield_now;

use super::super::Gateway;
use super::super::aside::places;
use super::kept::{Backend, Seen, ask, reply};
use crate::plan;
use crate::spec::Snapshot;
use crate::upstream::Client;

const ROUTES: &str = "
upstreams: {shop: {url: 'demo:', retry: false, decode: {stream_above: 8MiB}}}
defaults: {timeout: 5m}
routes:
  - {route: GET /slow, call: 'GET shop:/small', page: slow.html}
  - {route: GET /silent, call: 'GET shop:/small', page: {template: silent.html, when: always}}
  - {route: GET /ends, call: 'GET shop:/small', page: {template: endless.html, deadline: {hard: 100ms}}}
  - {route: GET /engine, call: 'GET shop:/small', page: {template: engine.html, when: always}}
  - {route: GET /wrong, call: 'GET shop:/small', page: wrong.html}
  - {route: GET /large, call: 'GET shop:/large', shape: [{group: {in: list, by: n, as: entries}}]}
  - {route: GET /large-page, call: 'GET shop:/large', page: slow.html}
  - route: GET /several
    calls: {large: 'GET shop:/large', small: 'GET shop:/small'}
    shape: [{group: {in: large.list, by: n, as: entries}}]
  - {route: GET /small, call: 'GET shop:/small'}
";

/// A page of a million turns; of as many that print nothing, without the engine and by it; one that takes longer than its deadline; one that
/// fails at its end.
const PAGES: [(&str, &str); 5] = [
    ("slow.html", "{% for a in range(end=1000) %}{% for b in range(end=1000) %}.{% endfor %}{% endfor %}{{ request.path }}"),
    ("silent.html", "{% for a in range(end=1000) %}{% for b in range(end=1000) %}{% endfor %}{% endfor %}{{ request.path }}"),
    (
        "engine.html",
        "{% for a in range(end=1000) %}{% for b in range(end=1000) %}{% endfor %}{% endfor %}{% raw %}{% endraw %}{{ request.path }}",
    ),
    ("endless.html", "{% for a in range(end=1000) %}{% for b in range(end=4000) %}.{% endfor %}{% endfor %}"),
    ("wrong.html", "{% for a in range(end=1000) %}{% for b in range(end=100) %}.{% endfor %}{% endfor %}{{ nothing }}"),
];

fn gateway() -> Gateway {
    let list: Vec<String> = (0..40_000).map(|n| format!("{{\"n\":{},\"name\":\"item {n}\"}}", n % 10)).collect();
    let large = reply("200 OK", "", &format!("{{\"list\":[{}]}}", list.join(",")));
    let backend = Backend::new_by_path(move |path| match path {
        "/large" => (0, large.clone()),
        _ => (0, reply("200 OK", "", "{\"n\":1}")),
    });
    let files = PAGES.map(|(name, text)| (format!("templates/{name}"), text.as_bytes().to_vec())).into();
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text: ROUTES.to_owned(), files, ..Snapshot::default() };
    let plan = plan::compile(&snapshot).unwrap_or_else(|broken| panic!("{broken}"));
    Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(backend))))
}

/// What a request gets, and how many others are answered meanwhile, one after the other.
async fn meanwhile(gateway: &Gateway, path: &'static str, accept: &'static str) -> (Seen, usize) {
    let slow = tokio::spawn({
        let gateway = gateway.clone();
        async move { ask(&gateway, Method::GET, path, &[("accept", accept)]).await }
    });
    let mut answered = 0;
    while !slow.is_finished() {
        let seen = ask(gateway, Method::GET, "/small", &[]).await;
        assert_eq!((seen.status, seen.body.as_str()), (200, "{\"n\":1}"));
        answered += 1;
        yield_now().await;
    }
    (slow.await.unwrap(), answered)
}

#[tokio::test]
async fn others_are_answered_while_a_page_of_a_million_turns_is_made() {
    let gateway = gateway();
    // The second time the route is known to be slow.
    for _ in 0..2 {
        let (page, others) = meanwhile(&gateway, "/slow", "text/html").await;
        assert_eq!((page.status, page.body.len()), (200, 1_000_005));
        assert!(page.body.ends_with("./slow") && others > 20, "{others}");
    }
}

#[tokio::test]
async fn a_page_that_prints_nothing_while_it_works_is_known_after_the_first_time() {
    let gateway = gateway();
    let (first, _) = meanwhile(&gateway, "/silent", "*/*").await;
    let (again, others) = meanwhile(&gateway, "/silent", "*/*").await;
    assert_eq!((first.status, again.body.as_str()), (200, "/silent"));
    assert!(others > 5, "{others}");
}

#[tokio::test]
async fn a_page_of_the_engines_is_never_made_where_others_wait() {
    // Not the first time either: it prints nothing by which it could be stopped there.
    let (page, others) = meanwhile(&gateway(), "/engine", "*/*").await;
    assert_eq!((page.status, page.body.as_str()), (200, "/engine"));
    assert!(others > 5, "{others}");
}

#[tokio::test]
async fn a_page_that_takes_too_long_ends_at_its_deadline_and_one_that_fails_fails_as_ever() {
    let gateway = gateway();
    let (late, others) = meanwhile(&gateway, "/ends", "text/html").await;
    assert_eq!((late.status, late.header("retry-after")), (503, "10"), "{}", late.body);
    assert!(others > 5, "{others}");
    // It has left its place by itself: one that waited for nobody would never be answered here.
    let (wrong, _) = meanwhile(&gateway, "/wrong", "text/html").await;
    assert_eq!((wrong.status, wrong.body.contains("...")), (500, false));
}

#[tokio::test]
async fn others_are_answered_while_a_large_reply_is_shaped() {
    let gateway = gateway();
    for (path, accept, member) in
        [("/large", "*/*", "\"key\""), ("/several", "*/*", "\"key\""), ("/large-page", "text/html", "./large-page")]
    {
        let (seen, others) = meanwhile(&gateway, path, accept).await;
        assert_eq!((seen.status, seen.body.contains(member)), (200, true), "{path}");
        assert!(others > 5, "{path}: {others}");
    }
}

#[tokio::test]
async fn who_waits_for_a_place_beside_the_loop_has_no_longer_than_its_deadline() {
    let gateway = gateway();
    let all: Vec<_> = (0..8)
        .map(|_| {
            let gateway = gateway.clone();
            tokio::spawn(async move { ask(&gateway, Method::GET, "/ends", &[("accept", "text/html")]).await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap().status, 503);
    }
    // All of them have left.
    while gateway.aside.free() != places() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
