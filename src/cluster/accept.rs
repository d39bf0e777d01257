//! Listeners: connections are accepted in batches, as many as there is room for, by the master or, shared, by a worker.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, acceptfrom_with};
use tokio::io::unix::AsyncFd;

use super::listen::{Address, Bound};
use super::watch::watch;

/// Connections accepted from one listener before the next one has its turn. Dealt to four workers they fill a packet each.
const TURN: usize = 64;

/// An accepted connection, close-on-exec and non-blocking.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) connection: OwnedFd,
    /// Who connected; an IPv4 client of an IPv6 listener has its IPv4 address, and a client of a socket in the file system is
    /// this machine, 127.0.0.1 without a port.
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

/// A bound socket.
#[derive(Debug)]
struct Listener {
    /// Its number among the master's.
    number: u32,
    socket: Socket,
    /// Where it was wanted, and where it is; a worker that shares it does not know.
    place: Option<(Address, Address)>,
}

/// Whether this process wants to know of connections. One that only keeps the socket for others is not to be woken for each.
#[derive(Debug)]
enum Socket {
    Watched(AsyncFd<OwnedFd>),
    Kept(OwnedFd),
}

impl Socket {
    fn open(socket: OwnedFd, kept: bool) -> std::io::Result<Self> {
        if kept { Ok(Self::Kept(socket)) } else { watch(socket).map(Self::Watched) }
    }

    fn get(&self) -> &OwnedFd {
        match self {
            Self::Watched(socket) => socket.get_ref(),
            Self::Kept(socket) => socket,
        }
    }

    fn into_inner(self) -> OwnedFd {
        match self {
            Self::Watched(socket) => socket.into_inner(),
            Self::Kept(socket) => socket,
        }
    }
}

/// All listeners of a group.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    listeners: Vec<Listener>,
    /// They are kept for others to accept from.
    kept: bool,
    /// The listener that goes first, so that a busy one does not starve the others.
    turn: usize,
}

impl Listeners {
    /// Takes over bound listeners. Needs a tokio runtime with I/O.
    #[cfg(test)]
    pub(crate) fn new(bound: Vec<Bound>) -> std::io::Result<Self> {
        let mut listeners = Self::default();
        bound.into_iter().try_for_each(|bound| listeners.add(bound))?;
        Ok(listeners)
    }

    /// Accepts from them, or keeps them for others to accept from.
    pub(crate) fn keep(&mut self, kept: bool) -> std::io::Result<()> {
        if std::mem::replace(&mut self.kept, kept) != kept {
            for Listener { number, socket, place } in std::mem::take(&mut self.listeners) {
                let socket = Socket::open(socket.into_inner(), kept)?;
                self.listeners.push(Listener { number, socket, place });
            }
        }
        Ok(())
    }

    /// Takes over one more.
    pub(crate) fn add(&mut self, bound: Bound) -> std::io::Result<()> {
        let Bound { socket, wanted, address } = bound;
        let number = (0..).find(|number| self.listeners.iter().all(|listener| listener.number != *number)).unwrap_or_default();
        let socket = Socket::open(socket, self.kept)?;
        self.listeners.push(Listener { number, socket, place: Some((wanted, address)) });
        Ok(())
    }

    /// Takes over one more of which only its number among the master's is known.
    pub(crate) fn add_socket(&mut self, number: u32, socket: OwnedFd) -> std::io::Result<()> {
        let socket = Socket::open(socket, self.kept)?;
        self.listeners.push(Listener { number, socket, place: None });
        Ok(())
    }

    /// Gives back those that are not among the wanted ones.
    pub(crate) fn let_go(&mut self, wanted: &[Address]) -> Vec<Bound> {
        let unwanted = |listener: &mut Listener| listener.place.as_ref().is_some_and(|(place, _)| !wanted.contains(place));
        self.listeners.extract_if(.., unwanted).filter_map(Listener::into_bound).collect()
    }

    /// What those were bound for to which nobody can connect any more.
    pub(crate) fn astray(&self) -> impl Iterator<Item = &Address> {
        self.bound().filter(|(_, address, _)| address.is_astray()).map(|(wanted, _, _)| wanted)
    }

    /// Takes a socket over in the place, and under the number, of the one that was bound for the same.
    pub(crate) fn replace(&mut self, bound: Bound) -> std::io::Result<()> {
        let Bound { socket, wanted, address } = bound;
        let same = |listener: &&mut Listener| listener.place.as_ref().is_some_and(|(place, _)| *place == wanted);
        if let Some(listener) = self.listeners.iter_mut().find(same) {
            listener.socket = Socket::open(socket, self.kept)?;
            listener.place = Some((wanted, address));
        }
        Ok(())
    }

