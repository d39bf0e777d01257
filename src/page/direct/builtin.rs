//! The engine's own filters, as far as pages use them: it gives none of them away, so they are written here once more, and held to be
//! the same by the tests.

use std::borrow::Cow;

use tera::value::{Key, ValueKind};
use tera::{Kwargs, Number};
use unicode_segmentation::UnicodeSegmentation;

use super::bounds::within;
use super::run::Halt;
use super::sheet::{Sheet, escaped};
use super::tape::Tape;
use super::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    Abs,
    Capitalize,
    Default,
    Escape,
    EscapeHtml,
    First,
    Float,
    Get,
    Int,
    Join,
    Keys,
    Last,
    Length,
    Lower,
    NewlinesToBr,
    Nth,
    Replace,
    Reverse,
    Round,
    Safe,
    Split,
    Str,
    Title,
    Trim,
    TrimEnd,
    TrimStart,
    Truncate,
    Upper,
    Values,
    Wordcount,
}

impl Builtin {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => Self::Abs,
            "capitalize" => Self::Capitalize,
            "default" => Self::Default,
            "escape" => Self::Escape,
            "escape_html" => Self::EscapeHtml,
            "first" => Self::First,
            "float" => Self::Float,
            "get" => Self::Get,
            "int" => Self::Int,
            "join" => Self::Join,
            "keys" => Self::Keys,
            "last" => Self::Last,
            "length" => Self::Length,
            "lower" => Self::Lower,
            "newlines_to_br" => Self::NewlinesToBr,
            "nth" => Self::Nth,
            "replace" => Self::Replace,
            "reverse" => Self::Reverse,
            "round" => Self::Round,
            "safe" => Self::Safe,
            "split" => Self::Split,
            "str" => Self::Str,
            "title" => Self::Title,
            "trim" => Self::Trim,
            "trim_end" => Self::TrimEnd,
            "trim_start" => Self::TrimStart,
            "truncate" => Self::Truncate,
            "upper" => Self::Upper,
            "values" => Self::Values,
            "wordcount" => Self::Wordcount,
            _ => return None,
        })
    }

    /// What it makes of a value. Gives up where the engine would fail, for it says why.
    pub(super) fn apply<'r>(self, value: Value<'r>, args: &Kwargs, tape: &Tape<'r>, sheet: &Sheet) -> Result<Value<'r>, Halt> {
        match self {
            Self::Safe => Ok(Value::Markup(match value {
                Value::Text(text) | Value::Markup(text) => text,
                value => value.shown(tape)?.into_owned().into(),
            })),
            Self::Str => Ok(Value::Text(value.shown(tape)?.into_owned().into())),
            Self::Default => {
                let instead = arg::<tera::Value>(args, "value")?.ok_or(Halt::Back)?;
                let has_it =
                    if arg::<bool>(args, "boolean")?.unwrap_or_default() { value.is_true() } else { !value.is_undefined() };
                Ok(if has_it { value } else { Value::Engine(instead) })
            }
            Self::Length => value.length(tape).and_then(whole),
            Self::First => Ok(value.element(0, tape)?.unwrap_or(Value::None)),
            Self::Last => {
                let last = value.elements(tape).ok_or(Halt::Back)?.checked_sub(1);
                Ok(last.map_or(Ok(None), |last| value.element(last, tape))?.unwrap_or(Value::None))
            }
            Self::Nth => {
                let at = arg::<usize>(args, "n")?.ok_or(Halt::Back)?;
                Ok(value.element(at, tape)?.unwrap_or(Value::None))
            }
            Self::Join => joined(&value, args, tape, sheet),
            Self::Abs | Self::Float | Self::Int | Self::Round => self.number(&value.of_engine(tape)?, args),
            Self::Get | Self::Keys | Self::Reverse | Self::Values => self.container(&value.of_engine(tape)?, args),
            _ => self.text(&value, args, sheet),
        }
    }

    /// Of what is a text, and nothing else.
    fn text<'r>(self, value: &Value<'r>, args: &Kwargs, sheet: &Sheet) -> Result<Value<'r>, Halt> {
        let (text, is_safe) = value.text().ok_or(Halt::Back)?;
        let as_safe = |made: String, is_safe: bool| if is_safe { Value::Markup(made.into()) } else { Value::Text(made.into()) };
        let trimmed = |by_pattern: fn(&str, &str) -> String, plain: fn(&str) -> &str| {
            let pattern = arg::<&str>(args, "pat")?;
            Ok(pattern.map_or_else(|| plain(text).to_owned(), |pattern| by_pattern(text, pattern)))
        };
        let made = match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::Capitalize => {
                let mut chars = text.chars();
                chars
                    .next()
                    .map(|first| first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect())
                    .unwrap_or_default()
            }
            Self::Title => title(text),
            Self::Trim => {
                trimmed(|text, pattern| text.trim_start_matches(pattern).trim_end_matches(pattern).to_owned(), str::trim)?
            }
            Self::TrimStart => trimmed(|text, pattern| text.trim_start_matches(pattern).to_owned(), str::trim_start)?,
            Self::TrimEnd => trimmed(|text, pattern| text.trim_end_matches(pattern).to_owned(), str::trim_end)?,
            Self::Escape if is_safe => text.to_owned(),
            Self::Escape => return Ok(Value::Markup(escaped(text).into())),
            Self::EscapeHtml => return Ok(Value::Text(escaped(text).into())),
            Self::NewlinesToBr => return Ok(Value::Text(text.replace("\r\n", "<br>").replace(['\n', '\r'], "<br>").into())),
            Self::Wordcount => return whole(text.split_whitespace().count()),
            Self::Truncate => {
                let length = arg::<usize>(args, "length")?.ok_or(Halt::Back)?;
                let end = arg::<&str>(args, "end")?.unwrap_or("…");
                let cut = text.grapheme_indices(true).nth(length).and_then(|(at, _)| text.get(..at));
                return Ok(Value::Text(cut.map_or_else(|| text.to_owned(), |kept| format!("{kept}{end}")).into()));
            }
            Self::Split => {
                let pattern = arg::<&str>(args, "pat")?.ok_or(Halt::Back)?;
                let pieces = text.split(pattern).map(|piece| Value::Text(piece.to_owned().into()));
                return Ok(Value::List(pieces.collect()));
            }
            Self::Replace => {
                let from = arg::<&str>(args, "from")?.ok_or(Halt::Back)?;
                let to = arg::<&tera::Value>(args, "to")?.ok_or(Halt::Back)?;
                let to_text = to.as_str().ok_or(Halt::Back)?;
                if !sheet.escapes || !(is_safe || to.is_safe()) {
                    return replaced(text, from, to_text, sheet.limit).map(|made| Value::Text(made.into()));
                }
                let shown = |text, is_safe| if is_safe { Cow::Borrowed(text) } else { escaped(text).into() };
                let made = replaced(&shown(text, is_safe), from, &shown(to_text, to.is_safe()), sheet.limit)?;
                return Ok(Value::Markup(made.into()));
            }
            _ => return Err(Halt::Back),
        };
        Ok(as_safe(made, is_safe))
    }

    fn number<'r>(self, value: &tera::Value, args: &Kwargs) -> Result<Value<'r>, Halt> {
        let integer = |whole: i128| i64::try_from(whole).map_or_else(|_| Value::Engine(whole.into()), Value::Whole);
        let of_fraction = |fraction: f64| Number::Float(fraction).as_integer().map(integer).ok_or(Halt::Back);
        match (self, value.as_number(), value.as_str()) {
            (Self::Abs, Some(Number::Integer(whole)), _) => whole.checked_abs().map(integer).ok_or(Halt::Back),
            (Self::Abs, Some(Number::Float(fraction)), _) => Ok(Value::Fraction(fraction.abs())),
            (Self::Float, Some(number), _) => Ok(Value::Fraction(number.as_float())),
            (Self::Float, None, Some(text)) => text.trim().parse().map(Value::Fraction).map_err(|_| Halt::Back),
            (Self::Int, number, text) => {
                let base = arg::<u32>(args, "base")?.unwrap_or(10);
                if base != 10 {
                    return Err(Halt::Back);
                }
                match (number, text.map(str::trim)) {
                    (Some(Number::Integer(whole)), _) => Ok(integer(whole)),
                    (Some(Number::Float(fraction)), _) => of_fraction(fraction),
                    (_, Some(text)) => match text.parse::<i128>() {
                        Ok(whole) => Ok(integer(whole)),
                        Err(_) if text.contains('.') => text.parse().map_err(|_| Halt::Back).and_then(of_fraction),
                        Err(_) => Err(Halt::Back),
                    },
                    _ => Err(Halt::Back),
                }
            }
            (Self::Round, Some(number), _) => {
                let precision = arg::<i32>(args, "precision")?.unwrap_or_default();
                let by = if precision == 0 { 1.0 } else { 10.0_f64.powi(precision) };
                let grown = by * number.as_float();
                Ok(Value::Fraction(match arg::<&str>(args, "method")? {
                    None => grown.round() / by,
                    Some("ceil") => grown.ceil() / by,
                    Some("floor") => grown.floor() / by,
                    Some(_) => return Err(Halt::Back),
                }))
            }
            _ => Err(Halt::Back),
        }
    }

    fn container<'r>(self, value: &tera::Value, args: &Kwargs) -> Result<Value<'r>, Halt> {
        let map = || value.as_map().ok_or(Halt::Back);
        Ok(Value::Engine(match self {
            Self::Reverse => value.reverse().map_err(|_| Halt::Back)?,
            Self::Values => map()?.values().cloned().collect::<Vec<_>>().into(),
            Self::Keys => map()?.keys().map(|key| tera::Value::from(key.clone())).collect::<Vec<_>>().into(),
            Self::Get => {
                let key = arg::<&str>(args, "key")?.ok_or(Halt::Back)?;
                let instead = arg::<tera::Value>(args, "default")?;
                map()?.get(&Key::Str(key)).cloned().or(instead).ok_or(Halt::Back)?
            }
            _ => return Err(Halt::Back),
        }))
    }
}

