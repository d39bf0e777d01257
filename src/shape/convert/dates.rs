//! Dates: the forms that they come in, the zone that they are in, the form that they leave in.

use jiff::tz::{Offset, TimeZone};

use super::moment::{Clock, Fields, Impossible, Moment, iso_day};
use super::pattern::Pattern;
use super::reader::Reader;
use super::{Failed, iso};
use crate::json::{Node, Number};
use crate::shape::StepError;

/// The longest text that may be a date, in bytes.
const LONGEST: usize = 128;

/// What a date becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `2024-03-01T10:20:30.123+08:00`: the fraction with the digits that it came with, `Z` for UTC.
    Iso,
    /// `2024-03-01`
    Date,
    /// Whole milliseconds since 1970, a number.
    EpochMs,
    /// Whole seconds since 1970, a number.
    EpochS,
}

/// How dates are read and told.
#[derive(Debug, Clone)]
pub struct DateOptions {
    /// What they become.
    pub to: DateForm,
    /// The forms that they come in, tried in order: `iso`, `epoch_ms`, `epoch_s`, `array`, or a Java pattern.
    /// None given: `iso` and `array`, which cannot be taken for anything else.
    pub from: Vec<String>,
    /// The zone of dates without one, and of the result: an IANA name, `UTC`, `+08:00`, `GMT+8`. None given: UTC.
    pub zone: Option<String>,
    /// What an impossible date becomes (`0000-00-00`, the 31st of February, the first day of year 1); none given: it stays.
    pub invalid: Option<Node<'static>>,
}

/// Dates, ready to convert.
#[derive(Debug, Clone)]
pub(in crate::shape) struct Dates {
    to: DateForm,
    from: Vec<Form>,
    zone: TimeZone,
    invalid: Option<Node<'static>>,
}

#[derive(Debug, Clone)]
enum Form {
    Iso,
    EpochMs,
    EpochS,
    Array,
    Pattern(Pattern),
}

type Reading = Option<Result<Moment, Impossible>>;

impl Dates {
    pub(super) fn new(options: DateOptions) -> Result<Self, StepError> {
        let from = match options.from.as_slice() {
            [] => vec![Form::Iso, Form::Array],
            forms => forms.iter().map(|text| form(text)).collect::<Result<_, _>>()?,
        };
        let zone = options.zone.as_deref().map_or(Ok(TimeZone::UTC), zone)?;
        Ok(Self { to: options.to, from, zone, invalid: options.invalid })
    }

    pub(super) fn convert<'a>(&self, node: &Node<'_>) -> Result<Option<Node<'a>>, Failed> {
        match self.read(node) {
            Some(Ok(moment)) if self.invalid.is_none() || !moment.is_placeholder(&self.zone) => {
                self.tell(&moment).map(Some).ok_or("a date out of range")
            }
            Some(_) => self.invalid.clone().map(Some).ok_or("an impossible date"),
            None => Err(match node {
                Node::String(_) => "a string in none of the forms of `from`",
                Node::Number(_) => "a number, which none of the forms of `from` takes",
                Node::Array(_) => "an array that is no date",
                other => other.kind(),
            }),
        }
    }

    fn read(&self, node: &Node<'_>) -> Reading {
        match node {
            Node::String(text) if text.as_raw().len() <= LONGEST => {
                let text = text.decode();
                let text = text.trim();
                self.from
                    .iter()
                    .find_map(|form| form.read_text(text))
                    // digits in quotes may be a pattern's as well as an epoch's: the epoch comes last
                    .or_else(|| self.from.iter().find_map(|form| form.read_digits(text)))
                    .or_else(|| text.starts_with("0000-00-00").then_some(Err(Impossible)))
            }
            Node::Number(number) => self.from.iter().find_map(|form| form.read_number(number)),
            Node::Array(parts) => self.from.iter().find_map(|form| form.read_array(parts)),
            _ => None,
        }
    }

    fn tell<'a>(&self, moment: &Moment) -> Option<Node<'a>> {
        let since_1970 = |unit: i128| {
            let count = moment.instant(&self.zone)?.as_nanosecond().div_euclid(unit);
            Some(Node::Number(Number::from(i64::try_from(count).ok()?)))
        };
        match self.to {
            DateForm::Iso => moment.iso(&self.zone).map(Node::text),
            DateForm::Date => iso_day(moment.day(&self.zone)).map(Node::text),
            DateForm::EpochMs => since_1970(1_000_000),
            DateForm::EpochS => since_1970(1_000_000_000),
        }
    }
}

