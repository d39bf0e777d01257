//! Listeners: connections are accepted in batches, as many as there is room for, by the master or, shared, by a worker.

use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use tokio::io::unix::AsyncFd;

use super::watch::watch;

/// Connections accepted from one listener before the next one has its turn. Dealt to four workers they fill a packet each.
const TURN: usize = 64;

/// An accepted connection, close-on-exec and non-blocking.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) connection: OwnedFd,
    /// Who connected; an IPv4 client of an IPv6 listener has its IPv4 address.
    pub(crate) peer: SocketAddr,
    /// Which listener, from 0.
    pub(crate) listener: u32,
}

/// What one round of accepting brought.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) accepted: Vec<Accepted>,
    /// This process or the system is out of descriptors or memory: accepting again at once would fail again.
    pub(crate) trouble: Option<std::io::Error>,
}

/// All listeners of a group.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// Each with its number among the master's.
    sockets: Vec<(u32, AsyncFd<OwnedFd>)>,
    /// The listener that goes first, so that a busy one does not starve the others.
    turn: usize,
}

impl Listeners {
    /// Takes over bound listeners. Needs a tokio runtime with I/O.
    pub(crate) fn new(listeners: Vec<TcpListener>) -> std::io::Result<Self> {
        let mut all = Self::default();
        for (listener, number) in listeners.into_iter().zip(0..) {
            all.add(number, listener.into())?;
        }
        Ok(all)
    }

    /// Takes over one more, under a number of the caller's.
    pub(crate) fn add(&mut self, number: u32, listener: OwnedFd) -> std::io::Result<()> {
        self.sockets.push((number, watch(listener)?));
        Ok(())
    }

    /// Waits until at least one connection is there, or trouble, and takes up to `room` of them. Dropping the future loses none.
    pub(crate) async fn accept(&mut self, room: usize) -> Batch {
        poll_fn(|cx| self.poll(cx, room)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<Batch> {
        let mut batch = Batch::default();
        let mut unfinished = false;
        let count = self.sockets.len();
        self.turn = (self.turn + 1) % count.max(1);
        for offset in 0..count {
            let Some((number, socket)) = self.sockets.get((self.turn + offset) % count) else { continue };
            for attempt in 1..=TURN {
                if batch.accepted.len() >= room || batch.trouble.is_some() {
                    break;
                }
                match socket.poll_read_ready(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Err(error)) => batch.trouble = Some(error),
                    Poll::Ready(Ok(mut ready)) => {
                        if !take(socket.get_ref(), *number, &mut batch) {
                            ready.clear_ready();
                        }
                    }
                }
                unfinished |= attempt == TURN;
            }
        }
        if !batch.accepted.is_empty() || batch.trouble.is_some() {
            return Poll::Ready(batch);
        }
        if unfinished {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Takes what is there already, up to `room`, without waiting: the last round before the listeners close.
    pub(crate) fn sweep(&mut self, room: usize) -> Batch {
        let mut batch = Batch::default();
        for (number, socket) in &self.sockets {
            for _ in 0..room {
                let full = batch.accepted.len() >= room || batch.trouble.is_some();
                if full || !take(socket.get_ref(), *number, &mut batch) {
                    break;
                }
            }
        }
        batch
    }

    /// Closes them all.
    pub(crate) fn close(&mut self) {
        self.sockets.clear();
    }
}

/// Accepts one connection into the batch. False when there is none at the moment.
fn take(socket: &OwnedFd, listener: u32, batch: &mut Batch) -> bool {
    match acceptfrom_with(socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok((connection, address)) => {
            // Without an address the client has gone already; dropping the descriptor closes it.
            if let Some(peer) = address.and_then(|address| SocketAddr::try_from(address).ok()) {
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                batch.accepted.push(Accepted { connection, peer, listener });
            }
            true
        }
        Err(Errno::AGAIN) => false,
        // The client gave up, or the network had a hiccup that accept(2) reports: the next one may be well.
        Err(
            Errno::INTR
            | Errno::CONNABORTED
            | Errno::PERM
            | Errno::PROTO
            | Errno::NOPROTOOPT
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NONET
            | Errno::OPNOTSUPP
            | Errno::TIMEDOUT,
        ) => true,
        Err(errno) => {
            batch.trouble = Some(errno.into());
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::super::listen::{bind, parse};
    use super::*;

    #[tokio::test]
    async fn every_listener_is_served_and_room_is_respected() {
        let bound: Vec<_> = (0..2).map(|_| bind(&parse("127.0.0.1:0").unwrap()).unwrap()).collect();
        let addresses: Vec<_> = bound.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let mut listeners = Listeners::new(bound).unwrap();
        let clients: Vec<_> = (0..80).map(|n| TcpStream::connect(addresses[n % 2]).unwrap()).collect();
        let mut peers = vec![];
        while peers.len() < 60 {
            let batch = listeners.accept(7).await;
            assert!(batch.trouble.is_none() && batch.accepted.len() <= 7);
            peers.extend(batch.accepted.iter().map(|accepted| (accepted.listener, accepted.peer)));
        }
        peers.extend(listeners.sweep(100).accepted.iter().map(|accepted| (accepted.listener, accepted.peer)));
        let mut expected: Vec<_> =
            clients.iter().enumerate().map(|(n, client)| (n as u32 % 2, client.local_addr().unwrap())).collect();
        peers.sort();
        expected.sort();
        assert_eq!(peers, expected);
        listeners.close();
        assert!(TcpStream::connect(addresses[0]).is_err());
    }

    #[tokio::test]
    async fn an_ipv4_client_of_an_ipv6_listener_keeps_its_address() {
        let Ok(listener) = bind(&parse("[::]:0").unwrap()) else { return };
        let port = listener.local_addr().unwrap().port();
        let mut listeners = Listeners::new(vec![listener]).unwrap();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let batch = listeners.accept(1).await;
        assert_eq!(batch.accepted[0].peer, client.local_addr().unwrap());
    }
}