/// An argument, if there is one. One of another type than wanted is the engine's to tell.
fn arg<'k, T: tera::ArgFromValue<'k, Output = T>>(args: &'k Kwargs, name: &'k str) -> Result<Option<T>, Halt> {
    args.get(name).map_err(|_| Halt::Back)
}

fn whole<'r>(number: usize) -> Result<Value<'r>, Halt> {
    i64::try_from(number).map(Value::Whole).map_err(|_| Halt::Back)
}

fn title(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if c.is_ascii_punctuation() || c.is_whitespace() {
            made.push(c);
            begins |= c != '\'';
        } else if begins {
            made.extend(c.to_uppercase());
            begins = false;
        } else {
            made.extend(c.to_lowercase());
        }
    }
    made
}

/// The elements of a list as one text. Where one of them is markup, the others are escaped.
/// Refused before it is made where it would be too large.
fn replaced(text: &str, from: &str, to: &str, limit: usize) -> Result<String, Halt> {
    let grows = text.matches(from).count().saturating_mul(to.len().saturating_sub(from.len()));
    within(text.len().saturating_add(grows), limit)?;
    Ok(text.replace(from, to))
}

fn joined<'r>(value: &Value<'r>, args: &Kwargs, tape: &Tape<'r>, sheet: &Sheet) -> Result<Value<'r>, Halt> {
    let between = arg::<&tera::Value>(args, "sep")?;
    let (between, between_is_safe) = match between {
        None => ("", false),
        Some(between) => (between.as_str().ok_or(Halt::Back)?, between.is_safe()),
    };
    let count = value.elements(tape).ok_or(Halt::Back)?;
    let mut elements = Vec::with_capacity(count);
    for at in 0..count {
        elements.push(value.element(at, tape)?.ok_or(Halt::Back)?);
    }
    let is_markup =
        sheet.escapes && (between_is_safe || elements.iter().any(|element| element.text().is_some_and(|(_, is_safe)| is_safe)));
    let mut made = String::new();
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            made.push_str(&if is_markup && !between_is_safe { escaped(between).into() } else { Cow::Borrowed(between) });
        }
        let text = element.shown(tape)?;
        within(made.len().saturating_add(text.len()), sheet.limit)?;
        let is_safe = match element.text() {
            Some((_, is_safe)) => is_safe,
            None => element.elements(tape).is_none() && element.of_engine(tape)?.kind() != ValueKind::Map,
        };
        made.push_str(&if is_markup && !is_safe { escaped(&text).into() } else { text });
    }
    Ok(if is_markup { Value::Markup(made.into()) } else { Value::Text(made.into()) })
}
