//! Single steps on a value: what stands for it afterwards, whether it goes, where the step's paths have come.

use super::super::Error;
use super::super::nulls::Fate;
use super::super::numbers::{Nan, Numbers, is_no_number};
use super::decide::{Edge, Value, step};
use super::envelope::{node, text};
use super::frame::Scope;
use super::machine::Machine;
use super::odd::{Oddity, called};
use super::program::{Lifting, Op, Program};
use super::redo::end;
use super::track::{LOST, OFF, Track};
use crate::json::{Kind, Node, Stop, Text};

impl Machine<&Program> {
    /// `nulls` with any options.
    pub(super) fn sweep(
        &mut self,
        op: &Op,
        before: [u32; 2],
        edge: Edge,
        name: &str,
        value: &mut Value,
        at: usize,
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
        if track.balks(state[1], value.kind) {
            self.balked("nulls", track, state[1], value.kind, value.late(at, self.program.counting))?;
        }
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
        value.may_empty |= self.program.counting == Some(at) && may_go && named.is_none();
        Ok(state)
    }

    /// `convert`, one entry. What it cannot convert stays, or something stands in for it.
    pub(super) fn convert(
        &mut self,
        op: &Op,
        state: u32,
        src: &[u8],
        value: &mut Value,
        at: usize,
        base: usize,
    ) -> Result<(), Stop> {
        let Op::Convert { track, conversion, otherwise } = op else { return Ok(()) };
        if track.balks(state, value.kind) {
            self.balked("convert", track, state, value.kind, value.late(at, self.program.counting))?;
        }
        if track.hit(state).is_none() || value.kind == Kind::Null {
            return Ok(());
        }
        let converted = if matches!(value.kind, Kind::Array | Kind::Object) {
            Err(called(value.kind))
        } else {
            let old = match value.made.as_deref() {
                Some(json) => node(json, value.kind, 0, json.len())?,
                None => node(src, value.kind, value.from, value.to)?,
            };
            match conversion.convert(&old) {
                Ok(None) => return Ok(()),
                Ok(Some(new)) => Ok((kind_of(&new)?, new.to_json())),
                Err(found) => Err(found),
            }
        };
        let (kind, json) = match (converted, otherwise) {
            (Ok(converted), _) => converted,
            (Err(_), Some(made)) => {
                self.give_way(src, value, at, base)?;
                (made.kind, made.json.clone())
            }
            (Err(found), None) => {
                return match value.late(at, self.program.counting).filter(|_| self.oddity != Oddity::Refuse) {
                    Some(late) => {
                        *late = true;
                        Ok(())
                    }
                    None => self.mismatch("convert", track.path(state), found),
                };
            }
        };
        (value.kind, value.made) = (kind, Some(json));
        Ok(())
    }

    /// Something stands in for a value: a container is read to its end first.
    fn give_way(&mut self, src: &[u8], value: &mut Value, at: usize, base: usize) -> Result<(), Stop> {
        if !matches!(value.kind, Kind::Array | Kind::Object) || value.made.is_some() {
            return Ok(());
        }
        let is_quiet = self.program.is_quiet(at, self.states.get(base..).unwrap_or_default());
        if self.oddity == Oddity::Refuse || value.may_empty || !is_quiet {
            return self.stuck(src, "convert", || format!("`else` stands in for an {}", called(value.kind)));
        }
        value.to = end(src, value.from, &self.nest)?;
        Ok(())
    }

