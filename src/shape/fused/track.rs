//! Paths as one automaton: a step down is one look-up, however many paths there are.

use std::collections::HashMap;

use super::super::aims::Aims;
use crate::json::{Kind, Path, Segment};

/// Nothing below this place is named by any path.
pub(super) const LOST: u32 = 0;

/// A step that does nothing in here.
pub(super) const OFF: u32 = u32::MAX;

/// How many places an automaton may have; paths that need more are left to the tree.
const MOST: usize = 4096;

/// Paths, followed all at once. [`Aims`] is its reference: both tell the same at every place of every document.
#[derive(Debug, Clone)]
pub(super) struct Track {
    places: Vec<Place>,
    start: u32,
    paths: Vec<Path>,
}

/// What the paths say about a place of the document.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The first path that ends here.
    hit: Option<usize>,
    /// The paths that go on through an object or an array alone.
    wants_object: Vec<usize>,
    wants_array: Vec<usize>,
    keys: Vec<(String, u32)>,
    other_key: u32,
    elements: Vec<(usize, u32)>,
    other_element: u32,
}

/// How arrays are entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrays {
    /// By paths that say so.
    Named,
    /// Also by paths that expect an object: they mean each element.
    Through,
}

/// How many segments of which paths lead to a place.
type Paces = Vec<(usize, usize)>;

impl Track {
    /// The automaton of these paths; none when it would be too large.
    pub(super) fn new(paths: &[Path], arrays: Arrays) -> Option<Self> {
        let mut build = Build { paths, arrays, known: HashMap::new(), todo: Vec::new() };
        build.place(Vec::new());
        let mut top = Vec::new();
        for path in 0..paths.len() {
            build.reach(&mut top, (path, 0));
        }
        let start = build.place(top);
        let mut places = vec![Place::default()];
        let mut next = 1;
        while let Some(paces) = build.todo.get(next).cloned() {
            if next >= MOST {
                return None;
            }
            let place = build.describe(&paces);
            places.push(place);
            next += 1;
        }
        Some(Self { places, start, paths: paths.to_vec() })
    }

    /// The automaton of the paths that a step follows.
    pub(super) fn of(aims: &Aims, arrays: Arrays) -> Option<Self> {
        Self::new(aims.paths(), arrays)
    }

    /// At the document itself.
    pub(super) fn start(&self) -> u32 {
        self.start
    }

    /// Into a member, by its decoded name.
    #[inline]
    pub(super) fn member(&self, from: u32, key: &str) -> u32 {
        if from == LOST {
            return LOST;
        }
        let Some(place) = self.places.get(from as usize) else { return LOST };
        place.keys.iter().find(|(name, _)| name == key).map_or(place.other_key, |(_, to)| *to)
    }

    /// Into an element.
    #[inline]
    pub(super) fn element(&self, from: u32, at: usize) -> u32 {
        if from == LOST {
            return LOST;
        }
        let Some(place) = self.places.get(from as usize) else { return LOST };
        place.elements.iter().find(|(index, _)| *index == at).map_or(place.other_element, |(_, to)| *to)
    }

    /// The first path that ends here.
    pub(super) fn hit(&self, at: u32) -> Option<usize> {
        self.places.get(at as usize)?.hit
    }

    /// Whether a path goes on from here and cannot through a value of this kind.
    pub(super) fn balks(&self, at: u32, kind: Kind) -> bool {
        let Some(place) = self.places.get(at as usize) else { return false };
        at != LOST
            && kind != Kind::Null
            && (!place.wants_object.is_empty() && kind != Kind::Object || !place.wants_array.is_empty() && kind != Kind::Array)
    }

    /// The paths that go on from here and cannot through a value of this kind.
    pub(super) fn balked(&self, at: u32, kind: Kind) -> impl Iterator<Item = &Path> {
        let place = self.places.get(at as usize).filter(|_| self.balks(at, kind));
        let objects = place.filter(|_| kind != Kind::Object).map_or(&[][..], |place| &place.wants_object);
        let arrays = place.filter(|_| kind != Kind::Array).map_or(&[][..], |place| &place.wants_array);
        objects.iter().chain(arrays).filter_map(|path| self.paths.get(*path))
    }

    /// The path that ends here.
    pub(super) fn path(&self, at: u32) -> Option<&Path> {
        self.hit(at).and_then(|hit| self.paths.get(hit))
    }

    /// Whether a path counts positions.
    pub(super) fn counts(&self) -> bool {
        self.places.iter().any(|place| !place.elements.is_empty())
    }

