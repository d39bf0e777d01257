//! Templates that lead on to others, by `include` and `extends`: how far, and which of them lead back to themselves.
//!
//! Nobody has looked at the templates before, so it goes down no stack: they may be as many as they like, and stand as they like.

use std::collections::BTreeMap;

use super::TemplateProblem;
use super::facts::AllFacts;
use super::place;

/// A circle: each template in it with the word that leads on to the next one, the last one to the first.
type Circle<'f> = Vec<(&'f str, &'static str)>;

/// What a walk along all templates has met.
#[derive(Debug)]
pub(super) struct Walk<'f> {
    facts: &'f AllFacts,
    /// How many templates lead on from each of them, one from the other, at most. `None` for those that lead to a circle.
    pub(super) heights: BTreeMap<&'f str, Option<usize>>,
    /// Circles: all of them, but for those that the way to another one leads along too.
    circles: Vec<Circle<'f>>,
}

/// A template that is on the way.
struct Step<'f> {
    name: &'f str,
    links: Vec<(&'static str, &'f str)>,
    next: usize,
    height: Option<usize>,
}

impl<'f> Walk<'f> {
    pub(super) fn of(facts: &'f AllFacts) -> Self {
        let mut walk = Self { facts, heights: BTreeMap::new(), circles: Vec::new() };
        facts.names().for_each(|name| walk.walk(name));
        walk
    }

    /// The link of a template by which the most others lead on from there, with its word.
    pub(super) fn longest(&self, name: &str) -> Option<(&'static str, &'f str)> {
        self.facts.links(name).max_by_key(|(_, other)| self.heights.get(other).copied().flatten())
    }

    fn walk(&mut self, start: &'f str) {
        let facts = self.facts;
        let step = |name: &'f str| Step { name, links: facts.links(name).collect(), next: 0, height: Some(0) };
        let (mut way, mut places): (Vec<Step<'f>>, BTreeMap<&str, usize>) = Default::default();
        let mut met = None;
        let mut next = Some(start);
        loop {
            if let Some(name) = next.take().filter(|name| facts.has(name) && !self.heights.contains_key(name)) {
                places.insert(name, way.len());
                way.push(step(name));
            }
            let Some(at) = way.last_mut() else { break };
            let Some((_, other)) = at.links.get(at.next).copied() else {
                places.remove(at.name);
                self.heights.insert(at.name, at.height);
                way.pop();
                continue;
            };
            if let Some(height) = self.heights.get(other) {
                at.height = at.height.zip(*height).map(|(own, other)| own.max(other + 1));
            } else if let Some(first) = places.get(other) {
                at.height = None;
                met = met.or_else(|| way.get(*first..).map(closed));
            } else if facts.has(other) {
                // It is met again when its height is known.
                next = Some(other);
                continue;
            }
            if let Some(at) = way.last_mut() {
                at.next += 1;
            }
        }
        self.circles.extend(met);
    }
}

fn closed<'f>(way: &[Step<'f>]) -> Circle<'f> {
    way.iter().filter_map(|step| Some((step.name, step.links.get(step.next)?.0))).collect()
}

impl Walk<'_> {
    /// What to say of the circles, by the texts of the templates.
    pub(super) fn problems(&self, texts: &BTreeMap<&str, &str>) -> Vec<TemplateProblem> {
        self.circles.iter().filter_map(|circle| problem(texts, circle)).collect()
    }
}

fn problem(texts: &BTreeMap<&str, &str>, circle: &Circle<'_>) -> Option<TemplateProblem> {
    let (first, word) = *circle.first()?;
    let next = circle.get(1).map_or(first, |(next, _)| *next);
    let has = |wanted: &str| circle.iter().any(|(_, word)| *word == wanted);
    let verb = match (has("include"), has("extends")) {
        (true, true) => "includes and extends",
        (true, false) => "includes",
        (false, _) => "extends",
    };
    let names: Vec<&str> = circle.iter().map(|(name, _)| *name).chain([first]).collect();
    let (line, column) = texts.get(first).and_then(|text| place::named(text, word, next)).unzip();
    Some(TemplateProblem {
        template: first.to_owned(),
        line,
        column,
        message: format!("it {verb} itself: {}", names.join(" → ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(files: &[(String, String)]) -> (Vec<String>, Vec<(String, Option<usize>)>) {
        let texts: BTreeMap<&str, &str> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let facts = AllFacts::of(texts.clone());
        let walk = Walk::of(&facts);
        let told = walk.problems(&texts);
        let said = told.into_iter().map(|p| format!("{}:{}:{}: {}", p.template, p.line.unwrap(), p.column.unwrap(), p.message));
        (said.collect(), walk.heights.iter().map(|(name, height)| ((*name).to_owned(), *height)).collect())
    }

    fn files(links: &[(&str, &[&str])]) -> Vec<(String, String)> {
        let tag = |link: &&str| match link.strip_prefix('^') {
            Some(parent) => format!("{{% extends \"{parent}\" %}}"),
            None => format!("é{{% include \"{link}\" %}}"),
        };
        links.iter().map(|(name, links)| ((*name).to_owned(), links.iter().map(tag).collect())).collect()
    }

    #[test]
    fn a_circle_is_found_however_it_is_closed() {
        for (links, expected) in [
            (&[("p", &["^q"][..]), ("q", &["p"])][..], &["p:1:12: it includes and extends itself: p → q → p"][..]),
            (&[("p", &["^q"]), ("q", &["^r"]), ("r", &["p"])], &["p:1:12: it includes and extends itself: p → q → r → p"]),
            (
                &[("p", &["q"]), ("q", &["^r"]), ("r", &["s"]), ("s", &["q"])],
                &["q:1:12: it includes and extends itself: q → r → s → q"],
            ),
            (&[("a", &["gone", "b"]), ("b", &["b"])], &["b:1:13: it includes itself: b → b"]),
            (
                &[("a", &["^b"]), ("b", &["^a"]), ("c", &["c"])],
                &["a:1:12: it extends itself: a → b → a", "c:1:13: it includes itself: c → c"],
            ),
            (&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])], &[]),
        ] {
            assert_eq!(met(&files(links)).0, expected, "{links:?}");
        }
    }

    #[test]
    fn a_height_is_the_longest_way_and_there_is_none_to_a_circle() {
        let (_, heights) =
            met(&files(&[("a", &["d", "b"]), ("b", &["c"]), ("c", &["d"]), ("d", &[]), ("e", &["d", "f"]), ("f", &["f"])]));
        let heights: Vec<Option<usize>> = heights.into_iter().map(|(_, height)| height).collect();
        assert_eq!(heights, [Some(3), Some(2), Some(1), Some(0), None, None]);
    }

    #[test]
    fn a_way_as_long_as_there_are_templates_takes_no_stack() {
        let name = |at: usize| format!("{at:05}");
        let link = |at: usize| (name(at), format!("{{% include \"{}\" %}}", name((at + 1) % 20_000)));
        let (told, heights) = met(&(0..20_000).map(link).collect::<Vec<_>>());
        assert_eq!((told.len(), heights.len()), (1, 20_000));
    }
}
