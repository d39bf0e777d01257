//! What becomes of a member, an element or the document itself: every step of the pass is asked in its turn.

use std::borrow::Cow;

use super::super::flatten::{Joint, NAME_BYTES, push_capital};
use super::super::nulls::Fate;
use super::super::numbers::{Nan, is_no_number};
use super::envelope::{node, text};
use super::machine::{Frame, Machine, Scope};
use super::names::hash;
use super::program::{Lifting, Op};
use super::track::{LOST, OFF, Track};
use crate::json::{Kind, Stop, Text};

/// How a value is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Root,
    Member,
    Element(usize),
}

/// A value on its way through the steps.
struct Value {
    kind: Kind,
    /// What stands for it, when it is not what came.
    made: Option<Vec<u8>>,
    /// The step that removes it.
    dropped: Option<usize>,
    /// The counting step may remove it at its end.
    may_empty: bool,
    scope: Scope,
    levels: usize,
    bit: u64,
}

impl Value {
    /// How many bytes it takes as it stands; it came in these.
    fn length(&self, from: usize, to: usize) -> usize {
        self.made.as_ref().map_or(to - from, Vec::len)
    }
}

impl Machine<'_> {
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
        self.place(src, mark, edge, key, kind, from, to)
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
        let mut renamed: Option<String> = None;
        let mut value =
            Value { kind, made: None, dropped: None, may_empty: false, scope: Scope::Off, levels: usize::MAX, bit: 0 };
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
                Op::Sweep { rules, except, to: track, instead } => {
                    if before[0] == OFF && edge != Edge::Root {
                        state = [OFF, LOST];
                    } else {
                        state = [step(except, before[0], edge, &name), step(track, before[1], edge, &name)];
                        if except.hit(state[0]).is_some() && edge != Edge::Root {
                            state = [OFF, LOST];
                        } else {
                            let named = track.hit(state[1]);
                            if let (Kind::Null, Some(made)) = (value.kind, named.and_then(|named| instead.get(named))) {
                                value.kind = made.kind;
                                value.made = Some(made.json.clone());
                            }
                            refuse(track.balks(state[1], value.kind))?;
                            let may_go = match edge {
                                Edge::Root => false,
                                Edge::Member => true,
                                Edge::Element(_) => rules.elements == Fate::Drop,
                            };
                            let fate = match value.kind {
                                Kind::Null if edge == Edge::Member => rules.members,
                                Kind::Null => rules.elements,
                                Kind::String | Kind::Escaped if value.length(from, to) == 2 => rules.empty.strings,
                                // What an earlier step wrote is empty; of what came only its end can tell.
                                Kind::Array if value.made.is_some() => rules.empty.arrays,
                                Kind::Object if value.made.is_some() => rules.empty.objects,
                                _ => Fate::Keep,
                            };
                            if fate == Fate::Drop && named.is_none() && may_go {
                                value.dropped = Some(at);
                            }
                            value.may_empty |= program.counting == Some(at) && may_go && named.is_none();
                        }
                    }
                }
                Op::Numbers(numbers) => {
                    let always = match edge {
                        Edge::Root => false,
                        Edge::Element(_) => before[0] == 1,
                        Edge::Member => is_always(numbers, &name),
                    };
                    state[0] = u32::from(always);
                    self.number(src, numbers, always, &mut value, from, to)?;
                }
                Op::Omit(track) => {
                    state[0] = step(track, before[0], edge, &name);
                    if edge != Edge::Root && track.hit(state[0]).is_some() {
                        value.dropped = Some(at);
                    } else {
                        refuse(track.balks(state[0], value.kind))?;
                    }
                }
                Op::Rename { track, names } => {
                    state[0] = step(track, before[0], edge, &name);
                    refuse(track.balks(state[0], value.kind))?;
                    let hit = track.hit(state[0]).and_then(|hit| names.get(hit)).filter(|_| edge == Edge::Member);
                    if let Some(new) = hit {
                        renamed = Some(new.clone());
                        name = Cow::Owned(Text::raw(new.as_str()).decode().into_owned());
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
                                renamed = Some(new);
                                self.note_name(at, &name, true);
                            } else {
                                self.note_name(at, &name, false);
                            }
                        }
                    }
                }
                Op::Convert { track, conversion, otherwise } => {
                    state[0] = step(track, before[0], edge, &name);
                    refuse(track.balks(state[0], value.kind))?;
                    if track.hit(state[0]).is_some() && value.kind != Kind::Null {
                        refuse(matches!(value.kind, Kind::Array | Kind::Object))?;
                        let converted = {
                            let made = value.made.as_deref();
                            let old = match made {
                                Some(json) => node(json, value.kind, 0, json.len())?,
                                None => node(src, value.kind, from, to)?,
                            };
                            match (conversion.convert(&old), otherwise) {
                                (Ok(None), _) => None,
                                (Ok(Some(new)), _) => Some((kind_of(&new)?, new.to_json())),
                                (Err(_), Some(made)) => Some((made.kind, made.json.clone())),
                                (Err(_), None) => return Err(Stop::Refused),
                            }
                        };
                        if let Some((kind, json)) = converted {
                            value.kind = kind;
                            value.made = Some(json);
                        }
                    }
                }
                Op::Pick { at: aim, fields } => {
                    let active = before[1] != LOST && edge != Edge::Root;
                    if active {
                        let to = step(fields, before[1], edge, &name);
                        if to != LOST && edge == Edge::Member {
                            // Of a name that stands twice the last value counts, also when it is none.
                            self.note_name(at, &name, true);
                        }
                        if to == LOST && edge == Edge::Member {
                            value.dropped = Some(at);
                        } else if fields.hit(to).is_none() {
                            state[1] = to;
                            refuse(!matches!(value.kind, Kind::Array | Kind::Object | Kind::Null))?;
                            match (edge, value.kind) {
                                // What is null on the way has nothing of what is named.
                                (Edge::Member, Kind::Null) => value.dropped = Some(at),
                                (Edge::Member, Kind::Object) if value.made.is_some() => value.dropped = Some(at),
                                (Edge::Member, Kind::Object) => value.may_empty = true,
                                _ => {}
                            }
                        }
                    } else {
                        let starts = match aim {
                            None => edge == Edge::Root,
                            Some(aim) => {
                                state[0] = step(aim, before[0], edge, &name);
                                refuse(aim.balks(state[0], value.kind))?;
                                aim.hit(state[0]).is_some()
                            }
                        };
                        if starts {
                            refuse(!matches!(value.kind, Kind::Array | Kind::Object | Kind::Null))?;
                            state = [LOST, fields.start()];
                        }
                    }
                }
                Op::Default { track, .. } => {
                    state[0] = step(track, before[0], edge, &name);
                    if edge == Edge::Member {
                        self.fill(op, before[0], state[0], &name, &mut value)?;
                    }
                    refuse(track.balks(state[0], value.kind))?;
                }
                Op::Flatten(lifting) => {
                    state = self.lifting(lifting, before, edge, &name, &mut value)?;
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
        self.at = to;
        if value.dropped.is_some() {
            self.cut.back(src, mark, to);
            if let Some(frame) = self.frames.last_mut() {
                frame.opened = false;
            }
            return Ok(());
        }
        self.name(src, key, own, renamed.is_some(), from)?;
        if let Some(made) = &value.made {
            self.cut.write(src, from, made, to);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.opened = false;
            frame.first = false;
            frame.kept += 1;
            frame.seen |= value.bit;
        }
        Ok(())
    }

    /// Into a container, or past it.
    #[expect(clippy::too_many_arguments, reason = "a unit is this many numbers")]
    fn enter(
        &mut self,
        src: &[u8],
        mark: usize,
        edge: Edge,
        key: Option<(usize, usize, bool)>,
        own: &str,
        is_renamed: bool,
        value: &Value,
        from: usize,
        base: usize,
    ) -> Result<(), Stop> {
        let is_object = value.kind == Kind::Object;
        let around = self.frames.last().copied();
        let prefix_before = self.prefix.len();
        let scope = if value.dropped.is_some() { Scope::Off } else { value.scope };
        let mut frame = Frame {
            is_object,
            opened: true,
            first: true,
            doomed: value.dropped,
            may_empty: value.may_empty,
            touched: false,
            lifts: false,
            scope,
            mark,
            index: 0,
            arrived: 0,
            survived: 0,
            kept: 0,
            names: self.names.len(),
            lifted: 0,
            levels: value.levels,
            prefix_from: prefix_before,
            prefix_before,
            seen: 0,
            own_bit: value.bit,
        };
        match (value.dropped, scope) {
            (Some(_), _) => {}
            (None, Scope::Lifted) => {
                let around = around.ok_or(Stop::Refused)?;
                self.lift(own, &around)?;
                // Its members follow on those before it, as if the bracket and the name were not there.
                self.cut.back(src, mark, from + 1);
                frame.first = around.first;
                frame.prefix_from = around.prefix_from;
            }
            (None, _) => self.name(src, key, own, is_renamed, from)?,
        }
        self.at = from + 1;
        if let Some(around) = self.frames.last_mut() {
            around.opened = false;
        }
        let states = self.states.get(base..).unwrap_or_default();
        let plain = match (value.dropped, scope) {
            (Some(at), _) => self.program.is_quiet(at, states).then_some(false),
            (None, Scope::Off) if !value.may_empty => self.program.is_plain(states),
            _ => None,
        };
        // Behind the container's own name, which belongs to what is around.
        frame.lifted = self.lifted.len();
        self.frames.push(frame);
        if self.program.quick.is_some() && matches!(scope, Scope::Top | Scope::List) {
            return self.flatten(is_object);
        }
        match plain {
            Some(drops) => self.pass(is_object, drops),
            None => {
                self.nest.open(is_object)?;
                let _ = edge;
                Ok(())
            }
        }
    }

    /// Tells the counting step of a value that is done with.
    #[inline]
    pub(super) fn count(&mut self, dropped: Option<usize>) {
        if let (Some(counting), Some(frame)) = (self.program.counting, self.frames.last_mut()) {
            frame.arrived += usize::from(dropped.is_none_or(|at| at >= counting));
            frame.survived += usize::from(dropped.is_none_or(|at| at > counting));
        }
    }

    fn number(
        &self,
        src: &[u8],
        numbers: &super::super::numbers::Numbers,
        always: bool,
        value: &mut Value,
        from: usize,
        to: usize,
    ) -> Result<(), Stop> {
        match value.kind {
            Kind::Number => {
                let raw = match &value.made {
                    Some(made) => text(made, 0, made.len())?,
                    None => text(src, from, to)?,
                };
                if always || numbers.is_beyond(raw) {
                    value.made = Some(format!("\"{raw}\"").into_bytes());
                    value.kind = Kind::String;
                }
            }
            Kind::String | Kind::Escaped if matches!(numbers.nan, Some(Nan::Null | Nan::Error)) => {
                let json = value.made.as_deref().unwrap_or_else(|| src.get(from..to).unwrap_or_default());
                if is_no_number(&Text::raw(text(json, 1, json.len() - 1)?)) {
                    refuse(numbers.nan == Some(Nan::Error))?;
                    value.made = Some(b"null".to_vec());
                    value.kind = Kind::Null;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `default`: a name that is there, and what stands in for null.
    fn fill(&mut self, op: &Op, before: u32, state: u32, name: &str, value: &mut Value) -> Result<(), Stop> {
        let Op::Default { track, values } = op else { return Ok(()) };
        let Some(at) = track.names(before).iter().position(|(own, _)| own == name) else { return Ok(()) };
        value.bit = 1 << at.min(63);
        refuse(self.frames.last().is_some_and(|frame| frame.seen & value.bit != 0))?;
        if value.kind == Kind::Null {
            match track.hit(state).and_then(|hit| values.get(hit)) {
                Some(json) => value.made = Some(json.clone()),
                None => refuse(makes(track, state))?,
            }
        }
        Ok(())
    }

    /// `flatten`: whether a value stands still, is lifted, or begins a flattening of its own.
    #[inline]
    fn lifting(
        &mut self,
        lifting: &Lifting,
        before: [u32; 2],
        edge: Edge,
        name: &str,
        value: &mut Value,
    ) -> Result<[u32; 2], Stop> {
        let Lifting { at, except, levels, each, .. } = lifting;
        let around = self.frames.last().filter(|_| edge != Edge::Root).map_or(Scope::Off, |frame| frame.scope);
        let is_empty = value.made.is_some();
        if around == Scope::Off {
            let state = at.as_ref().map_or(LOST, |at| step(at, before[0], edge, name));
            if let Some(at) = at {
                refuse(at.balks(state, value.kind))?;
            }
            let starts = match at {
                None => edge == Edge::Root,
                Some(at) => at.hit(state).is_some(),
            };
            if !starts {
                return Ok([state, LOST]);
            }
            value.levels = *levels;
            value.scope = match value.kind {
                Kind::Object => Scope::Top,
                Kind::Array if *each => Scope::List,
                Kind::Null => Scope::Off,
                _ => return Err(Stop::Refused),
            };
            return Ok([LOST, except.start()]);
        }
        let state = step(except, before[1], edge, name);
        let above = self.frames.last().map_or(0, |frame| frame.levels);
        if except.hit(state).is_some() || is_empty {
            return Ok([LOST; 2]);
        }
        (value.scope, value.levels) = match (around, value.kind) {
            (Scope::List, Kind::Object) => (Scope::Top, *levels),
            (Scope::List, Kind::Array) => (Scope::List, *levels),
            (_, Kind::Object) if above > 0 => (Scope::Lifted, above - 1),
            (_, Kind::Array) if *each => (Scope::List, *levels),
            _ => return Ok([LOST; 2]),
        };
        Ok([LOST, state])
    }

    /// Goes below a name whose members are lifted.
    fn lift(&mut self, own: &str, around: &Frame) -> Result<(), Stop> {
        let Some(Op::Flatten(lifting)) = self.program.ops.last() else { return Err(Stop::Refused) };
        self.spend(self.prefix.len() - around.prefix_from, own)?;
        let joint = match &lifting.joint {
            Joint::Text(joint) => {
                self.prefix.push_str(own);
                joint.as_str()
            }
            Joint::Camel => {
                let mut prefix = self.prefix.split_off(around.prefix_from);
                push_capital(&mut prefix, own);
                self.prefix.push_str(&prefix);
                ""
            }
        };
        let name = self.prefix.get(around.prefix_from..).unwrap_or_default();
        let name = hash(name.as_bytes());
        self.prefix.push_str(joint);
        self.lifted.push(name);
        if let Some(top) = self.frames.iter_mut().rev().find(|frame| frame.scope != Scope::Lifted) {
            top.lifts = true;
        }
        Ok(())
    }

    /// Bytes of names, counted so high that the reference counts no higher.
    fn spend(&mut self, prefix: usize, own: &str) -> Result<(), Stop> {
        self.name_bytes = self.name_bytes.saturating_add(2 * (prefix + own.len()));
        refuse(self.name_bytes > NAME_BYTES)
    }

    /// Writes the name of a member that stays, whose value begins at `value`.
    #[inline]
    fn name(
        &mut self,
        src: &[u8],
        key: Option<(usize, usize, bool)>,
        own: &str,
        is_renamed: bool,
        value: usize,
    ) -> Result<(), Stop> {
        let Some((from, to, _)) = key else { return Ok(()) };
        let scope = self.frames.last().map_or(Scope::Off, |frame| frame.scope);
        if scope == Scope::Lifted {
            self.lifted_name(src, from, to, own)?;
        } else if is_renamed {
            self.cut.write(src, from + 1, own.as_bytes(), to - 1);
        }
        if scope == Scope::Top {
            self.spend(0, own)?;
            self.lifted.push(hash(own.as_bytes()));
        }
        if value != to + 1 {
            self.cut.write(src, to, b":", value);
        }
        Ok(())
    }

    fn lifted_name(&mut self, src: &[u8], from: usize, to: usize, own: &str) -> Result<(), Stop> {
        let prefix_from = self.frames.last().map_or(0, |frame| frame.prefix_from);
        self.spend(self.prefix.len() - prefix_from, own)?;
        let Some(Op::Flatten(lifting)) = self.program.ops.last() else { return Err(Stop::Refused) };
        let prefix = self.prefix.get(prefix_from..).unwrap_or_default();
        self.cut.write(src, from + 1, prefix.as_bytes(), to - 1);
        let start = self.cut.out.len() - prefix.len();
        match lifting.joint {
            Joint::Text(_) => self.cut.out.extend_from_slice(own.as_bytes()),
            Joint::Camel => {
                let mut name = prefix.to_owned();
                push_capital(&mut name, own);
                self.cut.out.truncate(start);
                self.cut.out.extend_from_slice(name.as_bytes());
            }
        }
        let name = hash(self.cut.out.get(start..).unwrap_or_default());
        self.lifted.push(name);
        Ok(())
    }
}

/// Whether filling makes objects for names that lead on from here, when nothing is there.
pub(super) fn makes(track: &Track, at: u32) -> bool {
    track.hit(at).is_some() || track.names(at).iter().any(|(_, to)| makes(track, *to))
}

#[inline(always)]
fn step(track: &Track, before: u32, edge: Edge, name: &str) -> u32 {
    match edge {
        Edge::Root => track.start(),
        Edge::Member => track.member(before, name),
        Edge::Element(at) => track.element(before, at),
    }
}

/// Leaves the document to the reference: it says exactly what is odd about it.
#[inline(always)]
fn refuse(odd: bool) -> Result<(), Stop> {
    if odd { Err(Stop::Refused) } else { Ok(()) }
}

fn is_always(numbers: &super::super::numbers::Numbers, name: &str) -> bool {
    numbers.has_always() && numbers.is_always(&Text::plain(name))
}

fn kind_of(node: &crate::json::Node<'_>) -> Result<Kind, Stop> {
    use crate::json::Node;
    match node {
        Node::Null => Ok(Kind::Null),
        Node::Bool(_) => Ok(Kind::Bool),
        Node::Number(number) if number.is_finite() => Ok(Kind::Number),
        Node::String(_) => Ok(Kind::Escaped),
        _ => Err(Stop::Refused),
    }
}
