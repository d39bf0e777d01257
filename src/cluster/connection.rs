//! A connection that a worker was handed: it is taken, or it goes back to the master and to another worker. Or one that the
//! worker accepted itself, under the policy `shared`: that one is its own from the start.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::RecvFlags;
use tokio::sync::watch;
use tracing::debug;

use super::accept::Accepted;
use super::channel::Channel;
use super::flight::Recorder;
use super::ledger::{Ledger, Parted};
use super::message::Handoff;
use super::stream::Stream;

/// What a worker's channel shares with the connections that came through it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) channel: Arc<Channel>,
    pub(crate) ledger: Ledger,
    /// True once no more connections will come.
    pub(crate) leaving: watch::Sender<bool>,
    /// Where it is marked that a connection is read from. Without it, a master gives nothing back that was taken.
    pub(crate) flight: OnceLock<Arc<Recorder>>,
}

/// A connection that nobody has read from yet.
///
/// The master keeps a copy until [`Connection::take`] has told it otherwise, so a worker that dies before that loses
/// nothing. It is told before the first byte is read, never after, and what it cannot be told of is not read while it may
/// have passed the copy on: so no request can reach two workers. That it is read from now is marked in the flight record, so
/// that one that was taken and is not marked can still be saved when the worker dies in between. Dropping the value refuses
/// the connection: the master hands it to another worker.
///
/// A connection that this worker accepted itself has no copy anywhere: dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    socket: Option<OwnedFd>,
    peer: SocketAddr,
    listener: u32,
    /// The master's number of it, until it is told what becomes of it.
    owed: Option<u64>,
    shared: Arc<Shared>,
}

impl Connection {
    /// One that the master has sent.
    pub(crate) fn new(descriptor: OwnedFd, handoff: &Handoff, shared: Arc<Shared>) -> Self {
        let &Handoff { number, peer, listener } = handoff;
        Self { socket: Some(descriptor), peer, listener, owed: Some(number), shared }
    }

    /// One that this worker has accepted itself.
    pub(crate) fn accepted(accepted: Accepted, shared: Arc<Shared>) -> Self {
        let Accepted { connection, peer, listener } = accepted;
        Self { socket: Some(connection), peer, listener, owed: None, shared }
    }

    /// Who connected; an IPv4 client of an IPv6 listener has its IPv4 address, and a client of a socket in the file system is
    /// this machine, 127.0.0.1 without a port.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Which of the master's listeners accepted it, in the order in which they were given, from 0.
    pub fn listener(&self) -> u32 {
        self.listener
    }

    /// Waits for the first byte, makes the connection this worker's own, and only then gives it out to be read, with what
    /// `open` made.
    ///
    /// `open` is called when the connection is this worker's own and before it is marked as read: what it notes in the flight
    /// record stands there before the master counts on it. It is not called when this gives `None`.
    ///
    /// A client that says nothing for `patience` is taken all the same: the server's own time limits are for it. `None`
    /// means that the connection went back to the master, because this worker leaves and the client has said nothing yet,
    /// or because it cannot watch one more connection; or that the master has passed it on already, because this worker
    /// was silent for too long. One that this worker accepted itself cannot go back, so the server gets it and closes it as
    /// it closes idle ones. Dropping the future before it is done refuses the connection.
    pub async fn take<T>(mut self, patience: Duration, open: impl FnOnce() -> T) -> Option<(Stream, T)> {
        let stream = Stream::new(self.socket.take()?);
        let stream = stream.inspect_err(|error| debug!(event = "refuse", reason = %error)).ok()?;
        let mut leaving = self.shared.leaving.subscribe();
        let wanted = tokio::select! {
            biased;
            _ = stream.readable() => true,
            _ = leaving.wait_for(|leaving| *leaving) => has_spoken(&stream),
            () = tokio::time::sleep(patience) => true,
        };
        let Some(number) = self.owed else { return Some((stream, open())) };
        if !wanted {
            return None;
        }
        self.owed = None;
        self.shared.ledger.take(number);
        // Others that are read from in this turn of the loop share the packet.
        tokio::task::yield_now().await;
        match self.shared.ledger.pay(&self.shared.channel).await {
            // Without a master nobody else can have the connection, so it is served here in any case.
            Ok(()) | Err(Parted::Orphaned) => {
                let opened = open();
                if let Some(flight) = self.shared.flight.get() {
                    flight.reads(number);
                }
                Some((stream, opened))
            }
            Err(parted @ Parted::Disowned) => {
                debug!(event = "refuse", reason = %parted);
                None
            }
        }
    }

    /// Says in one packet that all of these are taken, and gets no further, for tests of the master.
    #[cfg(test)]
    pub(crate) async fn take_unread(connections: &mut [Self]) {
        for connection in &mut *connections {
            if let Some(number) = connection.owed.take() {
                connection.shared.ledger.take(number);
            }
        }
        if let Some(connection) = connections.first() {
            connection.shared.ledger.pay(&connection.shared.channel).await.unwrap();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(number) = self.owed {
            self.shared.ledger.refuse(number);
            self.shared.ledger.pay_now(&self.shared.channel);
        }
    }
}

/// Is there something to read, or an end, that the runtime has not noticed yet?
fn has_spoken(stream: &Stream) -> bool {
    let peek = rustix::net::recv(stream, &mut [0_u8], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    !matches!(peek, Err(Errno::AGAIN))
}
