//! Many who want the same: one asks, and what becomes of the others.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::Gateway;
use super::{Backend, cached, crowd, get, reply};
use crate::cache::Purge;
use crate::plan;
use crate::spec::Snapshot;
use crate::upstream::Client;

#[tokio::test(start_paused = true)]
async fn a_thousand_equal_requests_make_one_call() {
    let backend = Backend::new(|n| (300, reply("200 OK", "", &format!("{{\"n\":{n}}}"))));
    let gateway = cached(&backend, "ttl: 30s");
    let mut collapsed = 0;
    for task in crowd(&gateway, 1000) {
        let seen = task.await.unwrap();
        assert_eq!((seen.status, seen.body.as_str()), (200, "{\"n\":1}"));
        collapsed += usize::from(seen.cache() == "fwd=miss; stored; collapsed");
    }
    assert_eq!((backend.count(), collapsed), (1, 999));
}

#[tokio::test(start_paused = true)]
async fn when_the_client_of_the_one_that_asks_leaves_the_next_one_asks() {
    let backend = Backend::new(|n| (300, reply("200 OK", "", &format!("{{\"n\":{n}}}"))));
    let gateway = cached(&backend, "ttl: 30s");
    let mut tasks = crowd(&gateway, 10);
    tokio::time::sleep(Duration::from_millis(100)).await;
    tasks.remove(0).abort();
    for task in tasks {
        assert_eq!(task.await.unwrap().body, "{\"n\":2}");
    }
    assert_eq!(backend.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_once_more_before_all_get_it() {
    let backend = Backend::new(|_| (300, reply("500 No", "", "{}")));
    let gateway = cached(&backend, "ttl: 30s");
    for task in crowd(&gateway, 50) {
        assert_eq!(task.await.unwrap().status, 502);
    }
    assert_eq!(backend.count(), 2);
    let refuses = Backend::new(|_| (300, reply("404 No", "", "{}")));
    let gateway = cached(&refuses, "ttl: 30s");
    for task in crowd(&gateway, 50) {
        assert_eq!(task.await.unwrap().status, 404);
    }
    assert_eq!(refuses.count(), 1, "that is an answer, and good for all");
    let recovers = Backend::new(|n| if n == 1 { (300, String::new()) } else { (300, reply("200 OK", "", "{}")) });
    let gateway = cached(&recovers, "ttl: 30s");
    let mut statuses = Vec::new();
    for task in crowd(&gateway, 50) {
        statuses.push(task.await.unwrap().status);
    }
    assert_eq!((statuses[0], statuses.iter().filter(|status| **status == 200).count()), (502, 49));
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_one_client_is_given_to_nobody_else_and_the_next_ones_do_not_queue() {
    let backend = Backend::new(|n| (300, reply("200 OK", &format!("Set-Cookie: s={n}\r\n"), &format!("{{\"n\":{n}}}"))));
    let gateway = cached(&backend, "ttl: 30s");
    let began = tokio::time::Instant::now();
    let mut cookies = std::collections::BTreeSet::new();
    for task in crowd(&gateway, 20) {
        cookies.insert(task.await.unwrap().header("set-cookie").to_owned());
    }
    assert_eq!((backend.count(), cookies.len()), (20, 20));
    assert_eq!(began.elapsed().as_millis(), 600, "the first alone, then all others side by side");
    let began = tokio::time::Instant::now();
    for task in crowd(&gateway, 20) {
        assert!(task.await.unwrap().cache().ends_with("detail=set-cookie"));
    }
    assert_eq!((backend.count(), began.elapsed().as_millis()), (40, 300), "it is remembered: nobody waits first");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_another_ones_answer_for_more_than_five_seconds() {
    let text =
        "upstreams: {shop: {url: \"demo:\", timeout: {first_byte: 9s}}}\nroutes:\n  - {route: GET /a/1, cache: {ttl: 30s}}\n";
    let backend = Backend::new(|n| (if n == 1 { 8000 } else { 100 }, reply("200 OK", "", &format!("{{\"n\":{n}}}"))));
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text: text.to_owned(), ..Snapshot::default() };
    let client = Client::new(Some(Arc::new(backend.clone())));
    let gateway = Gateway::new(Arc::new(plan::compile(&snapshot).unwrap()), client);
    let began = tokio::time::Instant::now();
    let mut tasks = crowd(&gateway, 2);
    assert_eq!(tasks.remove(1).await.unwrap().body, "{\"n\":2}");
    assert_eq!(began.elapsed().as_millis(), 5100);
    assert_eq!(tasks.remove(0).await.unwrap().body, "{\"n\":1}");
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_by_name_is_asked_for_again_and_so_is_what_was_under_way() {
    let backend = Backend::new(|n| (300, reply("200 OK", "Surrogate-Key: red\r\n", &format!("{{\"n\":{n}}}"))));
    let gateway = cached(&backend, "ttl: 30s, tags: [\"item-{path.id}\"]");
    for purge in ["tag item-1", "tag red", "route GET,POST /a/{id}", "key /a/1", "all"] {
        let before = get(&gateway, "/a/1").await;
        assert!(!before.headers.contains_key("surrogate-key"));
        gateway.purge(&purge.parse::<Purge>().unwrap());
        let after = get(&gateway, "/a/1").await;
        assert_ne!(before.body, after.body, "{purge}");
        gateway.purge(&Purge::Tag("item-2".to_owned()));
        assert_eq!(get(&gateway, "/a/1").await.body, after.body, "{purge}");
    }
    gateway.purge(&Purge::All);
    let old = crowd(&gateway, 2);
    tokio::time::sleep(Duration::from_millis(100)).await;
    gateway.purge(&Purge::All);
    let new = get(&gateway, "/a/1").await;
    for task in old {
        let old = task.await.unwrap();
        assert_ne!(old.body, new.body, "who asks after a purge does not take what was asked for before");
        assert!(old.cache().contains("detail=purged"), "{}", old.cache());
    }
    assert_eq!(get(&gateway, "/a/1").await.body, new.body);
}
