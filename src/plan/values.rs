//! Texts of the mirror, read: durations, sizes, paths, literals. What cannot be read is a problem and counts as the default.

use std::time::Duration;

use super::compiler::Compiler;
use crate::base::{duration, size};
use crate::json::{Node, Path};
use crate::spec::{At, DurationText, OneOrMany, SizeText};

impl Compiler<'_> {
    pub(super) fn duration(&mut self, at: &At, text: Option<&DurationText>, default: Duration) -> Duration {
        let Some(DurationText(text)) = text else { return default };
        duration::parse(text).unwrap_or_else(|error| {
            self.problem(at, error.to_string());
            default
        })
    }

    pub(super) fn span(&mut self, at: &At, text: Option<&DurationText>, default: (Duration, Duration)) -> (Duration, Duration) {
        let Some(DurationText(text)) = text else { return default };
        duration::parse_span(text).unwrap_or_else(|error| {
            self.expected(at, error.to_string(), "a shortest and a longest duration, as in 100ms..10s");
            default
        })
    }

    pub(super) fn size(&mut self, at: &At, text: &Option<SizeText>, default: u64) -> u64 {
        match text {
            None => default,
            Some(SizeText::Bytes(bytes)) => *bytes,
            Some(SizeText::Text(text)) => size::parse(text).unwrap_or_else(|error| {
                self.problem(at, error.to_string());
                default
            }),
        }
    }

    pub(super) fn path(&mut self, at: &At, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(error) => {
                self.problem(at, format!("`{text}` is not a path: {error}"));
                None
            }
        }
    }

    /// The paths of a list; none when one of them cannot be read.
    pub(super) fn all_paths(&mut self, at: &At, texts: &[String]) -> Option<Vec<Path>> {
        let paths: Vec<Option<Path>> = texts.iter().enumerate().map(|(index, text)| self.path(&at.index(index), text)).collect();
        paths.into_iter().collect()
    }

    pub(super) fn one_or_many(&mut self, at: &At, texts: &OneOrMany<String>) -> Option<Vec<Path>> {
        match texts {
            OneOrMany::One(text) => self.path(at, text).map(|path| vec![path]),
            OneOrMany::Many(texts) => self.all_paths(at, texts),
        }
    }

    /// The value at a place, numbers as they were typed.
    pub(super) fn literal(&mut self, at: &At) -> Node<'static> {
        self.source().literal(at).unwrap_or_default()
    }
}
