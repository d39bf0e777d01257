//! Content codings, removed piece by piece as the body comes in.
//!
//! Nothing here allocates more than the limit it is given and a window of fixed size, whatever the bytes claim.

mod brotli;
mod gzip;
mod inflate;
mod sink;
mod zlib;
mod zstd;

use http::{HeaderMap, header};

use super::Error;
use sink::Sink;

/// How often a body may grow when its coding is removed.
pub(super) const MAX_RATIO: u64 = 100;
/// Members or frames in one body; more is an attempt to keep a processor busy.
const MAX_MEMBERS: u32 = 1_000;

/// Why a content coding cannot be removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodingError {
    /// Not one that was asked for.
    #[error("`{0}` is not known")]
    Unknown(String),
    /// A coding within a coding.
    #[error("there is more than one: {0}")]
    Nested(String),
    /// The bytes are not in this coding.
    #[error("the {0} stream is corrupt")]
    Corrupt(Coding),
    /// The stream has no end.
    #[error("the {0} stream is cut short")]
    Truncated(Coding),
    /// Bytes follow its end.
    #[error("bytes follow the end of the {0} stream")]
    TrailingGarbage(Coding),
    /// More members than any server writes.
    #[error("the {0} stream has more than {MAX_MEMBERS} members")]
    TooManyMembers(Coding),
}

/// The codings that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 1950, and the bare RFC 1951 that many servers mean by it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878, with the window that RFC 9659 allows.
    Zstd,
}

impl std::fmt::Display for Coding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        })
    }
}

impl Coding {
    /// The coding of a reply; `identity` is none.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, CodingError> {
        let mut found = Vec::new();
        for line in headers.get_all(header::CONTENT_ENCODING) {
            let line = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
            found.extend(line.split(',').map(str::trim).filter(|name| !matches!(*name, "" | "identity")).map(str::to_owned));
        }
        let name = match found.as_slice() {
            [] => return Ok(None),
            [name] => name,
            _ => return Err(CodingError::Nested(shown(&found.join(", ")))),
        };
        match name.as_str() {
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "deflate" => Ok(Some(Self::Deflate)),
            "br" => Ok(Some(Self::Brotli)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(CodingError::Unknown(shown(name))),
        }
    }
}

/// What an upstream wrote, cut to the length of a message.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

/// One coding's stream, in the order: any number of `push`, one `finish`.
trait Stream: Send {
    fn push(&mut self, input: &[u8], sink: &mut Sink) -> Result<(), Error>;
    /// Whether the stream may end here.
    fn is_whole(&self) -> bool;
}

/// Frees one body from its coding.
pub(super) struct Decoder {
    coding: Coding,
    stream: Box<dyn Stream>,
    sink: Sink,
}

impl Decoder {
    pub(super) fn new(coding: Coding, limit: u64) -> Self {
        let stream: Box<dyn Stream> = match coding {
            Coding::Gzip => Box::new(gzip::Gzip::new()),
            Coding::Deflate => Box::new(zlib::Deflate::new()),
            Coding::Brotli => Box::new(brotli::Brotli::new()),
            Coding::Zstd => Box::new(zstd::Zstd::new()),
        };
        Self { coding, stream, sink: Sink::new(limit) }
    }

    /// Takes the next piece of the body.
    pub(super) fn push(&mut self, input: &[u8]) -> Result<(), Error> {
        self.sink.fed(input.len());
        self.stream.push(input, &mut self.sink)
    }

    /// What is decoded of the pieces so far, each byte once.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.sink.take()
    }

    /// The body is at its end; what is decoded of it and was not taken.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, Error> {
        if self.stream.is_whole() || self.sink.is_untouched() {
            return Ok(self.sink.take());
        }
        Err(CodingError::Truncated(self.coding).into())
    }

    /// The whole body. No bytes at all are an empty body: some servers label even those.
    pub(super) fn finish(self) -> Result<Vec<u8>, Error> {
        if self.stream.is_whole() || self.sink.is_untouched() {
            return Ok(self.sink.into_bytes());
        }
        Err(CodingError::Truncated(self.coding).into())
    }
}

#[cfg(test)]
#[path = "../tests/coding.rs"]
mod tests;
