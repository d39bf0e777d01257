//! A page as a route has it: a template, its head, its state; and what is shown of it, the whole or one block.

use super::direct::Direct;
use super::head::Head;
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
        Ok(Self { template: template.to_owned(), head, state })
    }

    /// The template's name.
    pub fn template(&self) -> &str {
        &self.template
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
        if let Some(direct) = self.direct(view)
            && let Ok(text) = String::from_utf8(document.to_json())
            && let Some(html) = direct.page(&text, around, None, self.limit)
        {
            return view.finish(html?, document, Vec::new());
        }
        self.show_by_engine(view, document, around)
    }

    fn show_by_engine(&self, view: &View, document: &Node<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        let name = view.template.as_str();
        let mut context = context(document, around);
        let mut warnings = Vec::new();
        let html = if let Some(head) = &view.head {
            let (elements, own) = head.render(self, &context, around.origin, &mut warnings)?;
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
    pub fn show_text(&self, view: &View, text: &str, around: &Around<'_>) -> Result<Shown, Error> {
        let tree = || {
            let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
            parse(text, &limits).map_err(|error| Error::Document(error.to_string()))
        };
        match self.direct(view).and_then(|direct| direct.page(text, around, None, self.limit)) {
            Some(html) if view.state == State::None => Ok(Shown { html: html?, warnings: Vec::new() }),
            Some(html) => view.finish(html?, &tree()?, Vec::new()),
            None => self.show_by_engine(view, &tree()?, around),
        }
    }

    /// The template of a page in the form that needs no engine. A head is written by the engine, from all that the page has.
    fn direct(&self, view: &View) -> Option<&Direct> {
        self.direct.get(&view.template).filter(|_| view.head.is_none())
    }

    /// Shows one block of a page alone: no head, no state.
    ///
    /// # Errors
    /// As [`Templates::show`]; [`Error::NoBlock`] when the page has no block of that name.
    pub fn show_block(&self, view: &View, block: &str, document: &Node<'_>, around: &Around<'_>) -> Result<Shown, Error> {
        let name = view.template.as_str();
        if !self.blocks(name).contains(&block) {
            return Err(Error::NoBlock(block.to_owned()));
        }
        let mut context = context(document, around);
        if view.head.is_some() {
            context.insert_value("head", tera::Value::safe_string(""));
        }
        // The engine renders the whole page for a block and keeps the block without a limit: so the page is held to its limits first.
        self.text(name, &context, around.deadline)?;
        let html = self.engine.block(name, block, &context)?;
        Ok(Shown { html, warnings: Vec::new() })
    }
}
