//! Answers that are kept, by the test's clock: what is given out again, to whom, for how long, and what is never kept.

mod stale;
mod standing_in;
mod together;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Empty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::advance;

use super::super::Gateway;
use super::super::edge::BodyError;
use crate::plan;
use crate::spec::Snapshot;
use crate::upstream::{Client, Dial};

/// What the backend does with its `n`th request, from 1, for a path: after so many milliseconds it sends this head and body. An empty text
/// closes the connection.
type Play = dyn Fn(usize, &str) -> (u64, String) + Send + Sync;

/// A backend that remembers the heads of what it was asked.
#[derive(Clone)]
pub(super) struct Backend {
    heads: Arc<Mutex<Vec<String>>>,
    play: Arc<Play>,
}

impl Backend {
    pub(in crate::gateway) fn new(play: impl Fn(usize) -> (u64, String) + Send + Sync + 'static) -> Self {
        Self { heads: Arc::default(), play: Arc::new(move |n, _| play(n)) }
    }

    pub(in crate::gateway) fn new_by_path(play: impl Fn(&str) -> (u64, String) + Send + Sync + 'static) -> Self {
        Self { heads: Arc::default(), play: Arc::new(move |_, path| play(path)) }
    }

    /// Answers `{"n":1}`, then `{"n":2}`, at once and with these lines in the head.
    fn counting(lines: &'static str) -> Self {
        Self::new(move |n| (0, reply("200 OK", lines, &format!("{{\"n\":{n}}}"))))
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(in crate::gateway) fn count(&self) -> usize {
        self.heads().len()
    }

    async fn serve(self, mut stream: DuplexStream) {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                if stream.read_buf(&mut head).await.is_ok_and(|read| read == 0) {
                    return;
                }
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let number = {
                let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
                heads.push(head);
                heads.len()
            };
            let (wait, reply) = (self.play)(number, &path);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            if reply.is_empty() || stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

impl Dial for Backend {
    fn dial(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(4096);
        tokio::spawn(self.clone().serve(far));
        near
    }
}

pub(super) fn reply(status: &str, lines: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Type: application/json\r\n{lines}\r\n{body}", body.len())
}

/// A gateway for one route, `GET /a/{id}`, with these keys below it.
pub(super) fn gateway(backend: &Backend, keys: &str) -> Gateway {
    let text = format!(
        "upstreams: {{shop: {{url: \"demo:\", retry: false, breaker: false}}}}\nroutes:\n  - route: GET,POST /a/{{id}}\n{keys}"
    );
    let page = b"<!doctype html><title>a</title>{% block part %}<p>{{ n }}</p>{% endblock %}".to_vec();
    let shell = b"<!doctype html><title>a moment</title><b>{{ code }}</b>".to_vec();
    let files = [("templates/a.html".to_owned(), page), ("templates/shell.html".to_owned(), shell)].into();
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text, files, ..Snapshot::default() };
    let plan = plan::compile(&snapshot).unwrap_or_else(|broken| panic!("{broken}"));
    Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(backend.clone()))))
}

fn cached(backend: &Backend, cache: &str) -> Gateway {
    gateway(backend, &format!("    cache: {{{cache}}}\n"))
}

pub(super) struct Seen {
    pub(in crate::gateway) status: u16,
    pub(in crate::gateway) headers: HeaderMap,
    pub(in crate::gateway) body: String,
    pub(in crate::gateway) word: Option<&'static str>,
}

impl Seen {
    pub(in crate::gateway) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What the cache says that it did.
    pub(in crate::gateway) fn cache(&self) -> &str {
        self.header("cache-status").strip_prefix("forecourt; ").unwrap_or_default()
    }
}

