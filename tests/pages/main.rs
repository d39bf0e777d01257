//! The pages of the sample, as the shipped binary serves them: whole before any script could run, well formed, and deaf to what hostile
//! data say.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a page that cannot be read has failed")]

mod backend;
mod degrading;
mod early;
mod fragments;
mod hints;
mod hostile;
mod html;
mod long;
mod policy;
mod random;
mod statuses;
#[path = "../support/mod.rs"]
mod support;

use html::Page;
use serde_json::Value;
use support::gateway::{Gateway, Setup};
use support::http::Answer;

const BROWSER: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8");

/// The sample, as the shop's own host would have it.
pub(crate) fn sample() -> Setup {
    Setup::sample().environment("SITE_ORIGIN", "https://shop.example")
}

pub(crate) fn visit(gateway: &Gateway, path: &str) -> Answer {
    gateway.request("GET", path, &[BROWSER], b"")
}

/// What holds for every page: whole, readable without a script, told to robots, usable without a mouse.
pub(crate) fn sound(answer: &Answer) -> Page {
    let text = answer.text();
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(
        answer.header("content-length"),
        Some(text.len().to_string().as_str()),
        "in one piece, its length known before it leaves"
    );
    assert!(answer.header("transfer-encoding").is_none() && !answer.cut);
    assert!(answer.header("vary").is_some_and(|vary| vary.contains("accept")));
    assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">\n") && text.trim_end().ends_with("</html>"), "{text}");
    let page = Page::read(&text);
    assert!(!page.one("title").trim().is_empty());
    assert_eq!(page.all("h1").len(), 1);
    assert_eq!(page.all("main").len(), 1);
    page.only("meta", ("name", "viewport"));
    for tag in page.tags() {
        assert!(tag.attributes.iter().all(|(name, _)| !name.starts_with("on")), "{tag:?}");
        for address in ["href", "src", "action"].iter().filter_map(|name| tag.attribute(name)) {
            assert!(address.starts_with(['/', '#']) || address.starts_with("https://shop.example/"), "{tag:?}");
        }
    }
    let is_data = |kind: &str| matches!(kind, "application/ld+json" | "application/json");
    for script in page.all("script") {
        let kind = script.attribute("type").unwrap();
        assert!(is_data(kind) || (kind == "module" && script.attribute("src") == Some("/_forecourt/client.js")), "{script:?}");
    }
    assert!(page.all("img").iter().all(|img| ["alt", "width", "height"].iter().all(|name| img.attribute(name).is_some())));
    let ids: Vec<&str> = page.tags().filter_map(|tag| tag.attribute("id")).collect();
    assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "{ids:?}");
    for label in page.tags().filter_map(|tag| tag.attribute("for").or(tag.attribute("aria-labelledby"))) {
        assert!(ids.contains(&label), "{label}");
    }
    page
}

fn described(page: &Page, canonical: &str) {
    assert!(page.only("meta", ("name", "description")).attribute("content").unwrap().len() > 20);
    assert_eq!(
        page.only("link", ("rel", "canonical")).attribute("href"),
        Some(format!("https://shop.example{canonical}").as_str())
    );
}

#[test]
fn a_page_is_whole_in_its_first_bytes_and_says_what_it_is() {
    let gateway = sample().start();
    for (path, canonical, heading, title) in [
        ("/", "/", "Good things for every day", "Good things for every day · The Corner Shop"),
        ("/items", "/items", "Everything", "Everything · The Corner Shop"),
        ("/items?page=2", "/items?page=2", "Everything", "Everything, page 2 · The Corner Shop"),
        ("/items?category=Desk", "/items?category=Desk", "Desk", "Desk · The Corner Shop"),
        ("/detail/1", "/detail/1", "Enamel mug", "Enamel mug · The Corner Shop"),
        ("/detail/1?utm_source=x", "/detail/1", "Enamel mug", "Enamel mug · The Corner Shop"),
        ("/detail/2", "/detail/2", "Walnut board", "Walnut board · The Corner Shop"),
        ("/detail/8", "/detail/8", "Felt mat", "Felt mat · The Corner Shop"),
        ("/detail/1/reviews", "/detail/1/reviews", "What people say", "What people say · The Corner Shop"),
    ] {
        let answer = visit(&gateway, path);
        assert_eq!(answer.status, 200, "{path}");
        let page = sound(&answer);
        described(&page, canonical);
        assert_eq!((page.one("h1").as_str(), page.one("title").as_str()), (heading, title), "{path}");
    }
}

