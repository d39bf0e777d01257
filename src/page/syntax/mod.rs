//! What the engine's parser complains of, in the words of someone who writes templates: what is wrong, and what to write instead.

mod operators;
#[cfg(test)]
mod own_tests;
mod tags;
#[cfg(test)]
mod tests;

use super::place::{self, Open, Place};

/// How many tags the engine lets stand in one another. It counts the template itself as one more.
const TAGS: usize = 39;

/// A complaint in its template.
struct Complaint<'t> {
    text: &'t str,
    /// Where the parser stopped, in bytes.
    at: usize,
    /// Where the `{{` or `{%` opens that it stopped in.
    open: usize,
    /// What that is closed by.
    close: &'static str,
    message: &'t str,
}

/// What is said, and of which place in bytes.
type Said = (usize, String);

/// The place of a complaint, and what to say.
pub(super) fn explained(text: &str, report: &tera::ReportError) -> (Place, String) {
    let message = report.message();
    let span = report.span();
    if message.starts_with("Unexpected end")
        && let Some((place, open)) = place::left_open(text)
    {
        return (place, open.told());
    }
    let at = offset(text, span.start_line, span.start_col);
    let complaint = Complaint::new(text, at, message);
    match complaint.said() {
        Some((at, said)) => (place::place(text, at), said),
        None => ((span.start_line, span.start_col + 1), message.to_owned()),
    }
}

/// A line from 1 and a column from 0, in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let here = text.get(before..).unwrap_or_default();
    before + here.char_indices().nth(column).map_or(here.len(), |(at, _)| at)
}

impl Open<'_> {
    fn told(self) -> String {
        match self {
            Open::Tag(word) => format!("this `{{% {word} %}}` is never ended: add `{{% end{word} %}}`"),
            Open::Mark(opening, closing) => format!("this `{opening}` is never closed: add `{closing}`"),
        }
    }
}

