//! Many clients who want the same at the same time.

use crate::support::gateway::Gateway;
use crate::support::http::Client;
use crate::support::until::until;
use crate::upstream::Upstream;
use crate::{gateway, status};

const WORKERS: usize = 4;

pub(crate) fn asking(gateway: &Gateway) -> Client {
    let mut client = gateway.connect();
    client.send("GET /item/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    client
}

#[test]
fn a_thousand_equal_requests_on_a_cold_key_make_one_call_in_each_worker() {
    let upstream = Upstream::start("{\"n\":1}", "");
    let gateway = gateway(&upstream, WORKERS, "ttl: 60s");
    gateway.workers(WORKERS);
    upstream.hold(true);
    let mut clients: Vec<Client> = (0..1000).map(|_| asking(&gateway)).collect();
    until("a call of each worker", || if upstream.asked() == WORKERS { Ok(()) } else { Err(upstream.asked()) });
    upstream.hold(false);
    let (mut asked, mut collapsed) = (0, 0);
    for client in &mut clients {
        let answer = client.read();
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"n\":1}"[..]));
        asked += usize::from(status(&answer) == "fwd=miss; stored");
        collapsed += usize::from(status(&answer) == "fwd=miss; stored; collapsed");
    }
    assert_eq!((upstream.asked(), asked), (WORKERS, WORKERS));
    assert!(collapsed > 0);
}

#[test]
fn when_the_client_that_is_asked_for_leaves_another_one_is_answered() {
    let upstream = Upstream::start("{\"n\":1}", "");
    let gateway = gateway(&upstream, 1, "ttl: 60s");
    upstream.hold(true);
    let leads = asking(&gateway);
    until("the first call", || if upstream.asked() == 1 { Ok(()) } else { Err(upstream.asked()) });
    let mut waits = asking(&gateway);
    drop(leads);
    until("the second call", || if upstream.asked() == 2 { Ok(()) } else { Err(upstream.asked()) });
    upstream.hold(false);
    assert_eq!(waits.read().body, b"{\"n\":1}");
    assert!(status(&gateway.get("/item/1")).starts_with("hit"));
    assert_eq!(upstream.asked(), 2);
}
