//! What a YAML scalar means: the core schema of YAML 1.2.2 (section 10.3.2), as JSON.

use std::borrow::Cow;

/// A scalar as it was read, holes filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// The text, escapes resolved, quotes off.
    pub(super) text: String,
    /// Whether it stands without quotes, so that `5` is a number and `true` a truth.
    pub(super) plain: bool,
    /// Whether a `${…}` hole was filled in it: its text may be a secret.
    pub(super) filled: bool,
}

/// What a scalar means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning<'t> {
    Null,
    Bool(bool),
    /// A JSON number token, digits as typed.
    Number(Cow<'t, str>),
    Text(&'t str),
}

/// A plain scalar that nobody should have to guess the meaning of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Odd {
    #[error("`{0}` has a leading zero: is it a number or a text?")]
    LeadingZero(String),
    #[error("`{0}` is not a number that JSON can carry")]
    NotFinite(String),
    #[error("`{0}` is too large")]
    TooLarge(String),
    #[error("`{0}` is too near to 0 to be told from it")]
    TooSmall(String),
    #[error("`{typed}` cannot be told from {held}")]
    Inexact { typed: String, held: String },
}

impl Odd {
    /// What to write instead.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::LeadingZero(text) => {
                let sign = if text.starts_with('-') { "-" } else { "" };
                let digits = text.trim_start_matches(['+', '-', '0']);
                let zero = if digits.starts_with(|digit: char| digit.is_ascii_digit()) { "" } else { "0" };
                format!("write {sign}{zero}{digits} for the number, or \"{text}\" for the text")
            }
            Self::NotFinite(text) | Self::TooLarge(text) | Self::TooSmall(text) | Self::Inexact { typed: text, .. } => {
                format!("write \"{text}\" for the text")
            }
        }
    }
}

impl Scalar {
    /// A key without a value.
    pub(super) fn empty() -> Self {
        Self { text: String::new(), plain: true, filled: false }
    }

    /// What it means. Only a plain scalar can be anything but text.
    pub(super) fn meaning(&self) -> Result<Meaning<'_>, Odd> {
        if !self.plain {
            return Ok(Meaning::Text(&self.text));
        }
        Ok(match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
            "true" | "True" | "TRUE" => Meaning::Bool(true),
            "false" | "False" | "FALSE" => Meaning::Bool(false),
            text => match number(text)? {
                Some(digits) => Meaning::Number(digits),
                None => Meaning::Text(text),
            },
        })
    }
}

/// The JSON number that a plain text stands for, if it does.
fn number(text: &str) -> Result<Option<Cow<'_, str>>, Odd> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(Odd::NotFinite(text.to_owned()));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(radix))
        {
            let value = u128::from_str_radix(digits, radix).map_err(|_| Odd::TooLarge(text.to_owned()))?;
            return Ok(Some(Cow::Owned(value.to_string())));
        }
    }
    let Some(parts) = Decimal::split(unsigned) else { return Ok(None) };
    if parts.whole.len() > 1 && parts.whole.starts_with('0') {
        return Err(Odd::LeadingZero(text.to_owned()));
    }
    if !parts.whole.is_empty() && parts.fraction != Some("") && !text.starts_with('+') {
        return Ok(Some(Cow::Borrowed(text)));
    }
    // `.5`, `5.` and `+5` are numbers to YAML, but not to JSON.
    let sign = if text.starts_with('-') { "-" } else { "" };
    let whole = if parts.whole.is_empty() { "0" } else { parts.whole };
    let fraction = parts.fraction.filter(|digits| !digits.is_empty()).map(|digits| format!(".{digits}")).unwrap_or_default();
    Ok(Some(Cow::Owned(format!("{sign}{whole}{fraction}{}", parts.exponent))))
}

/// A decimal number in its parts: `12.50e-3`.
struct Decimal<'t> {
    whole: &'t str,
    fraction: Option<&'t str>,
    exponent: &'t str,
}

impl<'t> Decimal<'t> {
    /// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with one digit at least before the exponent.
    fn split(unsigned: &'t str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (mantissa, exponent) = unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
        if let Some(power) = exponent.get(1..) {
            let power = power.strip_prefix(['-', '+']).unwrap_or(power);
            if power.is_empty() || !digits(power) {
                return None;
            }
        }
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let any = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
        (any && digits(whole) && digits(fraction.unwrap_or_default())).then_some(Self { whole, fraction, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.to_owned(), plain: true, filled: false }
    }

    #[test]
    fn a_plain_scalar_means_what_yaml_1_2_says() {
        for (text, meaning) in [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("null", Meaning::Null),
            ("true", Meaning::Bool(true)),
            ("False", Meaning::Bool(false)),
            ("no", Meaning::Text("no")),
            ("off", Meaning::Text("off")),
            ("y", Meaning::Text("y")),
            ("1_000", Meaning::Text("1_000")),
            ("2026-11-01", Meaning::Text("2026-11-01")),
            ("12:30:45", Meaning::Text("12:30:45")),
            ("1.2.3", Meaning::Text("1.2.3")),
            ("1e", Meaning::Text("1e")),
            ("e5", Meaning::Text("e5")),
            (".", Meaning::Text(".")),
            ("-", Meaning::Text("-")),
            ("0x", Meaning::Text("0x")),
            ("0xZZ", Meaning::Text("0xZZ")),
            ("10s", Meaning::Text("10s")),
        ] {
            assert_eq!(plain(text).meaning(), Ok(meaning), "{text}");
        }
    }

    #[test]
    fn a_number_keeps_its_digits_where_json_can_carry_them() {
        for (text, token) in [
            ("0", "0"),
            ("-0", "-0"),
            ("1.10", "1.10"),
            ("0.00", "0.00"),
            ("12345678901234567890", "12345678901234567890"),
            ("1e400", "1e400"),
            ("-1.5E+3", "-1.5E+3"),
            ("+7", "7"),
            (".5", "0.5"),
            ("-.5e1", "-0.5e1"),
            ("5.", "5"),
            ("5.e3", "5e3"),
            ("0x1F", "31"),
            ("0o17", "15"),
        ] {
            assert_eq!(plain(text).meaning(), Ok(Meaning::Number(Cow::Borrowed(token))), "{text}");
        }
    }

    #[test]
    fn nobody_has_to_guess_what_an_odd_scalar_means() {
        for (text, hint) in [
            ("012", "write 12 for the number, or \"012\" for the text"),
            ("-007", "write -7 for the number, or \"-007\" for the text"),
            ("00", "write 0 for the number, or \"00\" for the text"),
            (".inf", "write \".inf\" for the text"),
            ("-.INF", "write \"-.INF\" for the text"),
            (".nan", "write \".nan\" for the text"),
            ("0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "write \"0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\" for the text"),
        ] {
            assert_eq!(plain(text).meaning().map_err(|odd| odd.hint()), Err(hint.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_quoted_scalar_is_text_whatever_it_says() {
        for text in ["", "null", "5", "true", "012", ".inf"] {
            let quoted = Scalar { plain: false, ..plain(text) };
            assert_eq!(quoted.meaning(), Ok(Meaning::Text(text)));
        }
    }
}
