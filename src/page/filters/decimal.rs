//! `decimal`: numbers with a fixed number of places, rounded as a person would.

use tera::{Kwargs, TeraResult};

use super::super::arguments::Arguments;
use super::Given;
use crate::json::Number;

/// The most places.
pub(in crate::page) const MOST_PLACES: i64 = 30;

/// `{{ price | decimal(places=2, group=",") }}`: `1234.5` as `1,234.50`. `places` is 2 when absent, and [`MOST_PLACES`] at most; without `group` thousands stand
/// together; `point` replaces the dot. Takes numbers and texts that are numbers, computes in decimals, rounds half away from zero.
/// Null prints nothing.
pub(super) fn decimal(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    let arguments = Arguments::of_filter("decimal", kwargs)?;
    let places = arguments.count_to("places", MOST_PLACES)?.unwrap_or(2);
    let group = arguments.text("group")?.unwrap_or("");
    let point = arguments.text("point")?.unwrap_or(".");
    let text = given.defined("decimal")?;
    if given.is_none() {
        return Ok(String::new());
    }
    let plain = given.is_one().then(|| plain(text.trim())).flatten().ok_or_else(|| given.not_a_number("decimal"))?;
    Ok(formatted(&plain, places, group, point))
}

/// The number without an exponent.
fn plain(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || !digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
    {
        return None;
    }
    text.parse::<f64>().ok()?;
    Number::raw(text.to_owned()).plain().ok()
}

/// A number with so many decimals.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rounded {
    /// Whether it is below zero once it is rounded.
    pub(super) is_negative: bool,
    /// The digits before the point, one at least.
    pub(super) whole: String,
    /// The digits behind it.
    pub(super) decimals: String,
}

/// A number, its point moved to the left by `shift`, with so many decimals, rounded half away from zero; none for what is no number.
pub(super) fn rounded(text: &str, shift: usize, places: usize) -> Option<Rounded> {
    let plain = plain(text)?;
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = format!("{whole:0>width$}", width = shift + 1);
    let (before, behind) = padded.split_at_checked(padded.len().checked_sub(shift)?)?;
    let formatted = formatted(&format!("{sign}{before}.{behind}{fraction}"), places, "", ".");
    let (is_negative, digits) = formatted.strip_prefix('-').map_or((false, formatted.as_str()), |digits| (true, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    // A point that moves leaves zeros in front.
    let trimmed = whole.trim_start_matches('0');
    let whole = if trimmed.is_empty() { "0" } else { trimmed };
    Some(Rounded { is_negative, whole: whole.to_owned(), decimals: decimals.to_owned() })
}

fn formatted(plain: &str, places: usize, group: &str, point: &str) -> String {
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept = fraction.bytes().chain(std::iter::repeat(b'0')).take(places);
    let mut digits: Vec<u8> = whole.bytes().chain(kept).collect();
    if fraction.as_bytes().get(places).is_some_and(|next| *next >= b'5') {
        round_up(&mut digits);
    }
    let split = digits.len() - places;
    let (whole, fraction) = digits.split_at(split);
    let mut out = String::new();
    if negative && digits.iter().any(|digit| *digit != b'0') {
        out.push('-');
    }
    for (index, digit) in whole.iter().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push_str(group);
        }
        out.push(char::from(*digit));
    }
    if places > 0 {
        out.push_str(point);
        out.extend(fraction.iter().map(|digit| char::from(*digit)));
    }
    out
}

fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_in_decimals() {
        for (text, places, expected) in [
            ("1234.5", 2, "1,234.50"),
            ("1.005", 2, "1.01"),
            ("2.675", 2, "2.68"),
            ("-0.004", 2, "0.00"),
            ("-1.5", 0, "-2"),
            ("999.995", 2, "1,000.00"),
            ("12345678901234567890", 0, "12,345,678,901,234,567,890"),
            ("1e3", 1, "1,000.0"),
            ("0E-8", 2, "0.00"),
            ("123", 2, "123.00"),
        ] {
            assert_eq!(formatted(&plain(text).unwrap(), places, ",", "."), expected, "{text}");
        }
        assert_eq!(formatted("1234.5", 2, ".", ","), "1.234,50");
    }

    #[test]
    fn what_is_no_number_or_too_large_to_print_is_refused() {
        for text in ["", "abc", "1,5", "NaN", "inf", "--1", "1e999999999", "1.2.3", "+1"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
