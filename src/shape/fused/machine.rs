//! One pass over a document: reads a unit, asks the steps, writes what they leave.
//!
//! A unit is a member with its scalar, an opening or a closing bracket. Only when all of it is there does anything happen, so a
//! document may come in pieces. What the steps decide stands in [`decide`](super::decide), what happens at a closing bracket in
//! [`close`](super::close).

use super::super::Notes;
use super::cut::Cut;
use super::envelope::{Unpack, Unpacked, around};
use super::frame::Frame;
use super::lift::Lift;
use super::odd::Oddity;
use super::origin::Origin;
use super::plain::{Plain, space};
use super::program::Program;
use super::stream::Refused;
use crate::json::{Kind, Nest, Reader, Stop};

/// Where a pass is.
#[derive(Debug)]
pub(super) enum Phase {
    Start,
    Envelope,
    Begin,
    Value,
    Plain(Box<Plain>, bool),
    Lift(Box<Lift>),
    Trail,
    Done,
}

/// A pass under way. Without its program it is parked: between two pieces of a document, it borrows nothing.
#[derive(Debug)]
pub(super) struct Machine<P> {
    pub(super) program: P,
    pub(super) cut: Cut,
    pub(super) at: usize,
    pub(super) nest: Nest,
    pub(super) frames: Vec<Frame>,
    /// For every open container, the numbers of every step.
    pub(super) states: Vec<[u32; 2]>,
    pub(super) names: Vec<u64>,
    pub(super) lifted: Vec<u64>,
    /// Where each of those comes from, in a document that comes in pieces.
    pub(super) origins: Vec<Origin>,
    pub(super) prefix: String,
    pub(super) name_bytes: usize,
    pub(super) phase: Phase,
    pub(super) unpack: Unpack,
    pub(super) oddity: Oddity,
    pub(super) notes: Notes,
    /// How much there was to say before the unit.
    pub(super) noted: usize,
    /// Why it cannot go on.
    pub(super) cause: Option<Refused>,
    /// Walks that are over, for the next ones.
    pub(super) plain: Option<Box<Plain>>,
    pub(super) lift: Option<Box<Lift>>,
}

/// How many bytes a list may keep for the next document.
const KEPT: usize = 64 << 10;

impl<P> Machine<P> {
    /// At the start of a document that may nest so deep.
    pub(super) fn new(program: P, deepest: usize, out: Vec<u8>) -> Self {
        Self {
            program,
            cut: Cut { out, from: 0 },
            at: 0,
            nest: Nest::new(deepest),
            frames: Vec::new(),
            states: Vec::new(),
            names: Vec::new(),
            lifted: Vec::new(),
            origins: Vec::new(),
            prefix: String::new(),
            name_bytes: 0,
            phase: Phase::Start,
            unpack: Unpack::default(),
            oddity: Oddity::Refuse,
            notes: Notes::new(),
            noted: 0,
            cause: None,
            plain: None,
            lift: None,
        }
    }

    /// The same walk with another hold on its program.
    pub(super) fn with<Q>(self, program: Q) -> Machine<Q> {
        Machine {
            program,
            cut: self.cut,
            at: self.at,
            nest: self.nest,
            frames: self.frames,
            states: self.states,
            names: self.names,
            lifted: self.lifted,
            origins: self.origins,
            prefix: self.prefix,
            name_bytes: self.name_bytes,
            phase: self.phase,
            unpack: self.unpack,
            oddity: self.oddity,
            notes: self.notes,
            noted: self.noted,
            cause: self.cause,
            plain: self.plain,
            lift: self.lift,
        }
    }

    /// At the start of another document.
    pub(super) fn again(self, deepest: usize, out: Vec<u8>) -> Self {
        Self {
            cut: Cut { out, from: 0 },
            at: 0,
            nest: Nest::new(deepest),
            name_bytes: 0,
            phase: Phase::Start,
            oddity: Oddity::Refuse,
            notes: Notes::new(),
            noted: 0,
            cause: None,
            ..self
        }
    }

