//! Defaults inside a body: put in where an object lacks the member, before the rules are checked.
//!
//! Followed are the keywords that hold for every document: `properties`, `additionalProperties`, `items`, `prefixItems`, `allOf` and
//! `$ref`. A default under `anyOf`, `oneOf`, `if` or `not` is not put in, since which branch was meant is only known afterwards.

use std::collections::{HashMap, HashSet, VecDeque};

use jsonschema::{ReferencingError, Registry, Uri, uri};
use serde_json::Value;

use super::instance::from_value;
use super::lint::ROOT;
use crate::json::{Node, Object, Text};

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
    /// The schema of the value that is there, when it leads to a default.
    schema: Option<usize>,
}

impl Fills {
    /// Gathers the defaults of a schema whose documents are all in the registry.
    ///
    /// # Errors
    /// A reference leads nowhere.
    pub(super) fn compile<'r>(registry: &'r Registry<'r>, schema: &'r Value) -> Result<Self, ReferencingError> {
        let mut gather = Gather { registry, seen: HashMap::new(), waiting: VecDeque::new(), count: 0 };
        gather.number(schema, &uri::from_str(ROOT)?);
        let mut fills = Self::default();
        // Numbers are given in the order in which subschemas are looked at.
        while let Some((schema, base)) = gather.waiting.pop_front() {
            fills.nodes.push(gather.fill(schema, &base)?);
        }
        fills.mark_useful();
        fills.prune();
        Ok(fills)
    }

    /// Puts the defaults in. Tells whether any was.
    pub(super) fn fill(&self, document: &mut Node<'_>) -> bool {
        self.apply(&self.all([0]), document)
    }

    /// Every value is gone through once, by all the schemas that it must fit at once: one after the other, two schemas that lead on to
    /// the same members would be four a level deeper.
    fn apply(&self, fills: &[&Fill], node: &mut Node<'_>) -> bool {
        let mut changed = false;
        match node {
            _ if fills.is_empty() => {}
            Node::Object(object) => {
                let mut below = Vec::new();
                for fill in fills {
                    changed |= fill.members_of(object, &mut below);
                }
                // Stable: the schemas of a member stay in their order.
                below.sort_by_key(|(at, _)| *at);
                for schemas in below.chunk_by(|(a, _), (b, _)| a == b) {
                    let fills = self.all(schemas.iter().map(|(_, schema)| *schema));
                    let member = schemas.first().and_then(|(at, _)| object.members_mut().get_mut(*at));
                    changed |= member.is_some_and(|member| self.apply(&fills, &mut member.value));
                }
            }
            Node::Array(elements) => {
                let below = |index| self.all(fills.iter().filter_map(|fill| fill.prefix.get(index).copied().or(fill.items)));
                let named = fills.iter().map(|fill| fill.prefix.len()).max().unwrap_or(0).min(elements.len());
                let (first, further) = elements.split_at_mut(named);
                for (index, element) in first.iter_mut().enumerate() {
                    changed |= self.apply(&below(index), element);
                }
                let below = below(usize::MAX);
                for element in further {
                    changed |= self.apply(&below, element);
                }
            }
            _ => {}
        }
        changed
    }

    /// These schemas and those that the same value must fit as well, each once, however many references lead there.
    fn all(&self, schemas: impl IntoIterator<Item = usize>) -> Vec<&Fill> {
        let mut seen = HashSet::new();
        let mut waiting: Vec<usize> = schemas.into_iter().collect();
        waiting.reverse();
        let mut fills = Vec::new();
        while let Some(at) = waiting.pop() {
            let Some(fill) = self.nodes.get(at).filter(|fill| fill.useful) else { continue };
            if seen.insert(at) {
                waiting.extend(fill.also.iter().rev());
                fills.push(fill);
            }
        }
        fills
    }

    /// Marks the nodes from which a default can be reached.
    fn mark_useful(&mut self) {
        loop {
            let mut changed = false;
            // Backwards, since a schema mostly leads to those behind it.
            for at in (0..self.nodes.len()).rev() {
                let leads = |at: &usize| self.nodes.get(*at).is_some_and(|fill| fill.useful);
                let now = self.nodes.get(at).is_some_and(|fill| {
                    fill.members.iter().any(|member| member.default.is_some() || member.schema.iter().any(leads))
                        || fill.rest.iter().chain(&fill.items).chain(&fill.prefix).chain(&fill.also).any(leads)
                });
                if let Some(fill) = self.nodes.get_mut(at).filter(|fill| now && !fill.useful) {
                    fill.useful = true;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// Takes out what leads to no default, so that no request walks there.
    fn prune(&mut self) {
        let useful: Vec<bool> = self.nodes.iter().map(|fill| fill.useful).collect();
        let leads = |at: &usize| useful.get(*at).is_some_and(|useful| *useful);
        for fill in &mut self.nodes {
            fill.rest = fill.rest.filter(leads);
            fill.items = fill.items.filter(leads);
            fill.also.retain(leads);
            fill.members.iter_mut().for_each(|member| member.schema = member.schema.filter(leads));
            // All names are needed where the members without one are looked at.
            if fill.rest.is_none() {
                fill.members.retain(|member| member.default.is_some() || member.schema.is_some());
            }
        }
    }
}

impl Fill {
    /// Puts in the members that are missing, and adds to `below` which schema the member at a place must fit.
    fn members_of(&self, object: &mut Object<'_>, below: &mut Vec<(usize, usize)>) -> bool {
        let mut changed = false;
        for named in &self.members {
            // The last of two members of one name is the one that counts.
            match (object.members().iter().rposition(|member| member.key == *named.name.as_str()), &named.default) {
                (Some(at), _) => below.extend(named.schema.map(|schema| (at, schema))),
                (None, Some(default)) => {
                    object.push(Text::plain(named.name.clone()), default.clone());
                    changed = true;
                }
                (None, None) => {}
            }
        }
        if let Some(rest) = self.rest {
            for (at, member) in object.members().iter().enumerate() {
                if !self.members.iter().any(|named| member.key == *named.name.as_str()) {
                    below.push((at, rest));
                }
            }
        }
        changed
    }
}

/// Walks the schema documents, one subschema after the other.
struct Gather<'r> {
    registry: &'r Registry<'r>,
    /// Which number a subschema has, by its address in memory: the documents stay where they are while we walk.
    seen: HashMap<usize, usize>,
    waiting: VecDeque<(&'r Value, Uri<String>)>,
    count: usize,
}

impl<'r> Gather<'r> {
    fn number(&mut self, schema: &'r Value, base: &Uri<String>) -> usize {
        let next = self.count;
        let number = *self.seen.entry(std::ptr::from_ref(schema).addr()).or_insert(next);
        if number == next {
            self.count += 1;
            self.waiting.push_back((schema, base.clone()));
        }
        number
    }

    fn fill(&mut self, schema: &'r Value, base: &Uri<String>) -> Result<Fill, ReferencingError> {
        let mut fill = Fill::default();
        let Value::Object(keywords) = schema else { return Ok(fill) };
        let inner = match keywords.get("$id").and_then(Value::as_str) {
            Some(id) => Some(uri::resolve_against(&base.borrow(), id)?),
            None => None,
        };
        let base = inner.as_ref().unwrap_or(base);
        for (name, schema) in keywords.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let default = self.default_of(schema, base, MOST_HOPS);
            fill.members.push(MemberFill { name: name.clone(), default, schema: Some(self.number(schema, base)) });
        }
        fill.rest = keywords.get("additionalProperties").map(|schema| self.number(schema, base));
        fill.items = keywords.get("items").map(|schema| self.number(schema, base));
        let list = |keyword| keywords.get(keyword).and_then(Value::as_array).into_iter().flatten();
        fill.prefix = list("prefixItems").map(|schema| self.number(schema, base)).collect();
        fill.also = list("allOf").map(|schema| self.number(schema, base)).collect();
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let (target, resolver, _) = self.registry.resolver(base.clone()).lookup(reference)?.into_inner();
            fill.also.push(self.number(target, &resolver.base_uri()));
        }
        Ok(fill)
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
