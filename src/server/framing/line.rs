//! The request line: `GET /path HTTP/1.1`.

use std::ops::Range;

use super::field::is_host;
use super::target;
use crate::base::http1::are_tokens;
use crate::gateway::edge::Refusal;

/// The longest method that is read. Every registered one is shorter.
const METHOD_BYTES: usize = 32;

/// What a request line takes beside its target: method, two spaces, version, line end.
pub(super) const AROUND_TARGET: usize = METHOD_BYTES + 1 + 1 + b"HTTP/1.1".len() + 2;

/// What a request line says, and where in its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct RequestLine {
    /// HTTP/1.1, not 1.0.
    pub(in super::super) is_11: bool,
    /// GET.
    pub(super) is_get: bool,
    pub(in super::super) method: Range<usize>,
    pub(in super::super) target: Range<usize>,
    /// The authority of an absolute target.
    pub(super) authority: Option<Range<usize>>,
}

/// Reads a line without its line end, which begins at `start` of its head. `longest` is the most bytes of a target.
pub(super) fn parse(line: &[u8], start: usize, longest: usize) -> Result<RequestLine, Refusal> {
    let mut parts = line.splitn(3, |b| *b == b' ');
    let method = parts.next().unwrap_or_default();
    if method.is_empty() || method.len() > METHOD_BYTES || !are_tokens(method) {
        return Err(Refusal::BadRequest("method"));
    }
    let (Some(target), Some(version)) = (parts.next(), parts.next()) else { return Err(Refusal::BadRequest("request_line")) };
    if target.is_empty() {
        return Err(Refusal::BadRequest("request_line"));
    }
    if target.len() > longest {
        return Err(Refusal::UriTooLong);
    }
    let is_11 = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        _ => return Err(Refusal::BadRequest("http_version")),
    };
    if method == b"CONNECT" {
        return Err(Refusal::MethodNotAllowed);
    }
    let at = start + method.len() + 1;
    let authority = form(method, target).map_err(Refusal::BadRequest)?.map(|range| at + range.start..at + range.end);
    let (method, target, is_get) = (start..start + method.len(), at..at + target.len(), method == b"GET");
    Ok(RequestLine { is_11, is_get, method, target, authority })
}

/// Tells the forms of RFC 9112, section 3.2, apart and gives back where in the target its authority stands.
fn form(method: &[u8], target: &[u8]) -> Result<Option<Range<usize>>, &'static str> {
    if target.first() == Some(&b'/') {
        return target::check(target).map(|()| None);
    }
    if target == b"*" && method == b"OPTIONS" {
        return Ok(None);
    }
    let scheme = [b"http://".as_slice(), b"https://"].into_iter().find(|scheme| starts_with(target, scheme));
    let scheme = scheme.ok_or("request_target")?.len();
    let behind = target.get(scheme..).unwrap_or_default();
    let length = behind.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(behind.len());
    let (authority, path) = behind.split_at(length);
    if !is_host(authority) {
        return Err("authority");
    }
    target::check(path)?;
    Ok(Some(scheme..scheme + length))
}

fn starts_with(target: &[u8], scheme: &[u8]) -> bool {
    target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}
