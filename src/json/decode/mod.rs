//! Hygiene before any step: from the bytes of a reply to a document, whatever a Java backend did to it on the way.
//!
//! Charset, byte order mark, JSONP, anti-hijacking prefixes, forms that are not JSON but meant as such, references inside the document.

mod charset;
mod fastjson;
mod identity;
mod lenient;
mod strip;

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::parse::parse_with;
use super::{Limits, Node, ParseError};

pub use lenient::Lenient;
pub use strip::Strip;

/// How many values references may add to a document before it is an expansion bomb.
const MOST_COPIED: usize = 200_000;

/// The options of [`Decode`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeOptions {
    /// A WHATWG label such as `gbk`; none for `auto`.
    pub charset: Option<String>,
    /// Forms that are not JSON but meant as such.
    pub lenient: Lenient,
    /// What is cut off in front.
    pub strip: Strip,
    /// References inside the document.
    pub refs: Refs,
    /// How deep the document may nest.
    pub max_depth: usize,
}

/// References inside a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refs {
    /// They stay as they are.
    Off,
    /// `{"$ref": "$.data[0]"}`, as Fastjson writes them for whatever it meets twice.
    Fastjson,
    /// The object with `@id` first, its bare id afterwards, as Jackson's `@JsonIdentityInfo` does.
    JacksonId,
}

/// Checked decode options.
#[derive(Debug, Clone)]
pub struct Decode {
    charset: Option<&'static Encoding>,
    lenient: Lenient,
    strip: Strip,
    refs: Refs,
    limits: Limits,
}

/// Why a reply is not a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A configured label that no encoding has.
    #[error("there is no charset `{0}`: write a label such as utf-8, gbk, gb18030, big5 or iso-8859-1")]
    UnknownCharset(String),
    /// A label in `Content-Type` that no encoding has, on bytes that are not UTF-8.
    #[error("the content type names the charset `{0}`, which does not exist")]
    UnknownLabel(String),
    /// Bytes that are not text in the charset.
    #[error("the bytes are not {charset}, from byte {offset} on")]
    NotText {
        /// What they were read as.
        charset: &'static str,
        /// How many bytes were fine; 0 where that cannot be told.
        offset: usize,
    },
    /// Not JSON.
    #[error("{0}")]
    Parse(#[from] ParseError),
    /// References blow the document up.
    #[error("the references of the document expand to more than {MOST_COPIED} values or deeper than its limit")]
    Expansion,
}

impl Decode {
    /// Checks the options.
    ///
    /// # Errors
    /// The charset is unknown.
    pub fn new(options: DecodeOptions) -> Result<Self, DecodeError> {
        let charset = match options.charset {
            None => None,
            Some(label) => match Encoding::for_label(label.as_bytes()) {
                Some(encoding) => Some(encoding),
                None => return Err(DecodeError::UnknownCharset(label)),
            },
        };
        let limits = Limits { depth: options.max_depth, ..Limits::default() };
        Ok(Self { charset, lenient: options.lenient, strip: options.strip, refs: options.refs, limits })
    }

    /// The bytes of a reply as JSON text. Borrowed when there was nothing to do.
    ///
    /// # Errors
    /// The bytes are no text.
    pub fn text<'b>(&self, body: &'b [u8], content_type: Option<&str>) -> Result<Cow<'b, str>, DecodeError> {
        let text = charset::decode(body, self.charset, content_type)?;
        Ok(match text {
            Cow::Borrowed(text) => self.lenient.rewrite(self.strip.strip(text)),
            Cow::Owned(text) => Cow::Owned(self.lenient.rewrite(self.strip.strip(&text)).into_owned()),
        })
    }

    /// The document of a text from [`Decode::text`].
    ///
    /// # Errors
    /// The text is not JSON, or its references are a bomb.
    pub fn node<'t>(&self, text: &'t str) -> Result<Node<'t>, DecodeError> {
        let mut node = parse_with(text, &self.limits, self.lenient.bare_nan)?;
        match self.refs {
            Refs::Fastjson if text.contains("$ref") => node = fastjson::resolve(&node, self.limits.depth)?,
            Refs::JacksonId if text.contains("@id") => node = identity::resolve(&node, self.limits.depth)?,
            _ => {}
        }
        Ok(node)
    }
}

/// What copying may still cost.
struct Budget {
    copies: usize,
    depth: usize,
}

impl Budget {
    fn new(depth: usize) -> Self {
        Self { copies: MOST_COPIED, depth }
    }

    /// One more value that a reference added, at a depth.
    fn spend(&mut self, depth: usize) -> Result<(), DecodeError> {
        if self.copies == 0 || depth > self.depth {
            return Err(DecodeError::Expansion);
        }
        self.copies -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
