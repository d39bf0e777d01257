//! Where a value is and where it goes.

use std::cmp::Reverse;

use super::super::{Notes, StepError};
use crate::json::{Node, Object, Path, Segment, Text};

/// Entries that work in the same values, wherever the path to these leads.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The path of both sides up to its last wildcard.
    base: Vec<Segment>,
    /// As typed.
    pub(super) entries: Vec<Entry>,
}

/// One entry below its base, free of wildcards.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    from: Vec<Segment>,
    /// Ends in a name.
    to: Vec<Segment>,
    /// Both paths as typed, for warnings.
    pub(super) typed: (Path, Path),
}

/// The entries of a step by what they work in, the deepest first: elements are done before their list goes somewhere else.
pub(super) fn groups(entries: Vec<(Path, Path)>) -> Result<Vec<Group>, StepError> {
    let mut groups: Vec<Group> = Vec::new();
    for (from, to) in entries {
        let (base, entry) = entry(from, to)?;
        match groups.iter_mut().find(|group| group.base == base) {
            Some(group) => group.entries.push(entry),
            None => groups.push(Group { base, entries: vec![entry] }),
        }
    }
    if groups.is_empty() {
        return Err(StepError::new("names nothing"));
    }
    groups.iter().try_for_each(Group::check_targets)?;
    groups.sort_by_key(|group| Reverse(group.base.len()));
    Ok(groups)
}

fn entry(from: Path, to: Path) -> Result<(Vec<Segment>, Entry), StepError> {
    if [&from, &to].iter().any(|path| path.segments().contains(&Segment::Deep)) {
        return Err(StepError::new(format!("`{from}` to `{to}`: `**` leaves open which value goes where")));
    }
    if !matches!(to.segments().last(), Some(Segment::Key(_))) {
        return Err(StepError::new(format!("`{to}` does not end in a member's name")).of_value());
    }
    let (base, source) = from.segments().split_at(wildcards(&from));
    match to.segments().split_at_checked(wildcards(&to)) {
        Some((same, target)) if same == base => {
            let (base, source, target) = (base.to_vec(), source.to_vec(), target.to_vec());
            Ok((base, Entry { from: source, to: target, typed: (from, to) }))
        }
        _ => Err(StepError::new(format!(
            "`{from}` to `{to}`: up to the last `[]` or `*` both sides must be the same, as in `list[].a.b` to `list[].b`"
        ))),
    }
}

/// How many segments there are up to the last wildcard.
fn wildcards(path: &Path) -> usize {
    let last = path.segments().iter().rposition(|segment| matches!(segment, Segment::Elements | Segment::Members));
    last.map_or(0, |last| last + 1)
}

impl Group {
    /// Both sides of every entry, as typed.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.iter().flat_map(|entry| [&entry.typed.0, &entry.typed.1])
    }

    fn check_targets(&self) -> Result<(), StepError> {
        for (at, other) in self.entries.iter().enumerate() {
            let clash = |one: &&Entry| other.to.starts_with(&one.to) || one.to.starts_with(&other.to);
            if let Some(one) = self.entries.iter().take(at).find(clash) {
                let ((first, there), (from, to)) = (&one.typed, &other.typed);
                return Err(StepError::new(format!("`{from}` cannot go to `{to}` while `{first}` goes to `{there}`")).of_value());
            }
        }
        Ok(())
    }

    /// What holds for values that leave their place.
    pub(super) fn check_move(&self) -> Result<(), StepError> {
        for Entry { from, to, typed } in &self.entries {
            if to.starts_with(from) {
                return Err(StepError::new(format!("`{}` cannot move into itself, to `{}`", typed.0, typed.1)));
            }
        }
        self.check_pairs(|one, other| {
            let (from, to) = (&one.typed.0, &other.typed.1);
            if other.from.starts_with(&one.from) {
                return Some(format!("`{from}` and `{}` would be moved at once", other.typed.0));
            }
            let element = matches!(one.from.last(), Some(Segment::Index(_)));
            let list = one.from.split_last().map_or(&[][..], |(_, list)| list);
            let counts = other.to.starts_with(list) && matches!(other.to.get(list.len()), Some(Segment::Index(_)));
            (element && counts).then(|| format!("`{to}` counts elements of a list that `{from}` leaves"))
        })
    }

    /// The first complaint about two different entries, looked at both ways.
    fn check_pairs(&self, complaint: impl Fn(&Entry, &Entry) -> Option<String>) -> Result<(), StepError> {
        for (at, one) in self.entries.iter().enumerate() {
            let others = self.entries.iter().enumerate().filter(|(other, _)| *other != at);
            if let Some(complaint) = others.map(|(_, other)| complaint(one, other)).find_map(|complaint| complaint) {
                return Err(StepError::new(complaint));
            }
        }
        Ok(())
    }

    /// Visits every value that the base leads to.
    pub(super) fn each_base<'a>(
        &self,
        step: &'static str,
        doc: &mut Node<'a>,
        notes: &mut Notes,
        visit: &mut dyn FnMut(&mut Node<'a>, &mut Notes),
    ) {
        let mut wrong = |found, notes: &mut Notes| {
            if let Some(entry) = self.entries.first() {
                notes.mismatch(step, &entry.typed.0, found);
            }
        };
        visit_each(&self.base, doc, notes, visit, &mut wrong);
    }
}

