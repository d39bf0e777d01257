//! A WebSocket after its handshake: bytes both ways, until both sides have ended, or time has.
//!
//! Nothing here speaks HTTP any more, and nothing looks into what is said. The frames are followed for one thing alone: that a
//! goodbye can be put between two of them.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::core::{Core, Phase};
use super::departures::Way;
use super::drain::Drain;
use super::flow::Flow;
use super::frames::{AWAY, RESTART};
use super::record::{DRAIN, Record};
use super::settings::Timeouts;
use super::timer::Timer;
use super::wire::Wire;
use crate::base::moment;
use crate::gateway::edge::Tunnel;

/// How long a client may take to answer a goodbye, and the system to take the last bytes.
const GOODBYE: Duration = Duration::from_secs(2);

/// Where a 101 leaves what the connection goes on with.
pub(super) type Slot = Arc<Mutex<Option<Switch>>>;

/// A connection that is about to become a WebSocket.
#[derive(Debug)]
pub(super) struct Switch {
    pub(super) tunnel: Tunnel,
    pub(super) record: Box<Record>,
}

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Both sides were done.
    Finished,
    /// The client was told to go, for this reason.
    Told(&'static str),
    /// The client's side broke.
    Left,
    /// We cut it, for this reason.
    Cut(&'static str),
}

/// What time demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// A goodbye, for this reason.
    Tell([u8; 4], &'static str),
    End(End),
}

/// Runs a tunnel to its end. `early` are bytes of the client that came behind its handshake.
pub(super) async fn run<T>(wire: &mut Wire<T>, early: &[u8], switch: Switch, core: &Core, phase: &mut watch::Receiver<Phase>)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let Switch { tunnel, mut record } = switch;
    let traffic = Arc::clone(&record.traffic);
    traffic.set_tunnel();
    let turn = core.lasts();
    let mut pair = Pair::new(wire, tunnel, early, core.settings.timeouts);
    let mut timer = pin!(Timer::new());
    let end = loop {
        let now = *phase.borrow_and_update();
        if now != Phase::Serving {
            traffic.begin_drain();
        }
        if now == Phase::Cut {
            break End::Cut(DRAIN);
        }
        let moved = poll_fn(|cx| {
            let ended = pair.poll(cx);
            record.answer.bytes = pair.down.bytes;
            if let Poll::Ready(end) = ended {
                return Poll::Ready(Due::End(end));
            }
            pair.look_down();
            timer.as_mut().poll(cx, || pair.due(traffic.untaken_since(), now.drain(), turn))
        });
        let due = tokio::select! {
            biased;
            due = moved => due,
            Ok(()) = phase.changed() => continue,
        };
        match due {
            Due::End(end) => break end,
            Due::Tell(word, reason) => pair.tell(word, reason),
        }
    };
    match end {
        End::Finished => record.answer.complete = true,
        End::Told(reason) => {
            record.answer.complete = true;
            record.answer.trace.code = Some(reason.into());
            if reason == DRAIN {
                traffic.lose(Way::Told);
            }
        }
        End::Left => {}
        End::Cut(reason) => {
            tracing::debug!(reason, "a WebSocket is cut");
            traffic.set_cut(reason);
        }
    }
    if matches!(end, End::Finished | End::Told(_)) {
        // Whoever does not take it by then has no use for it.
        let _ = timeout(GOODBYE, pair.client.shutdown()).await;
    }
}

