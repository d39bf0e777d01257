//! Files of the site: whole, in pieces, precompressed, and never one that is not for everybody.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::support::gateway::{Gateway, Setup};
use super::support::http::Answer;

const ROUTES: &str = "upstreams: {shop: {url: 'demo:'}}
routes:
  - {route: 'GET /{slug}', call: 'GET shop:/api/items/{path.slug}'}
site:
  static: {/assets: public, /: root, /favicon.ico: public/icon.png}
";

/// What kind of failure it is.
fn code(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    answer.json().get("code").cloned().unwrap_or_default()
}

/// A text that shrinks.
fn text() -> String {
    "body { color: #123456; } /* Köder */\n".repeat(200)
}

fn site() -> Gateway {
    let setup = Setup::new(ROUTES)
        .file("secret.txt", "secret")
        .file("public/app.css", text())
        .file("public/app.3f2a9c1d.js", "let a = 1;\n".repeat(300))
        .file("public/large.svg", format!("<svg>{}</svg>", "<g/>".repeat(400_000)))
        .file("public/packed.js", "plain")
        .file("public/packed.js.br", "as br")
        .file("public/packed.js.gz", "as gz")
        .file("public/empty.txt", "")
        .file("public/icon.png", b"\x89PNG\r\n\x1a\n\0\0")
        .file("public/with space.txt", "w")
        .file("public/docs/index.html", "<!doctype html><title>docs</title>")
        .file("public/bare/a.txt", "a")
        .file("public/.env", "secret")
        .file("public/.git/config", "secret")
        .file("root/verify.html", "<title>v</title>")
        .file("root/.well-known/security.txt", "Contact: mailto:a@shop.example");
    let public = setup.folder().join("public");
    symlink("../secret.txt", public.join("out.txt")).expect("a link");
    symlink("app.css", public.join("in.css")).expect("a link");
    symlink("..", public.join("up")).expect("a link");
    setup.workers(1).start()
}

fn ask(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Answer {
    gateway.request("GET", path, headers, b"")
}

#[test]
fn a_file_has_a_type_a_tag_a_date_and_a_time_to_live() {
    let gateway = site();
    let ask_for_it = "public, no-cache";
    for (path, content_type, control) in [
        ("/assets/app.css", "text/css; charset=utf-8", ask_for_it),
        ("/assets/app.3f2a9c1d.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/large.svg", "image/svg+xml", ask_for_it),
        ("/assets/with%20space.txt", "text/plain; charset=utf-8", ask_for_it),
        ("/assets/docs/", "text/html; charset=utf-8", ask_for_it),
        ("/favicon.ico", "image/png", ask_for_it),
        ("/verify.html", "", ""),
        ("/.well-known/security.txt", "text/plain; charset=utf-8", ask_for_it),
    ] {
        let answer = ask(&gateway, path, &[]);
        if content_type.is_empty() {
            assert_eq!(answer.status, 404, "the route {path} goes before the files of the whole site");
            continue;
        }
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{path}");
        assert_eq!(answer.header("cache-control"), Some(control), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let (tag, date) = (answer.header("etag").expect("a tag"), answer.header("last-modified").expect("a date"));
        assert!(tag.starts_with('"'));
        for condition in [("If-None-Match", tag), ("If-Modified-Since", date)] {
            let known = ask(&gateway, path, &[condition]);
            assert_eq!((known.status, known.header("etag"), known.body.len()), (304, Some(tag), 0), "{path} {condition:?}");
        }
        let other = ask(&gateway, path, &[("If-Match", "\"other\"")]);
        assert_eq!((other.status, code(&other)), (412, json!("precondition_failed")), "{path}");
        let head = gateway.request("HEAD", path, &[], b"");
        let lines = |answer: &Answer| {
            ["content-length", "content-type", "etag", "last-modified"].map(|name| answer.header(name).map(str::to_owned))
        };
        assert_eq!((head.status, lines(&head)), (200, lines(&answer)), "{path}");
        assert_eq!(head.header("content-length"), Some(answer.body.len().to_string().as_str()), "{path}");
    }
    let line = gateway.logged(ask(&gateway, "/assets/app.css", &[]).header("x-request-id").expect("an id"));
    assert_eq!(line.get("route").and_then(|route| route.as_str()), Some("static /assets"));
    assert_eq!(ask(&gateway, "/assets/empty.txt", &[]).body.len(), 0);
    let wrong = gateway.request("POST", "/assets/app.css", &[], b"x");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    for (range, status) in [
        ("lines=0-1", 200),
        ("bytes=a-b", 200),
        ("BYTES=0-0", 206),
        ("bytes=0-99999999999999999999", 206),
        ("bytes=-99999999999999999999", 200),
        ("bytes=-5", 206),
        ("bytes=-0", 416),
        ("bytes=99999999-", 416),
    ] {
        assert_eq!(ask(&gateway, "/assets/app.css", &[("Range", range)]).status, status, "{range}");
    }
    let beyond = ask(&gateway, "/assets/app.css", &[("Range", "bytes=99999999-")]);
    assert_eq!(code(&beyond), json!("range_not_satisfiable"));
    let long = ask(&gateway, "/assets/app.css", &[]).body.len();
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{long}").as_str()));
    let head = gateway.request("HEAD", "/assets/app.css", &[("If-Match", "\"other\"")], b"");
    assert_eq!((head.status, head.header("content-type"), head.body.len()), (412, Some("application/problem+json"), 0));
    // A range is of GET alone.
    let length = ask(&gateway, "/assets/app.css", &[]).body.len().to_string();
    for range in ["bytes=0-0", "bytes=99999999-"] {
        let head = gateway.request("HEAD", "/assets/app.css", &[("Range", range), ("If-Range", "\"other\"")], b"");
        let seen = (head.status, head.header("content-length"), head.header("content-range"), head.header("accept-ranges"));
        assert_eq!(seen, (200, Some(length.as_str()), None, Some("bytes")), "{range}");
        let head = gateway.request("HEAD", "/assets/app.css", &[("Range", range)], b"");
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())), "{range}");
    }
    let nothing = ask(&gateway, "/assets/empty.txt", &[("Range", "bytes=0-0")]);
    assert_eq!((nothing.status, nothing.header("content-range")), (200, None));
    assert_eq!(ask(&gateway, "/favicon.ico/", &[]).status, 404);
    let moved = ask(&gateway, "/assets/docs?a=1", &[]);
    assert!((300..400).contains(&moved.status), "{moved:?}");
    assert_eq!(moved.header("location"), Some("/assets/docs/?a=1"));
}

