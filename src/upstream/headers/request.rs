//! From the client to an upstream.

use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{ACCEPT_ENCODING, is_hop_by_hop, is_plain, nominated};
use crate::base::address::AddressText;

/// Who is on the other side, as far as the edge trusts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// Whether the client came over TLS.
    pub secure: bool,
    /// The host that the client asked for, with its port.
    pub host: Option<String>,
}

/// A Connection line names a header that must reach the upstream: somebody wants a check to be skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the Connection header names `{0}`, which must not be removed on the way")]
pub struct Nominated(pub String);

/// The headers of a call whose reply is read here. Hop-by-hop headers and those that Connection names are gone, and so are
/// names with other characters than letters, digits and hyphens, the conditions and ranges that could make the reply
/// something else than the whole document, Host, and the length. `Forwarded`, `X-Forwarded-For`, `-Proto` and `-Host` and
/// `X-Real-IP` tell of `peer`, whatever the client wrote. Accept-Encoding is [`ACCEPT_ENCODING`].
///
/// # Errors
/// Connection names a header that carries an identity, an address or the message itself (answer 400).
pub fn forward(request: &HeaderMap, peer: &Peer) -> Result<HeaderMap, Nominated> {
    let is_ours = |name: &str| matches!(name, "accept-encoding" | "range" | "if-range" | "if-none-match" | "if-modified-since");
    let mut headers = select(request, is_ours)?;
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
    introduce(&mut headers, peer);
    Ok(headers)
}

/// As [`forward`], for a reply that is passed through as it comes: codings, conditions and ranges stay the client's.
///
/// # Errors
/// As [`forward`].
pub fn forward_untouched(request: &HeaderMap, peer: &Peer) -> Result<HeaderMap, Nominated> {
    let mut headers = select(request, |_| false)?;
    introduce(&mut headers, peer);
    Ok(headers)
}

/// How many header lines [`forward`] drops for their name alone: some servers read `X_User` as `X-User`.
pub fn unforwardable(request: &HeaderMap) -> usize {
    request.iter().filter(|(name, _)| !is_plain(name)).count()
}

fn select(request: &HeaderMap, dropped: impl Fn(&str) -> bool) -> Result<HeaderMap, Nominated> {
    let nominated = nominated(request);
    if let Some(name) = nominated.iter().find(|name| must_arrive(name)) {
        return Err(Nominated(name.clone()));
    }
    let mut headers = HeaderMap::with_capacity(request.keys_len() + 8);
    for (name, value) in request {
        let text = name.as_str();
        let gone = is_hop_by_hop(text)
            || matches!(text, "host" | "content-length" | "expect" | "forwarded" | "x-real-ip")
            || text.starts_with("x-forwarded-")
            || dropped(text)
            || nominated.iter().any(|nominated| nominated == text)
            || !is_plain(name);
        if !gone {
            headers.append(name, value.clone());
        }
    }
    join_cookies(&mut headers);
    Ok(headers)
}

/// HTTP/2 may send one cookie a line; HTTP/1.1 has one line (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let lines: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() > 1
        && let Ok(line) = HeaderValue::from_bytes(&lines.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, line);
    }
}

fn must_arrive(name: &str) -> bool {
    matches!(name, "cookie" | "authorization" | "host" | "forwarded" | "x-real-ip")
        || name.starts_with("x-forwarded-")
        || name.starts_with("content-")
}

fn introduce(headers: &mut HeaderMap, peer: &Peer) {
    let proto = if peer.secure { "https" } else { "http" };
    let host = peer.host.as_deref().filter(|host| is_host(host));
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
        headers.insert(HeaderName::from_static("x-forwarded-for"), ip.clone());
        headers.insert(HeaderName::from_static("x-real-ip"), ip);
    }
    headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static(proto));
    if let Some(host) = value(name).filter(|host| !host.is_empty()) {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    if let Some(forwarded) = value(0..forwarded.len()) {
        headers.insert(header::FORWARDED, forwarded);
    }
}

/// `host`, `host:port`, `[v6]:port`: nothing that could end a quoted string or begin a list.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}
