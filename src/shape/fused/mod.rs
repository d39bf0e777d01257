//! The steps of a route in their fast form: passes over the bytes, and a tree only for the steps that need one, of the part
//! that they work in where they have one.
//!
//! The reference form, [`Shape`], is the law. This one is for the documents that steps were written for: one in which
//! names meet, a value has the wrong type, an envelope tells of a failure, or that is no JSON at all, is given back untouched, and the
//! reference says what is to be said. So what comes out of here is equal to the reference, and there is nothing to note about it.

mod close;
mod cut;
#[cfg(test)]
mod cut_tests;
mod decide;
mod enter;
mod envelope;
mod explain;
mod frame;
mod graft;
#[cfg(test)]
mod laws;
mod lift;
mod lift_back;
mod lift_lane;
mod lift_level;
mod lift_names;
mod machine;
mod names;
mod odd;
mod origin;
mod payload;
mod plain;
mod plain_lane;
mod prefix;
mod program;
mod redo;
mod settle;
mod stage;
mod steps;
mod stream;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod track;

use std::cell::Cell;
use std::sync::Arc;

use machine::Machine;
use program::{Outside, Program};

use super::{Notes, Shape, Step};
use crate::json::{Limits, parse};

pub use explain::PassPlan;
pub use stream::{Refused, Stream};

/// The passes of a route.
#[derive(Debug, Clone)]
pub struct Fused {
    passes: Vec<Pass>,
}

#[derive(Debug, Clone)]
enum Pass {
    /// Steps that work side by side.
    Bytes(Arc<Program>),
    /// Steps that need the document as a tree, and why each does.
    Tree(Shape, Vec<&'static str>),
}

thread_local! {
    /// What a pass needs beside its output, for the next pass on this thread. What it keeps is bounded.
    static SPARE: Cell<Option<Machine<()>>> = const { Cell::new(None) };
}

impl Fused {
    /// The passes of these steps, in order.
    pub fn new<'s>(steps: impl IntoIterator<Item = &'s Step>) -> Self {
        let mut passes = Vec::new();
        let mut open = Program::default();
        for step in steps {
            let mut tried = open.push(step);
            if tried == Err(Outside::Next) {
                passes.push(Pass::Bytes(Arc::new(std::mem::take(&mut open))));
                tried = open.push(step);
            }
            let why = match tried {
                Ok(()) => continue,
                Err(Outside::Tree(why)) => why,
                Err(Outside::Next) => "it stands alone",
            };
            if !open.is_empty() {
                passes.push(Pass::Bytes(Arc::new(std::mem::take(&mut open))));
            }
            if let Some(graft) = Program::graft(step) {
                passes.push(Pass::Bytes(Arc::new(Program { why: vec![why], ..graft })));
                continue;
            }
            match passes.last_mut() {
                Some(Pass::Tree(shape, reasons)) => {
                    shape.push(step.clone());
                    reasons.push(why);
                }
                _ => passes.push(Pass::Tree(Shape::new(vec![step.clone()], true), vec![why])),
            }
        }
        if !open.is_empty() || passes.is_empty() {
            passes.push(Pass::Bytes(Arc::new(open)));
        }
        Self { passes }
    }

    /// The shaped document of a text that may nest so deep; none when the reference has to look at it.
    pub fn run(&self, text: &str, depth: usize) -> Option<Vec<u8>> {
        let mut document: Option<Vec<u8>> = None;
        for pass in &self.passes {
            // What the passes before made may be deeper than what came.
            let (bytes, depth) = match &document {
                None => (text.as_bytes(), depth),
                Some(bytes) => (bytes.as_slice(), Limits::DEEPEST),
            };
            document = Some(match pass {
                Pass::Bytes(program) => {
                    // A little more, because short pieces are copied whole and cut then.
                    let out = Vec::with_capacity(bytes.len() + 64);
                    let mut machine = match SPARE.take() {
                        Some(spare) => spare.again(depth, out).with(&**program),
                        None => Machine::new(&**program, depth, out),
                    };
                    let done = machine.run(bytes, true);
                    let out = std::mem::take(&mut machine.cut.out);
                    machine.rest();
                    SPARE.set(Some(machine.with(())));
                    done.ok()?;
                    out
                }
                Pass::Tree(shape, _) => {
                    let limits = Limits { depth, ..Limits::default() };
                    let mut tree = parse(std::str::from_utf8(bytes).ok()?, &limits).ok()?;
                    let mut notes = Notes::new();
                    shape.run(&mut tree, &mut notes).ok().filter(|()| notes.warnings() == 0)?;
                    tree.to_json()
                }
            });
        }
        document
    }
}
