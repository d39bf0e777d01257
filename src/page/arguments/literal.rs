//! Values that stand in a template as they are.

use tera::{Map, Value};

use super::calls::{Sort, Token};

/// The value of these tokens, where it is no expression. A list has the elements that are none; a mapping is empty, whatever is in it.
pub(super) fn literal(value: &[Token<'_>]) -> Option<Value> {
    let (sign, value) = match value {
        [minus, rest @ ..] if minus.sort == Sort::Sign(b'-') => ("-", rest),
        value => ("", value),
    };
    match value {
        [number] if number.sort == Sort::Number => {
            let typed = format!("{sign}{}", number.text);
            typed.parse::<i64>().map(Value::from).ok().or_else(|| typed.parse::<f64>().map(Value::from).ok())
        }
        _ if !sign.is_empty() => None,
        [text] if text.sort == Sort::Text => text.unquoted().map(Value::from),
        [word] if word.sort == Sort::Word => match word.text {
            "true" | "True" => Some(true.into()),
            "false" | "False" => Some(false.into()),
            "none" | "None" | "null" => Some(Value::none()),
            _ => None,
        },
        [first, inside @ .., last] if first.sort == Sort::Sign(b'[') && last.sort == Sort::Sign(b']') && is_one(value) => {
            Some(elements(inside).into_iter().filter_map(literal).collect::<Vec<Value>>().into())
        }
        [first, .., last] if first.sort == Sort::Sign(b'{') && last.sort == Sort::Sign(b'}') && is_one(value) => {
            Some(Map::new().into())
        }
        _ => None,
    }
}

/// Whether the last bracket closes the first one: `[a][0]` and `[a] + [b]` are no list that is typed out.
fn is_one(value: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    let closes = value.iter().position(|token| {
        depth = moved(depth, token);
        depth == 0
    });
    closes == Some(value.len() - 1)
}

/// What stands between the commas of a list.
fn elements<'v, 't>(inside: &'v [Token<'t>]) -> Vec<&'v [Token<'t>]> {
    let mut depth = 0_usize;
    inside
        .split(|token| {
            depth = moved(depth, token);
            depth == 0 && token.sort == Sort::Sign(b',')
        })
        .collect()
}

/// How many brackets are open behind a token.
fn moved(depth: usize, token: &Token<'_>) -> usize {
    match token.sort {
        Sort::Sign(b'[' | b'(' | b'{') => depth + 1,
        Sort::Sign(b']' | b')' | b'}') => depth.saturating_sub(1),
        _ => depth,
    }
}

impl Token<'_> {
    /// What a text in its quotes says; `None` for what is none, and for an escape that the engine does not know.
    pub(in crate::page) fn unquoted(&self) -> Option<String> {
        let inside = self.text.get(1..self.text.len() - 1).filter(|_| self.sort == Sort::Text)?;
        unescaped(inside)
    }
}

/// A text without its escapes; `None` for one that the engine does not know.
fn unescaped(inside: &str) -> Option<String> {
    let mut text = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                c @ ('"' | '\'' | '/' | '\\') => c,
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}