impl Form {
    fn read_text(&self, text: &str) -> Reading {
        match self {
            Self::Iso => iso::read(text),
            Self::Pattern(pattern) => pattern.read(text),
            Self::EpochMs | Self::EpochS | Self::Array => None,
        }
    }

    fn read_digits(&self, text: &str) -> Reading {
        match self {
            Self::EpochMs | Self::EpochS if text.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit()) => {
                self.read_plain(text)
            }
            _ => None,
        }
    }

    fn read_number(&self, number: &Number<'_>) -> Reading {
        match self {
            Self::EpochMs | Self::EpochS => self.read_plain(&number.plain().ok()?),
            Self::Pattern(pattern) if number.is_integer() => pattern.read(number.as_raw()),
            _ => None,
        }
    }

    /// Reads `-123.456`: no fraction for milliseconds, nine digits of it for seconds.
    fn read_plain(&self, text: &str) -> Reading {
        let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
        let count: i64 = whole.parse().ok()?;
        let (seconds, nano) = match (self, fraction) {
            (Self::EpochMs, None) => (count.div_euclid(1000), i32::try_from(count.rem_euclid(1000)).ok()? * 1_000_000),
            (Self::EpochS, None) => (count, 0),
            (Self::EpochS, Some(fraction)) => {
                let mut reader = Reader::new(fraction.trim_end_matches('0'));
                let nano = if reader.is_done() { 0 } else { reader.fraction(1, 9)?.0 };
                if !reader.is_done() {
                    return None;
                }
                let nano = i32::try_from(nano).ok()?;
                (count, if whole.starts_with('-') { -nano } else { nano })
            }
            _ => return None,
        };
        Some(Moment::since_1970(seconds, nano))
    }

    /// Jackson's arrays: `[2019,8,25]`, `[2019,8,25,8,35]`, seconds and nanoseconds when they are not zero.
    fn read_array(&self, parts: &[Node<'_>]) -> Reading {
        if !matches!(self, Self::Array) {
            return None;
        }
        let part = |at: usize| match parts.get(at) {
            Some(Node::Number(number)) => u32::try_from(number.as_u64()?).ok(),
            _ => None,
        };
        let clock =
            |second, nano| Some(Clock { hour: part(3)?, minute: part(4)?, second, nano, digits: super::moment::told(nano) });
        let time = match parts.len() {
            3 => None,
            5 => Some(clock(0, 0)?),
            6 => Some(clock(part(5)?, 0)?),
            7 => Some(clock(part(5)?, part(6)?)?),
            _ => return None,
        };
        Some(Fields { year: part(0)?, month: part(1)?, day: part(2)?, time, offset: None }.moment())
    }
}

fn form(text: &str) -> Result<Form, StepError> {
    Ok(match text {
        "iso" => Form::Iso,
        "epoch_ms" => Form::EpochMs,
        "epoch_s" => Form::EpochS,
        "array" => Form::Array,
        pattern => Form::Pattern(Pattern::new(pattern).map_err(|error| {
            let word = pattern.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
            if word {
                return StepError::new(format!(
                    "`{pattern}` is no form of a date: iso, epoch_ms, epoch_s, array or a Java pattern"
                ));
            }
            error
        })?),
    })
}

fn zone(name: &str) -> Result<TimeZone, StepError> {
    if matches!(name, "UTC" | "GMT" | "Z") {
        return Ok(TimeZone::UTC);
    }
    let offset = name.strip_prefix("GMT").or_else(|| name.strip_prefix("UTC")).unwrap_or(name);
    let mut reader = Reader::new(offset);
    if let Some(offset) = reader.offset().filter(|_| reader.is_done()).and_then(|seconds| Offset::from_seconds(seconds).ok()) {
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(name)
        .map_err(|_| StepError::new(format!("there is no time zone `{name}`; write its IANA name, such as Asia/Shanghai")))
}
