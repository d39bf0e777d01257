//! `Cache-Control`, read as RFC 9111 says, section 5.2: names in any case, values quoted or not, what is unknown left alone.

use std::time::Duration;

use http::HeaderMap;
use http::header::CACHE_CONTROL;

/// The longest time that a directive can name: RFC 9111, section 1.2.2, lets larger numbers be this one.
const LONGEST: u64 = 1 << 31;

/// What a reply's `Cache-Control` says to a cache that many clients share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) private: bool,
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    /// Nothing stale may be given out.
    pub(super) must_revalidate: bool,
    pub(super) s_maxage: Option<Duration>,
    pub(super) max_age: Option<Duration>,
    pub(super) stale_while_revalidate: Option<Duration>,
    pub(super) stale_if_error: Option<Duration>,
}

impl Control {
    /// Reads all lines; none when there is not one.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(CACHE_CONTROL).iter().peekable();
        lines.peek()?;
        let mut control = Self::default();
        for line in lines {
            // A line that is no text, or has an open quote, may have said anything.
            let Ok(text) = line.to_str() else {
                control.no_store = true;
                continue;
            };
            let (directives, whole) = split(text);
            control.no_store |= !whole;
            for directive in directives {
                control.take(directive);
            }
        }
        Some(control)
    }

    fn take(&mut self, directive: &str) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (directive, None),
        };
        let time = |known: &mut Option<Duration>| {
            let read = seconds(value.unwrap_or_default());
            // Said twice, the shorter one holds.
            *known = Some(known.map_or(read, |known| known.min(read)));
        };
        match name.to_ascii_lowercase().as_str() {
            // With a list of fields they speak of parts of the head; a reply without those would be another one.
            "private" => self.private = true,
            "no-cache" => self.no_cache = true,
            "no-store" => self.no_store = true,
            "must-revalidate" | "proxy-revalidate" => self.must_revalidate = true,
            "max-age" => time(&mut self.max_age),
            "s-maxage" => time(&mut self.s_maxage),
            "stale-while-revalidate" => time(&mut self.stale_while_revalidate),
            "stale-if-error" => time(&mut self.stale_if_error),
            _ => {}
        }
    }
}

/// The items of a list, and whether every quote in it is closed; a comma in quotes separates nothing.
fn split(text: &str) -> (Vec<&str>, bool) {
    let (mut quoted, mut escaped) = (false, false);
    let separates = |c: char| {
        let plain = !std::mem::take(&mut escaped);
        escaped = quoted && plain && c == '\\';
        quoted ^= plain && c == '"';
        c == ',' && !quoted
    };
    let items = text.split(separates).map(str::trim).filter(|item| !item.is_empty()).collect();
    (items, !quoted)
}

/// Whole seconds; what is none is no time at all, so that a slip keeps nothing for ever.
pub(super) fn seconds(text: &str) -> Duration {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().unwrap_or(LONGEST) } else { 0 };
    Duration::from_secs(number.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::super::Said;
    use super::*;

    fn read(lines: &[&str]) -> Option<Control> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Control::read(&headers)
    }

    fn secs(secs: u64) -> Option<Duration> {
        Some(Duration::from_secs(secs))
    }

    #[test]
    fn directives_are_read_in_any_case_quoted_or_not_and_over_several_lines() {
        let none = Control::default;
        for (lines, expected) in [
            (&["max-age=60"][..], Control { max_age: secs(60), ..none() }),
            (&["MAX-AGE = \"60\" , Public"][..], Control { max_age: secs(60), ..none() }),
            (&["max-age=60", "s-maxage=5"][..], Control { max_age: secs(60), s_maxage: secs(5), ..none() }),
            (&["max-age=60, max-age=5"][..], Control { max_age: secs(5), ..none() }),
            (&["private=\"set-cookie, x\", max-age=1"][..], Control { private: true, max_age: secs(1), ..none() }),
            (&["no-cache=\"a,no-store\""][..], Control { no_cache: true, ..none() }),
            (&[",, no-store ,"][..], Control { no_store: true, ..none() }),
            (&["proxy-revalidate"][..], Control { must_revalidate: true, ..none() }),
            (
                &["stale-while-revalidate=3,stale-if-error=4"][..],
                Control { stale_while_revalidate: secs(3), stale_if_error: secs(4), ..none() },
            ),
            (&["max-stale=3, immutable, x=\"y\""][..], none()),
            (&["x=\"y\\\", private"][..], Control { no_store: true, ..none() }),
            (&["x=\"\\\"\", private"][..], Control { private: true, ..none() }),
            (&["caf\u{e9}"][..], Control { no_store: true, ..none() }),
        ] {
            assert_eq!(read(lines), Some(expected), "{lines:?}");
        }
        assert_eq!(read(&[]), None);
    }

    proptest! {
        /// Whatever a reply's head holds, it is read to an end; and what it asks for stays asked for when more is said.
        #[test]
        fn no_word_takes_a_refusal_back(
            before in "[ -~\u{e9}]{0,40}",
            word in prop::sample::select(vec!["private", "no-store", "No-Cache", "private=\"x\""]),
            after in "[ -!#-~]{0,40}",
        ) {
            let line = format!("{before},{word},{after}");
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_bytes(line.as_bytes()).unwrap())]);
            prop_assert!(Said::of(&headers).is_refused(), "{}", line);
        }
    }

    #[test]
    fn a_number_that_is_none_is_no_time_and_a_huge_one_is_the_longest() {
        for (text, expected) in [
            ("0", 0),
            ("60", 60),
            ("-1", 0),
            ("+1", 0),
            ("1.5", 0),
            ("", 0),
            ("x", 0),
            ("2147483649", LONGEST),
            ("99999999999999999999999", LONGEST),
        ] {
            assert_eq!(seconds(text), Duration::from_secs(expected), "{text}");
        }
    }
}
