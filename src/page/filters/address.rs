//! `urlencode` and `url`: text that goes into addresses.

use memchr::memchr3;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tera::{Kwargs, TeraResult};

use super::super::arguments::Arguments;
use super::super::head;
use super::Given;

/// What stays as it is (RFC 3986, unreserved).
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stays as it is in a path.
const KEPT_IN_PATHS: AsciiSet = KEPT.remove(b'/');

/// `/search?q={{ q | urlencode }}`: the value as one path segment or query value; a `/` is encoded too.
pub(super) fn urlencode(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    Arguments::of_filter("urlencode", kwargs)?;
    Ok(utf8_percent_encode(given.defined("urlencode")?, &KEPT).to_string())
}

/// `/files/{{ rest | urlencode_path }}`: the value as a path, whose slashes stay.
pub(super) fn urlencode_path(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    Arguments::of_filter("urlencode_path", kwargs)?;
    Ok(utf8_percent_encode(given.defined("urlencode_path")?, &KEPT_IN_PATHS).to_string())
}

/// `<a href="{{ seller.homepage | url }}">`: the address if it is relative or its scheme is http, https, mailto or tel; else `#`.
pub(super) fn url(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    Arguments::of_filter("url", kwargs)?;
    let text = given.defined("url")?.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    Ok(if is_harmless(text) { text.to_owned() } else { "#".to_owned() })
}

/// `<link rel="alternate" href="{{ "/en/detail/7" | absolute }}">`: a path behind `site.origin`; a whole address stays. Without an origin a path stays
/// as it is; what is neither is `#`.
pub(in super::super) fn absolute(given: &Given<'_>, origin: Option<&str>) -> TeraResult<String> {
    let text = given.defined("absolute")?;
    Ok(head::address(text.trim(), origin).unwrap_or_else(|| "#".to_owned()))
}

pub(in super::super) fn is_harmless(text: &str) -> bool {
    // Browsers drop tabs and line feeds inside an address before they look for its scheme.
    // Without a way out of the loop, which lets the compiler look at many bytes at once.
    let has_controls = text.bytes().fold(0, |found, byte| found | u8::from(byte < b' ') | u8::from(byte == 0x7f)) != 0
        || !text.is_ascii() && text.chars().any(char::is_control);
    if text.is_empty() || has_controls {
        return false;
    }
    let end = memchr3(b'/', b'?', b'#', text.as_bytes()).unwrap_or(text.len());
    match text.get(..end).and_then(|start| start.split_once(':')) {
        None => true,
        Some((scheme, _)) => ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_addresses_stay() {
        for text in [
            "https://a.example/x",
            "HTTP://a",
            "mailto:a@b.example",
            "tel:+49",
            "/detail/1",
            "detail?x=a:b",
            "#top",
            "?q=1",
            "//cdn.example/x",
        ] {
            assert!(is_harmless(text), "{text}");
        }
        for text in [
            "javascript:alert(1)",
            "JaVaScript:alert(1)",
            "java\tscript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:x",
            "\u{1}javascript:x",
            " javascript:x",
            "javascript\u{200b}:x",
            ":",
            "",
        ] {
            assert!(!is_harmless(text), "{text:?}");
        }
    }
}
