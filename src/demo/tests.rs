use http::Request;
use http_body_util::BodyExt as _;

use super::goods::{ITEMS, SELLERS};
use super::shop;
use crate::json::{Limits, Node, parse};

/// What the sample backend answers: status, content type, body.
async fn ask(method: &str, path: &str, body: &str) -> (u16, String, Vec<u8>) {
    let (parts, ()) = Request::builder().method(method).uri(path).body(()).unwrap().into_parts();
    let (head, answer) = shop::answer(&parts, body.as_bytes()).await.into_parts();
    let content_type = head.headers["content-type"].to_str().unwrap().to_owned();
    (head.status.as_u16(), content_type, answer.collect().await.unwrap().to_bytes().to_vec())
}

/// Every whole number of a document.
fn wholes(node: &Node<'_>, found: &mut Vec<String>) {
    match node {
        Node::Number(number) => found.push(number.as_raw().to_owned()),
        Node::Array(elements) => elements.iter().for_each(|element| wholes(element, found)),
        Node::Object(object) => object.members().iter().for_each(|member| wholes(&member.value, found)),
        _ => {}
    }
    found.retain(|raw| raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
}

#[tokio::test]
async fn every_answer_of_the_shop_is_json_whose_whole_numbers_java_can_hold() {
    let mut paths: Vec<String> =
        ["/api/items", "/api/items?page=2&size=8", "/api/items?q=mug&category=Kitchen", "/api/categories"]
            .into_iter()
            .chain(["/api/account/me", "/api/slow?ms=0", "/api/broken", "/actuator/health", "/nothing"])
            .map(ToOwned::to_owned)
            .collect();
    paths.extend(SELLERS.iter().map(|seller| format!("/api/sellers/{}", seller.id)));
    for item in &ITEMS {
        paths.extend(["", "/reviews", "/reviews?page=1&size=3"].map(|rest| format!("/api/items/{}{rest}", item.id)));
    }
    for path in paths {
        let (_, content_type, body) = ask("GET", &path, "").await;
        assert_eq!(content_type, "application/json", "{path}");
        let text = String::from_utf8(body).unwrap();
        let node = parse(&text, &Limits::default()).unwrap_or_else(|error| panic!("{path}: {error}: {text}"));
        let mut found = Vec::new();
        wholes(&node, &mut found);
        assert!(found.iter().all(|raw| raw.parse::<i64>().is_ok()), "{path}: {found:?}");
    }
}

#[tokio::test]
async fn an_order_is_taken_when_all_of_it_is_in_stock() {
    for (body, expected) in [
        (r#"{"items":[{"id":1,"quantity":2},{"id":2}]}"#, "\"pieces\":3"),
        (r#"{"items":[{"id":8,"quantity":1}]}"#, "only 0 of Felt mat left"),
        (r#"{"items":[{"id":99}]}"#, "there is no item 99"),
        (r#"{"items":[]}"#, "must not be empty"),
    ] {
        let (_, _, answer) = ask("POST", "/api/orders", body).await;
        let text = String::from_utf8(answer).unwrap();
        assert!(text.contains(expected), "{body}: {text}");
    }
}
