//! The document that a page is made of: text where the fast form of the shape left it so, else a tree.

use std::borrow::Cow;

use super::fault::Fault;
use super::truth;
use crate::json::{Limits, Node, Path, parse};
use crate::page::{Around, Error, Shown, Source, Templates, View};

/// A shaped document on its way to its page.
#[derive(Debug)]
pub(super) enum Paper<'d> {
    /// A tree.
    Tree(Node<'d>),
    /// JSON text.
    Text(Vec<u8>),
    /// JSON text that stands in a reply, read for the page.
    Read(Source<'d>),
}

impl Paper<'_> {
    /// Whether there is nothing to show, see [`truth::has_nothing`].
    ///
    /// # Errors
    /// As [`Paper::tree`].
    pub(super) fn has_nothing(&self, required: &[Path]) -> Result<bool, Fault> {
        match self {
            Self::Text(text) if required.is_empty() => Ok(is_nothing(text)),
            Self::Read(source) if required.is_empty() => Ok(is_nothing(source.text().as_bytes())),
            paper => Ok(truth::has_nothing(paper.tree()?.as_ref(), required)),
        }
    }

    /// The page with it, or one block of the page.
    ///
    /// # Errors
    /// As the templates have them.
    pub(super) fn shown(
        &self,
        templates: &Templates,
        view: &View,
        block: Option<&str>,
        around: &Around<'_>,
    ) -> Result<Shown, Fault> {
        let of_text = |source: &Source<'_>| match block {
            None => templates.show_text(source, around),
            Some(block) => templates.show_block_text(source, block, around),
        };
        let shown = match (self, block) {
            (Self::Text(text), _) => of_text(&view.source(utf8(text)?)),
            (Self::Read(source), _) => of_text(source),
            (Self::Tree(document), None) => templates.show(view, document, around),
            (Self::Tree(document), Some(block)) => templates.show_block(view, block, document, around),
        };
        shown.map_err(Fault::Page)
    }

    /// The same, free of the reply that it came from.
    pub(super) fn into_owned(self) -> Paper<'static> {
        match self {
            Self::Tree(document) => Paper::Tree(document.into_owned()),
            Self::Text(text) => Paper::Text(text),
            Self::Read(source) => Paper::Text(source.text().as_bytes().to_vec()),
        }
    }

    /// The document as a tree.
    ///
    /// # Errors
    /// The text is no JSON, which no form of the shape writes.
    fn tree(&self) -> Result<Cow<'_, Node<'_>>, Fault> {
        let text = match self {
            Self::Tree(document) => return Ok(Cow::Borrowed(document)),
            Self::Text(text) => utf8(text)?,
            Self::Read(source) => source.text(),
        };
        let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
        parse(text, &limits).map(Cow::Owned).map_err(|error| unreadable(&error))
    }
}

/// Whether a text is `null` or an empty object.
fn is_nothing(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text == b"null" || text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start() == b"}")
}

fn utf8(text: &[u8]) -> Result<&str, Fault> {
    simdutf8::basic::from_utf8(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &dyn std::error::Error) -> Fault {
    Fault::Page(Error::Document(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_have_nothing_in_the_same_documents() {
        let required = [Path::parse("a").unwrap()];
        for document in ["null", "{}", " { } ", " null", "[]", "0", "\"\"", "{\"a\":null}", "{\"a\":1}", "{ \"b\":{}}", "nul"] {
            let text = Paper::Text(document.into());
            let Ok(tree) = parse(document, &Limits::default()) else {
                assert!(text.has_nothing(&required).is_err(), "{document}");
                continue;
            };
            for required in [&[][..], &required] {
                assert_eq!(text.has_nothing(required).ok(), Some(truth::has_nothing(&tree, required)), "{document} {required:?}");
            }
        }
    }
}