#[test]
fn what_is_not_for_everybody_is_not_there() {
    let gateway = site();
    for path in [
        "/assets/none.css",
        "/assets",
        "/assets/",
        "/assets/bare/",
        "/assets/.env",
        "/assets/%2eenv",
        "/assets/.git/config",
        "/assets/out.txt",
        "/assets/in.css",
        "/assets/up/secret.txt",
        "/assets/up/public/app.css",
        "/assets/app.css/",
        "/assets/app.css/x",
        "/assetsx/app.css",
        "/favicon.ico/x",
        "/assets/%FF",
        "/a/b/routes.yaml",
    ] {
        let answer = ask(&gateway, path, &[]);
        assert_eq!((answer.status, answer.problem().as_str()), (404, "no_route"), "{path}");
    }
    // The edge has one form of a path, and these have none.
    for path in [
        "/assets/../routes.yaml",
        "/assets/..%2froutes.yaml",
        "/assets/%2e%2e/routes.yaml",
        "/assets//app.css",
        "/assets/a%00.css",
        "/assets/..\\routes.yaml",
    ] {
        assert_eq!(ask(&gateway, path, &[]).status, 400, "{path}");
    }
    // Random paths of odd pieces: nothing but what lies in the folder ever comes out.
    let pieces =
        ["..", ".", "%2e", "up", "out.txt", "app.css", "docs", "%20", "~", ".git", "secret.txt", "routes.yaml", "*", "a:b"];
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..300 {
        let path: String = (0..random.usize(1..5)).map(|_| format!("/{}", random.choice(pieces).expect("some"))).collect();
        let answer = ask(&gateway, &format!("/assets{path}"), &[]);
        assert!(matches!(answer.status, 200 | 307 | 400 | 404), "{path}: {answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"), "{path}");
    }
}