impl<'t> Complaint<'t> {
    fn new(text: &'t str, at: usize, message: &'t str) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let (value, tag) = (before.rfind("{{"), before.rfind("{%"));
        // Of `{{{` the first two braces open.
        let value = value.map(|at| if at > 0 && before.as_bytes().get(at - 1) == Some(&b'{') { at - 1 } else { at });
        let (open, close) = if value > tag { (value, "}}") } else { (tag, "%}") };
        Self { text, at, open: open.unwrap_or_default(), close, message }
    }

    /// What stands behind the place.
    fn here(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What stands between the opening mark and the place.
    fn before(&self) -> &'t str {
        self.text.get(self.open + 2..self.at).unwrap_or_default()
    }

    fn mark(&self) -> &'t str {
        self.text.get(self.open..self.open + 2).unwrap_or_default()
    }

    /// The word of the tag, if it is one.
    fn tag(&self) -> &'t str {
        match self.close {
            "%}" => word(self.text.get(self.open + 2..).unwrap_or_default().trim_start_matches(['-', ' ', '\t', '\n', '\r'])),
            _ => "",
        }
    }

    fn said(&self) -> Option<Said> {
        let own = self.own().or_else(|| self.braces());
        own.or_else(|| operators::said(self)).or_else(|| tags::said(self)).or_else(|| self.unclosed()).or_else(|| self.expected())
    }

    /// Complaints that have one meaning.
    fn own(&self) -> Option<Said> {
        let here = |message: String| Some((self.at, message));
        let quoted = |nth: usize| self.message.split('`').nth(nth).unwrap_or_default();
        match self.message {
            "unexpected end of raw block" => here("this `{% raw %}` is never ended: add `{% endraw %}`".to_owned()),
            "unexpected escape character" => here("an escape in this text is none: write `\\\\` for a backslash".to_owned()),
            message if message.starts_with("Closing comment tag") => here("this `{#` is never closed: add `#}`".to_owned()),
            message if message.starts_with("String opened") => {
                here(format!("this `{}` is never closed: add another one", quoted(1)))
            }
            message if message.starts_with("Template already contains a block") => {
                let name = quoted(1);
                let (line, _) = place::named(self.text, "block", name)?;
                here(format!("this is a second block `{name}`: the first stands in line {line}"))
            }
            message if message.starts_with("block was named") => {
                here(format!("this ends the block `{}`, and says `{}`", quoted(1), quoted(3)))
            }
            message if message.starts_with("Found invalid field of `loop`") => {
                const FIELDS: [&str; 5] = ["index", "index0", "first", "last", "length"];
                let field = word(self.here());
                let meant = match field {
                    "counter" | "index1" | "iteration" | "number" => Some("index"),
                    "counter0" | "key" | "i" => Some("index0"),
                    "size" | "total" | "count" => Some("length"),
                    _ => crate::base::suggest(field, FIELDS),
                };
                let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                here(format!("`loop` has no `{field}`: it has `{}`{meant}", FIELDS.join("`, `")))
            }
            message if message.starts_with("Function calls are only allowed") => {
                let owner = self.before().trim_end_matches('.');
                let owner = owner.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                here(operators::method(owner, word(self.here())))
            }
            "Invalid Integer" | "invalid Integer" => here("this number is larger than a template can hold".to_owned()),
            message if message.starts_with("Keyword argument `") => here(format!("the argument `{}` stands twice", quoted(1))),
            message if message.starts_with("Invalid syntax for `set`") => {
                here("a variable is set by `=`: `{% set name = value %}`".to_owned())
            }
            message if message.starts_with("This content would be ignored") => {
                // Of text the engine tells where its white space begins, which may be lines before anything that is seen.
                let white = self.here().len() - self.here().trim_start().len();
                let message = "nobody would see this: a template that extends another one has its content in blocks";
                Some((self.at + white, message.to_owned()))
            }
            // Told behind the tag, where something else may stand that has nothing to do with it.
            "The template nesting is too deep" => Some((
                self.open,
                format!(
                    "no more than {TAGS} tags can stand in one another: put what stands in here into a template of its own, and include it"
                ),
            )),
            message if message.starts_with("`extends` needs to be the first") => {
                here("`{% extends %}` stands at the top: move it in front of everything else".to_owned())
            }
            _ => None,
        }
    }

    /// Braces that are of another kind, or too few.
    fn braces(&self) -> Option<Said> {
        let (here, before, mark) = (self.here(), self.before(), self.mark());
        let closed =
            |back: usize, by: &str| Some((self.at - back, format!("this `{mark}` is closed by `{by}`: write `{}`", self.close)));
        match self.close {
            "}}" if before.ends_with('%') && here.starts_with('}') => closed(1, "%}"),
            "}}" if before.starts_with('{') && !before.contains('"') => {
                let value = word(here);
                Some((self.open, format!("there is no `{{{{{{`: write `{{{{ {value} | safe }}}}` for what is not to be escaped")))
            }
            "}}" if here.starts_with('}') && !here.starts_with("}}") => closed(0, "}"),
            "%}" if here.starts_with("}}") => closed(0, "}}"),
            "%}" if here.starts_with('+') && before.is_empty() => Some((self.open, "there is no `{%+`: write `{%`".to_owned())),
            "%}" if here.starts_with('}') => closed(0, "}"),
            _ if here.starts_with(self.close) && before.trim_matches(['-', ' ', '\t', '\n', '\r']).is_empty() => {
                Some((self.open, format!("nothing stands in this `{mark} {}`", self.close)))
            }
            _ => None,
        }
    }

    /// The innermost bracket that is open in front of the place, and what closes it.
    fn bracket(&self) -> (char, char) {
        let (mut open, mut quote) = (Vec::new(), None);
        for c in self.before().chars() {
            match (quote, c) {
                (Some(quoted), c) if quoted == c => quote = None,
                (None, '"' | '\'' | '`') => quote = Some(c),
                (None, '(' | '[' | '{') => open.push(c),
                (None, ')' | ']' | '}') => {
                    open.pop();
                }
                _ => {}
            }
        }
        match open.last() {
            Some('[') => ('[', ']'),
            Some('{') => ('{', '}'),
            _ => ('(', ')'),
        }
    }

    /// A mark that is not closed before the text of the page goes on.
    fn unclosed(&self) -> Option<Said> {
        let here = self.here();
        let is_markup =
            here.strip_prefix('<').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '/' || c == '!'));
        let close = here.find(self.close).unwrap_or(usize::MAX);
        let next = ["{{", "{%", "{#"].iter().filter_map(|mark| here.find(mark)).min().unwrap_or(usize::MAX);
        let is_mark =
            self.at > 0 && self.text.get(self.at - 1..self.at + 1).is_some_and(|mark| matches!(mark, "{{" | "{%" | "{#"));
        let goes_on = next < close || close == usize::MAX || is_mark;
        (is_markup || goes_on).then(|| (self.open, Open::Mark(if self.close == "}}" { "{{" } else { "{%" }, self.close).told()))
    }

    /// The rest: something stands where something else is due.
    fn expected(&self) -> Option<Said> {
        let here = self.here();
        let token = token(here);
        if self.message == "Unexpected character" {
            return Some((self.at, format!("`{token}` cannot stand here")));
        }
        let wanted = self.message.strip_prefix("Found ")?.trim_end_matches('.').rsplit_once(" but expected ")?.1;
        let quote = self.before().chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let is_end = here.starts_with(self.close) || here.starts_with(&format!("-{}", self.close));
        let tag = word(self.before().trim_start_matches(['-', ' ']));
        if self.close == "}}" && tags::opens(tag) {
            return Some((self.open, format!("`{tag}` stands in a tag: write `{{% {tag} … %}}`")));
        }
        let (open, bracket) = self.bracket();
        let said = match wanted {
            _ if wanted.starts_with("identifier after it") => format!("`{token}` cannot stand here: a value is expected"),
            _ if here.starts_with(char::is_alphabetic) && self.before().ends_with(|c: char| c.is_ascii_digit()) => {
                "a number has digits and a point alone".to_owned()
            }
            _ if wanted.starts_with("one of: ") && is_end => format!("a value is missing in front of `{token}`"),
            _ if wanted.starts_with("one of: ") => format!("`{token}` cannot stand here: a value is expected"),
            "identifier" if self.before().trim_end().ends_with('|') => {
                format!("a filter is missing behind `|`, in front of `{token}`")
            }
            "identifier" if self.before().trim_end().ends_with(" is") || self.before().trim_end().ends_with(" is not") => {
                format!("a test is missing behind `is`, in front of `{token}`")
            }
            "identifier" => format!("`{token}` cannot stand here: a name is expected"),
            "}}" | "%}" | "," | ")" if quote.is_some() && here.starts_with(char::is_alphanumeric) => {
                let (quote, other) = if quote == Some('"') { ('"', '\'') } else { ('\'', '"') };
                format!("the text ends in front of `{token}`: put one with {quote} in it between {other} and {other}")
            }
            "," | ")" => format!("a `,` or the closing `{bracket}` of `{open}` is missing in front of `{token}`"),
            "]" => format!("the closing `]` is missing in front of `{token}`"),
            "}}" | "%}" if token.starts_with(['"', '\'']) || token.starts_with(|c: char| c.is_alphanumeric()) => {
                format!("`{token}` cannot stand here: an operator, a `|` or `{wanted}` is missing in front of it")
            }
            _ if here.starts_with(',') && self.before().ends_with(|c: char| c.is_ascii_digit()) => {
                "a number has a point instead of a comma".to_owned()
            }
            wanted if wanted.contains('`') => format!("`{token}` cannot stand here: {wanted} is expected"),
            wanted => format!("`{token}` cannot stand here: `{wanted}` is expected"),
        };
        Some((self.at, said))
    }
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// What a text begins with: a word, a text in quotes, a sign.
fn token(text: &str) -> String {
    let word = word(text);
    if !word.is_empty() {
        return word.to_owned();
    }
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let quoted = quoted.and_then(|quote| text.get(..text.get(1..)?.find(quote)? + 2)).filter(|text| text.len() <= 40);
    let sign = ["}}", "%}", "{{", "{%", "</", "//", "**", "..."].into_iter().find(|sign| text.starts_with(sign));
    quoted.or(sign).map_or_else(|| text.chars().take(1).collect(), ToOwned::to_owned)
}
