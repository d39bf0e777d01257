//! What happens at a closing bracket.

use super::super::flatten::Joint;
use super::super::nulls::Fate;
use super::frame::{Frame, Scope};
use super::machine::Machine;
use super::names::{any_twice, first_met, hash_of, step_of};
use super::odd::Oddity;
use super::program::{Op, Program};
use super::steps::{makes, write_member};
use super::track::LOST;
use crate::json::Stop;

impl Machine<&Program> {
    /// The end of the innermost container, whose bracket stands at `bracket`.
    pub(super) fn close(&mut self, src: &[u8], bracket: usize) -> Result<(), Stop> {
        let Some(frame) = self.frames.last().copied() else { return Err(Stop::Refused) };
        if frame.touched
            && let Some(step) = first_met(self.names.get_mut(frame.names..).unwrap_or_default())
        {
            let op = self.program.ops.get(step);
            let what = match op {
                Some(Op::Rename { .. } | Op::Case { .. }) => "two names become one",
                _ => "a name stands twice",
            };
            return self.stuck(src, op.map_or("", Op::step), || what.to_owned());
        }
        // What the counting step removes comes to no later step.
        let emptied = self.program.counting.filter(|_| frame.may_empty && self.is_emptied(&frame));
        let dropped = emptied.or(frame.doomed);
        if frame.late && emptied.is_none() {
            self.tell_late(&frame)?;
        }
        if dropped.is_none() {
            self.add_missing(src, bracket, &frame)?;
        }
        match (dropped, frame.scope) {
            (None, Scope::Lifted) => self.close_lifted(src, bracket, &frame),
            (None, Scope::Top) if frame.lifts && self.any_meet(frame.lifted) => {
                return self.stuck(src, "flatten", || "two names become one, or one stands twice".to_owned());
            }
            _ => {}
        }
        self.nest.close();
        self.leave(src, bracket + 1, dropped);
        Ok(())
    }

    /// A container that was walked through is at its end, its bracket read.
    pub(super) fn passed(&mut self, src: &[u8]) {
        let dropped = self.frames.last().and_then(|frame| frame.doomed);
        self.leave(src, self.at, dropped);
    }

    fn leave(&mut self, src: &[u8], at: usize, dropped: Option<usize>) {
        let Some(frame) = self.frames.pop() else { return };
        self.at = at;
        self.states.truncate(self.frames.len() * self.program.ops.len());
        self.names.truncate(frame.names);
        if let Some(dropped) = dropped {
            // To steps behind the one that removes it, it never came.
            let own = self.names.get(frame.own_names..).unwrap_or_default();
            let stay = own.iter().take_while(|name| step_of(**name) <= dropped).count();
            self.names.truncate(frame.own_names + stay);
            self.lifted.truncate(frame.own_lifted);
            self.origins.truncate(frame.own_lifted);
        } else if frame.scope != Scope::Lifted {
            self.lifted.truncate(frame.lifted);
            self.origins.truncate(frame.lifted);
        }
        self.prefix.truncate(frame.prefix_before);
        if dropped.is_some() {
            self.cut.back(src, frame.mark, at);
        }
        self.count(dropped);
        let Some(around) = self.frames.last_mut() else { return };
        if dropped.is_none() {
            around.first = if frame.scope == Scope::Lifted { frame.first } else { false };
            around.kept += 1;
            around.seen |= frame.own_bit;
        }
    }

    /// Whether the counting step removes a container in which nothing is left.
    fn is_emptied(&self, frame: &Frame) -> bool {
        let Some(op) = self.program.counting.and_then(|at| self.program.ops.get(at)) else { return false };
        if frame.survived > 0 {
            return false;
        }
        match op {
            Op::Sweep { rules, .. } => {
                let kind = if frame.is_object { rules.empty.objects } else { rules.empty.arrays };
                kind == Fate::Drop || frame.arrived > 0 && rules.emptied == Fate::Drop
            }
            _ => true,
        }
    }

    /// A lifted object is gone, unless nothing stood in it: then it is a member itself.
    fn close_lifted(&mut self, src: &[u8], bracket: usize, frame: &Frame) {
        self.cut.skip(src, bracket, bracket + 1);
        if frame.kept > 0 {
            return;
        }
        self.stays(frame);
        let joint = match self.program.ops.last() {
            Some(Op::Flatten(lifting)) => match &lifting.joint {
                Joint::Text(joint) => joint.len(),
                Joint::Camel => 0,
            },
            _ => 0,
        };
        let name = self.prefix.get(frame.prefix_from..self.prefix.len() - joint).unwrap_or_default();
        if !frame.first {
            self.cut.out.push(b',');
        }
        self.cut.out.push(b'"');
        self.cut.out.extend_from_slice(name.as_bytes());
        self.cut.out.extend_from_slice(b"\":{}");
        if let Some(frame) = self.frames.last_mut() {
            frame.first = false;
        }
    }

    /// `default`: the members that are missing.
    fn add_missing(&mut self, src: &[u8], bracket: usize, frame: &Frame) -> Result<(), Stop> {
        let Some(Op::Default { track, values }) = self.program.ops.last() else { return Ok(()) };
        let state = self.states.last().map_or(LOST, |state| state[0]);
        if state == LOST || !frame.is_object {
            return Ok(());
        }
        let mut first = frame.first;
        for (at, (name, to)) in track.names(state).iter().enumerate() {
            if frame.seen >> at.min(63) & 1 == 1 {
                continue;
            }
            let json = match track.hit(*to).and_then(|hit| values.get(hit)) {
                Some(json) => json,
                None if makes(track, *to) => &self.made_of(track, values, *to)?,
                None => continue,
            };
            self.cut.write(src, bracket, if first { b"" } else { b"," }, bracket);
            write_member(&mut self.cut.out, name, json);
            first = false;
        }
        Ok(())
    }

    /// Whether names of a flattened object meet; their order changes.
    fn any_meet(&mut self, from: usize) -> bool {
        if self.oddity == Oddity::Refuse {
            return any_twice(self.lifted.get_mut(from..).unwrap_or_default());
        }
        // Where each comes from is looked at only when a name stands twice.
        let names = self.lifted.len();
        self.lifted.extend_from_within(from..);
        let is_twice = any_twice(self.lifted.get_mut(names..).unwrap_or_default());
        self.lifted.truncate(names);
        is_twice && self.lifted_meet(from)
    }

    /// Keeps a member's name as a step left it, to see whether two meet; `touched` when the step gave it.
    pub(super) fn note_name(&mut self, step: usize, name: &str, touched: bool) {
        self.names.push(hash_of(step, name, touched));
        if let Some(frame) = self.frames.last_mut() {
            frame.touched |= touched;
        }
    }
}
