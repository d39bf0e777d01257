//! Between two pieces of a document: what of the output may leave, and what of the input is still needed.

use super::frame::{GONE, Scope};
use super::machine::{Machine, Phase};
use super::program::Program;

/// How much room is made at most for what comes next.
const ROOM: usize = 128 << 10;

/// How far a pass is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    /// So many bytes of the output stay, whatever comes.
    pub(super) out: usize,
    /// So many bytes of the input are not looked at again, but for the names of open objects.
    pub(super) input: usize,
}

impl Machine<&Program> {
    /// At the end of a piece. An element of a list stays within reach, to be done once more in another way, while it has at most
    /// `keep` bytes.
    pub(super) fn settle(&mut self, src: &[u8], keep: usize) -> Settled {
        self.cut.skip(src, self.at, self.at);
        // What names may cost is bounded for a document that is held as a whole.
        self.name_bytes = 0;
        if let Phase::Lift(lift) = &mut self.phase {
            lift.forget_cost();
        }
        self.forget_dropped();
        let mut settled = Settled { out: self.cut.out.len(), input: self.at };
        if self.program.may_redo() {
            if let Some((mark, start)) = self.keep_element(keep) {
                settled = Settled { out: settled.out.min(mark), input: start };
            }
        } else {
            self.frames.iter_mut().for_each(|frame| frame.start = GONE);
        }
        if let Some(mark) = self.may_go() {
            settled.out = settled.out.min(mark);
        }
        if self.program.envelope.as_ref().is_some_and(|envelope| !self.unpack.is_decided(envelope)) {
            settled.out = 0;
        }
        settled
    }

    /// What is written of values that go at their end goes now.
    fn forget_dropped(&mut self) {
        let passing = self.unpack.passing_mark();
        let doomed = self.frames.iter().find(|frame| frame.doomed.is_some()).map(|frame| frame.mark);
        let Some(mark) = passing.or(doomed) else { return };
        self.cut.out.truncate(mark);
        self.frames.iter_mut().for_each(|frame| frame.mark = frame.mark.min(mark));
    }

    /// The outermost open element of a list that is small enough to be kept: its places in output and input.
    fn keep_element(&mut self, keep: usize) -> Option<(usize, usize)> {
        let at = self.at;
        let mut kept = None;
        let mut around = None;
        // What is written of a container that goes is forgotten, and so is what is in it.
        let mut goes = false;
        for frame in &mut self.frames {
            goes |= frame.doomed.is_some();
            if goes {
                frame.start = GONE;
                continue;
            }
            let is_element = around == Some((false, Scope::Off)) || around == Some((false, Scope::List));
            if kept.is_none() && is_element && at.saturating_sub(frame.start) <= keep && frame.start != GONE {
                kept = Some((frame.mark, frame.start));
            } else if kept.is_none() {
                frame.start = GONE;
            }
            around = Some((frame.is_object, frame.scope));
        }
        match &mut self.phase {
            Phase::Lift(lift) if kept.is_none() => lift.keep_element(at, keep),
            _ => kept,
        }
    }

    /// Where the outermost container begins that may turn out to be removed.
    fn may_go(&self) -> Option<usize> {
        // What is in a container that goes says nothing about those around it; that one does, where it goes only after the count.
        let doomed = self.frames.iter().position(|frame| frame.doomed.is_some());
        let open = self.frames.get(..doomed.map_or(self.frames.len(), |at| at + 1)).unwrap_or_default();
        let mut mark = None;
        for frame in open.iter().rev() {
            let is_seen = frame.doomed.is_none() || frame.doomed > self.program.counting;
            let stays = is_seen && (!frame.may_empty || frame.survived > 0);
            // A container with something in it that stays does, too.
            if stays {
                break;
            }
            if frame.doomed.is_none() {
                mark = Some(frame.mark);
            }
        }
        mark
    }
}

impl<P> Machine<P> {
    /// Hands out the first bytes of the output.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        if bytes == 0 {
            return Vec::new();
        }
        // The next piece will be about as long.
        let mut rest = Vec::with_capacity((self.cut.out.len() + self.cut.out.len() / 8).min(ROOM));
        rest.extend_from_slice(self.cut.out.get(bytes..).unwrap_or_default());
        let mut taken = std::mem::replace(&mut self.cut.out, rest);
        taken.truncate(bytes);
        let moved = |mark: &mut usize| *mark = mark.saturating_sub(taken.len());
        self.frames.iter_mut().for_each(|frame| moved(&mut frame.mark));
        self.unpack.marks(&moved);
        if let Phase::Lift(lift) = &mut self.phase {
            lift.marks(&moved);
        }
        taken
    }

    /// Forgets the input before `keep`. The names of open objects move to its front; how many bytes they have is returned.
    pub(super) fn forget(&mut self, window: &mut Vec<u8>, keep: usize) -> usize {
        let mut names = 0;
        self.places(&mut |(from, to)| {
            if *to <= keep {
                names += *to - *from;
            }
        });
        let mut head = Vec::with_capacity(names);
        self.places(&mut |place| {
            let (from, to) = *place;
            if to <= keep {
                let at = head.len();
                head.extend_from_slice(window.get(from..to).unwrap_or_default());
                *place = (at, head.len());
            } else {
                *place = (from - keep + names, to - keep + names);
            }
        });
        let moved = |at: &mut usize| {
            if *at != GONE {
                *at = at.saturating_sub(keep) + names;
            }
        };
        self.frames.iter_mut().for_each(|frame| moved(&mut frame.start));
        if let Phase::Lift(lift) = &mut self.phase {
            lift.starts(&moved);
        }
        moved(&mut self.at);
        moved(&mut self.cut.from);
        // The names move to right before what stays, and all else in front goes.
        match keep.checked_sub(names).and_then(|start| Some((start, window.get_mut(start..keep)?))) {
            Some((start, place)) => {
                place.copy_from_slice(&head);
                window.drain(..start);
            }
            None => drop(window.splice(..keep, head)),
        }
        names
    }

    /// Every place of the input that is looked at again.
    fn places(&mut self, see: &mut dyn FnMut(&mut (usize, usize))) {
        self.frames.iter_mut().for_each(|frame| see(&mut frame.key));
        if let Phase::Lift(lift) = &mut self.phase {
            lift.places(see);
        }
    }
}
