//! The calls that stand in the text of a template, with their arguments as they were typed.
//!
//! It explains nothing: what the engine would not take ends the search.

use tera::Value;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callee {
    Filter,
    Function,
    Test,
}

/// A call.
#[derive(Debug)]
pub(super) struct Call<'t> {
    pub(super) callee: Callee,
    pub(super) name: &'t str,
    /// Where the name stands, in bytes.
    pub(super) at: usize,
    pub(super) arguments: Vec<Argument<'t>>,
}

/// An argument.
#[derive(Debug)]
pub(super) struct Argument<'t> {
    pub(super) name: &'t str,
    /// Where the name stands, in bytes.
    pub(super) at: usize,
    /// Where the value stands, in bytes.
    pub(super) value_at: usize,
    /// The value, where it is no expression. Of a list only that it is one.
    pub(super) literal: Option<Value>,
}

/// The calls of a template, in order.
pub(super) fn calls(template: &str) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    let mut from = 0;
    while let Some((kind, start)) = opened(template, from) {
        if kind == b'#' {
            let end = template.get(start..).and_then(|rest| rest.find("#}"));
            let Some(end) = end else { break };
            from = start + end + 2;
            continue;
        }
        let Some((tokens, end)) = tokens(template, start, if kind == b'{' { b'}' } else { b'%' }) else { break };
        from = end;
        let first = tokens.first().and_then(Token::word).filter(|_| kind == b'%');
        match first {
            Some("raw") => from += template.get(end..).and_then(|rest| rest.find("endraw")).unwrap_or(template.len() - end),
            // What a component declares has the look of a call.
            Some("component" | "endcomponent") => {}
            _ => find(&tokens, first == Some("filter"), &mut calls),
        }
    }
    calls
}

/// What opens next: the letter behind its brace, and where its inside begins.
fn opened(template: &str, from: usize) -> Option<(u8, usize)> {
    let rest = template.as_bytes().get(from..)?;
    let at = rest.windows(2).position(|pair| matches!(pair, b"{{" | b"{%" | b"{#"))?;
    Some((*rest.get(at + 1)?, from + at + 2))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    Word,
    /// In its quotes.
    Text,
    Number,
    /// One letter of an operator, or a bracket. `==` is one of its own.
    Sign(u8),
    Equal,
}

#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    sort: Sort,
    text: &'t str,
    at: usize,
}

impl<'t> Token<'t> {
    fn word(&self) -> Option<&'t str> {
        (self.sort == Sort::Word).then_some(self.text)
    }
}

/// The tokens up to a closing mark, and where it ends.
fn tokens(template: &str, start: usize, close: u8) -> Option<(Vec<Token<'_>>, usize)> {
    let bytes = template.as_bytes();
    let mut tokens = Vec::new();
    let mut at = start;
    loop {
        let byte = *bytes.get(at)?;
        if byte == close && bytes.get(at + 1) == Some(&b'}') {
            return Some((tokens, at + 2));
        }
        let length_of = |is_part: fn(u8) -> bool| bytes.iter().skip(at).take_while(|byte| is_part(**byte)).count();
        let (sort, length) = match byte {
            b'"' | b'\'' | b'`' => (Sort::Text, text(bytes.get(at + 1..)?, byte)? + 1),
            b'0'..=b'9' => (Sort::Number, length_of(|byte| byte.is_ascii_digit() || byte == b'.')),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => (Sort::Word, length_of(|byte| byte.is_ascii_alphanumeric() || byte == b'_')),
            b'=' if bytes.get(at + 1) == Some(&b'=') => (Sort::Equal, 2),
            // `!=`, `<=` and `>=` give no argument either.
            b'!' | b'<' | b'>' if bytes.get(at + 1) == Some(&b'=') => (Sort::Equal, 2),
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            byte if byte.is_ascii() => (Sort::Sign(byte), 1),
            _ => return None,
        };
        tokens.push(Token { sort, text: template.get(at..at + length)?, at });
        at += length;
    }
}

/// How long the rest of a text is, with its closing quote.
fn text(rest: &[u8], quote: u8) -> Option<usize> {
    let mut is_escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == quote && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })?;
    Some(end + 1)
}

