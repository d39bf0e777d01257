//! What whoever watches the edge is told.

use super::*;
use crate::server::{Begun, Watch};

/// Keeps what it is told, in order.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn say(&self, line: String) -> u64 {
        let mut told = self.0.lock().unwrap();
        told.push(line);
        told.len() as u64
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Watch for Told {
    fn opened(&self, peer: SocketAddr) -> u64 {
        self.say(format!("opened {peer}"))
    }

    fn closed(&self, connection: u64) {
        self.say(format!("closed {connection}"));
    }

    fn began(&self, connection: u64, begun: &Begun<'_>) -> u64 {
        assert!(begun.id.len() >= 8 && begun.started.elapsed() < Duration::from_secs(60));
        self.say(format!("began {} {} on {connection}", begun.method, begun.target))
    }

    fn ended(&self, request: u64) {
        self.say(format!("ended {request}"));
    }

    fn panicked(&self) {
        self.say("panicked".to_owned());
    }
}

fn watched() -> (Edge<Service>, Arc<Told>) {
    let told = Arc::new(Told::default());
    let watch = Some(Arc::clone(&told) as Arc<dyn Watch>);
    (Edge::new(service(), EdgeSettings { watch, ..EdgeSettings::default() }), told)
}

/// Waits until the watch was told this.
async fn until(told: &Told, line: &str) {
    while !told.all().iter().any(|said| said == line) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_and_its_requests_are_told_as_they_begin_and_end() {
    let (edge, told) = watched();
    exchange(
        &edge,
        "GET /%61?b=c HTTP/1.1\r\nHost: a\r\n\r\nGET /_forecourt/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    .await;
    edge.drain().await;
    let expected =
        ["opened 10.0.0.7:4000", "began GET /a?b=c on 1", "ended 2", "began GET /_forecourt/live on 1", "ended 4", "closed 1"];
    assert_eq!(told.all(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_refused_is_told_as_it_came() {
    let (edge, told) = watched();
    exchange(&edge, "POST /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await;
    edge.drain().await;
    assert_eq!(told.all(), ["opened 10.0.0.7:4000", "began POST /x on 1", "ended 2", "closed 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_and_a_cut_end_what_is_under_way() {
    let (edge, told) = watched();
    let mut client = connect(&edge);
    client.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    until(&told, "began GET /hang on 1").await;
    assert_eq!(told.all().len(), 2, "it is under way");
    drop(client);
    until(&told, "closed 1").await;
    assert_eq!(told.all()[2..], ["ended 2", "closed 1"]);
    let mut client = connect(&edge);
    client.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    until(&told, "began GET /hang on 5").await;
    edge.cut();
    until(&told, "closed 5").await;
    assert_eq!(told.all()[4..], ["opened 10.0.0.7:4000", "began GET /hang on 5", "ended 6", "closed 5"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_told_wherever_it_happens() {
    for path in ["/panic", "/body-panics"] {
        let (edge, told) = watched();
        exchange(&edge, format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        edge.drain().await;
        let begun = format!("began GET {path} on 1");
        assert_eq!(told.all(), ["opened 10.0.0.7:4000", &begun, "panicked", "ended 2", "closed 1"]);
    }
}
