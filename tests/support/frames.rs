//! Frames of HTTP/2 as raw bytes (RFC 9113, section 6), for servers that do with them what no library would.

use tokio::io::{AsyncRead, AsyncWrite};

use super::Connection;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a client sends first of all.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The error codes that scripts use (RFC 9113, section 7).
pub const NO_ERROR: u32 = 0;
pub const INTERNAL_ERROR: u32 = 2;
pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;
pub const HTTP_1_1_REQUIRED: u32 = 13;

/// A frame that a server sends about the last stream whose request it has read.
#[derive(Clone)]
pub enum Frame {
    /// The head of a reply; whether it ends the stream.
    Head(u16, Vec<(&'static str, String)>, bool),
    /// A piece of its body; whether it ends the stream.
    Data(Vec<u8>, bool),
    /// Fields behind the body.
    Trailers(Vec<(&'static str, String)>),
    /// The stream is over, for this reason.
    Reset(u32),
    /// The connection is over for streams beyond the one that is so many requests before the last one, for this reason.
    GoAway(u32, u32),
    /// How many streams there may be at once.
    Streams(u32),
}

impl Frame {
    /// A head without more fields that leaves the stream open.
    pub fn head(status: u16) -> Self {
        Self::Head(status, Vec::new(), false)
    }

    pub fn data(bytes: impl AsRef<[u8]>) -> Self {
        Self::Data(bytes.as_ref().to_vec(), false)
    }

    pub fn end(bytes: impl AsRef<[u8]>) -> Self {
        Self::Data(bytes.as_ref().to_vec(), true)
    }

    /// Its bytes, for this stream.
    pub fn bytes(&self, stream: u32) -> Vec<u8> {
        let end = |ends: &bool| if *ends { END_STREAM } else { 0 };
        match self {
            Self::Head(status, fields, ends) => {
                let status = [&[0x08, 3][..], status.to_string().as_bytes()].concat();
                frame(HEADERS, END_HEADERS | end(ends), stream, &[status, literals(fields)].concat())
            }
            Self::Data(bytes, ends) => frame(DATA, end(ends), stream, bytes),
            Self::Trailers(fields) => frame(HEADERS, END_HEADERS | END_STREAM, stream, &literals(fields)),
            Self::Reset(code) => frame(RST_STREAM, 0, stream, &code.to_be_bytes()),
            Self::GoAway(before, code) => {
                let last = stream.saturating_sub(2 * before);
                frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
            }
            Self::Streams(count) => frame(SETTINGS, 0, 0, &[&[0, 3][..], &count.to_be_bytes()].concat()),
        }
    }
}

/// The server's settings: nothing but what is the rule.
pub fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&[high, middle, low, kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

/// Fields as literals that no table keeps (RFC 7541, section 6.2.2).
fn literals(fields: &[(&str, String)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("a short text")], text.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// What a client's frame means to a script.
pub enum Came {
    /// More of the request on this stream.
    Piece {
        stream: u32,
        body: Vec<u8>,
        ends: bool,
    },
    /// The client has reset this stream.
    Reset {
        stream: u32,
        code: u32,
    },
    /// It wants this answer.
    Wants(Vec<u8>),
    Other,
}

/// The first frame of these bytes and how long it is; none while it is not whole.
pub fn parse(bytes: &[u8]) -> Option<(Came, usize)> {
    let (&[high, middle, low, kind, flags, s0, s1, s2, s3], rest) = bytes.split_first_chunk::<9>()?;
    let length = u32::from_be_bytes([0, high, middle, low]) as usize;
    let payload = rest.get(..length)?;
    let stream = u32::from_be_bytes([s0, s1, s2, s3]);
    let ends = flags & END_STREAM != 0;
    let came = match (kind, payload) {
        (HEADERS, _) => Came::Piece { stream, body: Vec::new(), ends },
        (DATA, body) => Came::Piece { stream, body: body.to_vec(), ends },
        (RST_STREAM, &[c0, c1, c2, c3]) => Came::Reset { stream, code: u32::from_be_bytes([c0, c1, c2, c3]) },
        (SETTINGS, _) if flags & ACK == 0 => Came::Wants(frame(SETTINGS, ACK, 0, &[])),
        (PING, opaque) if flags & ACK == 0 => Came::Wants(frame(PING, ACK, 0, opaque)),
        _ => Came::Other,
    };
    Some((came, 9 + length))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) async fn greet(&mut self, frames: &[Frame]) -> bool {
        let Some(preface) = self.read_exactly(PREFACE.len()).await else { return false };
        assert_eq!(preface, PREFACE, "a client of HTTP/2");
        // With the settings, so that a client has either all or nothing.
        let rest: Vec<u8> = frames.iter().flat_map(|frame| frame.bytes(0)).collect();
        let settings = if matches!(frames, [Frame::Streams(_), ..]) { Vec::new() } else { settings() };
        self.send(&[settings, rest].concat()).await
    }

    pub(super) async fn send_frames(&mut self, frames: &[Frame]) -> bool {
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.bytes(self.last_stream)).collect();
        self.send(&bytes).await
    }

    /// The next frame; what has one answer is answered.
    pub(super) async fn next_frame(&mut self) -> Option<Came> {
        loop {
            if let Some((came, length)) = parse(&self.unread) {
                self.unread.drain(..length);
                if let Came::Wants(answer) = &came
                    && !self.send(answer).await
                {
                    return None;
                }
                if let Came::Reset { stream, code } = came {
                    self.faults.record(format!("reset {stream}: {code}"));
                }
                return Some(came);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    pub(super) async fn read_stream(&mut self, whole: bool) -> bool {
        let mut bytes = Vec::new();
        while let Some(came) = self.next_frame().await {
            let Came::Piece { stream, body, ends } = came else { continue };
            if stream < self.last_stream {
                continue;
            }
            self.last_stream = stream;
            bytes.extend(body);
            if ends || !whole {
                self.faults.record(format!("stream {stream}: {}", String::from_utf8_lossy(&bytes)));
                return true;
            }
        }
        false
    }

    pub(super) async fn await_reset(&mut self) -> bool {
        while let Some(came) = self.next_frame().await {
            if matches!(came, Came::Reset { .. }) {
                return true;
            }
        }
        false
    }
}
