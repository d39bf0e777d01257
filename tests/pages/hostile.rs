//! Data that wants to be markup.

use serde_json::{Value, json};

use crate::html::Page;
use crate::support::fault::{Faults, reply};
use crate::{BROWSER, sample, sound};

/// Texts that break out of where they stand when they are not escaped for it.
const TEXTS: [&str; 8] = [
    "</title><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</script><script>alert(2)</script>",
    "<!-- <script>",
    "{{ 7191 * 7193 }}{% include \"layout.html\" %}",
    "a & b \u{2028} \u{2029} \u{0}",
    "]]></style><base href=//evil.example>",
];

fn detail(text: &str) -> Value {
    json!({"code": 200, "message": "success", "data": {
        "id": 1, "sku_id": 7, "product_name": text, "sub_title": text, "category": {"id": 1, "name": text}, "brand": text,
        "price": {"amount": 1.5, "currency": text, "original_amount": 2.5}, "stock": {"total": 3},
        "seller": {"name": text, "address": {"city": text}},
        "album_pics": "javascript:alert(1),/a.svg\" onerror=\"alert(1), //a.example/x,java\tscript:alert(1)",
        "spec_data": json!([{"key": text, "value": text}]).to_string(),
        "summary": text, "create_time": text,
    }})
}

/// The tags of a page, in order.
fn bones(page: &Page) -> Vec<String> {
    page.tags().map(|tag| tag.name.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_the_backend_becomes_markup() {
    let mut known = None;
    for text in TEXTS.iter().chain(&["an honest text"]) {
        let body = detail(text).to_string();
        let backend = Faults::answering(reply("Content-Type: application/json\r\n", &body)).listen().await;
        let (page, raw) = tokio::task::spawn_blocking(move || {
            let gateway = sample().environment("SHOP_URL", &format!("http://{backend}")).workers(1).start();
            let answer = gateway.request("GET", "/detail/1", &[BROWSER], b"");
            assert_eq!(answer.status, 200, "{}", answer.text());
            // An honest page has no address outside of the site; this one's pictures may name another host, and nothing worse.
            (Page::read(&answer.text()), answer.text())
        })
        .await
        .unwrap();
        let bones = bones(&page);
        assert_eq!(known.get_or_insert_with(|| bones.clone()), &bones, "{text:?} changes the tags of the page");
        assert_eq!(page.one("h1"), *text);
        let product = &page.json_ld()[0];
        assert_eq!((&product["name"], &product["offers"]["seller"]["name"]), (&Value::from(*text), &Value::from(*text)));
        for tag in page.tags() {
            assert!(tag.attributes.iter().all(|(name, _)| !name.starts_with("on")), "{tag:?}");
            let addresses = ["href", "src"].iter().filter_map(|name| tag.attribute(name));
            assert!(addresses.into_iter().all(|address| !address.replace('\t', "").contains("javascript:")), "{tag:?}");
        }
        assert!(!raw.contains("51724863"), "{text:?} is run as a template");
    }
}

#[test]
fn no_text_of_the_request_becomes_markup() {
    let gateway = sample().start();
    for text in TEXTS.iter().filter(|text| text.len() <= 80 && !text.contains('\0')) {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = sound(&gateway.request("GET", &format!("/items?q={encoded}"), &[BROWSER], b""));
        assert_eq!(page.only("input", ("name", "q")).attribute("value"), Some(*text));
        assert_eq!(page.one("h1"), format!("Found for “{text}”"));
        if !text.contains(['/', '%']) {
            let fault = gateway.request("GET", &format!("/{encoded}"), &[BROWSER], b"");
            assert_eq!(fault.status, 404);
            sound(&fault);
        }
    }
}
