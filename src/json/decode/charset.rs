//! Which charset the bytes are in.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::DecodeError;

/// Bytes to text: the configured charset, else a byte order mark, else UTF-8 where the bytes are that, else the label of the content type.
///
/// Spring and Tomcat label UTF-8 as ISO-8859-1 by default, so bytes that are valid UTF-8 beyond ASCII are believed before their label.
pub(super) fn decode<'b>(
    bytes: &'b [u8],
    configured: Option<&'static Encoding>,
    content_type: Option<&str>,
) -> Result<Cow<'b, str>, DecodeError> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return with(encoding, bytes.get(mark..).unwrap_or_default(), mark);
    }
    if let Some(encoding) = configured {
        return with(encoding, bytes, 0);
    }
    let label = content_type.and_then(label);
    let labelled = label.map(|label| Encoding::for_label(label.as_bytes()).ok_or(label));
    let keeps_ascii = labelled.is_none_or(|encoding| encoding.is_ok_and(Encoding::is_ascii_compatible));
    match std::str::from_utf8(bytes) {
        Ok(text) if keeps_ascii || !text.is_ascii() => Ok(Cow::Borrowed(text)),
        utf8 => match (labelled, utf8) {
            (Some(Ok(encoding)), _) if encoding != UTF_8 => with(encoding, bytes, 0),
            (_, Ok(text)) => Ok(Cow::Borrowed(text)),
            (Some(Err(label)), Err(_)) => Err(DecodeError::UnknownLabel(label.chars().take(40).collect())),
            (_, Err(error)) => Err(DecodeError::NotText { charset: "UTF-8", offset: error.valid_up_to() }),
        },
    }
}

fn with<'b>(encoding: &'static Encoding, bytes: &'b [u8], skipped: usize) -> Result<Cow<'b, str>, DecodeError> {
    if encoding == UTF_8 {
        let not_text =
            |error: std::str::Utf8Error| DecodeError::NotText { charset: "UTF-8", offset: skipped + error.valid_up_to() };
        return std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(not_text);
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.ok_or(DecodeError::NotText { charset: encoding.name(), offset: 0 })
}

/// The charset parameter of a content type.
fn label(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}
