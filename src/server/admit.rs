//! A request as the gateway may see it: one host, one path, within the limits, whichever protocol it came in.

use std::borrow::Cow;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri, Version, header};

use super::framing::{check_target, is_host};
use super::path;
use super::settings::Limits;
use crate::gateway::edge::Refusal;

/// Brings a request into its one form: an origin-form target with the canonical path, and the authority in `Host`.
///
/// # Errors
/// It must not be served. Its target is `/` then.
pub(super) fn admit(parts: &mut Parts, limits: &Limits) -> Result<(), Unfit> {
    let admitted = if parts.version == Version::HTTP_2 { check_http2(parts, limits) } else { Ok(()) };
    let admitted = admitted.and_then(|()| normalize(parts));
    admitted.map_err(|refusal| Unfit { refusal, uri: std::mem::replace(&mut parts.uri, Uri::from_static("/")) })
}

/// A request that must not be served.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) refusal: Refusal,
    /// Its target as it came.
    pub(super) uri: Uri,
}

fn normalize(parts: &mut Parts) -> Result<(), Refusal> {
    if let Some(authority) = parts.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.insert(header::HOST, host);
    }
    // `OPTIONS *` asks about the server as a whole: there is no path to bring into a form.
    let path = parts.uri.path();
    if path == "*" {
        return Ok(());
    }
    let target = match path::canonical(path).map_err(Refusal::BadPath)? {
        Cow::Borrowed(_) if parts.uri.authority().is_none() => return Ok(()),
        path => match parts.uri.query() {
            Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
            None => PathAndQuery::try_from(path.as_ref()),
        },
    };
    // Only its length can be wrong: escapes that were missing have been added.
    parts.uri = Uri::from(target.map_err(|_| Refusal::UriTooLong)?);
    Ok(())
}

/// What the raw check does for HTTP/1. The h2 crate refuses the rest by resetting the stream: names with capitals, headers of
/// the connection, doubled pseudo-headers, a `content-length` that the data does not match, CR, LF and NUL.
fn check_http2(parts: &Parts, limits: &Limits) -> Result<(), Refusal> {
    let bad = |rule| Err(Refusal::BadRequest(rule));
    if parts.method == Method::CONNECT {
        return Err(Refusal::MethodNotAllowed);
    }
    let target = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    if target.len() > limits.uri {
        return Err(Refusal::UriTooLong);
    }
    if parts.headers.len() > limits.headers || head_size(parts, target) > limits.head {
        return Err(Refusal::HeadTooLarge);
    }
    let is_about_server = target == "*" && parts.method == Method::OPTIONS;
    if !is_about_server && !target.starts_with('/') {
        return bad("request_target");
    }
    check_target(target.as_bytes()).map_err(Refusal::BadRequest)?;
    if !matches!(parts.uri.scheme_str(), None | Some("http" | "https")) {
        return bad("scheme");
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next().map(HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return bad("host_twice");
    }
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    match (authority, host) {
        (None, None) => return bad("host_missing"),
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => return bad("authority"),
        (Some(name), _) | (None, Some(name)) if !is_host(name) => return bad("host"),
        _ => {}
    }
    if parts.headers.get_all(header::CONTENT_LENGTH).iter().nth(1).is_some() {
        return bad("content_length_twice");
    }
    if parts.headers.get_all(header::EXPECT).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Refusal::ExpectationFailed);
    }
    Ok(())
}

