//! A page whose head leaves before a slow backend has answered, over real sockets: what has left is seen before the backend may go on.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::BROWSER;
use crate::support::fault::{Act, Faults, reply};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::{Client, End};

const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<title>{{ item.name }}</title>\n<link rel=\"stylesheet\" href=\"/shop.css\">\n</head>\n\
                    <body>\n<h1>{{ item.name }}</h1>\n{% if reviews is defined %}<p>{{ reviews.total + 0 }} reviews</p>{% endif %}\n</body>\n</html>\n";

/// A shop whose item is there at once, and whose reviews are told when the test says so.
async fn shop(reviews: &'static str, keys: &str) -> (Arc<Notify>, Faults, Setup) {
    let json = |body: &str| reply("Content-Type: application/json\r\n", body);
    let (go, fast) = (Arc::new(Notify::new()), Faults::answering(json("{\"name\":\"Enamel mug\"}")));
    let slow = Faults::new(vec![vec![Act::Read, Act::Wait(Arc::clone(&go)), Act::Send(json(reviews))]]);
    let routes = format!(
        "upstreams: {{fast: {{url: 'http://{}'}}, slow: {{url: 'http://{}', timeout: {{first_byte: 60s, total: 60s}}}}}}\n\
         routes:\n  - route: GET /item\n    timeout: 60s\n{keys}    calls:\n      item: GET fast:/item\n      reviews: {{to: 'GET slow:/reviews', optional: true}}\n\
         \x20   page: {{template: item.html, early_head: true}}\n",
        fast.listen().await,
        slow.listen().await
    );
    (go, slow, Setup::new(&routes).file("templates/item.html", PAGE).workers(1))
}

fn ask(gateway: &Gateway) -> Client {
    let mut client = gateway.connect();
    client.send(format!("GET /item HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{}: {}\r\n\r\n", BROWSER.0, BROWSER.1));
    client
}

/// Everything that comes until the piece with this end is there.
fn until(client: &mut Client, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push_str(&String::from_utf8(client.piece().unwrap_or_else(|| panic!("no {end} in {text}"))).unwrap());
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_has_the_head_while_the_backend_is_still_at_work() {
    for (reviews, keys, body, code) in [
        ("{\"total\":7}", "", "<h1>Enamel mug</h1>\n<p>7 reviews</p>\n", None),
        ("{\"total\":7}", "    cache: {ttl: 60s}\n", "<h1>Enamel mug</h1>\n<p>7 reviews</p>\n", None),
        // What the template cannot show, and what is no answer.
        ("{\"total\":\"many\"}", "", "<h1>Enamel mug</h1>\n\n", Some("page_failed")),
        ("{", "", "<h1>Enamel mug</h1>\n\n", None),
    ] {
        let (go, slow, setup) = shop(reviews, keys).await;
        let gateway = tokio::task::spawn_blocking(|| setup.start()).await.unwrap();
        tokio::task::spawn_blocking(move || {
            let mut client = ask(&gateway);
            let head = client.head();
            assert_eq!((head.status, head.header("transfer-encoding")), (200, Some("chunked")), "{reviews}");
            assert_eq!((head.header("etag"), head.header("content-length")), (None, None));
            assert_eq!(head.header("link"), Some("</shop.css>; rel=preload; as=style"));
            let early = until(&mut client, "</head>");
            assert!(early.contains("<title>Enamel mug</title>"), "{early}");
            // It may be on its way there still.
            tokio::runtime::Handle::current().block_on(slow.read(1));
            assert_eq!(slow.requests().len(), 1);
            go.notify_one();
            let rest = until(&mut client, "</html>\n");
            assert_eq!(rest, format!("\n<body>\n{body}</body>\n</html>\n"), "{reviews}");
            assert_eq!((client.piece(), client.end()), (None, End::Closed));
            let line = gateway.logged(head.header("x-request-id").unwrap());
            assert_eq!(
                (line["status"].as_u64(), line["code"].as_str(), line["calls"].as_u64()),
                (Some(200), code, Some(2)),
                "{line}"
            );
            assert_eq!(line["bytes"].as_u64(), Some((early.len() + rest.len()) as u64), "{line}");
            if code.is_some() {
                // What failed is told, and what became of the page.
                let id = head.header("x-request-id").unwrap();
                for told in ["item.html:9", "a page ends without what came after its head"] {
                    let is_it = |line: &&String| line.contains(id) && line.contains(told);
                    gateway.log.wait(told, |lines| lines.iter().find(is_it).cloned());
                }
            }
            if !keys.is_empty() {
                let whole = gateway.request("GET", "/item", &[BROWSER], b"");
                assert!(
                    whole.header("cache-status").is_some_and(|status| status.starts_with("forecourt; hit; ttl=")),
                    "{whole:?}"
                );
                assert!(whole.header("content-length").is_some() && whole.text() == early + &rest);
            }
        })
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_leaves_behind_the_head_frees_the_backend() {
    let (_go, slow, setup) = shop("{}", "").await;
    let gateway = tokio::task::spawn_blocking(|| setup.start()).await.unwrap();
    let (gateway, client) = tokio::task::spawn_blocking(move || {
        let mut client = ask(&gateway);
        assert_eq!(client.head().status, 200);
        until(&mut client, "</head>");
        (gateway, client)
    })
    .await
    .unwrap();
    slow.read(1).await;
    // Its client leaves: the call that it waited for is given up.
    drop(client);
    let line = tokio::task::spawn_blocking(move || {
        gateway.access.wait("its line", |lines| lines.iter().find(|line| line.contains("\"/item\"")).cloned())
    });
    assert!(line.await.unwrap().contains("\"cut\":true"));
    assert_eq!(slow.requests().len(), 1);
}
