//! What a file's name says: that it is nobody's to see, or that its bytes never change.

/// The least length of a digest in a name.
const DIGEST: usize = 8;

/// Whether a path leads to or through a hidden name. `/.well-known` is not one (RFC 8615). Names are judged as they are on the disk: a path
/// may write any character of them with a percent sign.
pub(super) fn is_hidden(path: &str) -> bool {
    let path: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    names.enumerate().any(|(position, name)| name.starts_with(b".") && !(position == 0 && name == b".well-known"))
}

/// Whether a name has a digest of the file's bytes in it, as bundlers write it: `app.3f2a9c1d.js`, `index-B5fX3k9a.css`, `chunk-5DXZ2QHV.js`. A
/// name that only looks a little like one is not: a file that is kept for a year cannot be called back.
pub(super) fn is_of_content(name: &str) -> bool {
    // The first part is what the file is about, and the last one its kind.
    let mut parts: Vec<&str> = name.split(['.', '-']).skip(1).collect();
    parts.pop();
    parts.into_iter().any(is_digest)
}

fn is_digest(part: &str) -> bool {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Digit,
        Upper,
        Lower,
    }
    let mut kinds = Vec::with_capacity(part.len());
    for byte in part.bytes() {
        kinds.push(match byte {
            b'0'..=b'9' => Kind::Digit,
            b'A'..=b'Z' => Kind::Upper,
            b'a'..=b'z' | b'_' => Kind::Lower,
            _ => return false,
        });
    }
    kinds.dedup();
    let changes = kinds.len();
    let has = |kind| kinds.contains(&kind);
    let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit()) && !(has(Kind::Upper) && has(Kind::Lower));
    part.len() >= DIGEST && has(Kind::Digit) && changes >= if is_hex { 3 } else { 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_names_are_found_wherever_they_stand_and_however_they_are_written() {
        for (path, hidden) in [
            ("", false),
            ("/a.css", false),
            ("/.env", true),
            ("/a/.git/config", true),
            ("/%2egit/config", true),
            ("/a/%2E%2e/b", true),
            ("/a%2F.git", true),
            ("/.well-known/security.txt", false),
            ("/.well-known/.env", true),
            ("/a/.well-known/b", true),
            ("/a..b/c.", false),
        ] {
            assert_eq!(is_hidden(path), hidden, "{path}");
        }
    }

    #[test]
    fn a_name_is_trusted_for_ever_only_with_a_digest_in_it() {
        for (name, expected) in [
            ("app.3f2a9c1d.js", true),
            ("app.3F2A9C1D.js", true),
            ("index-B5fX3k9a.css", true),
            ("chunk-5DXZ2QHV.js", true),
            ("logo.9f86d081884c7d65.svg", true),
            ("main.9f86d081884c7d65.chunk.js", true),
            ("9f86d081884c7d65.js", false),
            ("app.js", false),
            ("report-20240101.pdf", false),
            ("report-20240101a.pdf", false),
            ("catalogue-2024Spring.pdf", false),
            ("jquery-3.7.1.min.js", false),
            ("a-deadbeef.js", false),
            ("photo-IMG20240101.jpg", false),
            ("chart-timeline.js", false),
            ("app.3f2a9c1.js", false),
            ("app.3f2a9c1d", false),
            ("", false),
        ] {
            assert_eq!(is_of_content(name), expected, "{name}");
        }
    }
}
