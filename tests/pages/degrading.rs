//! The table of what stands in for a page that cannot be made, or not in time: by what is kept of it, what its backend does, and who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::BROWSER;
use crate::backend::{Say, serve};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Answer;
use crate::support::until::until;

const OLD: Say = Say::Reply(200, "", "{\"name\":\"old\",\"price\":1}");
const NEW: Say = Say::Reply(200, "", "{\"name\":\"new\",\"price\":1}");
/// The template needs a price.
const UNPRICED: Say = Say::Reply(200, "", "{\"name\":\"new\"}");
const FAILS: Say = Say::Reply(500, "", "{}");
const BUSY: Say = Say::Reply(503, "Retry-After: 30\r\n", "{}");
const REFUSES: Say = Say::Reply(429, "", "{}");
const GONE: Say = Say::Reply(404, "", "{}");
const EMPTY: Say = Say::Reply(200, "", "{}");

const TEMPLATE: &str = "<!doctype html><title>{{ name }}</title>\n{% block part %}<p>{{ price }}</p>{% endblock %}";

/// What a page's backend says, by the last part of its path, which the test changes.
type Says = Arc<Mutex<HashMap<String, Say>>>;

/// Pages whose time nobody runs out of, whose time runs out at once, whose soft deadline does, and that have none; a kept page is stale as soon
/// as it is kept.
fn shop() -> (Says, Gateway) {
    let says = Says::default();
    let known = Arc::clone(&says);
    let shop = serve(move |path| {
        let says = known.lock().unwrap();
        *says.get(path.rsplit('/').next().unwrap()).unwrap()
    });
    let route = |name: &str, page: &str, cache: &str| {
        format!(
            "  - {{route: 'GET /{name}/{{id}}', timeout: 60s, call: 'GET shop:/{name}/{{path.id}}', page: {{template: item.html{page}}}{cache}}}\n"
        )
    };
    let cache = ", cache: {ttl: 1ms, swr: 0s, stale_if_error: 1h}";
    let shell = ", fallback: shell.html";
    let routes = [
        format!(
            "upstreams: {{shop: {{url: 'http://{shop}', retry: false, breaker: false, timeout: {{first_byte: 60s, total: 60s}}}}}}\nroutes:\n"
        ),
        route("ample", &format!(", deadline: {{hard: 60s}}{shell}"), ""),
        route("tight", &format!(", deadline: {{hard: 20ms}}{shell}"), ""),
        route("bare", ", deadline: {hard: 20ms}", ""),
        route("broken", ", deadline: {hard: 20ms}, fallback: broken.html", ""),
        route("free", "", ""),
        route("kept-ample", &format!(", deadline: {{soft: 60s, hard: 60s}}{shell}"), cache),
        route("kept-soft", &format!(", deadline: {{soft: 20ms, hard: 60s}}{shell}"), cache),
        route("kept-tight", &format!(", deadline: {{soft: 1ms, hard: 20ms}}{shell}"), cache),
        route("kept-free", "", cache),
    ];
    let setup = Setup::new(&routes.concat())
        .workers(1)
        .file("templates/item.html", TEMPLATE)
        .file("templates/shell.html", "<!doctype html><title>shell</title><p>{{ code }}</p>")
        .file("templates/broken.html", "{{ nobody }}")
        .file("templates/error.html", "<!doctype html><title>error</title><p>{{ code }}</p>");
    (says, setup.start())
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The page as it is now.
    New,
    /// The page as it was.
    Old,
    /// The fallback, with this code.
    Shell(&'static str),
    /// The error page, with this status and code.
    Error(u16, &'static str),
}

fn check(row: &str, answer: &Answer, shown: Shown, retry_after: &str) {
    let (status, body) = match shown {
        Shown::New => (200, "<title>new</title>".to_owned()),
        Shown::Old => (200, "<title>old</title>".to_owned()),
        Shown::Shell(code) => (503, format!("<title>shell</title><p>{code}</p>")),
        Shown::Error(status, code) => (status, format!("<title>error</title><p>{code}</p>")),
    };
    let text = answer.text();
    assert!(answer.status == status && text.contains(&body) && !answer.cut, "{row}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{row}");
    assert_eq!(answer.header("retry-after").unwrap_or_default(), if status == 503 { retry_after } else { "" }, "{row}");
    if status != 200 {
        assert_eq!((answer.header("cache-control"), answer.header("etag")), (Some("no-store"), None), "{row}");
    }
}

#[test]
fn what_stands_in_for_a_page_depends_on_what_is_kept_and_what_its_backend_does() {
    use Shown::{Error, New, Old, Shell};
    let (says, gateway) = shop();
    // The route (what is kept, when time runs out), what the backend does, what is shown, and the time to come back.
    for (number, (route, say, shown, retry_after)) in [
        ("ample", NEW, New, ""),
        ("ample", FAILS, Shell("upstream_failed"), "10"),
        ("ample", BUSY, Shell("upstream_failed"), "30"),
        ("ample", REFUSES, Shell("upstream_refused"), "10"),
        ("ample", Say::Cut("{}"), Shell("upstream_incomplete"), "10"),
        ("ample", Say::Reply(200, "", "<html>"), Shell("upstream_not_json"), "10"),
        ("ample", GONE, Error(404, "upstream_refused"), ""),
        ("ample", EMPTY, Error(404, "no_data"), ""),
        ("ample", UNPRICED, Error(500, "page_failed"), ""),
        ("tight", Say::Nothing, Shell("deadline"), "10"),
        ("bare", Say::Nothing, Error(503, "deadline"), "10"),
        ("broken", Say::Nothing, Error(503, "deadline"), "10"),
        ("free", NEW, New, ""),
        ("free", FAILS, Error(503, "upstream_failed"), "10"),
        ("free", UNPRICED, Error(500, "page_failed"), ""),
        // Nothing is kept yet.
        ("kept-ample", NEW, New, ""),
        ("kept-ample", FAILS, Shell("upstream_failed"), "10"),
        ("kept-ample", UNPRICED, Error(500, "page_failed"), ""),
        ("kept-tight", Say::Nothing, Shell("deadline"), "10"),
        ("kept-free", FAILS, Error(503, "upstream_failed"), "10"),
    ]
    .into_iter()
    .enumerate()
    {
        let row = format!("{route} {say:?}");
        let path = format!("/{route}/cold{number}");
        says.lock().unwrap().insert(format!("cold{number}"), say);
        if shown != New {
            // That nothing of it is kept shows when it is asked for again.
            check(&row, &visit(&gateway, &path), shown, retry_after);
        }
        let seen = visit(&gateway, &path);
        check(&row, &seen, shown, retry_after);
        assert!(seen.header("cache-status").is_none_or(|status| status.contains("fwd=miss")), "{row}: {seen:?}");
        if shown == Error(500, "page_failed") {
            let line = gateway.logged(seen.header("x-request-id").unwrap());
            assert_eq!(line["code"], "page_failed", "{row}");
        }
    }
    // Something is kept, and stale.
    for (number, (route, say, shown)) in [
        ("kept-ample", NEW, New),
        ("kept-ample", FAILS, Old),
        ("kept-ample", BUSY, Old),
        ("kept-ample", REFUSES, Old),
        ("kept-ample", Say::Cut("{}"), Old),
        ("kept-ample", Say::Reply(200, "", "<html>"), Old),
        ("kept-ample", UNPRICED, Old),
        ("kept-ample", GONE, Error(404, "upstream_refused")),
        ("kept-ample", EMPTY, Error(404, "no_data")),
        ("kept-soft", Say::Nothing, Old),
        ("kept-tight", Say::Nothing, Old),
        ("kept-free", NEW, New),
        ("kept-free", FAILS, Old),
        ("kept-free", UNPRICED, Old),
    ]
    .into_iter()
    .enumerate()
    {
        let row = format!("{route} {say:?}, something kept");
        let (id, path) = (format!("kept{number}"), format!("/{route}/kept{number}"));
        says.lock().unwrap().insert(id.clone(), OLD);
        // With next to no time it may come too late for the first, and is kept all the same.
        until("a kept page", || match visit(&gateway, &path) {
            seen if seen.status == 200 => Ok(()),
            seen => Err(seen),
        });
        says.lock().unwrap().insert(id, say);
        // What is fresh for a millisecond may be so still.
        let seen = until("a page that is not fresh", || match visit(&gateway, &path) {
            seen if seen.header("cache-status").is_some_and(|status| status.starts_with("forecourt; hit; ttl=0")) => Err(seen),
            seen => Ok(seen),
        });
        check(&row, &seen, shown, "");
    }
}

#[test]
fn a_program_gets_what_is_kept_for_programs_or_is_told_what_happened() {
    let (says, gateway) = shop();
    // What the backend does; what JSON is when an older one is kept, and when nothing is: a name, or a status with its code.
    for (number, (say, kept, cold)) in [
        (NEW, Ok("new"), Ok("new")),
        (UNPRICED, Ok("new"), Ok("new")),
        (FAILS, Ok("old"), Err((502, "upstream_failed"))),
        (BUSY, Ok("old"), Err((503, "upstream_failed"))),
        (REFUSES, Ok("old"), Err((429, "upstream_refused"))),
        (Say::Cut("{}"), Ok("old"), Err((502, "upstream_incomplete"))),
        (Say::Reply(200, "", "<html>"), Ok("old"), Err((502, "upstream_not_json"))),
        (GONE, Err((404, "upstream_refused")), Err((404, "upstream_refused"))),
    ]
    .into_iter()
    .enumerate()
    {
        for (id, first, expected) in [(format!("kept{number}"), Some(OLD), kept), (format!("cold{number}"), None, cold)] {
            let row = format!("{say:?} {id}");
            let path = format!("/kept-ample/{id}");
            if let Some(first) = first {
                says.lock().unwrap().insert(id.clone(), first);
                assert_eq!(gateway.get(&path).json()["name"], "old", "{row}");
            }
            says.lock().unwrap().insert(id, say);
            let seen = until("an answer that is not fresh", || match gateway.get(&path) {
                seen if seen.header("cache-status").is_some_and(|status| status.starts_with("forecourt; hit; ttl=0")) => {
                    Err(seen)
                }
                seen => Ok(seen),
            });
            match expected {
                Ok(name) => assert!(seen.status == 200 && seen.json()["name"] == name, "{row}: {seen:?}"),
                Err((status, code)) => assert_eq!((seen.status, seen.problem().as_str()), (status, code), "{row}"),
            }
        }
    }
}

#[test]
fn a_part_of_a_page_and_a_program_get_no_fallback() {
    let (says, gateway) = shop();
    for (say, route, code, json_status) in [(FAILS, "ample", "upstream_failed", 502), (Say::Nothing, "tight", "deadline", 0)] {
        says.lock().unwrap().insert("x".to_owned(), say);
        let path = format!("/{route}/x");
        let part = gateway.request("GET", &format!("{path}?_fragment=part"), &[BROWSER], b"");
        check(&format!("a part of {route}"), &part, Shown::Error(503, code), "10");
        // The deadline is that of a page; a program waits as long as the route does.
        if json_status != 0 {
            let json = gateway.get(&path);
            assert_eq!((json.status, json.problem().as_str()), (json_status, code));
            assert_eq!(json.header("retry-after"), None);
        }
    }
}

fn visit(gateway: &Gateway, path: &str) -> Answer {
    crate::visit(gateway, path)
}

#[test]
fn a_template_that_fails_says_in_the_log_where_and_what_it_missed() {
    let (says, gateway) = shop();
    says.lock().unwrap().insert("x".to_owned(), UNPRICED);
    let seen = visit(&gateway, "/free/x");
    assert!(seen.status == 500 && !seen.text().contains("<title>new"), "{seen:?}");
    let id = seen.header("x-request-id").unwrap().to_owned();
    let line = gateway
        .log
        .wait("why", |lines| lines.iter().find(|line| line.contains(&id) && line.contains("a request failed")).cloned());
    assert!(line.contains("item.html:2") && line.contains("price") && !seen.text().contains("item.html"), "{line}");
}
