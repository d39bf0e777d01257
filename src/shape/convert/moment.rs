//! A point in time as a backend tells it, and how it is told to the front end.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// The parts of a date as they were read, not yet known to exist in a calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) time: Option<Clock>,
    /// Seconds east of UTC.
    pub(super) offset: Option<i32>,
}

/// The time of day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) nano: u32,
    /// How many digits of the fraction are told.
    pub(super) digits: u8,
}

/// A date that no calendar has, such as `0000-00-00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Impossible;

/// A point in time, as exactly as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    point: Point,
    digits: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The same everywhere.
    Instant(Timestamp),
    /// What a clock on the wall shows.
    Local(DateTime),
    /// A day of the calendar.
    Day(Date),
}

impl Fields {
    pub(super) fn moment(self) -> Result<Moment, Impossible> {
        // year 0 is how databases spell "no date"
        if self.year == 0 {
            return Err(Impossible);
        }
        let date = Date::new(narrow(self.year)?, narrow(self.month)?, narrow(self.day)?).map_err(|_| Impossible)?;
        let Some(clock) = self.time else { return Ok(Moment { point: Point::Day(date), digits: 0 }) };
        let time = jiff::civil::Time::new(narrow(clock.hour)?, narrow(clock.minute)?, narrow(clock.second)?, narrow(clock.nano)?);
        let local = date.to_datetime(time.map_err(|_| Impossible)?);
        let point = match self.offset {
            None => Point::Local(local),
            Some(seconds) => {
                let offset = Offset::from_seconds(seconds).map_err(|_| Impossible)?;
                Point::Instant(offset.to_timestamp(local).map_err(|_| Impossible)?)
            }
        };
        Ok(Moment { point, digits: clock.digits })
    }
}

impl Moment {
    /// A number of seconds since 1970, and how much more.
    pub(super) fn since_1970(seconds: i64, nano: i32) -> Result<Self, Impossible> {
        let instant = Timestamp::new(seconds, nano).map_err(|_| Impossible)?;
        Ok(Self { point: Point::Instant(instant), digits: told(nano.unsigned_abs()) })
    }

    /// Whether it is the first day of year 1, which stands for "no date" in backends that cannot say null.
    pub(super) fn is_placeholder(&self, zone: &TimeZone) -> bool {
        self.day(zone) == jiff::civil::date(1, 1, 1)
    }

    /// The day, in the zone.
    pub(super) fn day(&self, zone: &TimeZone) -> Date {
        match self.point {
            Point::Instant(instant) => zone.to_datetime(instant).date(),
            Point::Local(local) => local.date(),
            Point::Day(date) => date,
        }
    }

    /// The instant; what has no offset is in the zone. A time that daylight saving skips is told by the later offset.
    pub(super) fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        let local = match self.point {
            Point::Instant(instant) => return Some(instant),
            Point::Local(local) => local,
            Point::Day(date) => date.to_datetime(jiff::civil::Time::midnight()),
        };
        zone.to_ambiguous_timestamp(local).compatible().ok()
    }

    /// `YYYY-MM-DDTHH:mm:ss[.fraction]±HH:MM` in the zone, `Z` for UTC, the fraction with the digits it came with.
    pub(super) fn iso(&self, zone: &TimeZone) -> Option<String> {
        let instant = self.instant(zone)?;
        let offset = zone.to_offset(instant);
        // before there were standard times, offsets had seconds, which ISO 8601 has no room for
        let offset = if offset.seconds() % 60 == 0 { offset } else { Offset::UTC };
        let local = offset.to_datetime(instant);
        let date = iso_day(local.date())?;
        let mut text = format!("{date}T{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second());
        if self.digits > 0 {
            let nano = format!("{:09}", local.subsec_nanosecond());
            text.push('.');
            text.push_str(nano.get(..usize::from(self.digits))?);
        }
        match offset.seconds() {
            0 => text.push('Z'),
            seconds => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
            }
        }
        Some(text)
    }
}

/// `YYYY-MM-DD`; nothing for a year that four digits cannot tell.
pub(super) fn iso_day(date: Date) -> Option<String> {
    (date.year() >= 0).then(|| format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()))
}

/// How many digits tell a fraction, in groups of three, as Java's `Instant` writes them.
pub(super) fn told(nano: u32) -> u8 {
    match nano {
        0 => 0,
        nano if nano % 1_000_000 == 0 => 3,
        nano if nano % 1_000 == 0 => 6,
        _ => 9,
    }
}

fn narrow<T: TryFrom<u32>>(value: u32) -> Result<T, Impossible> {
    T::try_from(value).map_err(|_| Impossible)
}
