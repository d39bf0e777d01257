//! `move` and `copy`: another place.

mod entry;
#[cfg(test)]
mod tests;

use super::{Error, Notes, StepError};
use crate::json::{Node, Path};
use entry::{Entry, Group};

/// Takes values from one place and puts them at another.
///
/// All entries look at the document as it came, so two values can change places. Objects on the way to the new place are made
/// where nothing or null stands; what stood at the new place is replaced, with a warning. A value whose new place cannot be
/// reached stays where it is, with a warning.
#[derive(Debug, Clone)]
pub struct Move {
    groups: Vec<Group>,
}

/// Puts copies of values at other places; otherwise like [`Move`].
#[derive(Debug, Clone)]
pub struct Copy {
    groups: Vec<Group>,
}

impl Move {
    /// Entries are where a value is and where it goes.
    ///
    /// # Errors
    ///
    /// When the wildcards of an entry are not the same on both sides, when a value would go into itself, when two entries take
    /// from, or write to, the same place or one inside of the other.
    pub fn new(entries: Vec<(Path, Path)>) -> Result<Self, StepError> {
        let groups = entry::groups(entries)?;
        groups.iter().try_for_each(Group::check_move)?;
        Ok(Self { groups })
    }

    /// Where values are and where they go.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.groups.iter().flat_map(Group::paths)
    }

    /// Never fails.
    pub(super) fn apply(&self, doc: &mut Node<'_>, notes: &mut Notes) -> Result<(), Error> {
        for group in &self.groups {
            group.each_base("move", doc, notes, &mut |base, notes| move_all(base, group, notes));
        }
        Ok(())
    }
}

impl Copy {
    /// Entries are where a value is and where its copy goes, which may be inside of itself.
    ///
    /// # Errors
    ///
    /// When the wildcards of an entry are not the same on both sides, or when two entries write to the same place or one inside
    /// of the other.
    pub fn new(entries: Vec<(Path, Path)>) -> Result<Self, StepError> {
        Ok(Self { groups: entry::groups(entries)? })
    }

    /// Where values are and where their copies go.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.groups.iter().flat_map(Group::paths)
    }

    /// Never fails.
    pub(super) fn apply(&self, doc: &mut Node<'_>, notes: &mut Notes) -> Result<(), Error> {
        for group in &self.groups {
            group.each_base("copy", doc, notes, &mut |base, notes| copy_all(base, group, notes));
        }
        Ok(())
    }
}

/// A value on its way.
struct Taken<'g, 'a> {
    entry: &'g Entry,
    value: Node<'a>,
}

fn copy_all(base: &mut Node<'_>, group: &Group, notes: &mut Notes) {
    let mut copies = Vec::with_capacity(group.entries.len());
    for entry in &group.entries {
        match entry.find(base) {
            Ok(Some(value)) => copies.push(Taken { entry, value: value.clone() }),
            Ok(None) => {}
            Err(found) => notes.mismatch("copy", &entry.typed.0, found),
        }
    }
    copies.retain(|copy| reachable("copy", base, copy.entry, notes));
    put_all("copy", base, copies, notes);
}

/// Every value leaves null in its place, until it is known that all can be put where they go.
fn move_all(base: &mut Node<'_>, group: &Group, notes: &mut Notes) {
    let mut taken = Vec::with_capacity(group.entries.len());
    for entry in &group.entries {
        match entry.find_mut(base) {
            Ok(Some(value)) => taken.push(Taken { entry, value: std::mem::take(value) }),
            Ok(None) => {}
            Err(found) => notes.mismatch("move", &entry.typed.0, found),
        }
    }
    // A value that goes back may stand in the way of another one, so this ends only when nothing goes back any more.
    while let Some(at) = taken.iter().position(|value| !reachable("move", base, value.entry, notes)) {
        let Taken { entry, value } = taken.remove(at);
        if let Ok(Some(place)) = entry.find_mut(base) {
            *place = value;
        }
    }
    let mut left: Vec<&Entry> = taken.iter().map(|value| value.entry).collect();
    left.sort_by(|one, other| other.positions().cmp(one.positions()));
    left.iter().for_each(|entry| entry.remove(base));
    put_all("move", base, taken, notes);
}

fn reachable(step: &'static str, base: &Node<'_>, entry: &Entry, notes: &mut Notes) -> bool {
    let blocked = entry.blocked(base);
    if let Some(found) = blocked {
        notes.mismatch(step, &entry.typed.1, found);
    }
    blocked.is_none()
}

fn put_all<'a>(step: &'static str, base: &mut Node<'a>, values: Vec<Taken<'_, 'a>>, notes: &mut Notes) {
    for Taken { entry, value } in values {
        if entry.put(base, value) {
            notes.warn(step, || format!("`{}` stood already and is replaced", entry.typed.1));
        }
    }
}