#[test]
fn an_item_s_page_shows_what_its_json_says() {
    let gateway = sample().start();
    for (path, available) in [("/detail/1", "InStock"), ("/detail/8", "OutOfStock"), ("/detail/2", "InStock")] {
        let json = gateway.get(path).json();
        let answer = visit(&gateway, path);
        let text = answer.text();
        let page = sound(&answer);
        for name in ["name", "summary", "skuId"] {
            assert!(text.contains(json[name].as_str().unwrap()), "{path}: {name}");
        }
        let data = page.json_ld();
        let (product, crumbs) = (&data[0], &data[1]);
        assert_eq!(product["@type"], "Product");
        assert_eq!(
            (&product["name"], &product["sku"], &product["description"]),
            (&json["name"], &json["skuId"], &json["summary"])
        );
        assert_eq!(product["offers"]["availability"], format!("https://schema.org/{available}"));
        assert_eq!((&product["offers"]["priceCurrency"], &product["offers"]["price"]), (&json["priceCurrency"], &json["price"]));
        assert_eq!(product["offers"]["url"], format!("https://shop.example{path}"));
        assert_eq!(product["brand"]["name"], json["brand"], "none for an item without a brand");
        let pictures: Vec<Value> = json["pictures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|path| format!("https://shop.example{}", path.as_str().unwrap()).into())
            .collect();
        assert_eq!(product["image"], Value::Array(pictures));
        assert_eq!(crumbs["@type"], "BreadcrumbList");
    }
    assert!(visit(&gateway, "/detail/1").text().contains("\"price\":1.10,"), "a price keeps its digits");
    assert!(visit(&gateway, "/detail/8").text().contains("Sold out"));
}

#[test]
fn a_list_numbers_its_items_and_leads_to_each() {
    let gateway = sample().start();
    for path in ["/", "/items", "/items?page=2", "/items?category=Living", "/items?q=an"] {
        let page = sound(&visit(&gateway, path));
        let items = gateway.get(path).json()["items"].as_array().unwrap().clone();
        let data = page.json_ld();
        assert_eq!((&data[0]["@type"], &data[0]["numberOfItems"]), (&"ItemList".into(), &items.len().into()), "{path}");
        let listed = data[0]["itemListElement"].as_array().unwrap();
        assert_eq!(listed.len(), items.len());
        for (position, (listed, item)) in listed.iter().zip(&items).enumerate() {
            let link = format!("/detail/{}", item["id"]);
            assert_eq!((&listed["position"], &listed["name"]), (&(position + 1).into(), &item["name"]), "{path}");
            assert_eq!(listed["url"], format!("https://shop.example{link}"));
            assert!(page.all("a").iter().any(|a| a.attribute("href") == Some(&link)), "{path}: {link}");
        }
    }
    let nothing = sound(&visit(&gateway, "/items?q=zzz"));
    assert_eq!(nothing.json_ld()[0]["numberOfItems"], 0);
    nothing.only("meta", ("name", "robots"));
}

#[test]
fn every_link_of_the_shop_leads_somewhere() {
    let gateway = sample().start();
    let (mut ahead, mut seen) = (vec!["/".to_owned()], Vec::new());
    while let Some(path) = ahead.pop() {
        if seen.contains(&path) {
            continue;
        }
        let answer = visit(&gateway, &path);
        assert_eq!(answer.status, 200, "{path}");
        seen.push(path);
        if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            let page = sound(&answer);
            let links = page.tags().filter_map(|tag| tag.attribute("href").or(tag.attribute("src")));
            ahead.extend(links.filter(|link| link.starts_with('/')).map(ToOwned::to_owned));
        }
    }
    assert!(seen.len() > 50, "14 articles, their reviews and pictures, and the lists: {seen:?}");
}

#[test]
fn a_fault_is_a_page_to_a_browser() {
    let gateway = sample().start();
    for (path, status, heading) in [
        ("/nothing", 404, "This page is not here"),
        ("/detail/99", 404, "This page is not here"),
        ("/detail/0", 422, "That address does not work"),
        ("/items?category=Attic", 422, "That address does not work"),
        ("/a//b", 400, "That address does not work"),
        ("/me", 401, "You are not signed in"),
        ("/orders", 405, "That did not work"),
        ("/broken", 502, "Something broke on the way"),
        ("/slow", 504, "This takes too long"),
    ] {
        let answer = visit(&gateway, path);
        assert_eq!(answer.status, status, "{path}");
        let page = sound(&answer);
        assert_eq!(page.one("h1"), heading, "{path}");
        page.only("meta", ("name", "robots"));
        assert!(answer.text().contains(answer.header("x-request-id").unwrap()), "{path}");
        assert!(!answer.text().contains("java."), "{path}");
    }
    let page = visit(&gateway, "/detail/0").text();
    assert!(page.contains("<code>id</code> must be at least 1"), "{page}");
}

#[test]
fn programs_get_json_and_heads_have_no_body() {
    let gateway = sample().start();
    for accept in ["application/json", "*/*", "application/json, text/html;q=0.9"] {
        let answer = gateway.request("GET", "/detail/1", &[("Accept", accept)], b"");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{accept}");
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("accept")));
    }
    let head = gateway.request("HEAD", "/detail/1", &[BROWSER], b"");
    let page = visit(&gateway, "/detail/1");
    assert_eq!((head.status, head.header("content-length")), (200, page.header("content-length")));
    assert_eq!(gateway.request("GET", "/detail/1", &[("Accept", "image/png")], b"").status, 406);
}
