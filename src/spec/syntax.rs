//! What the YAML parser complains of, in the words of someone who writes routes.yaml.

use granit_parser::{ErrorKind, ScanError};

use super::lines::Lines;
use super::tree::Span;
use super::yaml::MAX_DEPTH;
use super::{At, Problem};
use crate::json;

/// How long a text may be, in bytes, that is written out in quotes.
const MAX_ADVISED: usize = 100;

/// A syntax error as a problem. `bracket` is where the innermost open `[` or `{` stands.
pub(super) fn problem(text: &str, lines: &Lines, error: &ScanError, bracket: Option<usize>) -> Problem {
    let mut offset = error.marker().byte_offset().unwrap_or_default().min(text.len());
    if matches!(error.kind(), ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation) {
        // The parser points behind the tab.
        let before = text.get(..offset).unwrap_or_default();
        offset = before.strip_suffix('\t').map_or(offset, str::len);
    }
    if *error.kind() == ErrorKind::TabInPlainScalar {
        // It points at the text that the tab comes behind, perhaps in the next line.
        offset += text.get(offset..).and_then(|rest| rest.find('\t')).unwrap_or_default();
    }
    let (line, _) = lines.place(text, offset);
    let (_, line_end) = lines.range(text, line);
    let after = text.get(offset..line_end).unwrap_or_default();
    if let (ErrorKind::BlockEntryInFlowCollection, Some(start)) = (error.kind(), bracket) {
        let open = text.get(start..start + 1).unwrap_or("[");
        let message = format!("this `{open}` is not closed before the list goes on in line {line}");
        return Problem::in_text(At::root(), Span { start, end: start + 1 }, message);
    }
    let (line_start, _) = lines.range(text, line);
    let before = text.get(line_start..offset).unwrap_or_default().trim_end();
    let (message, hint) = match before.chars().next_back() {
        Some(close @ (']' | '}')) if bracket.is_none() && !after.starts_with(['#', ':']) && !after.trim().is_empty() => {
            (format!("nothing can follow the closing `{close}`"), Some("put the whole text in quotes, if it is one"))
        }
        _ => match slip(error, text.get(line_start..line_end).unwrap_or_default(), offset - line_start) {
            Some((start, message, hint)) => {
                let start = line_start + start;
                let end = (offset + 1).min(line_end).max(start);
                return Problem::in_text(At::root(), Span { start, end }, message).hint(hint);
            }
            None => say(error, after),
        },
    };
    let end = offset + after.chars().next().map_or(0, char::len_utf8);
    let problem = Problem::in_text(At::root(), Span { start: offset, end }, message);
    match hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// Slips that the parser takes for something else: where in its line, what is wrong, what to do. The parser stopped `at` a place in this line.
fn slip(error: &ScanError, line: &str, at: usize) -> Option<(usize, String, String)> {
    use ErrorKind as Kind;
    let (before, after) = line.split_at_checked(at)?;
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let typed = before.trim();
    match error.kind() {
        // The line above goes on in one that is indented deeper.
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement if is_name(typed) => {
            let message = format!("the key `{typed}` is indented deeper than the key above it");
            Some((at - before.trim_start().len(), message, "the keys of one mapping begin in the same column".to_owned()))
        }
        Kind::SimpleKeyExpected if after.starts_with('*') => {
            let key = after.split_once(':')?.0.trim_end();
            (!key.contains(' ')).then(|| (at, alias(key), quote_the_star(key)))
        }
        Kind::SimpleKeyExpected => {
            let (key, value) = after.split_once(':').filter(|(key, _)| is_name(key.trim()))?;
            (!value.is_empty() && !value.starts_with(' ')).then(|| {
                let message = format!("a blank is missing behind the `:` of `{}`", key.trim());
                (at + key.len(), message, "write `key: value`".to_owned())
            })
        }
        Kind::MissingAnchorOrAliasName => {
            let sign = after.chars().next().filter(|c| matches!(c, '*' | '&'))?;
            let path = before.strip_suffix('[').and_then(|before| bracket_in_text(line, before.len()));
            path.or_else(|| Some((at, format!("a text cannot begin with `{sign}`"), "put the text in quotes".to_owned())))
        }
        Kind::ExpectedFlowMappingSeparator | Kind::ExpectedFlowSequenceSeparator => bracket_in_text(line, at),
        _ => None,
    }
}

/// Inside of `{ }` or `[ ]`, the slip of a text without quotes that a `[` or `{` at this place of its line breaks off.
fn bracket_in_text(line: &str, at: usize) -> Option<(usize, String, String)> {
    let (before, after) = line.split_at_checked(at)?;
    let (open, close) = match after.chars().next()? {
        '[' => ('[', ']'),
        '{' => ('{', '}'),
        _ => return None,
    };
    let begin = before.rsplit([',', '[', ']', '{', '}']).next()?.rsplit(": ").next()?.trim_start();
    if begin.is_empty() || begin.ends_with(char::is_whitespace) || begin.starts_with(['"', '\'', '*', '&', '!']) {
        return None;
    }
    let text = format!("{begin}{}", after.get(..end_of_text(after)?)?.trim_end());
    if text.len() > MAX_ADVISED {
        return None;
    }
    let quoted = match text.contains(['"', '\\']) {
        true => format!("'{}'", text.replace('\'', "''")),
        false => format!("\"{text}\""),
    };
    let hint = format!("inside of `{{ }}` and `[ ]`, a text with `{open}` or `{close}` needs quotes: {quoted}");
    Some((at, format!("a `{open}` cannot stand here"), hint))
}

/// How long a text that goes on with a bracket was meant to be. `None` where the bracket rather begins a list or a mapping.
fn end_of_text(rest: &str) -> Option<usize> {
    let (mut depth, mut in_quotes) = (0_usize, false);
    for (at, sign) in rest.char_indices() {
        let behind = rest.get(at + sign.len_utf8()..).unwrap_or_default();
        match sign {
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '[' | '{' => depth += 1,
            ']' | '}' if depth > 0 => depth -= 1,
            _ if depth > 0 && sign.is_whitespace() => return None,
            _ if depth > 0 => {}
            ']' | '}' | ',' => return Some(at),
            ':' if behind.is_empty() || behind.starts_with(' ') => return Some(at),
            ' ' if behind.starts_with('#') => return Some(at),
            _ => {}
        }
    }
    (depth == 0 && !in_quotes).then_some(rest.len())
}

/// What is wrong with an alias; the name has its `*`.
pub(super) fn alias(name: &str) -> String {
    format!("`{name}` is an alias, and aliases are not read here")
}

/// What to do with an alias that is meant as a text.
pub(super) fn quote_the_star(text: &str) -> String {
    format!("a text that begins with `*` needs quotes: \"{text}\"")
}

/// A syntax error of JSON as a problem.
pub(super) fn json_problem(error: &json::ParseError) -> Problem {
    let span = Span { start: error.offset, end: error.offset };
    Problem::in_text(At::root(), span, format!("this is no JSON: {}", error.kind))
}

/// What is wrong and what to do; `after` is the rest of the line.
fn say(error: &ScanError, after: &str) -> (String, Option<&'static str>) {
    use ErrorKind as Kind;
    const BRACES: &str = "inside of `{ }` and `[ ]`, a text with `{` or `}` needs quotes: \"GET /items/{id}\", \"${NAME}\"";
    const COLON: &str = "a text with `: ` in it needs quotes; a key begins a line of its own";
    const INDENT: &str = "the keys of one mapping, and the dashes of one list, begin in the same column";
    const TABS: &str = "indent with spaces";
    let (message, hint) = match error.kind() {
        Kind::ExpectedFlowMappingSeparator if after.starts_with('{') => ("a `{` cannot stand here", Some(BRACES)),
        Kind::ExpectedFlowSequenceSeparator if after.starts_with('{') => ("a `{` cannot stand here", Some(BRACES)),
        Kind::ExpectedFlowMappingSeparator if after.starts_with(':') => ("a second `:` cannot stand here", Some(COLON)),
        Kind::ExpectedFlowMappingSeparator => ("a `,` or the closing `}` is missing here", None),
        Kind::ExpectedFlowSequenceSeparator => ("a `,` or the closing `]` is missing here", None),
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement => ("a `:` cannot stand here", Some(COLON)),
        Kind::SimpleKeyExpected => {
            ("a `:` is missing after this", Some("a text that goes on in the next line is indented deeper than its key"))
        }
        Kind::ExpectedBlockMappingKey | Kind::ExpectedBlockSequenceEntry | Kind::InvalidIndentation => {
            ("this line does not line up with the lines above it", Some(INDENT))
        }
        Kind::BlockSequenceEntryNotAllowed => {
            ("a list cannot begin here", Some("put the `-` on a line of its own, below the key"))
        }
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation => ("a tab cannot indent", Some(TABS)),
        Kind::TabInPlainScalar => ("a tab cannot stand here", Some(TABS)),
        Kind::UnclosedQuotedScalar => ("this quote is never closed", None),
        Kind::InvalidQuotedScalarIndent | Kind::DocumentIndicatorInQuotedScalar => {
            ("a quote that was opened above is not closed before this line", None)
        }
        Kind::InvalidTrailingSingleQuotedScalar => {
            ("a text goes on after its closing quote", Some("write `''` for a quote inside of single quotes"))
        }
        Kind::InvalidTrailingDoubleQuotedScalar => (
            "a text goes on after its closing quote",
            Some("write `\\\"` for a quote inside of double quotes, and `,` between two entries"),
        ),
        Kind::UnknownQuotedScalarEscape => (
            "an escape in this text is none that YAML knows",
            Some("write `\\\\` for a backslash inside of double quotes, or use single quotes"),
        ),
        Kind::UnexpectedCharacter { character } => {
            return (format!("a text cannot begin with `{character}`"), Some("put the text in quotes"));
        }
        Kind::UnclosedFlowCollection { open } => return (format!("this `{open}` is never closed"), None),
        Kind::MismatchedFlowCollectionEnd { open, close } => return (format!("this `{open}` is closed by `{close}`"), None),
        Kind::RecursionLimitExceeded => return (too_deep(), None),
        _ => return (error.info(), None),
    };
    (message.to_owned(), hint)
}

/// The message for a file that nests too deeply.
pub(super) fn too_deep() -> String {
    format!("the file nests deeper than {MAX_DEPTH} levels here")
}
