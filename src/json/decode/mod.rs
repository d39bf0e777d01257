//! Hygiene before any step: from the bytes of a reply to a document, whatever a Java backend did to it on the way.
//!
//! Charset, byte order mark, JSONP, anti-hijacking prefixes, forms that are not JSON but meant as such, references inside the document.

mod budget;
mod charset;
mod fastjson;
mod identity;
mod lenient;
mod opening;
mod strip;

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::parse::parse_with;
use super::{Limits, Node, ParseError};

pub use lenient::Lenient;
pub use opening::Opening;
pub use strip::Strip;

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
    /// How deep the document may nest, up to [`Limits::DEEPEST`].
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
    /// A configured depth beyond [`Limits::DEEPEST`].
    #[error("a depth of {0} is more than the {max} that a document may have at most", max = Limits::DEEPEST)]
    DepthLimit(usize),
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
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// References blow the document up.
    #[error("the references of the document expand beyond all measure")]
    Expansion,
}

impl Decode {
    /// Checks the options.
    ///
    /// # Errors
    /// The charset is unknown, or the depth more than a document may have.
    pub fn new(options: DecodeOptions) -> Result<Self, DecodeError> {
        let charset = match options.charset {
            None => None,
            Some(label) => match Encoding::for_label_no_replacement(label.as_bytes()) {
                Some(encoding) => Some(encoding),
                None => return Err(DecodeError::UnknownCharset(label)),
            },
        };
        if options.max_depth > Limits::DEEPEST {
            return Err(DecodeError::DepthLimit(options.max_depth));
        }
        let limits = Limits { depth: options.max_depth, ..Limits::default() };
        Ok(Self { charset, lenient: options.lenient, strip: options.strip, refs: options.refs, limits })
    }

    /// The bytes of a reply as JSON text. Borrowed when nothing but its ends had to change.
    ///
    /// # Errors
    /// The bytes are no text.
    pub fn text<'b>(&self, body: &'b [u8], content_type: Option<&str>) -> Result<Cow<'b, str>, DecodeError> {
        match charset::decode(body, self.charset, content_type)? {
            Cow::Borrowed(text) => Ok(self.lenient.rewrite(self.strip.strip(text))),
            Cow::Owned(text) => {
                let rewritten = match self.lenient.rewrite(self.strip.strip(&text)) {
                    Cow::Borrowed(same) if same.len() == text.len() => None,
                    other => Some(other.into_owned()),
                };
                Ok(Cow::Owned(rewritten.unwrap_or(text)))
            }
        }
    }

    /// The document of a text from [`Decode::text`], references resolved.
    ///
    /// # Errors
    /// The text is not JSON (the place counts in that text, which is not always the body), or its references are a bomb.
    pub fn node<'t>(&self, text: &'t str) -> Result<Node<'t>, DecodeError> {
        let mut node = parse_with(text, &self.limits, self.lenient.bare_nan)?;
        // Most documents have none.
        if self.literal_depth(text).is_none() {
            self.resolve(&mut node)?;
        }
        Ok(node)
    }

    /// How deep the document of a text from [`Decode::text`] may nest, when it is what its bytes say; none when there may be references
    /// to resolve.
    pub fn literal_depth(&self, text: &str) -> Option<usize> {
        let mark: &[u8] = match self.refs {
            Refs::Off => return Some(self.limits.depth),
            Refs::Fastjson => b"$ref",
            Refs::JacksonId => b"@id",
        };
        memchr::memmem::find(text.as_bytes(), mark).is_none().then_some(self.limits.depth)
    }

    /// Resolves the references inside a document.
    ///
    /// # Errors
    /// They are a bomb.
    pub fn resolve(&self, node: &mut Node<'_>) -> Result<(), DecodeError> {
        match self.refs {
            Refs::Off => {}
            Refs::Fastjson => *node = fastjson::resolve(node, self.limits.depth)?,
            Refs::JacksonId => *node = identity::resolve(node, self.limits.depth)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
