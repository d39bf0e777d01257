//! One pass over a document that comes in pieces: keeps the input that is still needed and the output that may not leave yet.

use std::sync::Arc;

use super::super::Shape;
use super::machine::Machine;
use super::odd::Oddity;
use super::program::Program;
use super::stream::Refused;
use crate::json::Stop;

/// A token or an element of more bytes than this is looked at again only when there is twice as much of it, so that the work
/// stays in proportion to the bytes.
const PATIENCE: usize = 64 << 10;

/// A pass under way.
#[derive(Debug)]
pub(super) struct Stage {
    program: Arc<Program>,
    /// What the steps of the pass do in their reference form.
    shape: Shape,
    /// None after a document was refused, and while it is worked on.
    machine: Option<Machine<()>>,
    /// The input from some place on, behind names from before it.
    window: Vec<u8>,
    /// How many bytes those names have.
    head: usize,
    /// So many bytes of input that are not done have to be there before there is another try.
    wanted: usize,
    /// How large an element may be to be done once more.
    keep: usize,
    /// The next element is for the reference.
    odd: bool,
}

impl Stage {
    /// At the start of a document that may nest so deep.
    pub(super) fn new(program: &Arc<Program>, strict: bool, depth: usize, keep: usize) -> Self {
        Self {
            program: Arc::clone(program),
            shape: Shape::new(program.steps.clone(), strict),
            machine: Some(Machine { oddity: Oddity::Note { strict }, ..Machine::new((), depth, Vec::new()) }),
            window: Vec::new(),
            head: 0,
            wanted: 0,
            keep,
            odd: false,
        }
    }

    /// Takes bytes that belong to the next piece.
    pub(super) fn hold(&mut self, bytes: &[u8]) {
        self.window.extend_from_slice(bytes);
    }

    /// Takes the next piece; what of the result may leave.
    pub(super) fn push(&mut self, bytes: &[u8], last: bool) -> Result<Vec<u8>, Refused> {
        self.hold(bytes);
        let Some(parked) = self.machine.take() else { return Err(Refused::NoJson) };
        if !last && self.window.len() - parked.at < self.wanted {
            self.machine = Some(parked);
            return Ok(Vec::new());
        }
        let mut machine = parked.with(&*self.program);
        if machine.cut.out.capacity() == 0 {
            machine.cut.out.reserve(bytes.len());
        }
        loop {
            let done = match self.odd {
                true => machine.redo(&self.window, &self.shape),
                false => machine.run(&self.window, last),
            };
            match done {
                Ok(()) if self.odd => self.odd = false,
                Err(Stop::End) if !last => break,
                Ok(()) => break,
                Err(Stop::Refused) if !self.odd && machine.step_back(&self.window) => self.odd = true,
                Err(_) => return Err(machine.cause.take().unwrap_or(Refused::NoJson)),
            }
        }
        let settled = machine.settle(&self.window, self.keep);
        let mut machine = machine.with(());
        let out = machine.take(if last { usize::MAX } else { settled.out });
        // Only where it is worth the copy of the rest.
        if 2 * settled.input.saturating_sub(self.head) >= self.window.len() {
            self.head = machine.forget(&mut self.window, settled.input);
        }
        let left = self.window.len() - machine.at;
        self.wanted = if left > PATIENCE { 2 * left } else { 0 };
        self.machine = Some(machine);
        Ok(out)
    }

    /// What there is to say, so far.
    pub(super) fn notes(&self) -> impl Iterator<Item = &str> {
        self.machine.iter().flat_map(|machine| machine.notes.texts()).map(String::as_str)
    }

    /// How much there is to say, so far.
    pub(super) fn warnings(&self) -> usize {
        self.machine.as_ref().map_or(0, |machine| machine.notes.warnings())
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.window.capacity()
            + self.machine.as_ref().map_or(0, |machine| machine.cut.out.capacity() + 8 * machine.names.capacity())
    }

    /// Whether nothing may leave because the envelope has not told yet how it went.
    pub(super) fn is_undecided(&self) -> bool {
        let Some(envelope) = &self.program.envelope else { return false };
        self.machine.as_ref().is_some_and(|machine| !machine.unpack.is_decided(envelope))
    }
}
