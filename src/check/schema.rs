//! Compiles a rule's schema, once: 2020-12, formats checked, patterns in linear time, no reference ever fetched.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Draft, PatternOptions, ReferencingError, Registry, Retrieve, Uri, ValidationError, ValidationOptions, uri};
use serde_json::Value;

use super::bounds;
use super::build::Builder;
use super::explain::tell;
use super::fills::Fills;
use super::graph::{Graph, START, Sub};
use super::instance::{Tree, from_value};
use super::lint::{ROOT, Survey, survey};
use super::words::message;
use super::{In, Violation};
use crate::json::Node;

/// The largest compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Something wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SchemaProblem {
    /// Where: a JSON pointer, behind the file's name and `#` when it is in another file.
    pub(super) pointer: String,
    /// What is wrong.
    pub(super) message: String,
}

impl SchemaProblem {
    pub(super) fn new(file: &str, pointer: &str, message: String) -> Self {
        let pointer = if file.is_empty() { pointer.to_owned() } else { format!("{file}#{pointer}") };
        Self { pointer, message }
    }
}

/// A schema, ready to check documents.
#[derive(Debug)]
pub(super) struct Schema {
    graph: Graph,
    fills: Fills,
}

impl Schema {
    /// Compiles a schema and the files it refers to.
    ///
    /// # Errors
    /// All that is wrong with it, as far as it can be told at once.
    pub(super) fn compile(schema: &Value, files: &BTreeMap<String, Value>, strict: bool) -> Result<Self, Vec<SchemaProblem>> {
        let mut survey = survey(schema, files, strict);
        if !survey.problems.is_empty() {
            return Err(survey.problems);
        }
        let whole = |error: String| vec![SchemaProblem::new("", "", error)];
        let registry = registry(&survey).map_err(|error| whole(referencing(&error)))?;
        unresolved(&mut survey, &registry);
        if !survey.problems.is_empty() {
            return Err(survey.problems);
        }
        let graph = build(&mut survey, &registry, schema)?;
        if !survey.problems.is_empty() {
            return Err(survey.problems);
        }
        let fills = Fills::compile(&registry, schema).map_err(|error| whole(referencing(&error)))?;
        Ok(Self { graph, fills })
    }

    /// Adds every violation of a document. Gives how often a subschema was applied to a value.
    pub(super) fn check(&self, place: In, name: &str, document: &Node<'_>, out: &mut Vec<Violation>) -> u64 {
        tell(&self.graph, START, place, name, document, out)
    }

    /// How many subschemas there are.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.graph.rules.len()
    }

    /// Puts the defaults in that objects of the document lack. Tells whether any was put in.
    pub(super) fn fill(&self, document: &mut Node<'_>) -> bool {
        self.fills.fill(document)
    }
}

/// The options that every schema is compiled with.
pub(super) fn options<'i>() -> ValidationOptions<'i, std::sync::Arc<dyn Retrieve>, Tree> {
    bounds::exact(
        jsonschema::options_for::<Tree>()
            .with_draft(Draft::Draft202012)
            .with_retriever(Nowhere)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES))
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false),
    )
}

fn registry<'s>(survey: &Survey<'s>) -> Result<Registry<'s>, ReferencingError> {
    Registry::new()
        .draft(Draft::Draft202012)
        .retriever(Nowhere)
        .extend(survey.reached.iter().map(|(address, document)| (address.as_str(), document.schema)))?
        .prepare()
}

/// Builds the graph, and judges the defaults by it.
fn build<'s>(survey: &mut Survey<'s>, registry: &Registry<'s>, schema: &'s Value) -> Result<Graph, Vec<SchemaProblem>> {
    let start = uri::from_str(ROOT).map_err(|error| vec![SchemaProblem::new("", "", referencing(&error))])?;
    let mut builder = Builder::new(registry, &survey.places);
    builder.root(schema, &start);
    let owners: Vec<Sub> = survey.defaults.iter().map(|spot| builder.root(spot.value, &spot.base)).collect();
    let graph = builder.finish()?;
    wrong_defaults(survey, &graph, &owners);
    Ok(graph)
}

/// References into a document that is there, to a place that is not.
fn unresolved(survey: &mut Survey<'_>, registry: &Registry<'_>) {
    let mut problems = Vec::new();
    for spot in &survey.references {
        let reference = spot.value.as_str().unwrap_or_default();
        if let Err(error) = registry.resolver(spot.base.clone()).lookup(reference) {
            problems.push((spot.document, spot.pointer.clone(), format!("`{reference}` leads nowhere: {}", referencing(&error))));
        }
    }
    for (document, pointer, message) in problems {
        survey.problem(document, &pointer, message);
    }
}

/// Defaults that break the subschemas they stand in.
fn wrong_defaults(survey: &mut Survey<'_>, graph: &Graph, owners: &[Sub]) {
    let mut problems = Vec::new();
    for (spot, owner) in survey.defaults.iter().zip(owners) {
        let Some(default) = spot.value.get("default") else { continue };
        let mut violations = Vec::new();
        tell(graph, *owner, In::Body, "", &from_value(default), &mut violations);
        for violation in violations {
            problems.push((
                spot.document,
                format!("{}/default", spot.pointer),
                format!("the default breaks its own rule: {}", violation.sentence()),
            ));
        }
    }
    for (document, pointer, message) in problems {
        survey.problem(document, &pointer, message);
    }
}

pub(super) fn refused(error: &ValidationError<'_>) -> SchemaProblem {
    let says = match error.kind() {
        Kind::Referencing(error) => referencing(error),
        kind => message(kind),
    };
    let place = if error.schema_path().is_empty() { error.instance_path() } else { error.schema_path() };
    SchemaProblem::new("", place.as_str(), says)
}

pub(super) fn referencing(error: &ReferencingError) -> String {
    match error {
        ReferencingError::Unretrievable { .. } => "the document is not there".to_owned(),
        ReferencingError::PointerToNowhere { pointer } => format!("nothing stands at `{pointer}`"),
        ReferencingError::NoSuchAnchor { anchor } | ReferencingError::InvalidAnchor { anchor } => {
            format!("there is no anchor `{anchor}`")
        }
        ReferencingError::InvalidArrayIndex { index, .. } => format!("`{index}` is no index"),
        ReferencingError::InvalidPercentEncoding { .. } => "it has a bad percent escape".to_owned(),
        ReferencingError::InvalidUri(_) => "it is no URI".to_owned(),
        ReferencingError::UnknownSpecification { .. } | ReferencingError::CircularMetaschema { .. } => {
            "it is written for another version of JSON Schema".to_owned()
        }
    }
}

/// Never fetches: every document that may be referred to is in the registry already.
#[derive(Debug)]
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, _: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("no schema is ever fetched".into())
    }
}
