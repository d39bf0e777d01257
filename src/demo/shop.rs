//! Which request gets which body.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use super::goods::{ITEMS, Item, SELLERS};
use super::java;

const JSON: &str = "application/json";

/// Replies above this size are packed for a client that takes gzip, as Tomcat does by default.
const GZIP_ABOVE: usize = 2048;

/// The longest that `/api/slow` waits.
const SLOWEST: Duration = Duration::from_secs(30);

struct Reply {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Reply {
    fn ok(body: String) -> Self {
        Self::status(200, body)
    }

    fn status(status: u16, body: String) -> Self {
        Self { status, content_type: JSON, body: body.into_bytes() }
    }

    fn not_found(path: &str) -> Self {
        Self::status(404, java::boot_error(404, "Not Found", path))
    }
}

/// Answers one request.
pub(super) async fn answer(parts: &Parts, body: &[u8]) -> Response<Full<Bytes>> {
    let reply = route(parts, body).await;
    let packs =
        parts.headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"));
    let packed = (packs && reply.body.len() > GZIP_ABOVE).then(|| gzip(&reply.body)).flatten();
    let coded = packed.is_some();
    let mut response = Response::new(Full::new(Bytes::from(packed.unwrap_or(reply.body))));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if parts.uri.path().starts_with("/api/account") {
        headers.insert(SET_COOKIE, HeaderValue::from_static("JSESSIONID=0A1B2C; Path=/; HttpOnly"));
    }
    if coded {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

async fn route(parts: &Parts, body: &[u8]) -> Reply {
    let path = parts.uri.path();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let query = |name: &str| parameter(parts.uri.query().unwrap_or_default(), name);
    match (&parts.method, segments.as_slice()) {
        (&Method::GET, ["actuator", "health"]) => Reply::ok(r#"{"status":"UP"}"#.to_owned()),
        (&Method::GET, ["api", "items"]) => Reply::ok(list(&query)),
        (&Method::GET, ["api", "items", id]) => {
            found(id).map_or_else(|| Reply::not_found(path), |item| Reply::ok(java::envelope(&java::detail(item))))
        }
        (&Method::GET, ["api", "items", id, "reviews"]) => {
            found(id).map_or_else(|| Reply::not_found(path), |item| Reply::ok(reviews(item, &query)))
        }
        (&Method::GET, ["api", "sellers", id]) => seller(id).map_or_else(|| Reply::not_found(path), Reply::ok),
        (&Method::GET, ["api", "categories"]) => Reply::ok(java::envelope(&categories())),
        (&Method::GET, ["api", "account", "me"]) => {
            Reply::ok(java::failure(401, "not signed in", &java::text("Full authentication is required to access this resource")))
        }
        (&Method::POST, ["api", "orders"]) => order(path, body),
        (&Method::GET, ["api", "notice"]) => notice(),
        (&Method::GET, ["api", "slow"]) => {
            let wait = query("ms").and_then(|text| text.parse().ok()).map_or(Duration::from_secs(5), Duration::from_millis);
            tokio::time::sleep(wait.min(SLOWEST)).await;
            Reply::ok(java::envelope(r#"{"late":true}"#))
        }
        (&Method::GET, ["api", "broken"]) => {
            let body = r#"{"timestamp":"2024-03-01T02:20:30.123+00:00","status":500,"error":"Internal Server Error","exception":"java.lang.NullPointerException","message":"Cannot invoke \"com.example.mall.Order.getId()\"","path":"/api/broken"}"#;
            Reply::status(500, body.to_owned())
        }
        (&Method::GET, ["api", "cut"]) => Reply::ok(r#"{"code":200,"data":{"id":1,"parent":{"id"#.to_owned()),
        (&Method::GET, ["files", "items", name]) => picture(name).unwrap_or_else(|| Reply::not_found(path)),
        _ => Reply::not_found(path),
    }
}

fn found(id: &str) -> Option<&'static Item> {
    let id: u32 = id.parse().ok()?;
    ITEMS.iter().find(|item| item.id == id)
}

/// A query parameter, decoded.
fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
    })
}

fn number(text: Option<String>, default: usize, most: usize) -> usize {
    text.and_then(|text| text.parse().ok()).unwrap_or(default).min(most)
}

fn list(query: &dyn Fn(&str) -> Option<String>) -> String {
    let (page, size) = (number(query("page"), 1, 10_000).max(1), number(query("size"), 8, 100).max(1));
    let wanted = query("q").unwrap_or_default().to_lowercase();
    let category = query("category");
    let matching: Vec<&Item> = ITEMS
        .iter()
        .filter(|item| item.name.to_lowercase().contains(&wanted))
        .filter(|item| {
            category.as_deref().is_none_or(|category| category.is_empty() || item.category.1.eq_ignore_ascii_case(category))
        })
        .collect();
    let rows: Vec<String> = matching.iter().skip((page - 1) * size).take(size).map(|item| java::row(item)).collect();
    java::envelope(&java::page(&rows, page, size, matching.len()))
}

/// Reviews as Spring Data writes them, without an envelope and with the first page 0.
fn reviews(item: &Item, query: &dyn Fn(&str) -> Option<String>) -> String {
    const SAID: [(&str, u8, &str, Option<&str>); 5] = [
        ("m***a", 5, "Better than the pictures, and it came well packed.", Some("Thank you, that is what we hoped for.")),
        ("j***n", 4, "Good, if a little smaller than I had thought.", None),
        ("s***e", 5, "Bought a second one for my sister.", None),
        ("k***i", 3, "Fine, but the parcel took a week.", Some("We are sorry about that; the post was on strike.")),
        ("o***r", 5, "<b>Solid</b> & honest.", None),
    ];
    let (page, size) = (number(query("page"), 0, 1000), number(query("size"), 3, 50).max(1));
    let rows: Vec<String> = SAID
        .iter()
        .zip(1_u64..)
        .skip(page * size)
        .take(size)
        .map(|((nick, score, content, reply), at)| {
            let reply = reply.map_or_else(|| "null".to_owned(), |reply| format!(r#"{{"content":{},"operator":null}}"#, java::text(reply)));
            format!(
                r#"{{"review_id":{},"user_nick":{},"avatar":null,"score":{score},"content":{},"images":null,"reply":{reply},"anonymous":"Y","gmt_create":{}}}"#,
                item.sku - 1_000_000_000_000 * at,
                java::text(nick),
                java::text(content),
                1_709_259_630_123_u64 + at * 86_400_000
            )
        })
        .collect();
    java::spring_page(&rows, page, size, SAID.len())
}

fn seller(id: &str) -> Option<String> {
    let id: u64 = id.parse().ok()?;
    let seller = SELLERS.iter().find(|seller| seller.id == id)?;
    let data = format!(
        r#"{{"base":{{"seller_id":{},"seller_name":{},"avatar":null}},"score":{{"level":{},"service":4.90,"sellerName":null}},"since":[2019,8,25,8,35]}}"#,
        seller.id,
        java::text(seller.name),
        seller.level
    );
    Some(java::envelope(&data))
}

/// Every article with its category, ungrouped, as a mapper returns it.
fn categories() -> String {
    let rows: Vec<String> = ITEMS
        .iter()
        .map(|item| {
            format!(r#"{{"category":{},"id":{},"name":{}}}"#, java::text(item.category.1), item.id, java::text(item.name))
        })
        .collect();
    format!("[{}]", rows.join(","))
}

/// Takes an order. The gateway has checked its form; what remains is business.
fn order(path: &str, body: &[u8]) -> Reply {
    let order: serde_json::Value = match serde_json::from_slice(body) {
        Ok(order) => order,
        Err(_) => return Reply::status(400, java::boot_error(400, "Bad Request", path)),
    };
    let lines = order.get("items").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    if lines.is_empty() {
        return Reply::status(400, java::binding_errors(path, &[("items", "NotEmpty", "must not be empty")]));
    }
    let mut pieces = 0;
    for line in &lines {
        let id = line.get("id").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let quantity = line.get("quantity").and_then(serde_json::Value::as_u64).unwrap_or(1);
        let Some(item) = found(&id.to_string()) else {
            return Reply::ok(java::failure(404, &format!("there is no item {id}"), "null"));
        };
        if quantity > u64::from(item.stock) {
            return Reply::ok(java::failure(404, &format!("only {} of {} left", item.stock, item.name), "null"));
        }
        pieces += quantity;
    }
    let coupon = order.get("coupon").map_or_else(|| "null".to_owned(), ToString::to_string);
    let data = format!(
        r#"{{"order_id":1961005746230339901,"order_status":0,"pieces":{pieces},"coupon":{coupon},"pay_url":null,"create_time":"2024-03-01 10:20:30"}}"#
    );
    Reply::ok(java::envelope(&data))
}

/// An old corner of the backend: JSON in GBK, as its Content-Type says.
fn notice() -> Reply {
    let text = r#"{"code":200,"message":"操作成功","data":{"title":"公告","content":"春节期间照常发货","url":null}}"#;
    let (bytes, _, _) = encoding_rs::GBK.encode(text);
    Reply { status: 200, content_type: "application/json;charset=GBK", body: bytes.into_owned() }
}

/// A drawing of an article: `7.svg`, and `7-b.svg` close up.
fn picture(name: &str) -> Option<Reply> {
    let name = name.strip_suffix(".svg")?;
    let (id, close) = name.strip_suffix("-b").map_or((name, false), |id| (id, true));
    let drawing = found(id)?.drawing;
    let body = if close { drawing.replacen("0 0 400 400", "70 70 260 260", 1).into_bytes() } else { drawing.as_bytes().to_vec() };
    Some(Reply { status: 200, content_type: "image/svg+xml", body })
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
