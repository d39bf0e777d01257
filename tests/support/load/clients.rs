//! The kinds of clients.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exchange::{Answer, Broken, Wire};
use super::ledger::{Fate, Kind, Lost};
use super::{ITEM, Mix, Shared, slow};
use crate::support::lines::PATIENCE;

/// Requests after which a keep-alive client takes a new connection, so that new workers get some too.
const A_CONNECTION: u32 = 100;

/// An upload: so many bytes, in pieces, each after a pause. 1.2 seconds in all, and far above the least rate of a body, below which a machine
/// under load may bring it.
const UPLOAD: usize = 24_000;
const PIECE: usize = 1000;
const PAUSE: Duration = Duration::from_millis(50);

/// A client that was refused, or lost a request, waits so long before it comes back.
const AFTER_A_LOSS: Duration = Duration::from_millis(5);

/// Runs all clients until they are stopped and have ended what they had under way.
pub(super) async fn run(shared: Arc<Shared>, mix: Mix, stop: watch::Receiver<bool>) {
    let mut clients = JoinSet::new();
    for (kind, number) in mix.clients() {
        clients.spawn(Client { shared: Arc::clone(&shared), stop: stop.clone(), kind, number, sent: 0 }.run());
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client that does not panic");
    }
}

struct Client {
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    kind: Kind,
    number: usize,
    sent: u64,
}

/// What one request came to.
struct Done {
    lost: Option<(Fate, String)>,
    /// Another request may follow on the connection.
    goes_on: bool,
}

impl Client {
    async fn run(mut self) {
        let mut wire = None;
        while !*self.stop.borrow() {
            wire = self.turn(wire).await;
            let pause = match self.kind {
                Kind::KeepAlive | Kind::OneEach => self.shared.pause,
                Kind::Upload | Kind::Stream => Duration::ZERO,
            };
            // At least one step aside, so that nobody holds the thread.
            if pause.is_zero() { tokio::task::yield_now().await } else { tokio::time::sleep(pause).await }
        }
    }

    /// One request, on this connection or on a new one; gives the connection back that the next may use.
    async fn turn(&mut self, wire: Option<Wire>) -> Option<Wire> {
        if wire.as_ref().is_some_and(Wire::is_over) {
            self.shared.write(|ledger| ledger.idle_closes += 1);
            return None;
        }
        self.sent += 1;
        let id = format!("{}-{}-{}", self.kind.word(), self.number, self.sent);
        let begun = Instant::now();
        self.shared.write(|ledger| ledger.begin(self.kind, self.number));
        let mut wire = match wire {
            Some(wire) => wire,
            None => match connect(self.shared.address).await {
                Ok(wire) => {
                    self.shared.write(|ledger| ledger.connected(self.kind, self.number));
                    wire
                }
                Err((fate, detail)) => {
                    let lost = Lost { id, fate, local: None, detail };
                    self.shared.write(|ledger| ledger.end(self.kind, self.number, begun.elapsed(), Some(lost)));
                    tokio::time::sleep(AFTER_A_LOSS).await;
                    return None;
                }
            },
        };
        let done = match timeout(PATIENCE, self.ask(&mut wire, &id)).await {
            Ok(done) => done,
            Err(_) => Done { lost: Some((Fate::TimedOut, format!("nothing whole within {PATIENCE:?}"))), goes_on: false },
        };
        let took = begun.elapsed();
        let is_lost = done.lost.is_some();
        let lost = done.lost.map(|(fate, detail)| Lost { id, fate, local: Some(wire.local()), detail });
        self.shared.write(|ledger| ledger.end(self.kind, self.number, took, lost));
        if is_lost {
            tokio::time::sleep(AFTER_A_LOSS).await;
            return None;
        }
        if done.goes_on && wire.answers < A_CONNECTION {
            return Some(wire);
        }
        // Whoever leaves first, the server's end must not be a reset.
        if !done.goes_on && !timeout(PATIENCE, wire.ends_well()).await.unwrap_or(false) {
            self.shared.write(|ledger| ledger.torn += 1);
        }
        None
    }

    async fn ask(&self, wire: &mut Wire, id: &str) -> Done {
        let used = wire.answers > 0;
        let head = |method: &str, path: &str, more: &str| {
            format!("{method} {path} HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: {id}\r\n{more}\r\n").into_bytes()
        };
        // A server that takes no more may have said why: its answer is read all the same.
        let (_taken, expected) = match self.kind {
            Kind::KeepAlive => (wire.send(&head("GET", ITEM, "")).await, self.shared.item.get().cloned()),
            Kind::OneEach => (wire.send(&head("GET", ITEM, "Connection: close\r\n")).await, self.shared.item.get().cloned()),
            Kind::Upload => {
                let body: Vec<u8> = id.bytes().cycle().take(UPLOAD).collect();
                let more = format!("Content-Length: {UPLOAD}\r\nContent-Type: text/plain\r\nConnection: close\r\n");
                let taken = wire.send(&head("POST", "/slow/echo", &more)).await && wire.drip(&body, PIECE, PAUSE).await;
                (taken, Some(body))
            }
            Kind::Stream => {
                let head = head("GET", "/slow/events", "Accept: text/event-stream\r\nConnection: close\r\n");
                (wire.send(&head).await, Some(slow::events()))
            }
        };
        let lost = |fate: Fate, detail: String| Done { lost: Some((fate, detail)), goes_on: false };
        let answer = match wire.answer().await {
            Ok(answer) => answer,
            Err(Broken::Before(how)) => return lost(if used { Fate::Raced } else { Fate::Reset }, how),
            Err(Broken::Within(how)) => return lost(Fate::Cut, how),
            Err(Broken::Malformed(what)) => return lost(Fate::Wrong, what),
        };
        let Answer { status, request_id, closes, body } = answer;
        if request_id.as_deref() != Some(id) {
            return lost(Fate::Wrong, format!("the answer to {request_id:?}"));
        }
        if !(200..300).contains(&status) {
            return lost(Fate::Failed(status), String::from_utf8_lossy(&body).into_owned());
        }
        if body != expected.unwrap_or_else(|| self.shared.item.get_or_init(|| body.clone()).clone()) {
            return lost(Fate::Wrong, format!("another body: {}", String::from_utf8_lossy(&body)));
        }
        Done { lost: None, goes_on: !closes }
    }
}

async fn connect(address: SocketAddr) -> Result<Wire, (Fate, String)> {
    match timeout(PATIENCE, Wire::connect(address)).await {
        Ok(Ok(wire)) => Ok(wire),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Err((Fate::Refused, error.to_string())),
        Ok(Err(error)) => Err((Fate::Reset, error.to_string())),
        Err(_) => Err((Fate::TimedOut, format!("no connection within {PATIENCE:?}"))),
    }
}
