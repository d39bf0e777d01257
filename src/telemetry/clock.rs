//! Times of day for log lines.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Writes RFC 3339 times in UTC with milliseconds. Remembers the second it wrote last: most lines share it.
#[derive(Debug, Default)]
pub(super) struct Clock {
    second: Option<i64>,
    text: String,
}

impl Clock {
    /// Appends `2026-11-03T12:00:00.123Z`. A time that no calendar holds is written as the year 1970.
    pub(super) fn stamp(&mut self, time: SystemTime, out: &mut Vec<u8>) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = i64::try_from(since.as_secs()).unwrap_or_default();
        if self.second != Some(second) {
            let day = Timestamp::from_second(second).unwrap_or_default();
            self.text = day.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            self.second = Some(second);
        }
        out.extend_from_slice(self.text.as_bytes());
        // The digits of a number above a thousand, without its first.
        let mut millis = itoa::Buffer::new();
        out.push(b'.');
        out.extend_from_slice(millis.format(1000 + since.subsec_millis()).as_bytes().get(1..).unwrap_or_default());
        out.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_is_written_in_utc_with_milliseconds() {
        let mut clock = Clock::default();
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_762_171_200_123, "2025-11-03T12:00:00.123Z"),
            (1_762_171_200_999, "2025-11-03T12:00:00.999Z"),
            (951_782_400_007, "2000-02-29T00:00:00.007Z"),
        ] {
            let mut out = Vec::new();
            clock.stamp(UNIX_EPOCH + Duration::from_millis(millis), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
