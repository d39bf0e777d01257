//! A page as a route has it: a template, its head, its state; and what is shown of it, the whole or one block.

use super::direct::{Direct, Document, Given, HeadParts, Stays};
use super::head::{Head, MAX_VALUE, Teller, of_value};
use super::state::{LARGE_STATE, MAX_STATE};
use super::surgery::{with_head, with_state};
use super::{Around, Error, HeadPart, HeadProblem, HeadText, State, Templates, context};
use crate::json::{Limits, Node, parse};

/// A template with its head and state.
#[derive(Debug)]
pub struct View {
    template: String,
    head: Option<Head>,
    state: State,
    /// The form that needs no engine, or why there is none.
    direct: Result<Direct, Stays>,
}

/// A document that is JSON text, on its way to a page: read already, where the page needs no engine.
#[derive(Debug)]
pub struct Source<'s> {
    view: &'s View,
    text: &'s str,
    document: Option<Document<'s>>,
}

impl<'s> Source<'s> {
    /// The document itself.
    pub fn text(&self) -> &'s str {
        self.text
    }
}

/// A page, or a block of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The markup.
    pub html: String,
    /// What the log should know: lower case, no full stop.
    pub warnings: Vec<String>,
}

impl View {
    /// Builds a page of a template that is known to be there.
    ///
    /// # Errors
    /// Everything that is wrong with the head's values.
    pub fn compile(
        template: &str,
        head: Option<&HeadText>,
        state: State,
        templates: &Templates,
    ) -> Result<Self, Vec<HeadProblem>> {
        let head = head.map(|head| Head::compile(head, templates)).transpose()?;
        let data = head.as_ref().map(Head::data).unwrap_or_default();
        let parts = HeadParts { values: head.as_ref().map(Head::texts).unwrap_or_default(), data: &data };
        let direct = Direct::compile(templates.files(), template, parts);
        Ok(Self { template: template.to_owned(), head, state, direct })
    }

    /// Why the engine renders this page: what there is in its templates that nobody else knows. `None` if it is written straight from
    /// the text of the document.
    pub fn stays(&self) -> Option<&Stays> {
        self.direct.as_ref().err()
    }

    /// A document that is a text's whole content.
    pub fn source<'s>(&'s self, text: &'s str) -> Source<'s> {
        let document = self.direct.as_ref().ok().and_then(|direct| direct.read(text));
        Source { view: self, text, document }
    }

    /// The document that stands at a place of a text, and where it ends. `None` when it has more than so many levels, or is no JSON, and
    /// where the page needs the engine.
    pub fn source_at<'s>(&'s self, text: &'s str, at: usize, levels: usize) -> Option<(Source<'s>, usize)> {
        let (document, end) = self.direct.as_ref().ok()?.read_at(text, at, levels)?;
        Some((Source { view: self, text: text.get(at..end)?, document: Some(document) }, end))
    }

    /// The template's name.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// A tree as text, for a page that needs no engine.
    fn text_of(&self, document: &Node<'_>) -> Option<String> {
        self.direct.as_ref().ok().and_then(|_| String::from_utf8(document.to_json()).ok())
    }

    /// Sets the state into a page.
    fn finish(&self, html: String, document: &Node<'_>, mut warnings: Vec<String>) -> Result<Shown, Error> {
        let Some(element) = self.state.element(document) else { return Ok(Shown { html, warnings }) };
        let bytes = element.len();
        if bytes > MAX_STATE {
            return Err(Error::StateTooLarge { bytes, limit: MAX_STATE });
        }
        if bytes > LARGE_STATE {
            let name = &self.template;
            warnings.push(format!("the state of `{name}` has {bytes} bytes, which every visitor waits for"));
        }
        Ok(Shown { html: with_state(html, &element), warnings })
    }

    /// Which parts that search engines look for neither the head nor the template writes.
    pub fn lacks(&self, templates: &Templates) -> Vec<HeadPart> {
        let given = self.head.as_ref().map(Head::parts).unwrap_or_default();
        HeadPart::ALL.into_iter().filter(|part| !given.contains(part) && !templates.facts.writes(&self.template, *part)).collect()
    }
}

impl Templates {
    /// Shows a page: its template, with the head and the state set into it.
    ///
    /// # Errors
    /// See [`Error`]. Nothing is given when it fails: half a page is no page.
    pub fn show(&self, view: &View, document: &Node<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        let text = view.text_of(document);
        match text.as_deref().and_then(|text| self.show_directly(&view.source(text), around, None)) {
            Some(shown) => {
                let Shown { html, warnings } = shown?;
                view.finish(html, document, warnings)
            }
            None => self.show_by_engine(view, document, around),
        }
    }

