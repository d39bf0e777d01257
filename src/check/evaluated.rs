//! Which members and elements a subschema speaks of, for `unevaluatedProperties` and `unevaluatedItems`.

use std::collections::HashSet;

use super::graph::{Lead, Sub, asked_for};
use super::judge::Judge;
use crate::json::Node;

/// The parts of a value that were spoken of.
#[derive(Debug)]
pub(super) struct Evaluated {
    /// For each member or element, in the document's order, whether it was.
    pub(super) parts: Vec<bool>,
    /// The subschemas that were looked through; each is once.
    seen: HashSet<Sub>,
    origin: Sub,
}

impl Evaluated {
    /// What subschema `origin` speaks of, apart from its own `unevaluated…`.
    pub(super) fn of(judge: &mut Judge<'_>, origin: Sub, node: &Node<'_>) -> Self {
        let parts = match node {
            Node::Array(elements) => elements.len(),
            Node::Object(object) => object.members().len(),
            _ => 0,
        };
        let mut evaluated = Self { parts: vec![false; parts], seen: HashSet::new(), origin };
        evaluated.look(judge, origin, node);
        evaluated
    }

    fn look(&mut self, judge: &mut Judge<'_>, sub: Sub, node: &Node<'_>) {
        if !self.seen.insert(sub) {
            return;
        }
        let graph = judge.graph;
        let Some(rule) = graph.rule(sub) else { return };
        if !judge.enter() {
            return;
        }
        for lead in &rule.leads {
            match lead {
                Lead::All(subs) => {
                    for sub in subs {
                        self.look(judge, *sub, node);
                    }
                }
                Lead::Any(subs) | Lead::One(subs) => {
                    for sub in subs {
                        self.look_if_fitting(judge, *sub, node);
                    }
                }
                Lead::If { test, then, otherwise } => {
                    let fits = judge.fits(*test, node);
                    for sub in Some(test).filter(|_| fits).into_iter().chain(if fits { then } else { otherwise }) {
                        self.look(judge, *sub, node);
                    }
                }
                Lead::Dependent(list) => {
                    for sub in asked_for(list, node) {
                        self.look(judge, sub, node);
                    }
                }
                _ => self.mark(judge, sub, lead, node),
            }
        }
        judge.leave();
    }

    fn look_if_fitting(&mut self, judge: &mut Judge<'_>, sub: Sub, node: &Node<'_>) {
        if judge.fits(sub, node) {
            self.look(judge, sub, node);
        }
    }

    /// Marks what a keyword that steps into the value speaks of.
    fn mark(&mut self, judge: &mut Judge<'_>, sub: Sub, lead: &Lead, node: &Node<'_>) {
        match (lead, node) {
            (Lead::Elements { prefix, rest }, Node::Array(_)) => {
                let named = if rest.is_some() { usize::MAX } else { prefix.len() };
                self.parts.iter_mut().take(named).for_each(|part| *part = true);
            }
            (Lead::Contains { sub, .. }, Node::Array(elements)) => {
                for (part, element) in self.parts.iter_mut().zip(elements) {
                    *part = *part || judge.fits(*sub, element);
                }
            }
            (Lead::Members(members), Node::Object(object)) => {
                for (part, member) in self.parts.iter_mut().zip(object.members()) {
                    *part = *part || members.speaks_of(&member.key);
                }
            }
            (Lead::FurtherElements(_), Node::Array(_)) | (Lead::FurtherMembers(_), Node::Object(_)) if sub != self.origin => {
                self.parts.fill(true);
            }
            _ => {}
        }
    }
}
