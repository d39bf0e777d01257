//! The walk over a mirror that gathers every problem on its way.

use std::sync::Arc;

use super::{Backend, Broken, Plan};
use crate::route::RouterBuilder;
use crate::spec::{self, At, FileSpec, Problem, Problems, Report, Snapshot, Source};

/// The state of one compilation.
pub(super) struct Compiler<'s> {
    source: &'s Source,
    snapshot: &'s Snapshot,
    problems: Problems,
    backends: Vec<Arc<Backend>>,
    names: Vec<String>,
}

pub(super) fn compile(snapshot: &Snapshot) -> Result<Plan, Broken> {
    let (file, source) = spec::load(snapshot).map_err(|(source, problems)| broken(&source, &problems, &[]))?;
    let names = file.upstreams.keys().cloned().collect();
    let mut compiler = Compiler::new(&source, snapshot, spec::pending(&source), names);
    let compiled = compiler.file(&file);
    let problems = compiler.into_problems();
    match compiled {
        (Some(plan), elsewhere) if problems.is_empty() && elsewhere.is_empty() => Ok(plan),
        (_, elsewhere) => Err(broken(&source, &problems, &elsewhere)),
    }
}

fn broken(source: &Source, problems: &Problems, elsewhere: &[String]) -> Broken {
    let mut report = String::new();
    for problem in elsewhere {
        report.push_str(problem);
        report.push('\n');
    }
    if !problems.is_empty() {
        report.push_str(&Report::new(source, problems).to_string());
    }
    Broken { report: report.trim_end().to_owned(), count: problems.len() + elsewhere.len() }
}

impl<'s> Compiler<'s> {
    pub(super) fn new(source: &'s Source, snapshot: &'s Snapshot, problems: Problems, names: Vec<String>) -> Self {
        Self { source, snapshot, problems, backends: Vec::new(), names }
    }

    pub(super) fn into_problems(self) -> Problems {
        self.problems
    }

    fn file(&mut self, file: &FileSpec) -> (Option<Plan>, Vec<String>) {
        if let Some(version) = file.version.filter(|version| *version != 1) {
            self.expected(&At::root().key("version"), format!("there is no version {version} of this grammar"), "1");
        }
        let presets = self.user_presets();
        let listen = self.listen(file);
        let limits = self.limits(file.limits.as_ref());
        let cluster = self.cluster(file.cluster.as_ref());
        let origin = self.origin(file);
        for (name, spec) in &file.upstreams {
            let backend = self.backend(name, spec);
            self.backends.extend(backend.map(Arc::new));
        }
        let (templates, mut elsewhere) = self.templates(file);
        elsewhere.extend(presets);
        if file.routes.is_empty() {
            self.expected(
                &At::root().key("routes"),
                "there are no routes".to_owned(),
                "a list of routes, as in `- route: GET /detail/{id}`",
            );
        }
        let mut builder = RouterBuilder::new();
        let mut places = Vec::new();
        for (index, spec) in file.routes.iter().enumerate() {
            let at = At::root().key("routes").index(index);
            let (pattern, route) = self.route(&at, spec, file, &limits, templates.as_ref());
            if let Some(pattern) = pattern {
                builder.push(pattern, route.map(Arc::new));
                places.push(at);
            }
        }
        let router = match builder.build() {
            Ok(router) => router.transpose(),
            Err(conflicts) => {
                for conflict in conflicts {
                    if let (Some(first), Some(second)) = (places.get(conflict.first), places.get(conflict.second)) {
                        let line = self.source.line_column(first).0;
                        self.expected(
                            &second.key("route"),
                            format!("this route matches the same requests as the one on line {line}"),
                            "another path or another method",
                        );
                    }
                }
                None
            }
        };
        let plan = router.zip(templates).map(|(router, templates)| Plan {
            listen,
            limits,
            cluster,
            origin,
            backends: self.backends.clone(),
            router,
            templates,
        });
        (plan, elsewhere)
    }

    pub(super) fn problem(&mut self, at: &At, message: String) {
        self.problems.push(Problem::new(at.clone(), message));
    }

    pub(super) fn expected(&mut self, at: &At, message: String, expected: &str) {
        self.problems.push(Problem::new(at.clone(), message).expected(expected));
    }

    pub(super) fn unknown(&mut self, at: &At, message: String, expected: &str, hint: Option<String>) {
        let problem = Problem::new(at.clone(), message).expected(expected);
        self.problems.push(match hint {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    pub(super) fn source(&self) -> &'s Source {
        self.source
    }

    pub(super) fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// The names of all upstreams, and those that compiled.
    pub(super) fn upstreams(&self) -> (Vec<String>, Vec<Arc<Backend>>) {
        (self.names.clone(), self.backends.clone())
    }
}
