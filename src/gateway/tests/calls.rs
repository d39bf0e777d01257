//! Several calls behind one route, by the test's clock: what fails whom, what runs beside what, and what is cut.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Empty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

use super::super::Gateway;
use super::super::edge::BodyError;
use crate::plan;
use crate::spec::Snapshot;
use crate::upstream::{Client, Dial};

/// A backend that does what a path says: `/MILLISECONDS/STATUS/BODY`.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    /// Every path, with the time that was left, in milliseconds.
    asked: BTreeMap<String, u64>,
    count: usize,
    running: usize,
    most: usize,
    /// Requests that nobody waits for any more.
    cut: usize,
}

impl Told {
    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests were under way together, and how many there were.
    fn seen(&self) -> (usize, usize) {
        let log = self.log();
        (log.most, log.count)
    }

    async fn serve(self, mut stream: DuplexStream) {
        let mut unread = Vec::new();
        loop {
            while !unread.ends_with(b"\r\n\r\n") {
                if stream.read_buf(&mut unread).await.is_ok_and(|read| read == 0) {
                    return;
                }
            }
            let head = String::from_utf8(std::mem::take(&mut unread)).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let left = head.split("x-request-deadline-ms: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
            let words: Vec<String> = path.splitn(4, '/').map(ToOwned::to_owned).collect();
            {
                let mut log = self.log();
                log.asked.insert(path, left);
                log.count += 1;
                log.running += 1;
                log.most = log.most.max(log.running);
            }
            let wait = tokio::time::sleep(Duration::from_millis(words[1].parse().unwrap()));
            let gone = tokio::select! {
                () = wait => false,
                _ = stream.read_buf(&mut unread) => true,
            };
            self.log().running -= 1;
            if gone {
                self.log().cut += 1;
                return;
            }
            let body = words[3].replace("%5B", "[").replace("%5D", "]");
            let reply = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{body}", words[2], body.len());
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

impl Dial for Told {
    fn dial(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(4096);
        tokio::spawn(self.clone().serve(far));
        near
    }
}

fn gateway(told: &Told, route: &str) -> Gateway {
    let upstream = "{url: \"demo:\", timeout: {first_byte: 1h, total: 1h}}";
    let text = format!("upstreams: {{shop: {upstream}}}\nroutes:\n  - route: GET /a\n{route}");
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text, ..Snapshot::default() };
    let plan = plan::compile(&snapshot).unwrap_or_else(|broken| panic!("{broken}"));
    Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(told.clone()))))
}

