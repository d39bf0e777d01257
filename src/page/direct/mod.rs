//! Pages without the engine: a template, with all that it stands on, writes straight from the text of a document.
//!
//! The engine is the law. This form takes a tenth of its time: no tree, no map of values, no virtual machine. A template with something
//! in it that is not known here, and a page on which anything is wrong or odd, is given back, and the engine renders it or says what is
//! to be said. So what comes out of here is equal to what the engine writes, and a property test holds it so.
//!
//! | file | holds |
//! |---|---|
//! | `lex`, `parse`, `lists`, `expression` | a template's pieces, and what stands in them |
//! | `family`, `read`, `scope`, `program` | templates that stand on each other, put into one list of steps |
//! | `tape`, `recorder`, `names` | the document, as far as the steps can read it |
//! | `run`, `eval`, `value`, `container`, `sheet` | the steps at work |
//! | `filter`, `builtin`, `function` | filters and functions |

mod bounds;
mod builtin;
mod container;
mod eval;
mod expression;
mod family;
mod filter;
mod function;
mod lex;
mod lists;
mod names;
mod parse;
mod program;
mod read;
mod recorder;
mod run;
mod scope;
mod sheet;
mod stays;
mod tape;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use family::Family;
use names::Names;
use program::Program;
use read::program;
use run::{Halt, Run, Seen};
use sheet::Sheet;
pub use stays::Stays;
use tape::Tape;

use super::{Around, Error};

/// A page in this form: its template, and those of its head.
#[derive(Debug)]
pub(super) struct Direct {
    /// The names of members that any of them can read.
    names: Names,
    page: Program,
    /// The values of the head, by name: nothing in them is escaped yet.
    values: BTreeMap<String, Program>,
    /// Templates of structured data, by name.
    data: BTreeMap<String, Program>,
    /// How large its pages are, in bytes: room for one is made at once.
    size: AtomicUsize,
}

/// Why a page is not made in this form.
#[derive(Debug)]
pub(super) enum Given {
    /// The engine has to.
    Back,
    /// It is too large, or late, or its head is wrong.
    Error(Error),
}

impl From<Error> for Given {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What a page is made of beside its own template.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadParts<'h> {
    /// The template texts of its values, by name.
    pub(super) values: &'h [(String, String)],
    /// The names of templates of structured data.
    pub(super) data: &'h [&'h str],
}

/// A document, read for a page.
#[derive(Debug)]
pub(super) struct Document<'d> {
    direct: &'d Direct,
    tape: Tape<'d>,
}

impl Direct {
    /// A page of templates that the engine takes.
    ///
    /// # Errors
    /// Only the engine can render it.
    pub(super) fn compile<'t>(
        files: impl IntoIterator<Item = (&'t str, &'t str)>,
        template: &str,
        head: HeadParts<'_>,
    ) -> Result<Self, Stays> {
        let family = Family::new(files);
        let (page, mut names) = program(&family, template, Names::default())?;
        let (mut values, mut data) = (BTreeMap::new(), BTreeMap::new());
        for (name, text) in head.values {
            let alone = Family::new([(name.as_str(), text.as_str())]);
            let (value, more) = program(&alone, name, names)?;
            names = more;
            values.insert(name.clone(), value);
        }
        for name in head.data {
            let (program, more) = program(&family, name, names)?;
            names = more;
            data.insert((*name).to_owned(), program);
        }
        Ok(Self { names, page, values, data, size: AtomicUsize::new(1024) })
    }

    /// Reads a document that is JSON text. `None` when the engine has to.
    pub(super) fn read<'d>(&'d self, document: &'d str) -> Option<Document<'d>> {
        Some(Document { direct: self, tape: Tape::of(document, &self.names)? })
    }

    /// Reads a document that stands at a place of a text, and tells where it ends. `None` when it is none, or has more than so many levels.
    pub(super) fn read_at<'d>(&'d self, text: &'d str, at: usize, levels: usize) -> Option<(Document<'d>, usize)> {
        let (tape, end) = Tape::at(text, at, levels, &self.names)?;
        Some((Document { direct: self, tape }, end))
    }
}

impl Document<'_> {
    /// The page, or one block of it.
    ///
    /// # Errors
    /// See [`Given`].
    pub(super) fn page(
        &self,
        around: &Around<'_>,
        head: Option<&str>,
        limit: usize,
        block: Option<&str>,
    ) -> Result<String, Given> {
        let Direct { page, names, size, .. } = self.direct;
        let expected = size.load(Ordering::Relaxed);
        let seen = Seen { tape: &self.tape, names, around, head };
        let run = Run::new(seen, page.slots, Sheet::new(expected, limit, around.deadline));
        let done = match block.map(|name| page.blocks.iter().position(|known| known == name)) {
            None => run.page(&page.steps),
            Some(Some(block)) => run.block(&page.steps, block),
            // The page has it nowhere, or in what it includes, which is for the engine to say.
            Some(None) => Err(Halt::Back),
        };
        let text = done.map_err(|halt| given(halt, limit))?;
        if text.len() > expected {
            size.store(text.len() + text.len() / 8, Ordering::Relaxed);
        }
        Ok(text)
    }

    /// A value of the head, as text.
    ///
    /// # Errors
    /// See [`Given`].
    pub(super) fn value(&self, name: &str, around: &Around<'_>, limit: usize) -> Result<String, Given> {
        let mut sheet = Sheet::new(64, limit, None);
        sheet.escapes = false;
        self.beside(self.direct.values.get(name), around, sheet, limit)
    }

    /// Structured data, by the name of its template.
    ///
    /// # Errors
    /// See [`Given`].
    pub(super) fn data(&self, name: &str, around: &Around<'_>, limit: usize) -> Result<String, Given> {
        self.beside(self.direct.data.get(name), around, Sheet::new(512, limit, None), limit)
    }

    fn beside(&self, program: Option<&Program>, around: &Around<'_>, sheet: Sheet, limit: usize) -> Result<String, Given> {
        let program = program.ok_or(Given::Back)?;
        let seen = Seen { tape: &self.tape, names: &self.direct.names, around, head: None };
        Run::new(seen, program.slots, sheet).page(&program.steps).map_err(|halt| given(halt, limit))
    }
}

fn given(halt: Halt, limit: usize) -> Given {
    match halt {
        Halt::Size => Given::Error(Error::TooLarge { limit }),
        Halt::Depth => Given::Error(Error::TooDeep),
        Halt::Time => Given::Error(Error::Deadline),
        Halt::Back | Halt::Break | Halt::Continue => Given::Back,
    }
}
