//! Text into JSON, for lines that are built by hand.

/// The most bytes of one value that a line carries.
pub(super) const VALUE_BYTES: usize = 1024;

/// Appends `text` as a JSON string, cut to `most` bytes at a character's border. Control characters, of Unicode too, and
/// the two line separators are escaped, so that a line stays one line in every viewer.
pub(super) fn string(out: &mut Vec<u8>, text: &str, most: usize) {
    let text = cut(text, most);
    out.push(b'"');
    let plain = |b: &u8| (*b >= b' ') & (*b < 0x7f) & (*b != b'"') & (*b != b'\\');
    // Without a way out in between this takes many bytes at a time, and most texts are plain.
    if text.as_bytes().iter().fold(true, |all, byte| all & plain(byte)) {
        out.extend_from_slice(text.as_bytes());
    } else {
        text.chars().for_each(|c| character(out, c));
    }
    out.push(b'"');
}

fn character(out: &mut Vec<u8>, c: char) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        // Every control character and both separators are below U+10000: four digits always do.
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
        }
        c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn cut(text: &str, most: usize) -> &str {
    // A character is four bytes at the most, so one of these is a border.
    let borders = (0..4).map(|back| most.saturating_sub(back));
    if text.len() <= most { text } else { borders.filter_map(|end| text.get(..end)).next().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str, most: usize) -> String {
        let mut out = Vec::new();
        string(&mut out, text, most);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters_and_quotes_are_escaped() {
        assert_eq!(written("a\"\\\n\u{0}\u{1b}\u{85}\u{2028}é", 99), "\"a\\\"\\\\\\n\\u0000\\u001b\\u0085\\u2028é\"");
    }

    #[test]
    fn a_long_value_is_cut_at_the_border_of_a_character() {
        assert_eq!(written("ééé", 3), "\"é\"");
        assert_eq!(written("abc", 3), "\"abc\"");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_it_was(text in ".{0,200}") {
            prop_assert_eq!(serde_json::from_str::<String>(&written(&text, usize::MAX)).unwrap(), text);
        }
    }
}
