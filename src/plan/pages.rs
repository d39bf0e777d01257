//! Pages: templates of the snapshot, and which route shows which.

use super::PageDeadline;
use super::compiler::Compiler;
use super::degrading::Degrading;
use super::feeds::Feeds;
use super::presets::PAGE_SHELF;
use super::schemas::not_utf8;
use super::words::one_of;
use crate::base::suggest;
use crate::json::Path;
use crate::page::{HeadText, State, TemplateProblem, Templates, View};
use crate::spec::{self, At, FileSpec, PageFormSpec, PageSpec, PageWhenSpec, Problem, Reference, Source, StateSpec};

/// Where templates are when the file does not say.
const FOLDER: &str = "templates";

/// The page of a route.
#[derive(Debug)]
pub struct Page {
    view: View,
    always: bool,
    status: http::StatusCode,
    required: Vec<Path>,
    degrading: Degrading,
    early_head: bool,
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

    /// The status it is sent with.
    pub fn status(&self) -> http::StatusCode {
        self.status
    }
}

impl Compiler<'_> {
    /// All templates; none when one of them, or their folder, has a problem.
    pub(super) fn templates(&mut self, file: &FileSpec) -> Option<Templates> {
        let at = At::root().key("templates");
        if file.templates.is_none() && self.source().in_doubt(&at) {
            // The folder is what was taken out.
            return None;
        }
        let folder = file.templates.as_deref().unwrap_or(FOLDER);
        let mut sources = Vec::new();
        let mut sound = true;
        let files: Vec<(String, &[u8])> = self.snapshot().under(folder).map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        for (name, bytes) in files {
            match std::str::from_utf8(bytes) {
                Ok(text) => sources.push((name, text.to_owned())),
                Err(_) => {
                    sound = false;
                    let path = format!("{}/{name}", folder.trim_end_matches('/'));
                    let (source, problem) = not_utf8(self.name_beside(&path), bytes, "a template");
                    self.push_beside(&path, &source, problem);
                }
            }
        }
        if sources.is_empty() && sound && file.templates.is_some() {
            // A file in the folder would lead out of ours, too.
            let is_outside = spec::reference("", &format!("{folder}/a")) == Reference::Outside;
            let message = match is_outside {
                true => format!("`{folder}` lies outside of the folder of routes.yaml"),
                false => format!("there is no template in `{folder}`: the folder is missing or empty"),
            };
            self.push(
                Problem::new(&at, message)
                    .expected("a folder beside this file, with templates in it")
                    .hint("leave `templates` out when no route has a page"),
            );
            return None;
        }
        let texts = sources.clone();
        match Templates::compile(sources) {
            Ok(templates) => Some(templates).filter(|_| sound),
            Err(problems) => {
                for problem in problems {
                    self.template_problem(&at, folder, &texts, &problem);
                }
                None
            }
        }
    }

    fn template_problem(&mut self, at: &At, folder: &str, texts: &[(String, String)], problem: &TemplateProblem) {
        let TemplateProblem { template, line, column, message } = problem;
        let Some((_, text)) = texts.iter().find(|(name, _)| name == template) else {
            self.problem(at, message.clone());
            return;
        };
        let path = format!("{}/{template}", folder.trim_end_matches('/'));
        let source = Source::of_text(self.name_beside(&path), text.clone());
        let problem = Problem::at_line(&source, line.unwrap_or(1), column.unwrap_or(1), message.as_str());
        self.push_beside(&path, &source, problem);
    }

    pub(super) fn page(
        &mut self,
        at: &At,
        spec: &PageSpec,
        file: &FileSpec,
        templates: Option<&Templates>,
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
        let folder = file.templates.as_deref().unwrap_or(FOLDER).trim_end_matches('/');
        let degrading = self.degrading(at, form, folder, templates);
        let templates = templates?;
        if !templates.has(template) {
            self.no_template(&at_template, template, folder, &templates.names());
            return None;
        }
        let view = self.view(at, template, head.as_ref(), state, templates)?;
        let (status, required, degrading, always) =
            (status?, required?, degrading?, form.and_then(|form| form.when) == Some(PageWhenSpec::Always));
        self.incomplete(&at_template, &view, head.as_ref(), status, templates);
        let early_head = form.and_then(|form| form.early_head).unwrap_or(false);
        if early_head && !templates.ends_head(template) {
            self.endless_head(at, template);
        }
        Some(Page { view, always, status, required, degrading, early_head })
    }

    fn view(&mut self, at: &At, template: &str, head: Option<&HeadText>, state: State, templates: &Templates) -> Option<View> {
        let problems = match View::compile(template, head, state, templates) {
            Ok(view) => return Some(view),
            Err(problems) => problems,
        };
        for problem in problems {
            let at = problem.path.iter().fold(at.key("head"), |at, key| match key.parse() {
                Ok(index) => at.index(index),
                Err(_) => at.key(key),
            });
            let told = Problem::new(&at, problem.message);
            self.push(match problem.missing.as_deref() {
                Some(name) => told.expected(one_of(&templates.names())).did_you_mean(name, templates.names()),
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

    pub(super) fn no_template(&mut self, at: &At, name: &str, folder: &str, names: &[&str]) {
        let expected = match names {
            [] => format!("the name of a file in the folder `{folder}`, which has none"),
            names => one_of(names),
        };
        let problem = Problem::new(at, format!("there is no template `{name}`")).expected(expected);
        let inner = name.trim_start_matches("./").trim_start_matches(folder).trim_start_matches('/');
        let is_preset = self.preset_names(PAGE_SHELF).iter().any(|preset| preset == name);
        let hint = if inner != name && names.contains(&inner) {
            Some(format!("names are relative to the folder `{folder}`: write `{inner}`"))
        } else if is_preset {
            Some(format!("`{name}` is a page list, which is a step: `shape: [{{page: {name}}}]`"))
        } else {
            // The end that all of them have makes strangers look alike.
            let near = suggest(stem(name), names.iter().map(|known| stem(known)));
            let near = near.and_then(|near| names.iter().find(|known| stem(known) == near));
            let same = || names.iter().find(|known| stem(known) == stem(name));
            near.or_else(same).map(|near| format!("did you mean `{near}`?"))
        };
        self.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn has_body(status: http::StatusCode) -> bool {
    let bodiless = matches!(status, http::StatusCode::NO_CONTENT | http::StatusCode::RESET_CONTENT);
    !bodiless && (status.is_success() || status.is_client_error() || status.is_server_error())
}
