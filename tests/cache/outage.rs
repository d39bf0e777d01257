//! An upstream that dies and comes back.

use crate::support::until::until;
use crate::upstream::Upstream;
use crate::{gateway, status};

#[test]
fn while_the_upstream_is_dead_a_route_answers_all_the_time_says_stale_and_recovers_by_itself() {
    let mut upstream = Upstream::start("{\"n\":1}", "");
    let gateway = gateway(&upstream, 2, "ttl: 1s, swr: 0s, stale_if_error: 5m");
    // Every answer on the way is one: 200, and one of the two bodies.
    let ask = || {
        let answer = gateway.get("/item/1");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(["{\"n\":1}", "{\"n\":2}"].contains(&answer.text().as_str()), "{answer:?}");
        answer
    };
    // Both workers have something to fall back on.
    for worker in [1, 2] {
        until("an answer of each worker", || {
            let id = ask().header("x-request-id").unwrap().to_owned();
            if gateway.logged(&id)["worker"] == worker { Ok(()) } else { Err(id) }
        });
    }
    upstream.kill();
    let mut stale = 0;
    until("stale answers, fifty of them", || {
        let answer = ask();
        let is_stale = status(&answer).ends_with("detail=stale-if-error");
        assert!(is_stale || status(&answer).starts_with("hit; ttl="), "{answer:?}");
        stale += usize::from(is_stale);
        if stale >= 50 { Ok(()) } else { Err(status(&answer).to_owned()) }
    });
    let upstream = Upstream::start_at(upstream.address(), "{\"n\":2}", "");
    let mut fresh = 0;
    until("ten fresh answers in a row", || {
        let answer = ask();
        fresh = if answer.text() == "{\"n\":2}" { fresh + 1 } else { 0 };
        if fresh >= 10 { Ok(()) } else { Err(status(&answer).to_owned()) }
    });
    assert!(upstream.asked() > 0);
}
