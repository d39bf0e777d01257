//! What becomes of a member, an element or the document itself: every step of the pass is asked in its turn.

use std::borrow::Cow;

use super::envelope::text;
use super::frame::Scope;
use super::machine::Machine;
use super::program::{Op, Program};
use super::steps::is_always;
use super::track::{LOST, OFF, Track};
use crate::json::{Kind, Stop, Text};

/// How a value is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Root,
    Member,
    Element(usize),
}

/// A value on its way through the steps.
pub(super) struct Value {
    pub(super) kind: Kind,
    /// Where it came.
    pub(super) from: usize,
    pub(super) to: usize,
    /// What stands for it, when it is not what came.
    pub(super) made: Option<Vec<u8>>,
    /// The step that removes it.
    pub(super) dropped: Option<usize>,
    /// The counting step may remove it at its end.
    pub(super) may_empty: bool,
    pub(super) scope: Scope,
    pub(super) levels: usize,
    pub(super) bit: u64,
    /// The default of that name stands for it.
    pub(super) filled: bool,
    /// There is something to say about it if it stays.
    pub(super) late: bool,
    /// Where the names that steps gave it begin among those that are kept, and that by which it is lifted.
    pub(super) names: usize,
    pub(super) lifted: usize,
}

impl Value {
    /// Where steps behind the counting one say that there is something about a value that this one may still remove.
    pub(super) fn late(&mut self, at: usize, counting: Option<usize>) -> Option<&mut bool> {
        let is_open = matches!(self.kind, Kind::Array | Kind::Object) && self.made.is_none();
        (is_open && self.may_empty && counting.is_some_and(|counting| at > counting)).then_some(&mut self.late)
    }
}

impl Machine<&Program> {
    /// The value that the steps work on.
    pub(super) fn root(&mut self, src: &[u8], kind: Kind, from: usize, to: usize) -> Result<(), Stop> {
        let mark = self.cut.mark(self.at);
        self.place(src, mark, Edge::Root, None, kind, from, to)
    }

    /// A member or an element of the innermost container.
    #[inline]
    pub(super) fn child(
        &mut self,
        src: &[u8],
        mark: usize,
        key: Option<(usize, usize, bool)>,
        kind: Kind,
        from: usize,
        to: usize,
    ) -> Result<(), Stop> {
        let edge = match (key, self.frames.last_mut()) {
            (Some(_), _) => Edge::Member,
            (None, Some(frame)) => {
                frame.index += 1;
                Edge::Element(frame.index - 1)
            }
            (None, None) => return Err(Stop::Refused),
        };
        let (names, states) = (self.names.len(), self.states.len());
        let done = self.place(src, mark, edge, key, kind, from, to);
        if done == Err(Stop::End) {
            // Some step wants more of it than is there: nothing has happened.
            self.names.truncate(names);
            self.states.truncate(states);
            if let (Edge::Element(at), Some(frame)) = (edge, self.frames.last_mut()) {
                frame.index = at;
            }
        }
        done
    }

