//! Steps that need a tree, given one for the part of the document that they work in, and no more.
//!
//! Such a step is a pass of its own. It copies what it meets until it comes to a value that the step works in; that one it takes as a
//! whole, has the reference do the step in it, and writes what comes out.

use super::super::{Action, Shape, Step};
use super::decide::{Edge, Value};
use super::machine::Machine;
use super::odd::Oddity;
use super::program::{Op, Program};
use super::redo::end;
use super::track::{Arrays, LOST, Track};
use crate::json::{Kind, Path, Segment, Stop};

/// A step's place, and the step.
#[derive(Debug, Clone)]
pub(super) struct Graft {
    pub(super) track: Track,
    path: Path,
    steps: Shape,
    strict: Shape,
    /// Of a name that stands twice it sees the last value alone.
    sees_last: bool,
}

impl Graft {
    /// Of a name that stands twice it sees the last value alone.
    pub(super) fn sees_last(&self) -> bool {
        self.sees_last
    }

    /// The name of the step.
    pub(super) fn step(&self) -> &'static str {
        self.steps.steps().first().map_or("", Step::name)
    }
}

impl Program {
    /// A pass for a step that works in values at one path, and touches nothing else; none when the step is no such step.
    pub(super) fn graft(step: &Step) -> Option<Self> {
        let path = place(&step.action).filter(|_| step.when.is_none())?;
        let known = |segment: &Segment| matches!(segment, Segment::Key(_) | Segment::Elements | Segment::Members);
        if path.segments().is_empty() || !path.segments().iter().all(known) {
            return None;
        }
        let track = Track::new(std::slice::from_ref(&path), Arrays::Named)?;
        let shape = |strict| Shape::new(vec![step.clone()], strict);
        let sees_last = matches!(step.action, Action::Move(_) | Action::Copy(_) | Action::Merge(_));
        let graft = Graft { track, path, steps: shape(false), strict: shape(true), sees_last };
        Some(Self {
            ops: vec![Op::Graft(Box::new(graft))],
            names: vec![step.name()],
            steps: vec![step.clone()],
            ..Self::default()
        })
    }

    /// Where the values are that a pass takes as trees.
    pub(super) fn grafted(&self) -> Option<&Path> {
        match self.ops.first() {
            Some(Op::Graft(graft)) => Some(&graft.path),
            _ => None,
        }
    }
}

/// The values that a step works in.
fn place(action: &Action) -> Option<Path> {
    match action {
        Action::Group(group) => group.lists.path().cloned(),
        Action::Each(each) => {
            let list = each.lists.path()?;
            Some(Path::new(list.segments().iter().cloned().chain([Segment::Elements]).collect()))
        }
        Action::Convert(convert) => match convert.entries.as_slice() {
            [entry] => entry.values.path(0).cloned(),
            entries => around(entries.iter().flat_map(|entry| entry.values.paths())),
        },
        Action::Move(step) => around(step.paths()),
        Action::Copy(step) => around(step.paths()),
        Action::Merge(merge) => around(&merge.paths()),
        _ => None,
    }
}

/// The innermost object or array that all of these lie in.
fn around<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Option<Path> {
    let inside = |path: &'p Path| path.segments().split_last().map_or(&[][..], |(_, around)| around);
    let common = paths.into_iter().map(inside).reduce(|one, other| {
        let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        one.get(..same).unwrap_or_default()
    })?;
    Some(Path::new(common.to_vec()))
}

impl Machine<&Program> {
    /// A step that needs a tree, at a member or an element. At the end of the bytes nothing has happened.
    #[expect(clippy::too_many_arguments, reason = "a unit is this many numbers")]
    pub(super) fn graft(
        &mut self,
        src: &[u8],
        graft: &Graft,
        before: u32,
        edge: Edge,
        key: Option<(usize, usize, bool)>,
        name: &str,
        value: &mut Value,
    ) -> Result<[u32; 2], Stop> {
        let state = super::decide::step(&graft.track, before, edge, name);
        let is_container = matches!(value.kind, Kind::Array | Kind::Object);
        if graft.sees_last && edge == Edge::Member && state != LOST {
            self.note_name(0, name, true);
        }
        if graft.track.balks(state, value.kind) {
            if self.oddity == Oddity::Refuse {
                return Err(Stop::Refused);
            }
            // How much there is to say about it the step knows alone, which does not look into a container of the wrong kind.
            let empty = if value.kind == Kind::Object { "{}" } else { "[]" };
            let text = if is_container { empty } else { super::envelope::text(src, value.from, value.to)? };
            let made = self.grafted(src, graft, key, text)?;
            if is_container && made != empty.as_bytes() {
                return self.stuck(src, graft.step(), || format!("it makes something of an {empty} that comes as it leaves"));
            }
            if !is_container {
                value.kind = kind(&made);
                value.made = Some(made);
            }
            return Ok([LOST; 2]);
        }
        let is_here = graft.track.hit(state).is_some();
        if is_here && is_container {
            value.to = end(src, value.from, &self.nest)?;
        }
        if is_here {
            let text = super::envelope::text(src, value.from, value.to)?;
            let made = self.grafted(src, graft, key, text)?;
            value.kind = kind(&made);
            value.made = Some(made);
            return Ok([LOST; 2]);
        }
        Ok([state, LOST])
    }

    /// What the step makes of a value in its place.
    fn grafted(&mut self, src: &[u8], graft: &Graft, key: Option<(usize, usize, bool)>, value: &str) -> Result<Vec<u8>, Stop> {
        let shape = if self.oddity == (Oddity::Note { strict: true }) { &graft.strict } else { &graft.steps };
        let known = self.notes.warnings();
        let made = self.by_reference(src, key, value, shape);
        if self.notes.warnings() > known && self.oddity == Oddity::Refuse {
            return Err(Stop::Refused);
        }
        made
    }
}

/// What a text of JSON is.
fn kind(json: &[u8]) -> Kind {
    match json.first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Escaped,
        Some(b'n') => Kind::Null,
        Some(b't' | b'f') => Kind::Bool,
        _ => Kind::Number,
    }
}
