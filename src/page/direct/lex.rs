//! A template as tokens: text with its white space settled, and what stands inside of `{{ }}` and `{% %}`.
//!
//! The template engine has read every template before and found it right, so nothing is explained here but what is not known, and a
//! template with that in it stays with the engine.

use std::borrow::Cow;

use super::stays::Odd;

/// A piece of a template, and where in it the piece begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece<'t> {
    pub(super) at: usize,
    pub(super) what: What<'t>,
}

impl Piece<'_> {
    /// How much text there is in it, in bytes.
    pub(super) fn length(&self) -> usize {
        match &self.what {
            What::Text(text) => text.len(),
            What::Value(tokens) | What::Tag(tokens) => {
                tokens.iter().map(|token| if let Token::Text(text) = token { text.len() } else { 1 }).sum()
            }
        }
    }
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What<'t> {
    /// Text that is written as it stands. Never empty.
    Text(&'t str),
    /// `{{ … }}`
    Value(Vec<Token<'t>>),
    /// `{% … %}`
    Tag(Vec<Token<'t>>),
}

/// A token of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    /// A name or a word of the language.
    Word(&'t str),
    /// A string without its quotes and escapes.
    Text(Cow<'t, str>),
    Whole(i64),
    Fraction(f64),
    Truth(bool),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 30] = [
    "...", "//", "**", "==", "!=", ">=", "<=", "</", "?.", "?[", "+", "-", "*", "/", "%", "!", ".", ",", ":", "~", "|", "=", ">",
    "<", "(", ")", "[", "]", "{", "}",
];

/// Reads a template.
///
/// # Errors
/// `{% raw %}`, and what the engine would not take either, with the place.
pub(super) fn pieces(template: &str) -> Result<Vec<Piece<'_>>, (usize, Odd)> {
    let mut pieces = Vec::new();
    let mut rest = template;
    read(template, &mut rest, &mut pieces).map_err(|odd| (template.len() - rest.len(), odd))?;
    Ok(pieces)
}

fn read<'t>(template: &'t str, rest: &mut &'t str, pieces: &mut Vec<Piece<'t>>) -> Result<(), Odd> {
    let odd = || Odd::from("what stands here");
    // Whether white space goes in front of the next text.
    let mut trims = false;
    while !rest.is_empty() {
        let at = template.len() - rest.len();
        let Some((kind, inside)) = opened(rest) else {
            let (mut text, behind) = rest.split_at_checked(next_mark(rest)).ok_or_else(odd)?;
            if std::mem::take(&mut trims) {
                text = text.trim_start();
            }
            if behind.get(2..).is_some_and(|behind| behind.starts_with('-')) {
                text = text.trim_end();
            }
            if !text.is_empty() {
                pieces.push(Piece { at, what: What::Text(text) });
            }
            *rest = behind;
            continue;
        };
        let inside = inside.strip_prefix('-').unwrap_or(inside);
        if kind == Kind::Comment {
            let (comment, behind) = inside.split_once("#}").ok_or_else(odd)?;
            trims |= comment.ends_with('-');
            *rest = behind;
            continue;
        }
        let close = if kind == Kind::Value { "}}" } else { "%}" };
        if kind == Kind::Tag && inside.trim_start().starts_with("raw") {
            return Err("`{% raw %}`".into());
        }
        let (tokens, behind, trimming) = tokens(inside, close).ok_or_else(odd)?;
        pieces.push(Piece { at, what: if kind == Kind::Value { What::Value(tokens) } else { What::Tag(tokens) } });
        trims = trimming;
        *rest = behind;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Value,
    Tag,
    Comment,
}

/// What opens here, and what is behind its mark.
fn opened(rest: &str) -> Option<(Kind, &str)> {
    let marks = [("{{", Kind::Value), ("{%", Kind::Tag), ("{#", Kind::Comment)];
    marks.into_iter().find_map(|(mark, kind)| Some((kind, rest.strip_prefix(mark)?)))
}

/// Where the text ends that a template begins with.
fn next_mark(rest: &str) -> usize {
    let pairs = rest.as_bytes().windows(2);
    pairs.into_iter().position(|pair| matches!(pair, b"{{" | b"{%" | b"{#")).unwrap_or(rest.len())
}

/// The tokens up to a closing mark, what is behind it, and whether it takes white space with it.
fn tokens<'t>(mut rest: &'t str, close: &str) -> Option<(Vec<Token<'t>>, &'t str, bool)> {
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        if let Some(behind) = rest.strip_prefix('-').and_then(|rest| rest.strip_prefix(close)) {
            return Some((tokens, behind, true));
        }
        if let Some(behind) = rest.strip_prefix(close) {
            return Some((tokens, behind, false));
        }
        let (token, behind) = token(rest)?;
        tokens.push(token);
        rest = behind;
    }
}

