//! Pages: which route shows which template, with what around it.

use http::HeaderValue;

use super::PageDeadline;
use super::compiler::Compiler;
use super::degrading::Degrading;
use super::feeds::Feeds;
use super::templates::Shelf;
use super::words::one_of;
use crate::json::Path;
use crate::page::{HeadText, Hints, State, Templates, View};
use crate::spec::{At, FileSpec, PageFormSpec, PageSpec, PageWhenSpec, Problem, StateSpec};

/// The page of a route.
#[derive(Debug)]
pub struct Page {
    view: View,
    always: bool,
    status: http::StatusCode,
    required: Vec<Path>,
    degrading: Degrading,
    early_head: bool,
    hints: Option<Hints>,
    hint: Option<HeaderValue>,
}

impl Page {
    /// The template's name.
    pub fn template(&self) -> &str {
        self.view.template()
    }

    /// The template with its head and state.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Whether everyone gets the page, not only a client that asks for HTML.
    pub fn always(&self) -> bool {
        self.always
    }

    /// The values without which there is nothing to show.
    pub fn required(&self) -> &[Path] {
        &self.required
    }

    /// When it is given up, if it has a deadline.
    pub fn deadline(&self) -> Option<PageDeadline> {
        self.degrading.deadline
    }

    /// The template that stands in while the page cannot be made.
    pub fn fallback(&self) -> Option<&str> {
        self.degrading.fallback.as_deref()
    }

    /// Whether its head leaves as soon as its status is known.
    pub fn early_head(&self) -> bool {
        self.early_head
    }

    /// What is told before its calls are made, or why nothing is; nothing where nobody asked for that.
    pub fn hints(&self) -> Option<&Hints> {
        self.hints.as_ref()
    }

    /// What is told before its calls are made, as a header has it.
    pub fn hint(&self) -> Option<&HeaderValue> {
        self.hint.as_ref()
    }

    /// The status it is sent with.
    pub fn status(&self) -> http::StatusCode {
        self.status
    }
}

impl Compiler<'_> {
    pub(super) fn page(
        &mut self,
        at: &At,
        spec: &PageSpec,
        file: &FileSpec,
        templates: &Shelf,
        feeds: &Feeds<'_>,
    ) -> Option<Page> {
        let (template, at_template, form) = match spec {
            PageSpec::Template(template) => (template, at.clone(), None),
            PageSpec::Long(form) => (&form.template, at.key("template"), Some(&**form)),
        };
        let status = match form.and_then(|form| form.status).map(http::StatusCode::from_u16) {
            None => Some(http::StatusCode::OK),
            Some(Ok(status)) if has_body(status) => Some(status),
            Some(_) => {
                self.expected(
                    &at.key("status"),
                    "a page cannot have this status".to_owned(),
                    "one that comes with a body: 200 to 299 but 204 and 205, or 400 to 599",
                );
                None
            }
        };
        let head = form.and_then(|form| form.head.as_ref()).map(|head| self.head(&at.key("head"), head, file, feeds));
        let state = self.state(at, form);
        let required = form.and_then(|form| form.required.as_ref());
        let required = required.map_or_else(|| Some(Vec::new()), |paths| self.all_paths(&at.key("required"), paths));
        let degrading = self.degrading(at, form, templates);
        let is_there = self.is_there(&at_template, template, templates);
        let Some(all) = &templates.all else {
            // The values of a head stand in routes.yaml, and need no other template to be looked at.
            self.view(at, None, head.as_ref(), state, &Templates::default(), templates);
            return None;
        };
        let view = self.view(at, Some(template.as_str()).filter(|_| is_there), head.as_ref(), state, all, templates)?;
        let (status, required, degrading, always) =
            (status?, required?, degrading?, form.and_then(|form| form.when) == Some(PageWhenSpec::Always));
        self.incomplete(&at_template, &view, head.as_ref(), status, all);
        let early_head = form.and_then(|form| form.early_head).unwrap_or(false);
        if early_head && !all.ends_head(template) {
            self.endless_head(at, template);
        }
        let hints = form.and_then(|form| form.early_hints).unwrap_or(false).then(|| all.hints(template));
        let hint = match &hints {
            // No header has what stands in it: an address is escaped.
            Some(Hints::Links(links)) => HeaderValue::from_str(links).ok(),
            Some(Hints::Unsure | Hints::Nothing) => {
                self.empty_hints(at, template, hints.as_ref() == Some(&Hints::Unsure));
                None
            }
            None => None,
        };
        Some(Page { view, always, status, required, degrading, early_head, hints, hint })
    }

    /// A page's template with its head and state; none where there is no such template, whose head is looked at all the same.
    fn view(
        &mut self,
        at: &At,
        template: Option<&str>,
        head: Option<&HeadText>,
        state: State,
        all: &Templates,
        shelf: &Shelf,
    ) -> Option<View> {
        let problems = match View::compile(template.unwrap_or_default(), head, state, all) {
            Ok(view) => return template.map(|_| view),
            Err(problems) => problems,
        };
        for problem in problems {
            if problem.missing.as_deref().is_some_and(|name| shelf.has(name)) {
                continue;
            }
            let at = problem.path.iter().fold(at.key("head"), |at, key| match key.parse() {
                Ok(index) => at.index(index),
                Err(_) => at.key(key),
            });
            let told = Problem::new(&at, problem.message);
            self.push(match problem.missing.as_deref() {
                Some(name) => told.expected(one_of(&shelf.names())).did_you_mean(name, shelf.names()),
                None => told,
            });
        }
        None
    }

    fn state(&mut self, at: &At, form: Option<&PageFormSpec>) -> State {
        match form.and_then(|form| form.state.as_ref()) {
            None | Some(StateSpec::All(false)) => State::None,
            Some(StateSpec::All(true)) => State::All,
            Some(StateSpec::Fields(names)) => {
                for (index, name) in names.iter().enumerate().filter(|(_, name)| name.contains(['.', '[', '*'])) {
                    let at = at.key("state").index(index);
                    let shown = self.source().shown(&at).unwrap_or(name).to_owned();
                    let problem = Problem::new(at, format!("`{shown}` is a path"));
                    self.push(
                        problem.expected("the name of a member of the document").hint("let the steps of `shape` make the member"),
                    );
                }
                State::Members(names.clone())
            }
        }
    }

    /// Warns of a page that search engines cannot tell from others.
    fn incomplete(&mut self, at: &At, view: &View, head: Option<&HeadText>, status: http::StatusCode, templates: &Templates) {
        let hidden = head.and_then(|head| head.robots.as_ref()).is_some_and(|robots| robots.contains("noindex"));
        let lacks = view.lacks(templates);
        if hidden || !status.is_success() || lacks.is_empty() {
            return;
        }
        let keys: Vec<&str> = lacks.iter().map(|part| part.key()).collect();
        let keys = match keys.as_slice() {
            [one] => (*one).to_owned(),
            [some @ .., last] => format!("{} and no {last}", some.join(", no ")),
            [] => return,
        };
        self.warn(at, format!("the page `{}` has no {keys}: say so under `head`, or in the template", view.template()));
    }
}

fn has_body(status: http::StatusCode) -> bool {
    let bodiless = matches!(status, http::StatusCode::NO_CONTENT | http::StatusCode::RESET_CONTENT);
    !bodiless && (status.is_success() || status.is_client_error() || status.is_server_error())
}