    #[expect(clippy::too_many_arguments, reason = "a unit is this many numbers; they live in registers")]
    #[inline]
    fn place(
        &mut self,
        src: &[u8],
        mark: usize,
        edge: Edge,
        key: Option<(usize, usize, bool)>,
        kind: Kind,
        from: usize,
        to: usize,
    ) -> Result<(), Stop> {
        let program = self.program;
        let raw = match key {
            Some((from, to, _)) => text(src, from + 1, to - 1)?,
            None => "",
        };
        let mut name = match key {
            Some((_, _, true)) => Cow::Owned(Text::raw(raw).decode().into_owned()),
            _ => Cow::Borrowed(raw),
        };
        let mut renamed: Option<Cow<'_, str>> = None;
        let mut value = Value {
            kind,
            from,
            to,
            made: None,
            dropped: None,
            may_empty: false,
            scope: Scope::Off,
            levels: usize::MAX,
            bit: 0,
            filled: false,
            late: false,
            names: self.names.len(),
            lifted: self.lifted.len(),
        };
        let is_container = matches!(kind, Kind::Array | Kind::Object);
        let base = self.states.len();
        let above = base.saturating_sub(program.ops.len());
        for (at, op) in program.ops.iter().enumerate() {
            let before = self.states.get(above + at).copied().unwrap_or([LOST; 2]);
            if value.dropped.is_some() {
                self.states.push([OFF, LOST]);
                continue;
            }
            let mut state = [LOST; 2];
            match op {
                Op::Drop => {
                    if edge == Edge::Member && value.kind == Kind::Null {
                        value.dropped = Some(at);
                    }
                }
                Op::Sweep { .. } => state = self.sweep(op, before, edge, &name, &mut value, at)?,
                Op::Numbers(numbers) => {
                    let always = match edge {
                        Edge::Root => false,
                        Edge::Element(_) => before[0] == 1,
                        Edge::Member => is_always(numbers, &name),
                    };
                    state[0] = u32::from(always);
                    self.number(src, numbers, always, &mut value)?;
                }
                Op::Omit(track) => {
                    state[0] = step(track, before[0], edge, &name);
                    if edge != Edge::Root && track.hit(state[0]).is_some() {
                        value.dropped = Some(at);
                        // No path goes on into it.
                        state[0] = LOST;
                    } else if track.balks(state[0], value.kind) {
                        self.balked("omit", track, state[0], value.kind, value.late(at, program.counting))?;
                    }
                }
                Op::Rename { track, names } => {
                    state[0] = step(track, before[0], edge, &name);
                    if track.balks(state[0], value.kind) {
                        self.balked("rename", track, state[0], value.kind, value.late(at, program.counting))?;
                    }
                    let hit = track.hit(state[0]).and_then(|hit| names.get(hit)).filter(|_| edge == Edge::Member);
                    if let Some(new) = hit {
                        renamed = Some(Cow::Borrowed(new));
                        name = match new.contains('\\') {
                            true => Cow::Owned(Text::raw(new.as_str()).decode().into_owned()),
                            false => Cow::Borrowed(new),
                        };
                    }
                    if edge == Edge::Member && track.names_members(before[0]) {
                        self.note_name(at, &name, hit.is_some());
                    }
                }
                Op::Case { case, stop } => {
                    if before[0] == OFF && edge != Edge::Root {
                        state = [OFF, LOST];
                    } else {
                        state[0] = step(stop, before[0], edge, &name);
                        if edge != Edge::Root && stop.hit(state[0]).is_some() {
                            state[0] = OFF;
                        }
                        if edge == Edge::Member {
                            let key = Text::raw(renamed.as_deref().unwrap_or(raw));
                            let new = case.key(&key).map(|new| Text::plain(new).as_raw().to_owned());
                            if let Some(new) = new {
                                name = Cow::Owned(Text::raw(new.as_str()).decode().into_owned());
                                renamed = Some(Cow::Owned(new));
                                self.note_name(at, &name, true);
                            } else {
                                self.note_name(at, &name, false);
                            }
                        }
                    }
                }
                Op::Convert { track, .. } => {
                    state[0] = step(track, before[0], edge, &name);
                    self.convert(op, state[0], src, &mut value, at, base)?;
                }
                Op::Pick { .. } => state = self.pick(op, before, edge, &name, &mut value, at)?,
                Op::Default { track, .. } => {
                    state[0] = step(track, before[0], edge, &name);
                    if edge == Edge::Member {
                        self.fill(src, op, before[0], state[0], &name, &mut value)?;
                    }
                    if track.balks(state[0], value.kind) {
                        self.balked("default", track, state[0], value.kind, value.late(at, program.counting))?;
                    }
                }
                Op::Graft(graft) => {
                    state = self.graft(src, graft, before[0], edge, key, &name, &mut value)?;
                }
                Op::Flatten(lifting) => {
                    state = self.lifting(lifting, before, edge, &name, &mut value, at)?;
                }
            }
            self.states.push(state);
        }
        let own = renamed.as_deref().unwrap_or(raw);
        if is_container && value.made.is_none() {
            return self.enter(src, mark, edge, key, own, renamed.is_some(), &value, from, base);
        }
        self.states.truncate(base);
        self.count(value.dropped);
        self.at = value.to;
        if value.dropped.is_some() {
            self.cut.back(src, mark, value.to);
            if let Some(frame) = self.frames.last_mut() {
                frame.opened = false;
            }
            return Ok(());
        }
        self.name(src, key, own, renamed.is_some(), from)?;
        if let Some(made) = &value.made {
            self.cut.write(src, from, made, value.to);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.opened = false;
            frame.first = false;
            frame.kept += 1;
            frame.seen |= value.bit;
            frame.filled |= if value.filled { value.bit } else { 0 };
        }
        Ok(())
    }

    /// Tells the counting step of a value that is done with.
    #[inline]
    pub(super) fn count(&mut self, dropped: Option<usize>) {
        if let (Some(counting), Some(frame)) = (self.program.counting, self.frames.last_mut()) {
            frame.arrived += usize::from(dropped.is_none_or(|at| at >= counting));
            frame.survived += usize::from(dropped.is_none_or(|at| at > counting));
        }
    }
}

#[inline(always)]
pub(super) fn step(track: &Track, before: u32, edge: Edge, name: &str) -> u32 {
    match edge {
        Edge::Root => track.start(),
        Edge::Member => track.member(before, name),
        Edge::Element(at) => track.element(before, at),
    }
}
