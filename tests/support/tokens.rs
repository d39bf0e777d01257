//! JSON tokens, read by an eye of their own: nothing here comes from the product, so that a test can hold the two against each other.

#![allow(dead_code, unreachable_pub, reason = "every test binary needs its own part of it")]

/// The tokens of a JSON text, byte for byte, without the space between them; or the offset where no token begins.
///
/// Only tokens are judged, not their order: `[,]` is three tokens.
pub fn tokens(text: &[u8]) -> Result<Vec<&[u8]>, usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let length = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'{' | b'}' | b'[' | b']' | b':' | b',' => Some(1),
            b'"' => string(&text[at..]),
            b'-' | b'0'..=b'9' => number(&text[at..]),
            _ => ["null", "true", "false"].iter().find(|word| text[at..].starts_with(word.as_bytes())).map(|word| word.len()),
        };
        let length = length.ok_or(at)?;
        found.push(&text[at..at + length]);
        at += length;
    }
    Ok(found)
}

/// The tokens joined: the text without the space that means nothing. `None` when it is no JSON.
pub fn squeezed(text: &[u8]) -> Option<Vec<u8>> {
    tokens(text).ok().map(|tokens| tokens.concat())
}

/// The text with one member or element a line, for a person to compare. What is no JSON stays as it is.
pub fn spread(text: &[u8]) -> String {
    let Ok(tokens) = tokens(text) else { return String::from_utf8_lossy(text).into_owned() };
    let mut out = String::new();
    let mut depth = 0_usize;
    let mut before: &[u8] = b"";
    for token in tokens {
        let closes = matches!(token, b"}" | b"]");
        depth = depth.saturating_sub(usize::from(closes));
        let opened = matches!(before, b"{" | b"[");
        if (opened && !closes) || (closes && !opened) || before == b"," {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
        out.push_str(&String::from_utf8_lossy(token));
        if token == b":" {
            out.push(' ');
        }
        depth += usize::from(matches!(token, b"{" | b"["));
        before = token;
    }
    out
}

/// How long the string in front is, quotes included.
fn string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => match text.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if text.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return None,
            },
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// How long the number in front is.
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

#[test]
fn tokens_are_read_byte_for_byte() {
    let read = |text: &'static str| {
        tokens(text.as_bytes()).map(|found| found.into_iter().map(String::from_utf8_lossy).collect::<Vec<_>>())
    };
    assert_eq!(
        read(" [1.10 ,-0E-8,\n\"\\ud83d\\\"\",null]").unwrap(),
        ["[", "1.10", ",", "-0E-8", ",", "\"\\ud83d\\\"\"", ",", "null", "]"]
    );
    for (text, at) in [("01", 0), ("[1.]", 1), ("[\"a", 1), ("[.5]", 1), ("[\"\\x\"]", 1), ("nul", 0), ("\"a\nb\"", 0), ("1e", 0)]
    {
        assert_eq!(read(text), Err(at), "{text}");
    }
}
