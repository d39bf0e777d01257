//! Paths that a walk keeps out of: the `except` and `stop` of several steps.

use super::StepError;
use crate::json::{Path, PathSet, State, Text};

/// Values that a step leaves alone, with everything inside.
#[derive(Debug, Clone)]
pub(super) struct Fence(Option<PathSet>);

/// Where a walk stands, as far as the fence is concerned. Without a fence ahead it holds nothing and costs nothing.
#[derive(Debug, Clone)]
pub(super) struct Ground(Option<State>);

impl Fence {
    /// A fence around the values at these paths. `option` is what routes.yaml calls the list.
    ///
    /// # Errors
    ///
    /// When a path names the document itself: the step would never do anything.
    pub(super) fn new(option: &str, paths: Vec<Path>) -> Result<Self, StepError> {
        if paths.iter().any(|path| path.segments().is_empty()) {
            return Err(StepError::new(format!("`{option}` names the document itself, so the step would do nothing")));
        }
        Ok(Self((!paths.is_empty()).then(|| PathSet::new(paths))))
    }

    /// The paths that it stands around.
    pub(super) fn paths(&self) -> &[Path] {
        self.0.as_ref().map_or(&[], PathSet::paths)
    }

    /// At the top of a document.
    pub(super) fn start(&self) -> Ground {
        Ground(self.0.as_ref().map(PathSet::start))
    }

    /// Into a member; `None` when it lies behind the fence.
    pub(super) fn member(&self, from: &Ground, key: &Text<'_>) -> Option<Ground> {
        let (Some(set), Some(state)) = (&self.0, &from.0) else { return Some(Ground(None)) };
        Self::enter(set, set.enter_key(state, &key.decode()))
    }

    /// Into an element; `None` when it lies behind the fence.
    pub(super) fn element(&self, from: &Ground, at: usize) -> Option<Ground> {
        let (Some(set), Some(state)) = (&self.0, &from.0) else { return Some(Ground(None)) };
        Self::enter(set, set.enter_element(state, at))
    }

    fn enter(set: &PathSet, state: State) -> Option<Ground> {
        if set.is_match(&state) {
            return None;
        }
        Some(Ground((!set.is_dead(&state)).then_some(state)))
    }
}
