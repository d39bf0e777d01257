//! What there is to say about a document, and what is done then.
//!
//! A whole document goes to the reference. Of one that comes in pieces what is only to be noted is noted, and counts as it does in the
//! reference; where that has an element of a list to look at, it looks at it; all else is the end, and says which step wanted it.

use super::super::Error;
use super::frame::Frame;
use super::machine::{Machine, Phase};
use super::program::{Op, Program};
use super::stream::Refused;
use super::track::Track;
use crate::json::{Kind, Path, Segment, Stop, Text};

/// What to do about a value that there is something to say about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// The document goes to the reference.
    Refuse,
    /// It is noted, and on a strict route the end.
    Note { strict: bool },
}

/// What a kind is called.
pub(super) fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "boolean",
        Kind::Number => "number",
        Kind::String | Kind::Escaped => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}

impl Machine<&Program> {
    /// A value that is not what a step needs, and stays.
    #[cold]
    pub(super) fn mismatch(&mut self, step: &'static str, path: Option<&Path>, found: &'static str) -> Result<(), Stop> {
        let path = || path.map_or_else(|| ".".to_owned(), ToString::to_string);
        match self.oddity {
            Oddity::Refuse => Err(Stop::Refused),
            Oddity::Note { strict: false } => {
                self.notes.mismatch(step, &path(), found);
                Ok(())
            }
            Oddity::Note { strict: true } => self.fail(|| Error::Mismatch { step, path: path(), found }),
        }
    }

    /// Notes every path that cannot go on through a value. `late` is told instead when another step may remove the value at its end.
    #[cold]
    pub(super) fn balked(
        &mut self,
        step: &'static str,
        track: &Track,
        state: u32,
        kind: Kind,
        late: Option<&mut bool>,
    ) -> Result<(), Stop> {
        if let Some(late) = late.filter(|_| self.oddity != Oddity::Refuse) {
            *late = true;
            return Ok(());
        }
        // Only `default` follows its paths one by one.
        let most = if step == "default" { usize::MAX } else { 1 };
        track.balked(state, kind).take(most).try_for_each(|path| self.mismatch(step, Some(path), called(kind)))
    }

    /// What steps behind the counting one have to say about a container, now that it stays.
    #[cold]
    pub(super) fn tell_late(&mut self, frame: &Frame) -> Result<(), Stop> {
        let program = self.program;
        let kind = if frame.is_object { Kind::Object } else { Kind::Array };
        let base = self.states.len().saturating_sub(program.ops.len());
        for (at, op) in program.ops.iter().enumerate().skip(program.counting.map_or(0, |at| at + 1)) {
            let Some([state, other]) = self.states.get(base + at).copied() else { continue };
            match op {
                Op::Sweep { to, .. } if to.balks(other, kind) => self.balked("nulls", to, other, kind, None)?,
                Op::Omit(track) if track.balks(state, kind) => self.balked("omit", track, state, kind, None)?,
                Op::Rename { track, .. } if track.balks(state, kind) => self.balked("rename", track, state, kind, None)?,
                Op::Default { track, .. } if track.balks(state, kind) => self.balked("default", track, state, kind, None)?,
                Op::Convert { track, .. } if track.balks(state, kind) => self.balked("convert", track, state, kind, None)?,
                Op::Convert { track, .. } if track.hit(state).is_some() => {
                    self.mismatch("convert", track.path(state), called(kind))?;
                }
                Op::Flatten(lifting) => match &lifting.at {
                    Some(track) if track.balks(state, kind) => self.balked("flatten", track, state, kind, None)?,
                    Some(track) if track.hit(state).is_some() => self.mismatch("flatten", track.path(state), called(kind))?,
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(())
    }

    /// The end, for the reason that the reference gives.
    #[cold]
    pub(super) fn fail<T>(&mut self, error: impl FnOnce() -> Error) -> Result<T, Stop> {
        if self.oddity != Oddity::Refuse {
            self.cause = Some(Refused::Shape(error()));
        }
        Err(Stop::Refused)
    }

    /// What only the reference can do, and only for the whole document.
    #[cold]
    pub(super) fn stuck<T>(&mut self, src: &[u8], step: &'static str, what: impl FnOnce() -> String) -> Result<T, Stop> {
        if self.oddity != Oddity::Refuse {
            self.cause = Some(Refused::Step { step, path: self.here(src), what: what() });
        }
        Err(Stop::Refused)
    }

    /// Where the innermost open container stands.
    fn here(&self, src: &[u8]) -> String {
        let mut around: Vec<(bool, (usize, usize))> = self.frames.iter().map(|frame| (frame.is_object, frame.key)).collect();
        if let Phase::Lift(lift) = &self.phase {
            lift.around(&mut around);
        }
        let segments = around.windows(2).map(|pair| match pair {
            [(true, _), (_, (from, to))] => {
                let name = std::str::from_utf8(src.get(*from..*to).unwrap_or_default()).unwrap_or_default();
                Segment::Key(Text::raw(name).decode().into_owned())
            }
            _ => Segment::Elements,
        });
        Path::new(segments.collect()).to_string()
    }
}