fn visit_each<'a>(
    base: &[Segment],
    node: &mut Node<'a>,
    notes: &mut Notes,
    visit: &mut dyn FnMut(&mut Node<'a>, &mut Notes),
    wrong: &mut dyn FnMut(&'static str, &mut Notes),
) {
    let Some((first, rest)) = base.split_first() else { return visit(node, notes) };
    match (first, node) {
        (_, Node::Null) => {}
        (Segment::Key(name), Node::Object(object)) => {
            if let Some(value) = object.get_mut(name) {
                visit_each(rest, value, notes, visit, wrong);
            }
        }
        (Segment::Members, Node::Object(object)) => {
            for member in object.members_mut() {
                visit_each(rest, &mut member.value, notes, visit, wrong);
            }
        }
        (Segment::Elements, Node::Array(elements)) => {
            for element in elements {
                visit_each(rest, element, notes, visit, wrong);
            }
        }
        (Segment::Index(at), Node::Array(elements)) => {
            if let Some(element) = elements.get_mut(*at) {
                visit_each(rest, element, notes, visit, wrong);
            }
        }
        (_, other) => wrong(other.kind(), notes),
    }
}

/// What stands in a value under one segment: nothing, or the wrong type of value for it.
macro_rules! below {
    ($node:expr, $segment:expr, $get:ident) => {
        match ($segment, $node) {
            (_, Node::Null) => Ok(None),
            (Segment::Key(name), Node::Object(object)) => Ok(object.$get(name)),
            (Segment::Index(at), Node::Array(elements)) => Ok(elements.$get(*at)),
            (_, other) => Err(other.kind()),
        }
    };
}

impl Entry {
    /// The positions in the source. Places that are removed in falling order of these leave those of others as they are:
    /// the elements of an array go from its end.
    pub(super) fn positions(&self) -> impl Iterator<Item = Option<usize>> {
        self.from.iter().map(|segment| match segment {
            Segment::Index(at) => Some(*at),
            _ => None,
        })
    }

    /// The value to take.
    ///
    /// # Errors
    ///
    /// The type of what stands on the way.
    pub(super) fn find<'n, 'a>(&self, base: &'n Node<'a>) -> Result<Option<&'n Node<'a>>, &'static str> {
        let mut node = base;
        for segment in &self.from {
            match below!(node, segment, get)? {
                Some(value) => node = value,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// The value to take, to take it.
    ///
    /// # Errors
    ///
    /// The type of what stands on the way.
    pub(super) fn find_mut<'n, 'a>(&self, base: &'n mut Node<'a>) -> Result<Option<&'n mut Node<'a>>, &'static str> {
        find_mut(base, &self.from)
    }

    /// Removes the place that a value was taken from.
    pub(super) fn remove(&self, base: &mut Node<'_>) {
        let Some((last, list)) = self.from.split_last() else { return };
        match (last, find_mut(base, list)) {
            (Segment::Key(name), Ok(Some(Node::Object(object)))) => drop(object.remove(name)),
            (Segment::Index(at), Ok(Some(Node::Array(elements)))) if *at < elements.len() => drop(elements.remove(*at)),
            _ => {}
        }
    }

    /// What stands in the way to the new place, if anything does. Objects can be made, elements cannot.
    pub(super) fn blocked(&self, base: &Node<'_>) -> Option<&'static str> {
        let mut node = base;
        for (at, segment) in self.to.iter().enumerate() {
            match below!(node, segment, get) {
                Ok(Some(value)) => node = value,
                Ok(None) => {
                    let rest = self.to.get(at..).unwrap_or_default();
                    return rest.iter().any(|segment| matches!(segment, Segment::Index(_))).then_some("too few elements");
                }
                Err(found) => return Some(found),
            }
        }
        None
    }

    /// Puts a value at the new place, which is not [`blocked`](Entry::blocked); whether it replaced something that is not null.
    pub(super) fn put<'a>(&self, base: &mut Node<'a>, value: Node<'a>) -> bool {
        put(base, &self.to, value)
    }
}

fn find_mut<'n, 'a>(base: &'n mut Node<'a>, way: &[Segment]) -> Result<Option<&'n mut Node<'a>>, &'static str> {
    let mut node = base;
    for segment in way {
        match below!(node, segment, get_mut)? {
            Some(value) => node = value,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn put<'a>(node: &mut Node<'a>, way: &[Segment], value: Node<'a>) -> bool {
    let Some((segment, rest)) = way.split_first() else {
        let replaced = !node.is_null();
        *node = value;
        return replaced;
    };
    if node.is_null() {
        *node = Node::Object(Object::new());
    }
    match (segment, node) {
        (Segment::Key(name), Node::Object(object)) => match object.get_mut(name) {
            Some(there) => {
                let replaced = put(there, rest, value);
                // The value was put where the last one of the name stood; another of the name would be in its way.
                if rest.is_empty() {
                    object.settle(name);
                }
                replaced
            }
            None => {
                let mut made = Node::Null;
                put(&mut made, rest, value);
                object.push(Text::plain(name.clone()), made);
                false
            }
        },
        (Segment::Index(at), Node::Array(elements)) => elements.get_mut(*at).is_some_and(|there| put(there, rest, value)),
        _ => false,
    }
}
