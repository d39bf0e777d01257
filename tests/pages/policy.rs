//! The policy of the pages, who may keep them, and what a client that has one already gets.

use std::io::Read as _;

use crate::html::Page;
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Answer;
use crate::{BROWSER, sample, visit};

/// The nonce in a policy.
fn nonce(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy").unwrap();
    let (_, rest) = policy.split_once("script-src 'nonce-").unwrap();
    rest.split('\'').next().unwrap().to_owned()
}

/// The nonces that the tags of a page have.
fn nonces(answer: &Answer) -> Vec<String> {
    Page::read(&answer.text()).tags().filter_map(|tag| tag.attribute("nonce").map(ToOwned::to_owned)).collect()
}

fn shop(site: &str, route: &str) -> Gateway {
    let page = "<!doctype html><title>a</title><script nonce=\"{{ request.nonce }}\">1</script>{% block part %}<p>{{ product_name }}</p>{% endblock %}";
    let routes = format!(
        "{site}upstreams: {{shop: {{url: 'demo:', envelope: mall}}}}\nroutes:\n  - {{route: 'GET /a/{{id}}', call: 'GET shop:/api/items/{{path.id}}', page: a.html{route}}}\n"
    );
    Setup::new(&routes).file("templates/a.html", page).workers(1).start()
}

