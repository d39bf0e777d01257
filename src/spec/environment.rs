//! Holes that the environment fills, as in compose files: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, and `$$` for a dollar.
//!
//! Holes are filled in values only, quoted or not, after YAML has read them: what a variable says can never become a key or a list.
//! A `$` before anything but `{` and `$` stands for itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Content, Span, Tree};
use super::{At, Problem, Problems};

/// How many bytes the variables of one file may bring in.
const MAX_FILLED: usize = 1 << 20;

/// How deep a default may nest in a default.
const MAX_NESTING: usize = 8;

/// The names of every variable that a hole of the file asks for.
pub(super) fn names(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(tree, &mut names);
    names
}

/// Fills every hole of a file.
pub(super) fn fill(tree: &mut Tree, text: &str, variables: &BTreeMap<String, String>) -> Problems {
    let mut filler = Filler { text, variables, left: MAX_FILLED, problems: Problems::new() };
    filler.fill(tree);
    filler.problems
}

fn collect(tree: &Tree, names: &mut BTreeSet<String>) {
    match &tree.content {
        Content::Scalar(scalar) => collect_text(&scalar.text, 0, names),
        Content::List(elements) => elements.iter().for_each(|element| collect(element, names)),
        Content::Mapping(entries) => entries.iter().for_each(|entry| collect(&entry.value, names)),
    }
}

fn collect_text(text: &str, nesting: usize, names: &mut BTreeSet<String>) {
    if nesting > MAX_NESTING {
        return;
    }
    for piece in pieces(text).unwrap_or_default() {
        if let Piece::Hole(hole) = piece {
            names.insert(hole.name.to_owned());
            if let Otherwise::Default(default) = hole.otherwise {
                collect_text(default, nesting + 1, names);
            }
        }
    }
}

struct Filler<'t> {
    text: &'t str,
    variables: &'t BTreeMap<String, String>,
    /// How many bytes may still come in.
    left: usize,
    problems: Problems,
}

impl<'t> Filler<'t> {
    fn fill(&mut self, tree: &mut Tree) {
        match &mut tree.content {
            Content::List(elements) => elements.iter_mut().for_each(|element| self.fill(element)),
            Content::Mapping(entries) => entries.iter_mut().for_each(|entry| self.fill(&mut entry.value)),
            Content::Scalar(scalar) if scalar.text.contains('$') => match self.filled(&scalar.text, 0) {
                Ok(filled) => {
                    scalar.filled = scalar.text.contains("${") && filled != scalar.text;
                    scalar.text = filled;
                }
                Err(fault) => {
                    let span = locate(self.text, tree.span, &scalar.text, &fault.typed, fault.at);
                    self.problems.push(Problem { hint: fault.hint, ..Problem::in_text(At::root(), span, fault.message) });
                    tree.broken = true;
                }
            },
            Content::Scalar(_) => {}
        }
    }

    /// A text with its holes filled.
    fn filled(&mut self, text: &str, nesting: usize) -> Result<String, Fault> {
        let mut out = String::new();
        for piece in pieces(text)? {
            let hole = match piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Hole(hole) => hole,
            };
            let value = self.value(&hole, nesting)?;
            self.left = self
                .left
                .checked_sub(value.len())
                .ok_or_else(|| hole.fault("the environment brings in more than 1 MiB".to_owned(), None))?;
            out.push_str(&value);
        }
        Ok(out)
    }

    /// What stands in for one hole. A variable that is set but empty counts as unset for `:-` and `:?`.
    fn value(&mut self, hole: &Hole<'_>, nesting: usize) -> Result<Cow<'t, str>, Fault> {
        let name = hole.name;
        let variables: &'t BTreeMap<String, String> = self.variables;
        match (variables.get(name), &hole.otherwise) {
            (Some(value), Otherwise::Nothing) => Ok(Cow::Borrowed(value)),
            (Some(value), _) if !value.is_empty() => Ok(Cow::Borrowed(value)),
            (_, Otherwise::Default(_)) if nesting >= MAX_NESTING => {
                Err(hole.fault(format!("the default of `{name}` nests too deeply"), None))
            }
            (_, Otherwise::Default(default)) => {
                let filled = self.filled(default, nesting + 1);
                filled.map(Cow::Owned).map_err(|fault| Fault { at: hole.at, typed: hole.typed.to_owned(), ..fault })
            }
            (_, Otherwise::Message(message)) if !message.is_empty() => {
                Err(hole.fault(format!("the environment variable `{name}` is not set: {message}"), None))
            }
            _ => Err(hole.fault(
                format!("the environment variable `{name}` is not set"),
                Some(match name.bytes().any(|byte| byte.is_ascii_lowercase()) {
                    true => format!(
                        "`${{…}}` asks the environment; a hole that the request fills is `{{path.{name}}}` or `{{query.{name}}}`"
                    ),
                    false => format!("set it, or say what stands in for it: `${{{name}:-…}}`"),
                }),
            )),
        }
    }
}

