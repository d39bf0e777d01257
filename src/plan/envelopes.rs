//! `unwrap` and `page`: envelopes and page lists, by name or spelled out.

use super::compiler::Compiler;
use crate::json::{Node, Path};
use crate::shape::{MissingData, MissingVerdict, Paging, PagingOptions, Payload, Unwrap, UnwrapOptions};
use crate::spec::{At, EnvelopeSpec, MissingVerdictSpec, OneOrMany, PagingMapSpec, PagingSpec, UnwrapSpec};

impl Compiler<'_> {
    /// A preset when the name is one's, else the path of the payload.
    pub(super) fn unwrap(&mut self, at: &At, spec: &UnwrapSpec) -> Option<Unwrap> {
        match spec {
            UnwrapSpec::Mapping(spec) => self.envelope(at, spec),
            UnwrapSpec::Name(name) => match self.envelope_preset(name) {
                Some(preset) => Some(preset),
                None => {
                    let path = self.path(at, name)?;
                    self.built(at, Some(Unwrap::new(bare(path))))
                }
            },
        }
    }

    pub(super) fn envelope(&mut self, at: &At, spec: &EnvelopeSpec) -> Option<Unwrap> {
        let default = OneOrMany::One("data".to_owned());
        let data = spec.data.as_ref().unwrap_or(&default);
        let payloads = data.as_slice().iter().map(|text| match text.as_str() {
            "*" => Some(Payload::Rest),
            text => self.path(&at.key("data"), text).map(Payload::At),
        });
        let payloads: Vec<Option<Payload>> = payloads.collect();
        let mut ok = Vec::new();
        for (verdict, values) in spec.ok.iter().flatten() {
            let below = at.key("ok").key(verdict);
            let values = match values {
                OneOrMany::One(_) => vec![self.literal(&below)],
                OneOrMany::Many(values) => (0..values.len()).map(|index| self.literal(&below.index(index))).collect(),
            };
            ok.push((self.path(&below, verdict)?, values));
        }
        let message = match &spec.message {
            None => Vec::new(),
            Some(paths) => self.one_or_many(&at.key("message"), paths)?,
        };
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
            PagingSpec::Name(name) => self.page_preset(at, name),
            PagingSpec::Mapping(spec) => self.paging(at, spec),
        }
    }

    pub(super) fn paging(&mut self, at: &At, spec: &PagingMapSpec) -> Option<Paging> {
        let first = spec.first.unwrap_or(1);
        if first > 1 {
            self.expected(&at.key("first"), format!("no backend calls its first page {first}"), "0 or 1");
        }
        let mut paths = |key: &str, paths: Option<&OneOrMany<String>>| match paths {
            None => Some(Vec::new()),
            Some(paths) => self.one_or_many(&at.key(key), paths),
        };
        let options = PagingOptions {
            items: paths("items", Some(&spec.items))?,
            number: paths("number", spec.number.as_ref())?,
            first,
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