    /// A page without its state, or one block of it, by the form that needs no engine. `None` where the engine has to.
    pub(super) fn show_directly(
        &self,
        source: &Source<'_>,
        around: &Around<'_>,
        block: Option<&str>,
    ) -> Option<Result<Shown, Error>> {
        let document = source.document.as_ref()?;
        let mut warnings = Vec::new();
        let mut made = || match (&source.view.head, block) {
            (None, block) => document.page(around, None, self.limit, block),
            (Some(_), Some(block)) => document.page(around, Some(""), self.limit, Some(block)),
            (Some(head), None) => {
                let teller = DirectHead { document, around, limit: self.limit };
                let (elements, own) = head.render(&teller, around.origin, &mut warnings)?;
                let html = document.page(around, Some(&elements), self.limit, None)?;
                Ok(with_head(&html, &elements, &own))
            }
        };
        match made() {
            Ok(html) => Some(Ok(Shown { html, warnings })),
            Err(Given::Back) => None,
            Err(Given::Error(error)) => Some(Err(error)),
        }
    }

    /// As [`Templates::show`], by the engine alone, which is what the other form is held against.
    ///
    /// # Errors
    /// As [`Templates::show`].
    pub fn show_by_engine(&self, view: &View, document: &Node<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        let name = view.template.as_str();
        let mut context = context(document, around)?;
        let mut warnings = Vec::new();
        let html = if let Some(head) = &view.head {
            let (elements, own) = head.render(&head.by_engine(self, &context), around.origin, &mut warnings)?;
            context.insert_value("head", tera::Value::safe_string(&elements));
            with_head(&self.text(name, &context, around.deadline)?, &elements, &own)
        } else {
            self.text(name, &context, around.deadline)?
        };
        view.finish(html, document, warnings)
    }

    /// As [`Templates::show`], of a document that is still JSON text: without a tree where the page can be written so, which costs a
    /// fraction.
    ///
    /// # Errors
    /// As [`Templates::show`]; [`Error::Document`].
    pub fn show_text(&self, source: &Source<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        let view = source.view;
        match self.show_directly(source, around, None) {
            Some(shown) if view.state == State::None => shown,
            Some(shown) => {
                let Shown { html, warnings } = shown?;
                view.finish(html, &tree(source.text)?, warnings)
            }
            None => self.show_by_engine(view, &tree(source.text)?, around),
        }
    }

    /// Shows one block of a page alone: no head, no state.
    ///
    /// # Errors
    /// As [`Templates::show`]; [`Error::NoBlock`] when the page has no block of that name.
    pub fn show_block(&self, view: &View, block: &str, document: &Node<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        self.has_block(view, block)?;
        let text = view.text_of(document);
        let shown = text.as_deref().and_then(|text| self.show_directly(&view.source(text), around, Some(block)));
        shown.unwrap_or_else(|| self.block_by_engine(view, block, document, around))
    }

    /// As [`Templates::show_block`], of a document that is still JSON text.
    ///
    /// # Errors
    /// As [`Templates::show_block`]; [`Error::Document`].
    pub fn show_block_text(&self, source: &Source<'_>, block: &str, around: &Around<'_>) -> Result<Shown, Error> {
        self.has_block(source.view, block)?;
        let shown = self.show_directly(source, around, Some(block));
        shown.unwrap_or_else(|| self.block_by_engine(source.view, block, &tree(source.text)?, around))
    }

    fn has_block(&self, view: &View, block: &str) -> Result<(), Error> {
        if self.blocks(&view.template).contains(&block) { Ok(()) } else { Err(Error::NoBlock(block.to_owned())) }
    }

    fn block_by_engine(&self, view: &View, block: &str, document: &Node<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        let name = view.template.as_str();
        let mut context = context(document, around)?;
        if view.head.is_some() {
            context.insert_value("head", tera::Value::safe_string(""));
        }
        // The engine renders the whole page for a block and keeps the block without a limit: so the page is held to its limits first.
        self.text(name, &context, around.deadline)?;
        let html = self.engine.block(name, block, &context)?;
        Ok(Shown { html, warnings: Vec::new() })
    }
}

fn tree(text: &str) -> Result<Node<'_>, Error> {
    let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
    parse(text, &limits).map_err(|error| Error::Document(error.to_string()))
}

/// What a head says of a document, without the engine.
struct DirectHead<'d> {
    document: &'d Document<'d>,
    around: &'d Around<'d>,
    limit: usize,
}

impl Teller for DirectHead<'_> {
    type Stop = Given;

    fn value(&self, name: &str) -> Result<String, Given> {
        self.document.value(name, self.around, MAX_VALUE).map_err(|given| match given {
            Given::Error(error) => Given::Error(of_value(name, error)),
            back => back,
        })
    }

    fn data(&self, name: &str) -> Result<String, Given> {
        self.document.data(name, self.around, self.limit)
    }
}