/// One piece of a text.
#[derive(Debug, PartialEq)]
enum Piece<'t> {
    Text(&'t str),
    Hole(Hole<'t>),
}

/// A hole and what happens when its variable is unset.
#[derive(Debug, PartialEq)]
struct Hole<'t> {
    name: &'t str,
    otherwise: Otherwise<'t>,
    /// Where it begins in its text, and the whole of it.
    at: usize,
    typed: &'t str,
}

#[derive(Debug, PartialEq)]
enum Otherwise<'t> {
    Nothing,
    Default(&'t str),
    Message(&'t str),
}

/// What is wrong with a hole.
#[derive(Debug)]
struct Fault {
    at: usize,
    typed: String,
    message: String,
    hint: Option<String>,
}

impl Hole<'_> {
    fn fault(&self, message: String, hint: Option<String>) -> Fault {
        Fault { at: self.at, typed: self.typed.to_owned(), message, hint }
    }
}

/// Splits a text at its holes.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let (mut from, mut search) = (0, 0);
    while let Some(at) = text.get(search..).and_then(|rest| rest.find('$')).map(|found| search + found) {
        let after = text.get(at + 1..).unwrap_or_default();
        if after.starts_with('$') {
            // One dollar stays: the text before goes up to it, the second one is left out.
            pieces.push(Piece::Text(text.get(from..=at).unwrap_or_default()));
            (from, search) = (at + 2, at + 2);
        } else if after.starts_with('{') {
            let end = closing(text, at + 1).ok_or_else(|| Fault {
                at,
                typed: "${".to_owned(),
                message: "the hole `${` is never closed".to_owned(),
                hint: Some("add `}`, or write `$$` for a dollar".to_owned()),
            })?;
            pieces.push(Piece::Text(text.get(from..at).unwrap_or_default()));
            pieces.push(Piece::Hole(hole(text, at, end)?));
            (from, search) = (end + 1, end + 1);
        } else {
            search = at + 1;
        }
    }
    pieces.push(Piece::Text(text.get(from..).unwrap_or_default()));
    Ok(pieces)
}

/// Where the brace that opens at `open` is closed; braces within count.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Reads the hole from the `$` at `at` to the `}` at `end`.
fn hole(text: &str, at: usize, end: usize) -> Result<Hole<'_>, Fault> {
    let typed = text.get(at..=end).unwrap_or_default();
    let inside = text.get(at + 2..end).unwrap_or_default();
    let name_end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(name_end);
    let otherwise = match rest.get(..2) {
        _ if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) => None,
        Some(":-") => rest.get(2..).map(Otherwise::Default),
        Some(":?") => rest.get(2..).map(Otherwise::Message),
        _ if rest.is_empty() => Some(Otherwise::Nothing),
        _ => None,
    };
    match otherwise {
        Some(otherwise) => Ok(Hole { name, otherwise, at, typed }),
        None => Err(Fault {
            at,
            typed: typed.to_owned(),
            message: format!("`{typed}` is no environment hole: write `${{NAME}}`, `${{NAME:-default}}` or `${{NAME:?message}}`"),
            hint: inside.contains('.').then(|| format!("a hole of the request has no dollar: `{{{inside}}}`")),
        }),
    }
}