    /// Whether a path ends at an element.
    pub(super) fn names_elements(&self) -> bool {
        let elements = |place: &Place| place.elements.iter().map(|(_, to)| *to).chain([place.other_element]).collect::<Vec<_>>();
        self.places.iter().flat_map(elements).any(|to| self.hit(to).is_some())
    }

    /// Whether a path ends at a member of an object that stands here.
    pub(super) fn names_members(&self, at: u32) -> bool {
        let Some(place) = self.places.get(at as usize) else { return false };
        place.keys.iter().map(|(_, to)| *to).chain([place.other_key]).any(|to| self.hit(to).is_some())
    }

    /// The names that lead on from here, with where they lead.
    pub(super) fn names(&self, at: u32) -> &[(String, u32)] {
        self.places.get(at as usize).map_or(&[], |place| &place.keys)
    }
}

struct Build<'p> {
    paths: &'p [Path],
    arrays: Arrays,
    known: HashMap<Paces, u32>,
    todo: Vec<Paces>,
}

/// How a walk goes on from a value.
#[derive(Clone, Copy)]
enum Edge<'k> {
    Member(Option<&'k str>),
    Element(Option<usize>),
}

impl<'p> Build<'p> {
    fn segment(&self, (path, passed): (usize, usize)) -> Option<&'p Segment> {
        self.paths.get(path)?.segments().get(passed)
    }

    /// The number of a place, which is described later.
    fn place(&mut self, mut paces: Paces) -> u32 {
        paces.sort_unstable();
        let next = u32::try_from(self.todo.len()).unwrap_or(u32::MAX);
        *self.known.entry(paces).or_insert_with_key(|paces| {
            self.todo.push(paces.clone());
            next
        })
    }

    /// Adds a pace; where `**` comes next it may stand for nothing, so what is behind it, too.
    fn reach(&self, paces: &mut Paces, mut pace: (usize, usize)) {
        while !paces.contains(&pace) {
            paces.push(pace);
            if self.segment(pace) != Some(&Segment::Deep) {
                return;
            }
            pace.1 += 1;
        }
    }

    fn go(&mut self, from: &Paces, edge: Edge<'_>) -> u32 {
        let mut to = Vec::new();
        for pace in from {
            let passed = match (self.segment(*pace), edge) {
                (None, _) => continue,
                (Some(Segment::Deep), _) => {
                    self.reach(&mut to, *pace);
                    continue;
                }
                (Some(Segment::Key(name)), Edge::Member(key)) => key == Some(name.as_str()),
                (Some(Segment::Members), Edge::Member(_)) | (Some(Segment::Elements), Edge::Element(_)) => true,
                (Some(Segment::Index(index)), Edge::Element(at)) => at == Some(*index),
                (Some(Segment::Key(_) | Segment::Members), Edge::Element(_)) if self.arrays == Arrays::Through => {
                    self.reach(&mut to, *pace);
                    continue;
                }
                _ => false,
            };
            if passed {
                self.reach(&mut to, (pace.0, pace.1 + 1));
            }
        }
        self.place(to)
    }

    fn searches(&self, (path, passed): (usize, usize)) -> bool {
        let segments = self.paths.get(path).map_or(&[][..], Path::segments);
        segments.iter().take(passed).any(|segment| *segment == Segment::Deep)
    }

    fn describe(&mut self, paces: &Paces) -> Place {
        let mut place = Place::default();
        let (mut names, mut indexes) = (Vec::new(), Vec::new());
        for pace in paces {
            match self.segment(*pace) {
                None => place.hit = Some(place.hit.map_or(pace.0, |hit| hit.min(pace.0))),
                Some(Segment::Key(_) | Segment::Members) if !self.searches(*pace) => place.wants_object.push(pace.0),
                Some(Segment::Elements | Segment::Index(_)) if !self.searches(*pace) => place.wants_array.push(pace.0),
                Some(_) => {}
            }
            match self.segment(*pace) {
                Some(Segment::Key(name)) if !names.contains(name) => names.push(name.clone()),
                Some(Segment::Index(index)) if !indexes.contains(index) => indexes.push(*index),
                _ => {}
            }
        }
        place.keys = names.into_iter().map(|name| (name.clone(), self.go(paces, Edge::Member(Some(&name))))).collect();
        place.elements = indexes.into_iter().map(|index| (index, self.go(paces, Edge::Element(Some(index))))).collect();
        place.other_key = self.go(paces, Edge::Member(None));
        place.other_element = self.go(paces, Edge::Element(None));
        place
    }
}