#[test]
fn a_piece_is_of_the_file_that_the_client_has() {
    let gateway = site();
    let path = "/assets/app.css";
    let whole = ask(&gateway, path, &[]);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let (tag, date) = (whole.header("etag").expect("a tag"), whole.header("last-modified").expect("a date"));
    let length = whole.body.len();
    for (range, start, end) in [("bytes=0-9", 0, 10), ("bytes=7390-", 7390, length), ("bytes=-5", length - 5, length)] {
        let piece = ask(&gateway, path, &[("Range", range), ("Accept-Encoding", "gzip, br, zstd")]);
        assert_eq!((piece.status, piece.header("content-encoding")), (206, None), "{range}");
        assert_eq!(Some(piece.body.as_slice()), whole.body.get(start..end), "{range}");
        let told = format!("bytes {start}-{}/{length}", end - 1);
        assert_eq!(piece.header("content-range"), Some(told.as_str()));
    }
    let beyond = ask(&gateway, path, &[("Range", "bytes=999999-")]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some(format!("bytes */{length}").as_str())));
    // Several at once are not made: all of it is right as well.
    assert_eq!(ask(&gateway, path, &[("Range", "bytes=0-1,4-5")]).status, 200);
    for (condition, status) in
        [(tag, 206), (date, 206), ("\"other\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200), (format!("W/{tag}").as_str(), 200)]
    {
        let answer = ask(&gateway, path, &[("Range", "bytes=0-9"), ("If-Range", condition)]);
        assert_eq!(answer.status, status, "{condition}");
        assert_eq!(answer.body.len(), if status == 206 { 10 } else { length });
    }
}

#[test]
fn a_file_comes_as_it_lies_there_packed_or_is_packed_once() {
    let gateway = site();
    for (accepted, coding, body) in [
        ("gzip", Some("gzip"), "as gz"),
        ("br", Some("br"), "as br"),
        ("br;q=0.5, gzip", Some("gzip"), "as gz"),
        ("zstd", None, "plain"),
        ("identity", None, "plain"),
    ] {
        let answer = ask(&gateway, "/assets/packed.js", &[("Accept-Encoding", accepted)]);
        assert_eq!((answer.header("content-encoding"), answer.text().as_str()), (coding, body), "{accepted}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("accept-encoding")), "{answer:?}");
    }
    for path in ["/assets/app.css", "/assets/large.svg"] {
        let plain = ask(&gateway, path, &[]);
        let answer = ask(&gateway, path, &[("Accept-Encoding", "gzip, br, zstd")]);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("br")), "{path}");
        let mut text = Vec::new();
        let mut decoder = brotli_decompressor::Decompressor::new(answer.body.as_slice(), 4096);
        std::io::Read::read_to_end(&mut decoder, &mut text).expect("it is whole");
        assert!(text == plain.body, "{path}");
        let tag = answer.header("etag").expect("a tag");
        assert_ne!(Some(tag), plain.header("etag"));
        let known = ask(&gateway, path, &[("Accept-Encoding", "br"), ("If-None-Match", tag)]);
        assert_eq!((known.status, known.header("etag")), (304, Some(tag)), "{path}");
        assert_eq!(ask(&gateway, path, &[("If-None-Match", tag)]).status, 200, "{path}");
    }
    let picture = ask(&gateway, "/favicon.ico", &[("Accept-Encoding", "br, identity;q=0")]);
    assert_eq!((picture.header("content-encoding"), picture.body.len()), (None, 10));
}

#[test]
fn a_file_that_changes_has_another_tag_and_two_of_one_size_and_time_are_two() {
    let gateway = site();
    let public = gateway.folder().join("public");
    let [first, second] = ["a", "b"].map(|letter| letter.repeat(5000));
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for (name, body) in [("one.txt", &first), ("two.txt", &second)] {
        fs::write(public.join(name), body).expect("a file");
        fs::File::options().write(true).open(public.join(name)).and_then(|file| file.set_modified(time)).expect("a time");
    }
    let packed = |name: &str| {
        let answer = ask(&gateway, &format!("/assets/{name}"), &[("Accept-Encoding", "gzip")]);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(answer.body.as_slice()), &mut text).expect("it is whole");
        (answer.header("etag").expect("a tag").to_owned(), text)
    };
    let (one, two) = (packed("one.txt"), packed("two.txt"));
    assert_eq!((&one.1, &two.1), (&first, &second));
    fs::write(public.join("one.txt"), &second).expect("a file");
    let changed = packed("one.txt");
    assert_ne!(changed.0, one.0);
    assert_eq!(changed.1, second);
}

#[test]
fn a_file_for_robots_is_the_sites_own_unless_the_configuration_has_a_word() {
    let routes = |site: &str| {
        format!("upstreams: {{shop: {{url: 'demo:'}}}}\nroutes: [{{route: GET /a, call: 'GET shop:/a'}}]\nsite: {{{site}}}\n")
    };
    let own = "User-agent: *\nDisallow: /private\n";
    for (site, expected) in [
        ("static: {/: root}", own),
        ("static: {/robots.txt: root/robots.txt}", own),
        ("static: {/: root}, robots: {disallow: [/b]}", "User-agent: *\nDisallow: /b\n"),
        ("static: {/: empty}", "User-agent: *\nDisallow:\n"),
    ] {
        let setup = Setup::new(&routes(site)).file("root/robots.txt", own).file("empty/a.txt", "a");
        let answer = ask(&setup.workers(1).start(), "/robots.txt", &[]);
        assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{site}");
    }
}
