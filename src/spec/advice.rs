//! What to do about a scalar that is not what was expected.

use serde_json::Value;

use super::scalar::{Meaning, Scalar};
use super::units;
use super::words::{Words, title};

/// A line of advice for the slips that people make most.
pub(super) fn for_scalar<'s>(words: Words<'s>, scalar: &Scalar, value: &Value, schema: &'s Value) -> Option<String> {
    let takes = |kind: &str| words.takes(schema, kind);
    let speaks_of = |what: &str| title(words.resolve(schema)).is_some_and(|title| title.contains(what));
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
        Value::String(text) if speaks_of("a span of durations") => {
            let (first, last) = text.split_once(['-', '–', '…']).or_else(|| text.split_once(" to "))?;
            Some(format!("write {}..{}", units::duration(first.trim())?, units::duration(last.trim())?))
        }
        Value::Number(_) | Value::String(_) if speaks_of("duration") && !speaks_of("a span of durations") => {
            match units::duration(text) {
                Some(meant) => Some(format!("write {meant}")),
                None if text.parse::<f64>().is_ok_and(|number| number >= 0.0) => {
                    Some(format!("add the unit: {text}s or {text}ms"))
                }
                None => None,
            }
        }
        Value::Number(_) | Value::String(_) if speaks_of("a size") => units::size(text).map(|meant| format!("write {meant}")),
        Value::Number(_) | Value::String(_) if speaks_of("a share") => units::share(text).map(|meant| format!("write {meant}")),
        Value::Number(_) if words.speaks_of(schema, "an address") => Some(format!("write \"127.0.0.1:{text}\"")),
        Value::Number(_) if takes("number") || takes("integer") => None,
        Value::Number(_) if takes("object") && !takes("string") => as_mapping(words, text, schema),
        // What can only be turned off is on by itself.
        Value::Bool(true) if takes("boolean") => Some("leave the key out for the default".to_owned()),
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

/// The keys that say most of a mapping that is cut short: `timeout: 800ms`, `cache: 30s`, `retry: 3`.
const TELLING: [&str; 7] = ["total", "ttl", "attempts", "origin", "every", "hard", "path"];

/// What to do about a list or a mapping where something else is due.
pub(super) fn for_container<'s>(words: Words<'s>, value: &Value, schema: &'s Value) -> Option<String> {
    let is_of_names =
        words.branches(schema).into_iter().any(|branch| branch.get("additionalProperties").is_some_and(Value::is_object));
    match value {
        Value::Array(_) if is_of_names => Some("write a mapping, `name: …` on each line, without `- `".to_owned()),
        Value::Object(members) if words.takes(schema, "string") && members.len() == 1 => match members.get("to") {
            Some(Value::String(text)) => Some(format!("write the text alone: {text}")),
            _ => None,
        },
        _ => None,
    }
}

/// A text where a mapping is due: most often the value of the mapping's first key.
fn as_mapping<'s>(words: Words<'s>, text: &str, schema: &'s Value) -> Option<String> {
    if let Some((key, value)) = text.split_once(':')
        && !value.is_empty()
        && words.keys(schema).any(|(known, _)| known == key)
    {
        return Some(format!("a blank is missing behind the `:`: write `{key}: {value}`"));
    }
    let is_schema = title(words.resolve(schema)) == Some("a JSON Schema");
    if is_schema && [".json", ".yaml", ".yml"].iter().any(|end| text.ends_with(end)) {
        return Some(format!("write a mapping: {{$ref: {text}}}"));
    }
    let plain = !text.contains(['{', '}', '[', ']', ',', '#', ':']) || text.starts_with("http");
    let telling = TELLING
        .iter()
        .filter(|key| (**key == "path") == text.starts_with('/'))
        .find_map(|first| words.keys(schema).find(|(key, _)| key == first))
        .filter(|_| plain);
    if let Some((key, value)) = telling {
        let is_duration = title(words.resolve(value)).is_some_and(|title| title.contains("duration"));
        let unit = if is_duration && text.bytes().all(|byte| byte.is_ascii_digit()) { "ms" } else { "" };
        return Some(format!("write a mapping: {{{key}: {text}{unit}}}"));
    }
    let name = title(words.resolve(schema))?;
    let mut keys = words.keys(schema);
    if name == "a step" {
        return keys.any(|(key, _)| key == text).then(|| format!("write it as a mapping: `{text}: …`"));
    }
    let (first, value) = keys.next()?;
    (name.starts_with('a') && words.takes(value, "string") && plain).then(|| format!("write a mapping: {{{first}: {text}}}"))
}
