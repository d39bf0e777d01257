//! Builds the graph of a schema, one subschema after the other: however long a row of references is, no stack grows with it.

use std::collections::{HashMap, VecDeque};

use jsonschema::{Registry, Uri, Validator, uri};
use serde_json::{Map, Value};

use super::graph::{Graph, Lead, Members, Named, Rule, Sub};
use super::instance::Tree;
use super::keywords::{Holds, holds};
use super::lint::{Place, Places, escape, without_fragment};
use super::schema::{SchemaProblem, options, referencing, refused};

/// How many subschemas a schema and its files may have. One that is reached under several dynamic scopes counts each time.
const MOST_RULES: usize = 20_000;

/// How many subschemas may apply to one value in a row.
const LONGEST_ROW: usize = 100;

/// The resources that were entered on the way to a subschema, outermost first: what a `$dynamicRef` leads to depends on them. Empty in
/// a schema without one.
type Scope = Vec<String>;

/// Where a subschema stands, and what references in it are relative to.
#[derive(Debug, Clone)]
struct Stand {
    base: Uri<String>,
    scope: Scope,
}

/// Builds a graph.
pub(super) struct Builder<'s, 'r> {
    registry: &'r Registry<'s>,
    places: &'r Places<'s>,
    /// Which number a subschema has, by its address in memory: the documents stay where they are while we build.
    numbers: HashMap<(usize, Scope), Sub>,
    waiting: VecDeque<(Sub, &'r Value, Stand)>,
    rules: Vec<Rule>,
    /// What each was built from.
    schemas: Vec<&'r Value>,
    problems: Vec<SchemaProblem>,
}

impl<'s, 'r> Builder<'s, 'r> {
    pub(super) fn new(registry: &'r Registry<'s>, places: &'r Places<'s>) -> Self {
        Self {
            registry,
            places,
            numbers: HashMap::new(),
            waiting: VecDeque::new(),
            rules: Vec::new(),
            schemas: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The number of a subschema from which documents will be judged, built with all that it leads to. The first one gets 0. Whoever
    /// judges from here asks once: that is no place that leads here, so it makes nothing shared.
    pub(super) fn root(&mut self, schema: &'r Value, base: &Uri<String>) -> Sub {
        let scope = if self.places.dynamic.is_empty() { Vec::new() } else { vec![without_fragment(base).to_owned()] };
        let (sub, _) = self.entry(schema, &Stand { base: base.clone(), scope });
        // What waits after this is too much.
        while self.rules.len() <= MOST_RULES
            && let Some((sub, schema, stand)) = self.waiting.pop_front()
        {
            let shared = self.rules.get(sub).is_some_and(|rule| rule.shared);
            let mut rule = self.rule(schema, &stand);
            // A subschema may lead to itself.
            rule.shared = shared || self.rules.get(sub).is_some_and(|rule| rule.shared);
            if let Some(slot) = self.rules.get_mut(sub) {
                *slot = rule;
            }
        }
        sub
    }

    /// The graph.
    ///
    /// # Errors
    /// A keyword's value cannot be used, a reference leads nowhere, or there are too many subschemas, or too many in a row.
    pub(super) fn finish(mut self) -> Result<Graph, Vec<SchemaProblem>> {
        if let Some((sub, ..)) = self.waiting.pop_front() {
            let says =
                format!("the schema and its files have more than {MOST_RULES} subschemas: split the rule, or say less in it");
            self.problem_at(sub, says);
            return Err(self.problems);
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        // `unevaluated…` asks again what was asked before, and others inside of it do so too.
        if self
            .rules
            .iter()
            .flat_map(|rule| &rule.leads)
            .any(|lead| matches!(lead, Lead::FurtherElements(_) | Lead::FurtherMembers(_)))
        {
            self.rules.iter_mut().for_each(|rule| rule.shared = true);
        }
        let graph = Graph { rules: std::mem::take(&mut self.rules) };
        let rows = graph.rows();
        if let Some(at) =
            rows.iter().position(|row| *row == LONGEST_ROW + 1).or_else(|| rows.iter().rposition(|row| *row > LONGEST_ROW))
        {
            let row = rows.iter().max().copied().unwrap_or(0);
            let says = format!(
                "up to {row} subschemas apply to one value in a row, by `$ref`, `allOf` and their like: at most {LONGEST_ROW} may"
            );
            self.problem_at(at, says);
            return Err(self.problems);
        }
        Ok(graph)
    }

    /// The number of a subschema that a place leads to.
    fn number(&mut self, schema: &'r Value, stand: &Stand) -> Sub {
        let (sub, known) = self.entry(schema, stand);
        if let Some(rule) = self.rules.get_mut(sub).filter(|_| known) {
            rule.shared = true;
        }
        sub
    }

    /// The number of a subschema, and whether it had one before.
    fn entry(&mut self, schema: &'r Value, stand: &Stand) -> (Sub, bool) {
        let inner = schema.get("$id").and_then(Value::as_str).and_then(|id| uri::resolve_against(&stand.base.borrow(), id).ok());
        let base = inner.unwrap_or_else(|| stand.base.clone());
        let mut scope = stand.scope.clone();
        let entered = without_fragment(&base).to_owned();
        if !self.places.dynamic.is_empty() && !scope.contains(&entered) {
            scope.push(entered);
        }
        let key = (std::ptr::from_ref(schema).addr(), scope.clone());
        if let Some(sub) = self.numbers.get(&key).copied() {
            return (sub, true);
        }
        let sub = self.rules.len();
        self.rules.push(Rule::default());
        self.schemas.push(schema);
        self.numbers.insert(key, sub);
        self.waiting.push_back((sub, schema, Stand { base, scope }));
        (sub, false)
    }

    fn rule(&mut self, schema: &'r Value, stand: &Stand) -> Rule {
        let members = match schema {
            Value::Object(members) => members,
            other => return Rule { never: *other == Value::Bool(false), ..Rule::default() },
        };
        let own = self.own(schema, members);
        let mut leads = Vec::new();
        for keyword in ["$ref", "$dynamicRef"] {
            if let Some(reference) = members.get(keyword).and_then(Value::as_str) {
                leads.extend(self.target(schema, keyword, reference, stand).map(|sub| Lead::All(vec![sub])));
            }
        }
        leads.extend(self.for_lists(members, stand));
        leads.extend(self.for_objects(members, stand));
        for (keyword, lead) in [("allOf", Lead::All as fn(Vec<Sub>) -> Lead), ("anyOf", Lead::Any), ("oneOf", Lead::One)] {
            leads.extend(members.get(keyword).map(|list| lead(self.list(list, stand))));
        }
        leads.extend(members.get("not").map(|schema| Lead::Not(self.number(schema, stand))));
        if let Some(test) = members.get("if") {
            let mut branch = |keyword: &str| members.get(keyword).map(|schema| self.number(schema, stand));
            let (then, otherwise) = (branch("then"), branch("else"));
            leads.push(Lead::If { test: self.number(test, stand), then, otherwise });
        }
        leads.extend(members.get("unevaluatedItems").map(|schema| Lead::FurtherElements(self.number(schema, stand))));
        leads.extend(members.get("unevaluatedProperties").map(|schema| Lead::FurtherMembers(self.number(schema, stand))));
        Rule { never: false, shared: false, own, leads }
    }

    /// The keywords that look at the value alone, as the engine compiles them.
    fn own(&mut self, schema: &Value, members: &Map<String, Value>) -> Option<Validator<Tree>> {
        let own: Map<String, Value> = members
            .iter()
            .filter(|(keyword, _)| holds(keyword) == Some(Holds::Rule))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        if own.is_empty() {
            return None;
        }
        match options().build(&Value::Object(own)) {
            Ok(own) => Some(own),
            Err(error) => {
                let found = refused(&error);
                self.problem(schema, &found.pointer, found.message);
                None
            }
        }
    }

    fn for_lists(&mut self, members: &'r Map<String, Value>, stand: &Stand) -> Vec<Lead> {
        let mut leads = Vec::new();
        let prefix = members.get("prefixItems").map(|list| self.list(list, stand)).unwrap_or_default();
        let rest = members.get("items").map(|schema| self.number(schema, stand));
        if rest.is_some() || !prefix.is_empty() {
            leads.push(Lead::Elements { prefix, rest });
        }
        if let Some(schema) = members.get("contains") {
            let bound = |keyword| members.get(keyword).and_then(whole);
            let (least, most) = (bound("minContains").unwrap_or(1), bound("maxContains").unwrap_or(u64::MAX));
            leads.push(Lead::Contains { sub: self.number(schema, stand), least, most });
        }
        leads
    }

    fn for_objects(&mut self, members: &'r Map<String, Value>, stand: &Stand) -> Vec<Lead> {
        let mut leads = Vec::new();
        let map = |keyword| members.get(keyword).and_then(Value::as_object).into_iter().flatten();
        let named: Named = map("properties").map(|(name, schema)| (name.clone(), self.number(schema, stand))).collect();
        let mut patterns = Vec::new();
        for (pattern, schema) in map("patternProperties") {
            match options().build(&serde_json::json!({ "pattern": pattern })) {
                Ok(test) => patterns.push((test, self.number(schema, stand))),
                Err(error) => self.problem(schema, "", refused(&error).message),
            }
        }
        let rest = members.get("additionalProperties").map(|schema| self.number(schema, stand));
        if !named.is_empty() || !patterns.is_empty() || rest.is_some() {
            leads.push(Lead::Members(Members { named, patterns, rest }));
        }
        leads.extend(members.get("propertyNames").map(|schema| Lead::Names(self.number(schema, stand))));
        let dependent: Vec<_> =
            map("dependentSchemas").map(|(name, schema)| (name.clone(), self.number(schema, stand))).collect();
        if !dependent.is_empty() {
            leads.push(Lead::Dependent(dependent));
        }
        leads
    }

    fn list(&mut self, list: &'r Value, stand: &Stand) -> Vec<Sub> {
        list.as_array().into_iter().flatten().map(|schema| self.number(schema, stand)).collect()
    }

    /// What a reference leads to. A dynamic one leads to the outermost resource that has its anchor, when the nearest has it too.
    fn target(&mut self, schema: &Value, keyword: &str, reference: &str, stand: &Stand) -> Option<Sub> {
        let found = self.registry.resolver(stand.base.clone()).lookup(reference).map(|found| found.into_inner());
        let (target, resolver, _) = match found {
            Ok(found) => found,
            Err(error) => {
                let says = format!("`{reference}` leads nowhere: {}", referencing(&error));
                self.problem(schema, &format!("/{}", escape(keyword)), says);
                return None;
            }
        };
        let base = Uri::clone(&resolver.base_uri());
        let anchor = reference.rsplit_once('#').map(|(_, anchor)| anchor).filter(|_| keyword == "$dynamicRef");
        if let Some(anchor) = anchor.filter(|anchor| target.get("$dynamicAnchor").and_then(Value::as_str) == Some(anchor)) {
            let outermost =
                stand.scope.iter().find_map(|resource| self.places.dynamic.get(&(resource.clone(), anchor.to_owned())));
            if let Some(spot) = outermost {
                return Some(self.number(spot.value, &Stand { base: spot.base.clone(), scope: stand.scope.clone() }));
            }
        }
        Some(self.number(target, &Stand { base, scope: stand.scope.clone() }))
    }

    fn problem_at(&mut self, sub: Sub, says: String) {
        if let Some(schema) = self.schemas.get(sub).copied() {
            self.problem(schema, "", says);
        }
    }

    fn problem(&mut self, schema: &Value, pointer: &str, says: String) {
        let place = self.places.of(schema);
        let (file, at) = place.map_or(("", ""), |Place { document, pointer }| (document.name, pointer.as_str()));
        self.problems.push(SchemaProblem::new(file, &format!("{at}{pointer}"), says));
    }
}

/// A bound such as `2` or `2.0`.
fn whole(value: &Value) -> Option<u64> {
    let decimal = super::decimal::Decimal::of(&value.to_string())?;
    decimal.to_whole()
}
