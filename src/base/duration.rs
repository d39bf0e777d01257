//! Durations as people type them: `250ms`, `10s`, `1m30s`, and spans `25ms..250ms`.

use std::time::Duration;

use jiff::SignedDuration;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// No unit, an unknown unit, or no number.
    #[error("`{0}` is not a duration: write a number and a unit, as in 250ms, 10s, 5m or 1h")]
    Malformed(String),
    /// Durations here are lengths of time.
    #[error("`{0}` is negative: a duration is zero or more")]
    Negative(String),
    /// `a..b` with `a` above `b`.
    #[error("`{0}` runs backwards: write the smaller duration first")]
    Backwards(String),
}

/// Reads one duration.
///
/// # Errors
/// The text has no unit, is not a number, or is negative.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let malformed = || DurationError::Malformed(text.to_owned());
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(DurationError::Negative(text.to_owned()));
    }
    if !trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(malformed());
    }
    let signed: SignedDuration = trimmed.parse().map_err(|_| malformed())?;
    Duration::try_from(signed).map_err(|_| malformed())
}

/// Reads a span of two durations, `from..to`.
///
/// # Errors
/// Either side is not a duration, or the first is longer than the second.
pub fn parse_span(text: &str) -> Result<(Duration, Duration), DurationError> {
    let (from, to) = text.split_once("..").ok_or_else(|| DurationError::Malformed(text.to_owned()))?;
    let (from, to) = (parse(from)?, parse(to)?);
    if from > to {
        return Err(DurationError::Backwards(text.to_owned()));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, millis) in [("250ms", 250), ("10s", 10_000), ("1m30s", 90_000), ("1h", 3_600_000), ("1.5s", 1500), ("0s", 0)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn a_bare_number_a_stranger_unit_and_a_negative_are_refused() {
        for text in ["10", "", "s", "10 parsecs", "ten", "-1s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_runs_forward() {
        assert_eq!(parse_span("25ms..250ms"), Ok((Duration::from_millis(25), Duration::from_millis(250))));
        assert!(matches!(parse_span("2s..1s"), Err(DurationError::Backwards(_))));
        assert!(parse_span("2s").is_err());
    }
}
