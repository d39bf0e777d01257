//! What is wrong with templates: all of it, each with its place.

use std::collections::BTreeSet;

use tera::ErrorKind;

use super::arguments::Told;
use super::engine::{Escaping, tera};
use super::facts::AllFacts;
use super::place::{self, Place};
use super::{nearest, supers, syntax};

/// Something wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The template's name.
    pub template: String,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// The column, from 1, when it is known.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Gathers every problem. Tera stops at the first template it cannot parse, and at the first broken relation between templates; so each is
/// parsed alone, and then all of them together until no relation is broken. What cannot be parsed, and the files and folders of `unread`, are
/// there for the others all the same: nobody knows what is in them, so nothing is said of what may be.
pub(super) fn gather(files: &[(String, String)], unread: &[String]) -> Vec<TemplateProblem> {
    let mut problems = Vec::new();
    let mut family = Family { texts: Vec::with_capacity(files.len()), unsure: unread.iter().cloned().collect() };
    for (name, text) in files {
        let stands = match syntax(name, text) {
            Some(problem) => {
                problems.push(problem);
                family.unsure.insert(name.clone());
                String::new()
            }
            None => text.clone(),
        };
        family.texts.push((name.clone(), stands));
    }
    family.relations(&mut problems);
    problems.extend(family.supers());
    for problem in &mut problems {
        problem.message = lower(&problem.message);
    }
    problems
}

/// Adds what is wrong with the calls of a template. The engine stops at an argument without a name, and has poor words for it; of a name that
/// nobody knows it says less.
pub(super) fn join(problems: &mut Vec<TemplateProblem>, name: &str, told: Told) {
    let place = |problem: &TemplateProblem| problem.line.zip(problem.column);
    problems.retain(|problem| {
        let is_later = told.nameless.is_some_and(|first| place(problem).is_some_and(|place| place >= first));
        let is_told = told.problems.iter().any(|known| place(known) == place(problem));
        problem.template != name || !(is_later || is_told)
    });
    problems.extend(told.problems);
}

/// Templates that can be parsed.
struct Family {
    texts: Vec<(String, String)>,
    /// Those of which nobody knows what is in them.
    unsure: BTreeSet<String>,
}

impl Family {
    fn relations(&mut self, problems: &mut Vec<TemplateProblem>) {
        self.parents(problems);
        // Every round mends one template, each of them once for each of its relations at most.
        while let Err(error) = tera(Escaping::Html).add_raw_templates(self.texts.iter().map(|(name, text)| (name, text))) {
            let (culprit, word, other, message) = match error.kind() {
                ErrorKind::MissingParent { parent, .. } if self.is_unsure(parent) => {
                    self.texts.push((parent.clone(), String::new()));
                    self.unsure.insert(parent.clone());
                    continue;
                }
                ErrorKind::MissingParent { current, parent } => {
                    (current.clone(), "extends", parent.clone(), self.missing(parent))
                }
                ErrorKind::CircularExtend { tpl, inheritance_chain } => {
                    let chain: Vec<String> = [tpl.clone()].into_iter().chain(inheritance_chain.iter().cloned()).collect();
                    circle(&chain, "extends")
                }
                ErrorKind::CircularInclude { include_chain, .. } => circle(include_chain, "include"),
                ErrorKind::Msg(text) if text.starts_with("Component ") => {
                    // A component that two templates define: both are named. Of several it is left to chance which is told.
                    let template = text.split('`').nth(5).unwrap_or_default();
                    let (component, other) = self.first_clash(template).unwrap_or_default();
                    let message = format!("component `{component}` is defined in both `{other}` and `{template}`");
                    (template.to_owned(), "component", component.to_owned(), message)
                }
                ErrorKind::Msg(text) => {
                    problems.extend(self.reports(text));
                    return;
                }
                other => {
                    problems.push(placed("", None, other.to_string()));
                    return;
                }
            };
            if !self.mend(&culprit, word, &other, message, problems) {
                return;
            }
        }
    }

    /// Parents that are not there, which the engine would tell one by one.
    fn parents(&mut self, problems: &mut Vec<TemplateProblem>) {
        let facts = self.facts();
        let parent = |name: &str| facts.parents(name).first().map(|parent| (name.to_owned(), (*parent).to_owned()));
        let pairs: Vec<(String, String)> = self.texts.iter().filter_map(|(name, _)| parent(name)).collect();
        let names: BTreeSet<String> = self.texts.iter().map(|(name, _)| name.clone()).collect();
        for (name, parent) in pairs.into_iter().filter(|(_, parent)| !names.contains(parent)) {
            if !self.is_unsure(&parent) {
                let message = self.missing(&parent);
                self.mend(&name, "extends", &parent, message, problems);
            }
        }
    }

    /// The first component of a template that one before it, by their names, defines too, and that one's name.
    fn first_clash(&self, template: &str) -> Option<(&str, &str)> {
        let (_, text) = self.texts.iter().find(|(name, _)| name == template)?;
        let mut before: Vec<&(String, String)> = self.texts.iter().filter(|(name, _)| name.as_str() < template).collect();
        before.sort();
        place::components(text).into_iter().find_map(|component| {
            let other = before.iter().find(|(_, text)| place::components(text).contains(&component))?;
            Some((component, other.0.as_str()))
        })
    }

