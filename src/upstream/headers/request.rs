//! From the client to an upstream.

use std::net::IpAddr;
use std::ops::Range;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{ACCEPT_ENCODING, FieldLines, Text, Trailers, is_hop_by_hop, is_plain, name, nominated};
use crate::base::address::AddressText;

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

/// Makes the headers of a call, anew for each of its tries.
pub trait MakeHeaders: Send + Sync {
    /// The headers, without those of the upstream's own rules.
    fn make(&self) -> FieldLines<'_>;
}

impl MakeHeaders for HeaderMap {
    fn make(&self) -> FieldLines<'_> {
        self.into()
    }
}

/// The headers of a request on their way up: looked through once, made as often as they are needed.
#[derive(Debug)]
pub struct Forwarding<'r> {
    request: &'r HeaderMap,
    introduction: Introduction,
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
        let mut nominated = if has_connection { nominated(request) } else { Vec::new() };
        // By then it is the gateway's own.
        nominated.retain(|name| name != "x-request-id");
        match nominated.iter().find(|name| must_arrive(name)) {
            Some(name) => Err(Nominated(name.clone())),
            None => Ok(Self { request, introduction: Introduction::new(&peer), nominated, has_cookies, has_trailers, untouched }),
        }
    }

    /// What the request says of trailers.
    pub fn trailers(&self) -> Trailers {
        if self.has_trailers { Trailers::of(self.request) } else { Trailers::default() }
    }

    fn is_left_out(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        is_hop_by_hop(text)
            || matches!(text, "host" | "content-length" | "expect" | "forwarded" | "x-real-ip" | "x-retry-attempt")
            || text.starts_with("x-forwarded-")
            || (!self.untouched && is_ours(text))
            || self.nominated.iter().any(|nominated| nominated == text)
            || !is_plain(name)
    }
}

impl MakeHeaders for Forwarding<'_> {
    fn make(&self) -> FieldLines<'_> {
        let mut lines = FieldLines::with_room(self.request.len());
        for (name, value) in self.request.iter().filter(|(name, _)| !self.is_left_out(name)) {
            lines.append(name, value);
        }
        if self.has_cookies {
            join_cookies(&mut lines);
        }
        if !self.untouched {
            lines.append(&name::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
        }
        self.introduction.add_to(&mut lines);
        lines
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
fn join_cookies(lines: &mut FieldLines<'_>) {
    let cookies: Vec<&[u8]> = lines.get_all(&name::COOKIE).collect();
    if let [_, _, ..] = cookies.as_slice()
        && let Ok(line) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        lines.set(&name::COOKIE, line);
    }
}

fn must_arrive(name: &str) -> bool {
    matches!(name, "cookie" | "authorization" | "host" | "origin" | "forwarded" | "x-real-ip")
        || name.starts_with("x-forwarded-")
        || name.starts_with("content-")
        || name.starts_with("sec-websocket-")
}

/// What the upstream is told of the peer. What each of its headers says is a piece of `Forwarded`.
#[derive(Debug)]
struct Introduction {
    forwarded: String,
    address: Range<usize>,
    host: Range<usize>,
    proto: &'static str,
}

impl Introduction {
    fn new(peer: &Peer<'_>) -> Self {
        let proto = if peer.secure { "https" } else { "http" };
        let known = peer.host.filter(|host| is_host(host));
        let mut forwarded = String::with_capacity(80 + known.map_or(0, str::len));
        let (mut address, mut host) = (0..0, 0..0);
        if let Some(ip) = peer.ip {
            let ip = ip.to_canonical();
            let (before, after) = if ip.is_ipv6() { ("for=\"[", "]\";") } else { ("for=", ";") };
            forwarded.push_str(before);
            address = push(&mut forwarded, AddressText::new(ip).as_str());
            forwarded.push_str(after);
        }
        forwarded.push_str("proto=");
        forwarded.push_str(proto);
        if let Some(known) = known {
            forwarded.push_str(";host=\"");
            host = push(&mut forwarded, known);
            forwarded.push('"');
        }
        Self { forwarded, address, host, proto }
    }

    /// Adds its lines to a head that has none of them.
    fn add_to<'r>(&'r self, lines: &mut FieldLines<'r>) {
        let piece = |range: &Range<usize>| self.forwarded.get(range.clone()).and_then(Text::new);
        if let Some(ip) = piece(&self.address) {
            lines.append(&name::X_FORWARDED_FOR, ip);
            lines.append(&name::X_REAL_IP, ip);
        }
        lines.append(&name::X_FORWARDED_PROTO, HeaderValue::from_static(self.proto));
        if let Some(host) = piece(&self.host) {
            lines.append(&name::X_FORWARDED_HOST, host);
        }
        if let Some(forwarded) = Text::new(&self.forwarded) {
            lines.append(&name::FORWARDED, forwarded);
        }
    }
}

/// Puts `piece` behind `text`; returns where it stands.
fn push(text: &mut String, piece: &str) -> Range<usize> {
    let start = text.len();
    text.push_str(piece);
    start..text.len()
}

/// `host`, `host:port`, `[v6]:port`: nothing that could end a quoted string or begin a list.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}
