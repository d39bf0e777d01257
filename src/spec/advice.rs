//! What to do about a scalar that is not what was expected.

use serde_json::Value;

use super::scalar::{Meaning, Scalar};
use super::words::{Words, title};

/// A line of advice for the slips that people make most.
pub(super) fn for_scalar<'s>(words: Words<'s>, scalar: &Scalar, value: &Value, schema: &'s Value) -> Option<String> {
    let takes = |kind: &str| words.takes(schema, kind);
    let text = &scalar.text;
    if scalar.filled {
        // What fills the hole may be a secret, so no advice may tell of it.
        let needs_type =
            !scalar.plain && !words.takes_any_text(schema) && (takes("integer") || takes("number") || takes("boolean"));
        return needs_type.then(|| "take the quotes off: what fills a hole in quotes is a text".to_owned());
    }
    if let Some(name) = text.strip_prefix('$').filter(|name| is_variable(name)) {
        return Some(format!("write `${{{name}}}` for what the environment has"));
    }
    match value {
        Value::Number(_) if title(words.resolve(schema)).is_some_and(|title| title.contains("duration")) => {
            Some(format!("add the unit: {text}s or {text}ms"))
        }
        Value::Number(_) if words.speaks_of(schema, "an address") => Some(format!("write \"127.0.0.1:{text}\"")),
        Value::Number(_) if takes("number") || takes("integer") => None,
        Value::Number(_) | Value::Bool(_) if words.takes_any_text(schema) => Some(format!("put it in quotes: \"{text}\"")),
        Value::String(text) if takes("boolean") && as_boolean(text).is_some() => as_boolean(text),
        Value::String(text) if takes("integer") || takes("number") => {
            let unquoted = Scalar { text: text.clone(), plain: true, filled: false };
            matches!(unquoted.meaning(), Ok(Meaning::Number(_))).then(|| "take the quotes off".to_owned())
        }
        Value::String(text) if takes("object") && !takes("string") => as_mapping(words, text, schema),
        _ => None,
    }
}

/// What to do about a scalar where a list is due: the list that was meant, `rest` being what follows the first comma inside of `{ }`.
pub(super) fn for_list<'s>(
    words: Words<'s>,
    scalar: &Scalar,
    key: Option<&str>,
    rest: &[&str],
    schema: &'s Value,
) -> Option<String> {
    let takes = |kind: &str| words.takes(schema, kind);
    if !takes("array") || takes("string") || scalar.filled || scalar.text.is_empty() || scalar.text.contains(['{', '[', '\n']) {
        return None;
    }
    let items = words.branches(schema).into_iter().find_map(|branch| branch.get("items"))?;
    let by_comma = |text: &str| text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
    let by_blank = || scalar.text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<String>>();
    let mut parts: Vec<String> = if scalar.text.contains(',') { by_comma(&scalar.text) } else { by_blank() };
    parts.extend(rest.iter().map(|rest| (*rest).to_owned()));
    // Words of a list of mappings begin one each; a truth is one of those that the key takes beside a list.
    let is_truth = matches!(scalar.meaning(), Ok(Meaning::Bool(_))) || as_boolean(&scalar.text).is_some();
    if !names_texts(words, items) && parts.iter().all(|part| words.keys(items).any(|(key, _)| key == part)) {
        let steps: Vec<String> = parts.iter().map(|part| format!("{{{part}: …}}")).collect();
        return Some(format!("write each as a mapping: [{}]", steps.join(", ")));
    }
    if (is_truth && takes("boolean")) || !names_texts(words, items) {
        return None;
    }
    let parts: Vec<String> = parts.into_iter().map(in_a_list).collect();
    let list = format!("[{}]", parts.join(", "));
    Some(match key.filter(|key| key.parse::<usize>().is_err()) {
        Some(key) => format!("write `{key}: {list}`"),
        None => format!("write {list}"),
    })
}

/// Whether the entries of a list may be texts or numbers.
fn names_texts<'s>(words: Words<'s>, items: &'s Value) -> bool {
    words.takes(items, "string") || words.takes(items, "integer")
}

/// An entry as it may stand between brackets.
fn in_a_list(text: String) -> String {
    let is_plain =
        !text.contains(['#', '}', ']', '"', '*', '&', '!', '%', '@', '`']) && !text.contains(": ") && !text.ends_with(':');
    if is_plain { text } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn as_boolean(text: &str) -> Option<String> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "on" => Some("write `true`".to_owned()),
        "no" | "n" | "off" => Some("write `false`".to_owned()),
        "true" | "false" => Some("take the quotes off".to_owned()),
        _ => None,
    }
}

/// A text where a mapping is due: most often the value of the mapping's first key.
fn as_mapping<'s>(words: Words<'s>, text: &str, schema: &'s Value) -> Option<String> {
    let name = title(words.resolve(schema))?;
    let mut keys = words.keys(schema);
    if name == "a step" {
        return keys.any(|(key, _)| key == text).then(|| format!("write it as a mapping: `{text}: …`"));
    }
    let (first, value) = keys.next()?;
    let plain = !text.contains(['{', '}', '[', ']', ',', '#', ':']) || text.starts_with("http");
    (name.starts_with('a') && words.takes(value, "string") && plain).then(|| format!("write a mapping: {{{first}: {text}}}"))
}
