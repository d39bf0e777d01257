//! Pages without the engine: a template of text, values, conditions and loops writes straight from the text of a document.
//!
//! The engine is the law. This form is for what most of a page is made of, and takes a tenth of its time: no tree, no map of values, no
//! virtual machine. A template with anything else in it, and a page on which anything is wrong, is given back, and the engine renders
//! it or says what is to be said. So what comes out of here is equal to what the engine writes, and a property test holds it so.

mod expression;
mod lex;
mod names;
mod program;
mod run;
mod scope;
mod sheet;
mod tape;
#[cfg(test)]
mod tests;
mod value;

use std::sync::atomic::{AtomicUsize, Ordering};

use program::Program;
use run::{Halt, Run};
use sheet::Sheet;
use tape::Tape;

use super::{Around, Error};

/// A template in this form.
#[derive(Debug)]
pub(super) struct Direct {
    program: Program,
    /// How large its pages are, in bytes: room for one is made at once.
    size: AtomicUsize,
}

impl Direct {
    /// `None` for a template that only the engine can render. It must be one that the engine takes.
    pub(super) fn compile(template: &str) -> Option<Self> {
        Some(Self { program: Program::compile(template)?, size: AtomicUsize::new(template.len()) })
    }

    /// The page of a document that is JSON text. `None` when the engine has to render it.
    ///
    /// # Errors
    /// It is too large, or late.
    pub(super) fn page(
        &self,
        document: &str,
        around: &Around<'_>,
        head: Option<&str>,
        limit: usize,
    ) -> Option<Result<String, Error>> {
        let tape = Tape::of(document, &self.program.names)?;
        let expected = self.size.load(Ordering::Relaxed);
        match Run::new(&tape, around, head, Sheet::new(expected, limit, around.deadline)).page(&self.program) {
            Ok(text) => {
                if text.len() > expected {
                    self.size.store(text.len() + text.len() / 8, Ordering::Relaxed);
                }
                Some(Ok(text))
            }
            Err(Halt::Back) => None,
            Err(Halt::Size) => Some(Err(Error::TooLarge { limit })),
            Err(Halt::Time) => Some(Err(Error::Deadline)),
        }
    }
}
