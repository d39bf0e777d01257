//! What is wrong with a document, fault by fault. An `anyOf` or `oneOf` that nothing fits is one fault: its forms are looked into only
//! when it is told, and only one of them further down, so that forms inside forms do not multiply.

use std::collections::HashSet;
use std::sync::Arc;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::types::JsonType;
use serde_json::Value;

use super::evaluated::Evaluated;
use super::explain::MOST_VIOLATIONS;
use super::graph::{Lead, Sub, asked_for};
use super::judge::{Judge, Question, question};
use super::words::{message, types_of};
use crate::json::{Node, Text};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(super) struct Fault<'g, 'd> {
    /// Where, from the top of the document.
    pub(super) at: Vec<Step<'d>>,
    /// The member of what stands there that is meant, if one is.
    pub(super) member: Option<String>,
    /// The keyword.
    pub(super) rule: String,
    /// What it asks for, for a person.
    pub(super) message: String,
    /// What it asks for, for the choice between forms.
    pub(super) asks: Asks,
    /// The forms of which none fits, and the value.
    pub(super) forms: Option<(&'g [Sub], &'d Node<'d>)>,
}

/// A step into a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'d> {
    Member(&'d Text<'d>),
    Element(usize),
}

/// What a fault asks of the value where it stands.
#[derive(Debug, Clone)]
pub(super) enum Asks {
    Types(Vec<JsonType>),
    OneOf(Arc<Value>),
    Just(Arc<Value>),
    Other,
}

/// Gathers the faults of one document, or of one form of it.
#[derive(Debug)]
pub(super) struct Gather<'j, 'g, 'd> {
    judge: &'j mut Judge<'g>,
    at: Vec<Step<'d>>,
    faults: Vec<Fault<'g, 'd>>,
    seen: HashSet<Question>,
}

/// The faults of a value that stands `at`; up to as many as are ever told.
pub(super) fn faults<'g, 'd>(judge: &mut Judge<'g>, sub: Sub, at: Vec<Step<'d>>, node: &'d Node<'d>) -> Vec<Fault<'g, 'd>> {
    let mut gather = Gather { judge, at, faults: Vec::new(), seen: HashSet::new() };
    gather.look(sub, node);
    gather.faults
}

