//! `date`: moments as backends send them, in a format and a zone.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tera::{Error, Kwargs, State, TeraResult, Value};

use super::defined;

/// From here on a number is milliseconds since 1970, below it is seconds.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// `{{ createTime | date(format="%d %B %Y", zone="Asia/Shanghai") }}`. Takes seconds or milliseconds since 1970, `2026-11-20`,
/// `2026-11-20 08:00:00` (in that zone) and the same with `T`, fractions, `Z` or an offset. `format` is `%Y-%m-%d` when absent, `zone`
/// is UTC. A value that is no date prints as it came; null prints nothing.
pub(super) fn date(value: &Value, kwargs: Kwargs, _: &State) -> TeraResult<String> {
    let format = kwargs.get::<&str>("format")?.unwrap_or("%Y-%m-%d");
    let zone = match kwargs.get::<&str>("zone")? {
        Some(name) => TimeZone::get(name).map_err(|_| Error::message(format!("`date` does not know the zone `{name}`")))?,
        None => TimeZone::UTC,
    };
    let text = defined(value)?.to_string();
    match moment(text.trim(), &zone) {
        Some(moment) => strtime::format(format, &moment)
            .map_err(|error| Error::message(format!("`date` cannot read the format `{format}`: {error}"))),
        None => Ok(text),
    }
}

fn moment(text: &str, zone: &TimeZone) -> Option<Zoned> {
    if let Ok(number) = text.parse::<i64>() {
        let at =
            if number.abs() < FIRST_MILLISECONDS { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) };
        return Some(at.ok()?.to_zoned(zone.clone()));
    }
    if let Some(at) = with_offset(text) {
        return Some(at.to_zoned(zone.clone()));
    }
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0))).ok()?;
    local.to_zoned(zone.clone()).ok()
}

/// A text with an offset. Java writes `+0800` where RFC 3339 has `+08:00`.
fn with_offset(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let (local, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
        let sign = offset.strip_prefix(['+', '-'])?;
        let (hours, minutes) = sign.split_at_checked(2)?;
        let sign = offset.get(..1)?;
        format!("{local}{sign}{hours}:{minutes}").parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_backends_send_are_read() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        for text in [
            "2026-11-20T08:00:00+0800",
            "2026-11-20T08:00:00.000+0800",
            "2026-11-20T08:00:00+08:00",
            "2026-11-20T00:00:00Z",
            "2026-11-20 08:00:00",
            "2026-11-20T08:00:00",
            "1795132800",
            "1795132800000",
        ] {
            let moment = moment(text, &shanghai).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(strtime::format("%Y-%m-%d %H:%M", &moment).unwrap(), "2026-11-20 08:00", "{text}");
        }
        assert!(moment("2026-11-20", &shanghai).is_some());
        for text in ["", "soon", "2026-13-01", "20/11/2026"] {
            assert!(moment(text, &shanghai).is_none(), "{text}");
        }
    }
}
