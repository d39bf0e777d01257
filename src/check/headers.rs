//! The headers that have rules.

use http::HeaderMap;

use super::field::FieldRule;
use super::{In, Refusal, RuleProblem, Violation};
use crate::json::Node;

/// Checks the headers. Violations go to `out`.
///
/// # Errors
/// A header that has a rule is not UTF-8.
pub(super) fn check(
    rules: &[FieldRule],
    headers: &HeaderMap,
    out: &mut Vec<Violation>,
) -> Result<Vec<(String, Node<'static>)>, Refusal> {
    let mut values = Vec::new();
    for rule in rules {
        let mut given = Vec::new();
        for value in headers.get_all(rule.name.as_str()) {
            let text = std::str::from_utf8(value.as_bytes()).map_err(|_| not_text(&rule.name))?;
            if rule.is_list() {
                // `a, b` on one line is the same as two lines (RFC 9110, 5.3).
                given.extend(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()));
            } else {
                given.push(text.trim().to_owned());
            }
        }
        values.extend(rule.value(given, out).map(|value| (rule.name.clone(), value)));
    }
    Ok(values)
}

/// Rules for one header under two spellings.
pub(super) fn twice(rules: &[FieldRule], problems: &mut Vec<RuleProblem>) {
    for (index, rule) in rules.iter().enumerate() {
        if rules.iter().take(index).any(|other| other.name == rule.name) {
            let message = "the header has two rules: names are the same in any case".to_owned();
            problems.push(RuleProblem { place: In::Headers, name: Some(rule.name.clone()), pointer: String::new(), message });
        }
    }
}

fn not_text(name: &str) -> Refusal {
    let message = "is not UTF-8".to_owned();
    Refusal::Malformed(Violation { place: In::Headers, path: name.to_owned(), rule: "encoding".to_owned(), message })
}