    /// The addresses that they were bound for.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Address> {
        self.bound().map(|(wanted, _, _)| wanted)
    }

    /// Where they are.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.bound().map(|(_, address, _)| address)
    }

    /// Their numbers and their sockets.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = (u32, &OwnedFd)> {
        self.listeners.iter().map(|listener| (listener.number, listener.socket.get()))
    }

    /// Where each was wanted, where it is, and its socket.
    pub(crate) fn bound(&self) -> impl Iterator<Item = (&Address, &Address, &OwnedFd)> {
        self.listeners.iter().filter_map(|listener| {
            let (wanted, address) = listener.place.as_ref()?;
            Some((wanted, address, listener.socket.get()))
        })
    }

    /// Waits until at least one connection is there, or trouble, and takes up to `room` of them. Dropping the future loses none.
    pub(crate) async fn accept(&mut self, room: usize) -> Batch {
        poll_fn(|cx| self.poll(cx, room)).await
    }

    /// Takes up to `room` connections that are there, or has the task woken when one is.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<Batch> {
        let mut batch = Batch::default();
        let mut unfinished = false;
        let count = self.listeners.len();
        self.turn = (self.turn + 1) % count.max(1);
        for offset in 0..count {
            let Some(Listener { number, socket: Socket::Watched(socket), .. }) = self.listeners.get((self.turn + offset) % count)
            else {
                continue;
            };
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
        for Listener { number, socket, .. } in &self.listeners {
            for _ in 0..room {
                let full = batch.accepted.len() >= room || batch.trouble.is_some();
                if full || !take(socket.get(), *number, &mut batch) {
                    break;
                }
            }
        }
        batch
    }

    /// Closes them all; for good, or only here because another process has them.
    pub(crate) fn close(&mut self, for_good: bool) {
        for listener in self.listeners.drain(..) {
            if let Some(bound) = listener.into_bound().filter(|_| for_good) {
                bound.close();
            }
        }
    }
}

impl Listener {
    fn into_bound(self) -> Option<Bound> {
        let (wanted, address) = self.place?;
        Some(Bound { socket: self.socket.into_inner(), wanted, address })
    }
}

/// Who has an address.
fn peer(address: SocketAddrAny) -> Option<SocketAddr> {
    if address.address_family() == AddressFamily::UNIX {
        return Some((Ipv4Addr::LOCALHOST, 0).into());
    }
    let peer = SocketAddr::try_from(address).ok()?;
    Some(SocketAddr::new(peer.ip().to_canonical(), peer.port()))
}

/// Accepts one connection into the batch. False when there is none at the moment.
fn take(socket: &OwnedFd, listener: u32, batch: &mut Batch) -> bool {
    match acceptfrom_with(socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok((connection, address)) => {
            // Without an address the client has gone already; dropping the descriptor closes it.
            if let Some(peer) = address.and_then(peer) {
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

    use super::super::listen::{UnixAddress, bind_all, parse};
    use super::*;

    #[tokio::test]
    async fn every_listener_is_served_and_room_is_respected() {
        let bound =
            bind_all(&[Address::Tcp(parse("127.0.0.1:0").unwrap()), Address::Tcp(parse("127.0.0.1:0").unwrap())]).unwrap();
        let addresses: Vec<SocketAddr> = bound.iter().map(|bound| bound.address().to_string().parse().unwrap()).collect();
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
        listeners.close(true);
        assert!(TcpStream::connect(addresses[0]).is_err());
    }

    #[tokio::test]
    async fn an_ipv4_client_of_an_ipv6_listener_keeps_its_address() {
        let Ok(bound) = bind_all(&[Address::Tcp(parse("[::]:0").unwrap())]) else { return };
        let address: SocketAddr = bound[0].address().to_string().parse().unwrap();
        let port = address.port();
        let mut listeners = Listeners::new(bound).unwrap();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let batch = listeners.accept(1).await;
        assert_eq!(batch.accepted[0].peer, client.local_addr().unwrap());
    }
    #[tokio::test]
    async fn a_client_of_a_socket_in_the_file_system_is_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let bound = bind_all(&[Address::Unix(UnixAddress { path: path.clone(), ..UnixAddress::default() })]).unwrap();
        let mut listeners = Listeners::new(bound).unwrap();
        // One without a name, as clients are, and one that has bound a name of its own.
        let _nameless = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let batch = listeners.accept(1).await;
        assert_eq!(batch.accepted[0].peer, "127.0.0.1:0".parse().unwrap());
        let named = rustix::net::socket(AddressFamily::UNIX, rustix::net::SocketType::STREAM, None).unwrap();
        let name = rustix::net::SocketAddrUnix::new(folder.path().join("client")).unwrap();
        rustix::net::bind(&named, &name).unwrap();
        rustix::net::connect(&named, &rustix::net::SocketAddrUnix::new(&path).unwrap()).unwrap();
        assert_eq!(listeners.accept(1).await.accepted[0].peer, "127.0.0.1:0".parse().unwrap());
    }
}
