//! Time zones, and formats of dates.

use jiff::fmt::strtime;
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, Zoned};
use tera::Value;

use super::{Refusal, text};
use crate::base::suggest;

/// A time zone.
pub(in crate::page) fn zone(value: &Value) -> Result<TimeZone, Refusal> {
    let name = text(value)?;
    TimeZone::get(name).map_err(|_| Refusal::new("a time zone such as Europe/Berlin", value).near(near_zone(name)))
}

/// The zone whose name, or whose city, is nearest.
fn near_zone(typed: &str) -> Option<String> {
    // An offset is no zone, and no zone is like it.
    if typed.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // `Etc/GMT+2` is two hours behind, which nobody means by `GMT+2`.
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).filter(|name| !name.starts_with("Etc/")).collect();
    let city = |name: &'_ str| name.rsplit('/').next().map(|city| city.to_ascii_lowercase()).unwrap_or_default();
    let typed_city = typed.replace(' ', "_").to_ascii_lowercase();
    let by_city = names.iter().find(|name| city(name) == typed_city).cloned();
    by_city.or_else(|| suggest(typed, names.iter().map(String::as_str)).map(ToOwned::to_owned))
}

/// A format of dates, tried on a moment.
pub(in crate::page) fn format(value: &Value) -> Result<(), Refusal> {
    formatted(value, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).map(drop)
}

/// A moment in a format.
pub(in crate::page) fn formatted(format: &Value, moment: &Zoned) -> Result<String, Refusal> {
    let directives = text(format)?;
    let refusal = || Refusal::new("a format such as %d.%m.%Y", format).near(near_format(directives));
    if !directives.contains('%') {
        return Err(refusal());
    }
    strtime::format(directives, moment).map_err(|_| refusal())
}

/// The directives that are meant by the letters of another language: `yyyy-MM-dd`, `DD.MM.YYYY`.
fn near_format(typed: &str) -> Option<String> {
    const LETTERS: [(&str, &str); 11] = [
        ("yyyy", "%Y"),
        ("YYYY", "%Y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("DD", "%d"),
        ("HH", "%H"),
        ("hh", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
    ];
    const SINGLE: [(char, &str); 11] = [
        ('d', "%d"),
        ('j', "%-d"),
        ('m', "%m"),
        ('n', "%-m"),
        ('M', "%b"),
        ('F', "%B"),
        ('Y', "%Y"),
        ('y', "%y"),
        ('H', "%H"),
        ('i', "%M"),
        ('s', "%S"),
    ];
    let letter = |c: char| SINGLE.iter().find(|(known, _)| *known == c).map(|(_, directive)| *directive);
    // `d.m.Y`: no letter stands beside another one.
    let alone = typed.as_bytes().windows(2).all(|pair| !pair.iter().all(u8::is_ascii_alphabetic));
    if alone && typed.chars().any(char::is_alphabetic) && typed.chars().all(|c| !c.is_alphabetic() || letter(c).is_some()) {
        return Some(typed.chars().map(|c| letter(c).map_or_else(|| c.to_string(), ToOwned::to_owned)).collect());
    }
    let meant = LETTERS.iter().fold(typed.to_owned(), |text, (letters, directive)| text.replace(letters, directive));
    (meant != typed && !typed.contains('%')).then_some(meant)
}
