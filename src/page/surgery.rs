//! Where a head and a state go in a rendered page, and what of the page's own gives way.

use std::ops::Range;

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use memchr::memmem;

/// An element of a head that stands in a page once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Own {
    /// `<title>`.
    Title,
    /// `<meta name="description">`, `<meta property="og:title">`.
    Meta {
        /// `name` or `property`.
        attribute: &'static str,
        /// Its value.
        name: String,
    },
    /// `<link rel="canonical">`, `<link rel="alternate" hreflang="de">`.
    Link {
        /// The relation.
        rel: &'static str,
        /// The language of an alternate.
        hreflang: Option<String>,
    },
}

impl Own {
    /// Writes the element, on a line of its own. The value is escaped already; the rest was checked when it was compiled.
    pub(super) fn write(&self, value: &str, out: &mut String) {
        let line = match self {
            Self::Title => format!("<title>{value}</title>\n"),
            Self::Meta { attribute, name } => format!("<meta {attribute}=\"{name}\" content=\"{value}\">\n"),
            Self::Link { rel, hreflang: None } => format!("<link rel=\"{rel}\" href=\"{value}\">\n"),
            Self::Link { rel, hreflang: Some(language) } => {
                format!("<link rel=\"{rel}\" hreflang=\"{language}\" href=\"{value}\">\n")
            }
        };
        out.push_str(&line);
    }

    /// Whether an element of the page says the same.
    fn is(&self, tag: &StartTag<usize>) -> bool {
        let has = |attribute: &str, value: &str| {
            let found = tag.attributes.get(attribute.as_bytes());
            found.is_some_and(|found| found.value.trim_ascii().eq_ignore_ascii_case(value.as_bytes()))
        };
        match self {
            Self::Title => *tag.name == b"title",
            Self::Meta { attribute, name } => *tag.name == b"meta" && has(attribute, name),
            Self::Link { rel, hreflang } => {
                *tag.name == b"link" && has("rel", rel) && hreflang.as_ref().is_none_or(|language| has("hreflang", language))
            }
        }
    }
}

/// A page with a head in it: where the template put it, else right behind `<head>`. Elements of the template's own that say the same
/// give way.
pub(super) fn with_head(page: &str, head: &str, own: &[&Own]) -> String {
    let placed = if head.is_empty() {
        Some(0..0)
    } else {
        memmem::find(page.as_bytes(), head.as_bytes()).map(|start| start..start + head.len())
    };
    let found = look(page, own, placed.as_ref());
    let mut out = String::with_capacity(page.len() + head.len() + 1);
    let mut from = 0;
    // What gives way may stand before the place of the head, in a page without `<head>`.
    let mut stops: Vec<(Range<usize>, &str)> = found.cuts.into_iter().map(|cut| (cut, "")).collect();
    if placed.is_none() {
        stops.push((found.place..found.place, head));
    }
    stops.sort_by_key(|(range, _)| (range.start, range.end));
    for (range, text) in stops {
        out.push_str(page.get(from..range.start).unwrap_or_default());
        if !text.is_empty() {
            // On lines of its own.
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(text);
        }
        from = range.end.max(from);
        if !text.is_empty() && page.get(from..).is_some_and(|rest| rest.starts_with('\n')) {
            from += 1;
        }
    }
    out.push_str(page.get(from..).unwrap_or_default());
    out
}

/// A page with a state in it: before the last `</body>`, else at its end.
pub(super) fn with_state(mut page: String, element: &str) -> String {
    let at = end_tag(&page, "body").or_else(|| end_tag(&page, "html")).unwrap_or(page.len());
    page.insert_str(at, element);
    page
}

/// Where the last end tag of a name begins.
fn end_tag(page: &str, name: &str) -> Option<usize> {
    let names = |at: &usize| {
        let rest = page.get(at + 2..).unwrap_or_default();
        rest.get(..name.len()).is_some_and(|typed| typed.eq_ignore_ascii_case(name))
    };
    page.rmatch_indices("</").map(|(at, _)| at).find(names)
}

/// Reads the page up to the end of its head.
fn look(page: &str, own: &[&Own], placed: Option<&Range<usize>>) -> Found {
    let mut look = Look { page, own, placed, has_head: false, title: None, found: Found::default() };
    let mut from = Some(0);
    while let Some(start) = from {
        from = look.read(start);
    }
    look.found
}

#[derive(Default)]
struct Found {
    /// Where the head goes.
    place: usize,
    /// What gives way.
    cuts: Vec<Range<usize>>,
}

/// The tags that a head may have.
const IN_HEAD: [&[u8]; 8] = [b"base", b"link", b"meta", b"noscript", b"script", b"style", b"template", b"title"];

/// A walk over the head of a page.
struct Look<'l> {
    page: &'l str,
    own: &'l [&'l Own],
    placed: Option<&'l Range<usize>>,
    has_head: bool,
    /// Where a title that gives way begins.
    title: Option<usize>,
    found: Found,
}

