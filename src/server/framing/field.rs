//! One header line, and the few headers that decide where a request ends and whom it is for.

use crate::base::http1::{are_tokens, are_values, lists, number};
use crate::gateway::edge::Refusal;

/// The longest `Host` that is read: a DNS name, and a port.
const HOST_BYTES: usize = 255 + 6;

/// Cuts a header line, without its line end, into name and value; the value without the blanks around it, and how many of those stand
/// before it.
pub(super) fn split(line: &[u8]) -> Result<(&[u8], usize, &[u8]), &'static str> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err("obs_fold");
    }
    let colon = memchr::memchr(b':', line).ok_or("header_line")?;
    let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
    if name.is_empty() {
        return Err("header_name");
    }
    if matches!(name.last(), Some(b' ' | b'\t')) {
        return Err("space_before_colon");
    }
    if !are_tokens(name) {
        return Err("header_name");
    }
    if !are_values(value) {
        return Err(if value.contains(&b'\r') { "bare_cr" } else { "control_character" });
    }
    let from_value = value.trim_ascii_start();
    Ok((name, value.len() - from_value.len(), from_value.trim_ascii_end()))
}

/// What the headers of one head have said so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// `Content-Length`.
    pub(super) length: Option<u64>,
    /// `Transfer-Encoding: chunked`.
    pub(super) chunked: bool,
    /// Whether there was a `Host`; its text is the caller's to remember.
    pub(super) host: bool,
    /// `Upgrade` lists WebSocket.
    websocket: bool,
    /// `Connection` lists `upgrade`.
    upgrade: bool,
    /// `Connection` lists `close`.
    close: bool,
    /// `Connection` lists `keep-alive`.
    keep_alive: bool,
    /// `Expect` waits for a 100.
    pub(super) expects: bool,
    /// `TE` lists `trailers`.
    pub(super) trailers: bool,
}

impl Fields {
    /// Takes in one header. Tells whether it was `Host`.
    pub(super) fn take(&mut self, name: &[u8], value: &[u8]) -> Result<bool, Refusal> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is(b"host") => return self.take_host(value).map(|()| true).map_err(Refusal::BadRequest),
            7 if is(b"upgrade") => self.websocket |= lists(value, b"websocket"),
            10 if is(b"connection") => {
                self.upgrade |= lists(value, b"upgrade");
                self.close |= lists(value, b"close");
                self.keep_alive |= lists(value, b"keep-alive");
            }
            6 if is(b"expect") && !value.eq_ignore_ascii_case(b"100-continue") => return Err(Refusal::ExpectationFailed),
            6 if is(b"expect") => self.expects = true,
            2 if is(b"te") => self.trailers |= lists(value, b"trailers"),
            14 if is(b"content-length") => self.take_length(value).map_err(Refusal::BadRequest)?,
            17 if is(b"transfer-encoding") => self.take_encoding(value).map_err(Refusal::BadRequest)?,
            _ => {}
        }
        Ok(false)
    }

    /// Whether the headers ask for WebSocket.
    pub(super) fn ask_for_websocket(&self) -> bool {
        self.websocket && self.upgrade
    }

    /// Whether the connection may go on behind the answer.
    pub(super) fn keeps(&self, is_11: bool) -> bool {
        !self.close && (is_11 || self.keep_alive)
    }

    fn take_host(&mut self, value: &[u8]) -> Result<(), &'static str> {
        if std::mem::replace(&mut self.host, true) {
            return Err("host_twice");
        }
        if is_host(value) { Ok(()) } else { Err("host") }
    }

    fn take_length(&mut self, value: &[u8]) -> Result<(), &'static str> {
        if self.length.is_some() {
            return Err("content_length_twice");
        }
        // Beyond an i64 no body exists, and parsers disagree on what to make of it.
        let length = number(value).filter(|length| i64::try_from(*length).is_ok());
        self.length = Some(length.ok_or("content_length")?);
        Ok(())
    }

    fn take_encoding(&mut self, value: &[u8]) -> Result<(), &'static str> {
        if self.chunked {
            return Err("transfer_encoding_twice");
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err("transfer_encoding");
        }
        self.chunked = true;
        Ok(())
    }
}

/// Whether a text is `host` or `host:port`: a name of letters, digits, `.`, `-`, `_` and `~`, an IPv4 address, or an IPv6
/// address in brackets. No user, no list, no path.
pub(in super::super) fn is_host(text: &[u8]) -> bool {
    if text.is_empty() || text.len() > HOST_BYTES {
        return false;
    }
    let (host_is_fine, behind) = if let [b'[', inner @ ..] = text {
        let Some(end) = inner.iter().position(|b| *b == b']') else { return false };
        let (address, behind) = inner.split_at(end);
        let address = std::str::from_utf8(address).ok().and_then(|text| text.parse::<std::net::Ipv6Addr>().ok());
        (address.is_some(), behind.get(1..).unwrap_or_default())
    } else {
        let end = text.iter().position(|b| *b == b':').unwrap_or(text.len());
        let (name, behind) = text.split_at(end);
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~');
        (!name.is_empty() && name.iter().all(plain), behind)
    };
    let port_is_fine = match behind {
        [] => true,
        [b':', digits @ ..] => {
            let plain = (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
            plain && std::str::from_utf8(digits).is_ok_and(|digits| digits.parse::<u16>().is_ok())
        }
        _ => false,
    };
    host_is_fine && port_is_fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_and_perhaps_a_port() {
        for (text, fine) in [
            ("a", true),
            ("shop.example", true),
            ("shop.example:8080", true),
            ("127.0.0.1:1", true),
            ("[::1]", true),
            ("[::1]:80", true),
            ("a_b~c-d", true),
            ("", false),
            (":80", false),
            ("a:", false),
            ("a:x", false),
            ("a:65536", false),
            ("a:80:80", false),
            ("a/b", false),
            ("a, b", false),
            ("a b", false),
            ("x@a", false),
            ("a?b", false),
            ("a%41", false),
            ("[::1", false),
            ("[::1]x", false),
            ("[g]", false),
            ("é", false),
        ] {
            assert_eq!(is_host(text.as_bytes()), fine, "{text:?}");
        }
    }
}
