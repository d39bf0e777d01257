//! The query string: taken apart, and put together again for the upstream.

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::field::FieldRule;
use super::{In, Refusal, UnknownQuery, Violation};
use crate::base::suggest;
use crate::json::Node;

/// What a query value keeps unescaped when we write one (RFC 3986, unreserved).
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The rules of the query.
#[derive(Debug)]
pub(super) struct QueryRules {
    rules: Vec<FieldRule>,
    unknown: UnknownQuery,
}

/// What came out of a query.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) values: Vec<(String, Node<'static>)>,
    pub(super) text: String,
}

/// One `name=value` of a query, as it came and decoded.
struct Pair<'q> {
    raw: &'q str,
    name: String,
    value: String,
}

impl QueryRules {
    pub(super) fn new(rules: Vec<FieldRule>, unknown: UnknownQuery) -> Self {
        Self { rules, unknown }
    }

    /// Checks a raw query. Violations go to `out`.
    ///
    /// # Errors
    /// A percent escape is broken, or what it stands for is not UTF-8.
    pub(super) fn check(&self, raw: Option<&str>, out: &mut Vec<Violation>) -> Result<Query, Refusal> {
        let pairs = pairs(raw.unwrap_or_default())?;
        let mut given: IndexMap<String, Vec<String>> = IndexMap::new();
        let mut kept: Vec<&str> = Vec::new();
        for pair in pairs {
            let known = self.rule(&pair.name).is_some();
            let blank = pair.name.is_empty() && pair.value.is_empty();
            if known || self.unknown == UnknownQuery::Pass {
                kept.push(pair.raw);
            }
            if known || (self.unknown != UnknownQuery::Drop && !blank) {
                given.entry(pair.name).or_default().push(pair.value);
            }
        }
        let mut query = Query { values: Vec::new(), text: kept.join("&") };
        for (name, values) in &mut given {
            let values = std::mem::take(values);
            match self.rule(name) {
                Some(rule) => query.values.extend(rule.value(values, out).map(|value| (name.clone(), value))),
                None if self.unknown == UnknownQuery::Reject => out.push(self.stranger(name)),
                None => query.values.push((name.clone(), as_it_came(values))),
            }
        }
        for rule in self.rules.iter().filter(|rule| !given.contains_key(&rule.name)) {
            if let Some(value) = rule.value(Vec::new(), out) {
                append(&mut query.text, &rule.name, &value);
                query.values.push((rule.name.clone(), value));
            }
        }
        Ok(query)
    }

    fn rule(&self, name: &str) -> Option<&FieldRule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    fn stranger(&self, name: &str) -> Violation {
        let message = match suggest(name, self.rules.iter().map(|rule| rule.name.as_str())) {
            Some(near) => format!("is not known here; did you mean {near}?"),
            None => "is not known here".to_owned(),
        };
        let mut path = String::new();
        super::explain::add_key(&mut path, name);
        Violation { place: In::Query, path, rule: "unknown".to_owned(), message }
    }
}

/// Texts without a rule: one, or a list when the name stands several times.
fn as_it_came(mut values: Vec<String>) -> Node<'static> {
    match values.pop() {
        Some(only) if values.is_empty() => Node::text(only),
        last => Node::Array(values.into_iter().chain(last).map(Node::text).collect()),
    }
}

/// Adds a default to the text; a list as the name repeated.
fn append(text: &mut String, name: &str, value: &Node<'_>) {
    let shown = match value {
        Node::Null | Node::Object(_) => return,
        Node::Array(elements) => return elements.iter().for_each(|element| append(text, name, element)),
        Node::Bool(truth) => truth.to_string(),
        Node::Number(number) => number.as_raw().to_owned(),
        Node::String(text) => text.decode().into_owned(),
    };
    if !text.is_empty() {
        text.push('&');
    }
    text.extend(utf8_percent_encode(name, &KEPT));
    text.push('=');
    text.extend(utf8_percent_encode(&shown, &KEPT));
}

fn pairs(raw: &str) -> Result<Vec<Pair<'_>>, Refusal> {
    if raw.is_empty() {
        return Ok(Vec::new());
    }
    raw.split('&')
        .map(|raw| {
            let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
            let name = decode(name).map_err(|says| malformed("", says))?;
            let value = decode(value).map_err(|says| malformed(&name, says))?;
            Ok(Pair { raw, name, value })
        })
        .collect()
}

/// Decodes a part of a form-encoded query: `+` is a space.
fn decode(text: &str) -> Result<String, &'static str> {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = |digit: Option<u8>| digit.is_some_and(|digit| digit.is_ascii_hexdigit());
        if byte == b'%' && !(escaped(rest.next()) && escaped(rest.next())) {
            return Err("has a % that no two hexadecimal digits follow");
        }
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| "is not UTF-8")
}

fn malformed(name: &str, message: &str) -> Refusal {
    let mut path = String::new();
    if !name.is_empty() {
        super::explain::add_key(&mut path, name);
    }
    Refusal::Malformed(Violation { place: In::Query, path, rule: "encoding".to_owned(), message: message.to_owned() })
}
