//! Many paths at once, for a walk over a document: which of the values that it meets are named?

use super::path_walk::{ahead, ends, enter, start};
use super::{Path, Segment};

/// A set of paths, to walk a document with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSet {
    paths: Vec<Path>,
}

/// Where a walk stands: for each path, the steps that may come next, one bit a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    masks: Vec<u64>,
}

impl PathSet {
    /// A set of these paths.
    pub fn new(paths: Vec<Path>) -> Self {
        Self { paths }
    }

    /// The paths.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// At the document itself.
    pub fn start(&self) -> State {
        State { masks: self.paths.iter().map(|path| start(path.segments())).collect() }
    }

    /// From an object into a member, by its decoded name.
    pub fn enter_key(&self, state: &State, key: &str) -> State {
        self.advance(state, |segment| match segment {
            Segment::Key(name) => name == key,
            Segment::Members => true,
            _ => false,
        })
    }

    /// From an array into an element.
    pub fn enter_element(&self, state: &State, at: usize) -> State {
        self.advance(state, |segment| match segment {
            Segment::Elements => true,
            Segment::Index(index) => *index == at,
            _ => false,
        })
    }

    /// Whether a path names the value where the walk stands.
    pub fn is_match(&self, state: &State) -> bool {
        self.walks(state).any(|(segments, mask)| ends(segments, mask))
    }

    /// Whether no path can name anything inside of the value where the walk stands.
    pub fn is_dead(&self, state: &State) -> bool {
        self.walks(state).all(|(segments, mask)| ahead(segments, mask) == 0)
    }

    fn advance(&self, state: &State, fits: impl Fn(&Segment) -> bool) -> State {
        State { masks: self.walks(state).map(|(segments, mask)| enter(segments, mask, &fits)).collect() }
    }

    fn walks<'s>(&'s self, state: &'s State) -> impl Iterator<Item = (&'s [Segment], u64)> {
        self.paths.iter().map(Path::segments).zip(state.masks.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> PathSet {
        PathSet::new(paths.iter().map(|path| Path::parse(path).unwrap()).collect())
    }

    #[test]
    fn a_walk_knows_where_it_matches_and_where_nothing_can() {
        let set = set(&["a.b", "list[].**.id", "*.x"]);
        let root = set.start();
        assert!(!set.is_match(&root) && !set.is_dead(&root));
        let a = set.enter_key(&root, "a");
        assert!(set.is_match(&set.enter_key(&a, "b")) && set.is_match(&set.enter_key(&a, "x")));
        assert!(set.is_dead(&set.enter_key(&a, "c")));
        let element = set.enter_element(&set.enter_key(&root, "list"), 3);
        let id = set.enter_key(&element, "id");
        assert!(set.is_match(&id) && !set.is_dead(&id));
        assert!(set.is_match(&set.enter_key(&set.enter_key(&element, "deep"), "id")));
        assert!(set.is_dead(&set.enter_element(&root, 0)));
    }

    #[test]
    fn the_empty_path_names_the_document() {
        let set = set(&["."]);
        assert!(set.is_match(&set.start()) && set.is_dead(&set.start()));
    }
}