#[test]
fn every_page_of_the_sample_has_a_policy_and_a_nonce_of_its_own() {
    let gateway = sample().start();
    let mut known = Vec::new();
    for path in ["/", "/items", "/detail/1", "/detail/1/reviews", "/nothing", "/detail/0", "/", "/detail/1"] {
        let answer = visit(&gateway, path);
        let nonce = nonce(&answer);
        assert!(nonce.len() == 32 && !known.contains(&nonce), "{path}: {nonce}");
        assert!(nonces(&answer).iter().all(|used| *used == nonce) && !nonces(&answer).is_empty(), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        for directive in
            ["default-src 'self'", "'strict-dynamic'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("strict-origin-when-cross-origin"));
        // Nothing stands in a page that its policy forbids.
        for tag in Page::read(&answer.text()).tags() {
            assert!(tag.attribute("style").is_none(), "{path}: {tag:?}");
            let runs =
                tag.name == "style" || (tag.name == "script" && tag.attribute("type").is_none_or(|kind| !kind.contains("json")));
            assert!(!runs || tag.attribute("nonce").is_some(), "{path}: {tag:?}");
        }
        known.push(nonce);
    }
    assert_eq!(gateway.get("/detail/1").header("content-security-policy"), None, "JSON is no page");
}

#[test]
fn a_page_from_the_cache_has_a_nonce_of_its_own_too_and_keeps_its_tag() {
    let gateway = shop("", ", cache: {ttl: 1m}");
    let answers: Vec<Answer> = (0..3).map(|_| visit(&gateway, "/a/1")).collect();
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(nonces(answer), [nonce(answer)]);
        assert!(answers.iter().take(at).all(|other| nonce(other) != nonce(answer)));
        assert_eq!(answer.header("etag"), answers[0].header("etag"));
        assert_eq!(answer.header("forecourt-nonce"), None);
    }
    assert!(answers[2].header("cache-status").unwrap().starts_with("forecourt; hit"));
    let known = gateway.request("GET", "/a/1", &[BROWSER, ("If-None-Match", answers[0].header("etag").unwrap())], b"");
    // The page that the browser has goes with the policy that it came with.
    assert_eq!((known.status, known.header("content-security-policy"), known.header("forecourt-nonce")), (304, None, None));
}

#[test]
fn a_page_that_is_not_kept_here_has_a_strong_tag_and_a_304() {
    let gateway = shop("", "");
    let first = visit(&gateway, "/a/1");
    let again = visit(&gateway, "/a/1");
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
    assert_eq!((again.header("etag"), first.header("cache-control")), (Some(tag.as_str()), Some("private, no-cache")));
    assert_ne!(first.text(), again.text(), "each has its nonce");
    assert_ne!(visit(&gateway, "/a/2").header("etag"), Some(tag.as_str()));
    for method in ["GET", "HEAD"] {
        for (asked, status) in [(tag.clone(), 304), (format!("W/{tag}"), 304), ("\"other\"".to_owned(), 200)] {
            let answer = gateway.request(method, "/a/1", &[BROWSER, ("If-None-Match", &asked)], b"");
            assert_eq!((answer.status, answer.header("etag")), (status, Some(tag.as_str())), "{method} {asked}");
            assert_eq!(answer.text().is_empty(), status == 304 || method == "HEAD");
            assert_eq!(answer.header("content-security-policy").is_some(), status == 200);
            assert!(answer.header("vary").is_some_and(|vary| vary.contains("accept")));
        }
    }
    let head = gateway.request("HEAD", "/a/1", &[BROWSER], b"");
    assert_eq!(head.header("content-length"), first.header("content-length"));
    let part = gateway.request("GET", "/a/1?_fragment=part", &[], b"");
    assert!(part.header("etag").is_some_and(|part| part != tag));
}

#[test]
fn a_page_of_somebody_is_kept_by_nobody() {
    for gateway in [shop("", ""), shop("", ", cache: {ttl: 1m}")] {
        for name in ["Cookie", "Authorization"] {
            let answer = gateway.request("GET", "/a/1", &[BROWSER, (name, "a=1")], b"");
            assert_eq!(
                (answer.status, answer.header("cache-control"), answer.header("etag")),
                (200, Some("private, no-store"), None)
            );
            assert!(answer.header("content-security-policy").is_some());
        }
    }
}

#[test]
fn a_site_may_have_a_policy_of_its_own_or_none() {
    let own = shop("site: {csp: \"script-src 'nonce-{nonce}' 'self'\"}\n", "");
    let answer = visit(&own, "/a/1");
    assert_eq!(answer.header("content-security-policy"), Some(format!("script-src 'nonce-{}' 'self'", nonce(&answer)).as_str()));
    assert_eq!(nonces(&answer), [nonce(&answer)]);
    let reports = shop("site: {csp: {report_only: true}}\n", "");
    let answer = visit(&reports, "/a/1");
    assert!(answer.header("content-security-policy").is_none());
    let policy = answer.header("content-security-policy-report-only").unwrap();
    assert!(policy.contains(&nonces(&answer)[0]), "{policy}");
    let off = shop("site: {csp: off}\n", "");
    let answer = visit(&off, "/a/1");
    assert!(answer.header("content-security-policy").is_none() && nonces(&answer) == [""]);
    assert_eq!(answer.header("etag"), visit(&off, "/a/1").header("etag"));
}

#[test]
fn a_page_in_a_coding_has_a_nonce_of_its_own_too() {
    let long = "a page that is worth a coding, ".repeat(100);
    let page = format!("<!doctype html><title>a</title><script nonce=\"{{{{ request.nonce }}}}\">1</script><p>{long}</p>");
    for cache in ["", ", cache: {ttl: 1m}"] {
        let routes = format!(
            "upstreams: {{shop: {{url: 'demo:', envelope: mall}}}}\nroutes:\n  - {{route: GET /a, call: 'GET shop:/api/items/1', page: a.html{cache}}}\n"
        );
        let gateway = Setup::new(&routes).file("templates/a.html", &page).workers(1).start();
        let visit =
            |tag: &str| gateway.request("GET", "/a", &[BROWSER, ("Accept-Encoding", "gzip"), ("If-None-Match", tag)], b"");
        let answers: Vec<Answer> = (0..3).map(|_| visit("\"none\"")).collect();
        for answer in &answers {
            assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")), "{cache}");
            let mut text = String::new();
            flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
            let used: Vec<String> =
                Page::read(&text).tags().filter_map(|tag| tag.attribute("nonce").map(ToOwned::to_owned)).collect();
            assert_eq!(used, [nonce(answer)], "{cache}: the policy names what the page has");
            assert_eq!(answer.header("etag"), answers[0].header("etag"), "{cache}");
        }
        assert_ne!(nonce(&answers[0]), nonce(&answers[1]));
        assert_eq!(visit(answers[0].header("etag").unwrap()).status, 304, "{cache}");
    }
}
