//! What is wrong with templates: all of it, each with its place.

use tera::ErrorKind;

use super::engine::{Escaping, tera};
use super::place::{self, Open, Place};
use crate::base::suggest;

/// Something wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The template's name.
    pub template: String,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// The column, from 1, when it is known.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Gathers every problem. Tera stops at the first template it cannot parse, and at the first broken relation between templates; so
/// each is parsed alone, and then all of them together until no relation is broken, the broken ones left out.
pub(super) fn gather(files: Vec<(String, String)>, first: tera::Error) -> Vec<TemplateProblem> {
    let mut problems: Vec<TemplateProblem> = files.iter().filter_map(|(name, text)| syntax(name, text)).collect();
    if problems.is_empty() {
        problems = relations(files, first);
    }
    for problem in &mut problems {
        problem.message = lower(&problem.message);
    }
    problems
}

fn relations(files: Vec<(String, String)>, first: tera::Error) -> Vec<TemplateProblem> {
    let mut problems = Vec::new();
    let texts = files.clone();
    let at = |template: &str, word: &str, name: &str, message: String| {
        let text = texts.iter().find(|(known, _)| known == template).map(|(_, text)| text.as_str());
        placed(template, text.and_then(|text| place::named(text, word, name)), message)
    };
    let mut left = files;
    let mut left_out: Vec<String> = Vec::new();
    let mut error = first;
    loop {
        let culprit = match error.kind() {
            ErrorKind::MissingParent { current, parent } => {
                problems.push(at(current, "extends", parent, format!("it extends `{parent}`, which is not there")));
                current.clone()
            }
            ErrorKind::CircularExtend { tpl, inheritance_chain } => {
                let message = format!("it extends itself: {}", circle(inheritance_chain));
                problems.push(at(tpl, "extends", second(inheritance_chain), message));
                tpl.clone()
            }
            ErrorKind::CircularInclude { tpl, include_chain } => {
                let message = format!("it includes itself: {}", circle(include_chain));
                problems.push(at(tpl, "include", second(include_chain), message));
                tpl.clone()
            }
            ErrorKind::Msg(text) => {
                problems.extend(reports(text).into_iter().filter(|problem| !comes_of(problem, &left_out)));
                break;
            }
            other => {
                problems.push(placed("", None, other.to_string()));
                break;
            }
        };
        left.retain(|(name, _)| *name != culprit);
        left_out.push(culprit);
        match tera(Escaping::Html).add_raw_templates(left.iter().map(|(name, text)| (name, text))) {
            Ok(()) => break,
            Err(next) => error = next,
        }
    }
    problems
}

fn syntax(name: &str, text: &str) -> Option<TemplateProblem> {
    let error = tera(Escaping::Html).add_raw_template(name, text).err()?;
    let ErrorKind::SyntaxError(report) = error.kind() else { return None };
    let span = report.span();
    if report.message().starts_with("Unexpected end")
        && let Some((place, open)) = place::left_open(text)
    {
        let message = match open {
            Open::Tag(word) => format!("this `{{% {word} %}}` is never ended: add `{{% end{word} %}}`"),
            Open::Mark(opening, closing) => format!("this `{opening}` is never closed: add `{closing}`"),
        };
        return Some(placed(name, Some(place), message));
    }
    if report.message().starts_with("Unknown tag") {
        let message = unknown_tag(text, span.start_line, span.start_col);
        return Some(placed(name, Some((span.start_line, span.start_col + 1)), message));
    }
    Some(placed(name, Some((span.start_line, span.start_col + 1)), report.message().to_owned()))
}

const TAGS: [&str; 15] = [
    "if",
    "elif",
    "else",
    "for",
    "block",
    "set",
    "set_global",
    "include",
    "extends",
    "filter",
    "raw",
    "component",
    "break",
    "continue",
    "endraw",
];

/// What is wrong with a tag that is none, or that ends what is not open. The line counts from 1, the column from 0.
fn unknown_tag(text: &str, line: usize, column: usize) -> String {
    let before: String = text.split_inclusive('\n').take(line.saturating_sub(1)).collect();
    let here = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let before = before + &here.chars().take(column).collect::<String>();
    let word: String = here.chars().skip(column).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if word.starts_with("end") {
        // The tag itself is cut off in front of its word.
        let opened = before.rfind("{%").and_then(|at| place::left_open(before.get(..at)?));
        return match opened {
            Some(((line, _), Open::Tag(open))) => {
                format!("the `{{% {open} %}}` of line {line} is not ended before this: add `{{% end{open} %}}`")
            }
            _ => format!("`{word}` ends nothing"),
        };
    }
    match suggest(&word, TAGS) {
        Some(near) => format!("unknown tag `{word}`: did you mean `{near}`?"),
        None => format!("unknown tag `{word}`"),
    }
}

/// The way of the other messages: no capital at the beginning, no full stop at the end.
fn lower(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Takes the rendered reports of one error apart: `error: …` and `--> name:line:column`, further lines are the excerpt.
fn reports(text: &str) -> Vec<TemplateProblem> {
    let mut found: Vec<TemplateProblem> = Vec::new();
    for line in text.lines() {
        if let Some(message) = line.strip_prefix("error: ") {
            found.push(placed("", None, with_hint(message)));
        } else if let Some(place) = line.trim_start().strip_prefix("--> ")
            && let Some(problem) = found.last_mut().filter(|problem| problem.line.is_none())
        {
            let mut parts = place.rsplitn(3, ':');
            problem.column = parts.next().and_then(|column| column.parse().ok());
            problem.line = parts.next().and_then(|line| line.parse().ok());
            problem.template = parts.next().unwrap_or_default().to_owned();
        }
    }
    if found.is_empty() {
        // A component that two templates define: both are named, the component first.
        let template = text.split('`').nth(3).filter(|_| text.starts_with("Component ")).unwrap_or_default();
        found.push(placed(template, None, text.to_owned()));
    }
    found
}

/// Whether a problem is only there because a broken template was left out.
fn comes_of(problem: &TemplateProblem, left_out: &[String]) -> bool {
    left_out.iter().any(|name| problem.message == format!("Unknown template `{name}`"))
        || (!left_out.is_empty() && problem.message.starts_with("Unknown component"))
}

fn with_hint(message: &str) -> String {
    let hint = match message.split('`').nth(1).unwrap_or_default() {
        "json_encode" => "use `json`, or `json_script` inside <script>",
        "linebreaksbr" => "use `newlines_to_br`",
        "as_str" => "use `str`",
        "map" | "filter" => "use a list such as [item.name for item in items if item.shown]",
        "slice" => "use items[0:3]",
        "concat" => "use [...a, ...b]",
        "number_format" => "use `decimal(places=2)`, or `money(currency=\"EUR\")`",
        "pluralize" => "use `plural(one=\"{n} item\", other=\"{n} items\")`",
        "now" => "a page does not know the time: let the backend send it",
        _ => return message.to_owned(),
    };
    format!("{message}: {hint}")
}

fn circle(chain: &[String]) -> String {
    chain.join(" → ")
}

/// The template that a circle goes to first.
fn second(chain: &[String]) -> &str {
    chain.get(1).or(chain.first()).map_or("", String::as_str)
}

fn placed(template: &str, place: Option<Place>, message: String) -> TemplateProblem {
    let (line, column) = place.unzip();
    TemplateProblem { template: template.to_owned(), line, column, message }
}
