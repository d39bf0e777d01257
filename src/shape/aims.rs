//! Several paths followed through a document at once, in one walk: which of them ends here, which go on.
//!
//! A [`json::PathSet`](crate::json::PathSet) says whether any path ends at a place; the steps here also need to know which one
//! does (for its new name, its stand-in) and what the others expect of the value (to tell a wrong type).

use super::{Error, Notes};
use crate::json::{Node, Path, Segment, Text};

/// Paths in the order of routes.yaml, known by their place in it.
#[derive(Debug, Clone)]
pub(super) struct Aims {
    paths: Vec<Path>,
}

/// How far one path has come: so many of its segments lead here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    path: usize,
    passed: usize,
}

/// A walk that follows the paths. It keeps a stack of paces, so that no step of it allocates for itself.
#[derive(Debug)]
pub(super) struct Walk<'p> {
    aims: &'p Aims,
    paces: Vec<Pace>,
}

/// What the paths say about one place of the document: a part of the walk's stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    from: usize,
    to: usize,
}

/// How a walk goes on from a value.
#[derive(Debug, Clone, Copy)]
enum Edge<'k> {
    Member(&'k str),
    Element(usize),
    /// Into an element on behalf of the element's own members: paths that expect an object see each element as the value itself.
    Through(usize),
}

impl Sight {
    /// Nothing below this place is named by any path.
    pub(super) fn is_lost(self) -> bool {
        self.from == self.to
    }
}

impl Aims {
    pub(super) fn new(paths: Vec<Path>) -> Self {
        Self { paths }
    }

    pub(super) fn paths(&self) -> &[Path] {
        &self.paths
    }

    pub(super) fn path(&self, at: usize) -> Option<&Path> {
        self.paths.get(at)
    }

    /// Visits every value that a path names, those inside of another one first. Values of the wrong type on the way are noted.
    pub(super) fn each_mut<'a>(
        &self,
        step: &'static str,
        doc: &mut Node<'a>,
        notes: &mut Notes,
        visit: &mut dyn FnMut(&mut Node<'a>, &Path, &mut Notes) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut walk, top) = self.walk();
        walk.each_mut(step, top, doc, notes, visit)
    }

    /// A walk that stands at the top of a document.
    pub(super) fn walk(&self) -> (Walk<'_>, Sight) {
        let mut walk = Walk { aims: self, paces: Vec::with_capacity(4 * self.paths.len()) };
        for path in 0..self.paths.len() {
            walk.reach(0, Pace { path, passed: 0 });
        }
        let top = Sight { from: 0, to: walk.paces.len() };
        (walk, top)
    }

    fn segment(&self, pace: Pace) -> Option<&Segment> {
        self.paths.get(pace.path)?.segments().get(pace.passed)
    }
}

