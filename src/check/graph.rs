//! A schema as a graph: every subschema stands in it once, by number, and refers to others by theirs.
//!
//! The engine of the crate `jsonschema` checks the keywords that look at one value alone; those that lead to other subschemas are
//! followed by us, since only so what a request costs can be bounded: the engine looks into every form of an `anyOf` inside every form
//! of the `anyOf` around it, which doubles with every level of a body.

use jsonschema::Validator;

use super::instance::Tree;
use crate::json::{Node, Text};

/// The number of a subschema.
pub(super) type Sub = usize;

/// The subschema that a schema starts from.
pub(super) const START: Sub = 0;

/// A schema, compiled.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) rules: Vec<Rule>,
}

/// A subschema.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Whether it is `false`.
    pub(super) never: bool,
    /// Whether more than one place leads here, so that one value may be judged by it again and again. Every circle has such a place.
    pub(super) shared: bool,
    /// The keywords that look at the value alone.
    pub(super) own: Option<Validator<Tree>>,
    /// The keywords that lead on, in the order in which they are told; `unevaluated…` stands last.
    pub(super) leads: Vec<Lead>,
}

/// A keyword that leads to other subschemas.
#[derive(Debug)]
pub(super) enum Lead {
    /// `$ref`, `$dynamicRef`, `allOf`: all must fit.
    All(Vec<Sub>),
    /// `anyOf`.
    Any(Vec<Sub>),
    /// `oneOf`.
    One(Vec<Sub>),
    /// `not`.
    Not(Sub),
    /// `if`, `then`, `else`.
    If { test: Sub, then: Option<Sub>, otherwise: Option<Sub> },
    /// `dependentSchemas`.
    Dependent(Vec<(String, Sub)>),
    /// `prefixItems`, `items`.
    Elements { prefix: Vec<Sub>, rest: Option<Sub> },
    /// `contains`, `minContains`, `maxContains`.
    Contains { sub: Sub, least: u64, most: u64 },
    /// `properties`, `patternProperties`, `additionalProperties`.
    Members(Members),
    /// `propertyNames`.
    Names(Sub),
    /// `unevaluatedItems`.
    FurtherElements(Sub),
    /// `unevaluatedProperties`.
    FurtherMembers(Sub),
}

/// The keywords for an object's members.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) named: Named,
    /// A schema that a name must fit, and the one for the values under such names.
    pub(super) patterns: Vec<(Validator<Tree>, Sub)>,
    pub(super) rest: Option<Sub>,
}

/// The subschemas of `properties`, sorted by the names' lengths, then by the names: a look-up compares few bytes.
#[derive(Debug, Default)]
pub(super) struct Named(Vec<(String, Sub)>);

impl Graph {
    /// A subschema.
    pub(super) fn rule(&self, sub: Sub) -> Option<&Rule> {
        self.rules.get(sub)
    }

    /// For each subschema, how many a value may have to go through in a row that starts there. Those that lead to each other in a
    /// circle without a step into the value, and those that lead to such a circle, count as if all of them were gone through.
    pub(super) fn rows(&self) -> Vec<usize> {
        let mut rows = vec![0_usize; self.rules.len()];
        let mut waiting: Vec<usize> = self.rules.iter().map(|rule| rule.in_place().count()).collect();
        let mut above: Vec<Vec<Sub>> = vec![Vec::new(); self.rules.len()];
        for (sub, rule) in self.rules.iter().enumerate() {
            for below in rule.in_place() {
                above.get_mut(below).into_iter().for_each(|above| above.push(sub));
            }
        }
        let mut ready: Vec<Sub> = waiting.iter().enumerate().filter(|(_, left)| **left == 0).map(|(sub, _)| sub).collect();
        let mut highest = 0;
        let mut left = self.rules.len();
        while let Some(sub) = ready.pop() {
            left -= 1;
            let row = rows.get_mut(sub).map_or(0, |row| {
                *row += 1;
                *row
            });
            highest = highest.max(row);
            for up in above.get(sub).into_iter().flatten().copied() {
                if let (Some(longest), Some(count)) = (rows.get_mut(up), waiting.get_mut(up)) {
                    *longest = row.max(*longest);
                    *count -= 1;
                    if *count == 0 {
                        ready.push(up);
                    }
                }
            }
        }
        rows.iter_mut().zip(waiting).filter(|(_, waiting)| *waiting > 0).for_each(|(row, _)| *row = highest + left);
        rows
    }
}

impl Rule {
    /// The subschemas that look at the same value.
    fn in_place(&self) -> impl Iterator<Item = Sub> + '_ {
        self.leads.iter().flat_map(|lead| match lead {
            Lead::All(subs) | Lead::Any(subs) | Lead::One(subs) => subs.clone(),
            Lead::Not(sub) => vec![*sub],
            Lead::If { test, then, otherwise } => std::iter::once(*test).chain(*then).chain(*otherwise).collect(),
            Lead::Dependent(list) => list.iter().map(|(_, sub)| *sub).collect(),
            _ => Vec::new(),
        })
    }
}

/// The subschemas of `dependentSchemas` that a value must fit: those under the names of its members.
pub(super) fn asked_for(list: &[(String, Sub)], node: &Node<'_>) -> impl Iterator<Item = Sub> {
    let object = node.as_object();
    list.iter().filter(move |(name, _)| object.is_some_and(|object| object.get(name).is_some())).map(|(_, sub)| *sub)
}

impl Named {
    /// The subschema for a name.
    pub(super) fn get(&self, key: &Text<'_>) -> Option<Sub> {
        let key = key.decode();
        let order = |name: &str| name.len().cmp(&key.len()).then_with(|| name.cmp(&key));
        let at = self.0.binary_search_by(|(name, _)| order(name)).ok()?;
        self.0.get(at).map(|(_, sub)| *sub)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Sub)> for Named {
    fn from_iter<I: IntoIterator<Item = (String, Sub)>>(subs: I) -> Self {
        let mut subs: Vec<_> = subs.into_iter().collect();
        subs.sort_unstable_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        Self(subs)
    }
}

impl Members {
    /// Whether a keyword speaks of the member of a name.
    pub(super) fn speaks_of(&self, key: &Text<'_>) -> bool {
        self.rest.is_some() || self.named.get(key).is_some() || !self.subs_of(key).0.is_empty()
    }

    /// The subschemas for the member of a name. The last value tells whether only `additionalProperties` speaks of it.
    pub(super) fn subs_of(&self, key: &Text<'_>) -> (Vec<Sub>, bool) {
        let mut subs: Vec<Sub> = self.named.get(key).into_iter().collect();
        if !self.patterns.is_empty() {
            let name = Node::String(key.clone());
            subs.extend(self.patterns.iter().filter(|(pattern, _)| pattern.is_valid(&name)).map(|(_, sub)| *sub));
        }
        if subs.is_empty() { (self.rest.into_iter().collect(), true) } else { (subs, false) }
    }
}
