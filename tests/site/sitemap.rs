//! The sitemap of a list with pages: all of it, or a failure that says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::paged::{Paged, Reply};
use super::support::gateway::Gateway;

fn gateway(backend: &Paged, more: &str) -> Gateway {
    Gateway::start(&format!(
        "upstreams: {{shop: {{url: 'http://{}', retry: {{attempts: 1}}, breaker: false, envelope: {{data: data}}}}}}
routes: [{{route: GET /a, call: 'GET shop:/a'}}]
cluster: {{workers: 1}}
site:
  origin: https://shop.example/
  robots: {{disallow: [/cart], sitemap: true}}
  sitemap: {{call: 'GET shop:/items?page={{page}}', items: list, loc: '/detail/{{item.id}}?from=map&x={{item.name}}'{more}}}
",
        backend.address()
    ))
}

/// The number of the page that is asked for.
fn page(target: &str) -> usize {
    target.strip_prefix("/items?page=").and_then(|page| page.parse().ok()).unwrap_or_else(|| panic!("{target}"))
}

/// So many items from this number on, in the backend's envelope.
fn items(from: usize, count: usize) -> Reply {
    let item = |id: usize| format!("{{\"id\":{id},\"name\":\"a&b {id}\",\"updatedAt\":\"2026-01-02 08:00:00\"}}");
    let list: Vec<String> = (from..from + count).map(item).collect();
    Some((200, format!("{{\"code\":200,\"data\":{{\"list\":[{}]}}}}", list.join(","))))
}

#[test]
fn the_whole_list_becomes_a_sitemap_and_robots_are_told_of_it() {
    let backend = Paged::start(|target| match page(target) {
        1 | 2 => items(page(target) * 100, 100),
        // A backend that stays on its last page.
        _ => items(200, 100),
    });
    let gateway = gateway(&backend, ", lastmod: updatedAt");
    let answer = gateway.get("/sitemap.xml");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/xml; charset=utf-8")));
    let text = answer.text();
    assert_eq!(text.matches("<url>").count(), 200);
    let first = "<url><loc>https://shop.example/detail/100?from=map&amp;x=a%26b%20100</loc><lastmod>2026-01-02</lastmod></url>";
    assert!(text.contains(first) && text.ends_with("</urlset>\n"), "{text}");
    assert_eq!(backend.asked(), ["/items?page=1", "/items?page=2", "/items?page=3"]);
    let tag = answer.header("etag").expect("a tag");
    assert_eq!(gateway.request("GET", "/sitemap.xml", &[("If-None-Match", tag)], b"").status, 304);
    let packed = gateway.request("GET", "/sitemap.xml", &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut unpacked = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed.body.as_slice()), &mut unpacked).expect("gzip");
    assert_eq!(unpacked, text);
    let head = gateway.request("HEAD", "/sitemap.xml", &[], b"");
    assert_eq!(head.header("content-length"), Some(text.len().to_string().as_str()));
    assert_eq!(backend.asked().len(), 3, "it is made once");
    assert_eq!(gateway.get("/sitemap-1.xml").status, 404);
    let robots = gateway.get("/robots.txt");
    assert_eq!(
        (robots.status, robots.text().as_str()),
        (200, "User-agent: *\nDisallow: /cart\n\nSitemap: https://shop.example/sitemap.xml\n")
    );
}

#[test]
fn a_list_that_is_too_long_for_one_file_is_several_and_an_index() {
    let backend = Paged::start(|target| match page(target) {
        number @ 0..=9 => items(number * 10_000, 10_000),
        _ => items(0, 0),
    });
    let gateway = gateway(&backend, ", first: 0");
    let index = gateway.get("/sitemap.xml").text();
    let files: Vec<&str> = index.split("<loc>https://shop.example").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(files, ["/sitemap-1.xml", "/sitemap-2.xml", "/sitemap-3.xml"]);
    let urls: Vec<usize> = files.iter().map(|file| gateway.get(file).text().matches("<url>").count()).collect();
    assert_eq!(urls, [45_000, 45_000, 10_000]);
    assert_eq!(gateway.get("/sitemap-4.xml").status, 404);
}

#[test]
fn a_page_that_fails_fails_the_whole_sitemap_and_robots_are_still_told() {
    let ok = |body: &str| Some((200, body.to_owned()));
    let broken = [
        ("an error", Some((500, "{}".to_owned())), 502),
        ("nothing behind the first page", Some((404, "{}".to_owned())), 503),
        ("refused", Some((403, "{}".to_owned())), 503),
        ("too busy", Some((503, "{}".to_owned())), 503),
        ("no JSON", ok("<html>"), 502),
        ("no list", ok("{\"code\":200,\"data\":{}}"), 502),
        ("a failure under 200", ok("{\"code\":500,\"data\":{\"list\":[]}}"), 502),
        ("no address", ok("{\"code\":200,\"data\":{\"list\":[{\"other\":1}]}}"), 502),
        ("a reply that breaks off", None, 502),
    ];
    for (name, reply, status) in broken {
        let backend = Paged::start(move |target| if page(target) == 3 { reply.clone() } else { items(page(target) * 10, 10) });
        let gateway = strict(&backend);
        let answer = gateway.get("/sitemap.xml");
        assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/problem+json")), "{name}");
        assert!(!answer.text().contains("<url"), "{name}");
        assert_eq!(gateway.get("/robots.txt").status, 200, "{name}");
        let asked = backend.asked().len();
        assert_eq!(gateway.get("/sitemap.xml").status, status, "{name}");
        assert_eq!(backend.asked().len(), asked, "{name}: the backend is let be for a while");
        gateway.log.wait("the cause", |lines| lines.iter().find(|line| line.contains("the sitemap cannot be made")).cloned());
    }
}

/// As [`gateway`], with an envelope that knows failures.
fn strict(backend: &Paged) -> Gateway {
    Gateway::start(&format!(
        "upstreams: {{shop: {{url: 'http://{}', retry: {{attempts: 1}}, breaker: false, envelope: {{data: data, ok: {{code: 200}}}}}}}}
routes: [{{route: GET /a, call: 'GET shop:/a'}}]
cluster: {{workers: 1}}
site: {{origin: 'https://shop.example', sitemap: {{call: 'GET shop:/items?page={{page}}', items: list, loc: '/detail/{{item.id}}'}}}}
",
        backend.address()
    ))
}

#[test]
fn an_empty_list_is_no_sitemap_and_one_item_without_an_address_is_left_out() {
    let empty = Paged::start(|_| items(0, 0));
    assert_eq!(gateway(&empty, "").get("/sitemap.xml").problem(), "upstream_data_missing");
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let odd = Paged::start(move |_| {
        // No robot could ask for those in the middle.
        let ids = ["1", "null", "\"..\"", "\"a;b\"", &format!("\"{}\"", "x".repeat(3000)), "2"];
        let list = ids.map(|id| format!("{{\"id\":{id},\"name\":\"a\"}}")).join(",");
        let list = if counted.fetch_add(1, Ordering::Relaxed) == 0 { format!("[{list}]") } else { "[]".to_owned() };
        Some((200, format!("{{\"data\":{{\"list\":{list}}}}}")))
    });
    let gateway = gateway(&odd, "");
    assert_eq!(gateway.get("/sitemap.xml").text().matches("<url>").count(), 2);
    gateway.log.wait("a word about the others", |lines| lines.iter().find(|line| line.contains("\"unusable\":4")).cloned());
}
