//! The one canonical form of a path, for routing, checks, logs and forwarding alike.
//!
//! Two servers that read one path differently are how guards get walked around: a gateway sees `/public/..%2fadmin`, the
//! backend behind it `/admin`. So what has two readings is refused, and what has several spellings gets one: escapes of
//! plain characters are undone, all other escapes are upper case, characters that have no place in a path are escaped, and
//! `.` segments go.

use std::borrow::Cow;
use std::fmt::Write;

/// Gives `path` in its canonical form; borrowed when it already is.
///
/// # Errors
/// The rule that it breaks: `relative`, `double_slash`, `dot_segment` (a `..`, however it is spelt), `backslash`, `semicolon`,
/// `encoded_slash`, `encoded_percent`, `control_character`, `percent_escape` or `non_ascii`.
pub(super) fn canonical(path: &str) -> Result<Cow<'_, str>, &'static str> {
    let segments = path.strip_prefix('/').ok_or("relative")?;
    if is_canonical(path.as_bytes()) {
        return Ok(Cow::Borrowed(path));
    }
    let mut out = String::with_capacity(path.len() + 8);
    let mut rest = Some(segments);
    while let Some(text) = rest {
        let (segment, behind) = text.split_once('/').map_or((text, None), |(segment, behind)| (segment, Some(behind)));
        rest = behind;
        if segment.is_empty() && rest.is_some() {
            return Err("double_slash");
        }
        let start = out.len();
        out.push('/');
        normalize(segment, &mut out)?;
        match out.get(start..) {
            Some("/..") => return Err("dot_segment"),
            // `/a/.` names the folder, as `/a/` does.
            Some("/.") => out.truncate(if rest.is_none() { start + 1 } else { start }),
            _ => {}
        }
    }
    Ok(Cow::Owned(out))
}

/// Whether nothing in a path needs a second look. Errs on the side of looking.
fn is_canonical(path: &[u8]) -> bool {
    let mut before = b'\0';
    path.iter().all(|byte| {
        let plain = is_plain(*byte) && !(before == b'/' && matches!(byte, b'/' | b'.')) || (*byte == b'/' && before != b'/');
        before = *byte;
        plain
    })
}

/// Characters that stand for themselves in a segment: RFC 3986's `pchar` without escapes and without the semicolon.
fn is_plain(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@')
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn normalize(segment: &str, out: &mut String) -> Result<(), &'static str> {
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).ok_or("percent_escape");
                let escaped = u8::try_from(digit()? << 4 | digit()?).unwrap_or_default();
                match escaped {
                    b'/' => return Err("encoded_slash"),
                    b'\\' => return Err("backslash"),
                    b'%' => return Err("encoded_percent"),
                    b';' => return Err("semicolon"),
                    0..b' ' | 0x7f => return Err("control_character"),
                    plain if is_unreserved(plain) => out.push(char::from(plain)),
                    other => escape(other, out),
                }
            }
            b'\\' => return Err("backslash"),
            b';' => return Err("semicolon"),
            0..b' ' | 0x7f => return Err("control_character"),
            0x80.. => return Err("non_ascii"),
            plain if is_plain(plain) => out.push(char::from(plain)),
            other => escape(other, out),
        }
    }
    Ok(())
}

fn escape(byte: u8, out: &mut String) {
    // A String takes every character.
    let _ = write!(out, "%{byte:02X}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_path_has_one_form_or_none() {
        let rows: [(&str, Result<&str, &str>); 52] = [
            ("/", Ok("/")),
            ("/a", Ok("/a")),
            ("/a/", Ok("/a/")),
            ("/a/b.c-d_e~f", Ok("/a/b.c-d_e~f")),
            ("/a!$&'()*+,=:@", Ok("/a!$&'()*+,=:@")),
            ("/%61", Ok("/a")),
            ("/%41%5a%7E", Ok("/AZ~")),
            ("/%2d%2E%5f", Ok("/-._")),
            ("/a%20b", Ok("/a%20b")),
            ("/%e4%b8%ad", Ok("/%E4%B8%AD")),
            ("/%E4%B8%AD", Ok("/%E4%B8%AD")),
            ("/a%3ab", Ok("/a%3Ab")),
            ("/a%3Fb", Ok("/a%3Fb")),
            ("/a%23b", Ok("/a%23b")),
            ("/a%2Cb", Ok("/a%2Cb")),
            ("/a\"b", Ok("/a%22b")),
            ("/{a}|[b]^", Ok("/%7Ba%7D%7C%5Bb%5D%5E")),
            ("/%7ba%7d", Ok("/%7Ba%7D")),
            ("/%ff", Ok("/%FF")),
            ("/.", Ok("/")),
            ("/./", Ok("/")),
            ("/a/.", Ok("/a/")),
            ("/a/./b", Ok("/a/b")),
            ("/./a", Ok("/a")),
            ("/a/././b", Ok("/a/b")),
            ("/%2e/a", Ok("/a")),
            ("/...", Ok("/...")),
            ("/..a", Ok("/..a")),
            ("/a..", Ok("/a..")),
            ("/.well-known/x", Ok("/.well-known/x")),
            ("/..", Err("dot_segment")),
            ("/../a", Err("dot_segment")),
            ("/a/..", Err("dot_segment")),
            ("/a/../b", Err("dot_segment")),
            ("/a/%2e%2e/b", Err("dot_segment")),
            ("/a/.%2E/b", Err("dot_segment")),
            ("/a/..;/b", Err("semicolon")),
            ("/a;b=c", Err("semicolon")),
            ("/a%3bb", Err("semicolon")),
            ("/a%2fb", Err("encoded_slash")),
            ("/a%2Fb", Err("encoded_slash")),
            ("/a%252fb", Err("encoded_percent")),
            ("/a%25", Err("encoded_percent")),
            ("/a\\b", Err("backslash")),
            ("/a%5cb", Err("backslash")),
            ("/a%00", Err("control_character")),
            ("/a%0d%0a", Err("control_character")),
            ("//", Err("double_slash")),
            ("//a", Err("double_slash")),
            ("/a//b", Err("double_slash")),
            ("/a%zz", Err("percent_escape")),
            ("a", Err("relative")),
        ];
        for (path, expected) in rows {
            assert_eq!(canonical(path).as_deref().map_err(|rule| *rule), expected, "{path}");
        }
    }

    #[test]
    fn a_plain_path_is_not_copied() {
        for path in ["/", "/detail/1", "/a/b.json", "/a/"] {
            assert!(matches!(canonical(path), Ok(Cow::Borrowed(_))), "{path}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_and_means_the_same(path in "/([a-c./%;\\\\]|%[0-9a-fA-F]{2}){0,12}") {
            if let Ok(form) = canonical(&path) {
                let again = canonical(&form);
                prop_assert_eq!(again.as_deref(), Ok(form.as_ref()));
                let decode = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
                let without_dots = |text: &[u8]| text.split(|b| *b == b'/').filter(|s| *s != b".").map(<[u8]>::to_vec).collect::<Vec<_>>();
                let (a, b) = (without_dots(&decode(&path)), without_dots(&decode(&form)));
                // `/a/.` gains the empty segment that `/a/` has.
                prop_assert!(a == b || [a, vec![Vec::new()]].concat() == b);
                prop_assert!(!form.contains("//") && !form.split('/').any(|s| s == "." || s == ".."));
            }
        }
    }
}
