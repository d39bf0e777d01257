//! A master that is killed.

use rustix::process::Signal;

use super::{GOOD, SHOP, UnderWay};
use crate::support::drill::drilled;
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;
use crate::support::process;

#[test]
fn workers_without_a_master_end_by_themselves() {
    let mut gateway = Gateway::start(SHOP);
    let workers = gateway.workers(2);
    let mut idle = gateway.connect();
    assert_eq!(idle.send(GOOD).read().status, 200);
    gateway.signal(Signal::KILL);
    assert_eq!(gateway.wait().code(), None, "it was killed");
    for worker in workers {
        process::wait_for_end(worker);
    }
    idle.end();
    assert!(Client::try_connect(gateway.address()).is_err());
    gateway.log.whole();
    assert_eq!(gateway.processes(), Vec::<u32>::new());
}

#[test]
fn a_worker_whose_loop_is_stuck_does_not_outlive_its_master_for_long() {
    let setup = Setup::new(&format!("cluster: {{drain: 1s}}\n{SHOP}")).workers(2);
    let mut gateway = drilled(setup, "path /detail/2: spin\n").start();
    let workers = gateway.workers(2);
    let mut client = gateway.connect();
    client.send("GET /detail/2 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    gateway.log.wait("the spin", |lines| lines.iter().any(|line| line.contains("\"deed\":\"spin\"")).then_some(()));
    gateway.signal(Signal::KILL);
    gateway.wait();
    for worker in workers {
        process::wait_for_end(worker);
    }
    let log = gateway.log.whole().join("\n");
    assert_eq!(log.matches("\"event\":\"orphan\"").count(), 1, "{log}");
    assert_eq!(gateway.processes(), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn workers_without_a_master_finish_what_they_have_and_do_not_hold_the_port() {
    let mut under_way = UnderWay::begin().await;
    let address = under_way.gateway.address();
    let workers = under_way.gateway.workers(2);
    under_way.gateway.signal(Signal::KILL);
    under_way.gateway.wait();
    // The next one takes the port over at once, while an old worker is still busy.
    let next = Setup::new(&format!("listen: {address}\n{SHOP}")).listens_as_written().start();
    assert_eq!(next.address(), address);
    assert_eq!(next.raw(GOOD).status, 200);
    under_way.finish();
    for worker in workers {
        process::wait_for_end(worker);
    }
}
