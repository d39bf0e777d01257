//! Which charset the bytes are in.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::DecodeError;

/// Bytes to text: the configured charset, else a byte order mark, else UTF-8 where the bytes are that, else the label of the content type.
///
/// Spring and Tomcat label UTF-8 as ISO-8859-1 by default, so bytes that are valid UTF-8 beyond ASCII are believed before their label.
/// A mark of UTF-8 stays in the text: it is cut off with what else stands around a document.
pub(super) fn decode<'b>(
    bytes: &'b [u8],
    configured: Option<&'static Encoding>,
    content_type: Option<&str>,
) -> Result<Cow<'b, str>, DecodeError> {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding == UTF_8 => return with(encoding, bytes),
        Some((encoding, mark)) => return with(encoding, bytes.get(mark..).unwrap_or_default()),
        None => {}
    }
    if let Some(encoding) = configured {
        return with(encoding, bytes);
    }
    let label = content_type.and_then(label);
    let labelled = label.map(|label| Encoding::for_label(label.as_bytes()).ok_or(label));
    match (utf8(bytes), labelled) {
        (Ok(text), labelled) if believed(text, labelled) => Ok(Cow::Borrowed(text)),
        (_, Some(Ok(encoding))) => with(encoding, bytes),
        (Ok(text), _) => Ok(Cow::Borrowed(text)),
        (Err(_), Some(Err(label))) => Err(DecodeError::UnknownLabel(label.chars().take(40).collect())),
        (Err(error), None) => Err(not_utf8(error)),
    }
}

/// Whether text that is valid UTF-8 is that, whatever the label says.
fn believed(text: &str, labelled: Option<Result<&'static Encoding, &str>>) -> bool {
    let Some(Ok(encoding)) = labelled else { return true };
    if encoding == UTF_16LE || encoding == UTF_16BE {
        // Every bracket, quote and digit of a document has a NUL at its side in UTF-16, and never one in UTF-8.
        return memchr::memchr(0, text.as_bytes()).is_none();
    }
    // ISO-2022-JP spells everything with ASCII bytes, so there the label must be believed.
    encoding.is_ascii_compatible() || !text.is_ascii()
}

fn with<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Result<Cow<'b, str>, DecodeError> {
    if encoding == UTF_8 {
        return utf8(bytes).map(Cow::Borrowed).map_err(not_utf8);
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.ok_or(DecodeError::NotText { charset: encoding.name(), offset: 0 })
}

/// The bytes as text. The fast check does not tell where they are none, which then costs a second look.
fn utf8(bytes: &[u8]) -> Result<&str, std::str::Utf8Error> {
    simdutf8::basic::from_utf8(bytes).or_else(|_| std::str::from_utf8(bytes))
}

fn not_utf8(error: std::str::Utf8Error) -> DecodeError {
    DecodeError::NotText { charset: "UTF-8", offset: error.valid_up_to() }
}

/// The charset parameter of a content type.
pub(super) fn label(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let quotes: &[char] = &['"', '\''];
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(quotes))
    })
}
