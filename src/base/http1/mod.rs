//! HTTP/1 as bytes, for the server and for calls alike (RFC 9112): chunked bodies, and heads as they are written.

mod chunks;
mod write;

pub use chunks::{Blanks, Chunks, Step};
pub use write::{LAST_CHUNK, chunk_size, field, fields};

/// Whether a byte may stand in a token, such as the name of a header.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Whether a byte may stand in the value of a header.
pub fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
