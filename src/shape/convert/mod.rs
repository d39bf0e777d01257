//! `convert`: types, dates, enums.
//!
//! Null stays null. A value that cannot be converted stays as it is and is counted, or becomes the entry's fixed value.

mod dates;
mod iso;
mod lookup;
mod moment;
mod nested;
mod pattern;
mod reader;
mod scalar;

#[cfg(test)]
mod date_vectors;
#[cfg(test)]
mod tests;

pub use dates::{DateForm, DateOptions};

use dates::Dates;

use super::aims::Aims;
use super::compare::Table;
use super::{Error, Notes, StepError};
use crate::json::{Limits, Node, Path};

const STEP: &str = "convert";

/// What stood there instead of a value that could be converted.
type Failed = &'static str;

/// One conversion; a step has several, done in order.
#[derive(Debug, Clone)]
pub struct ConvertOptions {
    /// The values.
    pub path: Path,
    /// What they become.
    pub to: To,
    /// What stands for a value that cannot be converted; none given: it stays, with a warning.
    pub otherwise: Option<Node<'static>>,
}

/// What a value becomes.
#[derive(Debug, Clone)]
pub enum To {
    /// A string with the same characters, of a number or a boolean.
    String,
    /// A number with the same characters, of a string that is a JSON number (blanks around it aside).
    Number,
    /// A number without point and exponent, of a string or a number that has no fraction.
    Integer,
    /// 0 and 1, "0" and "1", "true" and "false", "Y" and "N", "yes" and "no", in any case.
    Boolean,
    /// A string in plain notation, with its scale: `1E+2` is "100". Not for more than 400 digits of exponent.
    DecimalString,
    /// The document inside of a string, within these limits.
    Json(Limits),
    /// The parts of a string, cut at this text; the empty string has none.
    List {
        /// What parts them.
        split: String,
    },
    /// A date.
    Date(DateOptions),
    /// Each value's replacement by its text; numbers are compared by value.
    Map(Vec<(String, Node<'static>)>),
}

/// The step.
#[derive(Debug, Clone)]
pub struct Convert {
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) values: Aims,
    pub(super) conversion: Conversion,
    pub(super) otherwise: Option<Node<'static>>,
}

#[derive(Debug, Clone)]
pub(super) enum Conversion {
    String,
    Number,
    Integer,
    Boolean,
    DecimalString,
    Json(Limits),
    List(String),
    Date(Box<Dates>),
    Map(Box<Table<Node<'static>>>),
}

impl Convert {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// No conversion at all, nothing to cut a list at, an unknown form of date, an unknown zone.
    pub fn new(options: Vec<ConvertOptions>) -> Result<Self, StepError> {
        if options.is_empty() {
            return Err(StepError::new("names nothing to convert"));
        }
        let entries = options.into_iter().map(|ConvertOptions { path, to, otherwise }| {
            let conversion = Conversion::new(to).map_err(|error| StepError::new(format!("`{path}`: {error}")))?;
            Ok(Entry { values: Aims::new(vec![path]), conversion, otherwise })
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        for Entry { values, conversion, otherwise } in &self.entries {
            values.each_mut(STEP, doc, notes, &mut |found, path, notes| {
                if found.is_null() {
                    return Ok(());
                }
                match (conversion.convert(found), otherwise) {
                    (Ok(None), _) => {}
                    (Ok(Some(converted)), _) => *found = converted,
                    (Err(_), Some(value)) => *found = value.clone(),
                    (Err(what), None) => notes.mismatch(STEP, path, what),
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Conversion {
    /// Whether it makes scalars only.
    pub(super) fn is_scalar(&self) -> bool {
        match self {
            Self::Json(_) | Self::List(_) => false,
            Self::Map(table) => table.values().iter().all(|value| !matches!(value, Node::Array(_) | Node::Object(_))),
            _ => true,
        }
    }

    fn new(to: To) -> Result<Self, StepError> {
        Ok(match to {
            To::String => Self::String,
            To::Number => Self::Number,
            To::Integer => Self::Integer,
            To::Boolean => Self::Boolean,
            To::DecimalString => Self::DecimalString,
            To::Json(limits) => Self::Json(limits),
            To::List { split } if split.is_empty() => return Err(StepError::new("`split` is empty")),
            To::List { split } => Self::List(split),
            To::Date(options) => Self::Date(Box::new(Dates::new(options)?)),
            To::Map(entries) => Self::Map(Box::new(Table::new(entries))),
        })
    }

    /// The converted value, or nothing when it is what it should be already.
    pub(super) fn convert<'a>(&self, node: &Node<'a>) -> Result<Option<Node<'a>>, Failed> {
        match self {
            Self::String => scalar::string(node),
            Self::Number => scalar::number(node),
            Self::Integer => scalar::integer(node),
            Self::Boolean => scalar::boolean(node),
            Self::DecimalString => scalar::decimal_string(node),
            Self::Json(limits) => nested::document(node, limits),
            Self::List(split) => nested::list(node, split),
            Self::Date(dates) => dates.convert(node),
            Self::Map(table) => lookup::replacement(node, table),
        }
    }
}