/// Bytes of the head as HTTP/1.1 would write it, with its line ends: one limit means the same in both.
fn head_size(parts: &Parts, target: &str) -> usize {
    let line = |name: usize, value: usize| name + value + ": \r\n".len();
    let request_line = parts.method.as_str().len() + target.len() + "  HTTP/1.1\r\n".len();
    let authority = parts.uri.authority().filter(|_| !parts.headers.contains_key(header::HOST));
    let host = authority.map_or(0, |authority| line("host".len(), authority.as_str().len()));
    let lines: usize = parts.headers.iter().map(|(name, value)| line(name.as_str().len(), value.len())).sum();
    request_line + host + lines + "\r\n".len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(version: Version, method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut builder = Request::builder().version(version).method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn every_form_of_target_becomes_a_path_and_a_host() {
        let (one, two) = (Version::HTTP_11, Version::HTTP_2);
        for (version, uri, headers, target, host) in [
            (one, "/a?b=%41", &[("host", "h")][..], "/a?b=%41", "h"),
            (one, "/%61/./b?x", &[("host", "h")], "/a/b?x", "h"),
            (one, "http://h/a?b", &[("host", "h")], "/a?b", "h"),
            (one, "http://h?b", &[("host", "h")], "/?b", "h"),
            (two, "http://h:8080/a", &[], "/a", "h:8080"),
            (two, "https://h/%7e", &[("host", "h")], "/~", "h"),
            (two, "/a", &[("host", "h")], "/a", "h"),
        ] {
            let mut parts = parts(version, "GET", uri, headers);
            assert_eq!(admit(&mut parts, &Limits::default()), Ok(()), "{uri}");
            assert_eq!((parts.uri.to_string().as_str(), parts.headers["host"].to_str().unwrap()), (target, host));
        }
    }

    #[test]
    fn what_the_raw_check_refuses_is_refused_in_http2_too() {
        let long = format!("http://h/{}", "a".repeat(8 * 1024));
        let bad = Refusal::BadRequest;
        for (method, uri, headers, refusal) in [
            ("GET", "/a", &[][..], bad("host_missing")),
            ("GET", "/a", &[("host", "a"), ("host", "a")], bad("host_twice")),
            ("GET", "/a", &[("host", "a/b")], bad("host")),
            ("GET", "http://u@h/a", &[], bad("host")),
            ("GET", "http://h/a", &[("host", "evil")], bad("authority")),
            ("GET", "ftp://h/a", &[], bad("scheme")),
            ("GET", "http://h/%zz", &[], bad("percent_escape")),
            ("GET", "http://h/?%zz", &[], bad("percent_escape")),
            ("GET", "http://h/é", &[], bad("non_ascii")),
            ("GET", "*", &[("host", "h")], bad("request_target")),
            ("POST", "http://h/", &[("content-length", "1"), ("content-length", "1")], bad("content_length_twice")),
            ("POST", "http://h/", &[("expect", "y")], Refusal::ExpectationFailed),
            ("CONNECT", "h:80", &[], Refusal::MethodNotAllowed),
            ("GET", long.as_str(), &[], Refusal::UriTooLong),
            ("GET", "http://h/a//b", &[], Refusal::BadPath("double_slash")),
        ] {
            let mut parts = parts(Version::HTTP_2, method, uri, headers);
            let came = parts.uri.clone();
            assert_eq!(admit(&mut parts, &Limits::default()), Err(Unfit { refusal, uri: came }), "{method} {uri}");
            assert_eq!(parts.uri, "/");
        }
    }

    #[test]
    fn header_lines_are_counted_in_http2() {
        let mut parts = parts(Version::HTTP_2, "GET", "http://h/", &[("a", "1"), ("a", "2"), ("b", "3")]);
        let refused = admit(&mut parts, &Limits { headers: 2, ..Limits::default() });
        assert_eq!(refused.map_err(|unfit| unfit.refusal), Err(Refusal::HeadTooLarge));
        parts.uri = Uri::from_static("http://h/");
        assert_eq!(admit(&mut parts, &Limits { headers: 3, ..Limits::default() }), Ok(()));
    }

    #[test]
    fn a_head_of_http2_has_the_size_it_would_have_in_http1() {
        for (uri, headers, written) in [
            ("http://h:80/a?b", &[("c", "de")][..], "GET /a?b HTTP/1.1\r\nhost: h:80\r\nc: de\r\n\r\n"),
            ("http://h/", &[("host", "h")], "GET / HTTP/1.1\r\nhost: h\r\n\r\n"),
            ("/", &[("host", "h"), ("c", "1"), ("c", "")], "GET / HTTP/1.1\r\nhost: h\r\nc: 1\r\nc: \r\n\r\n"),
        ] {
            let admitted = |head| {
                let mut parts = parts(Version::HTTP_2, "GET", uri, headers);
                admit(&mut parts, &Limits { head, ..Limits::default() }).map_err(|unfit| unfit.refusal)
            };
            assert_eq!(admitted(written.len()), Ok(()), "{uri}");
            assert_eq!(admitted(written.len() - 1), Err(Refusal::HeadTooLarge), "{uri}");
        }
    }
}
