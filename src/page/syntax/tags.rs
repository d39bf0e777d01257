//! Tags: unknown ones, and those whose inside is another language's.

use super::{Complaint, Open, Said, place, word};
use crate::base::suggest;

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

/// Whether a word begins a tag, and cannot begin a value.
pub(super) fn opens(word: &str) -> bool {
    matches!(word, "if" | "elif" | "else" | "for" | "block" | "set" | "include" | "extends" | "filter" | "macro" | "import")
}

pub(super) fn said(complaint: &Complaint<'_>) -> Option<Said> {
    let here = complaint.here();
    if complaint.message.starts_with("Unknown tag") {
        return Some((complaint.at, unknown(complaint)));
    }
    let at = |message: String| Some((complaint.at, message));
    let next = word(here);
    match complaint.tag() {
        "else" if next == "if" => at("there is no `else if`: write `elif`".to_owned()),
        "for" if matches!(next, "of" | "as" | "from") => {
            at(format!("a loop has `in` instead of `{next}`: `{{% for item in items %}}`"))
        }
        "for" if here.starts_with('(') => at("the names of a loop have no brackets: `{% for key, value in map %}`".to_owned()),
        "include" | "extends" if complaint.message.ends_with("expected string.") => {
            let path: String = here.chars().take_while(|c| c.is_alphanumeric() || "_-./".contains(*c)).collect();
            let path = if path.is_empty() { "name".to_owned() } else { path };
            let path = if path.contains('.') { path } else { format!("{path}.html") };
            at(format!("a template is named by a text: write `{{% {} \"{path}\" %}}`", complaint.tag()))
        }
        "include" if matches!(next, "with" | "without" | "only" | "context") => {
            at(format!("a template that is included sees all variables: leave `{next}` and what follows out"))
        }
        "include" if next == "ignore" => at("a template that is included has to be there: leave `ignore missing` out".to_owned()),
        "include" if here.starts_with(',') => {
            at("a template that is included sees all variables, and takes no arguments".to_owned())
        }
        "block" if here.starts_with(['"', '\'']) => at("the name of a block has no quotes: `{% block main %}`".to_owned()),
        "block" if here.starts_with(['-', '.']) && !here.starts_with("-%}") => {
            at("the name of a block has letters, digits and `_` alone: `{% block side_bar %}`".to_owned())
        }
        "if" | "elif" if next == "then" => at("there is no `then`: leave it out".to_owned()),
        "for" if complaint.message.ends_with("expected else.") => {
            at("a loop has no `if`: put an `{% if %}` into it, or loop over [x for x in items if x.shown]".to_owned())
        }
        "block" if here.starts_with(complaint.close) => at("a block needs a name: `{% block main %}`".to_owned()),
        "set" if complaint.before().trim_end().ends_with("=") && here.starts_with(complaint.close) => {
            at("a value is missing behind `=`".to_owned())
        }
        _ if complaint.message.ends_with("expected else.") => {
            at("a value with `if` needs its `else`: write `a if b else \"\"`".to_owned())
        }
        _ => None,
    }
}

/// What is wrong with a tag that is none, or that ends what is not open.
fn unknown(complaint: &Complaint<'_>) -> String {
    let word = word(complaint.here());
    let opened = || place::left_open(complaint.text.get(..complaint.open)?);
    if word.starts_with("end") {
        return match opened() {
            Some(((line, _), Open::Tag(open))) => {
                format!("the `{{% {open} %}}` of line {line} is not ended before this: add `{{% end{open} %}}`")
            }
            _ => format!("`{word}` ends nothing"),
        };
    }
    match (word, opened()) {
        ("", _) => return "a tag begins with a word such as `if`".to_owned(),
        ("else" | "elif", Some(((line, _), Open::Tag(open)))) => {
            return format!("`{word}` belongs to no `if` here: the `{{% {open} %}}` of line {line} is still open");
        }
        ("else" | "elif", _) => return format!("`{word}` belongs to no `if`"),
        _ => {}
    }
    match (foreign(word), suggest(word, TAGS)) {
        (Some(advice), _) => format!("unknown tag `{word}`: {advice}"),
        (None, Some(near)) => format!("unknown tag `{word}`: did you mean `{near}`?"),
        (None, None) => format!("unknown tag `{word}`"),
    }
}

/// What to write instead of a tag of another language.
fn foreign(word: &str) -> Option<&'static str> {
    Some(match word {
        "elseif" | "elsif" | "elsIf" | "elseIf" | "elif_" => "write `elif`",
        "unless" => "write `{% if not x %}`",
        "switch" | "case" | "when" | "match" | "default" => "write `{% if x == 1 %}…{% elif x == 2 %}…{% endif %}`",
        "foreach" | "each" | "loop" | "while" => "write `{% for item in items %}`",
        "let" | "assign" | "var" | "const" | "capture" | "with" => "write `{% set x = … %}`",
        "macro" | "call" | "import" | "from" | "slot" => {
            "write a component: `{% component name(x) %}…{% endcomponent %}`, `{{ <name x={1} /> }}`"
        }
        "comment" => "write `{# … #}`",
        "verbatim" => "write `{% raw %}…{% endraw %}`",
        "empty" => "write `{% else %}`",
        "echo" | "print" | "return" | "expr" => "write `{{ x }}`",
        "render" | "partial" | "embed" | "import_template" | "insert" => "write `{% include \"name.html\" %}`",
        "layout" | "extend" | "inherit" | "inherits" => "write `{% extends \"name.html\" %}`",
        "section" | "yield" | "content" | "define" => "write `{% block name %}…{% endblock %}`",
        "autoescape" => "everything is escaped; `{{ x | safe }}` is what is not",
        "load" | "csrf_token" | "static" | "url" | "trans" | "translate" | "blocktrans" | "spaceless" | "cache" | "do" => {
            "there is nothing like it here: leave it out"
        }
        _ => return None,
    })
}
