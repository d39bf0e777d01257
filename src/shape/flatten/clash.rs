//! Which values have to stay nested, where lifting them all would make two names meet.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::fence::Ground;
use super::forecast::lifts;
use super::lift::{Plan, Prefix};
use super::{Error, Run, STEP};
use crate::json::{Member, Node, Text};

/// A value on the way: lifted, or a member of the result.
struct Entry<'d> {
    /// The entry whose value it stands in; `None` at the top.
    parent: Option<usize>,
    /// The entry after the last one that stands in its value.
    end: usize,
    /// The name it has when it is a member of the result.
    name: Text<'static>,
    /// The name it has in the document.
    own: Cow<'d, str>,
}

/// Decides for every value of an object.
///
/// First all are lifted. Where names then meet, the objects that these values stand in stay nested instead, all at once, so
/// that the order of members plays no part; their own names are new in the result and may meet others in their turn. Each round
/// lifts less, and a value is looked at once for every name it gets, so the work is bounded by the size of the object.
pub(super) fn plan(run: &mut Run<'_>, members: &[Member<'_>], ground: &Ground) -> Result<Plan, Error> {
    let levels = run.rules.levels;
    let mut survey = Survey { run, prefix: Prefix::default(), entries: Vec::new(), open: Vec::new() };
    survey.members(members, None, levels, ground)?;
    let Survey { run, entries, mut open, .. } = survey;
    for closed in settle(&entries, &mut open) {
        run.notes.warn(STEP, || match entries.get(closed) {
            Some(entry) => format!("names in `{}` meet others, so it stays nested", entry.name.decode()),
            None => String::new(),
        });
    }
    Ok(Plan { answers: open.into_iter().zip(entries.iter().map(|entry| entry.end)).collect(), next: 0 })
}

/// Walks through everything that could be lifted.
struct Survey<'s, 'n, 'd> {
    run: &'s mut Run<'n>,
    prefix: Prefix,
    entries: Vec<Entry<'d>>,
    open: Vec<bool>,
}

impl<'d> Survey<'_, '_, 'd> {
    fn members(&mut self, members: &'d [Member<'_>], parent: Option<usize>, levels: usize, ground: &Ground) -> Result<(), Error> {
        let rules = self.run.rules;
        let mut names = HashSet::with_capacity(members.len());
        let twice: HashSet<&Text<'_>> = members.iter().map(|member| &member.key).filter(|key| !names.insert(*key)).collect();
        for member in members {
            let below = rules.except.member(ground, &member.key).filter(|_| lifts(rules, &member.value, levels));
            let lifted = below.filter(|_| !twice.contains(&member.key));
            self.entry((member.key.as_raw(), member.key.decode()), &member.value, parent, levels, lifted)?;
        }
        Ok(())
    }

    /// One more value, under a name raw and decoded; what stands in it, too, when it is lifted.
    fn entry(
        &mut self,
        (raw, own): (&str, Cow<'d, str>),
        value: &'d Node<'_>,
        parent: Option<usize>,
        levels: usize,
        lifted: Option<Ground>,
    ) -> Result<(), Error> {
        let rules = self.run.rules;
        let at = self.entries.len();
        self.run.count(self.prefix.length() + raw.len())?;
        let name = if self.prefix.is_empty() { raw.to_owned() } else { self.prefix.name(&rules.joint, raw) };
        self.entries.push(Entry { parent, end: at + 1, name: Text::raw(name), own });
        self.open.push(lifted.is_some());
        let Some(ground) = lifted else { return Ok(()) };
        let before = self.prefix.enter(&rules.joint, raw);
        match value {
            Node::Object(object) => self.members(object.members(), Some(at), levels - 1, &ground)?,
            Node::Array(elements) => self.elements(elements, Some(at), levels, &ground)?,
            _ => {}
        }
        self.prefix.leave(before);
        let end = self.entries.len();
        if let Some(entry) = self.entries.get_mut(at) {
            entry.end = end;
        }
        Ok(())
    }

    fn elements(&mut self, elements: &'d [Node<'_>], parent: Option<usize>, levels: usize, ground: &Ground) -> Result<(), Error> {
        let rules = self.run.rules;
        for (place, element) in elements.iter().enumerate() {
            let lifted = rules.except.element(ground, place).filter(|_| lifts(rules, element, levels));
            let name = place.to_string();
            self.entry((&name, Cow::Owned(name.clone())), element, parent, levels, lifted)?;
        }
        Ok(())
    }
}

/// Closes what has to stay nested; gives the entries that were closed, in the order of the document.
fn settle(entries: &[Entry<'_>], open: &mut [bool]) -> BTreeSet<usize> {
    let mut gone = vec![false; entries.len()];
    let mut closed = BTreeSet::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_name: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut fresh: Vec<usize> = (0..entries.len()).filter(|at| open.get(*at) == Some(&false)).collect();
    while !fresh.is_empty() {
        let mut touched = BTreeSet::new();
        for at in fresh {
            let Some(entry) = entries.get(at) else { continue };
            let group = *by_name.entry(entry.name.decode()).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(group) {
                group.push(at);
            }
            touched.insert(group);
        }
        let mut closing = BTreeSet::new();
        for group in touched {
            let Some(group) = groups.get_mut(group) else { continue };
            group.retain(|at| gone.get(*at) == Some(&false));
            if meet(entries, group) {
                closing.extend(group.iter().filter_map(|at| entries.get(*at)?.parent));
            }
        }
        for at in &closing {
            close(entries, open, &mut gone, *at);
        }
        fresh = closing.iter().copied().filter(|at| gone.get(*at) == Some(&false)).collect();
        closed.extend(closing);
    }
    closed.retain(|at| gone.get(*at) == Some(&false));
    closed
}

/// Keeps a value nested: all that stood in it is gone from the result.
fn close(entries: &[Entry<'_>], open: &mut [bool], gone: &mut [bool], at: usize) {
    let end = entries.get(at).map_or(at, |entry| entry.end);
    if let Some(open) = open.get_mut(at) {
        *open = false;
    }
    let mut inside = at + 1;
    while inside < end {
        if let Some(gone) = gone.get_mut(inside) {
            *gone = true;
        }
        // What was closed before has nothing left in it to go.
        let was_open = open.get_mut(inside).is_some_and(std::mem::take);
        inside = if was_open { inside + 1 } else { entries.get(inside).map_or(end, |entry| entry.end) };
    }
}

/// Whether the values under one name are different members of the document: a name that stood twice in one object may stay so.
fn meet(entries: &[Entry<'_>], group: &[usize]) -> bool {
    let mut origins = group.iter().filter_map(|at| entries.get(*at)).map(|entry| (entry.parent, &entry.own));
    let Some(first) = origins.next() else { return false };
    origins.any(|origin| origin != first)
}