    /// `numbers`: a number that may not stay one, a string that stands for none.
    pub(super) fn number(&mut self, src: &[u8], numbers: &Numbers, always: bool, value: &mut Value) -> Result<(), Stop> {
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
                let token = Text::raw(text(json, 1, json.len() - 1)?);
                if is_no_number(&token) {
                    if numbers.nan == Some(Nan::Error) {
                        let token = token.decode().into_owned();
                        return self.fail(|| Error::Number { path: String::new(), token });
                    }
                    value.made = Some(b"null".to_vec());
                    value.kind = Kind::Null;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether filling makes objects for names that lead on from here, when nothing is there.
pub(super) fn makes(track: &Track, at: u32) -> bool {
    track.hit(at).is_some() || track.names(at).iter().any(|(_, to)| makes(track, *to))
}

/// Whether a name's numbers are always strings.
pub(super) fn is_always(numbers: &Numbers, name: &str) -> bool {
    numbers.has_always() && numbers.is_always(&Text::plain(name))
}

/// Writes a member.
pub(super) fn write_member(out: &mut Vec<u8>, name: &str, json: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(Text::plain(name).as_raw().as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(json);
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
                    if aim.balks(state, value.kind) {
                        self.balked("pick", aim, state, value.kind, None)?;
                    }
                    (state, aim.hit(state).is_some())
                }
            };
            if starts && is_scalar {
                self.balked("pick", fields, fields.start(), value.kind, None)?;
            }
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
        if is_scalar {
            self.balked("pick", fields, to, value.kind, None)?;
        }
        match (edge, value.kind) {
            // What is null or empty on the way, or no object, has nothing of what is named.
            (Edge::Member, Kind::Null) => value.dropped = Some(at),
            (Edge::Member, _) if is_scalar => value.dropped = Some(at),
            (Edge::Member, Kind::Object) if value.made.is_some() => value.dropped = Some(at),
            (Edge::Member, Kind::Object) => value.may_empty = true,
            _ => {}
        }
        Ok([LOST, to])
    }

    /// `default`: a name that is there, and what stands in for null.
    pub(super) fn fill(
        &mut self,
        src: &[u8],
        op: &Op,
        before: u32,
        state: u32,
        name: &str,
        value: &mut Value,
    ) -> Result<(), Stop> {
        let Op::Default { track, values } = op else { return Ok(()) };
        let Some(at) = track.names(before).iter().position(|(own, _)| own == name) else { return Ok(()) };
        value.bit = 1 << at.min(63);
        let known = self.frames.last().map_or((0, 0), |frame| (frame.seen & value.bit, frame.filled & value.bit));
        // Of a name that stands twice the last value counts. Where both are there nothing is filled.
        if known.0 != 0 && (known.1 != 0 || value.kind == Kind::Null || track.hit(state).is_none()) {
            return self.stuck(src, "default", || format!("`{name}` stands twice"));
        }
        let is_empty = value.kind == Kind::Object && value.made.is_some();
        if value.kind == Kind::Null || is_empty {
            let made = match track.hit(state).and_then(|hit| values.get(hit)) {
                Some(_) if is_empty => None,
                Some(json) => Some(json.clone()),
                None if makes(track, state) => Some(self.made_of(track, values, state)?),
                None => None,
            };
            value.filled = made.is_some();
            value.made = made.or(value.made.take());
        }
        Ok(())
    }

    /// An object of the members that `default` makes where nothing is.
    pub(super) fn made_of(&mut self, track: &Track, values: &[Vec<u8>], at: u32) -> Result<Vec<u8>, Stop> {
        if track.balks(at, Kind::Object) {
            // Another path wants a list here.
            self.balked("default", track, at, Kind::Object, None)?;
        }
        let mut out = vec![b'{'];
        for (name, to) in track.names(at) {
            let json = match track.hit(*to).and_then(|hit| values.get(hit)) {
                Some(json) => json.clone(),
                None if makes(track, *to) => self.made_of(track, values, *to)?,
                None => continue,
            };
            if out.len() > 1 {
                out.push(b',');
            }
            write_member(&mut out, name, &json);
        }
        out.push(b'}');
        Ok(out)
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
        place: usize,
    ) -> Result<[u32; 2], Stop> {
        let Lifting { at, except, levels, each, .. } = lifting;
        let around = self.frames.last().filter(|_| edge != Edge::Root).map_or(Scope::Off, |frame| frame.scope);
        let is_empty = value.made.is_some();
        if around == Scope::Off {
            let state = at.as_ref().map_or(LOST, |at| step(at, before[0], edge, name));
            if let Some(at) = at.as_ref().filter(|at| at.balks(state, value.kind)) {
                self.balked("flatten", at, state, value.kind, value.late(place, self.program.counting))?;
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
                kind => {
                    if let Some(late) = value.late(place, self.program.counting).filter(|_| self.oddity != Oddity::Refuse) {
                        *late = true;
                        return Ok([state, LOST]);
                    }
                    self.mismatch("flatten", at.as_ref().and_then(|at| at.path(state)), called(kind))?;
                    return Ok([LOST; 2]);
                }
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
