//! The walk over a mirror that gathers every problem on its way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::groups::Named;
use super::{Backend, Broken, Plan};
use crate::cache::TagKey;
use crate::route::RouterBuilder;
use crate::spec::{self, At, ClusterSpec, FileSpec, Loaded, Problem, Problems, Snapshot, Source};

/// The state of one compilation.
pub(super) struct Compiler<'s> {
    source: &'s Source,
    snapshot: &'s Snapshot,
    problems: Problems,
    /// What is wrong with the files that belong to this one, by their path beside it.
    beside: BTreeMap<String, (Source, Problems)>,
    /// What is not wrong and had better be otherwise.
    warnings: Vec<String>,
    backends: Vec<Arc<Backend>>,
    names: Vec<String>,
}

pub(super) fn compile(snapshot: &Snapshot) -> Result<Plan, Broken> {
    let Loaded { mirror, source, problems } = spec::load_standing(snapshot);
    let mut compiler = Compiler::new(&source, snapshot, problems);
    compiler.unread();
    let plan = match mirror {
        Some(file) => compiler.file(&file),
        None => {
            // What belongs to every file is looked at all the same; the folder of the templates is the usual one, unless the file names one.
            compiler.user_presets();
            if !snapshot.text.lines().any(|line| line.starts_with("templates:")) {
                compiler.templates(None);
            }
            None
        }
    };
    let (problems, beside) = compiler.into_problems();
    match plan {
        Some(plan) if problems.is_empty() && beside.is_empty() => Ok(plan),
        _ => Err(Broken::new(&source, problems, beside)),
    }
}

/// Tags are as secret as the file and the variables in it, and the same wherever these are.
fn tag_key(snapshot: &Snapshot) -> TagKey {
    let variables = snapshot.env.iter().flat_map(|(name, value)| [name, value]);
    TagKey::new(std::iter::once(&snapshot.text).chain(variables).map(String::as_bytes))
}

impl<'s> Compiler<'s> {
    /// A compilation that goes on after what was found so far.
    pub(super) fn new(source: &'s Source, snapshot: &'s Snapshot, problems: Problems) -> Self {
        Self {
            source,
            snapshot,
            problems,
            beside: BTreeMap::new(),
            warnings: Vec::new(),
            backends: Vec::new(),
            names: Vec::new(),
        }
    }

    pub(super) fn into_problems(self) -> (Problems, BTreeMap<String, (Source, Problems)>) {
        (self.problems, self.beside)
    }

    /// Says which files that belong to this one cannot be read.
    fn unread(&mut self) {
        for (path, why) in &self.snapshot.unread {
            let source = Source::of_text(self.name_beside(path), String::new());
            let problem = Problem::at_line(&source, 1, 1, why.as_str());
            self.push_beside(path, &source, problem);
        }
    }

    fn file(&mut self, file: &FileSpec) -> Option<Plan> {
        self.user_presets();
        let limits = self.limits(file.limits.as_ref());
        let origin = self.origin(file);
        let robots = self.robots(file);
        let statics = self.statics(file);
        let csp = self.csp(file);
        let defaults = self.defaults(file);
        self.names = file.upstreams.keys().cloned().collect();
        if self.names.is_empty() {
            self.expected(
                &At::root().key("upstreams"),
                "there are no upstreams".to_owned(),
                "a name and an address, as in `shop: {url: \"http://127.0.0.1:9100\"}`",
            );
        }
        for (name, spec) in &file.upstreams {
            let backend = self.backend(name, spec);
            self.backends.extend(backend.map(Arc::new));
        }
        let templates = self.templates(file.templates.as_deref());
        self.unsigned(csp.as_ref(), templates.all.as_ref());
        if file.routes.is_empty() {
            self.expected(
                &At::root().key("routes"),
                "there are no routes".to_owned(),
                "a list of routes, as in `- route: GET /detail/{id}`",
            );
        }
        let sitemap = self.sitemap(file);
        let mut builder = RouterBuilder::new();
        let mut named = Vec::new();
        for (index, spec) in file.routes.iter().enumerate() {
            let at = At::root().key("routes").index(index);
            let (pattern, route) = self.route(&at, spec, &defaults, &limits, &templates);
            if let Some(pattern) = pattern {
                named.push(Named { at, path: pattern.path().to_owned() });
                builder.push(pattern, route.map(Arc::new));
            }
        }
        let router = match builder.build() {
            Ok(router) => router.transpose(),
            Err(conflicts) => {
                for conflict in conflicts {
                    if let (Some(first), Some(second)) = (named.get(conflict.first), named.get(conflict.second)) {
                        let line = self.source.line_column(&first.at.key("route")).0;
                        self.expected(
                            &second.at.key("route"),
                            format!("this route matches the same requests as the one on line {line}"),
                            "another path or another method",
                        );
                    }
                }
                None
            }
        };
        let none = ClusterSpec::default();
        let spec = file.cluster.as_ref().unwrap_or(&none);
        let groups = self.groups(file, spec, &named);
        let cluster = self.cluster(spec, groups);
        let backends = self.backends.clone();
        let warnings = std::mem::take(&mut self.warnings);
        let tag_key = tag_key(self.snapshot);
        router.zip(templates.all).map(|(router, templates)| Plan {
            limits,
            cluster,
            origin,
            robots,
            sitemap,
            statics,
            csp,
            backends,
            router,
            templates,
            tag_key,
            warnings,
        })
    }

    /// Adds a problem, unless it is only the echo of one that is known.
    pub(super) fn push(&mut self, problem: Problem) {
        if !self.source.in_doubt(&problem.at) && !self.problems.iter().any(|known| *known == problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn problem(&mut self, at: &At, message: String) {
        self.push(Problem::new(at, message));
    }

    pub(super) fn expected(&mut self, at: &At, message: String, expected: &str) {
        self.push(Problem::new(at, message).expected(expected));
    }

    /// Says what is not wrong and had better be otherwise, once: what stands in `defaults` is compiled for every route.
    pub(super) fn warn(&mut self, at: &At, message: String) {
        let (line, column) = self.source.line_column(at);
        let warning = format!("{}:{line}:{column}: warning: {message}", self.source.file());
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The same of a file that belongs to this one.
    pub(super) fn warn_beside(&mut self, file: &str, line: usize, column: usize, message: &str) {
        self.warnings.push(format!("{file}:{line}:{column}: warning: {message}"));
    }

    /// Adds a problem of a file that belongs to this one, once.
    pub(super) fn push_beside(&mut self, path: &str, source: &Source, problem: Problem) {
        let (_, problems) = self.beside.entry(path.to_owned()).or_insert_with(|| (source.clone(), Problems::new()));
        if !problems.iter().any(|known| *known == problem) {
            problems.push(problem);
        }
    }

    /// What is wrong so far.
    pub(super) fn known(&self) -> &Problems {
        &self.problems
    }

    /// What a file beside routes.yaml is called in a report: so that its name leads to it from where the user is.
    pub(super) fn name_beside(&self, path: &str) -> String {
        match self.snapshot.root.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{path}"),
            None => path.to_owned(),
        }
    }

    pub(super) fn source(&self) -> &'s Source {
        self.source
    }

    pub(super) fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// The names of all upstreams.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The upstreams that compiled.
    pub(super) fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }
}
