//! What goes on the wire, as bytes behind those that are there.

use http::{HeaderMap, HeaderValue};

use crate::base::hex;

/// What ends a chunked body without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Writes one line of a head.
pub fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes the lines of a head or of trailers, without the blank one behind them.
pub fn fields(out: &mut Vec<u8>, headers: &HeaderMap<HeaderValue>) {
    for (name, value) in headers {
        field(out, name.as_str(), value.as_bytes());
    }
}

/// Writes the line before a chunk of so many bytes.
pub fn chunk_size(out: &mut Vec<u8>, bytes: usize) {
    let digits = (usize::BITS - (bytes | 1).leading_zeros()).div_ceil(4);
    out.extend((0..digits).rev().map(|place| hex::digit((bytes >> (4 * place) & 15) as u8).to_ascii_uppercase()));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_says_its_size_in_hexadecimal() {
        for bytes in [0, 1, 9, 10, 15, 16, 255, 256, 4096, 65_535, 1 << 20, usize::MAX] {
            let mut out = Vec::new();
            chunk_size(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{bytes:X}\r\n"));
        }
    }

    #[test]
    fn a_head_has_a_line_for_each_value() {
        let mut headers = HeaderMap::new();
        headers.insert("a", HeaderValue::from_static("b"));
        headers.append("c", HeaderValue::from_static("1"));
        headers.append("c", HeaderValue::from_static(""));
        let mut out = b"HTTP/1.1 200 OK\r\n".to_vec();
        fields(&mut out, &headers);
        assert_eq!(String::from_utf8(out).unwrap(), "HTTP/1.1 200 OK\r\na: b\r\nc: 1\r\nc: \r\n");
    }
}
