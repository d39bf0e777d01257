//! Input rules: what a request must look like.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Limits;
use super::compiler::Compiler;
use super::schemas::Documents;
use super::words::{listed, one_of};
use crate::check::{Body, Field, In, RuleProblem, Rules, RulesOptions, UnknownQuery};
use crate::json;
use crate::route::Pattern;
use crate::spec::{self, At, FieldKind, FieldSpec, InputSpec, Problem, Reference, Source, UnknownQuerySpec};

impl Compiler<'_> {
    /// The rules of a route; `pattern` is none when it cannot be read, which was told.
    pub(super) fn input(&mut self, at: &At, spec: &InputSpec, pattern: Option<&Pattern>, limits: &Limits) -> Option<Rules> {
        for name in pattern.into_iter().flat_map(|pattern| spec.path.keys().filter(|name| !pattern.holes().contains(name))) {
            let holes: Vec<&str> = pattern.into_iter().flat_map(Pattern::holes).map(String::as_str).collect();
            let expected = if holes.is_empty() { "no rules: the path has no holes".to_owned() } else { one_of(&holes) };
            self.push(
                Problem::new(at.key("path").key(name), format!("the route's path has no hole `{name}`"))
                    .at_key()
                    .expected(expected)
                    .did_you_mean(name, holes),
            );
        }
        let body_at = at.key("body");
        let documents = spec.body.as_ref().map(|schema| self.documents(&body_at, schema));
        let (documents, whole) = match documents {
            None => (Documents::new(), true),
            Some(Some(documents)) => (documents, !self.loses_a_number(&body_at)),
            Some(None) => (Documents::new(), false),
        };
        let files: BTreeMap<String, Value> = documents.iter().map(|(name, (schema, _))| (name.clone(), schema.clone())).collect();
        let options = RulesOptions {
            path: self.fields(&at.key("path"), &spec.path),
            query: self.fields(&at.key("query"), &spec.query),
            headers: self.fields(&at.key("headers"), &spec.headers),
            // What leads to a file that is not there was told, and so was a number that nobody can hold.
            body: spec.body.clone().filter(|_| whole).map(|schema| Body { schema, files }),
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
                problems.into_iter().for_each(|problem| self.rule_problem(at, problem, &documents));
                None
            }
        }
    }

    /// Tells of a rule that cannot be compiled, in the file that it stands in.
    fn rule_problem(&mut self, at: &At, problem: RuleProblem, documents: &Documents) {
        let RuleProblem { place, name, pointer, message } = problem;
        let place = match place {
            In::Path => at.key("path"),
            In::Query => at.key("query"),
            In::Headers => at.key("headers"),
            In::Body => at.key("body"),
        };
        let place = match name {
            // Names of headers are in lower case by now.
            Some(name) => self.source().locate_key(&place, &name).unwrap_or_else(|| place.key(name)),
            None => place,
        };
        let (file, pointer) = match pointer.split_once('#').filter(|_| !pointer.starts_with('/')) {
            Some((file, pointer)) => (file, pointer),
            None => ("", pointer.as_str()),
        };
        let (source, at) = match documents.get(file) {
            Some((_, source)) => (source, At::pointer(pointer)),
            None => (self.source(), place.below(pointer)),
        };
        let problem = spelt_out(source, &at, pointer, message);
        match documents.get(file) {
            Some((_, source)) => self.push_beside(file, source, problem),
            None => self.push(problem),
        }
    }

    fn fields(&mut self, at: &At, specs: &indexmap::IndexMap<String, FieldSpec>) -> Vec<Field> {
        specs
            .iter()
            .map(|(name, spec)| {
                let at = at.key(name);
                let keywords = spec.keywords.iter().filter(|(keyword, value)| {
                    !self.leads_to_file(&at, keyword, value) && !self.loses_a_number(&at.key(keyword.as_str()))
                });
                let mut schema: Map<String, Value> = keywords.map(|(keyword, value)| (keyword.clone(), value.clone())).collect();
                let kind = match spec.kind.unwrap_or(FieldKind::String) {
                    FieldKind::String => "string",
                    FieldKind::Integer => "integer",
                    FieldKind::Number => "number",
                    FieldKind::Boolean => "boolean",
                    FieldKind::Array => "array",
                };
                schema.insert("type".to_owned(), kind.into());
                let default = spec.default.as_ref().map(|_| self.literal(&at.key("default")));
                Field { name: name.clone(), required: spec.required, default, schema: schema.into() }
            })
            .collect()
    }

    /// Refuses a number that would be another one in the rule.
    fn loses_a_number(&mut self, at: &At) -> bool {
        let lost = self.source().lost_number(at);
        let loses = lost.is_some();
        lost.into_iter().for_each(|problem| self.push(problem));
        loses
    }

    /// Refuses a rule of a single value that leads to a file: those stand in routes.yaml, where their type can be seen.
    fn leads_to_file(&mut self, at: &At, keyword: &str, value: &Value) -> bool {
        let Some(text) = value.as_str().filter(|_| keyword == "$ref") else { return false };
        let leads = spec::reference("", text) != Reference::Elsewhere;
        if leads {
            let problem = Problem::new(at.key("$ref"), "only the schema of a body can be a file");
            self.push(problem.hint("write the rule out here, as in {type: string, maxLength: 80}"));
        }
        leads
    }
}

/// The formats that are checked.
const FORMATS: [&str; 17] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "uri-template",
    "iri",
    "iri-reference",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// A problem with a rule, with what the engine that found it leaves to the reader: which keyword it is about, what would be right.
fn spelt_out(source: &Source, at: &At, pointer: &str, message: String) -> Problem {
    let keyword = at.last().unwrap_or_default().to_owned();
    let typed = source.shown(at).unwrap_or_default().to_owned();
    if pointer.is_empty() {
        return Problem::new(at, message).at_key();
    }
    if keyword == "type" && message.starts_with("must be one of") {
        let problem = Problem::new(at, format!("there is no type `{typed}`"));
        return problem.expected(format!("one of: {}; or a list of them", listed(&TYPES))).did_you_mean(&typed, TYPES);
    }
    if message == format!("unknown format `{typed}`") {
        return Problem::new(at, message).expected(format!("one of: {}", FORMATS.join(", "))).did_you_mean(&typed, FORMATS);
    }
    match message.starts_with("must ") {
        true => Problem::new(at, format!("`{keyword}` {message}")),
        false => Problem::new(at, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_that_are_offered_are_those_that_are_checked() {
        let rules = |format: &str| {
            let field = Field {
                name: "x".to_owned(),
                required: false,
                default: None,
                schema: serde_json::json!({"type": "string", "format": format}),
            };
            Rules::new(RulesOptions {
                path: Vec::new(),
                query: vec![field],
                headers: Vec::new(),
                body: None,
                unknown_query: UnknownQuery::Pass,
                json: json::Limits::default(),
            })
        };
        for format in FORMATS {
            assert!(rules(format).is_ok(), "{format}");
        }
        assert!(rules("phone").is_err());
    }
}
