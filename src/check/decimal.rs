//! Numbers as the decimals they are written as, so that no rule rounds before it compares.

use crate::json::{Duplicates, Limits, Node, parse};

/// A JSON number token taken apart: `digits × 10^exponent`, no zero at either end of the digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Takes a number token apart; the sign is left out, since no question here depends on it. `None` for what is no JSON number,
    /// or has an exponent beyond 18 digits.
    pub(super) fn of(token: &str) -> Option<Self> {
        let token = token.strip_prefix('-').unwrap_or(token);
        let (mantissa, exponent) = match token.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i64>().ok().filter(|e| e.abs() < 1_000_000_000_000_000_000)?)
            }
            None => (token, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if whole.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let end = all.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        let start = all.iter().position(|digit| *digit != b'0').unwrap_or(end);
        let exponent = exponent + i64::try_from(all.len() - end).ok()? - i64::try_from(fraction.len()).ok()?;
        Some(Self { digits: all.get(start..end).unwrap_or_default().to_vec(), exponent })
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether there is nothing behind the point: `1`, `1.0`, `10e-1`.
    pub(super) fn is_whole(&self) -> bool {
        self.is_zero() || self.exponent >= 0
    }

    /// Whether `self / divisor` is whole. A divisor of more than 19 digits divides nothing but zero.
    pub(super) fn is_multiple_of(&self, divisor: &Self) -> bool {
        if self.is_zero() {
            return true;
        }
        // Without zeros at the end, our digits are no multiple of ten: a divisor with a higher exponent cannot divide them.
        let Ok(shift) = u64::try_from(self.exponent - divisor.exponent) else { return false };
        let Some(modulus) = divisor.as_u64().filter(|modulus| *modulus > 0) else { return false };
        let remainder = self
            .digits
            .iter()
            .fold(0, |left: u128, digit| (left * 10 + u128::from(digit.saturating_sub(b'0'))) % u128::from(modulus));
        (remainder * power_of_ten(shift, modulus)).is_multiple_of(u128::from(modulus))
    }

    /// The number in digits, when it is whole and fits; the sign is not seen.
    pub(super) fn to_whole(&self) -> Option<u64> {
        let power = 10_u64.checked_pow(u32::try_from(self.exponent).ok()?)?;
        if self.is_zero() { Some(0) } else { self.as_u64()?.checked_mul(power) }
    }

    fn as_u64(&self) -> Option<u64> {
        std::str::from_utf8(&self.digits).ok()?.parse().ok()
    }
}

/// `10^power mod modulus`, by squaring: an exponent is never expanded.
fn power_of_ten(mut power: u64, modulus: u64) -> u128 {
    let modulus = u128::from(modulus);
    let (mut result, mut base) = (1 % modulus, 10 % modulus);
    while power > 0 {
        if power & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        power >>= 1;
    }
    result
}

/// Whether the text is a number as JSON writes it: no `+1`, no `01`, no `.5`, no space.
pub(super) fn is_number_token(text: &str) -> bool {
    let limits = Limits { depth: 1, nodes: 1, duplicates: Duplicates::Allow };
    text.trim() == text && matches!(parse(text, &limits), Ok(Node::Number(_)))
}

/// Whether the text is a whole number in digits alone.
pub(super) fn is_integer_token(text: &str) -> bool {
    is_number_token(text) && !text.contains(['.', 'e', 'E'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_by_its_value_not_its_spelling() {
        for (token, whole) in [
            ("1", true),
            ("1.0", true),
            ("1.10", false),
            ("10e-1", true),
            ("1e400", true),
            ("1e-400", false),
            ("0e-8", true),
            ("-0", true),
            ("12345678901234567890.00", true),
            ("1.5e1", true),
            ("1.55e1", false),
        ] {
            assert_eq!(Decimal::of(token).unwrap().is_whole(), whole, "{token}");
        }
        assert_eq!(Decimal::of("NaN"), None);
    }

    #[test]
    fn a_multiple_is_found_without_rounding() {
        for (value, divisor, fits) in [
            ("1.10", "0.01", true),
            ("1.105", "0.01", false),
            ("19.99", "0.01", true),
            ("0.3", "0.1", true),
            ("12345678901234567890123", "3", true),
            ("12345678901234567890124", "3", false),
            ("1e999999999", "7", false),
            ("7e999999999", "7", true),
            ("1e999999999", "0.5", true),
            ("-9", "3", true),
            ("0", "0.7", true),
            ("5", "10", false),
            ("1e3", "250", true),
        ] {
            let (value_parts, divisor_parts) = (Decimal::of(value).unwrap(), Decimal::of(divisor).unwrap());
            assert_eq!(value_parts.is_multiple_of(&divisor_parts), fits, "{value} / {divisor}");
        }
    }

    #[test]
    fn only_tokens_of_json_are_numbers() {
        for text in ["0", "-1", "1.5", "1e3", "1E-3", "10"] {
            assert!(is_number_token(text), "{text}");
        }
        for text in ["", "+1", "01", ".5", "1.", " 1", "1 ", "1e", "0x1", "NaN", "-", "１"] {
            assert!(!is_number_token(text), "{text}");
        }
        assert!(is_integer_token("-12"));
        for text in ["1.0", "1e3", "+1", " 1", "007", ""] {
            assert!(!is_integer_token(text), "{text}");
        }
    }
}
