//! Where an upstream is.

use http::Uri;
use http::uri::Scheme;

/// Where an upstream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Behind a socket.
    Http {
        /// `http://host:port/base` or `https://…`: scheme, authority and an optional base path without a slash at its end.
        base: Uri,
    },
    /// The built-in sample backend, reached in memory.
    Demo,
}

/// Why a text is not a target. No variant repeats a part that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing was written.
    #[error("the url is empty: write one such as http://127.0.0.1:9100, or demo: for the built-in sample backend")]
    Empty,
    /// `shop.example:8080`, `/api`
    #[error("the url has no scheme: write http:// or https:// in front")]
    NoScheme,
    /// `ftp://…`
    #[error("the scheme `{0}` is not one that an upstream can have: write http, https or demo:")]
    Scheme(String),
    /// `http:///path`, `http://:80`
    #[error("the url names no host: write one such as http://127.0.0.1:9100")]
    NoHost,
    /// `http://user:secret@host`
    #[error("the url holds a user name or a password: send credentials as a header of the upstream instead")]
    UserInfo,
    /// `http://host:99999`, `http://host:`
    #[error("the port is not a number between 1 and 65535")]
    Port,
    /// `http://host/?a=b`
    #[error("the url has a query: put it into the call")]
    Query,
    /// `http://host/#a`
    #[error("the url has a fragment, which is never sent: leave it out")]
    Fragment,
    /// `http://host/a/../b`, `http://host/a//b`
    #[error("the base path `{0}` is not plain: no empty, `.` or `..` segment, no backslash and no encoded slash")]
    Path(String),
    /// A host or path with characters that no URL has.
    #[error("the url is not well formed")]
    Malformed,
    /// `demo:something`
    #[error("`demo:` stands alone: nothing follows it")]
    Demo,
}

impl Target {
    /// Reads a target: `http://host[:port][/base]`, `https://…`, or `demo:`. A slash at the end changes nothing.
    ///
    /// # Errors
    /// The text has another scheme, no host, a bad port, credentials, a query, a fragment or a base path that is not plain.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some(rest) = text.get(..5).filter(|start| start.eq_ignore_ascii_case("demo:")).and(text.get(5..)) {
            return if matches!(rest, "" | "//" | "///") { Ok(Self::Demo) } else { Err(TargetError::Demo) };
        }
        let (scheme, rest) = text.split_once("://").ok_or(TargetError::NoScheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            "" => return Err(TargetError::NoScheme),
            _ => return Err(TargetError::Scheme(scheme.to_owned())),
        };
        if rest.contains('#') {
            return Err(TargetError::Fragment);
        }
        if rest.contains('?') {
            return Err(TargetError::Query);
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        check_authority(authority)?;
        let path = path.trim_end_matches('/');
        check_path(path)?;
        let base = Uri::builder()
            .scheme(scheme)
            .authority(authority.to_ascii_lowercase())
            .path_and_query(if path.is_empty() { "/" } else { path })
            .build()
            .map_err(|_| TargetError::Malformed)?;
        Ok(Self::Http { base })
    }
}

fn check_authority(authority: &str) -> Result<(), TargetError> {
    if authority.contains('@') {
        return Err(TargetError::UserInfo);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(TargetError::Malformed)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| TargetError::Malformed)?;
            (host, port.strip_prefix(':').or((!port.is_empty()).then_some("?")))
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err(TargetError::NoHost);
    }
    let Some(port) = port else { return Ok(()) };
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if digits && port.parse::<u16>().is_ok_and(|port| port != 0) { Ok(()) } else { Err(TargetError::Port) }
}

fn check_path(path: &str) -> Result<(), TargetError> {
    let lower = path.to_ascii_lowercase();
    let odd_segment = lower.split('/').skip(1).any(|segment| {
        let segment = segment.replace("%2e", ".");
        matches!(segment.as_str(), "" | "." | "..")
    });
    if odd_segment || lower.contains('\\') || lower.contains("%2f") || lower.contains("%5c") {
        return Err(TargetError::Path(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> String {
        match Target::parse(text) {
            Ok(Target::Http { base }) => base.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_target_is_a_scheme_an_authority_and_a_base_path() {
        for (text, expected) in [
            ("http://127.0.0.1:9100", "http://127.0.0.1:9100/"),
            ("http://127.0.0.1:9100/", "http://127.0.0.1:9100/"),
            ("https://Shop.Example/api/v1/", "https://shop.example/api/v1"),
            ("HTTP://shop.example//", "http://shop.example/"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            (" http://backend ", "http://backend/"),
            ("http://my_service:80", "http://my_service:80/"),
        ] {
            assert_eq!(base(text), expected, "{text}");
        }
        for text in ["demo:", "DEMO:", "demo://"] {
            assert_eq!(Target::parse(text), Ok(Target::Demo), "{text}");
        }
    }

    #[test]
    fn what_a_target_cannot_be_has_its_own_words() {
        for (text, expected) in [
            ("", TargetError::Empty),
            ("shop.example:80", TargetError::NoScheme),
            ("/api", TargetError::NoScheme),
            ("://host", TargetError::NoScheme),
            ("ftp://host", TargetError::Scheme("ftp".into())),
            ("http://", TargetError::NoHost),
            ("http:///api", TargetError::NoHost),
            ("http://:80", TargetError::NoHost),
            ("http://user:secret@host", TargetError::UserInfo),
            ("http://user@host/x", TargetError::UserInfo),
            ("http://host:", TargetError::Port),
            ("http://host:0", TargetError::Port),
            ("http://host:99999", TargetError::Port),
            ("http://host:8x", TargetError::Port),
            ("http://[::1]8080", TargetError::Port),
            ("http://[::1", TargetError::Malformed),
            ("http://[zz]", TargetError::Malformed),
            ("http://host/?a=b", TargetError::Query),
            ("http://host?a", TargetError::Query),
            ("http://host/#x", TargetError::Fragment),
            ("http://host/a/../b", TargetError::Path("/a/../b".into())),
            ("http://host/a/%2E%2e/b", TargetError::Path("/a/%2E%2e/b".into())),
            ("http://host/a//b", TargetError::Path("/a//b".into())),
            ("http://host/a%2Fb", TargetError::Path("/a%2Fb".into())),
            ("http://host/a\\b", TargetError::Path("/a\\b".into())),
            ("http://ho st", TargetError::Malformed),
            ("demo:shop", TargetError::Demo),
        ] {
            assert_eq!(Target::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn no_message_repeats_a_password() {
        let message = Target::parse("http://user:s3cret@host").unwrap_err().to_string();
        assert!(!message.contains("s3cret"), "{message}");
    }
}
