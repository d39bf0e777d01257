//! Numbers, digits as they came, compared exactly.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The largest integer that JavaScript holds without loss, 2^53 - 1, as text.
const SAFE: &str = "9007199254740991";

/// How many digits an exponent may add to plain notation.
const WIDEST: i128 = 400;

/// A number as its token. The tokens `NaN`, `Infinity` and `-Infinity` of lenient documents are numbers that are not finite.
///
/// `==` compares tokens; [`Number::same_value`] compares values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

/// A number whose plain notation would be absurdly long: `1e999999999`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the number {0} is too wide for plain notation")]
pub struct TooWide(String);

/// A finite value as sign, significant digits and the power of ten of the first one.
struct Decimal<'t> {
    negative: bool,
    /// Digits with leading and trailing zeros, and the point, still in.
    digits: &'t str,
    /// The power of ten of the first non-zero digit; none when the value is zero.
    magnitude: Option<i128>,
}

impl<'a> Number<'a> {
    /// From a token, which the caller knows to be a number.
    pub fn raw(token: impl Into<Cow<'a, str>>) -> Self {
        Self(token.into())
    }

    /// The token.
    pub fn as_raw(&self) -> &str {
        &self.0
    }

    /// Whether it has neither point nor exponent.
    pub fn is_integer(&self) -> bool {
        self.is_finite() && !self.0.contains(['.', 'e', 'E'])
    }

    /// Whether it is JSON: false for the lenient tokens.
    pub fn is_finite(&self) -> bool {
        !self.0.ends_with(['N', 'y'])
    }

    /// Whether it is an integer token that JavaScript would round: beyond ±9007199254740991.
    pub fn is_unsafe_integer(&self) -> bool {
        if !self.is_integer() {
            return false;
        }
        let digits = self.0.trim_start_matches('-').trim_start_matches('0');
        (digits.len(), digits) > (SAFE.len(), SAFE)
    }

    /// As an `i64`, when it is an integer token that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// As a `u64`, when it is an integer token that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// As the nearest `f64`; none when it is not finite or overflows.
    pub fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|value: &f64| value.is_finite() && self.is_finite())
    }

    /// Whether two numbers are the same value: 200 is 200.0 is 2e2. Tokens that are not finite equal themselves.
    pub fn same_value(&self, other: &Number<'_>) -> bool {
        self.cmp_value(other) == Ordering::Equal
    }

    /// Orders by value, exactly, and never writes an exponent out; those of more than 37 digits are taken for the same. Tokens that are not
    /// finite sort after all others.
    pub fn cmp_value(&self, other: &Number<'_>) -> Ordering {
        match (self.is_finite(), other.is_finite()) {
            (true, true) => {}
            (false, false) => return self.0.cmp(&other.0),
            (finite, _) => return if finite { Ordering::Less } else { Ordering::Greater },
        }
        let (a, b) = (self.decimal(), other.decimal());
        let (sign_a, sign_b) = (a.sign(), b.sign());
        if sign_a != sign_b || sign_a == 0 {
            return sign_a.cmp(&sign_b);
        }
        let size = a.magnitude.cmp(&b.magnitude).then_with(|| a.significant().cmp(b.significant()));
        if a.negative { size.reverse() } else { size }
    }

    /// In plain notation with its scale, as Java's `BigDecimal.toPlainString`: `1E+2` is 100, `0E-8` is 0.00000000, `1.10` stays.
    ///
    /// # Errors
    /// The exponent would add more than 400 digits, or the token is not finite.
    pub fn plain(&self) -> Result<String, TooWide> {
        let wide = || TooWide(self.0.chars().take(40).collect());
        if !self.is_finite() {
            return Err(wide());
        }
        let (mantissa, exponent) = self.parts();
        let unsigned = mantissa.trim_start_matches('-');
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if exponent.unsigned_abs() > WIDEST.unsigned_abs() {
            return Err(wide());
        }
        let digits: String = [whole, fraction].concat();
        let digits = digits.trim_start_matches('0');
        let zero = digits.is_empty();
        let scale = i128::try_from(fraction.len()).map_err(|_| wide())? - exponent;
        let mut plain = String::new();
        if mantissa.starts_with('-') && !zero {
            plain.push('-');
        }
        let scale = match usize::try_from(scale) {
            Err(_) | Ok(0) => {
                plain.push_str(if zero { "0" } else { digits });
                let zeros = usize::try_from(-scale).unwrap_or(0);
                plain.extend(std::iter::repeat_n('0', if zero { 0 } else { zeros }));
                return Ok(plain);
            }
            Ok(scale) => scale,
        };
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        plain.push_str(whole);
        plain.push('.');
        plain.push_str(fraction);
        Ok(plain)
    }

    /// The same number, free of what it came from.
    pub fn into_owned(self) -> Number<'static> {
        Number(Cow::Owned(self.0.into_owned()))
    }

    /// Mantissa with its sign, and the exponent. An exponent of more than 37 digits saturates.
    fn parts(&self) -> (&str, i128) {
        let Some(at) = self.0.find(['e', 'E']) else { return (&self.0, 0) };
        let (mantissa, exponent) = self.0.split_at(at);
        let exponent = exponent.get(1..).unwrap_or_default();
        let limit = i128::MAX / 4;
        let value = exponent.trim_start_matches('+').parse().unwrap_or(if exponent.starts_with('-') { -limit } else { limit });
        (mantissa, value.clamp(-limit, limit))
    }

    fn decimal(&self) -> Decimal<'_> {
        let (mantissa, exponent) = self.parts();
        let negative = mantissa.starts_with('-');
        let digits = mantissa.trim_start_matches('-');
        let point = digits.find('.').unwrap_or(digits.len());
        let first = digits.find(|c: char| matches!(c, '1'..='9'));
        let place = |at: usize| if at < point { point - at - 1 } else { at - point };
        let magnitude = first.map(|at| {
            let steps = i128::try_from(place(at)).unwrap_or(i128::MAX);
            exponent + if at < point { steps } else { -steps }
        });
        Decimal { negative, digits, magnitude }
    }
}

