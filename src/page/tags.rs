//! The tags of a rendered page, found without reading its text letter by letter.
//!
//! As a browser does, it takes nothing in a comment, in a script, a style sheet, a title or a text area for a tag. It knows no more of
//! HTML than that: what a tag says is for html5gum.

use memchr::{memchr, memchr3, memmem};

/// Elements whose text is text, whatever stands in it.
pub(super) const TEXT: [&str; 4] = ["script", "style", "title", "textarea"];

/// The elements that a head may have.
pub(super) const IN_HEAD: [&str; 8] = ["base", "link", "meta", "noscript", "script", "style", "template", "title"];

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'p> {
    /// As it is written.
    pub(super) name: &'p str,
    /// All of it, from `<` to `>`.
    pub(super) text: &'p str,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it ends an element.
    pub(super) is_end: bool,
}

impl Tag<'_> {
    /// Whether it has one of these names.
    pub(super) fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// The tags of a page, in order.
#[derive(Debug)]
pub(super) struct Tags<'p> {
    page: &'p str,
    from: usize,
}

impl<'p> Tags<'p> {
    pub(super) fn of(page: &'p str) -> Self {
        Self { page, from: 0 }
    }
}

impl<'p> Iterator for Tags<'p> {
    type Item = Tag<'p>;

    fn next(&mut self) -> Option<Tag<'p>> {
        loop {
            let rest = self.page.as_bytes().get(self.from..)?;
            let start = self.from + memchr(b'<', rest)?;
            let inner = self.page.get(start + 1..)?;
            if inner.starts_with("!--") {
                // `<!-->` is a comment too.
                self.from = start + 3 + memmem::find(inner.get(1..)?.as_bytes(), b"-->")? + 2;
                continue;
            }
            let is_end = inner.starts_with('/');
            let inner = if is_end { inner.get(1..)? } else { inner };
            if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
                self.from = start + 1;
                continue;
            }
            let length = inner.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(inner.len());
            let (name, rest) = inner.split_at(length);
            let end = self.page.len() - rest.len() + end_of_tag(rest)?;
            let tag = Tag { name, text: self.page.get(start..end)?, end, is_end };
            self.from = end;
            if !is_end && tag.is_one_of(&TEXT) {
                self.from = end + end_of_text(self.page.get(end..)?, name)?;
            }
            return Some(tag);
        }
    }
}

/// Where a tag ends, behind the `>` that stands in no quotes.
fn end_of_tag(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut from = 0;
    loop {
        let at = from + memchr3(b'>', b'"', b'\'', bytes.get(from..)?)?;
        match bytes.get(at)? {
            b'>' => return Some(at + 1),
            quote => from = at + 1 + memchr(*quote, bytes.get(at + 1..)?)? + 1,
        }
    }
}

/// Where the end tag of such an element begins.
fn end_of_text(rest: &str, name: &str) -> Option<usize> {
    let is_end = |at: &usize| rest.get(at + 2..at + 2 + name.len()).is_some_and(|typed| typed.eq_ignore_ascii_case(name));
    memmem::find_iter(rest.as_bytes(), b"</").find(is_end)
}

/// Where the head of a page ends, behind its end tag. `None` when something of the body comes first.
pub fn end_of_head(page: &str) -> Option<usize> {
    for tag in Tags::of(page) {
        match tag.is_end {
            true if tag.is_one_of(&["head"]) => return Some(tag.end),
            false if !tag.is_one_of(&IN_HEAD) && !tag.is_one_of(&["html", "head"]) => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_text_is_no_tag() {
        for (page, expected) in [
            ("<!doctype html><p class=\"a>b\" id='>'>x</p >", "p /p"),
            ("<!-- <p> --><b><!--><i></i><!-- <", "b i /i"),
            (
                "<script>'<p></scrip>'</SCRIPT ><style>p{}</style><title><p></title><textarea><p></textarea>",
                "script /SCRIPT style /style title /title textarea /textarea",
            ),
            ("a < b <1> </ p> <é> <br/><", "br"),
            ("<p title=\"", ""),
            ("<script>", ""),
        ] {
            let found: Vec<String> =
                Tags::of(page).map(|tag| format!("{}{}", if tag.is_end { "/" } else { "" }, tag.name)).collect();
            assert_eq!(found.join(" "), expected, "{page}");
        }
    }

    #[test]
    fn a_head_ends_behind_its_end_tag() {
        for (page, expected) in [
            ("<!doctype html><html><head><title>a</head>b</title></head><body>", Some("<body>")),
            ("<head><meta charset=utf-8><script>\"</head>\"</script></HEAD\n>x", Some("x")),
            ("<!-- </head> --><head></head>", Some("")),
            ("<head><p></head>", None),
            ("<title>a</title><p>b</p>", None),
            ("<head><title>a</title>", None),
            ("", None),
        ] {
            assert_eq!(end_of_head(page).and_then(|end| page.get(end..)), expected, "{page}");
        }
    }
}
