//! `unwrap` and `page`: envelopes and page lists, by name or spelled out.

use super::compiler::Compiler;
use super::presets::{ENVELOPE_SHELF, PAGE_SHELF};
use super::words::listed;
use crate::base::suggest;
use crate::json::{Node, Path};
use crate::shape::{MissingData, MissingVerdict, Paging, PagingOptions, Payload, Unwrap, UnwrapOptions};
use crate::spec::{At, EnvelopeSpec, MissingVerdictSpec, OneOrMany, PagingMapSpec, PagingSpec, Problem, UnwrapSpec};

impl Compiler<'_> {
    /// A preset when the name is one's, else the path of the payload.
    pub(super) fn unwrap(&mut self, at: &At, spec: &UnwrapSpec) -> Option<Unwrap> {
        match spec {
            UnwrapSpec::Mapping(spec) => self.envelope(at, spec),
            UnwrapSpec::Name(name) => match self.envelope_preset(name) {
                Some(preset) => preset,
                None if self.is_slip(name) => {
                    self.no_preset(at, name, &format!("a mapping, `unwrap: {{data: {name}}}`, if it is a path"));
                    None
                }
                None => {
                    let path = self.path(at, name)?;
                    self.built(at, Some(Unwrap::new(bare(path))))
                }
            },
        }
    }

    /// The envelope of an upstream: a preset by its name, or the mapping. A path alone would turn a misspelt name into null for ever.
    pub(super) fn upstream_envelope(&mut self, at: &At, spec: &UnwrapSpec) -> Option<Unwrap> {
        match spec {
            UnwrapSpec::Mapping(spec) => self.envelope(at, spec),
            UnwrapSpec::Name(name) => self.envelope_preset(name).unwrap_or_else(|| {
                self.no_preset(at, name, &format!("a mapping, such as {{data: {name}}}"));
                None
            }),
        }
    }

    /// Whether a name is so near to a preset's that nobody means a path by it.
    fn is_slip(&self, name: &str) -> bool {
        let names = self.preset_names(ENVELOPE_SHELF);
        // `mail` and `call` are words, one letter away from `mall`.
        suggest(name, names.iter().map(String::as_str).filter(|preset| preset.len() > 4)).is_some()
    }

    fn no_preset(&mut self, at: &At, name: &str, otherwise: &str) {
        let names = self.preset_names(ENVELOPE_SHELF);
        self.push(
            Problem::new(at, format!("there is no envelope preset `{name}`"))
                .expected(format!("one of: {}; or {otherwise}", listed(&names)))
                .did_you_mean(name, names.iter().map(String::as_str)),
        );
    }

    /// A value that means success.
    fn verdict(&mut self, at: &At) -> Option<Node<'static>> {
        let value = self.literal(at);
        let is_scalar = !matches!(value, Node::Object(_) | Node::Array(_));
        if !is_scalar {
            let expected = "a text, a number, true, false, null, or a list of them";
            self.expected(at, "a verdict is one value, not several".to_owned(), expected);
        }
        is_scalar.then_some(value)
    }

    pub(super) fn envelope(&mut self, at: &At, spec: &EnvelopeSpec) -> Option<Unwrap> {
        let default = OneOrMany::One("data".to_owned());
        let data = spec.data.as_ref().unwrap_or(&default);
        let payloads = data.as_slice().iter().map(|text| match text.as_str() {
            "*" => Some(Payload::Rest),
            text => self.path(&at.key("data"), text).map(Payload::At),
        });
        let payloads: Vec<Option<Payload>> = payloads.collect();
        if spec.ok.as_ref().is_some_and(indexmap::IndexMap::is_empty) {
            let problem = Problem::new(at.key("ok"), "`ok` names no verdict, so every reply would be a success");
            self.push(problem.hint("leave `ok` out if that is meant, or name a member and its values, as in {code: 200}"));
        }
        let mut ok = Vec::new();
        for (verdict, values) in spec.ok.iter().flatten() {
            let below = at.key("ok").key(verdict);
            let places = match values {
                OneOrMany::One(_) => vec![below.clone()],
                OneOrMany::Many(values) => (0..values.len()).map(|index| below.index(index)).collect(),
            };
            let values = places.iter().map(|at| self.verdict(at)).collect::<Vec<_>>();
            ok.push((self.key_path(&below, verdict)?, values.into_iter().collect::<Option<_>>()?));
        }
        let message = match &spec.message {
            None => Vec::new(),
            Some(paths) => self.one_or_many(&at.key("message"), paths)?,
        };
        let statuses = spec.status.iter().flatten().map(|(value, _)| value);
        let null = ("counts as no verdict", "say what that means with `missing`");
        self.dead_keys(&at.key("status"), statuses.filter(|value| *value != "else"), null);
        let mut status: Vec<(String, u16)> =
            spec.status.iter().flatten().map(|(value, status)| (value.clone(), *status)).collect();
        let otherwise = status.iter().position(|(value, _)| value == "else").map(|at| status.remove(at).1).unwrap_or(502);
        let missing_data = match &spec.missing_data {
            None => MissingData::Value(Node::Null),
            Some(_) => match self.literal(&at.key("missing_data")) {
                word if word.as_str().as_deref() == Some("error") => MissingData::Error,
                value => MissingData::Value(value),
            },
        };
        let options = UnwrapOptions {
            data: payloads.into_iter().collect::<Option<_>>()?,
            ok,
            missing: match spec.missing {
                None | Some(MissingVerdictSpec::Ok) => MissingVerdict::Ok,
                Some(MissingVerdictSpec::Error) => MissingVerdict::Error,
            },
            message,
            status,
            otherwise,
            missing_data,
        };
        self.built(at, Some(Unwrap::new(options)))
    }

    pub(super) fn paging_step(&mut self, at: &At, spec: &PagingSpec) -> Option<Paging> {
        match spec {
            PagingSpec::Name(name) => self.page_preset(name).unwrap_or_else(|| {
                let names = self.preset_names(PAGE_SHELF);
                let problem = Problem::new(at, format!("there is no page preset `{name}`"))
                    .expected(format!("one of: {}; or a mapping, such as {{items: list}}", listed(&names)))
                    .did_you_mean(name, names.iter().map(String::as_str));
                self.push(if name.contains(".htm") {
                    problem.hint(format!("`{name}` is a template: `page: {name}` stands beside `shape`, not in it"))
                } else {
                    problem
                });
                None
            }),
            PagingSpec::Mapping(spec) => self.paging(at, spec),
        }
    }

    pub(super) fn paging(&mut self, at: &At, spec: &PagingMapSpec) -> Option<Paging> {
        let mut paths = |key: &str, paths: Option<&OneOrMany<String>>| match paths {
            None => Some(Vec::new()),
            Some(paths) => self.one_or_many(&at.key(key), paths),
        };
        let options = PagingOptions {
            items: paths("items", Some(&spec.items))?,
            number: paths("number", spec.number.as_ref())?,
            first: spec.first.unwrap_or(1),
            size: paths("size", spec.size.as_ref())?,
            total: paths("total", spec.total.as_ref())?,
            pages: paths("pages", spec.pages.as_ref())?,
        };
        self.built(at, Some(Paging::new(options)))
    }
}

/// `unwrap: data`: every reply is a success.
fn bare(path: Path) -> UnwrapOptions {
    UnwrapOptions {
        data: vec![Payload::At(path)],
        ok: Vec::new(),
        missing: MissingVerdict::Ok,
        message: Vec::new(),
        status: Vec::new(),
        otherwise: 502,
        missing_data: MissingData::Value(Node::Null),
    }
}
