//! Whether a document fits, each question asked once: a shared subschema judges a value a single time, and the verdict is kept.
//!
//! So a document costs at most its values times the subschemas that apply to them, however they refer to each other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::evaluated::Evaluated;
use super::graph::{Graph, Lead, Members, Rule, Sub, asked_for};
use crate::json::{Node, Object};

/// How many subschemas may be gone through inside each other, over all levels of a document. A worker's stack holds them.
pub(super) const MOST_FRAMES: usize = 1200;

/// Judges one document.
#[derive(Debug)]
pub(super) struct Judge<'g> {
    pub(super) graph: &'g Graph,
    known: HashMap<Question, Answer>,
    /// The questions in the order in which they were answered.
    answered: Vec<Question>,
    frames: usize,
    /// How often a subschema was applied to a value.
    pub(super) steps: u64,
    /// Whether the document leads deeper than [`MOST_FRAMES`]: then no verdict counts.
    pub(super) too_deep: bool,
}

/// A subschema and the value it is asked about, by its address: the document stays where it is while it is judged.
pub(super) type Question = (Sub, usize);

/// What is known of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It is being asked. A schema that leads back to it for the same value takes it for a yes, and notes that here.
    Open {
        assumed: bool,
    },
    Known(bool),
}

/// The question whether a value fits a subschema.
pub(super) fn question(sub: Sub, node: &Node<'_>) -> Question {
    (sub, std::ptr::from_ref(node).addr())
}

