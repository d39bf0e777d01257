//! A worker whose memory runs short.

use forecourt::cluster::Usage;

use crate::support::drill::drilled;
use crate::support::fault::{Faults, reply};
use crate::support::gateway::Setup;
use crate::support::until::until;

const LIMIT: u64 = 200 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_worker_gives_up_its_cache_then_idle_connections_then_requests_and_never_its_own_paths() {
    let backend = Faults::answering(reply("Content-Type: application/json\r\n", "[1]"));
    let address = backend.listen().await;
    let routes = format!(
        "limits: {{memory: {LIMIT}B}}\nupstreams: {{shop: {{url: 'http://{address}'}}}}\nroutes:\n  \
         - {{route: GET /kept, call: 'GET shop:/', cache: {{ttl: 1h}}}}\n  - {{route: GET /more, call: 'GET shop:/'}}\n"
    );
    let gateway = drilled(Setup::new(&routes).workers(1), "path /more: allocate 1MiB\n").start();
    let status = |answer: &crate::support::http::Answer| answer.header("cache-status").unwrap_or_default().to_owned();
    gateway.get("/kept");
    assert!(status(&gateway.get("/kept")).starts_with("forecourt; hit"));
    let steps = || gateway.events("memory").iter().filter_map(|event| event.get("step").cloned()).collect::<Vec<_>>();
    let worker = *gateway.workers(1).first().expect("one worker");
    let mut taken: Vec<&str> = Vec::new();
    for (step, percent) in [("tight", 85), ("scarce", 92), ("out", 95)] {
        taken.push(step);
        until(step, || {
            // One request after the other takes more, up to the step and no further: it is waited for there.
            let own = Usage::of(worker).expect("it lives").own;
            if own * 100 < LIMIT * percent {
                // The last one may be refused itself.
                let expected = if step == "out" { &[200, 503][..] } else { &[200] };
                assert!(expected.contains(&gateway.get("/more").status), "{step}");
            }
            if steps() == taken { Ok(()) } else { Err((own, steps())) }
        });
        if step == "tight" {
            assert_eq!(status(&gateway.get("/kept")), "forecourt; fwd=miss; stored", "what was kept is dropped");
        }
    }
    let answer = gateway.get("/kept");
    assert_eq!((answer.status, answer.problem().as_str(), answer.header("retry-after")), (503, "overloaded", Some("1")));
    for path in ["/_forecourt/live", "/_forecourt/ready"] {
        assert_eq!(gateway.get(path).status, 200, "{path}");
    }
    let mut client = gateway.connect();
    let answer = client.send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n").read();
    assert_eq!((answer.status, answer.header("connection")), (503, Some("close")));
}
