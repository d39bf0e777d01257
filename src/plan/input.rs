//! Input rules: what a request must look like.

use std::collections::BTreeMap;

use super::Limits;
use super::compiler::Compiler;
use crate::check::{Body, Field, In, Rules, RulesOptions, UnknownQuery};
use crate::json;
use crate::route::Pattern;
use crate::spec::{At, FieldKind, FieldSpec, InputSpec, UnknownQuerySpec};

impl Compiler<'_> {
    pub(super) fn input(&mut self, at: &At, spec: Option<&InputSpec>, pattern: &Pattern, limits: &Limits) -> Option<Rules> {
        let none = InputSpec::default();
        let spec = spec.unwrap_or(&none);
        for name in spec.path.keys().filter(|name| !pattern.holes().contains(name)) {
            let holes = pattern.holes().join(", ");
            let hint = crate::base::suggest(name, pattern.holes().iter().map(String::as_str)).map(ToOwned::to_owned);
            let expected =
                if holes.is_empty() { "no rules: the path has no holes".to_owned() } else { format!("one of: {holes}") };
            self.unknown(&at.key("path").key(name), format!("the path has no hole `{name}`"), &expected, hint);
        }
        for name in spec.headers.keys() {
            self.header_name(&at.key("headers").key(name), name);
        }
        let body_at = at.key("body");
        let body = spec.body.as_ref().map(|schema| self.body(&body_at, schema));
        let options = RulesOptions {
            path: self.fields(&at.key("path"), &spec.path),
            query: self.fields(&at.key("query"), &spec.query),
            headers: self.fields(&at.key("headers"), &spec.headers),
            body: match body {
                None => None,
                Some(body) => Some(body?),
            },
            unknown_query: match spec.unknown_query {
                None | Some(UnknownQuerySpec::Pass) => UnknownQuery::Pass,
                Some(UnknownQuerySpec::Drop) => UnknownQuery::Drop,
                Some(UnknownQuerySpec::Reject) => UnknownQuery::Reject,
            },
            json: json::Limits { depth: limits.json_depth, nodes: limits.json_nodes, duplicates: json::Duplicates::Refuse },
        };
        match Rules::new(options) {
            Ok(rules) => Some(rules),
            Err(problems) => {
                for problem in problems {
                    let place = match problem.place {
                        In::Path => "path",
                        In::Query => "query",
                        In::Headers => "headers",
                        In::Body => "body",
                    };
                    let mut at = at.key(place);
                    if let Some(name) = &problem.name {
                        at = at.key(name);
                    }
                    for part in problem.pointer.split('/').filter(|part| !part.is_empty()) {
                        let part = part.replace("~1", "/").replace("~0", "~");
                        at = part.parse::<usize>().map_or_else(|_| at.key(&part), |index| at.index(index));
                    }
                    self.problem(&at, problem.message);
                }
                None
            }
        }
    }

    fn fields(&mut self, at: &At, specs: &indexmap::IndexMap<String, FieldSpec>) -> Vec<Field> {
        specs
            .iter()
            .map(|(name, spec)| {
                let mut schema: serde_json::Map<String, serde_json::Value> =
                    spec.keywords.iter().map(|(keyword, value)| (keyword.clone(), value.clone())).collect();
                let kind = match spec.kind.unwrap_or(FieldKind::String) {
                    FieldKind::String => "string",
                    FieldKind::Integer => "integer",
                    FieldKind::Number => "number",
                    FieldKind::Boolean => "boolean",
                    FieldKind::Array => "array",
                };
                schema.insert("type".to_owned(), kind.into());
                let default = spec.default.as_ref().map(|_| self.literal(&at.key(name).key("default")));
                Field { name: name.clone(), required: spec.required, default, schema: schema.into() }
            })
            .collect()
    }

    /// The schema of a body, and every schema file of the snapshot, for `$ref`.
    fn body(&mut self, at: &At, schema: &serde_json::Value) -> Option<Body> {
        let mut files = BTreeMap::new();
        for (path, bytes) in &self.snapshot().files {
            if !path.ends_with(".json") {
                continue;
            }
            match serde_json::from_slice(bytes) {
                Ok(value) => {
                    files.insert(path.clone(), value);
                }
                Err(error) => {
                    self.problem(at, format!("the schema `{path}` is not JSON: {error}"));
                    return None;
                }
            }
        }
        Some(Body { schema: schema.clone(), files })
    }
}
