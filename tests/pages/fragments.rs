//! The table of fragments: who asks for a block of a page in which way, what goes out alone, and what caches are told of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::BROWSER;
use crate::backend::{Say, serve};
use crate::support::gateway::{Gateway, Setup};

const BASE: &str =
    "<!doctype html><html><head><title>{{ title }}</title></head><body>{% block main %}{% endblock %}</body></html>";
const ITEM: &str = "{% extends \"base.html\" %}{% block main %}<h1>{{ title }}</h1>\
                    {% block reviews %}<p>{{ text }}</p>{% endblock %}{% block price %}{% if priced is defined %}{{ price }}{% endif %}{% endblock %}{% endblock %}";
const DATA: &str = "{\"title\":\"mug\",\"text\":\"<b>\"}";
const PART: &str = "<p>&lt;b&gt;</p>";
const MAIN: &str = "<h1>mug</h1><p>&lt;b&gt;</p>";
const PAGE: &str = "<!doctype html><html><head><title>mug</title></head><body><h1>mug</h1><p>&lt;b&gt;</p></body></html>";
/// What a page with blocks depends on.
const CODED: &str = "accept-encoding";
const VARY: &str = "accept, hx-request, turbo-frame, x-fragment, hx-target, hx-request-type";

fn shop() -> (Arc<AtomicUsize>, Gateway) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let shop = serve(move |path| {
        count.fetch_add(1, Ordering::Relaxed);
        match path {
            "/gone" => Say::Reply(404, "", "{}"),
            "/down" => Say::Reply(500, "", "{}"),
            "/null" => Say::Reply(200, "", "null"),
            "/moved" => Say::Reply(302, "Location: /item/x\r\n", ""),
            "/unpriced" => Say::Reply(200, "", "{\"title\":\"mug\",\"text\":\"\",\"priced\":true}"),
            "/reviews" => Say::Reply(200, "", "{}"),
            _ => Say::Reply(200, "", DATA),
        }
    });
    let routes = format!(
        "upstreams: {{shop: {{url: 'http://{shop}', retry: false, breaker: false}}}}\n\
         routes:\n\
         \x20 - {{route: 'GET /item/{{id}}', call: 'GET shop:/{{path.id}}', page: {{template: item.html, state: true, fallback: shell.html}}}}\n\
         \x20 - {{route: 'GET /always/{{id}}', call: 'GET shop:/{{path.id}}', page: {{template: item.html, when: always}}}}\n\
         \x20 - {{route: 'GET /kept/{{id}}', call: 'GET shop:/{{path.id}}', page: item.html, cache: {{ttl: 1h}}}}\n\
         \x20 - {{route: 'GET /plain/{{id}}', call: 'GET shop:/{{path.id}}', page: plain.html}}\n\
         \x20 - {{route: 'GET /json/{{id}}', call: 'GET shop:/{{path.id}}'}}\n\
         \x20 - route: GET /early/{{id}}\n\
         \x20   calls: {{item: 'GET shop:/{{path.id}}', reviews: {{to: 'GET shop:/reviews', optional: true}}}}\n\
         \x20   shape: [{{unwrap: item}}]\n\
         \x20   page: {{template: item.html, early_head: true}}\n"
    );
    let setup = Setup::new(&routes)
        .workers(1)
        .file("templates/base.html", BASE)
        .file("templates/item.html", ITEM)
        .file("templates/plain.html", "<!doctype html><title>{{ title }}</title>")
        .file("templates/shell.html", "<!doctype html><title>shell</title>")
        .file("templates/error.html", "<!doctype html><title>{{ status }}</title><p>{{ code }}</p>");
    (asked, setup.start())
}

