//! `json_script` and `json`: values as JSON for the browser's code.

use tera::value::ValueKind;
use tera::{Error, TeraResult, Value};

use crate::json::{Duplicates, Limits, Node, parse};

/// The largest whole number that JavaScript holds exactly (2^53 - 1).
const LARGEST_SAFE: u128 = 9_007_199_254_740_991;

/// `<script type="application/json">{{ data | json_script }}</script>`: JSON in which `&`, `<`, `>`, U+2028 and U+2029 are escaped, so
/// that no text can end the script or open a comment. Whole numbers beyond 2^53 are strings, or JavaScript would round them. It is not
/// escaped again.
pub(in super::super) fn json_script(value: &Value) -> TeraResult<String> {
    let mut out = String::new();
    write(defined("json_script", value)?, &mut out);
    Ok(harmless(&out))
}

/// The same of a text.
pub(in super::super) fn json_script_of_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    write_text(text, &mut out);
    harmless(&out)
}

/// JSON that can stand in a script.
fn harmless(out: &str) -> String {
    let mut safe = String::with_capacity(out.len());
    // These five stand inside strings only: no other token of JSON has them.
    for c in out.chars() {
        match c {
            '&' => safe.push_str("\\u0026"),
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    safe
}

/// `data-item="{{ item | json }}"`: the same JSON, escaped as any text is.
pub(in super::super) fn json(value: &Value) -> TeraResult<String> {
    let mut out = String::new();
    write(defined("json", value)?, &mut out);
    Ok(out)
}

/// Refuses a variable that is not there, as printing it would.
fn defined<'v>(filter: &str, value: &'v Value) -> TeraResult<&'v Value> {
    if value.is_undefined() { Err(Error::message(super::missing(filter))) } else { Ok(value) }
}

fn write(value: &Value, out: &mut String) {
    match value.kind() {
        ValueKind::Bool => out.push_str(if value.as_bool() == Some(true) { "true" } else { "false" }),
        ValueKind::U64 | ValueKind::I64 | ValueKind::U128 | ValueKind::I128 => write_token(&value.to_string(), out),
        ValueKind::F64 if value.as_f64().is_some_and(f64::is_finite) => out.push_str(&value.to_string()),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            // A safe text that reads as a number is a number that would not have printed as it was typed.
            if value.is_safe() && is_number(text) { write_token(text, out) } else { write_text(text, out) }
        }
        ValueKind::Array => {
            out.push('[');
            for (index, element) in value.as_array().unwrap_or_default().iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(element, out);
            }
            out.push(']');
        }
        ValueKind::Map => {
            out.push('{');
            for (index, (key, member)) in value.as_map().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(&key.to_string(), out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
        ValueKind::Bytes => write_text(&value.to_string(), out),
        // Null, a float that is no number, and what later versions of Tera may bring.
        _ => out.push_str("null"),
    }
}

fn write_token(token: &str, out: &mut String) {
    let digits = token.strip_prefix('-').unwrap_or(token);
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole && !digits.parse::<u128>().is_ok_and(|number| number <= LARGEST_SAFE) {
        write_text(token, out);
    } else {
        out.push_str(token);
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether the text is a number as JSON writes it, and nothing more.
fn is_number(text: &str) -> bool {
    let limits = Limits { depth: 1, nodes: 1, duplicates: Duplicates::Allow };
    text.trim() == text && matches!(parse(text, &limits), Ok(Node::Number(_)))
}
