//! `fallback: stale`: the last good reply of an optional call.

use std::sync::Mutex;

use http::Method;
use tokio::time::advance;

use super::{Backend, SECOND, ask, gateway, get, reply};
use crate::cache::Purge;

/// An upstream whose `/me` always answers, and whose `/ads` fails from the second time on.
fn ads(lines: &'static str) -> Backend {
    let asked = Mutex::new(0);
    Backend::new_by_path(move |path| {
        if path != "/ads" {
            return (0, reply("200 OK", "", "1"));
        }
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        if *asked == 1 { (0, reply("200 OK", lines, "{\"ad\":7,\"x\":null}")) } else { (9000, String::new()) }
    })
}

const ADS: &str = "    calls:
      me: GET shop:/me
      ads: {to: \"GET shop:/ads\", optional: true, fallback: stale, timeout: 300ms, shape: [{pick: [ad]}]}
";

#[tokio::test(start_paused = true)]
async fn the_last_good_reply_of_an_optional_call_stands_in_for_five_minutes() {
    let gateway = gateway(&ads(""), ADS);
    let first = get(&gateway, "/a/1").await;
    assert_eq!((first.body.as_str(), first.header("x-forecourt-partial")), ("{\"me\":1,\"ads\":{\"ad\":7}}", ""));
    advance(SECOND * 200).await;
    let stale = get(&gateway, "/a/2").await;
    assert_eq!((stale.body.as_str(), stale.header("x-forecourt-partial")), ("{\"me\":1,\"ads\":{\"ad\":7}}", "ads;timeout"));
    for (headers, there) in [
        (&[("user-agent", "another"), ("x-request-id", "id-of-a-test")][..], true),
        (&[("cookie", "a=1")][..], false),
        (&[("authorization", "x")][..], false),
        (&[("x-tenant", "t")][..], false),
        (&[("accept-language", "de")][..], false),
    ] {
        let seen = ask(&gateway, Method::GET, "/a/1", headers).await;
        assert_eq!((seen.status, seen.body.contains("\"ad\":7")), (200, there), "{headers:?}: {}", seen.body);
    }
    gateway.purge(&Purge::Tag("another".to_owned()));
    advance(SECOND * 90).await;
    assert!(get(&gateway, "/a/1").await.body.contains("ads"));
    advance(SECOND * 20).await;
    assert_eq!(get(&gateway, "/a/1").await.body, "{\"me\":1}", "too old");
}

#[tokio::test(start_paused = true)]
async fn a_reply_for_one_client_stands_in_for_nothing_and_a_purge_takes_what_does() {
    for lines in ["Set-Cookie: a=1\r\n", "Cache-Control: private\r\n", "Cache-Control: no-store\r\n", "Vary: user-agent\r\n"] {
        let gateway = gateway(&ads(lines), ADS);
        assert!(get(&gateway, "/a/1").await.body.contains("ads"), "{lines}");
        assert_eq!(get(&gateway, "/a/1").await.body, "{\"me\":1}", "{lines}");
    }
    let gateway = gateway(&ads("Cache-Tag: ads\r\n"), ADS);
    get(&gateway, "/a/1").await;
    assert!(get(&gateway, "/a/1").await.body.contains("ads"));
    gateway.purge(&Purge::Tag("ads".to_owned()));
    assert_eq!(get(&gateway, "/a/1").await.body, "{\"me\":1}");
}

#[tokio::test(start_paused = true)]
async fn each_element_has_a_last_good_reply_of_its_own() {
    let seen = Mutex::new(Vec::new());
    let backend = Backend::new_by_path(move |path| {
        let mut seen = seen.lock().unwrap();
        let again = seen.contains(&path.to_owned());
        seen.push(path.to_owned());
        match path {
            "/list" => (0, reply("200 OK", "", "[{\"id\":1},{\"id\":2},{\"id\":1}]")),
            "/stock/1" if again => (0, reply("500 No", "", "")),
            path => (0, reply("200 OK", "", path.rsplit('/').next().unwrap_or_default())),
        }
    });
    let keys = "    calls:
      list: GET shop:/list
      stock: {to: \"GET shop:/stock/{each.id}\", for_each: list, optional: true, fallback: stale}
";
    let gateway = gateway(&backend, keys);
    let whole = get(&gateway, "/a/1").await;
    assert!(whole.body.ends_with("\"stock\":[1,2,1]}") && whole.header("x-forecourt-partial").is_empty(), "{}", whole.body);
    let stale = get(&gateway, "/a/1").await;
    assert_eq!((stale.body.as_str(), stale.header("x-forecourt-partial")), (whole.body.as_str(), "stock;upstream_failed"));
}