/// Where a hole stands in the file. A scalar with escapes differs from its text there: its n-th `${` is taken.
fn locate(file: &str, scalar: Span, text: &str, typed: &str, at: usize) -> Span {
    let before = text.get(..at).unwrap_or_default().matches("${").count();
    let raw = file.get(scalar.start..scalar.end).unwrap_or_default();
    let Some((offset, _)) = raw.match_indices("${").nth(before) else { return scalar };
    let start = scalar.start + offset;
    let end = if file.get(start..).is_some_and(|rest| rest.starts_with(typed)) { start + typed.len() } else { start + 2 };
    Span { start, end }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::super::scalar::Scalar;
    use super::*;

    const SET: [(&str, &str); 4] = [("HOST", "shop"), ("PORT", "8080"), ("EMPTY", ""), ("ODD", "a: {b}\n${HOST}")];

    fn variables() -> BTreeMap<String, String> {
        SET.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn filled(text: &str) -> Result<String, String> {
        let variables = variables();
        let mut filler = Filler { text, variables: &variables, left: MAX_FILLED, problems: Problems::new() };
        filler.filled(text, 0).map_err(|fault| fault.message)
    }

    #[test]
    fn holes_are_filled_as_compose_fills_them() {
        for (text, expected) in [
            ("plain", "plain"),
            ("${HOST}", "shop"),
            ("http://${HOST}:${PORT}/", "http://shop:8080/"),
            ("${NONE:-demo:}", "demo:"),
            ("${EMPTY:-x}", "x"),
            ("[${EMPTY}]", "[]"),
            ("${NONE:-}", ""),
            ("${HOST:-x}", "shop"),
            ("${HOST:?must be set}", "shop"),
            ("${NONE:-${HOST}}", "shop"),
            ("${NONE:-${NEITHER:-b}}c", "bc"),
            ("${NONE:-/api/{path.id}}/x", "/api/{path.id}/x"),
            ("$$", "$"),
            ("$$$$", "$$"),
            ("$${HOST}", "${HOST}"),
            ("$$${HOST}", "$shop"),
            ("^[a-z]+$", "^[a-z]+$"),
            ("$HOST", "$HOST"),
            ("$.data[0]", "$.data[0]"),
            ("a$", "a$"),
            ("ü${HOST}ü", "üshopü"),
            // What comes in is not looked into again.
            ("${ODD}", "a: {b}\n${HOST}"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_hole_that_cannot_be_filled_says_why() {
        for (text, message) in [
            ("${NONE}", "the environment variable `NONE` is not set"),
            ("${NONE:?say where the shop is}", "the environment variable `NONE` is not set: say where the shop is"),
            ("${EMPTY:?}", "the environment variable `EMPTY` is not set"),
            ("${NONE:-${NEITHER}}", "the environment variable `NEITHER` is not set"),
            ("${HOST", "the hole `${` is never closed"),
        ] {
            assert_eq!(filled(text), Err(message.to_owned()), "{text}");
        }
        for text in ["${}", "${path.id}", "${1A}", "${HOST-x}", "${HOST:+x}", "${ HOST }", "${HOST:x}"] {
            assert!(filled(text).unwrap_err().contains("is no environment hole"), "{text}");
        }
    }

    #[test]
    fn what_comes_in_is_bounded() {
        let variables = BTreeMap::from([("BIG".to_owned(), "x".repeat(MAX_FILLED / 2 + 1))]);
        let scalar = Scalar { text: "${BIG}${BIG}".to_owned(), plain: true, filled: false };
        let mut tree = Tree::new(Span { start: 0, end: 12 }, Content::Scalar(scalar));
        assert_eq!(fill(&mut tree, "${BIG}${BIG}", &variables).len(), 1);
        let deep = format!("{}x{}", "${A:-".repeat(100_000), "}".repeat(100_000));
        assert!(filled(&deep).unwrap_err().contains("nests too deeply"));
    }

    #[test]
    fn only_values_have_holes_and_a_problem_points_at_its_hole() {
        let text = "${HOST}: 1\na: [x, \"é ${HOST} ${NONE}\"]\nb: ${PORT}\nc: '${PORT}'\n";
        let lines = Lines::of(text);
        let (mut tree, none) = super::super::yaml::read(text, &lines);
        assert!(none.is_empty());
        assert_eq!(names(&tree).into_iter().collect::<Vec<_>>(), ["HOST", "NONE", "PORT"]);
        let problems = fill(&mut tree, text, &variables());
        let spans: Vec<_> = problems.iter().filter_map(|problem| problem.span.as_deref()).collect();
        assert_eq!(spans.iter().map(|span| &text[span.start..span.end]).collect::<Vec<_>>(), ["${NONE}"]);
        assert_eq!(lines.place(text, spans[0].start), (2, 19));
        assert_eq!(tree.entries()[0].key, "${HOST}");
        // Without quotes it is typed as YAML would, with quotes it is text.
        let json = tree.to_json(&At::root(), &mut |_, _| ());
        assert_eq!((&json["b"], &json["c"]), (&8080.into(), &"8080".into()));
    }
}
