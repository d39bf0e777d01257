//! Marks of other template languages that stand in the text of a template, where they are printed as they are.

use super::TemplateProblem;
use super::place::place;

/// Marks, and what to say of them. `${` and closing marks are looked at closer.
const MARKS: [(&str, &str); 6] = [
    ("${", "is printed as it is: write `{{ name }}`"),
    ("<%", "is printed as it is: write `{{ name }}`, or `{% if name %}`"),
    ("<?php", "is sent as it is: nothing here runs PHP"),
    ("<?=", "is sent as it is: nothing here runs PHP"),
    ("}}", "closes nothing: the mark in front is `{{`"),
    ("%}", "closes nothing: the mark in front is `{%`"),
];

/// Tags that end.
const TAGS: [&str; 6] = ["if", "for", "block", "set", "filter", "raw"];

/// What is probably not meant as text. Scripts, styles and comments have these marks in their own right.
pub(super) fn strays(name: &str, text: &str) -> Vec<TemplateProblem> {
    let mut found = Vec::new();
    let mut told = |at: usize, message: String| {
        let (line, column) = place(text, at);
        found.push(TemplateProblem { template: name.to_owned(), line: Some(line), column: Some(column), message });
    };
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = silent(rest) {
            at += length;
            continue;
        }
        if let Some(length) = mark(rest) {
            let inside = rest.get(..length).unwrap_or_default();
            if let Some(offset) = inside.find("${").filter(|_| inside.contains('`')) {
                told(at + offset, "`${` fills nothing in a text: join with `~`, as in `\"/detail/\" ~ id`".to_owned());
            }
            let word = inside.trim_matches(['{', '}', '-', ' ']);
            if inside.starts_with("{{")
                && (word == "else" || word.strip_prefix("end").is_some_and(|of| of.is_empty() || TAGS.contains(&of)))
            {
                told(at, format!("`{{{{ {word} }}}}` is a variable: the tag is `{{% {word} %}}`"));
            }
            at += length;
            continue;
        }
        if let Some((mark, advice)) = MARKS.iter().find(|(mark, _)| rest.starts_with(mark)) {
            let behind = rest.get(mark.len()..).unwrap_or_default();
            let is_told = match *mark {
                "${" => behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'),
                "}}" | "%}" => is_half(text.get(..at).unwrap_or_default()),
                _ => true,
            };
            if is_told {
                told(at, format!("`{mark}` {advice}"));
            }
            at += mark.len();
            continue;
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    found
}

/// How long a piece is of which nobody knows what its marks mean: a comment, a script, a style, what stands raw.
fn silent(rest: &str) -> Option<usize> {
    const PIECES: [(&str, &str); 5] =
        [("<!--", "-->"), ("<script", "</script"), ("<style", "</style"), ("{#", "#}"), ("<pre", "</pre")];
    let begins = |start: &str| rest.get(..start.len()).is_some_and(|typed| typed.eq_ignore_ascii_case(start));
    if let Some((_, close)) = PIECES.iter().find(|(start, _)| begins(start)) {
        let bytes = rest.as_bytes().windows(close.len());
        let end = bytes.into_iter().position(|window| window.eq_ignore_ascii_case(close.as_bytes()));
        return Some(end.map_or(rest.len(), |at| at + close.len()));
    }
    let word = rest.strip_prefix("{%")?.trim_start_matches(['-', ' ', '\t', '\n', '\r']);
    let is_raw = word.strip_prefix("raw")?.starts_with(['-', ' ', '%']);
    let end = || rest.find("endraw").and_then(|at| Some(at + rest.get(at..)?.find("%}")? + 2));
    is_raw.then(|| end().unwrap_or(rest.len()))
}

/// Whether a closing mark ends what was begun by a single brace, and not a mapping in an attribute: `{ name }}`, and not `{a: {b: 1}}`.
fn is_half(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let inside = line.rsplit_once('{').filter(|(before, _)| !before.ends_with('{')).map(|(_, inside)| inside);
    inside.is_some_and(|inside| !inside.trim().is_empty() && !inside.contains(['}', ':', ',', ';']))
}

/// How long a `{{ }}` or `{% %}` is.
pub(super) fn mark(rest: &str) -> Option<usize> {
    let close = match rest.get(..2)? {
        "{{" => "}}",
        "{%" => "%}",
        _ => return None,
    };
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(2) {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, _) if rest.get(at..).is_some_and(|rest| rest.starts_with(close)) => return Some(at + 2),
            _ => {}
        }
    }
    Some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        strays("t", text).into_iter().map(|p| format!("{}:{} {}", p.line.unwrap(), p.column.unwrap(), p.message)).collect()
    }

    #[test]
    fn marks_of_other_languages_are_told_where_they_are_text() {
        for (text, expected) in [
            ("<p>${name}</p>", "1:4 `${` is printed as it is: write `{{ name }}`"),
            ("é\n<%= name %>", "2:1 `<%` is printed as it is: write `{{ name }}`, or `{% if name %}`"),
            ("<?php echo 1 ?>", "1:1 `<?php` is sent as it is: nothing here runs PHP"),
            ("<p>{ name }}</p>", "1:11 `}}` closes nothing: the mark in front is `{{`"),
            ("{ if name %}", "1:11 `%}` closes nothing: the mark in front is `{%`"),
            ("{{ endif }}", "1:1 `{{ endif }}` is a variable: the tag is `{% endif %}`"),
            ("{{- else -}}", "1:1 `{{ else }}` is a variable: the tag is `{% else %}`"),
            ("{{ `/detail/${id}` }}", "1:13 `${` fills nothing in a text: join with `~`, as in `\"/detail/\" ~ id`"),
        ] {
            assert_eq!(said(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_meant_is_left_alone() {
        for text in [
            "<script>let a = `${b}`; f({a: {}})</script><SCRIPT>{{ x }}}}</SCRIPT>",
            "<style>a{b:{c:d}}</style><!-- ${x} }} --><pre>${x}</pre>",
            "{# ${x} }} #}{% raw %}{{ ${x} }}{% endraw %}",
            "{{ '}}' }} {{ \"${x}\" ~ \"%}\" }}{{ {\"a\": 1 } }}",
            "<div x-data=\"{open: {a: 1}}\" hx-vals='{\n\"a\": {}}'>b }}",
            "5 $ {a} $5 ${ } 100% {}",
            "<p>${",
        ] {
            assert_eq!(said(text), [""; 0], "{text}");
        }
    }
}
