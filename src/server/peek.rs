//! Which protocol a new connection speaks.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::core::Phase;
use super::settings::Timeouts;
use super::wire::Socket;

/// What an HTTP/2 client sends first (RFC 9113, section 3.4). No HTTP/1 request looks like it.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Room for what comes with it: most first requests fit.
const ROOM: usize = 2048;

/// The protocols that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A connection that has said something.
#[derive(Debug)]
pub(super) struct Peeked {
    pub(super) protocol: Protocol,
    /// All that was read from it.
    pub(super) early: BytesMut,
    /// When its first byte came.
    pub(super) first_byte: Instant,
}

/// Reads until the protocol is clear. `None`: the client left, or said nothing for as long as a head may take, or has nothing
/// to say while the process is leaving. One that began an HTTP/2 preface and stopped is taken for HTTP/1, which then has the
/// answer for a late head.
pub(super) async fn peek<T>(
    stream: &mut T,
    socket: Socket<T>,
    timeouts: &Timeouts,
    phase: &mut watch::Receiver<Phase>,
) -> Option<Peeked>
where
    T: AsyncRead + Unpin,
{
    let born = Instant::now();
    let mut first_byte = None;
    let mut early = BytesMut::with_capacity(ROOM);
    loop {
        if let Some(protocol) = protocol(&early) {
            return Some(Peeked { protocol, early, first_byte: first_byte.unwrap_or(born) });
        }
        let now = *phase.borrow_and_update();
        let patience = match now {
            Phase::Serving => timeouts.head,
            Phase::Draining(_) => timeouts.settle,
            Phase::Cut => return None,
        };
        tokio::select! {
            biased;
            read = stream.read_buf(&mut early) => match read {
                Ok(0) | Err(_) => return None,
                Ok(_) => _ = first_byte.get_or_insert_with(Instant::now),
            },
            Ok(()) = phase.changed() => {}
            // A byte that has come and was not read would have the system reset the connection.
            () = sleep_until(first_byte.unwrap_or(born) + patience) => if (socket.has_unread)(stream) {
                tokio::task::yield_now().await;
            } else {
                return first_byte.map(|first_byte| Peeked { protocol: Protocol::Http1, early, first_byte });
            }
        }
    }
}

/// Tells the protocol from the first bytes, as soon as they do.
fn protocol(early: &[u8]) -> Option<Protocol> {
    if early.starts_with(PREFACE) {
        Some(Protocol::Http2)
    } else if PREFACE.starts_with(early) {
        None
    } else {
        Some(Protocol::Http1)
    }
}
