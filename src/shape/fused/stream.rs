//! A document that is shaped while it comes.
//!
//! Memory is bounded by the depth of the document, its largest token, the names of the objects that are open, and what has to be held
//! back: an element of a list up to a limit, a container that may turn out empty, all of it while the verdict of an envelope is open.

use std::collections::VecDeque;

use super::super::Error;
use super::stage::Stage;
use super::{Fused, Pass};
use crate::json::Limits;

/// How large an element of a list may be to be done once more when something is odd about it, in bytes.
const ELEMENT: usize = 256 << 10;

/// Pieces of the result with fewer bytes are joined, so that none costs much more than its bytes.
const SHORT: usize = 4 << 10;

/// Why a document cannot be shaped to its end while it comes. What was handed out so far is the beginning of nothing that may be taken
/// for whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none.
    #[error("it is no JSON, or nests too deep")]
    NoJson,
    /// It is one that only the reference can shape, and only as a whole.
    #[error("{step}: {what}, in `{path}`, and a reply that is shaped while it comes cannot take back what has left")]
    Step {
        /// The step.
        step: &'static str,
        /// The object that it is about, as it came.
        path: String,
        /// What is about it.
        what: String,
    },
    /// It is one that the reference does not shape, either.
    #[error(transparent)]
    Shape(#[from] Error),
}

/// A document on its way through the passes of a route.
#[derive(Debug)]
pub struct Stream {
    stages: Vec<Stage>,
    /// The first bytes of a character that is not whole yet.
    torn: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
}

impl Fused {
    /// Why a document cannot be shaped while it comes.
    ///
    /// # Errors
    /// The reason.
    pub fn streams(&self) -> Result<(), &'static str> {
        let has_tree = self.passes.iter().any(|pass| matches!(pass, Pass::Tree(..)));
        if has_tree { Err("a step needs the whole document as a tree") } else { Ok(()) }
    }

    /// A document that may nest so deep, at its start; none where it has to be whole first. In a `strict` one a value of the wrong type
    /// is the end.
    pub fn stream(&self, strict: bool, depth: usize) -> Option<Stream> {
        self.stream_keeping(strict, depth, ELEMENT)
    }

    pub(super) fn stream_keeping(&self, strict: bool, depth: usize, keep: usize) -> Option<Stream> {
        let stage = |(at, pass): (usize, &Pass)| match pass {
            // What the passes before made may be deeper than what came.
            Pass::Bytes(program) => Some(Stage::new(program, strict, if at == 0 { depth } else { Limits::DEEPEST }, keep)),
            Pass::Tree(..) => None,
        };
        let stages: Option<Vec<Stage>> = self.passes.iter().enumerate().map(stage).collect();
        Some(Stream { stages: stages?, torn: Vec::new(), ready: VecDeque::new() })
    }
}

impl Stream {
    /// Takes the next bytes of the document, cut anywhere.
    ///
    /// # Errors
    /// It is refused, and this stream is over.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let missing = missing(&self.torn);
        let (next, bytes) = bytes.split_at(missing.min(bytes.len()));
        self.torn.extend_from_slice(next);
        if next.len() < missing {
            return Ok(());
        }
        let torn = std::mem::take(&mut self.torn);
        let (whole, begun) = bytes.split_at(bytes.len() - torn_at_end(bytes));
        self.torn.extend_from_slice(begun);
        if std::str::from_utf8(&torn).is_err() || simdutf8::basic::from_utf8(whole).is_err() {
            return Err(Refused::NoJson);
        }
        if let Some(first) = self.stages.first_mut() {
            first.hold(&torn);
        }
        self.feed(whole, false)
    }

    /// The document is at its end.
    ///
    /// # Errors
    /// It is not.
    pub fn finish(&mut self) -> Result<(), Refused> {
        if !self.torn.is_empty() {
            return Err(Refused::NoJson);
        }
        self.feed(&[], true)
    }

    /// The next piece of what may leave of the shaped document; empty when there is none at the moment.
    pub fn take(&mut self) -> Vec<u8> {
        self.ready.pop_front().unwrap_or_default()
    }

    /// Whether there is such a piece.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether nothing may leave because the envelope has not told yet how it went.
    pub fn is_undecided(&self) -> bool {
        self.stages.iter().any(Stage::is_undecided)
    }

    /// What there is to say about the document, so far.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().flat_map(Stage::notes)
    }

    /// How much there is to say about it, so far.
    pub fn warnings(&self) -> usize {
        self.stages.iter().map(Stage::warnings).sum()
    }

    /// How many bytes are held, of input and of output.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.ready.iter().map(Vec::capacity).sum::<usize>() + self.stages.iter().map(Stage::held).sum::<usize>()
    }

    fn feed(&mut self, bytes: &[u8], last: bool) -> Result<(), Refused> {
        let mut made: Option<Vec<u8>> = None;
        for stage in &mut self.stages {
            made = Some(stage.push(made.as_deref().unwrap_or(bytes), last)?);
        }
        let made = made.unwrap_or_default();
        match self.ready.back_mut() {
            Some(before) if made.len() < SHORT => before.extend_from_slice(&made),
            _ if made.is_empty() => {}
            _ => self.ready.push_back(made),
        }
        Ok(())
    }
}

/// How many bytes are missing of a character that has begun.
fn missing(torn: &[u8]) -> usize {
    torn.first().map_or(0, |first| length(*first).saturating_sub(torn.len()))
}

/// How many bytes a character has that begins with this one; 1 for what begins none.
fn length(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

/// How many bytes at the end are the beginning of a character.
fn torn_at_end(bytes: &[u8]) -> usize {
    (1..=3.min(bytes.len())).find(|torn| bytes.get(bytes.len() - torn).is_some_and(|first| length(*first) > *torn)).unwrap_or(0)
}
