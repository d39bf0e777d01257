//! A worker: told by its master what to serve, handed connections to serve it on.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use http::Request;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::drill::Drill;
use super::exit::Exit;
use super::flight::Watching;
use super::peers::Others;
use super::{hearsay, load, log, memory, runtime};
use crate::base::placed;
use crate::cache::Purge;
use crate::cluster::topic::{HEALTH, PURGE, READY};
use crate::cluster::{Event, Load, Recorder, Stream, WorkerChannel, WorkerError};
use crate::demo::InMemory;
use crate::gateway::Gateway;
use crate::gateway::edge::Refusal;
use crate::plan::Plan;
use crate::server::{Body, Departures, Edge, EdgeSettings, Limits, Timeouts};
use crate::spec::Snapshot;
use crate::telemetry::{AccessLog, Standard};
use crate::upstream::{Client, Upstream};

/// How long a client may say nothing before its connection is served all the same. The edge then waits for ten seconds more,
/// so that a silent connection lasts a minute, as an idle one does.
const PATIENCE: Duration = Duration::from_secs(50);

/// How long the log may take to be written when everything else is over.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How much of a drain is kept for cutting what is left and saying so, and how long the cutting itself may take.
const FAREWELL: Duration = Duration::from_millis(500);
const CUTTING: Duration = Duration::from_millis(200);

/// Serves until the master says otherwise.
pub(super) fn run(threads: usize) -> Result<()> {
    runtime::threads(threads)?.block_on(async {
        let mut channel = WorkerChannel::from_env().map_err(|error| Exit::Usage.because(error))?;
        let worker = channel.worker();
        log::start(Some(worker))?;
        let drill = Drill::from_env()?;
        let assignment = match channel.generation().await {
            Ok(assignment) => assignment,
            // It was told to stop before it began: no reason to complain.
            Err(WorkerError::Dismissed) => return Ok(()),
            Err(error) => return Err(Exit::System.because(error)),
        };
        let snapshot: Snapshot = serde_json::from_slice(&assignment.generation).context("the generation cannot be read")?;
        let flight = assignment.flight;
        drop(assignment.generation);
        let plan = load::compile_read(&snapshot)?;
        drop(snapshot);
        let group = channel.group();
        let plan = plan.group(group).with_context(|| format!("the generation has no group `{group}`"))?;
        channel.outlives_its_master(plan.cluster().drain);
        channel.online().await?;
        if let Some(drill) = &drill {
            drill.start(&mut channel).await?;
        }
        let access = AccessLog::start(worker, Standard::Out).context("the access log has no thread")?;
        serve(channel, plan, access.clone(), flight, drill).await?;
        access.flush(LAST_LINES);
        Ok(())
    })
}

