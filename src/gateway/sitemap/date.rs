//! When an item last changed, as a sitemap says it (W3C Datetime).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::json::Node;

/// Above it, a number counts milliseconds and not seconds: as seconds it would be the year 5138.
const SECONDS: i64 = 100_000_000_000;

/// A date, or a moment with its zone. Of a time without a zone the date is all that is true everywhere; what is no time says nothing.
pub(super) fn lastmod(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Number(number) => {
            let number: i64 = number.as_raw().parse().ok()?;
            let moment =
                if number.abs() > SECONDS { Timestamp::from_millisecond(number) } else { Timestamp::from_second(number) };
            moment.ok().map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        }
        Node::String(_) => {
            let text = node.as_str()?;
            let text = text.trim();
            if let Ok(moment) = text.parse::<Timestamp>() {
                return Some(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            }
            let date = text.parse::<DateTime>().map(DateTime::date).or_else(|_| text.parse::<Date>());
            date.ok().map(|date| date.strftime("%Y-%m-%d").to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn every_form_that_a_backend_writes_becomes_a_date_or_a_moment() {
        for (value, expected) in [
            ("1767312000000", Some("2026-01-02T00:00:00Z")),
            ("1767312000", Some("2026-01-02T00:00:00Z")),
            ("\"2026-01-02\"", Some("2026-01-02")),
            ("\"2026-01-02 08:30:00\"", Some("2026-01-02")),
            ("\"2026-01-02T08:30:00\"", Some("2026-01-02")),
            ("\"2026-01-02T08:30:00.123+08:00\"", Some("2026-01-02T00:30:00Z")),
            ("\"2026-01-02T08:30:00Z\"", Some("2026-01-02T08:30:00Z")),
            ("1.5", None),
            ("9223372036854775807", None),
            ("\"yesterday\"", None),
            ("\"2026-13-01\"", None),
            ("null", None),
            ("[2026,1,2]", None),
        ] {
            let node = parse(value, &Limits::default()).unwrap();
            assert_eq!(lastmod(&node).as_deref(), expected, "{value}");
        }
    }
}
