//! Input validation: what a request must look like, checked once, at the edge, with every violation told at once.
//!
//! Holds the rules of a route's `input`: JSON Schema 2020-12 for the path, the query, the headers and the body. Texts are read as the
//! declared type, defaults are filled in, and the query string and the body are written again where a default was. What a request costs
//! is at most its values times the subschemas. Stands on `base` and `json`. Never fetches a schema, never repeats a client's value in a
//! message, and knows neither YAML nor any status.

mod alternatives;
mod body;
mod bounds;
mod build;
mod decimal;
mod evaluated;
mod explain;
mod faults;
mod field;
mod fills;
mod graph;
mod headers;
mod instance;
mod judge;
mod keywords;
mod lint;
mod query;
mod schema;
#[cfg(test)]
mod tests;
mod violation;
mod words;

use std::collections::BTreeMap;

use crate::json::{Limits, Node};

use body::BodyRule;
use field::FieldRule;
use query::QueryRules;
pub use violation::{In, Refusal, Violation};

/// What the rules are made from.
#[derive(Debug, Clone)]
pub struct RulesOptions {
    /// Rules for the path's holes. A hole without a rule is text.
    pub path: Vec<Field>,
    /// Rules for query parameters.
    pub query: Vec<Field>,
    /// Rules for headers; names in any case.
    pub headers: Vec<Field>,
    /// The rule of the body; without one it is not looked at.
    pub body: Option<Body>,
    /// What becomes of query parameters without a rule.
    pub unknown_query: UnknownQuery,
    /// What a body may be at most. Duplicate members are refused whatever it says.
    pub json: Limits,
}

/// The rule of a value that comes as text.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether the request must have it. A path's hole always does.
    pub required: bool,
    /// The value when the request has none.
    pub default: Option<Node<'static>>,
    /// The schema: `type` (`string` when absent, `integer`, `number`, `boolean`, or `array` of those) and any other keyword.
    pub schema: serde_json::Value,
}

/// The rule of a body.
#[derive(Debug, Clone)]
pub struct Body {
    /// The schema. Its relative `$ref`s lead to `files`.
    pub schema: serde_json::Value,
    /// Schema files, by their path relative to routes.yaml.
    pub files: BTreeMap<String, serde_json::Value>,
}

/// What becomes of query parameters without a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownQuery {
    /// They go upstream as they came.
    #[default]
    Pass,
    /// They are left out.
    Drop,
    /// Each is a violation of the rule `unknown`.
    Reject,
}

/// Something wrong with a rule itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// The part of the request.
    pub place: In,
    /// The field; none for the body.
    pub name: Option<String>,
    /// Where in the schema, as a JSON pointer: `/properties/id/pattern`; in another file `schemas/item.json#/properties/id/pattern`.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// A request, as far as rules look at it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The path's holes and what they hold, decoded.
    pub path: &'r [(String, String)],
    /// The query as it came, without `?`.
    pub query: Option<&'r str>,
    /// The headers.
    pub headers: &'r http::HeaderMap,
    /// The body, whole.
    pub body: &'r [u8],
}

/// A request that keeps the rules, values read as their types.
#[derive(Debug, Clone)]
pub struct Input<'r> {
    /// Every hole of the path.
    pub path: Vec<(String, Node<'static>)>,
    /// Every query parameter that is not dropped, defaults behind them. One without a rule is text, or a list of texts when repeated.
    pub query: Vec<(String, Node<'static>)>,
    /// The headers that have rules and are there or have a default; names as in the rule, in lower case.
    pub headers: Vec<(String, Node<'static>)>,
    /// The body, when it has a rule.
    pub body: Option<Node<'r>>,
    /// The query that goes upstream, without `?`: untouched parameters as they came, in their order, then the defaults.
    pub query_string: String,
    /// The body that goes upstream.
    pub body_bytes: BodyBytes,
}

/// The body that goes upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyBytes {
    /// The bytes that came.
    AsReceived,
    /// New bytes, since a default was put in; every token that came is in them as it came.
    Rewritten(Vec<u8>),
}

/// The rules of a route, compiled.
#[derive(Debug)]
pub struct Rules {
    path: Vec<FieldRule>,
    query: QueryRules,
    headers: Vec<FieldRule>,
    body: Option<BodyRule>,
}

impl Rules {
    /// Compiles rules.
    ///
    /// # Errors
    /// Everything that is wrong with them: unknown types and keywords, bad patterns, references to nowhere, defaults that break
    /// their own rule.
    pub fn new(options: RulesOptions) -> Result<Self, Vec<RuleProblem>> {
        let mut problems = Vec::new();
        let mut compile = |place, fields: Vec<Field>| -> Vec<FieldRule> {
            fields.into_iter().filter_map(|field| FieldRule::compile(place, field, &mut problems)).collect()
        };
        let path = compile(In::Path, options.path);
        let query = compile(In::Query, options.query);
        let lower = |field: Field| Field { name: field.name.to_ascii_lowercase(), ..field };
        let headers = compile(In::Headers, options.headers.into_iter().map(lower).collect());
        headers::twice(&headers, &mut problems);
        let body = options.body.and_then(|body| BodyRule::compile(&body, options.json, &mut problems));
        if problems.is_empty() {
            Ok(Self { path, query: QueryRules::new(query, options.unknown_query), headers, body })
        } else {
            Err(problems)
        }
    }

    /// Checks a request.
    ///
    /// # Errors
    /// It cannot be read, or it breaks rules.
    pub fn check<'r>(&self, request: &Request<'r>) -> Result<Input<'r>, Refusal> {
        let mut broken = Vec::new();
        let path = self.check_path(request.path, &mut broken);
        let query = self.query.check(request.query, &mut broken)?;
        let headers = headers::check(&self.headers, request.headers, &mut broken)?;
        let (body, body_bytes) = match &self.body {
            Some(rule) => rule.check(request.headers, request.body, &mut broken)?,
            None => (None, BodyBytes::AsReceived),
        };
        if !broken.is_empty() {
            return Err(Refusal::Violations(broken));
        }
        Ok(Input { path, query: query.values, headers, body, query_string: query.text, body_bytes })
    }

    fn check_path(&self, holes: &[(String, String)], broken: &mut Vec<Violation>) -> Vec<(String, Node<'static>)> {
        let rule = |name: &str| self.path.iter().find(|rule| rule.name == name);
        let mut values = Vec::with_capacity(holes.len());
        for (name, text) in holes {
            let value = match rule(name) {
                Some(rule) => rule.value(vec![text.clone()], broken),
                None => Some(Node::text(text.clone())),
            };
            values.extend(value.map(|value| (name.clone(), value)));
        }
        for rule in self.path.iter().filter(|rule| holes.iter().all(|(name, _)| *name != rule.name)) {
            rule.value(Vec::new(), broken);
        }
        values
    }
}
