//! Defaults inside a body: put in where an object lacks the member, before the rules are checked.
//!
//! Followed are the keywords that hold for every document: `properties`, `additionalProperties`, `items`, `prefixItems`, `allOf` and
//! `$ref`. A default under `anyOf`, `oneOf`, `if` or `not` is not put in, since which branch was meant is only known afterwards.

use std::collections::HashMap;

use jsonschema::{ReferencingError, Registry, Uri, uri};
use serde_json::Value;

use super::instance::from_value;
use super::lint::ROOT;
use crate::json::{Node, Text};

/// How many references in a row may lead to a default.
const MOST_HOPS: usize = 64;

/// The defaults of a schema. Nodes refer to each other by number, since schemas may be recursive.
#[derive(Debug, Default)]
pub(super) struct Fills {
    nodes: Vec<Fill>,
}

/// The defaults of one subschema.
#[derive(Debug, Default)]
struct Fill {
    members: Vec<MemberFill>,
    /// For members that are not named.
    rest: Option<usize>,
    prefix: Vec<usize>,
    items: Option<usize>,
    /// Schemas that the same value must fit as well.
    also: Vec<usize>,
    /// Whether a default can be reached from here at all.
    useful: bool,
}

#[derive(Debug)]
struct MemberFill {
    name: String,
    default: Option<Node<'static>>,
    schema: usize,
}

impl Fills {
    /// Gathers the defaults of a schema whose documents are all in the registry.
    ///
    /// # Errors
    /// A reference leads nowhere.
    pub(super) fn compile(registry: &Registry<'_>, schema: &Value) -> Result<Self, ReferencingError> {
        let mut gather = Gather { registry, seen: HashMap::new(), fills: Self::default() };
        gather.schema(schema, &uri::from_str(ROOT)?)?;
        let mut fills = gather.fills;
        fills.mark_useful();
        Ok(fills)
    }

    /// Puts the defaults in. Tells whether any was.
    pub(super) fn fill(&self, document: &mut Node<'_>) -> bool {
        self.apply(0, document, &mut Vec::new())
    }

    /// `applied` are the schemas this very value went through: each holds once, however many references lead there.
    fn apply(&self, at: usize, node: &mut Node<'_>, applied: &mut Vec<usize>) -> bool {
        let Some(fill) = self.nodes.get(at).filter(|fill| fill.useful && !applied.contains(&at)) else { return false };
        applied.push(at);
        let mut changed = false;
        match node {
            Node::Object(object) => {
                for member in &fill.members {
                    match (object.get_mut(&member.name), &member.default) {
                        (Some(value), _) => changed |= self.apply(member.schema, value, &mut Vec::new()),
                        (None, Some(default)) => {
                            object.push(Text::plain(member.name.clone()), default.clone());
                            changed = true;
                        }
                        (None, None) => {}
                    }
                }
                if let Some(rest) = fill.rest {
                    let unnamed = object
                        .members_mut()
                        .iter_mut()
                        .filter(|member| !fill.members.iter().any(|named| member.key == *named.name.as_str()));
                    for member in unnamed {
                        changed |= self.apply(rest, &mut member.value, &mut Vec::new());
                    }
                }
            }
            Node::Array(elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    if let Some(schema) = fill.prefix.get(index).copied().or(fill.items) {
                        changed |= self.apply(schema, element, &mut Vec::new());
                    }
                }
            }
            _ => {}
        }
        for also in &fill.also {
            changed |= self.apply(*also, node, applied);
        }
        changed
    }

    /// Marks the nodes from which a default can be reached; the others are not walked for every request.
    fn mark_useful(&mut self) {
        loop {
            let useful: Vec<bool> = self.nodes.iter().map(|fill| fill.useful).collect();
            let leads = |at: &usize| useful.get(*at).copied().unwrap_or(false);
            let mut changed = false;
            for fill in &mut self.nodes {
                let now = fill.members.iter().any(|member| member.default.is_some() || leads(&member.schema))
                    || fill.rest.iter().chain(&fill.items).chain(&fill.prefix).chain(&fill.also).any(leads);
                changed |= now && !fill.useful;
                fill.useful |= now;
            }
            if !changed {
                return;
            }
        }
    }
}

/// Walks the schema documents.
struct Gather<'r> {
    registry: &'r Registry<'r>,
    /// Which number a subschema has, by its address in memory: the documents stay where they are while we walk.
    seen: HashMap<usize, usize>,
    fills: Fills,
}

impl Gather<'_> {
    fn schema(&mut self, schema: &Value, base: &Uri<String>) -> Result<usize, ReferencingError> {
        let address = std::ptr::from_ref(schema).addr();
        if let Some(at) = self.seen.get(&address) {
            return Ok(*at);
        }
        let at = self.fills.nodes.len();
        self.seen.insert(address, at);
        self.fills.nodes.push(Fill::default());
        let Value::Object(keywords) = schema else { return Ok(at) };
        let inner = match keywords.get("$id").and_then(Value::as_str) {
            Some(id) => Some(uri::resolve_against(&base.borrow(), id)?),
            None => None,
        };
        let base = inner.as_ref().unwrap_or(base);
        let mut fill = Fill::default();
        for (name, schema) in keywords.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let default = self.default_of(schema, base, MOST_HOPS);
            fill.members.push(MemberFill { name: name.clone(), default, schema: self.schema(schema, base)? });
        }
        if let Some(schema) = keywords.get("additionalProperties") {
            fill.rest = Some(self.schema(schema, base)?);
        }
        if let Some(schema) = keywords.get("items") {
            fill.items = Some(self.schema(schema, base)?);
        }
        for schema in keywords.get("prefixItems").and_then(Value::as_array).into_iter().flatten() {
            fill.prefix.push(self.schema(schema, base)?);
        }
        for schema in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            fill.also.push(self.schema(schema, base)?);
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let (target, resolver, _) = self.registry.resolver(base.clone()).lookup(reference)?.into_inner();
            fill.also.push(self.schema(target, &resolver.base_uri())?);
        }
        if let Some(slot) = self.fills.nodes.get_mut(at) {
            *slot = fill;
        }
        Ok(at)
    }

    /// The default of a member: its schema's own, or that of the schema it refers to.
    fn default_of(&self, schema: &Value, base: &Uri<String>, hops: usize) -> Option<Node<'static>> {
        if let Some(default) = schema.get("default") {
            return Some(from_value(default));
        }
        let reference = schema.get("$ref").and_then(Value::as_str).filter(|_| hops > 0)?;
        let (target, resolver, _) = self.registry.resolver(base.clone()).lookup(reference).ok()?.into_inner();
        self.default_of(target, &resolver.base_uri(), hops - 1)
    }
}
