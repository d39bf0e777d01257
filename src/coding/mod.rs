//! The content codings that answers leave in: which one a client takes, the encoders, and what was encoded once.
//!
//! Knows neither routes nor replies: what may be encoded, and what must not, is decided above.

mod accepted;
mod encoder;
mod store;

use http::HeaderValue;

pub use accepted::Accepted;
pub use encoder::{Effort, Encoder, encode};
pub use store::CodedStore;

/// A content coding (RFC 9110, 8.4.1) that answers can leave in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878, with a window that RFC 9659 lets every client have.
    Zstd,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// The tag of a body in this coding, made of the tag that it has without one. A strong tag stands for bytes, so each coding has its
    /// own (RFC 9110, 8.8.3.3); a weak one stands for what they say, and stays.
    pub fn tag(self, plain: &HeaderValue) -> HeaderValue {
        let strong = plain.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
        strong.and_then(|tag| HeaderValue::try_from(format!("\"{tag}-{}\"", self.word())).ok()).unwrap_or_else(|| plain.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strong_tag_is_another_one_in_every_coding_and_a_weak_one_the_same() {
        let tag = |coding: Coding, tag: &'static str| coding.tag(&HeaderValue::from_static(tag));
        assert_eq!(tag(Coding::Brotli, "\"a\""), "\"a-br\"");
        assert_eq!(tag(Coding::Zstd, "\"a\""), "\"a-zstd\"");
        assert_eq!(tag(Coding::Gzip, "\"a\""), "\"a-gzip\"");
        assert_eq!(tag(Coding::Gzip, "W/\"a\""), "W/\"a\"");
    }
}
