//! The rules as a route has them: what passes, what is told, what goes upstream.

mod body;
mod bounded;
mod laws;
mod request;
mod rules;

use std::sync::LazyLock;

use http::HeaderMap;
use serde_json::Value;

use super::instance::from_value;
use super::*;
use crate::json::{Duplicates, Limits};

pub(super) fn fields(rules: Value) -> Vec<Field> {
    let Value::Object(rules) = rules else { panic!("rules by name") };
    rules
        .into_iter()
        .map(|(name, mut schema)| {
            let members = schema.as_object_mut().unwrap();
            let required = members.remove("required").is_some_and(|required| required == true);
            let default = members.remove("default").map(|default| from_value(&default));
            Field { name, required, default, schema }
        })
        .collect()
}

pub(super) fn options() -> RulesOptions {
    RulesOptions {
        path: vec![],
        query: vec![],
        headers: vec![],
        body: None,
        unknown_query: UnknownQuery::Pass,
        json: Limits { depth: 64, nodes: 100_000, duplicates: Duplicates::Allow },
    }
}

pub(super) fn body_rules(schema: Value) -> Rules {
    Rules::new(RulesOptions { body: Some(Body { schema, files: BTreeMap::new() }), ..options() }).unwrap()
}

pub(super) fn query_rules(rules: Value, unknown_query: UnknownQuery) -> Rules {
    Rules::new(RulesOptions { query: fields(rules), unknown_query, ..options() }).unwrap()
}

pub(super) static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
pub(super) static JSON: LazyLock<HeaderMap> = LazyLock::new(json_headers);

pub(super) fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(http::header::CONTENT_TYPE, "application/json".parse().unwrap())])
}

pub(super) fn check_body<'b>(rules: &Rules, body: &'b str) -> Result<Input<'b>, Refusal> {
    rules.check(&Request { path: &[], query: None, headers: &JSON, body: body.as_bytes() })
}

pub(super) fn check_query<'q>(rules: &Rules, query: &'q str) -> Result<Input<'q>, Refusal> {
    rules.check(&Request { path: &[], query: Some(query), headers: &NONE, body: &[] })
}

/// `rule path message` of every violation.
pub(super) fn told<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::Violations(violations)) => {
            violations.iter().map(|v| format!("{} {}: {}", v.rule, v.path, v.message)).collect()
        }
        other => panic!("expected violations, got {other:?}"),
    }
}

pub(super) fn shown(values: &[(String, Node<'_>)]) -> String {
    values
        .iter()
        .map(|(name, node)| format!("{name}={}", String::from_utf8(node.to_json()).unwrap()))
        .collect::<Vec<_>>()
        .join(" ")
}