/// Status, head and body of the answer.
async fn ask(gateway: &Gateway) -> (u16, HeaderMap, String) {
    let body = Empty::new().map_err(|never| -> BodyError { match never {} });
    let response = gateway.answer(Request::get("/a").body(body).unwrap()).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Whether the bit of a call is set.
fn is_set(bits: usize, index: usize) -> bool {
    bits >> index & 1 == 1
}

#[tokio::test(start_paused = true)]
async fn a_route_fails_exactly_when_a_required_call_does_and_else_names_what_is_missing() {
    // Every way to fail: what the backend does, the word for it, and the status of a route that it takes down.
    for (path, word, status) in
        [("/0/500/0", "upstream_failed", 502), ("/9000/200/0", "timeout", 504), ("/0/404/0", "upstream_refused", 404)]
    {
        for (fails, optional) in (0..16).flat_map(|fails| (0..16).map(move |optional| (fails, optional))) {
            let calls: String = NAMES
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let path = if is_set(fails, index) { path } else { "/0/200/1" };
                    let optional = is_set(optional, index);
                    format!("      {name}: {{to: \"GET shop:{path}\", optional: {optional}, timeout: 1s}}\n")
                })
                .collect();
            let (told, route) = (Told::default(), format!("    calls:\n{calls}"));
            let (seen, head, body) = ask(&gateway(&told, &route)).await;
            let partial = head.get("x-forecourt-partial").map(|value| value.to_str().unwrap().to_owned());
            if fails & !optional != 0 {
                assert_eq!((seen, partial), (status, None), "{route}");
                continue;
            }
            let of = |failed: bool| (0..4).filter(move |index| is_set(fails, *index) == failed).map(|index| NAMES[index]);
            let missing: Vec<String> = of(true).map(|name| format!("{name};{word}")).collect();
            let there: Vec<String> = of(false).map(|name| format!("\"{name}\":1")).collect();
            assert_eq!((seen, body), (200, format!("{{{}}}", there.join(","))), "{route}");
            assert_eq!(partial.unwrap_or_default(), missing.join(", "), "{route}");
            assert_eq!(told.log().count, 4, "{route}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_run_side_by_side_unless_one_names_another() {
    for (calls, seconds) in [
        ("{a: GET shop:/1000/200/1, b: GET shop:/1000/200/2, c: GET shop:/1000/200/3}", 1),
        ("{b: 'GET shop:/1000/200/{a}', a: GET shop:/1000/200/1, c: GET shop:/1500/200/3}", 2),
        ("{c: 'GET shop:/1000/200/{a}{b}', b: 'GET shop:/1000/200/{a}', a: GET shop:/1000/200/1}", 3),
    ] {
        let told = Told::default();
        let begun = Instant::now();
        assert_eq!(ask(&gateway(&told, &format!("    calls: {calls}"))).await.0, 200);
        assert_eq!(begun.elapsed().as_millis() / 1000, seconds, "{calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_nobody_asked_for_is_no_reply() {
    let told = Told::default();
    for route in ["    call: GET shop:/0/206/[1]", "    calls: {a: GET shop:/0/206/1}"] {
        let (status, _, body) = ask(&gateway(&told, route)).await;
        assert_eq!(status, 502, "{route}");
        assert!(body.contains("upstream_malformed"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_optional_call_costs_its_own_timeout_and_no_more() {
    let told = Told::default();
    let calls = "{a: GET shop:/10/200/1, b: {to: GET shop:/5000/200/2, optional: true, timeout: 300ms}}";
    let begun = Instant::now();
    let (status, head, body) = ask(&gateway(&told, &format!("    calls: {calls}"))).await;
    assert_eq!((status, body.as_str()), (200, r#"{"a":1}"#));
    assert_eq!(head["x-forecourt-partial"], "b;timeout");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(300) && took < Duration::from_millis(310), "{took:?}");
}

/// Lets everything that is ready run, until the backend has noticed.
async fn settled(told: &Told, cut: usize) {
    for _ in 0..10_000 {
        if told.log().cut >= cut {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} were cut", told.log().cut);
}

#[tokio::test(start_paused = true)]
async fn a_required_call_that_fails_cuts_those_beside_it() {
    let told = Told::default();
    let calls = "{a: GET shop:/60000/200/1, b: GET shop:/100/503/2, c: {to: GET shop:/60000/200/3, optional: true}}";
    let begun = Instant::now();
    assert_eq!(ask(&gateway(&told, &format!("    timeout: 1h\n    calls: {calls}"))).await.0, 503);
    // A 503 is asked for once more, after 25 ms at most.
    assert!(begun.elapsed() <= Duration::from_millis(230));
    settled(&told, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_cuts_every_call() {
    let told = Told::default();
    let calls = "{a: GET shop:/60000/200/1, b: GET shop:/60000/200/2, c: 'GET shop:/60000/200/{a}'}";
    let gateway = gateway(&told, &format!("    timeout: 1h\n    calls: {calls}"));
    let left = tokio::time::timeout(Duration::from_secs(1), ask(&gateway)).await;
    assert!(left.is_err());
    settled(&told, 2).await;
    assert_eq!(told.log().count, 2);
}

#[tokio::test(start_paused = true)]
async fn every_call_is_told_how_much_time_is_left() {
    let told = Told::default();
    let calls = "{a: GET shop:/1000/200/1, b: 'GET shop:/0/200/{a}', c: {to: GET shop:/0/200/3, timeout: 300ms}, d: {to: GET shop:/0/200/4, timeout: 2h}}";
    assert_eq!(ask(&gateway(&told, &format!("    timeout: 4s\n    calls: {calls}"))).await.0, 200);
    let left = told.log().asked.clone();
    let between = |path: &str, from: u64, to: u64| assert!((from..=to).contains(&left[path]), "{path}: {left:?}");
    between("/1000/200/1", 3990, 4000);
    between("/0/200/1", 2990, 3000);
    between("/0/200/3", 290, 300);
    between("/0/200/4", 3990, 4000);
}

#[tokio::test(start_paused = true)]
async fn no_more_elements_are_asked_for_at_once_than_the_file_says() {
    for (at_once, seconds) in [(1, 6), (2, 3), (4, 2), (6, 1), (256, 1)] {
        let told = Told::default();
        let list = "GET shop:/0/200/%5B1,2,3,4,5,6,1,2%5D";
        let all = format!("{{to: 'GET shop:/1000/200/{{each}}', for_each: list, at_once: {at_once}}}");
        let begun = Instant::now();
        let route = format!("    calls:\n      list: {list}\n      all: {all}\n");
        let (status, _, body) = ask(&gateway(&told, &route)).await;
        assert_eq!((status, body.contains("\"all\":[1,2,3,4,5,6,1,2]")), (200, true), "{body}");
        assert_eq!(begun.elapsed().as_secs(), seconds, "{at_once}");
        let (most, count) = told.seen();
        assert_eq!((most, count), (at_once.min(6), 7));
    }
}
