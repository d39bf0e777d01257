//! A flattening between two pieces of a document: what is kept of it, and the way back to the start of an element.

use super::frame::GONE;
use super::lift::Lift;
use super::redo::is_first;
use crate::json::Nest;

impl Lift {
    /// The containers that are open.
    pub(super) fn nest(&self) -> &Nest {
        &self.nest
    }

    /// Whether nothing of the innermost container is read yet.
    pub(super) fn is_opened(&self) -> bool {
        self.levels.last().is_some_and(|level| level.opened)
    }

    /// Counts the bytes of names anew.
    pub(super) fn forget_cost(&mut self) {
        self.name_bytes = 0;
    }

    /// As the machine keeps elements: the outermost one within reach, its places in output and input.
    pub(super) fn keep_element(&mut self, at: usize, keep: usize) -> Option<(usize, usize)> {
        let mut in_list = false;
        for (depth, level) in (self.floor()..).zip(&mut self.levels) {
            if in_list && level.start != GONE && at.saturating_sub(level.start) <= keep {
                return Some((level.mark, level.start));
            }
            level.start = GONE;
            in_list = !self.nest.is_object(depth);
        }
        None
    }

    /// Back to the start of the innermost element within reach: the place in the output unless nothing of it is written, where it is,
    /// and how much there was to say.
    pub(super) fn step_back(&mut self, src: &[u8], at: usize) -> Option<(Option<usize>, usize, usize)> {
        if self.passing.is_some() {
            return None;
        }
        let floor = self.floor();
        let list = (0..self.levels.len()).rev().find(|level| !self.nest.is_object(floor + level))?;
        let Some(element) = self.levels.get(list + 1).copied() else { return Some((None, at, self.noted)) };
        if element.start == GONE {
            return None;
        }
        for _ in self.levels.drain(list + 1..) {
            self.nest.close();
        }
        self.names.truncate(element.names);
        self.lifts.truncate(element.lifts);
        self.prefix.truncate(element.prefix);
        if let Some(list) = self.levels.last_mut() {
            list.opened = is_first(src, element.start);
        }
        self.noted = element.noted;
        Some((Some(element.mark), element.start, element.noted))
    }

    /// An element was done in another way; how much there is to say by now.
    pub(super) fn element_done(&mut self, noted: usize) {
        self.noted = noted;
        if let Some(level) = self.levels.last_mut() {
            (level.opened, level.first, level.kept) = (false, false, true);
        }
    }

    /// Adds the containers below the outermost one, with their names; how many of them leave as containers.
    pub(super) fn around(&self, around: &mut Vec<(bool, (usize, usize))>) -> usize {
        let floor = self.floor();
        let inner = self.levels.iter().enumerate().skip(1);
        around.extend(inner.clone().map(|(at, level)| {
            let name = level.names.checked_sub(1).and_then(|name| self.names.get(name));
            (self.nest.is_object(floor + at), name.map(|name| name.place).unwrap_or_default())
        }));
        inner.filter(|(_, level)| !level.is_lifted).count()
    }

    /// Every place in the output.
    pub(super) fn marks(&mut self, moved: &dyn Fn(&mut usize)) {
        self.levels.iter_mut().for_each(|level| moved(&mut level.mark));
    }

    /// Every place in the input where something begins.
    pub(super) fn starts(&mut self, moved: &dyn Fn(&mut usize)) {
        self.levels.iter_mut().for_each(|level| moved(&mut level.start));
    }

    /// Every name that is looked at again.
    pub(super) fn places(&mut self, see: &mut dyn FnMut(&mut (usize, usize))) {
        self.names.iter_mut().for_each(|name| see(&mut name.place));
    }

    /// How many containers were open before this walk.
    fn floor(&self) -> usize {
        self.nest.depth() - self.levels.len()
    }
}