fn token(rest: &str) -> Option<(Token<'_>, &str)> {
    let first = *rest.as_bytes().first()?;
    if let quote @ (b'"' | b'\'' | b'`') = first {
        return text(rest.get(1..)?, quote);
    }
    if first.is_ascii_digit() {
        return number(rest);
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let end = rest.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end)?;
        let token = match word {
            "true" | "True" => Token::Truth(true),
            "false" | "False" => Token::Truth(false),
            word => Token::Word(word),
        };
        return Some((token, behind));
    }
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
    Some((Token::Sign(sign), rest.get(sign.len()..)?))
}

/// A string that began before, and what is behind its other quote.
fn text(rest: &str, quote: u8) -> Option<(Token<'_>, &str)> {
    let mut is_escaped = false;
    let ends = |byte: u8| {
        let ends = !is_escaped && byte == quote;
        is_escaped = !is_escaped && byte == b'\\';
        ends
    };
    let (text, behind) = rest.split_at_checked(rest.bytes().position(ends)?)?;
    let behind = behind.get(1..)?;
    if !text.contains('\\') {
        return Some((Token::Text(text.into()), behind));
    }
    let mut decoded = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        decoded.push(if c == '\\' { escaped(chars.next()?)? } else { c });
    }
    Some((Token::Text(decoded.into()), behind))
}

fn escaped(c: char) -> Option<char> {
    Some(match c {
        '"' | '\'' | '/' | '\\' => c,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        _ => return None,
    })
}

fn number(rest: &str) -> Option<(Token<'_>, &str)> {
    let mut points = 0;
    let is_digit = |byte: u8| {
        points += u8::from(byte == b'.');
        byte.is_ascii_digit() || (byte == b'.' && points == 1)
    };
    let mut is_digit = is_digit;
    let end = rest.bytes().position(|byte| !is_digit(byte)).unwrap_or(rest.len());
    let (number, behind) = rest.split_at_checked(end)?;
    let token = if number.contains('.') { Token::Fraction(number.parse().ok()?) } else { Token::Whole(number.parse().ok()?) };
    Some((token, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(template: &str) -> String {
        let pieces = pieces(template).unwrap();
        pieces.iter().map(|piece| if let What::Text(text) = piece.what { format!("[{text}]") } else { "·".to_owned() }).collect()
    }

    #[test]
    fn white_space_goes_where_a_dash_says_so() {
        for (template, expected) in [
            ("a {{ x }} b", "[a ]·[ b]"),
            ("a {{- x -}} b", "[a]·[b]"),
            ("a {%- if x -%} \n b", "[a]·[b]"),
            ("a {#- note -#} b", "[a][b]"),
            ("a {# note #} b", "[a ][ b]"),
            ("{{ x -}} {# one #} b", "·[ b]"),
            ("{{ x -}}{# one #} b", "·[b]"),
            ("{{ x -}} {{ y }} b", "··[ b]"),
            ("a {#--#} b", "[a][b]"),
            ("a {#-#} b", "[a][ b]"),
            ("{ a } {b} %}", "[{ a } {b} %}]"),
            (" {{- x }}", "·"),
            ("", ""),
        ] {
            assert_eq!(texts(template), expected, "{template}");
        }
    }

    #[test]
    fn the_end_of_a_tag_is_not_looked_for_in_a_string() {
        let pieces = pieces("{{ '}}' }}{% if a?.b >= 1.5 and not c[0]|d(e=\"%}\\\"\\n\") %}").unwrap();
        assert_eq!(
            pieces.into_iter().map(|piece| piece.what).collect::<Vec<_>>(),
            vec![
                What::Value(vec![Token::Text("}}".into())]),
                What::Tag(vec![
                    Token::Word("if"),
                    Token::Word("a"),
                    Token::Sign("?."),
                    Token::Word("b"),
                    Token::Sign(">="),
                    Token::Fraction(1.5),
                    Token::Word("and"),
                    Token::Word("not"),
                    Token::Word("c"),
                    Token::Sign("["),
                    Token::Whole(0),
                    Token::Sign("]"),
                    Token::Sign("|"),
                    Token::Word("d"),
                    Token::Sign("("),
                    Token::Word("e"),
                    Token::Sign("="),
                    Token::Text("%}\"\n".into()),
                    Token::Sign(")"),
                ]),
            ]
        );
    }

    #[test]
    fn what_is_not_known_is_left_to_the_engine() {
        for template in
            ["{% raw %}{{ x }}{% endraw %}", "{{ \"a\\x\" }}", "{{ x", "{{ § }}", "{# x", "{{ 99999999999999999999 }}"]
        {
            assert_eq!(pieces(template).map_err(|(at, _)| at), Err(0), "{template}");
        }
    }
}
