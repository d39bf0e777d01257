//! Heads: a request's from its bytes, an answer's to its bytes.

use std::cell::Cell;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header, response};
use http_body::SizeHint;

use super::coding::Coding;
use crate::base::http1;
use crate::server::date::with_date;
use crate::server::framing::Head;

/// The largest map that is kept for the next request of the thread.
const SPARE: usize = 64;
/// Headers that the edge adds to a request.
const ADDED: usize = 1;

thread_local! {
    static HEADERS: Cell<HeaderMap> = Cell::new(HeaderMap::new());
}

/// What is remembered of a request until its answer is on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) is_head: bool,
    pub(super) is_11: bool,
    /// The connection may go on behind the answer.
    pub(super) keep: bool,
    /// The client takes trailers.
    pub(super) trailers: bool,
    /// It may become a WebSocket.
    pub(super) may_switch: bool,
}

/// The request of a head that was found in `bytes`. Its values are parts of one copy that has its size.
pub(super) fn request(head: &Head, bytes: &[u8]) -> Option<Parts> {
    let text = Bytes::copy_from_slice(bytes.get(..head.length)?);
    let mut parts = Request::new(()).into_parts().0;
    parts.method = Method::from_bytes(text.get(head.request.method.clone())?).ok()?;
    parts.uri = Uri::from_maybe_shared(text.slice(head.request.target.clone())).ok()?;
    parts.version = if head.request.is_11 { Version::HTTP_11 } else { Version::HTTP_10 };
    let mut headers = HEADERS.take();
    headers.reserve(head.lines.len() + ADDED);
    for line in &head.lines {
        let name = HeaderName::from_bytes(text.get(line.name.clone())?).ok()?;
        headers.append(name, HeaderValue::from_maybe_shared(text.slice(line.value.clone())).ok()?);
    }
    parts.headers = headers;
    Some(parts)
}

/// An answer of which nothing can be sent.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) struct Unsendable(pub(super) &'static str);

/// Writes the head of an answer and tells how its body is framed and whether the connection may go on behind it. `left` is what the body
/// has, if it has any.
pub(super) fn answer(
    text: &mut Vec<u8>,
    parts: &mut response::Parts,
    asked: &Asked,
    left: Option<SizeHint>,
) -> Result<(Coding, bool), Unsendable> {
    let status = parts.status;
    let switches = status == StatusCode::SWITCHING_PROTOCOLS;
    if status.is_informational() && !switches {
        return Err(Unsendable("an interim status"));
    }
    let headers = &parts.headers;
    let may_have_length = !switches && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let has_body = may_have_length && !asked.is_head;
    let (length, mut coding) = length(headers, asked, left, may_have_length)?;
    if coding == Coding::Closed && asked.is_11 && has_body {
        coding = Coding::Chunked(Vec::new());
    }
    let closes = http1::any_lists(headers, &header::CONNECTION, b"close");
    let ends_by_closing = has_body && coding == Coding::Closed;
    let keep = asked.keep && !(closes || switches || ends_by_closing);
    let connection = match (asked.is_11, keep) {
        _ if switches || closes => None,
        (true, false) => Some("close"),
        (false, true) if !http1::any_lists(headers, &header::CONNECTION, b"keep-alive") => Some("keep-alive"),
        _ => None,
    };

    status_line(text, asked.is_11, status);
    let (mut said_connection, mut said_length, mut said_trailer, mut dated) = (false, false, false, false);
    for (name, value) in headers {
        match *name {
            // Ours to say.
            header::TRANSFER_ENCODING => {}
            header::CONTENT_LENGTH => {
                if let Some(length) = length.filter(|_| !std::mem::replace(&mut said_length, true)) {
                    number(text, length);
                }
            }
            header::CONNECTION => {
                if !std::mem::replace(&mut said_connection, true) {
                    listed(text, headers, name, connection);
                }
            }
            header::TRAILER => {
                let fits = asked.is_11 && has_body;
                if fits && !std::mem::replace(&mut said_trailer, true) {
                    listed(text, headers, name, None);
                }
            }
            _ => {
                dated |= *name == header::DATE;
                http1::field(text, name.as_str(), value.as_bytes());
            }
        }
    }
    if let Some(connection) = connection.filter(|_| !said_connection) {
        http1::field(text, "connection", connection.as_bytes());
    }
    match (&mut coding, length) {
        (Coding::Chunked(announced), _) => {
            if asked.trailers {
                announced.extend(names(headers));
            }
            text.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        (_, Some(length)) if !said_length => number(text, length),
        _ => {}
    }
    if !dated {
        with_date(|date| http1::field(text, "date", date.as_bytes()));
    }
    text.extend_from_slice(b"\r\n");
    if !has_body {
        coding = Coding::Sized(0);
    }
    Ok((coding, keep))
}

/// Gives the room of a map that was sent to the next request.
pub(super) fn reuse(mut headers: HeaderMap) {
    if headers.capacity() <= SPARE {
        headers.clear();
        HEADERS.set(headers);
    }
}

/// The length that is said, and the framing; [`Coding::Closed`] where no length is known.
fn length(
    headers: &HeaderMap,
    asked: &Asked,
    left: Option<SizeHint>,
    may_have_length: bool,
) -> Result<(Option<u64>, Coding), Unsendable> {
    let mut announced = headers.get_all(header::CONTENT_LENGTH).iter().map(|value| http1::number(value.as_bytes()));
    let first = announced.next();
    let announced = if announced.all(|other| Some(other) == first) { first } else { Some(None) };
    Ok(match (left.map(|left| left.exact()), announced) {
        // A body that is none has no length but that of the answer that HEAD stands for.
        (None, Some(Some(length))) if asked.is_head => (Some(length), Coding::Sized(0)),
        (None, _) => ((may_have_length && !asked.is_head).then_some(0), Coding::Sized(0)),
        (_, Some(None)) => return Err(Unsendable("a content-length that is no number")),
        // What was said holds, whatever the body believes: more would be taken for the next answer.
        (Some(_), Some(Some(length))) => (Some(length), Coding::Sized(length)),
        (Some(Some(exact)), None) => (may_have_length.then_some(exact), Coding::Sized(exact)),
        (Some(None), None) => (None, Coding::Closed),
    })
}

fn status_line(text: &mut Vec<u8>, is_11: bool, status: StatusCode) {
    if is_11 && status == StatusCode::OK {
        return text.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    }
    text.extend_from_slice(if is_11 { b"HTTP/1.1 " } else { b"HTTP/1.0 " });
    text.extend_from_slice(status.as_str().as_bytes());
    text.push(b' ');
    text.extend_from_slice(status.canonical_reason().unwrap_or("<none>").as_bytes());
    text.extend_from_slice(b"\r\n");
}

fn number(text: &mut Vec<u8>, length: u64) {
    http1::field(text, "content-length", itoa::Buffer::new().format(length).as_bytes());
}

/// Writes all values of a header, and perhaps one more, as one list.
fn listed(text: &mut Vec<u8>, headers: &HeaderMap, name: &HeaderName, more: Option<&str>) {
    text.extend_from_slice(name.as_str().as_bytes());
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes).chain(more.map(str::as_bytes));
    for (at, value) in values.enumerate() {
        text.extend_from_slice(if at == 0 { b": " } else { b", " });
        text.extend_from_slice(value);
    }
    text.extend_from_slice(b"\r\n");
}

/// What `Trailer` announces.
fn names(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let values = headers.get_all(header::TRAILER).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
}
