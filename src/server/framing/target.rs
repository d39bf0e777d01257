//! The characters of a request target.

/// Checks a path with its query, or the empty one of `http://host`: only characters that every parser reads the same,
/// no fragment, and every `%` before two hexadecimal digits. `|`, `^`, `[`, `{` and their like are let through because
/// browsers send them raw.
///
/// # Errors
/// The name of the rule that is broken.
pub(in super::super) fn check(target: &[u8]) -> Result<(), &'static str> {
    let mut bytes = target.iter().copied();
    let mut in_query = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || bytes.next().is_some_and(|b| b.is_ascii_hexdigit());
                if !(digit() && digit()) {
                    return Err("percent_escape");
                }
            }
            b'?' => in_query = true,
            b'#' => return Err("fragment"),
            0x80.. => return Err("non_ascii"),
            // What http::Uri refuses: the same set, so that whatever passes here is parsed there.
            b'<' | b'>' => return Err("request_target"),
            b'"' if in_query => return Err("request_target"),
            b'`' if !in_query => return Err("request_target"),
            0x21..=0x7e => {}
            _ => return Err("request_target"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_passes_is_a_uri() {
        for byte in 0..=255_u8 {
            for text in [vec![b'/', byte], vec![b'/', b'?', byte]] {
                if check(&text).is_ok() {
                    assert!(http::Uri::try_from(text.as_slice()).is_ok(), "{byte:#x}");
                }
            }
        }
    }

    #[test]
    fn escapes_are_whole() {
        for (target, fine) in
            [("/%41", true), ("/%4", false), ("/%", false), ("/%zz", false), ("/?a=%e4%bd", true), ("/?100%", false)]
        {
            assert_eq!(check(target.as_bytes()).is_ok(), fine, "{target}");
        }
    }
}
