//! ISO 8601 as Java writes it: `2024-03-01`, `2024-03-01T10:20:30.123+0800`, `2024-03-01T10:20:30+08:00[Asia/Shanghai]`.

use super::moment::{Clock, Fields, Impossible, Moment};
use super::reader::Reader;

/// Reads a date, or a date and time; nothing when the text has another form.
///
/// A space may stand for the `T`, a comma for the point, an offset needs no colon. A zone in brackets is left to its offset.
pub(super) fn read(text: &str) -> Option<Result<Moment, Impossible>> {
    let mut reader = Reader::new(text);
    let year = reader.digits(4, 4)?;
    reader.eat(&['-'])?;
    let month = reader.digits(2, 2)?;
    reader.eat(&['-'])?;
    let day = reader.digits(2, 2)?;
    let mut fields = Fields { year, month, day, time: None, offset: None };
    if reader.eat(&['T', 't', ' ']).is_some() {
        fields.time = Some(clock(&mut reader)?);
        if !reader.is_done() {
            fields.offset = Some(reader.offset()?);
            reader.bracket();
        }
    }
    reader.is_done().then(|| fields.moment())
}

fn clock(reader: &mut Reader<'_>) -> Option<Clock> {
    let hour = reader.digits(2, 2)?;
    reader.eat(&[':'])?;
    let mut clock = Clock { hour, minute: reader.digits(2, 2)?, ..Clock::default() };
    if reader.eat(&[':']).is_some() {
        clock.second = reader.digits(2, 2)?;
        if reader.eat(&['.', ',']).is_some() {
            (clock.nano, clock.digits) = reader.fraction(1, 9)?;
        }
    }
    Some(clock)
}