impl<'g, 'd> Gather<'_, 'g, 'd> {
    fn look(&mut self, sub: Sub, node: &'d Node<'d>) {
        let graph = self.judge.graph;
        let Some(rule) = graph.rule(sub) else { return };
        if rule.never {
            return self.add("falseSchema", "is not allowed", None);
        }
        if self.faults.len() >= MOST_VIOLATIONS || (rule.shared && !self.seen.insert(question(sub, node))) {
            return;
        }
        self.judge.steps += 1;
        if let Some(own) = &rule.own {
            own.iter_errors(node).for_each(|error| self.own(&error));
        }
        if rule.leads.is_empty() || !self.judge.enter() {
            return;
        }
        for lead in &rule.leads {
            self.lead(sub, lead, node);
        }
        self.judge.leave();
    }

    fn step(&mut self, step: Step<'d>, sub: Sub, node: &'d Node<'d>) {
        self.at.push(step);
        self.look(sub, node);
        self.at.pop();
    }

    fn lead(&mut self, sub: Sub, lead: &'g Lead, node: &'d Node<'d>) {
        match lead {
            Lead::All(subs) => {
                for sub in subs {
                    self.look(*sub, node);
                }
            }
            Lead::Any(subs) => {
                if !self.judge.holds(sub, lead, node) {
                    self.forms("anyOf", subs, node);
                }
            }
            Lead::One(subs) => match self.judge.fitting(subs, node) {
                0 => self.forms("oneOf", subs, node),
                1 => {}
                _ => self.add("oneOf", "fits more than one of the allowed forms; exactly one must fit", None),
            },
            Lead::Not(_) => {
                if !self.judge.holds(sub, lead, node) {
                    self.add("not", "has a form that is not allowed", None);
                }
            }
            Lead::If { test, then, otherwise } => {
                let next = if self.judge.fits(*test, node) { then } else { otherwise };
                if let Some(sub) = next {
                    self.look(*sub, node);
                }
            }
            Lead::Dependent(list) => {
                for sub in asked_for(list, node) {
                    self.look(sub, node);
                }
            }
            _ => self.within(sub, lead, node),
        }
    }

    /// The keywords that step into the value.
    fn within(&mut self, sub: Sub, lead: &'g Lead, node: &'d Node<'d>) {
        match (lead, node) {
            (Lead::Elements { prefix, rest }, Node::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    if let Some(sub) = prefix.get(index).or(rest.as_ref()) {
                        self.step(Step::Element(index), *sub, element);
                    }
                }
            }
            (Lead::Contains { .. }, Node::Array(_)) if !self.judge.holds(sub, lead, node) => {
                self.add("contains", &message(&Kind::Contains), None);
            }
            (Lead::FurtherElements(_), Node::Array(_)) if !self.judge.holds(sub, lead, node) => {
                self.add("unevaluatedItems", "must not have further elements", None);
            }
            (Lead::Members(members), Node::Object(object)) => {
                for member in object.members() {
                    let (subs, unnamed) = members.subs_of(&member.key);
                    for sub in subs {
                        if unnamed && self.judge.graph.rule(sub).is_some_and(|rule| rule.never) {
                            self.add("additionalProperties", "is not allowed", Some(&member.key));
                        } else {
                            self.step(Step::Member(&member.key), sub, &member.value);
                        }
                    }
                }
            }
            (Lead::Names(names), Node::Object(object)) => {
                object.members().iter().for_each(|member| self.name(*names, &member.key));
            }
            (Lead::FurtherMembers(further), Node::Object(object)) => {
                let spoken = Evaluated::of(self.judge, sub, node);
                for (member, _) in object.members().iter().zip(spoken.parts).filter(|(_, spoken)| !spoken) {
                    if !self.judge.fits(*further, &member.value) {
                        self.add("unevaluatedProperties", "is not allowed", Some(&member.key));
                    }
                }
            }
            _ => {}
        }
    }

    /// What is wrong with the name of a member.
    fn name(&mut self, names: Sub, key: &Text<'_>) {
        if self.judge.graph.rule(names).is_some_and(|rule| rule.never) {
            return self.add("propertyNames", "is not allowed", Some(key));
        }
        let says: Vec<String> = self.judge.apart(&Node::String(key.clone()), |judge, name| {
            let told = |fault: Fault<'_, '_>| match fault.rule.as_str() {
                "falseSchema" => "must not stand here".to_owned(),
                _ => fault.message,
            };
            if judge.fits(names, name) {
                Vec::new()
            } else {
                faults(judge, names, Vec::new(), name).into_iter().map(told).collect()
            }
        });
        for says in says {
            self.add("propertyNames", &format!("has a member with a name that is not allowed: it {says}"), None);
        }
    }

    /// An error of the engine about the value alone.
    fn own(&mut self, error: &ValidationError<'_>) {
        let kind = error.kind();
        let (asks, member) = match kind {
            Kind::Type { kind } => (Asks::Types(types_of(kind)), None),
            Kind::Enum { options } => (Asks::OneOf(Arc::clone(options)), None),
            Kind::Constant { expected_value } => (Asks::Just(Arc::clone(expected_value)), None),
            Kind::Required { property } => (Asks::Other, property.as_str().map(str::to_owned)),
            _ => (Asks::Other, None),
        };
        self.push(kind.keyword(), message(kind), member, asks, None);
    }

    fn forms(&mut self, rule: &str, subs: &'g [Sub], node: &'d Node<'d>) {
        self.push(rule, "fits none of the allowed forms".to_owned(), None, Asks::Other, Some((subs, node)));
    }

    fn add(&mut self, rule: &str, says: &str, member: Option<&Text<'_>>) {
        self.push(rule, says.to_owned(), member.map(|key| key.decode().into_owned()), Asks::Other, None);
    }

    fn push(
        &mut self,
        rule: &str,
        message: String,
        member: Option<String>,
        asks: Asks,
        forms: Option<(&'g [Sub], &'d Node<'d>)>,
    ) {
        if self.faults.len() < MOST_VIOLATIONS {
            self.faults.push(Fault { at: self.at.clone(), member, rule: rule.to_owned(), message, asks, forms });
        }
    }
}