/// The two sides, and what flows between them.
struct Pair<C, U> {
    client: C,
    upstream: U,
    /// From the upstream to the client.
    down: Flow,
    /// From the client to the upstream.
    up: Flow,
    timeouts: Timeouts,
    /// When a byte last moved.
    active: Instant,
    /// Since when the client is to be told to go, or has been, and why.
    told: Option<(Instant, &'static str)>,
    /// The goodbye has left.
    said: bool,
}

impl<T, U> Pair<&mut Wire<T>, U> {
    /// All may have been said, and still be on its way: while the client takes of what the system holds, nobody is silent.
    fn look_down(&mut self) {
        let now = moment::now();
        if now >= self.active + self.timeouts.write && self.client.takes() {
            self.active = now;
        }
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin, U: AsyncRead + AsyncWrite + Unpin> Pair<C, U> {
    fn new(client: C, upstream: U, early: &[u8], timeouts: Timeouts) -> Self {
        let (down, up) = (Flow::default(), Flow::beginning_with(early));
        Self { client, upstream, down, up, timeouts, active: Instant::now(), told: None, said: false }
    }

    fn tell(&mut self, word: [u8; 4], reason: &'static str) {
        self.told = Some((Instant::now(), reason));
        self.down.say_last(word);
    }

    /// Moves what can be moved.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let before = (self.down.bytes, self.up.bytes);
        let down = self.down.poll(cx, &mut self.upstream, &mut self.client);
        let up = self.up.poll(cx, &mut self.client, &mut self.upstream);
        if (self.down.bytes, self.up.bytes) != before {
            self.active = Instant::now();
        }
        if let Some((since, _)) = self.told.as_mut().filter(|_| !self.said && self.down.has_said_last()) {
            (*since, self.said) = (Instant::now(), true);
        }
        for (result, reads_client) in [(down, false), (up, true)] {
            if let Err(broken) = result {
                // A client that has been told, and an upstream behind a client that has, owe us no good manners.
                if self.said {
                    return Poll::Ready(self.goodbye());
                }
                return Poll::Ready(if broken.on_read == reads_client { End::Left } else { upstream_broke(&broken.error) });
            }
        }
        if self.down.has_ended() && self.up.has_ended() {
            return Poll::Ready(End::Finished);
        }
        let answered = self.up.frames.is_closed() && self.up.is_empty() || self.up.has_ended();
        if self.said && answered { Poll::Ready(self.goodbye()) } else { Poll::Pending }
    }

    fn goodbye(&self) -> End {
        self.told.map_or(End::Finished, |(_, reason)| End::Told(reason))
    }

    /// What time demands, or when it may. The client has taken nothing since `untaken`.
    fn due(&self, untaken: Option<Instant>, drain: Option<Drain>, turn: u32) -> Result<Due, Instant> {
        let now = moment::now();
        let Timeouts { write, tunnel_idle, .. } = self.timeouts;
        let mut next = now + Duration::from_secs(3600);
        let mut passed = |at: Instant| {
            next = next.min(at);
            at <= now
        };
        if untaken.is_some_and(|since| passed(since + write)) {
            return Ok(Due::End(End::Cut("write_timeout")));
        }
        if self.up.blocked.is_some_and(|since| passed(since + write)) {
            return Ok(Due::End(End::Cut("upstream_write_timeout")));
        }
        if drain.and_then(|drain| drain.end()).is_some_and(&mut passed) {
            return Ok(Due::End(if self.said { self.goodbye() } else { End::Cut(DRAIN) }));
        }
        match self.told {
            Some((since, reason)) if self.said || reason == IDLE => {
                if passed(since + GOODBYE) {
                    return Ok(Due::End(if self.said { self.goodbye() } else { End::Cut(reason) }));
                }
            }
            Some(_) => {}
            None => {
                // While something waits for the client, nobody is silent.
                let is_silent = untaken.is_none();
                // Half of it has ended: the other half has the time of a write.
                let half = self.down.has_ended() || self.up.has_ended();
                if half && is_silent && passed(self.active + write) {
                    return Ok(Due::End(End::Finished));
                }
                if is_silent && passed(self.active + tunnel_idle) {
                    return Ok(Due::Tell(AWAY, IDLE));
                }
                if drain.and_then(|drain| drain.leave(turn)).is_some_and(passed) {
                    return Ok(Due::Tell(RESTART, DRAIN));
                }
            }
        }
        Err(next)
    }
}

/// The code of a tunnel in which nobody said anything for too long.
const IDLE: &str = "idle_timeout";

fn upstream_broke(error: &io::Error) -> End {
    tracing::debug!(%error, "the upstream of a WebSocket broke off");
    End::Cut("upstream_reset")
}
