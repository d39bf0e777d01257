//! How much a connection may hold back.

use std::os::fd::AsFd;

use socket2::SockRef;

/// Bytes that may wait in the system to be sent. More would not be faster: what is on its way comes on top, as much as the other end takes.
const UNSENT_BYTES: u32 = 128 * 1024;

/// Has the system take no more than it can soon send.
///
/// It would take megabytes, and then nothing until a third of them has left: a peer on a slow line takes all the while, and looks as if it
/// took nothing. What it has not taken would be the system's to hold as well, once for every connection. A connection that cannot be told
/// works all the same.
pub fn limit(connection: &impl AsFd) {
    if let Err(error) = SockRef::from(connection).set_tcp_notsent_lowat(UNSENT_BYTES) {
        tracing::debug!(%error, "a connection may hold back megabytes");
    }
}
