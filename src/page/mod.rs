//! Pages: Tera templates over a document, checked at start, rendered whole before a byte leaves.
//!
//! Stands on `json`. Every template escapes HTML, whatever its name. Output is bounded in size and, if asked, in time. Never reads a
//! file, and knows neither YAML nor any status. A loop that prints nothing is not stopped by the deadline: templates are ours to trust,
//! what they show is not.

mod arguments;
mod attributes;
mod bodies;
mod circles;
mod client;
mod direct;
mod engine;
mod escape;
mod facts;
mod filters;
mod foreign;
mod functions;
mod head;
mod hints;
#[cfg(test)]
mod hints_tests;
mod json_ld;
mod links;
mod nearest;
mod nesting;
mod output;
mod place;
mod problem;
#[cfg(test)]
mod problem_tests;
mod readers;
mod rendered;
#[cfg(test)]
mod stack_tests;
mod state;
mod strays;
mod supers;
mod surgery;
mod syntax;
mod tags;
#[cfg(test)]
mod tests;
mod unsigned;
mod value;
mod view;
#[cfg(test)]
mod view_tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Instant;

use tera::Context;

use crate::json::Node;

pub use client::{CLIENT, client_tag};
pub use direct::Stays;
use direct::{Direct, Given, HeadParts};
use engine::{Engine, Escaping};
pub use escape::escape;
use facts::AllFacts;
pub use facts::HeadPart;
pub use head::{HeadProblem, HeadText, takes_address};
pub use hints::Hints;
pub use json_ld::JsonLdText;
pub use links::links;
pub use problem::TemplateProblem;
pub use state::{LARGE_STATE, MAX_STATE, STATE_ID, State};
pub use tags::end_of_head;
pub use unsigned::Unsigned;
use value::{named, value_of};
pub use view::{Shown, Source, View};

/// The largest page, in bytes, unless [`Templates::max_output`] says otherwise.
pub const MAX_OUTPUT: usize = 4 * 1024 * 1024;

/// The stack that a thread needs on which pages are rendered, in bytes. What stands in one another on a page is bounded so that it is enough,
/// whatever the compiler makes of the engine: in a build without optimizations one level of it takes some tens of KiB.
pub const STACK: usize = 8 * 1024 * 1024;

/// The names that stand beside the document's members and win over them.
pub const AROUND: [&str; 4] = ["data", "request", "route", "site"];

/// All templates of a plan, parsed and checked together.
#[derive(Debug)]
pub struct Templates {
    engine: Engine,
    /// Those that were shown alone, in the form that needs no engine where they have one.
    alone: BTreeMap<String, OnceLock<Option<Direct>>>,
    facts: AllFacts,
    unsigned: Vec<Unsigned>,
    strays: Vec<TemplateProblem>,
    limit: usize,
}

/// What a template sees beside the document.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// `request.method`.
    pub method: &'a str,
    /// `request.path`.
    pub path: &'a str,
    /// `request.id`.
    pub id: &'a str,
    /// `request.nonce`: by which a browser knows the page's own scripts and styles; empty without a policy.
    pub nonce: &'a str,
    /// `request.params`: the holes of the route's path.
    pub params: &'a [(String, Node<'a>)],
    /// `request.query`: the query parameters.
    pub query: &'a [(String, Node<'a>)],
    /// `route`, as routes.yaml has it: `GET /detail/{id}`.
    pub route: &'a str,
    /// `site.origin`; none prints nothing, which leaves links relative.
    pub origin: Option<&'a str>,
    /// When rendering gives up.
    pub deadline: Option<Instant>,
    /// Whether others wait for this thread. The engine looks at the deadline only while it prints, so it is not begun then:
    /// [`Error::Engine`].
    pub on_loop: bool,
}

/// Why a page could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such template.
    #[error("there is no template `{0}`")]
    NotFound(String),
    /// The template asked for something that is not there, or a filter refused a value.
    #[error("{template}{}: {message}", .place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
    Render {
        /// The template that failed, which may be one that was included.
        template: String,
        /// The line and the column in it, both from 1.
        place: Option<(usize, usize)>,
        /// What went wrong.
        message: String,
    },
    /// The page grew over the limit.
    #[error("the page, or a value on it, is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A value that the template made nests deeper than anybody follows it.
    #[error("a value on the page nests more than {levels} levels deep", levels = crate::json::Limits::DEEPEST)]
    TooDeep,
    /// The document is no JSON.
    #[error("the document of the page cannot be read: {0}")]
    Document(String),
    /// The deadline passed.
    #[error("the page was not rendered in time")]
    Deadline,
    /// Only the engine can render it, and others would wait for that.
    #[error("only the template engine can render the page, and not here")]
    Engine,
    /// The state for the browser's code grew over its limit.
    #[error("the state has {bytes} bytes, and may have {limit}: list fewer members under `state`")]
    StateTooLarge {
        /// How large it is, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The page has no such block.
    #[error("the page has no block `{0}`")]
    NoBlock(String),
}

impl Default for Templates {
    /// None.
    fn default() -> Self {
        Self {
            engine: Engine::new(Escaping::Html),
            alone: BTreeMap::new(),
            facts: AllFacts::default(),
            unsigned: Vec::new(),
            strays: Vec::new(),
            limit: MAX_OUTPUT,
        }
    }
}