async fn serve(
    mut channel: WorkerChannel,
    plan: Plan,
    access: AccessLog,
    flight: Arc<Recorder>,
    drill: Option<Drill>,
) -> Result<()> {
    let watching = Arc::new(Watching::new(flight));
    let (limits, streams, drain) = (*plan.limits(), plan.cluster().stream_drain, plan.cluster().drain);
    let settings = EdgeSettings {
        limits: Limits { uri: limits.uri, head: limits.head, headers: limits.headers, ..Limits::default() },
        timeouts: Timeouts::default(),
        access: Some(access),
        watch: Some(Arc::clone(&watching) as _),
    };
    let client = Client::new(Some(Arc::new(InMemory)));
    let upstreams: Vec<Upstream> = plan.backends().iter().map(|backend| backend.upstream().clone()).collect();
    let hearsay = hearsay::among(channel.peers());
    upstreams.iter().for_each(|upstream| client.watch(upstream, Some(&hearsay)));
    let injections = drill.as_ref().map(Drill::injections).unwrap_or_default();
    let gateway = Gateway::new(Arc::new(plan), client).with_injections(injections);
    let gateway = Arc::new(gateway.among(Arc::new(Others::new(channel.peers()))));
    let keeper = Arc::clone(&gateway);
    let requests = Arc::new(AtomicU64::new(0));
    let answered = Arc::clone(&requests);
    let drill = drill.map(Arc::new);
    let service = tower::service_fn(move |request: Request<Body>| {
        requests.fetch_add(1, Ordering::Relaxed);
        let (gateway, drill) = (Arc::clone(&gateway), drill.clone());
        async move {
            // What was refused is asked for its page alone.
            if let Some(drill) = drill.filter(|_| request.extensions().get::<Refusal>().is_none()) {
                Box::pin(drill.request(request.uri().path())).await;
            }
            Ok::<_, Infallible>(placed(|| gateway.answer(request)).await)
        }
    });
    let edge = Edge::new(service, settings);
    let (counted, watched) = (edge.clone(), Arc::clone(&watching));
    let load = move || {
        let requests = answered.load(Ordering::Relaxed);
        Load { connections: counted.connections() as u64, requests, panics: watched.panics() }
    };
    channel.listening(load).await?;
    let _end_with_this = (memory::watch(&keeper, &edge), memory::give_back());
    // Every connection holds a sender, from the moment it arrives: one that is being taken is not open yet, and must not be
    // forgotten for that.
    let (holding, mut held) = mpsc::channel::<Infallible>(1);
    let (why, deadline) = loop {
        match channel.next().await {
            Event::Connection(connection) => {
                let (edge, holding) = (edge.clone(), holding.clone());
                tokio::spawn(async move {
                    let peer = connection.peer();
                    match connection.take(PATIENCE, || edge.admit(peer)).await {
                        Some((Stream::Tcp(stream), admitted)) => edge.serve_tcp(stream, admitted).await,
                        Some((Stream::Unix(stream), admitted)) => edge.serve_unix(stream, admitted).await,
                        None => {}
                    }
                    drop(holding);
                });
            }
            Event::Disconnect { deadline } => break ("it was told to", deadline),
            Event::Deliver { topic, value } => match topic.as_str() {
                READY => edge.set_ready(value != "no"),
                PURGE => purge(&keeper, &value),
                HEALTH => hearsay::hear(&hearsay, &value, upstreams.iter()),
                _ => tracing::debug!(event = "deliver", topic, "nobody here listens to this topic"),
            },
            Event::Workers { count } => upstreams.iter().for_each(|upstream| upstream.shared_by(count)),
            Event::Bring { name } => keeper.bring(&name),
            Event::Take { name, bytes } => keeper.take(&name, bytes),
            Event::Reopen { out, err } => {
                let reopened = rustix::stdio::dup2_stdout(&out).and_then(|()| rustix::stdio::dup2_stderr(&err));
                if let Err(error) = reopened {
                    tracing::warn!(event = "reopen", reason = %error, "the old log files stay");
                }
            }
            // Nobody is there to set a deadline, so it is the usual one.
            Event::Closed => break ("its master is gone", Instant::now() + drain),
        }
    };
    drop(holding);
    let patience = deadline.checked_sub(FAREWELL).unwrap_or(deadline);
    let everybody_left = async {
        let drained = edge.drain_within(streams.min(patience.saturating_duration_since(Instant::now())));
        held.recv().await;
        drained.await;
    };
    if timeout_at(patience, everybody_left).await.is_err() {
        let open = edge.connections();
        tracing::warn!(event = "cut", connections = open, "the drain is over, what is open is cut");
        watching.say_cut();
        edge.cut();
        // So that each request leaves its line.
        let _all_cut = timeout(CUTTING, held.recv()).await;
    }
    let departures = edge.departures();
    report(&departures);
    channel.exit(why, departures.cut()).await;
    Ok(())
}

/// Drops what each line names. A worker that is told of an old purge at its start has nothing to drop yet.
fn purge(gateway: &Gateway, lines: &str) {
    for line in lines.lines() {
        match line.parse::<Purge>() {
            Ok(purge) => {
                gateway.purge(&purge);
                tracing::debug!(event = "purge", what = %purge);
            }
            Err(error) => tracing::warn!(event = "purge", reason = %error, "nothing was dropped"),
        }
    }
}

/// What became of every connection that the drain found.
fn report(departures: &Departures) {
    let Departures { idle, in_flight, streaming, websocket } = departures;
    tracing::info!(
        event = "drained",
        idle = idle.finished,
        in_flight_finished = in_flight.finished,
        in_flight_cut = idle.cut + in_flight.cut,
        streaming_finished = streaming.finished,
        streaming_told = streaming.told,
        streaming_cut = streaming.cut,
        websocket_finished = websocket.finished,
        websocket_told = websocket.told,
        websocket_cut = websocket.cut,
        "every connection has ended"
    );
}
