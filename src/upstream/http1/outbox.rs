//! A request on its way out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::{Method, Uri, header};
use http_body::{Body as _, Frame};

use super::connection::Connection;
use crate::base::http1::{LAST_CHUNK, chunk_size, field, fields, number};
use crate::upstream::body::{BrokeOff, RequestBody};
use crate::upstream::headers::FieldLines;

/// Up to so many bytes, head and body are copied together: that and one send cost less than a list for the system to read.
const SMALL: usize = 2048;
/// Room for the head of most calls, in bytes.
const LINES: usize = 512;
/// What ends a chunk, and the last one before a body's end.
const TAIL: &[u8] = b"\r\n";
pub(super) const LAST_TAIL: &[u8] = b"\r\n0\r\n\r\n";

/// How a body is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// So many bytes are still to come.
    Sized(u64),
    Chunked,
}

/// What of a request is still to be written.
pub(in crate::upstream) struct Outbox {
    /// Lines of the head or before a chunk, the piece of the body behind them, and what ends a chunk. They are written in this order.
    lines: Bytes,
    piece: Bytes,
    tail: &'static [u8],
    framing: Framing,
    /// What comes behind that; none once all of it was taken.
    body: Option<RequestBody>,
    begun: bool,
    over: bool,
    /// The connection takes no more of it.
    refused: bool,
}

impl Outbox {
    /// A request that is framed as its body is: by its length, if that is known, else in chunks.
    pub(in crate::upstream) fn new(method: &Method, target: &Uri, headers: &FieldLines<'_>, body: RequestBody) -> Self {
        let announced = headers.get(&header::CONTENT_LENGTH);
        let exact = if body.is_end_stream() { Some(0) } else { body.size_hint().exact() };
        let length = exact.or_else(|| number(announced?));
        let target = target.path_and_query().map_or("/", |target| target.as_str());
        let mut lines = Vec::with_capacity(LINES);
        for part in [method.as_str(), " ", target, " HTTP/1.1\r\n"] {
            lines.extend_from_slice(part.as_bytes());
        }
        for (name, value) in headers.iter().filter(|(name, _)| **name != header::CONTENT_LENGTH) {
            field(&mut lines, name.as_str(), value);
        }
        match length {
            None => field(&mut lines, header::TRANSFER_ENCODING.as_str(), b"chunked"),
            Some(0) if announced.is_none() => {}
            Some(length) => {
                field(&mut lines, header::CONTENT_LENGTH.as_str(), itoa::Buffer::new().format(length).as_bytes());
            }
        }
        lines.extend_from_slice(b"\r\n");
        let piece = match &body {
            RequestBody::Whole(bytes) if lines.len() + bytes.len() <= SMALL => {
                lines.extend_from_slice(bytes);
                Bytes::new()
            }
            RequestBody::Whole(bytes) => bytes.clone(),
            RequestBody::Streamed { .. } => Bytes::new(),
        };
        let framing = length.map_or(Framing::Chunked, Framing::Sized);
        Self { lines: lines.into(), piece, tail: b"", framing, body: Some(body), begun: false, over: false, refused: false }
    }

    /// Whether all of it is written.
    pub(in crate::upstream) fn is_over(&self) -> bool {
        self.over
    }

    /// The body, if nothing of the request was written.
    pub(in crate::upstream) fn into_unsent(self) -> Option<RequestBody> {
        self.body.filter(|_| !self.begun)
    }

    /// Whether nothing more of it will be written.
    pub(in crate::upstream) fn is_done(&self) -> bool {
        self.over || self.refused
    }

    /// Writes on; ready once it is done. A server that takes no more of it may have said why.
    ///
    /// # Errors
    /// The body broke off, or is not as long as was announced.
    pub(super) fn poll(&mut self, connection: &mut Connection, cx: &mut Context<'_>) -> Poll<Result<(), BrokeOff>> {
        while !self.is_done() {
            self.refused = ready!(self.poll_written(connection, cx)).is_err();
            if self.refused {
                break;
            }
            let next = self.poll_next(cx)?;
            if next != Poll::Ready(true) {
                // What is written leaves, whenever the rest comes.
                self.refused = ready!(connection.poll_flush(cx)).is_err();
                self.over = !self.refused && ready!(next.map(|more| !more));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_written(&mut self, connection: &mut Connection, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let wrote = ready!(connection.poll_write(cx, [&self.lines, &self.piece, self.tail]))?;
            if wrote == 0 {
                return Poll::Ready(Ok(()));
            }
            self.begun = true;
            let of_lines = wrote.min(self.lines.len());
            self.lines.advance(of_lines);
            let of_piece = (wrote - of_lines).min(self.piece.len());
            self.piece.advance(of_piece);
            self.tail = self.tail.get(wrote - of_lines - of_piece..).unwrap_or_default();
        }
    }

    /// Puts what comes next where it is written from; false if nothing does.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, BrokeOff>> {
        // All but what only waits to be written is behind its last byte.
        (self.lines, self.piece) = (Bytes::new(), Bytes::new());
        let body = match &mut self.body {
            // It was written with the head.
            None | Some(RequestBody::Whole(_)) => {
                self.body = None;
                return Poll::Ready(Ok(false));
            }
            Some(body) => body,
        };
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx)).transpose()?;
        let is_last = frame.is_none() || body.is_end_stream();
        let (data, trailers) = match frame.map(Frame::into_data) {
            None => (Bytes::new(), None),
            Some(Ok(data)) => (data, None),
            Some(Err(frame)) => (Bytes::new(), frame.into_trailers().ok()),
        };
        let is_last = is_last || trailers.is_some();
        match &mut self.framing {
            Framing::Sized(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(BrokeOff)?;
                if is_last && *left > 0 {
                    return Poll::Ready(Err(BrokeOff));
                }
            }
            Framing::Chunked => {
                let mut lines = Vec::new();
                if !data.is_empty() {
                    chunk_size(&mut lines, data.len());
                    self.tail = if is_last { LAST_TAIL } else { TAIL };
                } else if let Some(trailers) = &trailers {
                    lines.extend_from_slice(b"0\r\n");
                    fields(&mut lines, trailers);
                    lines.extend_from_slice(b"\r\n");
                } else if is_last {
                    lines.extend_from_slice(LAST_CHUNK);
                }
                self.lines = lines.into();
            }
        }
        self.piece = data;
        if is_last {
            self.body = None;
        }
        Poll::Ready(Ok(true))
    }
}
