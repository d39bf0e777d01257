//! Stale answers: given out at once, or in the place of a failure.

use std::time::Duration;

use tokio::time::advance;

use super::{Backend, SECOND, cached, gateway, get, reply};

#[tokio::test(start_paused = true)]
async fn a_stale_answer_is_given_at_once_while_one_new_one_is_fetched_behind_it() {
    let backend = Backend::new(|n| (200, reply("200 OK", "", &format!("{{\"n\":{n}}}"))));
    let gateway = cached(&backend, "ttl: 5s, swr: 10s");
    get(&gateway, "/a/1").await;
    advance(SECOND * 6).await;
    for _ in 0..3 {
        let stale = get(&gateway, "/a/1").await;
        assert_eq!((stale.body.as_str(), stale.word), ("{\"n\":1}", Some("stale")));
        assert!(
            stale.cache().starts_with("hit; ttl=-") && stale.cache().ends_with("detail=stale-while-revalidate"),
            "{}",
            stale.cache()
        );
    }
    tokio::time::sleep(SECOND).await;
    assert_eq!((get(&gateway, "/a/1").await.body.as_str(), backend.count()), ("{\"n\":2}", 2));
}

#[tokio::test(start_paused = true)]
async fn while_the_upstream_fails_stale_answers_stand_in_and_it_is_asked_once_a_second() {
    // From the 2nd to the 5th time it is asked the upstream fails, and it takes its time for it.
    let backend = Backend::new(|n| match n {
        2..=5 => (800, reply("503 No", "", "{}")),
        n => (0, reply("200 OK", "", &format!("{{\"n\":{n}}}"))),
    });
    let gateway = cached(&backend, "ttl: 5s, swr: 0s, stale_if_error: 60s");
    get(&gateway, "/a/1").await;
    advance(SECOND * 6).await;
    let failed = get(&gateway, "/a/1").await;
    assert_eq!(
        (failed.status, failed.body.as_str(), failed.cache()),
        (200, "{\"n\":1}", "fwd=stale; ttl=-2; detail=stale-if-error")
    );
    let mut stale = 0;
    let body = loop {
        let before = tokio::time::Instant::now();
        let seen = get(&gateway, "/a/1").await;
        assert_eq!((seen.status, before.elapsed()), (200, Duration::ZERO), "nobody waits for an upstream that is known to fail");
        if seen.word == Some("hit") {
            break seen.body;
        }
        assert!(seen.cache().ends_with("detail=stale-if-error"), "{}", seen.cache());
        stale += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!((body.as_str(), backend.count()), ("{\"n\":6}", 6));
    assert!(stale > 40, "four failures of 0.8 s with a second between them: {stale}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_gone_is_gone_and_one_that_is_too_old_stands_in_for_nothing() {
    let backend = Backend::new(|n| match n {
        1 | 3 => (0, reply("200 OK", "", "{}")),
        2 => (0, reply("404 No", "", "{}")),
        _ => (0, reply("500 No", "", "{}")),
    });
    let gateway = cached(&backend, "ttl: 5s, swr: 0s, stale_if_error: 60s");
    get(&gateway, "/a/1").await;
    advance(SECOND * 6).await;
    assert_eq!(get(&gateway, "/a/1").await.status, 404);
    get(&gateway, "/a/1").await;
    advance(SECOND * 66).await;
    assert_eq!(get(&gateway, "/a/1").await.status, 502);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_lacks_a_part_is_not_kept_and_stands_back_behind_a_whole_one() {
    let backend = Backend::new(|n| match n {
        1 | 2 | 3 | 5 | 6 | 7 => (0, reply("200 OK", "", &format!("{n}"))),
        _ => (0, reply("500 No", "", "{}")),
    });
    let keys = "    calls:\n      a: GET shop:/x\n      b: {to: \"GET shop:/y?of={a}\", optional: true}\n    cache: {ttl: 5s, swr: 0s}\n";
    let gateway = gateway(&backend, keys);
    assert_eq!(get(&gateway, "/a/1").await.body, "{\"a\":1,\"b\":2}");
    advance(SECOND * 6).await;
    let stale = get(&gateway, "/a/1").await;
    assert_eq!((stale.body.as_str(), stale.word), ("{\"a\":1,\"b\":2}", Some("stale")));
    let cold = Backend::new(|n| if n % 2 == 1 { (0, reply("200 OK", "", "1")) } else { (0, reply("500 No", "", "{}")) });
    let gateway = self::gateway(&cold, keys);
    for _ in 0..2 {
        let part = get(&gateway, "/a/1").await;
        assert_eq!((part.body.as_str(), part.cache()), ("{\"a\":1}", "fwd=miss; detail=partial"));
    }
}