    /// The document is over, or given up. What was needed for it is kept for the next one, as far as it is not much.
    pub(super) fn rest(&mut self) {
        self.over();
        empty(&mut self.frames);
        empty(&mut self.states);
        empty(&mut self.names);
        empty(&mut self.lifted);
        empty(&mut self.origins);
        self.prefix.clear();
        self.prefix.shrink_to(KEPT);
        if let Some(lift) = &mut self.lift {
            lift.rest();
        }
    }

    /// A walk through a part of the document is over.
    fn over(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Value) {
            Phase::Plain(plain, _) => self.plain = Some(plain),
            Phase::Lift(lift) => self.lift = Some(lift),
            _ => {}
        }
    }
}

/// Empties a list, and does not keep much for what comes next.
pub(super) fn empty<T>(list: &mut Vec<T>) {
    list.clear();
    list.shrink_to(KEPT / size_of::<T>());
}

impl Machine<&Program> {
    /// Reads on. At the end of the bytes it is [`Stop::End`], unless the document is at its end, too, and `last` says that nothing
    /// follows; everything before the unit that is not whole is done then.
    pub(super) fn run(&mut self, src: &[u8], last: bool) -> Result<(), Stop> {
        loop {
            match &mut self.phase {
                Phase::Start => {
                    around(src, &mut self.at, &mut self.cut);
                    let mut reader = Reader::new(src, self.at);
                    let Some(envelope) = &self.program.envelope else {
                        self.phase = Phase::Begin;
                        continue;
                    };
                    self.unpack.start(envelope, &mut reader, &mut self.nest)?;
                    self.cut.skip(src, self.at, reader.at);
                    self.at = reader.at;
                    self.phase = Phase::Envelope;
                }
                Phase::Envelope => {
                    let Some(envelope) = &self.program.envelope else { return Err(Stop::Refused) };
                    let unpacked = self.unpack.run(envelope, src, &mut self.at, &mut self.cut, &mut self.nest);
                    if unpacked.is_err() && self.unpack.is_twice {
                        return self.stuck(src, "unwrap", || "a name of the envelope stands twice".to_owned());
                    }
                    match unpacked? {
                        Unpacked::Payload => self.phase = Phase::Begin,
                        Unpacked::End => {
                            for _ in &self.program.wraps {
                                self.cut.write(src, self.at, b"}", self.at);
                            }
                            self.phase = Phase::Trail;
                        }
                    }
                }
                Phase::Begin => {
                    around(src, &mut self.at, &mut self.cut);
                    self.begin(src, last)?;
                }
                Phase::Plain(plain, drops) => {
                    if *drops {
                        plain.run::<true>(src, &mut self.at, &mut self.cut)?;
                    } else {
                        plain.run::<false>(src, &mut self.at, &mut self.cut)?;
                    }
                    self.over();
                    self.passed(src);
                }
                Phase::Lift(lift) => {
                    let Some(quick) = &self.program.quick else { return Err(Stop::Refused) };
                    let done = match quick.drops {
                        true => lift.run::<true>(quick, src, &mut self.at, &mut self.cut),
                        false => lift.run::<false>(quick, src, &mut self.at, &mut self.cut),
                    };
                    if done == Err(Stop::Refused)
                        && let Some(clash) = lift.clash.take()
                    {
                        return self.stuck(src, "flatten", || clash);
                    }
                    done?;
                    self.over();
                    self.passed(src);
                }
                Phase::Value => {
                    if self.frames.is_empty() {
                        self.value_done(src);
                        continue;
                    }
                    let (unit, mark) = (self.at, self.cut.mark(self.at));
                    self.noted = self.notes.warnings();
                    if let Err(stop) = self.unit(src, mark) {
                        self.cut.back(src, mark, unit);
                        self.at = unit;
                        self.notes.back_to(self.noted);
                        return Err(stop);
                    }
                }
                Phase::Trail => {
                    around(src, &mut self.at, &mut self.cut);
                    if self.at < src.len() {
                        return Err(Stop::Refused);
                    }
                    if !last {
                        return Err(Stop::End);
                    }
                    self.cut.skip(src, self.at, self.at);
                    self.phase = Phase::Done;
                }
                Phase::Done => return Ok(()),
            }
        }
    }

