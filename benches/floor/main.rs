//! What a request costs over real sockets, beside what no proxy goes below: a relay that looks at nothing, and a bare proxy of hyper's
//! server and hyper's client. In one run, in turns; what is measured is the CPU time of the process that serves.
//!
//!     cargo bench --bench floor
//!
//! Whoever serves runs on the first processor, backend and clients on the second: `taskset` must be there, and two processors.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark prints, and may stop")]

#[path = "../path/bare.rs"]
mod bare;
#[path = "../shape/documents.rs"]
#[expect(dead_code, reason = "the large document is for the engine alone")]
mod documents;
mod peer;
#[path = "../path/pipes.rs"]
#[expect(dead_code, reason = "these are real sockets")]
mod pipes;
mod relay;
#[path = "../path/table.rs"]
mod table;

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::peer::Peer;
use crate::table::Figures;

/// As a worker has it.
#[global_allocator]
static ALLOCATOR: forecourt::cli::Allocator = forecourt::cli::Allocator;

/// Connections that ask, each as soon as it has its answer.
const CONNECTIONS: usize = 64;
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(700);

/// One row: who is asked, and for what.
struct Row {
    figures: Figures,
    peer: usize,
    path: &'static str,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => measure(),
        [role, upstream] => serve(role, upstream.parse().unwrap()),
        _ => panic!("no arguments are taken"),
    }
}

/// What a peer does that is this program, too.
fn serve(role: &str, upstream: SocketAddr) {
    // As on the thread of a worker.
    ALLOCATOR.remember();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    println!("{}", listener.local_addr().unwrap());
    match role {
        peer::RELAY => relay::run(&listener, upstream),
        peer::BARE => runtime().block_on(async move {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                client.set_nodelay(true).unwrap();
                tokio::spawn(async move { bare::serve(client, connect(upstream).await).await });
            }
        }),
        role => panic!("nobody is `{role}`"),
    }
}

fn measure() {
    let pinned = Command::new("taskset").args(["-cp", "1", &std::process::id().to_string()]).output().unwrap();
    assert!(pinned.status.success(), "{pinned:?}");
    runtime().block_on(async {
        let origin = origin().await;
        let peers = [Peer::own(peer::RELAY, origin), Peer::own(peer::BARE, origin), Peer::forecourt(origin)];
        let row = |name, peer, path, beside| Row { figures: Figures::new(name, beside), peer, path };
        let mut rows = [
            row("relay small", 0, "/small", 0),
            row("relay medium", 0, "/medium", 1),
            row("bare small", 1, "/small", 0),
            row("bare medium", 1, "/medium", 1),
            row("proxy small", 2, "/small", 0),
            row("proxy medium", 2, "/medium", 1),
            row("clean small", 2, "/clean/small", 0),
            row("clean medium", 2, "/clean/medium", 1),
        ];
        for round in 0..=ROUNDS {
            for row in &mut rows {
                let peer = &peers[row.peer];
                let before = peer.cpu();
                let answers = ask(peer.address, row.path).await;
                let spent = peer.cpu() - before;
                // The first one is to warm up.
                if round > 0 {
                    row.figures.rounds.push(spent.as_secs_f64() * 1e6 / answers as f64);
                }
            }
        }
        table::print("us of CPU a request", "relay", &rows.each_ref().map(|row| &row.figures));
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The backend; where it listens.
async fn origin() -> SocketAddr {
    let replies = Arc::new(pipes::Replies::new([("/small", documents::small()), ("/medium", documents::medium())]));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(pipes::answer(stream, Arc::clone(&replies)));
        }
    });
    address
}

/// Asks on all connections for one round; how many answers came.
async fn ask(address: SocketAddr, path: &'static str) -> usize {
    let until = Instant::now() + ROUND;
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(async move {
            let mut client = pipes::Client::new(connect(address).await, path);
            let mut answers = 0;
            while Instant::now() < until {
                client.ask().await;
                let whole = client.answer().await;
                assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n"), "{path}: {whole:?}");
                answers += 1;
            }
            answers
        });
    }
    clients.join_all().await.into_iter().sum()
}
