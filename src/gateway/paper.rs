//! The document that a page is made of: text where the fast form of the shape left it so, else a tree.

use std::borrow::Cow;

use super::fault::Fault;
use super::truth;
use crate::json::{Limits, Node, Path, parse};
use crate::page::{Around, Error, Shown, Templates, View};

/// A shaped document on its way to its page.
#[derive(Debug)]
pub(super) enum Paper<'d> {
    /// A tree.
    Tree(Node<'d>),
    /// JSON text.
    Text(Vec<u8>),
}

impl Paper<'_> {
    /// Whether there is nothing to show, see [`truth::has_nothing`].
    ///
    /// # Errors
    /// As [`Paper::tree`].
    pub(super) fn has_nothing(&self, required: &[Path]) -> Result<bool, Fault> {
        match self {
            Self::Text(text) if required.is_empty() => {
                let text = text.trim_ascii();
                Ok(text == b"null" || text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start() == b"}"))
            }
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
        let shown = match (self, block) {
            (Self::Text(text), None) => templates.show_text(view, utf8(text)?, around),
            (paper, None) => templates.show(view, paper.tree()?.as_ref(), around),
            (Self::Text(text), Some(block)) => templates.show_block_text(view, block, utf8(text)?, around),
            (paper, Some(block)) => templates.show_block(view, block, paper.tree()?.as_ref(), around),
        };
        shown.map_err(Fault::Page)
    }

    /// The same, free of the reply that it came from.
    pub(super) fn into_owned(self) -> Paper<'static> {
        match self {
            Self::Tree(document) => Paper::Tree(document.into_owned()),
            Self::Text(text) => Paper::Text(text),
        }
    }

    /// The document as a tree.
    ///
    /// # Errors
    /// The text is no JSON, which no form of the shape writes.
    fn tree(&self) -> Result<Cow<'_, Node<'_>>, Fault> {
        match self {
            Self::Tree(document) => Ok(Cow::Borrowed(document)),
            Self::Text(text) => {
                let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
                parse(utf8(text)?, &limits).map(Cow::Owned).map_err(|error| unreadable(&error))
            }
        }
    }
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
