//! The body: JSON, under its limits, checked as a whole, its defaults put in.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::schema::Schema;
use super::{Body, BodyBytes, In, Refusal, RuleProblem, Violation};
use crate::json::{self, Duplicates, Limits, Node};

/// How much of the parser's message is told.
const LONGEST_MESSAGE: usize = 200;

/// The rule of the body.
#[derive(Debug)]
pub(super) struct BodyRule {
    schema: Schema,
    limits: Limits,
}

impl BodyRule {
    /// Compiles the rule.
    pub(super) fn compile(body: &Body, limits: Limits, problems: &mut Vec<RuleProblem>) -> Option<Self> {
        match compile(&body.schema, &body.files) {
            Ok(schema) => Some(Self { schema, limits: Limits { duplicates: Duplicates::Refuse, ..limits } }),
            Err(found) => {
                problems.extend(found.into_iter().map(|found| RuleProblem {
                    place: In::Body,
                    name: None,
                    pointer: found.pointer,
                    message: found.message,
                }));
                None
            }
        }
    }

    /// Checks a body. Violations go to `out`; the document is only good when there are none.
    ///
    /// # Errors
    /// It is no JSON, by its type or by its bytes.
    pub(super) fn check<'r>(
        &self,
        headers: &HeaderMap,
        bytes: &'r [u8],
        out: &mut Vec<Violation>,
    ) -> Result<(Option<Node<'r>>, BodyBytes), Refusal> {
        if bytes.is_empty() {
            out.push(violation("required", "a JSON body is required"));
            return Ok((None, BodyBytes::AsReceived));
        }
        if !is_json(headers) || is_packed(headers) {
            return Err(Refusal::UnsupportedMediaType);
        }
        let mut document = json::parse_bytes(bytes, &self.limits)
            .map_err(|error| Refusal::Malformed(violation("json", &short(error.to_string()))))?;
        let bytes = match self.schema.fill(&mut document) {
            true => BodyBytes::Rewritten(document.to_json()),
            false => BodyBytes::AsReceived,
        };
        self.schema.check(In::Body, "", &document, out);
        Ok((Some(document), bytes))
    }
}

fn compile(
    schema: &serde_json::Value,
    files: &BTreeMap<String, serde_json::Value>,
) -> Result<Schema, Vec<super::schema::SchemaProblem>> {
    Schema::compile(schema, files, false)
}

fn violation(rule: &str, message: &str) -> Violation {
    Violation { place: In::Body, path: String::new(), rule: rule.to_owned(), message: message.to_owned() }
}

/// The message of the parser, which may quote a member's name, cut where it gets long.
fn short(message: String) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

/// Whether the body is compressed: its rule could not read it, and a small body may unpack to a large one.
fn is_packed(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// Whether the content type is `application/json` or `…+json`, in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let Ok(text) = only.to_str() else { return false };
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = match essence.split_once('/') {
        Some(("application", "json")) => true,
        Some((kind, subtype)) => !kind.is_empty() && subtype.len() > "+json".len() && subtype.ends_with("+json"),
        None => false,
    };
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            matches!(value.trim().trim_matches('"').to_ascii_lowercase().as_str(), "utf-8" | "utf8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_taken() {
        for (text, taken) in [
            ("application/json", true),
            ("Application/JSON; Charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/merge-patch+json", true),
            ("application/json; charset=gbk", false),
            ("application/json; charset=utf-8; charset=latin1", false),
            ("text/plain", false),
            ("text/json", false),
            ("application/jsonp", false),
            ("application/+json", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, text.parse().unwrap())]);
            assert_eq!(is_json(&headers), taken, "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
