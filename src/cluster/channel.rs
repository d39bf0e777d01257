//! One end of the channel between master and worker: packets with descriptors over a `SOCK_SEQPACKET` socketpair.
//!
//! Descriptors are owned from the moment they arrive, close-on-exec, and are closed whenever a packet is refused.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, Shutdown, SocketFlags, SocketType, recvmsg, sendmsg, shutdown, socketpair,
};
use tokio::io::unix::AsyncFd;

use super::message::{LONGEST_PACKET, MOST_DESCRIPTORS, Malformed, Message, Side};
use super::watch::watch;

/// The sending half, and the socket itself.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: AsyncFd<OwnedFd>,
    born: Instant,
    /// When something was last sent, in milliseconds since then.
    spoke: AtomicU64,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The other end has not read what it was sent before.
    #[error("the channel is full")]
    Full,
    /// The other end is closed.
    #[error("the channel is closed")]
    Closed,
    /// The message breaks the rules of [`Message`].
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Anything else.
    #[error("the channel is broken: {0}")]
    Broken(std::io::Error),
}

impl Channel {
    /// A new channel: this end, ready for use, and the other end for a worker.
    pub(crate) fn pair() -> std::io::Result<(Self, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Self::new(ours)?, theirs))
    }

    /// Takes an end that exists. Needs a tokio runtime with I/O.
    pub(crate) fn new(socket: OwnedFd) -> std::io::Result<Self> {
        Ok(Self { socket: watch(socket)?, born: Instant::now(), spoke: AtomicU64::new(0) })
    }

    /// For the master: hears no more from a worker that still lives. What that has sent is received to the end, and then
    /// [`Packet::Closed`]; what it tries to send from now on fails, whenever it tries. It can still be sent things.
    ///
    /// The kernel does both in one step, so every message was either sent before, and is heard, or can never be.
    pub(crate) fn disown(&self) -> std::io::Result<()> {
        Ok(shutdown(self.socket.get_ref(), Shutdown::Read)?)
    }

    /// Has the other end been closed, in both directions? What it sent before may not have been received yet.
    pub(crate) fn is_deserted(&self) -> bool {
        let mut socket = [PollFd::new(self.socket.get_ref(), PollFlags::empty())];
        let found = poll(&mut socket, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        found.is_ok() && socket.iter().any(|socket| socket.revents().contains(PollFlags::HUP))
    }

    /// For how long nothing has been sent from this end.
    pub(crate) fn silence(&self) -> Duration {
        self.born.elapsed().saturating_sub(Duration::from_millis(self.spoke.load(Ordering::Relaxed)))
    }

    fn post(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), SendError> {
        send(self.socket.get_ref().as_fd(), bytes, descriptors)?;
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.spoke.fetch_max(now, Ordering::Relaxed);
        Ok(())
    }

    /// Sends now, or not at all.
    pub(crate) fn try_send(&self, message: &Message, descriptors: &[BorrowedFd<'_>]) -> Result<(), SendError> {
        let bytes = message.encode()?;
        self.post(&bytes, descriptors)
    }

    /// Sends as soon as there is room. Dropping the future sends nothing.
    pub(crate) async fn send(&self, message: &Message, descriptors: &[BorrowedFd<'_>]) -> Result<(), SendError> {
        let bytes = message.encode()?;
        loop {
            let mut ready = self.socket.writable().await.map_err(SendError::Broken)?;
            match self.post(&bytes, descriptors) {
                Err(SendError::Full) => ready.clear_ready(),
                done => return done,
            }
        }
    }
}

fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), SendError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Malformed::Descriptors { expected: MOST_DESCRIPTORS, found: descriptors.len() }.into());
    }
    loop {
        return match sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL) {
            Ok(_) => Ok(()),
            Err(Errno::INTR) => continue,
            // Too many descriptors of this user are under way: they land as soon as workers read, as with a full buffer.
            Err(Errno::AGAIN | Errno::NOBUFS | Errno::TOOMANYREFS) => Err(SendError::Full),
            Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => Err(SendError::Closed),
            Err(errno) => Err(SendError::Broken(errno.into())),
        };
    }
}

/// The receiving half. Exactly one exists for a channel.
#[derive(Debug)]
pub(crate) struct Receiver {
    channel: Arc<Channel>,
    side: Side,
    buffer: Box<[u8]>,
    reset: bool,
}