impl<'g> Judge<'g> {
    /// A judge who knows nothing yet.
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self { graph, known: HashMap::new(), answered: Vec::new(), frames: 0, steps: 0, too_deep: false }
    }

    /// Goes one subschema deeper; `false` when that is too deep. What entered must leave.
    pub(super) fn enter(&mut self) -> bool {
        self.too_deep |= self.frames >= MOST_FRAMES;
        self.frames += usize::from(!self.too_deep);
        !self.too_deep
    }

    /// Comes back from one subschema deeper.
    pub(super) fn leave(&mut self) {
        self.frames = self.frames.saturating_sub(1);
    }

    /// Whether a value fits a subschema.
    pub(super) fn fits(&mut self, sub: Sub, node: &Node<'_>) -> bool {
        let graph = self.graph;
        let Some(rule) = graph.rule(sub) else { return true };
        if rule.never {
            return false;
        }
        if !rule.shared {
            return self.judge(sub, rule, node);
        }
        let asked = question(sub, node);
        if let Some(known) = self.recall(asked) {
            return known;
        }
        let before = self.answered.len();
        let fits = self.judge(sub, rule, node);
        self.keep(asked, fits, before);
        fits
    }

    /// What is known of a question. One that nobody asked yet is open from now on.
    fn recall(&mut self, asked: Question) -> Option<bool> {
        match self.known.entry(asked) {
            Entry::Vacant(free) => {
                free.insert(Answer::Open { assumed: false });
                None
            }
            Entry::Occupied(there) => match there.into_mut() {
                Answer::Known(fits) => Some(*fits),
                Answer::Open { assumed } => {
                    *assumed = true;
                    Some(true)
                }
            },
        }
    }

    /// Keeps the answer to an open question, for which others were answered from the place `before` on.
    fn keep(&mut self, asked: Question, fits: bool, before: usize) {
        if self.known.insert(asked, Answer::Known(fits)) == Some(Answer::Open { assumed: true }) && !fits {
            // What was found to fit since may have leant on a yes that is none.
            for earlier in self.answered.drain(before..) {
                if self.known.get(&earlier) == Some(&Answer::Known(true)) {
                    self.known.remove(&earlier);
                }
            }
        }
        self.answered.push(asked);
    }

    fn judge(&mut self, sub: Sub, rule: &'g Rule, node: &Node<'_>) -> bool {
        self.steps += 1;
        if rule.own.as_ref().is_some_and(|own| !own.is_valid(node)) {
            return false;
        }
        if rule.leads.is_empty() || !self.enter() {
            return true;
        }
        let mut holds = true;
        for lead in &rule.leads {
            holds = holds && self.holds(sub, lead, node);
        }
        self.leave();
        holds
    }

    /// Whether a keyword of subschema `sub` holds.
    ///
    /// This and what it calls go down with the document: loops and small functions, since closures would make a deeper stack.
    pub(super) fn holds(&mut self, sub: Sub, lead: &'g Lead, node: &Node<'_>) -> bool {
        match (lead, node) {
            (Lead::All(subs), _) => self.all_fit(subs, node),
            (Lead::Any(subs), _) => self.any_fits(subs, node),
            (Lead::One(subs), _) => self.fitting(subs, node) == 1,
            (Lead::Not(sub), _) => !self.fits(*sub, node),
            (Lead::If { test, then, otherwise }, _) => match if self.fits(*test, node) { then } else { otherwise } {
                Some(next) => self.fits(*next, node),
                None => true,
            },
            (Lead::Dependent(list), _) => self.dependents_fit(list, node),
            (Lead::Elements { prefix, rest }, Node::Array(elements)) => self.elements_fit(prefix, *rest, elements),
            (Lead::Contains { sub, least, most }, Node::Array(elements)) => {
                (*least..=*most).contains(&self.count(*sub, elements))
            }
            (Lead::FurtherElements(further), Node::Array(elements)) => self.further_elements_fit(sub, *further, node, elements),
            (Lead::Members(members), Node::Object(object)) => self.members_fit(members, object),
            (Lead::Names(names), Node::Object(object)) => self.names_fit(*names, object),
            (Lead::FurtherMembers(further), Node::Object(object)) => self.further_members_fit(sub, *further, node, object),
            _ => true,
        }
    }

    fn all_fit(&mut self, subs: &[Sub], node: &Node<'_>) -> bool {
        for sub in subs {
            if !self.fits(*sub, node) {
                return false;
            }
        }
        true
    }

    fn any_fits(&mut self, subs: &[Sub], node: &Node<'_>) -> bool {
        for sub in subs {
            if self.fits(*sub, node) {
                return true;
            }
        }
        false
    }

    fn dependents_fit(&mut self, list: &[(String, Sub)], node: &Node<'_>) -> bool {
        for sub in asked_for(list, node) {
            if !self.fits(sub, node) {
                return false;
            }
        }
        true
    }

    fn elements_fit(&mut self, prefix: &[Sub], rest: Option<Sub>, elements: &[Node<'_>]) -> bool {
        for (index, element) in elements.iter().enumerate() {
            if let Some(sub) = prefix.get(index).copied().or(rest)
                && !self.fits(sub, element)
            {
                return false;
            }
        }
        true
    }

    fn members_fit(&mut self, members: &Members, object: &Object<'_>) -> bool {
        for member in object.members() {
            if members.patterns.is_empty() {
                let sub = members.named.get(&member.key).or(members.rest);
                if sub.is_some_and(|sub| !self.fits(sub, &member.value)) {
                    return false;
                }
            } else if !self.all_fit(&members.subs_of(&member.key).0, &member.value) {
                return false;
            }
        }
        true
    }

    fn names_fit(&mut self, names: Sub, object: &Object<'_>) -> bool {
        object.members().iter().all(|member| self.apart(&Node::String(member.key.clone()), |judge, name| judge.fits(names, name)))
    }

    fn further_elements_fit(&mut self, sub: Sub, further: Sub, node: &Node<'_>, elements: &[Node<'_>]) -> bool {
        let seen = Evaluated::of(self, sub, node).parts;
        for (element, seen) in elements.iter().zip(seen) {
            if !seen && !self.fits(further, element) {
                return false;
            }
        }
        true
    }

    fn further_members_fit(&mut self, sub: Sub, further: Sub, node: &Node<'_>, object: &Object<'_>) -> bool {
        let seen = Evaluated::of(self, sub, node).parts;
        for (member, seen) in object.members().iter().zip(seen) {
            if !seen && !self.fits(further, &member.value) {
                return false;
            }
        }
        true
    }

    /// How many of the subschemas fit, counted up to two.
    pub(super) fn fitting(&mut self, subs: &[Sub], node: &Node<'_>) -> usize {
        let mut count = 0;
        for sub in subs {
            if count < 2 && self.fits(*sub, node) {
                count += 1;
            }
        }
        count
    }

    /// How many elements fit.
    fn count(&mut self, sub: Sub, elements: &[Node<'_>]) -> u64 {
        let mut count = 0;
        for element in elements {
            count += u64::from(self.fits(sub, element));
        }
        count
    }

    /// Asks about a value that is no part of the document, with a memory of its own: its address will be another's.
    pub(super) fn apart<T>(&mut self, node: &Node<'_>, ask: impl FnOnce(&mut Judge<'g>, &Node<'_>) -> T) -> T {
        let mut other = Judge { frames: self.frames, too_deep: self.too_deep, ..Judge::new(self.graph) };
        let out = ask(&mut other, node);
        self.too_deep |= other.too_deep;
        self.steps += other.steps;
        out
    }
}
