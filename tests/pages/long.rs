//! Pages in their long form, over the wire: the head and the state in the first bytes, fragments, and the module that reads both.

use crate::html::Page;
use crate::support::gateway::Setup;
use crate::{BROWSER, visit};

const ROUTES: &str = "\
site: {origin: 'https://shop.example'}
upstreams: {shop: {url: 'demo:', envelope: mall}}
routes:
  - route: GET /detail/{id}
    call: GET shop:/api/items/{path.id}
    shape: [{nulls: drop}]
    page:
      template: item.html
      head:
        title: '{{ product_name }}'
        description: '{{ summary }}'
        canonical: '/detail/{path.id}'
        json_ld: {'@type': Product, name: '{{ product_name }}', sku: '{{ sku_id }}', offers: {price: '{{ price.amount }}'}}
      state: [id, sku_id, product_name]
";

const ITEM: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<title>The shop</title>\n</head>\n<body>\n<main>\
                    {% block name %}<h1>{{ product_name }}</h1>{% endblock name %}<p>{{ summary }}</p></main>\n\
                    <script type=\"module\" src=\"/_forecourt/client.js\"></script>\n</body>\n</html>\n";

fn shop() -> Setup {
    Setup::new(ROUTES).file("templates/item.html", ITEM)
}

#[test]
fn the_first_bytes_have_the_head_the_text_and_the_state() {
    let gateway = shop().start();
    let json = gateway.get("/detail/1").json();
    let answer = visit(&gateway, "/detail/1");
    assert_eq!(answer.status, 200);
    let page = Page::read(&answer.text());
    assert_eq!(page.one("title"), json["product_name"].as_str().unwrap());
    assert_eq!(page.one("h1"), json["product_name"].as_str().unwrap());
    assert_eq!(page.only("link", ("rel", "canonical")).attribute("href"), Some("https://shop.example/detail/1"));
    assert_eq!(page.only("meta", ("name", "description")).attribute("content"), json["summary"].as_str());
    let data = &page.json_ld()[0];
    assert_eq!((&data["@context"], &data["name"]), (&"https://schema.org".into(), &json["product_name"]));
    assert!(answer.text().contains("\"offers\":{\"price\":1.10}"), "a price keeps its digits: {}", answer.text());
    let state = page.only("script", ("id", "__FORECOURT_STATE__"));
    assert_eq!(state.attribute("type"), Some("application/json"));
    let state: serde_json::Value = serde_json::from_str(&page.raw(state)).unwrap();
    assert_eq!(state.as_object().unwrap().len(), 3);
    assert_eq!((&state["id"], &state["product_name"]), (&json["id"], &json["product_name"]));
    assert_eq!(state["sku_id"], json["sku_id"].to_string(), "a long is a text");
}

#[test]
fn a_fragment_is_the_same_markup_as_in_its_page() {
    let gateway = shop().start();
    let page = visit(&gateway, "/detail/1").text();
    for (path, headers) in [
        ("/detail/1", &[("X-Fragment", "name")][..]),
        ("/detail/1?_fragment=name", &[]),
        ("/detail/1", &[("HX-Request", "true"), ("HX-Target", "name")]),
        ("/detail/1", &[("Turbo-Frame", "name"), BROWSER]),
    ] {
        let fragment = gateway.request("GET", path, headers, b"");
        assert_eq!((fragment.status, fragment.header("content-type")), (200, Some("text/html; charset=utf-8")), "{headers:?}");
        assert!(fragment.text().starts_with("<h1>") && page.contains(&fragment.text()), "{}", fragment.text());
        let head = gateway.request("HEAD", path, headers, b"");
        assert_eq!(head.header("content-length"), Some(fragment.text().len().to_string().as_str()));
    }
    let none = gateway.request("GET", "/detail/1", &[("X-Fragment", "nobody"), BROWSER], b"");
    assert_eq!(none.status, 404);
}

#[test]
fn the_module_is_fetched_once_and_then_asked_for_by_its_tag() {
    let gateway = shop().start();
    let first = gateway.get("/_forecourt/client.js");
    assert_eq!((first.status, first.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    assert_eq!(first.header("cache-control"), Some("public, max-age=3600"));
    assert!(first.text().contains("export function state()"), "{}", first.text());
    let tag = first.header("etag").unwrap().to_owned();
    for (asked, status) in
        [(tag.clone(), 304), (format!("\"a\", W/{tag}"), 304), ("*".to_owned(), 304), ("\"a\"".to_owned(), 200)]
    {
        let again = gateway.request("GET", "/_forecourt/client.js", &[("If-None-Match", &asked)], b"");
        assert_eq!((again.status, again.header("etag")), (status, Some(tag.as_str())), "{asked}");
        assert_eq!(again.text().is_empty(), status == 304);
    }
    assert_eq!(gateway.request("POST", "/_forecourt/client.js", &[], b"").status, 405);
}

#[test]
fn a_template_that_fails_is_a_500_and_the_log_says_where_and_what_is_missing() {
    let broken = "<!doctype html>\n<title>{{ product_name }}</title>\n<p>{{ seller.adress.city }}</p>\n";
    let gateway = Setup::new(ROUTES).file("templates/item.html", broken).start();
    let answer = visit(&gateway, "/detail/1");
    assert_eq!((answer.status, answer.header("cache-control")), (500, Some("no-store")));
    assert!(!answer.text().contains("<p>{{") && !answer.text().contains("adress"), "{}", answer.text());
    let id = answer.header("x-request-id").unwrap().to_owned();
    let said = gateway.log.wait("the line about the page", |lines| {
        let mut events = lines.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        events.find(|event| event["request_id"] == id && event["code"] == "page_failed")
    });
    let cause = said["cause"].as_str().unwrap();
    for part in ["item.html:3", "adress"] {
        assert!(cause.contains(part), "{part}: {cause}");
    }
}
