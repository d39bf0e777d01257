//! What a request costs on its way through: the edge, the gateway and a call, all sockets being pipes in memory, beside a bare proxy of
//! hyper's server and hyper's client over the same pipes, in one run. What the kernel takes is in neither.
//!
//!     cargo bench --bench path
//!     cargo bench --bench path -- proxy-small 20000     one row, so many requests: for a profiler
//!
//! Every figure is the median of many rounds, which take turns.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark prints, and may stop")]

mod bare;
#[path = "../shape/documents.rs"]
#[expect(dead_code, reason = "the large document is for the engine alone")]
mod documents;
mod pipes;
mod table;

use std::convert::Infallible;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use forecourt::base::placed;
use forecourt::cluster::{Asked, Entry, Flight, Recorder};
use forecourt::gateway::Gateway;
use forecourt::plan;
use forecourt::server::{Begun, Body, Edge, EdgeSettings, Watch};
use forecourt::spec::Snapshot;
use forecourt::telemetry::AccessLog;
use forecourt::upstream::{Client, Dial};
use http::Request;
use tokio::io::DuplexStream;

use crate::table::Figures;

#[global_allocator]
static ALLOCATOR: forecourt::cli::Allocator = forecourt::cli::Allocator;

/// Connections that ask in turns.
const CONNECTIONS: usize = 64;
const ROUNDS: usize = 21;
/// How long one round of one row takes, about.
const ROUND: Duration = Duration::from_millis(60);

const CONFIGURATION: &str = r#"
version: 1
upstreams: { origin: { url: "demo:" } }
routes:
  - { route: "GET /proxy/{size}", proxy: "origin:/{path.size}" }
  - route: GET /clean/{size}
    call: GET origin:/{path.size}
    shape: [{ unwrap: data }, { nulls: drop }, { flatten: { join: ".", arrays: each } }]
  - route: GET /cached/{size}
    call: GET origin:/{path.size}
    shape: [{ unwrap: data }, { nulls: drop }, { flatten: { join: ".", arrays: each } }]
    cache: { ttl: 1h }
  - route: GET /page/{size}
    call: GET origin:/{path.size}
    shape: [{ unwrap: data }]
    page: { template: page.html, when: always }
"#;

const TEMPLATE: &str = include_str!("../page/page.html");

/// Dials the backend of this benchmark where routes.yaml says `demo:`.
struct Backend(Arc<pipes::Replies>);

impl Dial for Backend {
    fn dial(&self) -> DuplexStream {
        pipes::dial(&self.0)
    }
}

/// The flight record, kept as a worker keeps it.
#[derive(Debug)]
struct Noted(Recorder);

impl Watch for Noted {
    fn opened(&self, peer: SocketAddr) -> u64 {
        self.0.open(peer).number()
    }

    fn closed(&self, connection: u64) {
        self.0.close(Entry::of_number(connection));
    }

    fn began(&self, connection: u64, begun: &Begun<'_>) -> u64 {
        let Begun { id, method, target, started } = *begun;
        self.0.begin(Entry::of_number(connection), &Asked { id, method, target, started }).number()
    }

    fn ended(&self, request: u64) {
        self.0.end(Entry::of_number(request));
    }

    fn panicked(&self) {}
}

/// One row: on which connections is asked.
struct Row {
    figures: Figures,
    clients: Vec<pipes::Client<DuplexStream>>,
}

fn main() {
    // As on the thread of a worker.
    ALLOCATOR.remember();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    runtime.block_on(async {
        let replies = Arc::new(pipes::Replies::new([("/small", documents::small()), ("/medium", documents::medium())]));
        let flight = Flight::new().unwrap();
        // Valgrind has no vDSO, by which the record reads its clock: what a profiler sees is without it.
        let mut rows = rows(&replies, only.is_empty().then_some(&flight));
        if let [name, times] = only.as_slice() {
            let row = rows.iter_mut().find(|row| row.figures.name == name).unwrap();
            row.ask(times.parse().unwrap()).await;
            return;
        }
        measure(&mut rows).await;
        table::print("us a request", "bare", &rows.iter().map(|row| &row.figures).collect::<Vec<_>>());
    });
}

