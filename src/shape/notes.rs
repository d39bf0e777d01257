//! What a run of the steps has to say about the document, in bounded memory.

use std::fmt::Display;

/// How many warnings keep their text; the others are only counted.
const KEPT: usize = 8;

/// The longest text that is kept of one warning, in bytes: a text may quote what the upstream sent.
const TEXT_BYTES: usize = 240;

/// Values of the wrong type, collisions, conversions that failed: every one counted, the first few in words.
///
/// One `Notes` may gather from several shapes; it never grows beyond a few kilobytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    warnings: usize,
    texts: Vec<String>,
    mismatch: Option<Mismatch>,
}

/// A value that is not what a step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) step: &'static str,
    pub(super) path: String,
    pub(super) found: &'static str,
}

impl Notes {
    /// Nothing to say yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a warning of a step. `text` runs only while texts are kept, so a million warnings cost a million additions.
    pub fn warn(&mut self, step: &'static str, text: impl FnOnce() -> String) {
        self.warnings = self.warnings.saturating_add(1);
        if self.texts.len() < KEPT {
            self.texts.push(shorten(format!("{step}: {}", text())));
        }
    }

    /// Counts a value that is not what the step needs: a warning, and on a strict route the end of the run.
    ///
    /// `found` says what stood there instead, mostly [`Node::kind`](crate::json::Node::kind).
    pub fn mismatch(&mut self, step: &'static str, path: &dyn Display, found: &'static str) {
        self.warn(step, || format!("`{path}` has {found}"));
        if self.mismatch.is_none() {
            self.mismatch = Some(Mismatch { step, path: shorten(path.to_string()), found });
        }
    }

    /// Back to when there were so many warnings: what they were about is looked at once more.
    pub(super) fn back_to(&mut self, warnings: usize) {
        self.warnings = self.warnings.min(warnings);
        self.texts.truncate(warnings);
    }

    /// Adds what another run had to say, but for what is `known` already.
    pub(super) fn add(&mut self, more: &Self, known: &Self) {
        self.warnings = self.warnings.saturating_add(more.warnings.saturating_sub(known.warnings));
        let new = more.texts.iter().filter(|text| !known.texts.contains(text));
        self.texts.extend(new.take(KEPT.saturating_sub(self.texts.len())).cloned());
    }

    /// How many warnings there were in all.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// The first few warnings, each `step: what is wrong`.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Takes the first mismatch since the last call.
    pub(super) fn take_mismatch(&mut self) -> Option<Mismatch> {
        self.mismatch.take()
    }
}

fn shorten(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        let end = (0..=TEXT_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_is_counted_and_the_first_ones_keep_their_text() {
        let mut notes = Notes::new();
        for at in 0..1000 {
            notes.warn("rename", || format!("number {at}"));
        }
        assert_eq!(notes.warnings(), 1000);
        assert_eq!(notes.texts().len(), KEPT);
        assert_eq!(notes.texts().first().map(String::as_str), Some("rename: number 0"));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let mut notes = Notes::new();
        notes.warn("convert", || "é".repeat(10_000));
        let text = notes.texts().first().expect("one warning was counted");
        assert!(text.len() <= TEXT_BYTES + '…'.len_utf8());
        assert!(text.ends_with("é…"));
    }

    #[test]
    fn the_first_mismatch_is_the_one_that_is_told() {
        let mut notes = Notes::new();
        notes.mismatch("group", &"list", "string");
        notes.mismatch("group", &"other", "number");
        let first = notes.take_mismatch().expect("two were counted");
        assert_eq!((first.step, first.path.as_str(), first.found), ("group", "list", "string"));
        assert_eq!(notes.take_mismatch(), None);
        assert_eq!(notes.warnings(), 2);
        assert_eq!(notes.texts().first().map(String::as_str), Some("group: `list` has string"));
    }
}