    /// At the value that the steps work on.
    fn begin(&mut self, src: &[u8], last: bool) -> Result<(), Stop> {
        let mut reader = Reader::new(src, self.at);
        let kind = match reader.peek() {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            _ => {
                let kind = reader.scalar()?;
                // Behind a number more digits may come.
                if reader.at == src.len() && !last && kind == Kind::Number {
                    return Err(Stop::End);
                }
                kind
            }
        };
        for wrap in &self.program.wraps {
            self.cut.write(src, self.at, wrap, self.at);
        }
        self.phase = Phase::Value;
        let (from, to) = (self.at, reader.at);
        self.root(src, kind, from, to)
    }

    /// The value is at its end.
    fn value_done(&mut self, src: &[u8]) {
        self.cut.skip(src, self.at, self.at);
        if self.program.envelope.is_some() {
            self.phase = Phase::Envelope;
            return;
        }
        for _ in &self.program.wraps {
            self.cut.out.push(b'}');
        }
        self.phase = Phase::Trail;
    }

    /// Walks through a container that no step looks into. Its bracket is read.
    pub(super) fn pass(&mut self, is_object: bool, drops: bool) -> Result<(), Stop> {
        let plain = Plain::new(&self.nest, is_object)?;
        let place = match self.plain.take() {
            Some(mut place) => {
                *place = plain;
                place
            }
            None => Box::new(plain),
        };
        self.phase = Phase::Plain(place, drops);
        Ok(())
    }

    /// Flattens a container whose bracket is read.
    pub(super) fn flatten(&mut self, is_object: bool) -> Result<(), Stop> {
        let mut lift = self.lift.take().unwrap_or_default();
        lift.start(&self.nest, is_object, self.oddity != Oddity::Refuse, self.notes.warnings())?;
        self.phase = Phase::Lift(lift);
        Ok(())
    }

    /// One member, element or end of the innermost container. An error leaves what was written to the caller.
    #[inline]
    fn unit(&mut self, src: &[u8], mark: usize) -> Result<(), Stop> {
        let Some(frame) = self.frames.last().copied() else { return Err(Stop::Refused) };
        let mut reader = Reader::new(src, self.at);
        space(src, &mut reader, &mut self.cut);
        match reader.peek() {
            b',' if !frame.opened => {
                if frame.first {
                    self.cut.skip(src, reader.at, reader.at + 1);
                }
                reader.at += 1;
                space(src, &mut reader, &mut self.cut);
            }
            end @ (b'}' | b']') => {
                if frame.is_object != (end == b'}') {
                    return Err(Stop::Refused);
                }
                return self.close(src, reader.at);
            }
            _ if frame.opened => {
                if !frame.first {
                    self.cut.write(src, reader.at, b",", reader.at);
                }
            }
            _ => return Err(reader.wrong()),
        }
        let mut key = None;
        if frame.is_object {
            let from = reader.at;
            let escaped = reader.string()?;
            key = Some((from, reader.at, escaped));
            // The space here goes when the name is written, which may be another one.
            reader.space();
            reader.byte(b':')?;
            reader.space();
        }
        let from = reader.at;
        let kind = match reader.peek() {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            _ => {
                let kind = reader.scalar()?;
                if kind == Kind::Number && reader.at == src.len() {
                    return Err(Stop::End);
                }
                kind
            }
        };
        self.child(src, mark, key, kind, from, reader.at)
    }
}