impl Walk<'_> {
    /// Into a member.
    pub(super) fn member(&mut self, sight: Sight, key: &Text<'_>) -> Sight {
        if sight.is_lost() {
            return Sight { from: self.paces.len(), to: self.paces.len() };
        }
        self.go(sight, Edge::Member(&key.decode()))
    }

    /// Into an element.
    pub(super) fn element(&mut self, sight: Sight, at: usize) -> Sight {
        self.go(sight, Edge::Element(at))
    }

    /// Into an element, where a path that expects an object means each object of an array.
    pub(super) fn through(&mut self, sight: Sight, at: usize) -> Sight {
        self.go(sight, Edge::Through(at))
    }

    /// Back to where the walk was before it came to this sight, the latest one.
    pub(super) fn leave(&mut self, sight: Sight) {
        self.paces.truncate(sight.from);
    }

    fn each_mut<'a>(
        &mut self,
        step: &'static str,
        sight: Sight,
        node: &mut Node<'a>,
        notes: &mut Notes,
        visit: &mut dyn FnMut(&mut Node<'a>, &Path, &mut Notes) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if sight.is_lost() {
            return Ok(());
        }
        if let Some(path) = self.balked(sight, node) {
            notes.mismatch(step, path, node.kind());
        }
        match node {
            Node::Object(object) => {
                for member in object.members_mut() {
                    let below = self.member(sight, &member.key);
                    self.each_mut(step, below, &mut member.value, notes, visit)?;
                    self.leave(below);
                }
            }
            Node::Array(elements) => {
                for (at, element) in elements.iter_mut().enumerate() {
                    let below = self.element(sight, at);
                    self.each_mut(step, below, element, notes, visit)?;
                    self.leave(below);
                }
            }
            _ => {}
        }
        match self.hit(sight).and_then(|path| self.aims.path(path)) {
            Some(path) => visit(node, path, notes),
            None => Ok(()),
        }
    }

    /// The first path that ends here.
    pub(super) fn hit(&self, sight: Sight) -> Option<usize> {
        let ends = self.seen(sight).iter().filter(|pace| self.aims.segment(**pace).is_none());
        ends.map(|pace| pace.path).min()
    }

    /// A path that goes on from here and cannot through this value: it is neither null nor what the path expects.
    /// Where `**` is looking, nothing is expected.
    pub(super) fn balked(&self, sight: Sight, value: &Node<'_>) -> Option<&Path> {
        if sight.is_lost() || value.is_null() {
            return None;
        }
        let pace = self.seen(sight).iter().find(|pace| match self.aims.segment(**pace) {
            Some(Segment::Key(_) | Segment::Members) => value.as_object().is_none() && !self.searches(**pace),
            Some(Segment::Elements | Segment::Index(_)) => value.as_array().is_none() && !self.searches(**pace),
            Some(Segment::Deep) | None => false,
        })?;
        self.aims.path(pace.path)
    }

    /// Whether a path names this array's elements, be it by `[]`, by a position, or as the objects that it expects.
    pub(super) fn spans(&self, sight: Sight) -> bool {
        self.seen(sight).iter().any(|pace| match self.aims.segment(*pace) {
            Some(Segment::Key(_) | Segment::Members | Segment::Elements) => !self.searches(*pace),
            _ => false,
        })
    }

    /// Whether the path came here through a `**`, so that it may only be trying.
    fn searches(&self, pace: Pace) -> bool {
        let segments = self.aims.paths.get(pace.path).map_or(&[][..], Path::segments);
        segments.iter().take(pace.passed).any(|segment| *segment == Segment::Deep)
    }

    fn seen(&self, sight: Sight) -> &[Pace] {
        self.paces.get(sight.from..sight.to).unwrap_or_default()
    }

    fn go(&mut self, sight: Sight, edge: Edge<'_>) -> Sight {
        let aims = self.aims;
        let from = self.paces.len();
        for at in sight.from..sight.to {
            let Some(pace) = self.paces.get(at).copied() else { break };
            let Some(segment) = aims.segment(pace) else { continue };
            let passed = match (segment, edge) {
                (Segment::Deep, _) => {
                    self.reach(from, pace);
                    false
                }
                (Segment::Key(key), Edge::Member(name)) => key == name,
                (Segment::Members, Edge::Member(_)) => true,
                (Segment::Elements, Edge::Element(_) | Edge::Through(_)) => true,
                (Segment::Index(place), Edge::Element(at) | Edge::Through(at)) => *place == at,
                (Segment::Key(_) | Segment::Members, Edge::Through(_)) => {
                    self.reach(from, pace);
                    false
                }
                _ => false,
            };
            if passed {
                self.reach(from, Pace { passed: pace.passed + 1, ..pace });
            }
        }
        Sight { from, to: self.paces.len() }
    }

    /// Adds a pace to the sight that begins at `from`; where `**` comes next it may stand for nothing, so what is behind it, too.
    fn reach(&mut self, from: usize, mut pace: Pace) {
        while !self.paces.get(from..).unwrap_or_default().contains(&pace) {
            self.paces.push(pace);
            if self.aims.segment(pace) != Some(&Segment::Deep) {
                return;
            }
            pace.passed += 1;
        }
    }
}
