//! Into a container, and the names that members get on their way out.

use super::super::Error;
use super::super::flatten::{Joint, NAME_BYTES, push_capital};
use super::decide::{Edge, Value};
use super::frame::{Frame, Scope};
use super::machine::Machine;
use super::names::hash;
use super::odd::Oddity;
use super::origin::Origin;
use super::program::{Op, Program};
use crate::json::{Kind, Stop};

impl Machine<&Program> {
    /// Into a container, or past it.
    #[expect(clippy::too_many_arguments, reason = "a unit is this many numbers")]
    pub(super) fn enter(
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
            start: self.at,
            key: key.map_or((0, 0), |(from, to, _)| (from + 1, to - 1)),
            index: 0,
            arrived: 0,
            survived: 0,
            kept: 0,
            own_names: value.names,
            own_lifted: value.lifted,
            names: self.names.len(),
            lifted: 0,
            levels: value.levels,
            prefix_from: prefix_before,
            prefix_before,
            seen: 0,
            own_bit: value.bit,
            filled: 0,
            noted: self.noted,
            late: value.late,
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
            // The counting step wants to know what is left in it, though a later one removes it.
            (Some(at), _) if !value.may_empty => self.program.is_quiet(at, states).then_some(false),
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
        self.push_origin(around.lifted, own, true);
        if let Some(top) = self.frames.iter_mut().rev().find(|frame| frame.scope != Scope::Lifted) {
            top.lifts = true;
        }
        Ok(())
    }

    /// Bytes of names, counted so high that the reference counts no higher.
    fn spend(&mut self, prefix: usize, own: &str) -> Result<(), Stop> {
        self.name_bytes = self.name_bytes.saturating_add(2 * (prefix + own.len()));
        if self.name_bytes > NAME_BYTES { self.fail(|| Error::TooLarge) } else { Ok(()) }
    }

    /// Writes the name of a member that stays, whose value begins at `value`.
    #[inline]
    pub(super) fn name(
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
            self.push_origin(self.frames.last().map_or(0, |frame| frame.lifted), own, false);
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
        self.push_origin(self.frames.last().map_or(0, |frame| frame.lifted), own, false);
        Ok(())
    }

    /// Keeps where a name comes from, for a document that cannot be given to the reference.
    #[inline]
    fn push_origin(&mut self, parent: usize, own: &str, is_lifted: bool) {
        if self.oddity == Oddity::Refuse {
            return;
        }
        let is_camel = matches!(self.program.ops.last(), Some(Op::Flatten(lifting)) if matches!(lifting.joint, Joint::Camel));
        let own = if is_camel { hash(own.as_bytes()) } else { 0 };
        self.origins.push(Origin::new(parent, own, is_lifted));
    }
}