fn rows(replies: &Arc<pipes::Replies>, flight: Option<&Flight>) -> Vec<Row> {
    let edge = edge(replies, flight);
    let through = |path: &'static str| -> Vec<pipes::Client<DuplexStream>> {
        let connect = |_| {
            let (near, far) = tokio::io::duplex(pipes::PIPE);
            let admitted = edge.admit(SocketAddr::from(([127, 0, 0, 1], 4000)));
            tokio::spawn(edge.serve(far, admitted));
            pipes::Client::new(near, path)
        };
        (0..CONNECTIONS).map(connect).collect()
    };
    let bare = |path: &'static str| -> Vec<pipes::Client<DuplexStream>> {
        let connect = |_| {
            let (near, far) = tokio::io::duplex(pipes::PIPE);
            tokio::spawn(bare::serve(far, pipes::dial(replies)));
            pipes::Client::new(near, path)
        };
        (0..CONNECTIONS).map(connect).collect()
    };
    let row = |name, beside, clients| Row { figures: Figures::new(name, beside), clients };
    vec![
        row("bare-small", 0, bare("/small")),
        row("bare-medium", 1, bare("/medium")),
        row("proxy-small", 0, through("/proxy/small")),
        row("proxy-medium", 1, through("/proxy/medium")),
        row("clean-small", 0, through("/clean/small")),
        row("clean-medium", 1, through("/clean/medium")),
        row("cached-small", 0, through("/cached/small")),
        row("cached-medium", 1, through("/cached/medium")),
        row("page-small", 0, through("/page/small")),
        row("page-medium", 1, through("/page/medium")),
    ]
}

/// An edge and a gateway as a worker has them, with its flight record and a log that nobody reads.
fn edge(replies: &Arc<pipes::Replies>, flight: Option<&Flight>) -> Edge<impl Service> {
    let folder = std::env::temp_dir().join(format!("forecourt-path-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("templates")).unwrap();
    std::fs::write(folder.join("templates/page.html"), TEMPLATE).unwrap();
    let file = folder.join("routes.yaml");
    std::fs::write(&file, CONFIGURATION).unwrap();
    let plan = plan::compile(&Snapshot::read_with(&file, |_| None::<OsString>).unwrap()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let gateway = Arc::new(Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(Backend(Arc::clone(replies)))))));
    let watch = flight.map(|flight| {
        let recorder = Recorder::new(flight.as_fd().try_clone_to_owned().unwrap()).unwrap();
        Arc::new(Noted(recorder)) as Arc<dyn Watch>
    });
    let settings = EdgeSettings {
        access: Some(AccessLog::start(1, std::io::sink()).unwrap()),
        watch,
        limits: forecourt::server::Limits { requests: u64::MAX, ..Default::default() },
        ..EdgeSettings::default()
    };
    let service = tower::service_fn(move |request: Request<Body>| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(placed(|| gateway.answer(request)).await) }
    });
    Edge::new(service, settings)
}

/// The service of an edge, for want of a name for what `service_fn` gives.
trait Service:
    tower::Service<Request<Body>, Response = http::Response<forecourt::gateway::Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Service for S where
    S: tower::Service<Request<Body>, Response = http::Response<forecourt::gateway::Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

impl Row {
    /// Asks so many times, on all connections in turns.
    async fn ask(&mut self, times: usize) {
        for _ in 0..times.div_ceil(CONNECTIONS) {
            for client in &mut self.clients {
                client.ask().await;
            }
            for client in &mut self.clients {
                let whole: Bytes = client.answer().await;
                assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}: {whole:?}", self.figures.name);
            }
        }
    }
}

async fn measure(rows: &mut [Row]) {
    let mut times = Vec::new();
    for row in rows.iter_mut() {
        row.ask(2 * CONNECTIONS).await;
        let started = Instant::now();
        row.ask(10 * CONNECTIONS).await;
        times.push((ROUND.as_secs_f64() / started.elapsed().as_secs_f64() * 10.0).ceil() as usize * CONNECTIONS);
    }
    for _ in 0..ROUNDS {
        for (row, times) in rows.iter_mut().zip(&times) {
            let started = Instant::now();
            row.ask(*times).await;
            row.figures.rounds.push(started.elapsed().as_secs_f64() * 1e6 / *times as f64);
        }
    }
}