impl Decimal<'_> {
    fn sign(&self) -> i8 {
        match (self.magnitude, self.negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        }
    }

    /// The digits from the first non-zero one on, without trailing zeros: equal magnitudes compare by these, one after the other.
    fn significant(&self) -> impl Iterator<Item = u8> + '_ {
        let end =
            if self.digits.contains('.') { self.digits.trim_end_matches('0') } else { self.digits }.trim_end_matches(['0', '.']);
        end.bytes().filter(|b| b.is_ascii_digit()).skip_while(|b| *b == b'0')
    }
}

impl From<u64> for Number<'_> {
    fn from(value: u64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl From<i64> for Number<'_> {
    fn from(value: i64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_r2_plain_notation_keeps_the_scale() {
        for (token, plain) in [
            ("1E+2", "100"),
            ("0E-8", "0.00000000"),
            ("1.10", "1.10"),
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("12e-3", "0.012"),
            ("-1.5e1", "-15"),
            ("1.50e1", "15.0"),
            ("0e5", "0"),
            ("123", "123"),
            ("100.00", "100.00"),
            ("1e-400", &format!("0.{}1", "0".repeat(399))),
        ] {
            assert_eq!(Number::raw(token).plain().as_deref(), Ok(plain), "{token}");
        }
        for token in ["1e401", "1e999999999", "1e-999999999999999999999999999999999999999999", "NaN", "Infinity"] {
            assert!(Number::raw(token).plain().is_err(), "{token}");
        }
    }

    #[test]
    fn c3_r3_the_safe_range_ends_where_javascript_says() {
        for (token, beyond) in [
            ("9007199254740991", false),
            ("9007199254740992", true),
            ("-9007199254740991", false),
            ("-9007199254740992", true),
            ("12345678901234567890", true),
            ("1", false),
            ("0", false),
            ("90071992547409910.5", false),
            ("1e400", false),
        ] {
            assert_eq!(Number::raw(token).is_unsafe_integer(), beyond, "{token}");
        }
    }

    #[test]
    fn c3_r5_comparisons_are_exact() {
        for (a, b, order) in [
            ("200", "200.0", Ordering::Equal),
            ("200", "2e2", Ordering::Equal),
            ("0.2e3", "200", Ordering::Equal),
            ("-0", "0", Ordering::Equal),
            ("0e99", "0.0", Ordering::Equal),
            ("12345678901234567890", "12345678901234567891", Ordering::Less),
            ("0.1", "0.10000000000000000555", Ordering::Less),
            ("1e400", "1e399", Ordering::Greater),
            ("1e-400", "0", Ordering::Greater),
            ("-1e400", "-1e399", Ordering::Less),
            ("10", "9", Ordering::Greater),
            ("1.5", "1.49", Ordering::Greater),
            ("100", "1", Ordering::Greater),
            ("1e99999999999999999999", "1", Ordering::Greater),
            ("1e99999999999999999999", "1e99999999999999999998", Ordering::Greater),
            ("10e99999999999999999998", "1e99999999999999999999", Ordering::Equal),
            ("-1e-99999999999999999999", "0", Ordering::Less),
        ] {
            assert_eq!(Number::raw(a).cmp_value(&Number::raw(b)), order, "{a} {b}");
            assert_eq!(Number::raw(b).cmp_value(&Number::raw(a)), order.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn lenient_tokens_are_not_finite() {
        for token in ["NaN", "Infinity", "-Infinity"] {
            let number = Number::raw(token);
            assert!(!number.is_finite() && !number.is_integer() && number.as_f64().is_none(), "{token}");
        }
        assert_eq!(Number::raw("1e400").as_f64(), None);
        assert_eq!(Number::raw("-7").as_i64(), Some(-7));
    }
}
