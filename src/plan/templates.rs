//! The templates of the snapshot: as far as they can be read, and what they are called.

use super::compiler::Compiler;
use super::presets::PAGE_SHELF;
use super::schemas::not_utf8;
use super::words::one_of;
use crate::base::suggest;
use crate::page::{TemplateProblem, Templates};
use crate::spec::{self, At, Problem, Reference, Source};

/// Where templates are when the file does not say.
const FOLDER: &str = "templates";

/// The templates of a configuration.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// All of them; none when one of them, or their folder, has a problem.
    pub(super) all: Option<Templates>,
    names: Vec<String>,
    /// Files and folders among them that cannot be read.
    unread: Vec<String>,
    folder: String,
    /// Whether nobody can know what there is.
    is_unknown: bool,
}

impl Shelf {
    /// Whether there is a template of that name, or may be.
    pub(super) fn has(&self, name: &str) -> bool {
        let within =
            |unread: &String| name.strip_prefix(unread.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.is_unknown
            || self.names.iter().any(|known| known == name)
            || self.unread.iter().any(|unread| unread.is_empty() || within(unread))
    }

    /// The names of those that can be read, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

impl Compiler<'_> {
    /// The templates of the folder that the file names, or of the usual one.
    pub(super) fn templates(&mut self, named: Option<&str>) -> Shelf {
        let at = At::root().key("templates");
        if named.is_none() && self.source().in_doubt(&at) {
            // The folder is what was taken out.
            return Shelf { is_unknown: true, ..Shelf::default() };
        }
        let folder = named.unwrap_or(FOLDER);
        let shown = folder.trim_end_matches('/');
        let mut unread: Vec<String> = self.snapshot().unread_under(folder).map(ToOwned::to_owned).collect();
        let mut sources = Vec::new();
        let files: Vec<(String, &[u8])> = self.snapshot().under(folder).map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        for (name, bytes) in files {
            match std::str::from_utf8(bytes) {
                Ok(text) => sources.push((name, text.to_owned())),
                Err(_) => {
                    let path = format!("{shown}/{name}");
                    let (source, problem) = not_utf8(self.name_beside(&path), bytes, "a template");
                    self.push_beside(&path, &source, problem);
                    unread.push(name);
                }
            }
        }
        if sources.is_empty() && unread.is_empty() && named.is_some() {
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
            return Shelf { is_unknown: true, ..Shelf::default() };
        }
        let texts = sources.clone();
        let all = match Templates::compile_among(sources, &unread) {
            Ok(templates) => Some(templates).filter(|_| unread.is_empty()),
            Err(problems) => {
                for problem in problems {
                    self.template_problem(&at, shown, &texts, &problem);
                }
                None
            }
        };
        for stray in all.iter().flat_map(Templates::strays) {
            let TemplateProblem { template, line, column, message } = stray;
            let name = self.name_beside(&format!("{shown}/{template}"));
            self.warn_beside(&name, line.unwrap_or(1), column.unwrap_or(1), message);
        }
        let names = texts.into_iter().map(|(name, _)| name).collect();
        Shelf { all, names, unread, folder: shown.to_owned(), is_unknown: false }
    }

    fn template_problem(&mut self, at: &At, folder: &str, texts: &[(String, String)], problem: &TemplateProblem) {
        let TemplateProblem { template, line, column, message } = problem;
        let Some((_, text)) = texts.iter().find(|(name, _)| name == template) else {
            self.problem(at, message.clone());
            return;
        };
        let path = format!("{folder}/{template}");
        let source = Source::of_text(self.name_beside(&path), text.clone());
        let problem = Problem::at_line(&source, line.unwrap_or(1), column.unwrap_or(1), message.as_str());
        self.push_beside(&path, &source, problem);
    }

    /// Whether a template is there; says so when it is not.
    pub(super) fn is_there(&mut self, at: &At, name: &str, shelf: &Shelf) -> bool {
        let is_there = shelf.has(name);
        if !is_there {
            self.no_template(at, name, shelf);
        }
        is_there
    }

    fn no_template(&mut self, at: &At, name: &str, shelf: &Shelf) {
        let (folder, names) = (shelf.folder.as_str(), shelf.names());
        let expected = match names.as_slice() {
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
