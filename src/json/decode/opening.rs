//! How a reply begins that may be read while it comes: as UTF-8, and with nothing around the document.

use encoding_rs::{Encoding, UTF_8};

use super::{Decode, Refs, charset};

/// What the first bytes of a reply say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// UTF-8, and a document begins at this byte.
    Document(usize),
    /// More bytes are needed to tell.
    Unclear,
    /// Something that only a whole reply can be freed from, or a scalar.
    Other,
}

impl Decode {
    /// Whether a reply may be read while it comes.
    ///
    /// # Errors
    /// Why it has to be whole.
    pub fn streams(&self) -> Result<(), &'static str> {
        if self.charset.is_some_and(|charset| charset != UTF_8) {
            return Err("its charset is turned into UTF-8 as a whole");
        }
        if self.refs != Refs::Off {
            return Err("references may lead anywhere in it");
        }
        let lenient = self.lenient;
        if lenient.bare_nan || lenient.unquoted_keys || lenient.single_quotes || lenient.comments {
            return Err("lenient forms are rewritten as a whole");
        }
        Ok(())
    }

    /// How deep a document may nest.
    pub fn depth(&self) -> usize {
        self.limits.depth
    }

    /// What the first bytes of a reply say, where [`Decode::streams`] holds. A content type that names another charset is believed
    /// or not by all the bytes, so it is [`Opening::Other`].
    pub fn opening(&self, start: &[u8], content_type: Option<&str>) -> Opening {
        let label = content_type.and_then(charset::label).and_then(|label| Encoding::for_label(label.as_bytes()));
        if self.charset.is_none() && label.is_some_and(|label| label != UTF_8) {
            return Opening::Other;
        }
        let mut at = 0;
        let rest = |at: usize| start.get(at..).unwrap_or_default();
        while self.strip.bom && rest(at).starts_with(BOM) {
            at += BOM.len();
        }
        let document = at;
        at += space(rest(at));
        match rest(at) {
            [] => Opening::Unclear,
            [0xef] | [0xef, 0xbb] => Opening::Unclear,
            [b'[', ..] => Opening::Document(document),
            // `{}&&` is a prefix, and cut off in front of a document.
            [b'{', inside @ ..] if self.strip.prefix => match inside.get(space(inside)) {
                None => Opening::Unclear,
                Some(b'}') => Opening::Other,
                Some(_) => Opening::Document(document),
            },
            [b'{', ..] => Opening::Document(document),
            _ => Opening::Other,
        }
    }
}

const BOM: &[u8] = "\u{feff}".as_bytes();

/// How many bytes of JSON's white space there are in front.
fn space(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::super::{DecodeOptions, Lenient, Strip};
    use super::*;

    fn decode(charset: Option<&str>, strip: bool) -> Decode {
        let strip = Strip { bom: strip, jsonp: strip, prefix: strip };
        let charset = charset.map(ToOwned::to_owned);
        let options = DecodeOptions { charset, lenient: Lenient::default(), strip, refs: Refs::Off, max_depth: 128 };
        Decode::new(options).expect("the options are sound")
    }

    #[test]
    fn a_document_begins_where_nothing_has_to_be_cut_off() {
        for (start, expected) in [
            ("", Opening::Unclear),
            (" \n", Opening::Unclear),
            ("[", Opening::Document(0)),
            (" [1", Opening::Document(0)),
            ("\u{feff}\u{feff} [", Opening::Document(6)),
            ("{", Opening::Unclear),
            ("{ \n", Opening::Unclear),
            ("{ \"a\"", Opening::Document(0)),
            ("{}", Opening::Other),
            ("{ }&&[1]", Opening::Other),
            ("\"text\"", Opening::Other),
            (")]}',\n[", Opening::Other),
            ("for(;;);[", Opening::Other),
            ("callback([", Opening::Other),
            ("/**/callback([", Opening::Other),
        ] {
            assert_eq!(decode(None, true).opening(start.as_bytes(), None), expected, "{start}");
        }
        assert_eq!(decode(None, true).opening(b"\xef\xbb", None), Opening::Unclear);
        assert_eq!(decode(None, true).opening(b"\xff\xfe[\0", None), Opening::Other, "UTF-16");
        assert_eq!(decode(None, false).opening("\u{feff}[".as_bytes(), None), Opening::Other, "a mark that nothing takes off");
        assert_eq!(decode(None, false).opening(b"{}", None), Opening::Document(0));
    }

    #[test]
    fn another_charset_has_to_be_whole_to_be_believed() {
        for (charset, content_type, streams, expected) in [
            (None, None, true, Opening::Document(0)),
            (None, Some("application/json;charset=UTF-8"), true, Opening::Document(0)),
            (None, Some("application/json;charset=nonsense"), true, Opening::Document(0)),
            (None, Some("application/json;charset=ISO-8859-1"), true, Opening::Other),
            (Some("utf-8"), Some("application/json;charset=ISO-8859-1"), true, Opening::Document(0)),
            (Some("gbk"), None, false, Opening::Document(0)),
        ] {
            let decode = decode(charset, true);
            assert_eq!(decode.streams().is_ok(), streams, "{charset:?}");
            assert_eq!(decode.opening(b"[1]", content_type), expected, "{charset:?} {content_type:?}");
        }
    }
}
