//! A connection that a worker was handed: it is taken, or it goes back to the master and to another worker.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::RecvFlags;
use tokio::sync::watch;
use tracing::debug;

use super::channel::Channel;
use super::ledger::Ledger;
use super::message::Handoff;
use super::stream::Stream;

/// What a worker's channel shares with the connections that came through it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) channel: Arc<Channel>,
    pub(crate) ledger: Ledger,
    /// True once no more connections will come.
    pub(crate) leaving: watch::Sender<bool>,
}

/// A connection that nobody has read from yet.
///
/// The master keeps a copy until [`Connection::take`] has told it otherwise, so a worker that dies before that loses
/// nothing. It is told before the first byte is read, never after: so no request can reach two workers, and what a worker
/// loses that dies in between is the turn of its loop that it was in. Dropping the value refuses the connection: the master hands it to another worker.
#[derive(Debug)]
pub struct Connection {
    socket: Option<OwnedFd>,
    handoff: Handoff,
    shared: Arc<Shared>,
    settled: bool,
}

impl Connection {
    pub(crate) fn new(descriptor: OwnedFd, handoff: Handoff, shared: Arc<Shared>) -> Self {
        Self { socket: Some(descriptor), handoff, shared, settled: false }
    }

    /// Who connected; an IPv4 client of an IPv6 listener has its IPv4 address, and a client of a socket in the file system is
    /// this machine, 127.0.0.1 without a port.
    pub fn peer(&self) -> SocketAddr {
        self.handoff.peer
    }

    /// Which of the master's listeners accepted it, in the order in which they were given, from 0.
    pub fn listener(&self) -> u32 {
        self.handoff.listener
    }

    /// Waits for the first byte, makes the connection this worker's own, and only then gives it out to be read.
    ///
    /// A client that says nothing for `patience` is taken all the same: the server's own time limits are for it. `None`
    /// means that the connection went back to the master, because this worker leaves and the client has said nothing yet,
    /// or because it cannot watch one more connection. Dropping the future before it is done refuses the connection.
    pub async fn take(mut self, patience: Duration) -> Option<Stream> {
        let stream = Stream::new(self.socket.take()?);
        let stream = stream.inspect_err(|error| debug!(event = "refuse", reason = %error)).ok()?;
        let mut leaving = self.shared.leaving.subscribe();
        let wanted = tokio::select! {
            biased;
            _ = stream.readable() => true,
            _ = leaving.wait_for(|leaving| *leaving) => has_spoken(&stream),
            () = tokio::time::sleep(patience) => true,
        };
        if !wanted {
            return None;
        }
        self.settled = true;
        self.shared.ledger.take(self.handoff.number);
        // Others that are read from in this turn of the loop share the packet.
        tokio::task::yield_now().await;
        // Without a master nobody else can have the connection, so it is served here in any case.
        self.shared.ledger.pay(&self.shared.channel).await;
        Some(stream)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.settled {
            self.shared.ledger.refuse(self.handoff.number);
            self.shared.ledger.pay_now(&self.shared.channel);
        }
    }
}

/// Is there something to read, or an end, that the runtime has not noticed yet?
fn has_spoken(stream: &Stream) -> bool {
    let peek = rustix::net::recv(stream, &mut [0_u8], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    !matches!(peek, Err(Errno::AGAIN))
}