    fn supers(&self) -> Vec<TemplateProblem> {
        let facts = self.facts();
        let of = |(name, text): &(String, String)| supers::problems(name, text, &facts, |name| self.is_unsure(name));
        self.texts.iter().flat_map(of).collect()
    }

    fn facts(&self) -> AllFacts {
        AllFacts::of(self.texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Tells a problem of a template, and takes the tag out that it is with; the whole text where there is no such tag. Whether that made any
    /// difference.
    fn mend(&mut self, culprit: &str, word: &str, other: &str, message: String, problems: &mut Vec<TemplateProblem>) -> bool {
        let Some((_, text)) = self.texts.iter_mut().find(|(name, _)| name == culprit) else { return false };
        problems.push(placed(culprit, place::named(text, word, other), message));
        self.unsure.insert(culprit.to_owned());
        match if word == "component" { None } else { place::without(text, word, other) } {
            Some(mended) => *text = mended,
            None if text.is_empty() => return false,
            None => text.clear(),
        }
        true
    }

    /// Whether a template, or the folder that it is in, cannot be read.
    fn is_unsure(&self, name: &str) -> bool {
        self.unsure.iter().any(|unsure| {
            unsure.is_empty() || name.strip_prefix(unsure.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn missing(&self, name: &str) -> String {
        let message = format!("there is no template `{name}`");
        match nearest::template(name, self.texts.iter().map(|(name, _)| name.as_str())) {
            Some(near) => format!("{message}: did you mean `{near}`?"),
            None => message,
        }
    }

    /// What the engine has to say of the names in templates, as far as it does not come of what nobody knows.
    fn reports(&self, text: &str) -> Vec<TemplateProblem> {
        let facts = self.facts();
        let mut problems = reports(text);
        problems.retain_mut(|problem| {
            let name = problem.message.split('`').nth(1).unwrap_or_default().to_owned();
            if problem.message.starts_with("Unknown template") {
                problem.message = self.missing(&name);
                return !self.is_unsure(&name);
            }
            if problem.message.starts_with("Unknown component") {
                return self.unsure.is_empty();
            }
            if problem.message.starts_with("Block ") {
                let parents = facts.parents(&problem.template);
                problem.message = no_such_block(&name, &facts, &parents);
                return !parents.iter().any(|parent| self.is_unsure(parent));
            }
            true
        });
        problems
    }
}

fn no_such_block(name: &str, facts: &AllFacts, parents: &[&str]) -> String {
    let Some(parent) = parents.first() else { return format!("no parent has a block `{name}`") };
    let known = facts.blocks(parent);
    let message = format!("`{parent}` has no block `{name}`, so nobody would see it");
    match (crate::base::suggest(name, known.iter().copied()), known.as_slice()) {
        (Some(near), _) => format!("{message}: did you mean `{near}`?"),
        (None, []) => message,
        (None, known) => format!("{message}: it has `{}`", known.join("`, `")),
    }
}

/// What is wrong with the syntax of one template.
fn syntax(name: &str, text: &str) -> Option<TemplateProblem> {
    let error = tera(Escaping::Html).add_raw_template(name, text).err()?;
    let ErrorKind::SyntaxError(report) = error.kind() else { return None };
    let (place, message) = syntax::explained(text, report);
    Some(placed(name, Some(place), message))
}

/// The way of the other messages: no capital at the beginning, no full stop at the end.
fn lower(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Takes the rendered reports of one error apart: `error: …` and `--> name:line:column`, further lines are the excerpt.
fn reports(text: &str) -> Vec<TemplateProblem> {
    let mut found: Vec<TemplateProblem> = Vec::new();
    for line in text.lines() {
        if let Some(message) = line.strip_prefix("error: ") {
            found.push(placed("", None, message.to_owned()));
        } else if let Some(place) = line.trim_start().strip_prefix("--> ")
            && let Some(problem) = found.last_mut().filter(|problem| problem.line.is_none())
        {
            let mut parts = place.rsplitn(3, ':');
            problem.column = parts.next().and_then(|column| column.parse().ok());
            problem.line = parts.next().and_then(|line| line.parse().ok());
            problem.template = parts.next().unwrap_or_default().to_owned();
        }
    }
    if found.is_empty() {
        found.push(placed("", None, text.to_owned()));
    }
    found
}

/// A circle, whatever leads to it: the template that it is told of, the word and the name that lead on from there, and the message.
fn circle(chain: &[String], word: &'static str) -> (String, &'static str, String, String) {
    let last = chain.last().cloned().unwrap_or_default();
    let start = chain.iter().position(|name| *name == last).unwrap_or_default();
    let closed = chain.get(start..).unwrap_or_default();
    let verb = if word == "include" { "includes" } else { "extends" };
    let next = closed.get(1).unwrap_or(&last).clone();
    (last, word, next, format!("it {verb} itself: {}", closed.join(" → ")))
}

fn placed(template: &str, place: Option<Place>, message: String) -> TemplateProblem {
    let (line, column) = place.unzip();
    TemplateProblem { template: template.to_owned(), line, column, message }
}