/// What goes out.
enum Gets {
    Html(&'static str),
    /// A page that holds this.
    Page(&'static str),
    Json,
    /// A page of a fault.
    Told(u16, &'static str),
    /// A problem document.
    Problem(u16, &'static str),
}

#[test]
fn a_block_goes_alone_to_who_asks_for_it_in_one_of_four_ways() {
    use Gets::{Html, Json, Page, Problem, Told};
    let (_, gateway) = shop();
    let script = ("Accept", "*/*");
    let htmx = ("HX-Request", "true");
    let partial = ("HX-Request-Type", "partial");
    for (path, headers, gets) in [
        // Ours: by header and by parameter, whatever `Accept` says but that it takes markup.
        ("/item/x", &[("X-Fragment", "reviews"), script][..], Html(PART)),
        ("/item/x", &[("X-Fragment", "reviews"), BROWSER], Html(PART)),
        ("/item/x", &[("X-Fragment", "reviews")], Html(PART)),
        ("/item/x?_fragment=reviews", &[script], Html(PART)),
        ("/item/x?_fragment=reviews", &[BROWSER], Html(PART)),
        ("/item/x?_fragment=main", &[("X-Fragment", "reviews")], Html(MAIN)),
        ("/item/x?_fragment=price", &[], Html("")),
        ("/always/x?_fragment=reviews", &[("Accept", "application/json")], Html(PART)),
        ("/early/x?_fragment=reviews", &[BROWSER], Html(PART)),
        ("/item/x", &[("X-Fragment", "reviews"), ("Accept", "application/json")], Problem(406, "not_acceptable")),
        // htmx, Turbo: by the name of what they put it into, which may be no block.
        ("/item/x", &[htmx, ("HX-Target", "reviews"), script], Html(PART)),
        ("/item/x", &[htmx, ("HX-Target", "elsewhere"), script], Page("<h1>mug</h1>")),
        ("/item/x", &[htmx, script], Page("<h1>mug</h1>")),
        // As htmx 4 says it: with the tag, encoded, and whether it wants the whole page.
        ("/item/x", &[htmx, ("HX-Target", "section#reviews"), partial, BROWSER], Html(PART)),
        ("/item/x", &[htmx, ("HX-Target", "p#revi%65ws"), partial], Html(PART)),
        ("/item/x", &[htmx, ("HX-Target", "section#reviews"), ("HX-Request-Type", "full")], Page("<h1>mug</h1>")),
        ("/item/x", &[htmx, ("HX-Target", "body"), ("HX-Request-Type", "full")], Page("<h1>mug</h1>")),
        ("/item/x", &[htmx, ("HX-Target", "main"), partial], Page("<!doctype html>")),
        ("/item/x", &[htmx, ("HX-Target", "main")], Html(MAIN)),
        ("/item/x", &[("HX-Target", "reviews")], Json),
        ("/item/x", &[("HX-Request", "false"), ("HX-Target", "reviews")], Json),
        ("/item/x", &[("Turbo-Frame", "reviews"), BROWSER], Html(PART)),
        ("/item/x", &[("Turbo-Frame", "elsewhere"), script], Page("<h1>mug</h1>")),
        ("/always/x", &[("Turbo-Frame", "reviews")], Html(PART)),
        // No such block; a page without any; a route without a page, which knows nothing of all this.
        ("/item/x?_fragment=nobody", &[BROWSER], Told(404, "no_fragment")),
        ("/item/x", &[("X-Fragment", "nobody")], Told(404, "no_fragment")),
        ("/item/x?_fragment=", &[], Told(404, "no_fragment")),
        ("/item/x?_fragment=nobody", &[("Accept", "application/json")], Problem(404, "no_fragment")),
        ("/plain/x?_fragment=main", &[BROWSER], Told(404, "no_fragment")),
        ("/json/x", &[("X-Fragment", "reviews"), htmx, ("Turbo-Frame", "reviews")], Json),
        // What is wrong with a page is wrong with its parts, and no shell stands in for one.
        ("/item/gone?_fragment=reviews", &[BROWSER], Told(404, "upstream_refused")),
        ("/item/null?_fragment=reviews", &[BROWSER], Told(404, "no_data")),
        ("/item/down?_fragment=reviews", &[BROWSER], Told(503, "upstream_failed")),
        // Who asks for markup is told in markup, unless nothing but JSON is taken.
        ("/item/down?_fragment=reviews", &[script], Told(503, "upstream_failed")),
        ("/item/down", &[("X-Fragment", "reviews"), script], Told(503, "upstream_failed")),
        ("/item/gone", &[htmx, ("HX-Target", "reviews"), script], Told(404, "upstream_refused")),
        ("/item/gone", &[("Turbo-Frame", "elsewhere")], Told(404, "upstream_refused")),
        ("/kept/down?_fragment=reviews", &[script], Told(503, "upstream_failed")),
        ("/kept/gone", &[htmx, script], Told(404, "upstream_refused")),
        ("/always/down?_fragment=reviews", &[("Accept", "application/json")], Problem(503, "upstream_failed")),
        ("/item/down", &[script], Problem(502, "upstream_failed")),
        ("/json/down", &[("X-Fragment", "reviews"), htmx, script], Problem(502, "upstream_failed")),
        ("/item/unpriced?_fragment=price", &[BROWSER], Told(500, "page_failed")),
        ("/early/unpriced?_fragment=price", &[BROWSER], Told(500, "page_failed")),
    ] {
        let row = format!("{path} {headers:?}");
        let seen = gateway.request("GET", path, headers, b"");
        let kind = seen.header("content-type").unwrap_or_default();
        let vary = seen.header("vary").unwrap_or_default();
        match gets {
            Html(body) => {
                assert_eq!((seen.status, seen.text().as_str(), kind), (200, body, "text/html; charset=utf-8"), "{row}");
                assert_eq!(seen.header("content-length"), Some(body.len().to_string().as_str()), "{row}");
                assert!(seen.header("link").is_none() && !seen.header("etag").unwrap_or_default().is_empty(), "{row}");
            }
            Page(holds) => {
                assert!(seen.status == 200 && seen.text().starts_with("<!doctype") && seen.text().contains(holds), "{row}")
            }
            Json => assert_eq!((seen.status, kind), (200, "application/json"), "{row}"),
            Told(status, code) => {
                let body = format!("<!doctype html><title>{status}</title><p>{code}</p>");
                assert_eq!((seen.status, seen.text()), (status, body), "{row}");
            }
            Problem(status, code) => assert_eq!((seen.status, seen.problem().as_str()), (status, code), "{row}"),
        }
        match path.split('/').nth(1).unwrap() {
            "json" => assert_eq!(vary, if seen.status == 200 { CODED } else { "accept, accept-encoding" }, "{row}"),
            "always" if seen.status == 200 => {
                assert_eq!(vary, format!("x-fragment, hx-request, hx-target, hx-request-type, turbo-frame, {CODED}"), "{row}")
            }
            // What has no body comes in no coding.
            _ if seen.body.is_empty() => assert_eq!(vary, VARY, "{row}"),
            _ if seen.status == 200 => assert_eq!(vary, format!("{VARY}, {CODED}"), "{row}"),
            _ => {
                assert!(["accept, ", "hx-request", "turbo-frame", CODED].iter().all(|name| vary.contains(name)), "{row}: {vary}")
            }
        }
        if seen.status >= 400 {
            assert_eq!(seen.header("cache-control"), Some("no-store"), "{row}");
        }
        // HEAD says the same, and nothing of the body.
        let bare = gateway.request("HEAD", path, headers, b"");
        assert_eq!((bare.status, bare.body.len()), (seen.status, 0), "{row}");
        for name in ["content-type", "vary", "cache-control", "etag", "content-length"] {
            // Every answer of a fault has an id of its own in it, of the same length.
            assert_eq!(bare.header(name), seen.header(name), "{row}: {name}");
        }
    }
    let moved = gateway.request("GET", "/item/moved?_fragment=reviews", &[BROWSER], b"");
    assert_eq!((moved.status, moved.header("location")), (302, Some("/item/x")));
}

#[test]
fn a_fragment_is_kept_apart_from_its_page_and_told_apart_by_its_tag() {
    let (asked, gateway) = shop();
    let part = || gateway.request("GET", "/kept/x?_fragment=reviews", &[BROWSER], b"");
    let page = || gateway.request("GET", "/kept/x", &[BROWSER], b"");
    let status = |seen: &crate::Answer| seen.header("cache-status").unwrap().to_owned();
    for (ask, body) in [(&part as &dyn Fn() -> crate::Answer, PART), (&page, PAGE)] {
        let (first, second) = (ask(), ask());
        assert_eq!((first.text().as_str(), second.text().as_str()), (body, body));
        assert!(status(&first).contains("fwd=miss; stored") && status(&second).contains("hit; ttl="), "{first:?} {second:?}");
        let tag = second.header("etag").unwrap();
        assert_eq!(first.header("etag"), Some(tag));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    // The same block, asked for in another way, is the same answer.
    for headers in [&[("X-Fragment", "reviews")][..], &[("Turbo-Frame", "reviews"), BROWSER]] {
        let seen = gateway.request("GET", "/kept/x", headers, b"");
        assert!(seen.text() == PART && status(&seen).contains("hit; ttl="), "{headers:?}: {seen:?}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    let tag = part().header("etag").unwrap().to_owned();
    assert_ne!(page().header("etag"), Some(tag.as_str()));
    let known = gateway.request("GET", "/kept/x?_fragment=reviews", &[BROWSER, ("If-None-Match", &tag)], b"");
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag.as_str())));
    let other = gateway.request("GET", "/kept/x", &[BROWSER, ("If-None-Match", &tag)], b"");
    assert_eq!(other.status, 200);
}
