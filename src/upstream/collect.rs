//! A whole body, bounded in size and time.

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{Method, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::budget::Budget;
use super::coding::{Coding, Decoder};
use super::coming::Coming;
use super::error::Error;
use super::reply::Length;

/// What is set aside for a body on the word of its Content-Length, at most.
const MAX_RESERVE: u64 = 256 * 1024;

/// What a head says of the body behind it.
#[derive(Clone, Copy)]
pub(super) struct Announced {
    pub(super) coding: Option<Coding>,
    pub(super) length: Option<u64>,
    /// There is none, whatever the head says.
    pub(super) bodiless: bool,
}

impl Announced {
    pub(super) fn of(head: &Parts, method: &Method, length: Option<Length>) -> Result<Self, Error> {
        let coding = Coding::of(&head.headers)?;
        let bodiless = *method == Method::HEAD || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        Ok(Self { coding, length: length.map(|length| length.bytes), bodiless })
    }
}

/// Collects a body and frees it from its content coding; the headers that told of the coding go with it.
pub(super) async fn collect(
    head: &mut Parts,
    announced: Announced,
    body: &mut Coming,
    limit: u64,
    budget: &Budget,
) -> Result<Bytes, Error> {
    let Announced { coding, length: announced, bodiless } = announced;
    if announced.is_some_and(|length| length > limit) && !bodiless {
        return Err(Error::TooLarge { limit });
    }
    let mut gather = match coding.filter(|_| !bodiless) {
        Some(coding) => Gather::Coded(Decoder::new(coding, limit)),
        None => Gather::Nothing { expected: announced.unwrap_or(0).min(MAX_RESERVE) as usize },
    };
    let mut received: u64 = 0;
    while !body.is_end_stream() {
        let Some(frame) = budget.between_bytes(body.frame()).await? else { break };
        let frame = frame.map_err(|broken| broken.after(received))?;
        // Trailers would be headers that nobody checked.
        let Ok(data) = frame.into_data() else { continue };
        received = received.saturating_add(data.len() as u64);
        if received > limit {
            return Err(Error::TooLarge { limit });
        }
        gather.push(data)?;
    }
    if coding.is_some() {
        uncoded(head);
    }
    gather.finish()
}

/// Takes out the headers that told of a content coding.
pub(super) fn uncoded(head: &mut Parts) {
    for name in [header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
        head.headers.remove(name);
    }
    for name in ["content-md5", "digest", "content-digest", "repr-digest"] {
        head.headers.remove(name);
    }
}

/// The pieces so far.
enum Gather {
    Nothing {
        expected: usize,
    },
    /// Most bodies come in one piece, which is not copied.
    One {
        piece: Bytes,
        expected: usize,
    },
    Many(BytesMut),
    Coded(Decoder),
}

impl Gather {
    fn push(&mut self, data: Bytes) -> Result<(), Error> {
        match self {
            Self::Nothing { expected } => *self = Self::One { piece: data, expected: *expected },
            Self::One { piece, expected } => {
                let mut many = BytesMut::with_capacity((*expected).max(piece.len() + data.len()));
                many.extend_from_slice(piece);
                many.extend_from_slice(&data);
                *self = Self::Many(many);
            }
            Self::Many(many) => many.extend_from_slice(&data),
            Self::Coded(decoder) => decoder.push(&data)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<Bytes, Error> {
        match self {
            Self::Nothing { .. } => Ok(Bytes::new()),
            Self::One { piece, .. } => Ok(piece),
            Self::Many(many) => Ok(many.freeze()),
            Self::Coded(decoder) => decoder.finish().map(Bytes::from),
        }
    }
}