/// A bracket that is open.
struct Open<'t> {
    /// The call whose arguments stand in it.
    call: Option<usize>,
    /// The argument under way: its name, and the token that its value begins with.
    argument: Option<(Token<'t>, usize)>,
}

fn find<'t>(tokens: &[Token<'t>], is_filter_tag: bool, calls: &mut Vec<Call<'t>>) {
    let mut open: Vec<Open<'t>> = Vec::new();
    let sort = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.sort);
    // The call whose name is the token before.
    let mut called = None;
    for (index, token) in tokens.iter().enumerate() {
        let before = called.take();
        match token.sort {
            Sort::Sign(b'(' | b'[' | b'{') => open.push(Open { call: before, argument: None }),
            Sort::Sign(b')' | b']' | b'}') => {
                if let Some(mut closed) = open.pop() {
                    end_argument(&mut closed, tokens, index, calls);
                }
            }
            Sort::Sign(b',') => {
                if let Some(open) = open.last_mut() {
                    end_argument(open, tokens, index, calls);
                }
            }
            Sort::Word => {
                let previous = index.checked_sub(1);
                let is_first = matches!(sort(previous), Some(Sort::Sign(b'(' | b',')));
                if let Some(open) = open.last_mut().filter(|open| open.call.is_some())
                    && is_first
                    && sort(Some(index + 1)) == Some(Sort::Sign(b'='))
                {
                    open.argument = Some((*token, index + 2));
                } else if let Some(callee) = callee(tokens, index, is_filter_tag) {
                    called = Some(calls.len()).filter(|_| sort(Some(index + 1)) == Some(Sort::Sign(b'(')));
                    calls.push(Call { callee, name: token.text, at: token.at, arguments: Vec::new() });
                }
            }
            _ => {}
        }
    }
}

/// Who is called by the word at that place, if it is a call.
fn callee(tokens: &[Token<'_>], index: usize, is_filter_tag: bool) -> Option<Callee> {
    let before = |back: usize| index.checked_sub(back).and_then(|at| tokens.get(at));
    let word = |back: usize| before(back).and_then(Token::word);
    let text = tokens.get(index)?.text;
    if before(1).is_some_and(|token| token.sort == Sort::Sign(b'|')) || (is_filter_tag && index == 1) {
        return Some(Callee::Filter);
    }
    if (word(1) == Some("is") && text != "not") || (word(1) == Some("not") && word(2) == Some("is")) {
        return Some(Callee::Test);
    }
    let is_operator = matches!(text, "and" | "or" | "not" | "in" | "is" | "if" | "elif" | "else" | "for");
    let is_call = !is_operator && tokens.get(index + 1).is_some_and(|next| next.sort == Sort::Sign(b'('));
    is_call.then_some(Callee::Function)
}

/// An argument ends in front of this token.
fn end_argument<'t>(open: &mut Open<'t>, tokens: &[Token<'t>], end: usize, calls: &mut [Call<'t>]) {
    if let Some((name, start)) = open.argument.take()
        && let Some(call) = open.call.and_then(|call| calls.get_mut(call))
        && let Some(value) = tokens.get(start..end)
        && let Some(first) = value.first()
    {
        call.arguments.push(Argument { name: name.text, at: name.at, value_at: first.at, literal: literal(value) });
    }
}

fn literal(value: &[Token<'_>]) -> Option<Value> {
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
        [text] if text.sort == Sort::Text => {
            let inside = text.text.get(1..text.text.len() - 1)?;
            Some(Value::normal_string(inside))
        }
        [word] => match word.text {
            "true" | "True" => Some(true.into()),
            "false" | "False" => Some(false.into()),
            _ => None,
        },
        [first, .., last] if first.sort == Sort::Sign(b'[') && last.sort == Sort::Sign(b']') => {
            // `[a][0]` and `[a] + [b]` are no list that is typed out.
            let mut depth = 0_usize;
            let closes = value.iter().position(|token| {
                match token.sort {
                    Sort::Sign(b'[' | b'(' | b'{') => depth += 1,
                    Sort::Sign(b']' | b')' | b'}') => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0
            });
            (closes == Some(value.len() - 1)).then(|| Vec::<Value>::new().into())
        }
        _ => None,
    }
}
