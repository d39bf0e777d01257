//! Single steps on a value: what stands for it afterwards, whether it goes, where the step's paths have come.

use super::super::nulls::Fate;
use super::super::numbers::{Nan, Numbers, is_no_number};
use super::decide::{Edge, Value, refuse, step};
use super::envelope::{node, text};
use super::machine::{Machine, Scope};
use super::program::{Lifting, Op, Program};
use super::track::{LOST, OFF, Track};
use crate::json::{Kind, Node, Stop, Text};

/// `nulls` with any options. `counts` says that it is the pass's counting step.
pub(super) fn sweep(
    op: &Op,
    before: [u32; 2],
    edge: Edge,
    name: &str,
    value: &mut Value,
    at: usize,
    counts: bool,
) -> Result<[u32; 2], Stop> {
    let Op::Sweep { rules, except, to: track, instead } = op else { return Ok([OFF, LOST]) };
    if before[0] == OFF && edge != Edge::Root {
        return Ok([OFF, LOST]);
    }
    let state = [step(except, before[0], edge, name), step(track, before[1], edge, name)];
    if except.hit(state[0]).is_some() && edge != Edge::Root {
        return Ok([OFF, LOST]);
    }
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
    let length = value.made.as_ref().map_or(value.to - value.from, Vec::len);
    let fate = match value.kind {
        Kind::Null if edge == Edge::Member => rules.members,
        Kind::Null => rules.elements,
        Kind::String | Kind::Escaped if length == 2 => rules.empty.strings,
        // What an earlier step wrote is empty; of what came only its end can tell.
        Kind::Array if value.made.is_some() => rules.empty.arrays,
        Kind::Object if value.made.is_some() => rules.empty.objects,
        _ => Fate::Keep,
    };
    if fate == Fate::Drop && named.is_none() && may_go {
        value.dropped = Some(at);
    }
    value.may_empty |= counts && may_go && named.is_none();
    Ok(state)
}

/// `convert`, one entry. What it cannot convert is for the reference to warn of.
pub(super) fn convert(op: &Op, state: u32, src: &[u8], value: &mut Value) -> Result<(), Stop> {
    let Op::Convert { track, conversion, otherwise } = op else { return Ok(()) };
    refuse(track.balks(state, value.kind))?;
    if track.hit(state).is_none() || value.kind == Kind::Null {
        return Ok(());
    }
    refuse(matches!(value.kind, Kind::Array | Kind::Object))?;
    let converted = {
        let old = match value.made.as_deref() {
            Some(json) => node(json, value.kind, 0, json.len())?,
            None => node(src, value.kind, value.from, value.to)?,
        };
        match (conversion.convert(&old), otherwise) {
            (Ok(None), _) => return Ok(()),
            (Ok(Some(new)), _) => (kind_of(&new)?, new.to_json()),
            (Err(_), Some(made)) => (made.kind, made.json.clone()),
            (Err(_), None) => return Err(Stop::Refused),
        }
    };
    (value.kind, value.made) = (converted.0, Some(converted.1));
    Ok(())
}

/// `numbers`: a number that may not stay one, a string that stands for none.
pub(super) fn number(src: &[u8], numbers: &Numbers, always: bool, value: &mut Value) -> Result<(), Stop> {
    match value.kind {
        Kind::Number => {
            let raw = match &value.made {
                Some(made) => text(made, 0, made.len())?,
                None => text(src, value.from, value.to)?,
            };
            if always || numbers.is_beyond(raw) {
                value.made = Some(format!("\"{raw}\"").into_bytes());
                value.kind = Kind::String;
            }
        }
        Kind::String | Kind::Escaped if matches!(numbers.nan, Some(Nan::Null | Nan::Error)) => {
            let json = value.made.as_deref().unwrap_or_else(|| src.get(value.from..value.to).unwrap_or_default());
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

/// Whether filling makes objects for names that lead on from here, when nothing is there.
pub(super) fn makes(track: &Track, at: u32) -> bool {
    track.hit(at).is_some() || track.names(at).iter().any(|(_, to)| makes(track, *to))
}

/// Whether a name's numbers are always strings.
pub(super) fn is_always(numbers: &Numbers, name: &str) -> bool {
    numbers.has_always() && numbers.is_always(&Text::plain(name))
}

fn kind_of(node: &Node<'_>) -> Result<Kind, Stop> {
    match node {
        Node::Null => Ok(Kind::Null),
        Node::Bool(_) => Ok(Kind::Bool),
        Node::Number(number) if number.is_finite() => Ok(Kind::Number),
        Node::String(_) => Ok(Kind::Escaped),
        _ => Err(Stop::Refused),
    }
}

impl Machine<&Program> {
    /// `pick`: on the way to its fields, or beside them.
    pub(super) fn pick(
        &mut self,
        op: &Op,
        before: [u32; 2],
        edge: Edge,
        name: &str,
        value: &mut Value,
        at: usize,
    ) -> Result<[u32; 2], Stop> {
        let Op::Pick { at: aim, fields } = op else { return Ok([LOST; 2]) };
        let is_scalar = !matches!(value.kind, Kind::Array | Kind::Object | Kind::Null);
        if before[1] == LOST || edge == Edge::Root {
            let (state, starts) = match aim {
                None => (LOST, edge == Edge::Root),
                Some(aim) => {
                    let state = step(aim, before[0], edge, name);
                    refuse(aim.balks(state, value.kind))?;
                    (state, aim.hit(state).is_some())
                }
            };
            refuse(starts && is_scalar)?;
            return Ok(if starts { [LOST, fields.start()] } else { [state, LOST] });
        }
        let to = step(fields, before[1], edge, name);
        if edge == Edge::Member {
            if to == LOST {
                value.dropped = Some(at);
                return Ok([LOST; 2]);
            }
            // Of a name that stands twice the last value counts, also when it is none.
            self.note_name(at, name, true);
        }
        if fields.hit(to).is_some() {
            return Ok([LOST; 2]);
        }
        refuse(is_scalar)?;
        match (edge, value.kind) {
            // What is null or empty on the way has nothing of what is named.
            (Edge::Member, Kind::Null) => value.dropped = Some(at),
            (Edge::Member, Kind::Object) if value.made.is_some() => value.dropped = Some(at),
            (Edge::Member, Kind::Object) => value.may_empty = true,
            _ => {}
        }
        Ok([LOST, to])
    }

    /// `default`: a name that is there, and what stands in for null.
    pub(super) fn fill(&mut self, op: &Op, before: u32, state: u32, name: &str, value: &mut Value) -> Result<(), Stop> {
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
    pub(super) fn lifting(
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
}
