//! `date`: moments as backends send them, in a format and a zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tera::{Kwargs, TeraResult};

use super::super::arguments::Arguments;
use super::super::readers::{self, Locale};
use super::Given;

/// The format when there is none.
const FORMAT: &str = "%Y-%m-%d";

/// From here on a number is milliseconds since 1970, below it is seconds.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// `{{ createTime | date(format="%d %B %Y", zone="Asia/Shanghai") }}`. Takes seconds or milliseconds since 1970, `2026-11-20`,
/// `2026-11-20 08:00:00` (in that zone) and the same with `T`, fractions, `Z` or an offset. `format` is `%Y-%m-%d` when absent, `zone`
/// is UTC. With `locale="de"` instead of `format` it is in words, as the language writes it: `20. November 2026`. A value that is no date prints as it came; null prints nothing.
pub(super) fn date(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    let arguments = Arguments::of_filter("date", kwargs)?;
    let locale = arguments.read_by("locale", readers::locale)?;
    let zone = arguments.read_by("zone", readers::zone)?.unwrap_or(TimeZone::UTC);
    let text = given.defined("date")?;
    let Some(moment) = moment(text.trim(), &zone) else {
        // A format that is none is told all the same.
        arguments.read_by("format", readers::format)?;
        return Ok(text.to_owned());
    };
    if let Some(locale) = locale {
        return Ok(in_words(moment.date(), locale));
    }
    let formatted = arguments.read_by("format", |format| readers::formatted(format, &moment))?;
    Ok(formatted.unwrap_or_else(|| moment.strftime(FORMAT).to_string()))
}

fn in_words(date: Date, locale: &Locale) -> String {
    let month = usize::try_from(date.month() - 1).ok().and_then(|index| locale.months.get(index)).copied().unwrap_or_default();
    let words = locale.date.replace("{d}", &date.day().to_string()).replace("{y}", &date.year().to_string());
    words.replace("{m}", month)
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
    use jiff::fmt::strtime;

    use super::*;

    #[test]
    fn a_date_in_words_is_that_of_its_language() {
        for (tag, expected) in [
            ("en", "March 2, 2026"),
            ("en-GB", "2 March 2026"),
            ("de", "2. März 2026"),
            ("de-AT", "2. März 2026"),
            ("fr-CA", "2 mars 2026"),
            ("es", "2 de marzo de 2026"),
            ("pl", "2 marca 2026"),
            ("cs", "2. března 2026"),
            ("zh-CN", "2026年3月2日"),
            ("ko", "2026년 3월 2일"),
        ] {
            assert_eq!(in_words(Date::constant(2026, 3, 2), Locale::find(tag).unwrap()), expected, "{tag}");
        }
    }

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
