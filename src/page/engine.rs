//! The template engine with our filters in it, and its errors in our words.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use tera::{Context, ErrorKind, Tera};

use super::arguments::{self, Callers};
use super::circles::Walk;
use super::facts::AllFacts;
use super::output::{Output, Stop};
use super::place::place;
use super::{Error, TemplateProblem, bodies, filters, functions, nesting, problem, rendered, supers};

/// Whether what is printed is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escaping {
    /// As HTML, whatever the name of the template.
    Html,
    /// Not here: it is escaped when it becomes an element.
    Later,
}

/// Templates that were read and checked.
#[derive(Debug)]
pub(super) struct Engine {
    tera: Tera,
    /// Their texts, by name.
    texts: BTreeMap<String, String>,
    callers: HashMap<String, Callers>,
}

impl Engine {
    /// Without a template.
    pub(super) fn new(escaping: Escaping) -> Self {
        Self { tera: tera(escaping), texts: BTreeMap::new(), callers: HashMap::new() }
    }

    /// Adds templates, by name; what is known now of all that it has.
    ///
    /// # Errors
    /// Every problem that can be told at once: none where a template needs one of those that could not be read, `unread`, and all else is well.
    pub(super) fn add(&mut self, files: &[(String, String)], unread: &[String]) -> Result<AllFacts, Vec<TemplateProblem>> {
        // Those that it has stand in one another with these.
        let mut texts: BTreeMap<&str, &str> = self.texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        texts.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let facts = AllFacts::of(texts.clone());
        let walk = Walk::of(&facts);
        // The engine goes down as deep as they do.
        let mut problems = nesting::too_deep(&texts, &walk);
        let is_read = problems.is_empty() && self.tera.add_raw_templates(files.iter().map(|(name, text)| (name, text))).is_ok();
        if is_read {
            // Of circles it has found those that are of one kind.
            problems = walk.problems(&texts);
        } else if problems.is_empty() {
            problems = problem::gather(files, unread);
        }
        if is_read && problems.is_empty() {
            problems.extend(bodies::too_deep(&texts, &facts));
        }
        if is_read {
            problems.extend(files.iter().flat_map(|(name, text)| supers::problems(name, text, &facts, |_| false)));
        }
        for (name, text) in files {
            let told = arguments::problems(name, text);
            problem::join(&mut problems, name, told);
            problems.extend(nesting::knots(name, text));
            problems.extend(everything(name, text));
            self.callers.insert(name.clone(), Callers::of(text));
        }
        problems.sort_by(|a, b| (&a.template, a.line, a.column).cmp(&(&b.template, b.line, b.column)));
        if !is_read || !problems.is_empty() {
            return Err(problems);
        }
        self.texts.extend(files.iter().cloned());
        Ok(facts)
    }

    pub(super) fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    pub(super) fn tera(&self) -> &Tera {
        &self.tera
    }

    /// Renders a template, up to a size in bytes.
    pub(super) fn render(&self, name: &str, context: &Context, limit: usize, deadline: Option<Instant>) -> Result<String, Error> {
        let mut output = Output::new(limit, deadline);
        match self.tera.render_to(name, context, &mut output) {
            Ok(()) => output.into_text().ok_or_else(|| Error::Render {
                template: name.to_owned(),
                place: None,
                message: "what it writes is not UTF-8".to_owned(),
            }),
            Err(error) => Err(match output.stopped() {
                Some(Stop::Size) => Error::TooLarge { limit },
                Some(Stop::Time) => Error::Deadline,
                None => self.failed(name, &error),
            }),
        }
    }

    /// Renders one block of a template.
    pub(super) fn block(&self, name: &str, block: &str, context: &Context) -> Result<String, Error> {
        self.tera.render_block(name, block, context).map_err(|error| self.failed(name, &error))
    }

    fn failed(&self, name: &str, error: &tera::Error) -> Error {
        let (ErrorKind::RenderingError(report) | ErrorKind::SyntaxError(report)) = error.kind() else {
            return Error::Render { template: name.to_owned(), place: None, message: error.to_string() };
        };
        let explained = self.callers.get(report.filename()).and_then(|callers| callers.explain(report));
        Error::Render {
            template: report.filename().to_owned(),
            place: Some((report.span().start_line, report.span().start_col + 1)),
            message: explained.or_else(|| rendered::explained(report.message())).unwrap_or_else(|| report.message().to_owned()),
        }
    }
}

/// The engine's name for all variables at once, which it prints in an order of chance.
const EVERYTHING: &str = "__tera_context";

fn everything(name: &str, text: &str) -> Option<TemplateProblem> {
    let (line, column) = place(text, text.find(EVERYTHING)?);
    let message = format!("`{EVERYTHING}` has no order, so no two pages would be the same: write `{{{{ data | json }}}}`");
    Some(TemplateProblem { template: name.to_owned(), line: Some(line), column: Some(column), message })
}

/// A Tera that knows our filters and functions.
pub(super) fn tera(escaping: Escaping) -> Tera {
    let mut tera = Tera::new();
    match escaping {
        // Every name ends with nothing: without this, `a.txt` or `a.html.tera` would print `<script>` as it is.
        Escaping::Html => tera.autoescape_on([""]),
        Escaping::Later => tera.autoescape_on([""; 0]),
    }
    filters::register(&mut tera);
    functions::register(&mut tera);
    tera
}
