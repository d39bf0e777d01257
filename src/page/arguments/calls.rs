//! The calls that stand in the text of a template, with their arguments as they were typed.
//!
//! It explains nothing: what the engine would not take ends the search.

use tera::Value;

use super::literal::literal;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callee {
    Filter,
    Function,
    Test,
}

impl Callee {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Function => "function",
            Self::Test => "test",
        }
    }
}

/// A call.
#[derive(Debug)]
pub(super) struct Call<'t> {
    pub(super) callee: Callee,
    pub(super) name: &'t str,
    /// Where the name stands, in bytes.
    pub(super) at: usize,
    /// The innermost block that it stands in.
    pub(super) block: Option<&'t str>,
    pub(super) arguments: Vec<Argument<'t>>,
    /// What it is told without a name, which the engine does not take: `default("x")`, `default: "x"`.
    pub(super) nameless: Vec<Nameless<'t>>,
}

/// An argument without a name.
#[derive(Debug)]
pub(super) struct Nameless<'t> {
    /// Where it stands, in bytes.
    pub(super) at: usize,
    /// The name in front of a `:` that should be a `=`.
    pub(super) name: Option<&'t str>,
    /// As it was typed.
    pub(super) text: &'t str,
    /// The value, where it is no expression.
    pub(super) literal: Option<Value>,
}

/// An argument.
#[derive(Debug)]
pub(super) struct Argument<'t> {
    pub(super) name: &'t str,
    /// Where the name stands, in bytes.
    pub(super) at: usize,
    /// Where the value stands, in bytes.
    pub(super) value_at: usize,
    /// The value, as it was typed.
    pub(super) text: &'t str,
    /// The value, where it is no expression. Of a list the elements that are none, of a mapping only that it is one.
    pub(super) literal: Option<Value>,
}

/// The tags that calls stand in.
const CALLING: [&str; 8] = ["if", "elif", "else", "for", "set", "set_global", "filter", "include"];

/// The calls of a template, in order.
pub(super) fn calls(template: &str) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    let mut blocks = Vec::new();
    for piece in pieces(template) {
        let first = piece.tag();
        match first {
            Some("block") => blocks.push(piece.tokens.get(1).map_or("", |name| name.text)),
            Some("endblock") => _ = blocks.pop(),
            // What a component declares has the look of a call, and so has what follows a tag that is none.
            Some(word) if !CALLING.contains(&word) => {}
            _ => {
                let found = calls.len();
                find(template, &piece.tokens, first == Some("filter"), &mut calls);
                calls.iter_mut().skip(found).for_each(|call| call.block = blocks.last().copied());
            }
        }
    }
    calls
}

/// What stands in a `{{ }}` or `{% %}`.
pub(in crate::page) struct Piece<'t> {
    is_tag: bool,
    pub(in crate::page) tokens: Vec<Token<'t>>,
}

impl<'t> Piece<'t> {
    /// The word of a tag.
    pub(in crate::page) fn tag(&self) -> Option<&'t str> {
        self.tokens.first().and_then(Token::word).filter(|_| self.is_tag)
    }
}

/// All of them in a template, in order. What stands raw is passed over, and what is no token ends it.
pub(in crate::page) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some((kind, start)) = opened(template, from) {
        if kind == b'#' {
            let end = template.get(start..).and_then(|rest| rest.find("#}"));
            let Some(end) = end else { break };
            from = start + end + 2;
            continue;
        }
        let Some((mut tokens, end)) = tokens(template, start, if kind == b'{' { b'}' } else { b'%' }) else { break };
        from = end;
        // The marks with a hyphen, which take white space with them.
        let is_hyphen = |token: &Token<'_>| token.sort == Sort::Sign(b'-');
        tokens.pop_if(|last| is_hyphen(last));
        // In front of the word of a tag the engine takes more than one.
        let marks = tokens.iter().take_while(|token| is_hyphen(token) && (token.at == start || kind == b'%')).count();
        tokens.drain(..marks);
        let piece = Piece { is_tag: kind == b'%', tokens };
        match piece.tag() {
            Some("raw") => from = behind_raw(template, end),
            _ => pieces.push(piece),
        }
    }
    pieces
}

/// Where what stands raw from there on has ended, with its `{% endraw %}`.
fn behind_raw(template: &str, from: usize) -> usize {
    let rest = template.get(from..).unwrap_or_default();
    let mut ends = rest.match_indices("{%").filter_map(|(at, mark)| {
        let tag = rest.get(at + mark.len()..)?;
        let behind = tag.strip_prefix('-').unwrap_or(tag).trim_ascii_start().strip_prefix("endraw")?.trim_ascii_start();
        behind.strip_prefix('-').unwrap_or(behind).strip_prefix("%}")
    });
    ends.next().map_or(template.len(), |behind| template.len() - behind.len())
}

/// What opens next: the letter behind its brace, and where its inside begins.
fn opened(template: &str, from: usize) -> Option<(u8, usize)> {
    let rest = template.as_bytes().get(from..)?;
    let at = rest.windows(2).position(|pair| matches!(pair, b"{{" | b"{%" | b"{#"))?;
    Some((*rest.get(at + 1)?, from + at + 2))
}

/// What kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::page) enum Sort {
    Word,
    /// In its quotes.
    Text,
    Number,
    /// One letter of an operator, or a bracket. `==` is one of its own.
    Sign(u8),
    Equal,
}

/// A token of an expression.
#[derive(Debug, Clone, Copy)]
pub(in crate::page) struct Token<'t> {
    pub(in crate::page) sort: Sort,
    pub(in crate::page) text: &'t str,
    /// Where it stands, in bytes.
    pub(in crate::page) at: usize,
}

impl<'t> Token<'t> {
    fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(in crate::page) fn word(&self) -> Option<&'t str> {
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
    /// The token that what is under way begins with.
    start: usize,
}