/// What arrived.
#[derive(Debug)]
pub(crate) enum Packet {
    /// A message and its descriptors; fewer than a `connection` packet names when this process has no room for more.
    Message(Message, Vec<OwnedFd>),
    /// Something else. Its descriptors are closed already.
    Malformed(Malformed),
    /// The other end is closed, and all that it sent has been read.
    Closed,
}

impl Receiver {
    pub(crate) fn new(channel: Arc<Channel>, side: Side) -> Self {
        Self { channel, side, buffer: vec![0; LONGEST_PACKET].into_boxed_slice(), reset: false }
    }

    /// The next packet. Dropping the future loses nothing.
    pub(crate) async fn recv(&mut self) -> Packet {
        let channel = Arc::clone(&self.channel);
        loop {
            let Ok(mut ready) = channel.socket.readable().await else { return Packet::Closed };
            match self.receive() {
                Some(packet) => return packet,
                None => ready.clear_ready(),
            }
        }
    }

    /// The next packet that is already here.
    pub(crate) fn receive(&mut self) -> Option<Packet> {
        loop {
            // The master is sent one descriptor at most: without space for more the kernel closes what a worker might try.
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
            let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = match self.side {
                Side::Master => RecvAncillaryBuffer::new(&mut room),
                Side::Worker => RecvAncillaryBuffer::new(&mut space),
            };
            let socket = self.channel.socket.get_ref();
            let received = recvmsg(socket, &mut [IoSliceMut::new(&mut self.buffer)], &mut control, RecvFlags::CMSG_CLOEXEC);
            let received = match received {
                Ok(received) => received,
                Err(Errno::AGAIN) => return None,
                Err(Errno::INTR) => continue,
                // Said once, before what is still in the buffer, when the other end died with unread packets of ours.
                Err(Errno::CONNRESET) if !self.reset => {
                    self.reset = true;
                    continue;
                }
                Err(_) => return Some(Packet::Closed),
            };
            let mut descriptors = Vec::new();
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(arrived) = message {
                    descriptors.extend(arrived);
                }
            }
            if received.bytes == 0 {
                return Some(Packet::Closed);
            }
            if received.flags.contains(ReturnFlags::TRUNC) {
                return Some(Packet::Malformed(Malformed::TooLong));
            }
            let truncated = received.flags.contains(ReturnFlags::CTRUNC);
            let bytes = self.buffer.get(..received.bytes).unwrap_or_default();
            return Some(match Message::decode(bytes, descriptors.len(), truncated, self.side) {
                Ok(message) => Packet::Message(message, descriptors),
                Err(malformed) => Packet::Malformed(malformed),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom, Write};

    use super::super::message::Handoff;
    use super::*;

    fn ends() -> (Arc<Channel>, Receiver, Arc<Channel>, Receiver) {
        let (master, worker) = Channel::pair().unwrap();
        let (master, worker) = (Arc::new(master), Arc::new(Channel::new(worker).unwrap()));
        let (at_master, at_worker) = (Receiver::new(master.clone(), Side::Master), Receiver::new(worker.clone(), Side::Worker));
        (master, at_master, worker, at_worker)
    }

    fn connection(count: u64) -> Message {
        let handoff = |number| Handoff { number, peer: "127.0.0.1:1".parse().unwrap(), listener: 0 };
        Message::Connection { connections: (0..count).map(handoff).collect() }
    }

    fn raw(channel: &Channel, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) {
        send(channel.socket.get_ref().as_fd(), bytes, descriptors).unwrap();
    }

    #[tokio::test]
    async fn descriptors_arrive_in_order_and_close_on_exec() {
        let (master, _, _worker, mut at_worker) = ends();
        let files: Vec<_> = (0..16u8)
            .map(|n| {
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(&[n]).unwrap();
                file.seek(SeekFrom::Start(0)).unwrap();
                file
            })
            .collect();
        master.send(&connection(16), &files.iter().map(AsFd::as_fd).collect::<Vec<_>>()).await.unwrap();
        let Packet::Message(message, descriptors) = at_worker.recv().await else { panic!() };
        assert_eq!(message, connection(16));
        for (n, descriptor) in descriptors.into_iter().enumerate() {
            assert!(rustix::io::fcntl_getfd(&descriptor).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
            let mut content = vec![];
            std::fs::File::from(descriptor).read_to_end(&mut content).unwrap();
            assert_eq!(content, [n as u8]);
        }
    }

    #[tokio::test]
    async fn what_is_malformed_is_reported_and_its_descriptors_are_closed() {
        let (master, mut at_master, worker, mut at_worker) = ends();
        let (reader, writer) = std::io::pipe().unwrap();
        raw(&master, br#"{"message":"disconnect","within":1}"#, &[writer.as_fd()]);
        raw(&master, br#"{"message":"no such word"}"#, &[writer.as_fd()]);
        raw(&master, &serde_json::to_vec(&connection(2)).unwrap(), &[writer.as_fd()]);
        raw(&master, &vec![b' '; LONGEST_PACKET + 1], &[writer.as_fd()]);
        for _ in 0..4 {
            assert!(matches!(at_worker.recv().await, Packet::Malformed(_)));
        }
        // a worker that passes descriptors upwards: the master keeps none of them
        raw(&worker, br#"{"message":"online"}"#, &[writer.as_fd()]);
        assert!(matches!(at_master.recv().await, Packet::Malformed(Malformed::Descriptors { .. })));
        drop(writer);
        // end of file: no copy of the writing end is left anywhere
        assert_eq!((&reader).read(&mut [0]).unwrap(), 0);
        master.send(&Message::Disconnect { within: 1 }, &[]).await.unwrap();
        assert!(matches!(at_worker.recv().await, Packet::Message(Message::Disconnect { within: 1 }, _)));
    }

    #[tokio::test]
    async fn more_descriptors_than_allowed_are_not_sent_and_not_taken() {
        let (master, _, _worker, mut at_worker) = ends();
        let (reader, writer) = std::io::pipe().unwrap();
        let many = vec![writer.as_fd(); 30];
        assert!(matches!(master.try_send(&connection(16), &many), Err(SendError::Malformed(_))));
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(30))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&many)));
        let bytes = connection(16).encode().unwrap();
        sendmsg(master.socket.get_ref(), &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL).unwrap();
        assert!(matches!(at_worker.recv().await, Packet::Malformed(_)));
        drop(writer);
        assert_eq!((&reader).read(&mut [0]).unwrap(), 0);
    }

    #[tokio::test]
    async fn a_full_channel_says_so_and_goes_on_when_it_is_read() {
        let (master, _, _worker, mut at_worker) = ends();
        let message = Message::Disconnect { within: 1 };
        let mut sent = 0;
        while master.try_send(&message, &[]).is_ok() {
            sent += 1;
        }
        assert!(matches!(master.try_send(&message, &[]), Err(SendError::Full)));
        let waiting = tokio::spawn(async move { master.send(&message, &[]).await });
        for _ in 0..=sent {
            assert!(matches!(at_worker.recv().await, Packet::Message(..)));
        }
        waiting.await.unwrap().unwrap();
        assert!(matches!(at_worker.recv().await, Packet::Closed));
    }

    #[tokio::test]
    async fn the_last_words_of_a_worker_that_died_with_unread_packets_are_heard() {
        let (master, mut at_master, worker, at_worker) = ends();
        master.send(&connection(1), &[std::io::stderr().as_fd()]).await.unwrap();
        worker.send(&Message::Taken { seen: 1, numbers: vec![7], open: 0 }, &[]).await.unwrap();
        drop((worker, at_worker));
        let Packet::Message(message, _) = at_master.recv().await else { panic!() };
        assert_eq!(message, Message::Taken { seen: 1, numbers: vec![7], open: 0 });
        assert!(matches!(at_master.recv().await, Packet::Closed));
        assert!(matches!(at_master.recv().await, Packet::Closed));
        assert!(matches!(master.try_send(&connection(0), &[]), Err(SendError::Closed)));
    }

    #[tokio::test]
    async fn a_reset_that_a_send_met_first_does_not_hide_the_last_words() {
        let (master, mut at_master, worker, at_worker) = ends();
        master.send(&connection(1), &[std::io::stderr().as_fd()]).await.unwrap();
        worker.send(&Message::Taken { seen: 1, numbers: vec![7], open: 0 }, &[]).await.unwrap();
        drop((worker, at_worker));
        assert!(matches!(master.try_send(&connection(0), &[]), Err(SendError::Closed)));
        assert!(matches!(at_master.recv().await, Packet::Message(Message::Taken { .. }, _)));
        assert!(matches!(at_master.recv().await, Packet::Closed));
    }
}
