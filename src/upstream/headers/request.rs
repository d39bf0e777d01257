//! From the client to an upstream.

use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{ACCEPT_ENCODING, Trailers, is_hop_by_hop, is_plain, nominated};
use crate::base::address::AddressText;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Who is on the other side, as far as the edge trusts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peer<'r> {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// Whether the client came over TLS.
    pub secure: bool,
    /// The host that the client asked for, with its port.
    pub host: Option<&'r str>,
}

/// A Connection line names a header that must reach the upstream: somebody wants a check to be skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the Connection header names `{0}`, which must not be removed on the way")]
pub struct Nominated(pub String);

/// Makes the headers of a call, anew for each of its tries: most calls have one, and a map that is kept for another one costs as much
/// again.
pub trait MakeHeaders: Send + Sync {
    /// The headers, without those of the upstream's own rules.
    fn make(&self) -> HeaderMap;
}

impl MakeHeaders for HeaderMap {
    fn make(&self) -> HeaderMap {
        self.clone()
    }
}

/// The headers of a request on their way up: looked through once, made as often as they are needed.
#[derive(Debug)]
pub struct Forwarding<'r> {
    request: &'r HeaderMap,
    peer: Peer<'r>,
    nominated: Vec<String>,
    has_cookies: bool,
    has_trailers: bool,
    untouched: bool,
}

impl<'r> Forwarding<'r> {
    /// The headers of a call whose reply is read here. Hop-by-hop headers and those that Connection names are gone, and so are
    /// names with other characters than letters, digits and hyphens, the conditions and ranges that could make the reply
    /// something else than the whole document, Host, and the length. `Forwarded`, `X-Forwarded-For`, `-Proto` and `-Host` and
    /// `X-Real-IP` tell of `peer`, whatever the client wrote. Accept-Encoding is [`ACCEPT_ENCODING`].
    ///
    /// # Errors
    /// Connection names a header that carries an identity, an address or the message itself (answer 400).
    pub fn read(request: &'r HeaderMap, peer: Peer<'r>) -> Result<Self, Nominated> {
        Self::new(request, peer, false)
    }

    /// As [`Forwarding::read`], for a reply that is passed through as it comes: codings, conditions and ranges stay the client's.
    ///
    /// # Errors
    /// As [`Forwarding::read`].
    pub fn untouched(request: &'r HeaderMap, peer: Peer<'r>) -> Result<Self, Nominated> {
        Self::new(request, peer, true)
    }

    fn new(request: &'r HeaderMap, peer: Peer<'r>, untouched: bool) -> Result<Self, Nominated> {
        // One look at every name that came costs less than a search for each that might have.
        let (mut has_connection, mut has_cookies, mut has_trailers) = (false, false, false);
        for name in request.keys() {
            has_connection |= *name == header::CONNECTION;
            has_cookies |= *name == header::COOKIE;
            has_trailers |= *name == header::TE || *name == header::TRAILER;
        }
        let nominated = if has_connection { nominated(request) } else { Vec::new() };
        match nominated.iter().find(|name| must_arrive(name)) {
            Some(name) => Err(Nominated(name.clone())),
            None => Ok(Self { request, peer, nominated, has_cookies, has_trailers, untouched }),
        }
    }

    /// What the request says of trailers.
    pub fn trailers(&self) -> Trailers {
        if self.has_trailers { Trailers::of(self.request) } else { Trailers::default() }
    }

    fn is_left_out(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        is_hop_by_hop(text)
            || matches!(text, "host" | "content-length" | "expect" | "forwarded" | "x-real-ip")
            || text.starts_with("x-forwarded-")
            || (!self.untouched && is_ours(text))
            || self.nominated.iter().any(|nominated| nominated == text)
            || !is_plain(name)
    }
}

impl MakeHeaders for Forwarding<'_> {
    fn make(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.request.keys_len() + 8);
        for (name, value) in self.request.iter().filter(|(name, _)| !self.is_left_out(name)) {
            headers.append(name, value.clone());
        }
        if self.has_cookies {
            join_cookies(&mut headers);
        }
        if !self.untouched {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
        }
        introduce(&mut headers, &self.peer);
        headers
    }
}

/// What a reply that is read here must not depend on.
fn is_ours(name: &str) -> bool {
    matches!(name, "accept-encoding" | "range" | "if-range" | "if-none-match" | "if-modified-since")
}

/// How many header lines [`Forwarding`] drops for their name alone: some servers read `X_User` as `X-User`.
pub fn unforwardable(request: &HeaderMap) -> usize {
    request.iter().filter(|(name, _)| !is_plain(name)).count()
}

/// HTTP/2 may send one cookie a line; HTTP/1.1 has one line (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(header::COOKIE).iter().nth(1).is_none() {
        return;
    }
    let lines: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        headers.insert(header::COOKIE, line);
    }
}

fn must_arrive(name: &str) -> bool {
    matches!(name, "cookie" | "authorization" | "host" | "forwarded" | "x-real-ip")
        || name.starts_with("x-forwarded-")
        || name.starts_with("content-")
}

fn introduce(headers: &mut HeaderMap, peer: &Peer<'_>) {
    let proto = if peer.secure { "https" } else { "http" };
    let host = peer.host.filter(|host| is_host(host));
    // What the other headers say is a piece of this one.
    let mut forwarded = String::with_capacity(80 + host.map_or(0, str::len));
    let mut address = 0..0;
    if let Some(ip) = peer.ip {
        let ip = ip.to_canonical();
        let (before, after) = if ip.is_ipv6() { ("for=\"[", "]\";") } else { ("for=", ";") };
        forwarded.push_str(before);
        let start = forwarded.len();
        forwarded.push_str(AddressText::new(ip).as_str());
        address = start..forwarded.len();
        forwarded.push_str(after);
    }
    forwarded.push_str("proto=");
    forwarded.push_str(proto);
    let mut name = 0..0;
    if let Some(host) = host {
        forwarded.push_str(";host=\"");
        name = forwarded.len()..forwarded.len() + host.len();
        forwarded.push_str(host);
        forwarded.push('"');
    }
    let forwarded = Bytes::from(forwarded);
    let value = |range: Range<usize>| HeaderValue::from_maybe_shared(forwarded.slice(range)).ok();
    if let Some(ip) = value(address).filter(|ip| !ip.is_empty()) {
        headers.insert(FOR, ip.clone());
        headers.insert(REAL_IP, ip);
    }
    headers.insert(PROTO, HeaderValue::from_static(proto));
    if let Some(host) = value(name).filter(|host| !host.is_empty()) {
        headers.insert(FORWARDED_HOST, host);
    }
    if let Some(forwarded) = value(0..forwarded.len()) {
        headers.insert(header::FORWARDED, forwarded);
    }
}

/// `host`, `host:port`, `[v6]:port`: nothing that could end a quoted string or begin a list.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}