fn find<'t>(template: &'t str, tokens: &[Token<'t>], is_filter_tag: bool, calls: &mut Vec<Call<'t>>) {
    let mut open: Vec<Open<'t>> = Vec::new();
    let sort = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.sort);
    // The call whose name is the token before.
    let mut called = None;
    for (index, token) in tokens.iter().enumerate() {
        let before = called.take();
        match token.sort {
            Sort::Sign(b'(' | b'[' | b'{') => open.push(Open { call: before, argument: None, start: index + 1 }),
            Sort::Sign(b')' | b']' | b'}') => {
                if let Some(mut closed) = open.pop() {
                    end_argument(&mut closed, template, tokens, index, calls);
                }
            }
            Sort::Sign(b',') => {
                if let Some(open) = open.last_mut() {
                    end_argument(open, template, tokens, index, calls);
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
                    let nameless = if called.is_none() { unbracketed(template, tokens, index, callee) } else { Vec::new() };
                    calls.push(Call { callee, name: token.text, at: token.at, block: None, arguments: Vec::new(), nameless });
                }
            }
            _ => {}
        }
    }
    // What is never closed has its arguments all the same; the engine says what is missing.
    while let Some(mut left) = open.pop() {
        end_argument(&mut left, template, tokens, tokens.len(), calls);
    }
}

/// Who is called by the word at that place, if it is a call.
fn callee(tokens: &[Token<'_>], index: usize, is_filter_tag: bool) -> Option<Callee> {
    let before = |back: usize| index.checked_sub(back).and_then(|at| tokens.get(at));
    let word = |back: usize| before(back).and_then(Token::word);
    let text = tokens.get(index)?.text;
    let is_pipe = |token: &Token<'_>| token.sort == Sort::Sign(b'|');
    if before(1).is_some_and(is_pipe) || (is_filter_tag && index == 1) {
        // `||` of other languages has an operand behind it.
        return Some(Callee::Filter).filter(|_| !before(2).is_some_and(is_pipe));
    }
    if (word(1) == Some("is") && text != "not") || (word(1) == Some("not") && word(2) == Some("is")) {
        return Some(Callee::Test);
    }
    let is_operator = matches!(text, "and" | "or" | "not" | "in" | "is" | "if" | "elif" | "else" | "for" | "set");
    // There are no methods: the engine says so.
    let is_method = before(1).is_some_and(|token| token.sort == Sort::Sign(b'.'));
    let is_call = !is_operator && !is_method && tokens.get(index + 1).is_some_and(|next| next.sort == Sort::Sign(b'('));
    is_call.then_some(Callee::Function)
}

/// What a filter or a test without brackets is told: `default: "x"`, `default "x"`, `replace: "a", "b"`.
fn unbracketed<'t>(template: &'t str, tokens: &[Token<'t>], name: usize, callee: Callee) -> Vec<Nameless<'t>> {
    let is_value = |token: &Token<'_>| matches!(token.sort, Sort::Text | Sort::Number | Sort::Word);
    let rest = tokens.get(name + 1..).unwrap_or_default();
    let (at, rest) = match rest {
        [colon, rest @ ..]
            if colon.sort == Sort::Sign(b':') && rest.first().is_some_and(is_value) && callee == Callee::Filter =>
        {
            (colon.at, rest)
        }
        [value, ..] if matches!(value.sort, Sort::Text | Sort::Number) => (value.at, rest),
        _ => return Vec::new(),
    };
    let values = rest.chunks(2).scan(true, |goes_on, pair| {
        let value = pair.first().filter(|value| *goes_on && is_value(value))?;
        *goes_on = pair.get(1).is_some_and(|comma| comma.sort == Sort::Sign(b','));
        nameless(template, std::slice::from_ref(value), None)
    });
    let mut values: Vec<Nameless<'_>> = values.collect();
    if let Some(first) = values.first_mut() {
        first.at = at;
    }
    values
}

fn nameless<'t>(template: &'t str, value: &[Token<'t>], name: Option<&'t str>) -> Option<Nameless<'t>> {
    let (first, last) = (value.first()?, value.last()?);
    Some(Nameless { at: first.at, name, text: template.get(first.at..last.end())?, literal: literal(value) })
}

/// An argument ends in front of this token.
fn end_argument<'t>(open: &mut Open<'t>, template: &'t str, tokens: &[Token<'t>], end: usize, calls: &mut [Call<'t>]) {
    let start = std::mem::replace(&mut open.start, end + 1);
    let argument = open.argument.take();
    let Some(call) = open.call.and_then(|call| calls.get_mut(call)) else { return };
    let typed = |start: usize| tokens.get(start..end).filter(|tokens| !tokens.is_empty());
    match argument {
        Some((name, value)) => {
            // Of a value that is missing the engine says so.
            let value = typed(value).unwrap_or_default();
            let span = value.first().zip(value.last()).map_or(name.end()..name.end(), |(first, last)| first.at..last.end());
            let (value_at, text) = (span.start, template.get(span).unwrap_or_default());
            call.arguments.push(Argument { name: name.text, at: name.at, value_at, text, literal: literal(value) });
        }
        None => {
            let without = match typed(start) {
                Some([name, colon, value @ ..]) if name.sort == Sort::Word && colon.sort == Sort::Sign(b':') => {
                    nameless(template, value, Some(name.text)).map(|told| Nameless { at: name.at, ..told })
                }
                Some([equals, value @ ..]) if equals.sort == Sort::Sign(b'=') => {
                    nameless(template, value, None).map(|told| Nameless { at: equals.at, ..told })
                }
                Some(value) => nameless(template, value, None),
                None => None,
            };
            call.nameless.extend(without);
        }
    }
}
