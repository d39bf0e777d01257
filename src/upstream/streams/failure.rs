//! What went wrong, read out of an error of the frame layer.

use std::io;

use h2::{Error as H2Error, Reason};

use crate::upstream::{Error, Malformed};

/// What ended with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::upstream) enum Kind {
    /// The stream alone, before anything was done for it: the server says so.
    Unprocessed,
    /// The stream alone.
    Stream,
    /// The connection.
    Connection,
}

/// How far an error reaches.
pub(in crate::upstream) fn kind(error: &H2Error) -> Kind {
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    if error.is_remote() && (refused || error.is_go_away()) {
        // A GOAWAY ends those streams alone that are beyond the last one that the server has looked at (RFC 9113, section 6.8).
        Kind::Unprocessed
    } else if error.is_reset() {
        Kind::Stream
    } else {
        Kind::Connection
    }
}

/// As `error::classify`, for a stream.
pub(in crate::upstream) fn classify(error: &H2Error, received: Option<u64>) -> Error {
    let in_body = received.is_some();
    if let Some(io) = error.get_io() {
        return match (io.kind(), received) {
            // The frame layer calls the end of a connection a broken pipe.
            (io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe, Some(received)) => Error::Incomplete { received },
            (io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe, None) => Error::Closed,
            _ => Error::Reset { in_body },
        };
    }
    if error.is_library() {
        let reason = error.reason().unwrap_or(Reason::PROTOCOL_ERROR);
        return Malformed::Frames(format!("{reason:?}")).into();
    }
    if kind(error) == Kind::Unprocessed && !in_body { Error::Unprocessed } else { Error::Reset { in_body } }
}