pub(super) async fn ask(gateway: &Gateway, method: Method, path: &str, headers: &[(&str, &str)]) -> Seen {
    let mut request = Request::builder().method(method).uri(path).header("host", "shop.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Empty::new().map_err(|never| -> BodyError { match never {} });
    let (mut parts, body) = gateway.answer(request.body(body).unwrap()).await.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let trace: super::super::edge::Trace = parts.extensions.remove().unwrap();
    Seen { status: parts.status.as_u16(), headers: parts.headers, body, word: trace.cache }
}

async fn get(gateway: &Gateway, path: &str) -> Seen {
    ask(gateway, Method::GET, path, &[]).await
}

/// So many equal requests at the same time.
fn crowd(gateway: &Gateway, count: usize) -> Vec<tokio::task::JoinHandle<Seen>> {
    let gateway = gateway.clone();
    (0..count)
        .map(|_| {
            let gateway = gateway.clone();
            tokio::spawn(async move { get(&gateway, "/a/1").await })
        })
        .collect()
}

pub(super) const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_out_again_with_its_age_until_its_time_is_over() {
    let backend = Backend::counting("");
    let gateway = cached(&backend, "ttl: 30s, swr: 0s, stale_if_error: 0s");
    let first = get(&gateway, "/a/1").await;
    assert_eq!((first.status, first.body.as_str(), first.cache()), (200, "{\"n\":1}", "fwd=miss; stored"));
    assert_eq!((first.header("cache-control"), first.header("age"), first.word), ("no-cache", "", Some("miss")));
    advance(SECOND * 5).await;
    let second = get(&gateway, "/a/1").await;
    assert_eq!((second.body.as_str(), second.cache(), second.word), ("{\"n\":1}", "hit; ttl=25", Some("hit")));
    assert_eq!((second.header("age"), second.header("etag")), ("5", first.header("etag")));
    assert_eq!(get(&gateway, "/a/2").await.body, "{\"n\":2}", "another path is another answer");
    advance(SECOND * 25).await;
    assert_eq!(get(&gateway, "/a/1").await.body, "{\"n\":3}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_it_is_told_so_and_head_and_range_change_nothing() {
    let backend = Backend::counting("");
    let gateway = cached(&backend, "ttl: 30s");
    let head = ask(&gateway, Method::HEAD, "/a/1", &[]).await;
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", "7"));
    let tag = head.header("etag").to_owned();
    let known = ask(&gateway, Method::GET, "/a/1", &[("if-none-match", &format!("\"x\", W/{tag}"))]).await;
    assert_eq!((known.status, known.body.as_str(), known.header("etag"), known.header("age")), (304, "", tag.as_str(), "0"));
    assert_eq!((known.header("content-type"), known.header("cache-control")), ("", "no-cache"));
    let part = ask(&gateway, Method::GET, "/a/1", &[("range", "bytes=0-1"), ("if-none-match", "\"x\"")]).await;
    assert_eq!((part.status, part.body.as_str(), part.cache()), (200, "{\"n\":1}", "hit; ttl=30"));
    assert_eq!(backend.count(), 1);
    assert!(backend.heads()[0].starts_with("GET /a/1 "), "HEAD brings what GET would: {}", backend.heads()[0]);
}

#[tokio::test(start_paused = true)]
async fn json_the_page_and_its_block_are_kept_apart() {
    let backend = Backend::counting("");
    let gateway = gateway(&backend, "    page: a.html\n    cache: {ttl: 30s}\n");
    let browser = [("accept", "text/html")];
    for round in 0..2 {
        let json = get(&gateway, "/a/1").await;
        let page = ask(&gateway, Method::GET, "/a/1", &browser).await;
        let block = ask(&gateway, Method::GET, "/a/1?_fragment=part", &browser).await;
        assert_eq!((json.header("content-type"), json.body.as_str()), ("application/json", "{\"n\":1}"), "{round}");
        assert!(page.header("content-type").starts_with("text/html") && page.body.contains("<title>"), "{}", page.body);
        assert!(page.body.contains("<p>2</p>") && block.body == "<p>3</p>", "{} {}", page.body, block.body);
        assert!(json.header("vary").contains("accept") && page.header("vary").contains("accept"));
        assert_ne!(json.header("etag"), page.header("etag"));
    }
    assert_eq!(backend.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_tells_answers_apart_is_what_the_upstream_sees_and_nothing_else_of_a_client() {
    let backend = Backend::counting("");
    let keys =
        "    input: {headers: {x-tenant: {type: string}}}\n    cache: {ttl: 30s, query: [page], vary: [accept-language]}\n";
    let gateway = gateway(&backend, keys);
    let evil = [("x-forwarded-host", "evil.example"), ("x-evil", "1"), ("user-agent", "u"), ("cache-control", "no-cache")];
    let lines = [("accept-language", "de"), ("x-tenant", "t"), ("x-request-id", "an-id-of-a-test")];
    let first = ask(&gateway, Method::GET, "/a/1?utm=1&page=2", &[&evil[..], &lines[..]].concat()).await;
    assert_eq!(first.header("vary"), "accept-encoding, accept-language, x-tenant");
    let head = backend.heads()[0].to_ascii_lowercase();
    assert!(head.starts_with("get /a/1?page=2 "), "{head}");
    for there in ["accept-language: de", "x-tenant: t", "x-request-id: an-id-of-a-test", "x-forwarded-host: shop.example"] {
        assert!(head.contains(there), "{there}: {head}");
    }
    for gone in ["evil", "user-agent", "utm"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    for (path, headers, fresh) in [
        ("/a/1?page=2&utm=3", &lines[..], false),
        ("/a/1?page=3", &lines[..], true),
        ("/a/1?page=2", &[("accept-language", "en"), ("x-tenant", "t")][..], true),
        ("/a/1?page=2", &[("accept-language", "de")][..], true),
        ("/a/1?page=2", &[("accept-language", "de"), ("x-tenant", "")][..], true),
    ] {
        let before = backend.count();
        let seen = ask(&gateway, Method::GET, path, headers).await;
        assert_eq!(backend.count() > before, fresh, "{path} {headers:?} {}", seen.cache());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_somebody_goes_past_the_cache_unless_that_is_told_apart() {
    let backend = Backend::counting("");
    let shared = cached(&backend, "ttl: 30s");
    get(&shared, "/a/1").await;
    for (method, headers, cache) in [
        (Method::GET, &[("cookie", "a=1")][..], "fwd=bypass; detail=cookie"),
        (Method::HEAD, &[("authorization", "Bearer x"), ("cookie", "a=1")][..], "fwd=bypass; detail=authorization"),
        (Method::POST, &[][..], "fwd=method"),
    ] {
        let (before, seen) = (backend.count(), ask(&shared, method, "/a/1", headers).await);
        assert_eq!((backend.count(), seen.cache(), seen.header("etag")), (before + 1, cache, ""));
        assert_eq!(seen.word, Some("bypass"));
    }
    assert!(backend.heads()[1].to_ascii_lowercase().contains("cookie: a=1"));
    assert_eq!(get(&shared, "/a/1").await.body, "{\"n\":1}");
    let own = cached(&backend, "ttl: 30s, vary: [cookie]");
    let first = ask(&own, Method::GET, "/a/1", &[("cookie", "a=1")]).await;
    let again = ask(&own, Method::GET, "/a/1", &[("cookie", "a=1")]).await;
    let other = ask(&own, Method::GET, "/a/1", &[("cookie", "a=2")]).await;
    assert_eq!((first.header("cache-control"), again.cache()), ("private, no-cache", "hit; ttl=30"));
    assert_eq!(first.body, again.body);
    assert_ne!(first.body, other.body);
}

#[tokio::test(start_paused = true)]
async fn what_is_for_one_client_is_never_kept_and_other_words_count_as_the_route_says() {
    for (lines, cache, status) in [
        ("Set-Cookie: a=1\r\n", "ttl: 9s, obey: private", "fwd=miss; detail=set-cookie"),
        ("Cache-Control: private\r\n", "ttl: 9s, obey: private", "fwd=miss; detail=private"),
        ("Vary: *\r\n", "ttl: 9s, obey: private", "fwd=miss; detail=vary-star"),
        ("Cache-Control: no-store\r\n", "ttl: 9s", "fwd=miss; detail=no-store"),
        ("Cache-Control: no-cache\r\n", "ttl: 9s", "fwd=miss; detail=no-cache"),
        ("Cache-Control: max-age=0\r\n", "obey: all", "fwd=miss; detail=no-time"),
        ("", "obey: all", "fwd=miss; detail=no-time"),
        ("Cache-Control: no-store\r\n", "ttl: 9s, obey: private", "fwd=miss; stored"),
        ("Cache-Control: max-age=0\r\n", "ttl: 9s", "fwd=miss; stored"),
        ("Cache-Control: max-age=3\r\n", "obey: all", "fwd=miss; stored"),
    ] {
        let backend = Backend::counting(lines);
        let gateway = cached(&backend, cache);
        let first = get(&gateway, "/a/1").await;
        assert_eq!(first.cache(), status, "{lines}");
        let kept = status.ends_with("stored");
        let second = get(&gateway, "/a/1").await;
        assert_eq!((backend.count(), second.cache().starts_with("hit")), (if kept { 1 } else { 2 }, kept), "{lines}");
        assert_eq!(first.headers.contains_key("etag"), kept, "{lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_with_a_cookie_is_nobody_s_to_keep_whatever_the_route_keeps() {
    for (lines, expected) in [
        ("Set-Cookie: a=1\r\n", "private, no-store"),
        ("Set-Cookie: a=1\r\nCache-Control: max-age=60\r\n", "private, no-store"),
        ("Set-Cookie: a=1\r\nCache-Control: public, max-age=60\r\n", "public, max-age=60"),
        ("Set-Cookie: a=1\r\nCache-Control: max-age=60\r\nCache-Control: public\r\n", "max-age=60"),
        ("", "no-cache"),
    ] {
        let gateway = gateway(&Backend::counting(lines), "    page: a.html\n    cache: {ttl: 9s}\n");
        let page = ask(&gateway, Method::GET, "/a/1", &[("accept", "text/html")]).await;
        assert_eq!((page.status, page.header("cache-control")), (200, expected), "{lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_is_obeyed_says_for_how_long_and_its_word_goes_on() {
    let backend = Backend::counting("Cache-Control: max-age=60, stale-if-error=0, stale-while-revalidate=0\r\nAge: 20\r\n");
    let gateway = cached(&backend, "ttl: 5s, obey: all");
    let first = get(&gateway, "/a/1").await;
    assert_eq!((first.header("age"), first.header("cache-control").contains("max-age=60")), ("20", true));
    advance(SECOND * 39).await;
    let second = get(&gateway, "/a/1").await;
    assert_eq!((second.cache(), second.header("age")), ("hit; ttl=1", "59"));
    advance(SECOND).await;
    assert_eq!(get(&gateway, "/a/1").await.body, "{\"n\":2}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_reply_stands_behind_is_not_kept() {
    let backend = Backend::counting("");
    let keys = "    input: {query: {full: {type: boolean}}}
    calls:
      a: {to: \"GET shop:/a\", when: {path: query.full, equals: true}}
    cache: {ttl: 30s}
";
    let gateway = gateway(&backend, keys);
    assert_eq!(get(&gateway, "/a/1").await.cache(), "fwd=miss; detail=no-reply");
    assert_eq!(get(&gateway, "/a/1?full=true").await.cache(), "fwd=miss; stored");
    assert_eq!(backend.count(), 1);
}
