//! The names of objects that are flattened, kept to see whether they may meet, and whether they do.

use super::lift::Lift;
use super::lift_level::{Level, Quick};
use super::machine::empty;
use super::names::hash;
use crate::json::Text;

/// How many pairs of names are compared in one object before it is left to the reference.
const PAIRS: usize = 1 << 16;

/// A name: where it stands in the input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) place: (usize, usize),
    /// How many names behind it belong to what is lifted out of its value.
    pub(super) inside: usize,
}

/// How a name begins that stands at a place: its first four bytes, with what is behind it where it has fewer.
#[inline(always)]
pub(super) fn head(src: &[u8], from: usize) -> [u8; 4] {
    let rest = src.get(from..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut head = [b'"'; 4];
        head.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        head
    })
}

/// The names of open objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    names: Vec<Name>,
    /// How each begins: its first four bytes, with the quote and what is behind it where there are fewer. They stand side by side, so that
    /// many are compared at once.
    heads: Vec<u32>,
}

impl Names {
    #[inline(always)]
    pub(super) fn push(&mut self, head: [u8; 4], place: (usize, usize)) {
        self.names.push(Name { place, inside: 0 });
        self.heads.push(u32::from_le_bytes(head));
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Name> {
        self.names.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Name> {
        self.names.get_mut(at)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Name> {
        self.names.iter_mut()
    }

    /// Those from here on.
    fn from(&self, at: usize) -> &[Name] {
        self.names.get(at..).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn truncate(&mut self, length: usize) {
        self.names.truncate(length);
        self.heads.truncate(length);
    }

    pub(super) fn rest(&mut self) {
        empty(&mut self.names);
        empty(&mut self.heads);
    }

    /// Whether none of those from here on but this one begins as it does, as far as four bytes tell.
    fn is_alone(&self, from: usize, at: usize) -> bool {
        let (Some(Name { place: (begin, end), .. }), Some(head)) = (self.names.get(at), self.heads.get(at)) else { return false };
        let mask = u32::MAX.checked_shl(8 * (end - begin) as u32).map_or(u32::MAX, |above| !above);
        let heads = self.heads.get(from..).unwrap_or_default();
        heads.iter().map(|other| u32::from((other ^ head) & mask == 0)).sum::<u32>() == 1
    }
}

impl Lift {
    /// Whether a name beside a lifted one begins with it and the joiner, as far as it goes.
    #[inline(never)]
    pub(super) fn may_meet(&self, quick: &Quick, src: &[u8], level: &Level) -> bool {
        let lifts = self.lifts.get(level.lifts..).unwrap_or_default();
        if (self.names.len() - level.names) * lifts.len() > PAIRS {
            return true;
        }
        lifts.iter().any(|lifted| !self.names.is_alone(level.names, *lifted) && self.meets(quick, src, level, *lifted))
    }

    fn meets(&self, quick: &Quick, src: &[u8], level: &Level, lifted: usize) -> bool {
        let raw = |name: &Name| src.get(name.place.0..name.place.1).unwrap_or_default();
        let Some(own) = self.names.get(lifted).map(raw) else { return true };
        let mut at = level.names;
        while let Some(name) = self.names.get(at) {
            let rest = raw(name).strip_prefix(own).filter(|_| at != lifted);
            if rest.is_some_and(|rest| rest.starts_with(&quick.joint) || quick.joint.starts_with(rest)) {
                return true;
            }
            // Names of what was lifted stand between those of the object.
            at += 1 + name.inside;
        }
        false
    }

    /// What there is to say about names of a flattened object, whose own begin here, when they meet: the reference would leave nested
    /// what has been lifted.
    #[inline(never)]
    pub(super) fn clash(&self, quick: &Quick, src: &[u8], from: usize) -> Option<String> {
        let names = self.names.from(from);
        let mut made = Made { src, joint: &quick.joint, names, parents: Vec::with_capacity(names.len()) };
        let mut numbers = made.numbers();
        numbers.sort_unstable();
        let mut groups = numbers.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1);
        groups.find_map(|group| made.meeting(group))
    }
}

/// The names that are made of those of an object and of what is lifted into it.
struct Made<'l> {
    src: &'l [u8],
    joint: &'l [u8],
    names: &'l [Name],
    /// For each name the one that it stands under.
    parents: Vec<Option<u32>>,
}

impl<'l> Made<'l> {
    /// A number for each name, and its place.
    fn numbers(&mut self) -> Vec<(u64, u32)> {
        let mut numbers = Vec::with_capacity(self.names.len());
        let mut prefix = Vec::new();
        let mut open: Vec<(usize, usize, u32)> = Vec::new();
        for (at, name) in (0..).zip(self.names) {
            while let Some((_, length, _)) = open.pop_if(|(end, ..)| *end <= at as usize) {
                prefix.truncate(length);
            }
            let length = prefix.len();
            prefix.extend_from_slice(self.raw(at));
            numbers.push((hash(&prefix), at));
            self.parents.push(open.last().map(|(.., parent)| *parent));
            if name.inside > 0 {
                prefix.extend_from_slice(self.joint);
                open.push((at as usize + 1 + name.inside, length, at));
            } else {
                prefix.truncate(length);
            }
        }
        numbers
    }

    fn raw(&self, at: u32) -> &'l [u8] {
        self.names.get(at as usize).and_then(|name| self.src.get(name.place.0..name.place.1)).unwrap_or_default()
    }

    fn is_lifted(&self, at: u32) -> bool {
        self.names.get(at as usize).is_some_and(|name| name.inside > 0)
    }

    fn parent(&self, at: u32) -> Option<u32> {
        self.parents.get(at as usize).copied().flatten()
    }

    fn own(&self, at: u32) -> String {
        decoded(self.raw(at))
    }

    /// The whole name, decoded.
    fn name(&self, at: u32) -> String {
        let mut parts = vec![self.raw(at)];
        let mut place = at;
        while let Some(parent) = self.parent(place) {
            parts.extend([self.joint, self.raw(parent)]);
            place = parent;
        }
        parts.reverse();
        decoded(&parts.concat())
    }

    /// What there is to say of names with the same number.
    fn meeting(&self, group: &[(u64, u32)]) -> Option<String> {
        let mut group: Vec<(String, bool, u32)> =
            group.iter().map(|(_, at)| (self.name(*at), self.is_lifted(*at), *at)).collect();
        group.sort_unstable();
        group.chunk_by(|one, other| one.0 == other.0).find_map(|same| self.meet(same))
    }

    /// What there is to say of members with the same name, those that stay first.
    fn meet(&self, same: &[(String, bool, u32)]) -> Option<String> {
        let (name, _, first) = same.first()?;
        let is_same = |one: u32, other: u32| self.parent(one) == self.parent(other) && self.own(one) == self.own(other);
        same.iter().enumerate().skip(1).find_map(|(at, (_, is_lifted, other))| match is_lifted {
            // A name that stands twice in one object may stay so.
            false => (!is_same(*first, *other)).then(|| format!("two members become `{name}`")),
            // Unless what stands in it is lifted. As many objects may have the name as there are places to part it.
            true => same.iter().take(at).any(|(.., one)| is_same(*one, *other)).then(|| format!("`{name}` stands twice")),
        })
    }
}

fn decoded(raw: &[u8]) -> String {
    Text::raw(std::str::from_utf8(raw).unwrap_or_default()).decode().into_owned()
}