impl Look<'_> {
    /// Reads on from a place. Gives the place to go on from when it came to a style sheet, which may be as long as all the rest of
    /// the head: its end is found faster than its tokens.
    fn read(&mut self, from: usize) -> Option<usize> {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(self.page.get(from..).unwrap_or_default(), emitter) {
            let Ok(token) = token;
            match token {
                Token::Doctype(doctype) => self.found.place = from + doctype.span.end,
                Token::StartTag(tag) if *tag.name == b"html" && !self.has_head => self.found.place = from + tag.span.end,
                Token::StartTag(tag) if *tag.name == b"head" && !self.has_head => {
                    self.has_head = true;
                    self.found.place = from + tag.span.end;
                }
                Token::StartTag(tag) if *tag.name == b"style" => return end_of_style(self.page, from + tag.span.end),
                // Anything else begins the body, whether it says so or not.
                Token::StartTag(tag) if !IN_HEAD.contains(&tag.name.as_slice()) => return None,
                Token::StartTag(tag) => self.start(&tag, from + tag.span.start..from + tag.span.end),
                Token::EndTag(tag) if *tag.name == b"title" => {
                    let cut = self.title.take().map(|start| line(self.page, start..from + tag.span.end));
                    self.found.cuts.extend(cut);
                }
                Token::EndTag(tag) if *tag.name == b"head" => return None,
                _ => {}
            }
        }
        None
    }

    fn start(&mut self, tag: &StartTag<usize>, span: Range<usize>) {
        let is_placed = self.placed.is_some_and(|placed| placed.contains(&span.start));
        if is_placed || !self.own.iter().any(|own| own.is(tag)) {
            return;
        }
        match *tag.name == b"title" {
            true => self.title = Some(span.start),
            false => self.found.cuts.push(line(self.page, span)),
        }
    }
}

/// Where the end tag of a style sheet begins, which is the first that looks like one. `None` when it is never ended.
fn end_of_style(page: &str, from: usize) -> Option<usize> {
    let rest = page.get(from..)?;
    let is_end = |at: &usize| {
        let tag = rest.get(at + 2..at + 8).unwrap_or_default();
        tag.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("style"))
            && tag.ends_with(['>', '/', ' ', '\t', '\n', '\r', '\u{c}'])
    };
    rest.match_indices("</").map(|(at, _)| at).find(is_end).map(|at| from + at)
}

/// An element with the line break behind it, when it begins its line.
fn line(page: &str, range: Range<usize>) -> Range<usize> {
    let begins = range.start == 0 || page.get(..range.start).is_some_and(|before| before.ends_with('\n'));
    let ends = page.get(range.end..).is_some_and(|rest| rest.starts_with('\n'));
    if begins && ends { range.start..range.end + 1 } else { range }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<title>ours</title>\n<meta name=\"description\" content=\"d\">\n";

    fn own() -> [Own; 3] {
        [
            Own::Title,
            Own::Meta { attribute: "name", name: "description".to_owned() },
            Own::Link { rel: "alternate", hreflang: Some("de".to_owned()) },
        ]
    }

    #[test]
    fn a_head_stands_once_and_what_the_template_says_itself_gives_way() {
        let own = own();
        let own: Vec<&Own> = own.iter().collect();
        for (page, expected) in [
            ("<!doctype html>\n<html><head></head><body>", format!("<!doctype html>\n<html><head>\n{HEAD}</head><body>")),
            (
                "<html>\n<head>\n<title>the &lt;template's</title>\n<META content=x NAME=Description>\n<meta name=viewport>\n</head>",
                format!("<html>\n<head>\n{HEAD}<meta name=viewport>\n</head>"),
            ),
            ("<head lang=\"a>b\"><title>a</title></head>", format!("<head lang=\"a>b\">\n{HEAD}</head>")),
            // No tag: it stands in a comment, a style, a script, an attribute.
            (
                "<head><!-- <title>a</title> --><style>/* <title>a</title> */</style><script>\"<title>\"</script></head>",
                format!(
                    "<head>\n{HEAD}<!-- <title>a</title> --><style>/* <title>a</title> */</style><script>\"<title>\"</script></head>"
                ),
            ),
            // Behind a style sheet.
            (
                "<head><style>a</b </styles></STYLE ><title>a</title>\n<meta name=description></head>",
                format!("<head>\n{HEAD}<style>a</b </styles></STYLE >\n</head>"),
            ),
            ("<head><style>a<title>b</title>", format!("<head>\n{HEAD}<style>a<title>b</title>")),
            // What is in the body is no head: a picture has a title too.
            ("<head></head><body><svg><title>a</title></svg>", format!("<head>\n{HEAD}</head><body><svg><title>a</title></svg>")),
            ("<!doctype html><title>a</title><p>b", format!("<!doctype html>\n{HEAD}<p>b")),
            ("<p>b<title>c</title>", format!("{HEAD}<p>b<title>c</title>")),
            (
                "<link rel=alternate hreflang=de href=a><link rel=alternate hreflang=en href=b><link rel=canonical href=c>",
                format!("{HEAD}<link rel=alternate hreflang=en href=b><link rel=canonical href=c>"),
            ),
            // Where the template says.
            (&format!("<head><title>a</title>\n{HEAD}<title>b</title></head>"), format!("<head>\n{HEAD}</head>")),
        ] {
            assert_eq!(with_head(page, HEAD, &own), expected, "{page}");
        }
        assert_eq!(with_head("<head><title>a</title></head>", "", &[]), "<head><title>a</title></head>");
    }

    #[test]
    fn a_state_goes_before_the_end_of_the_body() {
        for (page, expected) in [
            ("<body><p></p>\n</body></html>", "<body><p></p>\n[]</body></html>"),
            ("<body></BODY ></html>", "<body>[]</BODY ></html>"),
            ("<p></p></html>", "<p></p>[]</html>"),
            ("<p>é", "<p>é[]"),
            ("<script>'</body>'</script></body>", "<script>'</body>'</script>[]</body>"),
        ] {
            assert_eq!(with_state(page.to_owned(), "[]"), expected);
        }
    }
}
