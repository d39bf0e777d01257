//! `convert`: types, dates, enums.

use indexmap::IndexMap;

use super::compiler::Compiler;
use crate::json::{Limits, Node};
use crate::shape::{Convert, ConvertOptions, DateForm, DateOptions, To};
use crate::spec::{At, ConvertKind, ConvertMapSpec, ConvertSpec, Problem};

/// How deep a document inside of a string may nest.
const INNER_DEPTH: usize = 64;

impl Compiler<'_> {
    pub(super) fn convert(&mut self, at: &At, specs: &IndexMap<String, ConvertSpec>) -> Option<Convert> {
        let entries: Vec<Option<ConvertOptions>> = specs
            .iter()
            .map(|(path, spec)| {
                let entry = self.conversion(&at.key(path), path, spec)?;
                // Each alone, so that each has its say.
                self.built(at, Some(Convert::new(vec![entry.clone()]))).map(|_| entry)
            })
            .collect();
        let entries: Option<Vec<ConvertOptions>> = entries.into_iter().collect();
        self.built(at, entries.map(Convert::new))
    }

    fn conversion(&mut self, at: &At, path: &str, spec: &ConvertSpec) -> Option<ConvertOptions> {
        let path = self.key_path(at, path);
        let none = ConvertMapSpec::default();
        let (kind, map) = match spec {
            ConvertSpec::Kind(kind) => (Some(*kind), &none),
            ConvertSpec::Mapping(map) => (map.to, &**map),
        };
        let to = match (kind, &map.map) {
            (Some(_), Some(_)) => {
                self.misplaced(&at.key("map"), "cannot stand beside `to`", "one of the two");
                None
            }
            (None, None) => {
                self.expected(
                    at,
                    "a conversion says neither `to` nor `map`".to_owned(),
                    "`{to: iso}`, say, or `{map: {0: draft}}`",
                );
                None
            }
            (None, Some(values)) => {
                let only = [("split", map.split.is_some()), ("from", map.from.is_some()), ("zone", map.zone.is_some())];
                for (key, _) in only.into_iter().chain([("invalid", map.invalid.is_some())]).filter(|(_, there)| *there) {
                    self.misplaced(&at.key(key), "has no say beside `map`", "`map` and `else` alone");
                }
                let below = at.key("map");
                self.dead_keys(&below, values.keys(), ("stays null", "fill null with the step `default`"));
                if values.is_empty() && map.otherwise.is_none() {
                    let problem = Problem::new(&below, "`map` names no value to replace");
                    self.push(problem.hint("leave the conversion out, or give it something to do"));
                }
                let values = values.keys().map(|value| (value.clone(), self.literal(&below.key(value)))).collect();
                Some(To::Map(values))
            }
            (Some(kind), None) => self.target(at, kind, map),
        };
        let otherwise = map.otherwise.as_ref().map(|_| self.literal(&at.key("else")));
        Some(ConvertOptions { path: path?, to: to?, otherwise })
    }

    /// A key of a conversion that does not go with the others.
    fn misplaced(&mut self, at: &At, message: &str, expected: &str) {
        let key = at.last().unwrap_or_default();
        self.push(Problem::new(at, format!("`{key}` {message}")).at_key().expected(expected));
    }

    fn target(&mut self, at: &At, kind: ConvertKind, map: &ConvertMapSpec) -> Option<To> {
        let date = match kind {
            ConvertKind::Iso => Some(DateForm::Iso),
            ConvertKind::Date => Some(DateForm::Date),
            ConvertKind::EpochMs => Some(DateForm::EpochMs),
            ConvertKind::EpochS => Some(DateForm::EpochS),
            _ => None,
        };
        let for_dates = [("from", map.from.is_some()), ("zone", map.zone.is_some()), ("invalid", map.invalid.is_some())];
        for (key, _) in for_dates.iter().filter(|(_, there)| *there && date.is_none()) {
            self.misplaced(&at.key(*key), "is for dates", "`to: iso`, `to: date`, `to: epoch_ms` or `to: epoch_s` beside it");
        }
        if map.split.is_some() && kind != ConvertKind::List {
            self.misplaced(&at.key("split"), "is for lists", "`to: list` beside it");
        }
        if let Some(to) = date {
            let from = map.from.as_ref().map(|from| from.as_slice().to_vec()).unwrap_or_default();
            let invalid: Option<Node<'static>> = map.invalid.as_ref().map(|_| self.literal(&at.key("invalid")));
            return Some(To::Date(DateOptions { to, from, zone: map.zone.clone(), invalid }));
        }
        Some(match kind {
            ConvertKind::String => To::String,
            ConvertKind::Number => To::Number,
            ConvertKind::Integer => To::Integer,
            ConvertKind::Boolean => To::Boolean,
            ConvertKind::DecimalString => To::DecimalString,
            ConvertKind::Json => To::Json(Limits { depth: INNER_DEPTH, ..Limits::default() }),
            _ => To::List { split: map.split.clone().unwrap_or_else(|| ",".to_owned()) },
        })
    }
}