impl Templates {
    /// Parses and checks templates, by name. Names are paths relative to the templates folder.
    ///
    /// # Errors
    /// Every problem that can be told at once: syntax, unknown filters, tests, functions, components and includes, blocks that no
    /// parent has, `super()` in them, missing parents, circles, templates that stand too deep in one another.
    pub fn compile(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<TemplateProblem>> {
        Self::compile_among(files, &[])
    }

    /// As [`Templates::compile`], beside files and folders of templates that could not be read: what may be in them is not missed.
    ///
    /// # Errors
    /// As [`Templates::compile`]; nothing at all where a template needs one of those, and all else is well.
    pub fn compile_among(
        files: impl IntoIterator<Item = (String, String)>,
        unread: &[String],
    ) -> Result<Self, Vec<TemplateProblem>> {
        let files: Vec<(String, String)> = files.into_iter().collect();
        let mut engine = Engine::new(Escaping::Html);
        let facts = engine.add(&files, unread)?;
        let unsigned = files.iter().flat_map(|(name, text)| unsigned::unsigned(name, text)).collect();
        let strays = files.iter().flat_map(|(name, text)| strays::strays(name, text)).collect();
        let alone = files.iter().map(|(name, _)| (name.clone(), OnceLock::new())).collect();
        Ok(Self { engine, alone, facts, unsigned, strays, limit: MAX_OUTPUT })
    }

    /// The same templates with another limit for a page, in bytes.
    #[must_use]
    pub fn max_output(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The scripts and styles that do not say by `request.nonce` whose they are.
    pub fn unsigned(&self) -> &[Unsigned] {
        &self.unsigned
    }

    /// Marks of other template languages that stand in the text of templates, and are printed as they are.
    pub fn strays(&self) -> &[TemplateProblem] {
        &self.strays
    }

    /// Whether there is a template of that name.
    pub fn has(&self, name: &str) -> bool {
        self.engine.tera().contains_template(name)
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.engine.tera().get_template_names().collect();
        names.sort_unstable();
        names
    }

    /// The top-level variables that a template, its parents and its includes may ask for, sorted. Empty for an unknown name.
    pub fn variables(&self, name: &str) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.engine.tera().get_template_variables(name).map(|set| set.into_iter().collect()).unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// Shows a template alone, without head and state: what it renders, without the engine where it needs none.
    ///
    /// # Errors
    /// As [`Templates::render`].
    pub fn show_alone(&self, name: &str, document: &Node<'_>, around: &Around<'_>) -> Result<String, Error> {
        let compile = || Direct::compile(self.files(), name, HeadParts::default()).ok();
        let direct = self.alone.get(name).and_then(|direct| direct.get_or_init(compile).as_ref());
        let text = direct.and_then(|_| String::from_utf8(document.to_json()).ok());
        let shown = direct.zip(text.as_deref()).and_then(|(direct, text)| direct.read(text));
        match shown.map(|document| document.page(around, None, self.limit, None)) {
            Some(Ok(html)) => Ok(html),
            Some(Err(Given::Error(error))) => Err(error),
            Some(Err(Given::Back)) | None => self.render(name, document, around),
        }
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.engine.texts().iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Renders a page by the engine. The document's members are variables; the whole of it is `data`.
    ///
    /// # Errors
    /// See [`Error`]. Nothing is given when it fails: half a page is no page.
    pub fn render(&self, name: &str, document: &Node<'_>, around: &Around<'_>) -> Result<String, Error> {
        if !self.has(name) {
            return Err(Error::NotFound(name.to_owned()));
        }
        let context = context(document, around)?;
        self.text(name, &context, around.deadline)
    }

    /// Whether a template, its parents or what they include have an end of the head.
    pub fn ends_head(&self, name: &str) -> bool {
        self.facts.ends_head(name)
    }

    /// What the page of a template names in its head whatever its data say.
    pub fn hints(&self, name: &str) -> Hints {
        hints::hints(self.engine.texts(), name)
    }

    /// The names of the blocks that a template and its parents have, sorted. Each of them can be shown alone.
    pub fn blocks(&self, name: &str) -> Vec<&str> {
        self.facts.blocks(name)
    }

    /// Renders a template that is there.
    fn text(&self, name: &str, context: &Context, deadline: Option<Instant>) -> Result<String, Error> {
        self.engine.render(name, context, self.limit, deadline)
    }
}

/// What the engine's templates see, where it may render them.
fn context(document: &Node<'_>, around: &Around<'_>) -> Result<Context, Error> {
    if around.on_loop {
        return Err(Error::Engine);
    }
    let mut context = Context::new();
    let data = value_of(document);
    for (key, value) in data.as_map().into_iter().flatten() {
        context.insert_value(key.to_string(), value.clone());
    }
    context.insert_value("data", data);
    context.insert_value("request", request(around));
    context.insert_value("route", around.route.into());
    context.insert_value("site", site(around));
    Ok(context)
}

/// `request`
fn request(around: &Around<'_>) -> tera::Value {
    named([
        ("method", around.method.into()),
        ("path", around.path.into()),
        ("id", around.id.into()),
        ("nonce", around.nonce.into()),
        ("params", pairs(around.params)),
        ("query", pairs(around.query)),
    ])
}

/// `site`
fn site(around: &Around<'_>) -> tera::Value {
    named([("origin", around.origin.into())])
}

fn pairs(pairs: &[(String, Node<'_>)]) -> tera::Value {
    pairs.iter().map(|(name, node)| (name.clone().into(), value_of(node))).collect::<tera::Map>().into()
}
