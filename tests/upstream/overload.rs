//! More requests than a worker, or a route, answers at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;

use crate::support::fault::{Act, Faults, reply};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;
use crate::support::until::until;

/// A backend whose first replies come when they are told to; all others come at once.
struct Waiting {
    faults: Faults,
    go: Vec<Arc<Notify>>,
}

impl Waiting {
    fn new(replies: usize) -> Self {
        let go: Vec<Arc<Notify>> = std::iter::repeat_with(Arc::default).take(replies).collect();
        let reply = reply("Content-Type: application/json\r\n", "[1]");
        let script = |go: &Arc<Notify>| vec![Act::Read, Act::Wait(Arc::clone(go)), Act::Send(reply.clone())];
        Self { faults: Faults::answering_after(go.iter().map(script).collect(), reply.clone()), go }
    }

    /// Lets the first replies come.
    fn go(&self) {
        self.go.iter().for_each(|go| go.notify_one());
    }

    async fn gateway(&self, limits: &str, route: &str) -> Gateway {
        let address = self.faults.listen().await;
        let upstreams = format!(
            "upstreams:\n  shop: {{url: 'http://{address}', timeout: {{first_byte: 60s, total: 60s}}}}\n  demo: {{url: 'demo:', envelope: mall}}\n"
        );
        let routes = format!(
            "routes:\n  - {{route: GET /slow, call: 'GET shop:/', timeout: 60s{route}}}\n  - {{route: GET /well, call: 'GET demo:/api/items/1'}}\n"
        );
        Setup::new(&format!("{limits}{upstreams}{routes}")).workers(1).start()
    }
}

fn ask(gateway: &Gateway) -> Client {
    let mut client = gateway.connect();
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    client
}

fn refused(gateway: &Gateway, path: &str) {
    let answer = gateway.get(path);
    assert_eq!((answer.status, answer.problem().as_str()), (503, "overloaded"), "{path}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
    let route = Value::from(format!("GET {path}"));
    assert_eq!((line.get("code"), line.get("route")), (Some(&"overloaded".into()), Some(&route)), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_worker_that_is_full_refuses_requests_and_never_its_own_paths() {
    let backend = Waiting::new(2);
    let gateway = backend.gateway("limits: {in_flight: 2}\n", "").await;
    let mut clients = [ask(&gateway), ask(&gateway)];
    backend.faults.read(2).await;
    refused(&gateway, "/slow");
    refused(&gateway, "/well");
    assert_eq!(backend.faults.requests().len(), 2, "nobody else was called");
    for path in ["/_forecourt/live", "/_forecourt/ready", "/robots.txt"] {
        assert_eq!(gateway.get(path).status, 200, "{path}");
    }
    assert_eq!(gateway.get("/nowhere").status, 404);
    backend.go();
    assert!(clients.iter_mut().all(|client| client.read().status == 200));
    assert_eq!(gateway.get("/well").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_route_that_is_full_refuses_its_own_requests_alone() {
    let backend = Waiting::new(1);
    let gateway = backend.gateway("", ", in_flight: 1").await;
    let mut client = ask(&gateway);
    backend.faults.read(1).await;
    refused(&gateway, "/slow");
    assert_eq!(gateway.get("/well").status, 200);
    backend.go();
    assert_eq!(client.read().status, 200);
    assert_eq!(gateway.get("/slow").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_leaves_gives_its_place_back() {
    let backend = Waiting::new(1);
    let gateway = backend.gateway("", ", in_flight: 1").await;
    let client = ask(&gateway);
    backend.faults.read(1).await;
    refused(&gateway, "/slow");
    drop(client);
    // It is refused until the gateway has noticed.
    until("a place", || match gateway.get("/slow").status {
        200 => Ok(()),
        status => Err(status),
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_adaptive_limit_shrinks_when_answers_are_late() {
    let backend = Waiting::new(2);
    let gateway = backend.gateway("limits: {adaptive: {latency: 100ms, least: 1}}\n", "").await;
    let mut first = ask(&gateway);
    backend.faults.read(1).await;
    let begun = Instant::now();
    until("a late answer", || if begun.elapsed() > Duration::from_millis(150) { Ok(()) } else { Err("early") });
    let [one, two] = backend.go.as_slice() else { panic!("two replies wait") };
    one.notify_one();
    assert_eq!(first.read().status, 200);
    // One was under way: twice that, less a tenth, is one.
    let mut second = ask(&gateway);
    backend.faults.read(2).await;
    refused(&gateway, "/well");
    two.notify_one();
    assert_eq!(second.read().status, 200);
    assert_eq!(gateway.get("/well").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_limit_by_gradient_refuses_nobody_while_little_is_under_way() {
    let backend = Waiting::new(0);
    let gateway = backend.gateway("limits: {adaptive: gradient}\n", "").await;
    let client = || {
        let mut client: Client = gateway.connect();
        // Several windows' worth, and the first probe among them.
        (0..100)
            .map(|_| client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").read().status)
            .filter(|status| *status != 200)
            .count()
    };
    let refused: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("a client that was answered")).sum()
    });
    assert_eq!(refused, 0);
}
