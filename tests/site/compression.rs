//! Answers in the coding that a client asks for.

use std::io::Read as _;
use std::sync::mpsc::channel;

use super::backend::serve;
use super::support::gateway::{Gateway, Setup};
use super::support::http::Answer;
use super::upstream::Upstream;

const ALL: (&str, &str) = ("Accept-Encoding", "gzip, deflate, br, zstd");

/// A document that shrinks, of so many items.
fn document(items: usize) -> String {
    let item = |number: usize| format!("{{\"id\":{},\"name\":\"Köder & Co\",\"price\":1.{number}0}}", number * 7919);
    format!("{{\"items\":[{}]}}", (0..items).map(item).collect::<Vec<_>>().join(","))
}

fn gateway(upstream: &Upstream) -> Gateway {
    let text = format!(
        "upstreams: {{shop: {{url: \"http://{}\"}}}}
routes:
  - {{route: GET /kept, call: \"GET shop:/a\", page: page.html, cache: {{ttl: 60s}}}}
  - {{route: GET /once, call: \"GET shop:/a\"}}
  - {{route: GET /plain, call: \"GET shop:/a\", compress: false}}
  - {{route: \"GET /through/{{*rest}}\", proxy: \"shop:/{{path.rest}}\"}}
",
        upstream.address()
    );
    let page = "<!doctype html><title>t</title>{% for item in items %}<p>{{ item.name }}</p>{% endfor %}";
    Setup::new(&text).file("templates/page.html", page).workers(1).start()
}

/// Whether an answer says that it depends on the codings that are taken.
fn varies(answer: &Answer) -> bool {
    answer.header("vary").is_some_and(|vary| vary.contains("accept-encoding"))
}

/// The body without its coding, by the decoders of other crates where there are others.
fn plain(answer: &Answer) -> String {
    let (bytes, mut text) = (answer.body.as_slice(), String::new());
    let read = match answer.header("content-encoding") {
        None => std::io::Cursor::new(bytes).read_to_string(&mut text),
        Some("br") => brotli_decompressor::Decompressor::new(bytes, 4096).read_to_string(&mut text),
        Some("zstd") => ruzstd::decoding::StreamingDecoder::new(bytes).expect("a frame").read_to_string(&mut text),
        Some("gzip") => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
        Some(other) => panic!("{other}"),
    };
    read.expect("the coding is whole");
    text
}

#[test]
fn an_answer_comes_in_the_coding_that_is_asked_for_with_a_tag_of_its_own() {
    // Large and small: made beside the requests, and among them.
    for items in [100, 4000] {
        let upstream = Upstream::start(&document(items), "");
        let gateway = gateway(&upstream);
        for form in ["application/json", "text/html"] {
            let ask = |path: &str, method: &str, coding: &str, tag: &str| {
                let headers = [("Accept", form), ("Accept-Encoding", coding), ("If-None-Match", tag)];
                gateway.request(method, path, &headers, b"")
            };
            let whole = ask("/kept", "GET", "identity", "\"\"");
            assert_eq!((whole.status, whole.header("content-encoding")), (200, None));
            let mut tags = vec![whole.header("etag").expect("a tag").to_owned()];
            for (accepted, word) in [
                ("gzip, deflate, br, zstd", "br"),
                ("gzip, zstd;q=0.9, br;q=0.8", "gzip"),
                ("identity;q=0, zstd", "zstd"),
                ("gzip", "gzip"),
                ("br", "br"),
            ] {
                let answer = ask("/kept", "GET", accepted, "\"\"");
                assert_eq!((answer.status, answer.header("content-encoding")), (200, Some(word)), "{accepted}");
                assert_eq!(plain(&answer), whole.text(), "{accepted}");
                assert!(answer.body.len() < whole.body.len() / 2);
                assert!(varies(&answer), "{answer:?}");
                let tag = answer.header("etag").expect("a tag").to_owned();
                let length = answer.body.len().to_string();
                assert_eq!(answer.header("content-length"), Some(length.as_str()));
                let head = ask("/kept", "HEAD", accepted, "\"\"");
                let line = |name| (head.header(name).map(str::to_owned), answer.header(name).map(str::to_owned));
                for name in ["content-encoding", "content-length", "etag", "content-type"] {
                    let (of_head, of_get) = line(name);
                    assert_eq!(of_head, of_get, "{name}");
                }
                let known = ask("/kept", "GET", accepted, &tag);
                assert_eq!((known.status, known.header("etag")), (304, Some(tag.as_str())), "{accepted}");
                // A client, or a cache for it, that takes the coding no more has nothing.
                assert_eq!(ask("/kept", "GET", "identity", &tag).status, 200);
                tags.push(tag);
            }
            assert_eq!(ask("/kept", "GET", "br", &tags[0]).header("etag"), Some(tags[0].as_str()), "what it has, as it has it");
            tags.sort();
            tags.dedup();
            assert_eq!(tags.len(), 4, "{tags:?}");
        }
        let once = gateway.request("GET", "/once", &[ALL], b"");
        assert_eq!((once.header("content-encoding"), once.header("etag")), (Some("zstd"), None), "the fastest, for one client");
        assert_eq!(plain(&once), document(items));
    }
}

#[test]
fn what_is_not_ours_not_worth_it_or_not_safe_leaves_as_it_is() {
    let body = document(200);
    let upstream = Upstream::start(&body, "Set-Cookie: a=1\r\n");
    let gateway = gateway(&upstream);
    let person = ("Cookie", "session=1");
    for (path, headers, coded) in [
        ("/once", &[ALL][..], true),
        ("/once", &[][..], false),
        ("/once", &[("Accept-Encoding", "deflate")][..], false),
        ("/plain", &[ALL][..], false),
        ("/through/a", &[ALL][..], false),
        ("/once", &[ALL, person][..], true),
        ("/once", &[ALL, person, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "empty")][..], false),
        ("/once", &[ALL, person, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "document")][..], true),
        ("/once", &[ALL, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "empty")][..], true),
        // A fault is smaller than a packet.
        ("/nowhere", &[ALL][..], false),
    ] {
        let answer = gateway.request("GET", path, headers, b"");
        assert_eq!(answer.header("content-encoding").is_some(), coded, "{path} {headers:?}");
        if path != "/nowhere" {
            assert_eq!(plain(&answer), body, "{path} {headers:?}");
        }
        assert_eq!(varies(&answer), matches!(path, "/once" | "/nowhere"), "{path} {headers:?}");
    }
    upstream.answer(&document(2));
    let small = gateway.request("GET", "/once", &[ALL], b"");
    assert_eq!((small.header("content-encoding"), small.text(), varies(&small)), (None, document(2), true));
    let strict = gateway.request("GET", "/once", &[("Accept-Encoding", "gzip, identity;q=0")], b"");
    assert_eq!((strict.header("content-encoding"), plain(&strict), varies(&strict)), (Some("gzip"), document(2), true));
    assert!(!varies(&gateway.request("GET", "/plain", &[ALL], b"")));
    let upstream = Upstream::start(&document(2), "");
    let gateway = self::gateway(&upstream);
    let page = |tag: &str| gateway.request("GET", "/kept", &[("Accept", "text/html"), ALL, ("If-None-Match", tag)], b"");
    let whole = page("\"\"");
    let known = page(whole.header("etag").expect("a tag"));
    assert_eq!((whole.status, known.status, varies(&whole)), (200, 304, true));
    assert_eq!(whole.header("vary"), known.header("vary"), "a 304 says what its 200 does");
    let upstream = Upstream::start(&body, "Cache-Control: no-transform\r\n");
    let gateway = self::gateway(&upstream);
    let whole = gateway.request("GET", "/once", &[ALL], b"");
    assert_eq!((whole.header("content-encoding"), whole.text()), (None, body));
    // What the gateway itself says of keeping takes nothing of that away.
    for (control, more) in [("no-cache, no-transform", ("X-Any", "1")), ("private, no-store, no-transform", ("Cookie", "a=1"))] {
        let kept = gateway.request("GET", "/kept", &[("Accept", "text/html"), ALL, more], b"");
        assert_eq!((kept.header("content-encoding"), kept.header("cache-control")), (None, Some(control)));
    }
}

#[test]
fn a_list_that_streams_is_read_as_far_as_it_came_in_every_coding() {
    for coding in ["gzip", "br", "zstd"] {
        let (go, gone) = channel();
        let body = document(20_000);
        let sent = body.clone();
        let address = serve(move |peer| {
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", sent.len()));
            let (now, later) = sent.as_bytes().split_at(600 << 10);
            peer.send(now);
            gone.recv().expect("the test goes on");
            peer.send(later);
        });
        let routes = "upstreams: {shop: {url: 'http://ADDRESS', timeout: {between_bytes: 60s}}}\nroutes: [{route: GET /list, timeout: 60s}]\n";
        let gateway = Gateway::start(&routes.replace("ADDRESS", &address.to_string()));
        let mut client = gateway.connect();
        client.send(format!("GET /list HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n\r\n"));
        let mut answer = client.head();
        assert_eq!((answer.header("content-encoding"), answer.header("content-length")), (Some(coding), None));
        let mut chunks = Chunks::default();
        // All that came is there before the rest is sent, but for the item that is not whole.
        while decoded(coding, &chunks.body).len() < 500 << 10 {
            assert!(client.fill_to(1), "the list is on its way");
            chunks.feed(&client.drain());
        }
        assert!(!chunks.over);
        go.send(()).expect("the backend waits");
        while !chunks.over {
            assert!(client.fill_to(1), "the answer has an end");
            chunks.feed(&client.drain());
        }
        answer.body = chunks.body;
        assert!(plain(&answer) == body, "{coding}");
    }
}

/// What can be read of the beginning of an encoded body.
fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // It ends in the middle, which is no end.
    let _cut = match coding {
        "br" => brotli_decompressor::Decompressor::new(bytes, 4096).read_to_end(&mut text),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        _ => zstd::stream::read::Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_end(&mut text)),
    };
    text
}

/// Chunks as they come.
#[derive(Default)]
struct Chunks {
    came: Vec<u8>,
    body: Vec<u8>,
    over: bool,
}

impl Chunks {
    fn feed(&mut self, bytes: &[u8]) {
        self.came.extend_from_slice(bytes);
        while let Some(end) = self.came.windows(2).position(|pair| pair == b"\r\n") {
            let line = std::str::from_utf8(self.came.get(..end).expect("it is there")).expect("a size");
            let size = usize::from_str_radix(line, 16).expect("a size");
            if self.came.len() < end + 4 + size {
                return;
            }
            self.body.extend_from_slice(self.came.get(end + 2..end + 2 + size).expect("it is there"));
            self.came.drain(..end + 4 + size);
            self.over |= size == 0;
        }
    }
}

#[test]
fn a_list_that_breaks_off_never_looks_whole_in_a_coding_either() {
    let body = document(20_000);
    let address = serve(move |peer| {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len() + 1));
        peer.send(&body);
    });
    let gateway = Gateway::start(&format!("upstreams: {{shop: {{url: 'http://{address}'}}}}\nroutes: [{{route: GET /list}}]\n"));
    for coding in ["gzip", "br", "zstd"] {
        let answer = gateway.request("GET", "/list", &[("Accept-Encoding", coding)], b"");
        assert_eq!((answer.status, answer.cut, answer.header("content-encoding")), (200, true, Some(coding)));
    }
}
