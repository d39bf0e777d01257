//! Where in a template something stands that the engine complains of without a place.

/// Line and column, both from 1.
pub(super) type Place = (usize, usize);

/// The quoted name in the first `{% word "name" … %}` of a template.
pub(super) fn named(text: &str, word: &str, name: &str) -> Option<Place> {
    let mut found = None;
    scan(text, &mut |piece| {
        if let Piece::Tag { at, word: seen, rest } = piece
            && found.is_none()
            && seen == word
            && let Some(inside) = rest.find(name)
        {
            let typed = text.get(at..).unwrap_or_default();
            // The quote that it begins with, if there is one.
            let quote = rest.get(..inside).map_or(0, |before| usize::from(before.ends_with(['"', '\'', '`'])));
            found = typed.find(rest).map(|rest| place(text, at + rest + inside - quote));
        }
    });
    found
}

/// The template without the tags `{% word "name" … %}`; blanks stand in their place. `None` when there are none.
pub(super) fn without(text: &str, word: &str, name: &str) -> Option<String> {
    let mut blanked = text.to_owned();
    scan(text, &mut |piece| {
        if let Piece::Tag { at, word: seen, rest } = piece
            && seen == word
            && rest.contains(name)
            && let Some(length) = text.get(at..).and_then(|tag| tag.find("%}"))
        {
            let tag = at..at + length + 2;
            let blanks: String =
                text.get(tag.clone()).unwrap_or_default().chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
            // As many bytes as before, so that places stay.
            let blanks = format!("{blanks:<width$}", width = tag.len());
            blanked.replace_range(tag, blanks.get(..length + 2).unwrap_or_default());
        }
    });
    (blanked != text).then_some(blanked)
}

/// The components that a template defines, in order.
pub(super) fn components(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    scan(text, &mut |piece| {
        if let Piece::Tag { word: "component", rest, .. } = piece {
            found.push(rest.split('(').next().unwrap_or_default().trim());
        }
    });
    found
}

/// What a template leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open<'t> {
    /// `{% for %}` without its end tag.
    Tag(&'t str),
    /// `{{` without `}}`: both.
    Mark(&'static str, &'static str),
}

/// The innermost of what a template, or a piece of one, leaves open.
pub(super) fn left_open(text: &str) -> Option<(Place, Open<'_>)> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut cut = None;
    scan(text, &mut |piece| match piece {
        Piece::Tag { at, word, rest } if opens(word, rest) => open.push((at, word)),
        Piece::Tag { word, .. } if word.starts_with("end") => {
            open.pop();
        }
        Piece::Tag { .. } => {}
        Piece::Cut { at, opening, closing } => cut = Some((at, Open::Mark(opening, closing))),
    });
    let (at, open) = cut.or_else(|| open.pop().map(|(at, word)| (at, Open::Tag(word))))?;
    Some((place(text, at), open))
}

/// Whether a tag has an end tag of its own.
fn opens(word: &str, rest: &str) -> bool {
    match word {
        "if" | "for" | "block" | "filter" | "component" => true,
        "set" | "set_global" => !rest.contains('='),
        _ => false,
    }
}

/// What a walk over a template meets.
pub(super) enum Piece<'t> {
    /// `{% word rest %}`
    Tag { at: usize, word: &'t str, rest: &'t str },
    /// `{{`, `{%` or `{#` without its end.
    Cut { at: usize, opening: &'static str, closing: &'static str },
}

/// What opens next: where, its mark, and the one that closes it. One pass, whichever it is: what a template never has would be looked for to
/// its end behind each of the others.
pub(super) fn opened(text: &str) -> Option<(usize, &'static str, &'static str)> {
    text.as_bytes().windows(2).enumerate().find_map(|(at, pair)| match pair {
        b"{%" => Some((at, "{%", "%}")),
        b"{{" => Some((at, "{{", "}}")),
        b"{#" => Some((at, "{#", "#}")),
        _ => None,
    })
}

/// Goes through the tags of a template; what stands raw is passed over.
pub(super) fn scan<'t>(text: &'t str, see: &mut dyn FnMut(Piece<'t>)) {
    let mut from = 0;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let Some((offset, opening, closing)) = opened(rest) else { return };
        let at = from + offset;
        let inner = text.get(at + 2..).unwrap_or_default();
        let Some(length) = inner.find(closing) else {
            see(Piece::Cut { at, opening, closing });
            return;
        };
        from = at + 2 + length + 2;
        if opening != "{%" {
            continue;
        }
        let tag = inner.get(..length).unwrap_or_default().trim_matches(['-', ' ', '\t', '\r', '\n']);
        let (word, rest) = tag.split_at(tag.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tag.len()));
        if word == "raw" {
            let raw = text.get(from..).unwrap_or_default();
            from += raw.find("endraw").unwrap_or(raw.len());
            continue;
        }
        see(Piece::Tag { at, word, rest });
    }
}

/// The place of an offset in bytes.
pub(super) fn place(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or_default();
    (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_found() {
        for (text, place, open) in [
            ("<ul>\n{% for a in b %}\n</ul>\n", (2, 1), Open::Tag("for")),
            ("{% if a %}{% for b in c %}{% endfor %}", (1, 1), Open::Tag("if")),
            ("é{%- block x -%}", (1, 2), Open::Tag("block")),
            ("{# {% if x %} #}{% raw %}{% if y %}{% endraw %}\n{{ a", (2, 1), Open::Mark("{{", "}}")),
            ("{% set a = 1 %}{% set b %}", (1, 16), Open::Tag("set")),
            ("{# a", (1, 1), Open::Mark("{#", "#}")),
        ] {
            assert_eq!(left_open(text), Some((place, open)), "{text}");
        }
        assert_eq!(left_open("{% if a %}{% elif b %}{% else %}{% endif %}{{ x }}"), None);
    }

    #[test]
    fn a_name_in_a_tag_is_found() {
        let text = "{# extends \"a.html\" #}\n{%- extends \"a.html\" -%}\n{% include 'b.html' %}";
        assert_eq!(named(text, "extends", "a.html"), Some((2, 13)));
        assert_eq!(named(text, "include", "b.html"), Some((3, 12)));
        assert_eq!(named(text, "include", "c.html"), None);
    }
}
