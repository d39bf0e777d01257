//! Answers that are kept, as the shipped binary keeps them: one call for many clients, an upstream that dies, answers dropped by name.

#[path = "../support/mod.rs"]
mod support;

mod crowds;
mod machine;
mod outage;
mod purging;
mod upstream;

use support::gateway::{Gateway, Setup};
use support::http::Answer;
use support::operator::commanded;
use upstream::Upstream;

/// A gateway before this upstream, with `GET /item/{id}` and these keys of its cache.
fn gateway(upstream: &Upstream, workers: usize, cache: &str) -> Gateway {
    let (address, call) = (upstream.address(), "GET shop:/api/{path.id}");
    let text = format!(
        "upstreams: {{shop: {{url: \"http://{address}\"}}}}\nroutes:\n  - {{route: \"GET /item/{{id}}\", call: \"{call}\", page: item.html, cache: {{{cache}}}}}\n"
    );
    let page = "<!doctype html><title>item</title><p>{{ n }}</p>";
    commanded(Setup::new(&text).file("templates/item.html", page).workers(workers)).start()
}

/// What the cache says that it did.
fn status(answer: &Answer) -> &str {
    answer.header("cache-status").and_then(|status| status.strip_prefix("forecourt; ")).unwrap_or_default()
}

#[test]
fn an_answer_is_kept_for_everybody_and_for_each_form_and_the_log_says_so() {
    let upstream = Upstream::start("{\"n\":1}", "");
    let gateway = gateway(&upstream, 1, "ttl: 60s");
    let browser = ("Accept", "text/html");
    let first = gateway.get("/item/1");
    assert_eq!((status(&first), first.header("cache-control")), ("fwd=miss; stored", Some("no-cache")));
    let page = gateway.request("GET", "/item/1", &[browser], b"");
    assert_eq!((page.header("content-type"), status(&page)), (Some("text/html; charset=utf-8"), "fwd=miss; stored"));
    let again = gateway.get("/item/1");
    assert!(status(&again).starts_with("hit; ttl="), "{again:?}");
    assert_eq!((again.body.as_slice(), again.header("content-type")), (&b"{\"n\":1}"[..], Some("application/json")));
    let tag = again.header("etag").unwrap().to_owned();
    let known = gateway.request("GET", "/item/1", &[("If-None-Match", &tag)], b"");
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag.as_str())));
    assert!(known.header("age").is_some() && known.header("vary").is_some() && known.header("content-type").is_none());
    let head = gateway.request("HEAD", "/item/1", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("7")));
    let own = gateway.request("GET", "/item/1", &[("Cookie", "a=1")], b"");
    assert_eq!(status(&own), "fwd=bypass; detail=cookie");
    assert_eq!(upstream.asked(), 3, "JSON, the page, and whoever has a cookie");
    for (answer, word) in [(&first, "miss"), (&again, "hit"), (&known, "hit"), (&own, "bypass")] {
        assert_eq!(gateway.logged(answer.header("x-request-id").unwrap())["cache"], word);
    }
}
