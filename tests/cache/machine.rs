//! `coalesce: machine`: one call for all workers, and what becomes of it when the worker that makes it dies.

use std::fs;
use std::net::SocketAddr;

use rustix::process::Signal;

use crate::crowds::asking;
use crate::support::http::Client;
use crate::support::operator::Operator;
use crate::support::process;
use crate::support::until::until;
use crate::upstream::Upstream;
use crate::{gateway, status};

const WORKERS: usize = 4;
const CACHE: &str = "ttl: 60s, coalesce: machine, tags: [all]";

fn asked(upstream: &Upstream, count: usize) {
    until("a call", || if upstream.asked() >= count { Ok(()) } else { Err(upstream.asked()) });
}

#[test]
fn a_thousand_equal_requests_on_a_cold_key_make_one_call_on_the_machine() {
    let upstream = Upstream::start("{\"n\":1}", "");
    let gateway = gateway(&upstream, WORKERS, CACHE);
    gateway.workers(WORKERS);
    upstream.hold(true);
    let mut clients: Vec<Client> = (0..1000).map(|_| asking(&gateway)).collect();
    asked(&upstream, 1);
    upstream.hold(false);
    let mut first = 0;
    for client in &mut clients {
        let answer = client.read();
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"n\":1}"[..]));
        first += usize::from(status(&answer) == "fwd=miss; stored");
    }
    assert_eq!((upstream.asked(), first), (1, 1));
    // Each worker has it now, those too that nobody has asked yet; and a purge takes it from all of them.
    let done = Operator::of(&gateway).command(&["purge", "--tag", "all"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    upstream.answer("{\"n\":2}");
    for _ in 0..4 * WORKERS {
        assert_eq!(gateway.get("/item/1").body, b"{\"n\":2}");
    }
    assert_eq!(upstream.asked(), 2);
}

#[test]
fn when_the_worker_that_asks_is_killed_another_one_asks_and_all_others_are_answered() {
    let upstream = Upstream::start("{\"n\":1}", "");
    let gateway = gateway(&upstream, WORKERS, CACHE);
    let workers = gateway.workers(WORKERS);
    upstream.hold(true);
    let mut clients: Vec<Client> = (0..10 * WORKERS).map(|_| asking(&gateway)).collect();
    asked(&upstream, 1);
    let asks = until("the worker that asks", || {
        workers.iter().copied().find(|worker| is_connected(*worker, upstream.address())).ok_or(&workers)
    });
    process::signal(asks, Signal::KILL);
    asked(&upstream, 2);
    upstream.hold(false);
    let mut answered = 0;
    for client in &mut clients {
        // Only what the dead worker had read already is lost with it.
        let Ok(answer) = client.try_read("GET") else { continue };
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"n\":1}"[..]));
        answered += 1;
    }
    assert!(answered >= 10 * (WORKERS - 1), "{answered}");
    assert_eq!(upstream.asked(), 2);
}

#[test]
fn what_is_for_one_client_is_asked_for_by_everybody_and_a_dead_upstream_fails_everybody() {
    let mut upstream = Upstream::start("{\"n\":1}", "Set-Cookie: a=1\r\n");
    let gateway = gateway(&upstream, 2, "ttl: 60s, coalesce: machine");
    gateway.workers(2);
    for _ in 0..6 {
        let answer = gateway.get("/item/1");
        assert_eq!((answer.header("set-cookie"), status(&answer)), (Some("a=1"), "fwd=miss; detail=set-cookie"));
    }
    assert_eq!(upstream.asked(), 6);
    upstream.kill();
    for _ in 0..6 {
        assert_eq!(gateway.get("/item/2").status, 502);
    }
}

/// Whether a process has a connection to an address.
fn is_connected(process: u32, address: SocketAddr) -> bool {
    let wanted = format!("0100007F:{:04X}", address.port());
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap_or_default();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let sockets: Vec<String> = rows
        .filter(|row| row.get(2) == Some(&wanted.as_str()))
        .filter_map(|row| row.get(9).map(|inode| format!("socket:[{inode}]")))
        .collect();
    let open = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
}
