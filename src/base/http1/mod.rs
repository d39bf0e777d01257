//! HTTP/1 as bytes, for the server and for calls alike (RFC 9112): chunked bodies, heads as they are written, and what is asked of a value.

mod chunks;
mod write;

use http::{HeaderMap, HeaderName, HeaderValue, header};

pub use chunks::{Blanks, Chunks, Step};
pub use write::{LAST_CHUNK, chunk_size, field, fields};

/// Whether a byte may stand in a token, such as the name of a header.
pub const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Whether all of a text may stand in a token. Looks at every byte: that is quicker than to stop at the first wrong one.
pub fn are_tokens(text: &[u8]) -> bool {
    text.iter().fold(true, |fine, byte| fine & TOKENS.get(usize::from(*byte)).copied().unwrap_or_default())
}

/// [`is_token`] of each byte.
static TOKENS: [bool; 256] = {
    let (mut tokens, mut byte) = ([false; 256], 0_u8);
    let mut rest: &mut [bool] = &mut tokens;
    while let [first, behind @ ..] = rest {
        *first = is_token(byte);
        byte = byte.wrapping_add(1);
        rest = behind;
    }
    tokens
};

/// Whether all of a text may stand in the value of a header. Looks at every byte, many at once.
pub fn are_values(text: &[u8]) -> bool {
    text.iter().fold(true, |fine, byte| fine & is_value(*byte))
}

/// Whether a byte may stand in the value of a header.
pub const fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Whether a comma-separated list has this token, in any case.
pub fn lists(value: &[u8], token: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|found| found.trim_ascii().eq_ignore_ascii_case(token))
}

/// Whether any line of a header lists this token, in any case.
pub fn any_lists(headers: &HeaderMap, name: &HeaderName, token: &[u8]) -> bool {
    headers.get_all(name).iter().any(|value| lists(value.as_bytes(), token))
}

/// The media type of a message without its parameters, as it was written; empty where nothing tells it.
pub fn media_type(headers: &HeaderMap) -> &[u8] {
    let content_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Digits, and nothing else, as a number.
pub fn number(digits: &[u8]) -> Option<u64> {
    let (first, rest) = digits.split_first()?;
    std::iter::once(first).chain(rest).try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_fine_if_each_of_its_bytes_is() {
        assert!(are_tokens(b"") && are_values(b""));
        for byte in 0..=255 {
            let text = [&[b'a'; 40][..], &[byte], &[b'a'; 3]].concat();
            assert_eq!((are_tokens(&text), are_values(&text)), (is_token(byte), is_value(byte)), "{byte:#x}");
        }
    }
}
