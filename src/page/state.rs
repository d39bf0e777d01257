//! What the browser's code can read: members of the document as JSON that no text can break out of.

use crate::json::{Node, Number};

/// The id of the script element that holds the state.
pub const STATE_ID: &str = "__FORECOURT_STATE__";

/// Over it, in bytes, a state slows the first screen down, and the log says so.
pub const LARGE_STATE: usize = 64 * 1024;

/// Over it, in bytes, there is no page.
pub const MAX_STATE: usize = 256 * 1024;

/// Which part of the document goes to the browser's code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing, and no element for it.
    #[default]
    None,
    /// The whole document.
    All,
    /// These members of the document, in its order; those that are not there are left out.
    Members(Vec<String>),
}

impl State {
    /// The element with the state. `None` when there is none.
    pub(super) fn element(&self, document: &Node<'_>) -> Option<String> {
        let mut json = String::new();
        match (self, document) {
            (Self::None, _) => return None,
            (Self::All, document) => write(document, &mut json),
            (Self::Members(names), document) => {
                json.push('{');
                let members = document.as_object().map(|object| object.members()).unwrap_or_default();
                let chosen = members.iter().filter(|member| names.iter().any(|name| *name == member.key.decode()));
                for (at, member) in chosen.enumerate() {
                    if at > 0 {
                        json.push(',');
                    }
                    write_text(member.key.as_raw(), &mut json);
                    json.push(':');
                    write(&member.value, &mut json);
                }
                json.push('}');
            }
        }
        Some(format!("<script type=\"application/json\" id=\"{STATE_ID}\">{json}</script>\n"))
    }
}

/// Writes a document as JSON for a `<script>`: `&`, `<`, `>`, U+2028 and U+2029 are escaped, and whole numbers that JavaScript would
/// round are texts.
pub(super) fn write(node: &Node<'_>, out: &mut String) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Node::Number(number) => write_number(number, out),
        Node::String(text) => write_text(text.as_raw(), out),
        Node::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(element, out);
            }
            out.push(']');
        }
        Node::Object(object) => {
            out.push('{');
            for (at, member) in object.members().iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(member.key.as_raw(), out);
                out.push(':');
                write(&member.value, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &Number<'_>, out: &mut String) {
    if !number.is_finite() {
        out.push_str("null");
    } else if number.is_unsafe_integer() {
        write_text(number.as_raw(), out);
    } else {
        out.push_str(number.as_raw());
    }
}

/// A text whose JSON escapes stand as they came. None of the five characters is part of one.
fn write_text(raw: &str, out: &mut String) {
    out.push('"');
    escape(raw, out);
    out.push('"');
}

/// Escapes the five characters that could end a script or open a comment in it.
pub(super) fn escape(json: &str, out: &mut String) {
    let mut rest = json;
    while let Some(at) = rest.find(['&', '<', '>', '\u{2028}', '\u{2029}']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut chars = from.chars();
        out.push_str(match chars.next() {
            Some('&') => "\\u0026",
            Some('<') => "\\u003c",
            Some('>') => "\\u003e",
            Some('\u{2028}') => "\\u2028",
            _ => "\\u2029",
        });
        rest = chars.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn state(state: &State, document: &str) -> Option<String> {
        let element = state.element(&parse(document, &Limits::default()).unwrap())?;
        let open = "<script type=\"application/json\" id=\"__FORECOURT_STATE__\">";
        Some(element.strip_prefix(open)?.strip_suffix("</script>\n")?.to_owned())
    }

    #[test]
    fn the_state_is_what_was_asked_for_and_nothing_else() {
        let members = |names: &[&str]| State::Members(names.iter().map(|name| (*name).to_owned()).collect());
        let document = r#"{"id":12345678901234567890,"t\u0069tle":"</script>&\u2028 é\n","price":1.10,"secret":true}"#;
        for (wanted, expected) in [
            (State::None, None),
            (
                State::All,
                Some(
                    r#"{"id":"12345678901234567890","t\u0069tle":"\u003c/script\u003e\u0026\u2028 é\n","price":1.10,"secret":true}"#,
                ),
            ),
            (
                members(&["title", "id"]),
                Some(r#"{"id":"12345678901234567890","t\u0069tle":"\u003c/script\u003e\u0026\u2028 é\n"}"#),
            ),
            (members(&["nobody"]), Some("{}")),
        ] {
            assert_eq!(state(&wanted, document).as_deref(), expected, "{wanted:?}");
        }
        assert_eq!(state(&members(&["id"]), "[1]").as_deref(), Some("{}"));
        assert_eq!(
            state(&State::All, "[1,null,-9007199254740993,1e400]").as_deref(),
            Some("[1,null,\"-9007199254740993\",1e400]")
        );
    }

    #[test]
    fn the_five_characters_are_escaped_wherever_they_stand() {
        let mut out = String::new();
        escape("a<b>c&d\u{2028}e\u{2029}", &mut out);
        assert_eq!(out, "a\\u003cb\\u003ec\\u0026d\\u2028e\\u2029");
    }
}
