//! How the body of an answer is framed.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};

use super::out::Out;
use crate::base::http1::{self, LAST_CHUNK};

/// What a trailer may not say: it would change what was read already (RFC 9110, section 6.5.1).
const NO_TRAILERS: [HeaderName; 12] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::HOST,
    header::MAX_FORWARDS,
    header::SET_COOKIE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::TE,
];

/// The framing of one body, and what is still owed by it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// So many bytes.
    Sized(u64),
    /// Chunks, and behind them those trailers that were announced to a client that takes them.
    Chunked(Vec<HeaderName>),
    /// All that comes before the connection ends.
    Closed,
}

/// What is left of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// More may come.
    More,
    Nothing,
    /// Nothing, and less came than was announced.
    Short,
}

impl Coding {
    /// Frames a piece. `is_last`: nothing comes behind it.
    pub(super) fn data(&mut self, out: &mut Out, mut data: Bytes, is_last: bool) -> Left {
        match self {
            Self::Sized(left) => {
                data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
                let left = *left;
                out.data(data);
                match (left, is_last) {
                    (0, _) => Left::Nothing,
                    (_, true) => Left::Short,
                    (_, false) => Left::More,
                }
            }
            Self::Chunked(_) => {
                if !data.is_empty() {
                    http1::chunk_size(out.text(), data.len());
                    out.data(data);
                    out.text().extend_from_slice(b"\r\n");
                }
                if is_last { self.end(out) } else { Left::More }
            }
            Self::Closed => {
                out.data(data);
                if is_last { Left::Nothing } else { Left::More }
            }
        }
    }

    /// Nothing comes any more.
    pub(super) fn end(&self, out: &mut Out) -> Left {
        match self {
            Self::Sized(1..) => Left::Short,
            Self::Sized(0) | Self::Closed => Left::Nothing,
            Self::Chunked(_) => {
                out.text().extend_from_slice(LAST_CHUNK);
                Left::Nothing
            }
        }
    }

    /// Nothing comes but trailers.
    pub(super) fn trailers(&self, out: &mut Out, trailers: &HeaderMap) -> Left {
        let Self::Chunked(announced) = self else { return self.end(out) };
        let may_go = |name: &HeaderName| announced.contains(name) && !NO_TRAILERS.contains(name);
        let text = out.text();
        text.extend_from_slice(b"0\r\n");
        for (name, value) in trailers.iter().filter(|(name, _)| may_go(name)) {
            http1::field(text, name.as_str(), value.as_bytes());
        }
        text.extend_from_slice(b"\r\n");
        Left::Nothing
    }
}
