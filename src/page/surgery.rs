//! Where a head and a state go in a rendered page, and what of the page's own gives way.

use std::ops::Range;

use memchr::memmem;

use super::attributes::Attributes;
use super::tags::{IN_HEAD, Tag, Tags};

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
    fn is(&self, tag: &Tag<'_>, attributes: &Attributes<'_>) -> bool {
        let has =
            |name: &str, value: &str| attributes.get(name).is_some_and(|found| found.trim_ascii().eq_ignore_ascii_case(value));
        match self {
            Self::Title => tag.is_one_of(&["title"]),
            Self::Meta { attribute, name } => tag.is_one_of(&["meta"]) && has(attribute, name),
            Self::Link { rel, hreflang } => {
                tag.is_one_of(&["link"]) && has("rel", rel) && hreflang.as_ref().is_none_or(|language| has("hreflang", language))
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

#[derive(Default)]
struct Found {
    /// Where the head goes.
    place: usize,
    /// What gives way.
    cuts: Vec<Range<usize>>,
}

/// Reads the page up to the end of its head. Nothing of what is placed already gives way.
fn look(page: &str, own: &[&Own], placed: Option<&Range<usize>>) -> Found {
    let mut found = Found { place: end_of_doctype(page), cuts: Vec::new() };
    let mut has_head = false;
    let mut title = None;
    for tag in Tags::of(page) {
        let start = tag.end - tag.text.len();
        if placed.is_some_and(|placed| placed.contains(&start)) {
            continue;
        }
        if tag.is_end {
            match title.take().filter(|_| tag.is_one_of(&["title"])) {
                Some(start) => found.cuts.push(line(page, start..tag.end)),
                None if tag.is_one_of(&["head"]) => break,
                None => {}
            }
        } else if tag.is_one_of(&["html", "head"]) {
            if !has_head {
                found.place = tag.end;
            }
            has_head |= tag.is_one_of(&["head"]);
        } else if !tag.is_one_of(&IN_HEAD) {
            // Anything else begins the body, whether it says so or not.
            break;
        } else if Attributes::of(tag.text).is_some_and(|attributes| own.iter().any(|own| own.is(&tag, &attributes))) {
            match tag.is_one_of(&["title"]) {
                true => title = Some(start),
                false => found.cuts.push(line(page, start..tag.end)),
            }
        }
    }
    found
}

/// Where a page begins behind its `<!doctype>`.
fn end_of_doctype(page: &str) -> usize {
    const WORD: &str = "<!doctype";
    let start = page.len() - page.trim_ascii_start().len();
    let is_one = page.get(start..start + WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD));
    let end = page.get(start..).filter(|_| is_one).and_then(|rest| rest.find('>'));
    end.map_or(0, |end| start + end + 1)
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
