//! The body of a reply, taken from its connection as it is asked for.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, StatusCode, header};
use http_body::{Frame, SizeHint};

use super::connection::Connection;
use super::outbox::LAST_TAIL;
use super::parse;
use super::spare::Room;
use crate::base::http1::{Blanks, Chunks, Step};
use crate::upstream::exchange::MAX_HEADERS;
use crate::upstream::pool::Alone;
use crate::upstream::{Error, Malformed};

/// Why a body comes no further.
#[derive(Debug)]
pub(in crate::upstream) enum Broken {
    /// The connection broke.
    Wire(io::Error),
    /// It ended before the body.
    Closed,
    /// The chunks break this rule.
    Chunks(&'static str),
}

impl Broken {
    /// What that is, after so many bytes of the body.
    pub(in crate::upstream) fn after(&self, received: u64) -> Error {
        match self {
            // TLS that ends without a word says so like this.
            Self::Wire(error) if error.kind() == io::ErrorKind::UnexpectedEof => Error::Incomplete { received },
            Self::Wire(_) => Error::Reset { in_body: true },
            Self::Closed => Error::Incomplete { received },
            Self::Chunks(rule) => Malformed::Chunks(rule.replace('_', " ")).into(),
        }
    }
}

/// What is still to come.
enum Left {
    Sized(u64),
    Chunked(Box<Chunks>),
    /// Whatever comes until the connection ends.
    All,
    Nothing,
}

/// A body on the connection that it comes on. Dropped before its end, the connection is cut.
pub(in crate::upstream) struct Incoming {
    alone: Alone,
    left: Left,
    stays: bool,
    trailers: Option<Box<HeaderMap>>,
}

impl Incoming {
    /// The body behind this head, which announces `length`. `is_sent` says whether the request has been sent to its end.
    pub(super) fn new(alone: Alone, head: &Parts, length: Option<u64>, (is_head, is_sent): (bool, bool)) -> Self {
        let bodiless = is_head || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let left = match length {
            Some(0) => Left::Nothing,
            _ if bodiless => Left::Nothing,
            Some(length) => Left::Sized(length),
            None if head.headers.contains_key(header::TRANSFER_ENCODING) => {
                Left::Chunked(Box::new(Chunks::new(MAX_HEADERS, Blanks::Ignored)))
            }
            None => Left::All,
        };
        let stays = parse::stays(head) && !matches!(left, Left::All) && is_sent;
        Self { alone, left, stays, trailers: None }
    }

    /// Waits for the next frame.
    pub(in crate::upstream) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if matches!(self.left, Left::Nothing) {
                return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(*trailers))));
            }
            match self.next() {
                Ok(Some(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(None) if matches!(self.left, Left::Nothing) => continue,
                Ok(None) => {}
                Err(broken) => return Poll::Ready(Some(Err(broken))),
            }
            let room = match self.left {
                Left::Sized(left) if left <= Room::Usual.bytes() as u64 => Room::Usual,
                _ => Room::Wide,
            };
            if ready!(self.alone.connection.poll_fill(cx, room)).map_err(Broken::Wire)? == 0 {
                if !matches!(self.left, Left::All) {
                    return Poll::Ready(Some(Err(Broken::Closed)));
                }
                self.left = Left::Nothing;
            }
        }
    }

    /// The next data of what came, if there is any.
    fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let connection = &mut self.alone.connection;
        let there = connection.came.len();
        match &mut self.left {
            _ if there == 0 => Ok(None),
            Left::Nothing => Ok(None),
            Left::All => Ok(Some(connection.take(there))),
            Left::Sized(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(there);
                *left -= taken as u64;
                if *left == 0 {
                    self.left = Left::Nothing;
                }
                Ok(Some(connection.take(taken)))
            }
            Left::Chunked(chunks) => match chunks.next(&connection.came) {
                Step::More => {
                    connection.take(there);
                    Ok(None)
                }
                Step::Data { skip, bytes } => {
                    connection.take(skip);
                    let data = connection.take(bytes);
                    // What ends the body mostly came with its last piece: then nobody has to ask for it.
                    if connection.came.starts_with(LAST_TAIL) && chunks.next(LAST_TAIL) == Step::Ended(LAST_TAIL.len()) {
                        connection.take(LAST_TAIL.len());
                        self.left = Left::Nothing;
                    }
                    Ok(Some(data))
                }
                Step::Ended(taken) => {
                    self.trailers = chunks.trailers().map(Box::new);
                    connection.take(taken);
                    self.left = Left::Nothing;
                    Ok(None)
                }
                Step::Broken(_, rule) => Err(Broken::Chunks(rule)),
            },
        }
    }

    /// Whether nothing more comes.
    pub(in crate::upstream) fn is_over(&self) -> bool {
        matches!(self.left, Left::Nothing) && self.trailers.is_none()
    }

    /// How many bytes are still to come, if that is known.
    pub(in crate::upstream) fn left(&self) -> SizeHint {
        match self.left {
            Left::Sized(left) => SizeHint::with_exact(left),
            Left::Nothing => SizeHint::with_exact(0),
            Left::Chunked(_) | Left::All => SizeHint::default(),
        }
    }

    /// The exchange has ended: the connection waits for the next call, if it may carry one.
    pub(in crate::upstream) fn give_back(self) {
        if self.stays && matches!(self.left, Left::Nothing) {
            self.alone.give_back();
        }
    }

    /// The connection, for what is still to be sent on it.
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.alone.connection
    }
}
