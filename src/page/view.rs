//! A page as a route has it: a template, its head, its state; and what is shown of it, the whole or one block.

use super::head::Head;
use super::state::{LARGE_STATE, MAX_STATE};
use super::surgery::{with_head, with_state};
use super::{Around, Error, HeadPart, HeadProblem, HeadText, State, Templates, context, failed};
use crate::json::Node;

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
        let name = view.template.as_str();
        let mut context = context(document, around);
        let mut warnings = Vec::new();
        let mut html;
        if let Some(head) = &view.head {
            let (elements, own) = head.render(self, &context, around.origin, &mut warnings)?;
            context.insert_value("head", tera::Value::safe_string(&elements));
            html = with_head(&self.text(name, &context, around.deadline)?, &elements, &own);
        } else {
            html = self.text(name, &context, around.deadline)?;
        }
        if let Some(element) = view.state.element(document) {
            let bytes = element.len();
            if bytes > MAX_STATE {
                return Err(Error::StateTooLarge { bytes, limit: MAX_STATE });
            }
            if bytes > LARGE_STATE {
                warnings.push(format!("the state of `{name}` has {bytes} bytes, which every visitor waits for"));
            }
            html = with_state(html, &element);
        }
        Ok(Shown { html, warnings })
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
        let html = self.tera.render_block(name, block, &context).map_err(|error| failed(name, &error))?;
        Ok(Shown { html, warnings: Vec::new() })
    }
}
