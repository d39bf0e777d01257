//! Pages: templates of the snapshot, and which route shows which.

use super::compiler::Compiler;
use crate::base::suggest;
use crate::page::Templates;
use crate::spec::{At, FileSpec, PageSpec, PageWhenSpec};

/// The page of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    template: String,
    always: bool,
    status: http::StatusCode,
}

impl Page {
    /// The template's name.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Whether everyone gets the page, not only a client that asks for HTML.
    pub fn always(&self) -> bool {
        self.always
    }

    /// The status it is sent with.
    pub fn status(&self) -> http::StatusCode {
        self.status
    }
}

impl Compiler<'_> {
    /// All templates, and what is wrong with them: their places are in files of their own.
    pub(super) fn templates(&mut self, file: &FileSpec) -> (Option<Templates>, Vec<String>) {
        let folder = file.templates.as_deref().unwrap_or("templates").trim_end_matches('/');
        let prefix = format!("{folder}/");
        let mut sources = Vec::new();
        let mut elsewhere = Vec::new();
        for (path, bytes) in &self.snapshot().files {
            let Some(name) = path.strip_prefix(&prefix) else { continue };
            match std::str::from_utf8(bytes) {
                Ok(text) => sources.push((name.to_owned(), text.to_owned())),
                Err(error) => elsewhere.push(format!(
                    "{path}:1:1: a template is UTF-8 text; this one has other bytes from byte {}",
                    error.valid_up_to()
                )),
            }
        }
        if sources.is_empty() && elsewhere.is_empty() && file.templates.is_some() {
            self.expected(
                &At::root().key("templates"),
                format!("there is no template in `{folder}`"),
                "a folder with templates, relative to this file",
            );
        }
        match Templates::compile(sources) {
            Ok(templates) => (Some(templates), elsewhere),
            Err(problems) => {
                elsewhere.extend(problems.into_iter().map(|problem| {
                    let (line, column) = (problem.line.unwrap_or(1), problem.column.unwrap_or(1));
                    format!("{prefix}{}:{line}:{column}: {}", problem.template, problem.message)
                }));
                (None, elsewhere)
            }
        }
    }

    pub(super) fn page(&mut self, at: &At, spec: &PageSpec, templates: Option<&Templates>) -> Option<Page> {
        let (template, at_template, when, status) = match spec {
            PageSpec::Template(template) => (template, at.clone(), None, None),
            PageSpec::Long(form) => (&form.template, at.key("template"), form.when, form.status),
        };
        // Without templates there is a problem already; a page that misses one of them would only be its echo.
        if let Some(templates) = templates.filter(|templates| !templates.has(template)) {
            let names: Vec<String> = templates.names().into_iter().map(ToOwned::to_owned).collect();
            let hint = suggest(template, names.iter().map(String::as_str)).map(ToOwned::to_owned);
            let expected = if names.is_empty() {
                "a file in the templates folder".to_owned()
            } else {
                format!("one of: {}", names.join(", "))
            };
            self.unknown(&at_template, format!("there is no template `{template}`"), &expected, hint);
            return None;
        }
        let status = match status.map(http::StatusCode::from_u16) {
            None => http::StatusCode::OK,
            Some(Ok(status)) if status.is_success() || status.is_client_error() || status.is_server_error() => status,
            Some(_) => {
                self.expected(&at.key("status"), "a page cannot have this status".to_owned(), "200 to 299, or 400 to 599");
                return None;
            }
        };
        Some(Page { template: template.clone(), always: when == Some(PageWhenSpec::Always), status })
    }
}
