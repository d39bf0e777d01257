//! Where the names of a flattened object come from, to see whether two that are the same are different members of the document.

use super::frame::Frame;
use super::machine::Machine;
use super::program::Program;

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The object that the member stands in, by the place of its first name.
    parent: u32,
    /// The member's own name, where that of the result does not tell it.
    own: u32,
    /// What stands in it is lifted.
    is_lifted: bool,
}

impl Origin {
    pub(super) fn new(parent: usize, own: u64, is_lifted: bool) -> Self {
        Self { parent: parent as u32, own: own as u32, is_lifted }
    }

    fn is_same(self, other: Self) -> bool {
        self.parent == other.parent && self.own == other.own
    }
}

impl Machine<&Program> {
    /// A lifted object turned out to be empty: it is a member itself.
    pub(super) fn stays(&mut self, frame: &Frame) {
        if let Some(origin) = frame.lifted.checked_sub(1).and_then(|at| self.origins.get_mut(at)) {
            origin.is_lifted = false;
        }
    }

    /// Whether names of an object meet that is flattened: those of different members, or one that stands twice and is lifted once.
    pub(super) fn lifted_meet(&self, from: usize) -> bool {
        let names = self.lifted.get(from..).unwrap_or_default();
        let origins = self.origins.get(from..).unwrap_or_default();
        let mut made: Vec<(u64, Origin)> = names.iter().copied().zip(origins.iter().copied()).collect();
        made.sort_unstable_by_key(|(name, origin)| (*name, origin.is_lifted));
        made.chunk_by(|one, other| one.0 == other.0).any(meet)
    }
}

/// Whether members of one name meet, those that stay before those that are lifted.
fn meet(same: &[(u64, Origin)]) -> bool {
    let Some(((_, first), others)) = same.split_first() else { return false };
    others.iter().enumerate().any(|(at, (_, other))| match other.is_lifted {
        false => !other.is_same(*first),
        // As many objects may have the name as there are places to part it.
        true => same.iter().take(at + 1).any(|(_, one)| one.is_same(*other)),
    })
}
