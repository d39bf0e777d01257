//! Java's date patterns (`DateTimeFormatter`, `SimpleDateFormat`): the letters that make up a point in time.

use super::moment::{Clock, Fields, Impossible, Moment};
use super::reader::Reader;
use crate::shape::StepError;

const MONTHS: [&str; 24] = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 14] = [
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "Sun",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A pattern whose every letter is known, and that has a year, a month and a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Literal(char),
    Year { least: usize },
    YearOfCentury,
    Month { least: usize },
    MonthName,
    Day { least: usize },
    DayName,
    Hour { least: usize },
    HourOfHalf { least: usize },
    Half,
    Minute { least: usize },
    Second { least: usize },
    Fraction { digits: usize },
    Offset,
}

impl Pattern {
    /// Reads a pattern: letters `y u M d E H h a m s S X x Z`, text in single quotes, anything else as it stands.
    ///
    /// # Errors
    ///
    /// A letter that has no meaning here, an open quote, a part that is missing or stands twice.
    pub(super) fn new(text: &str) -> Result<Self, StepError> {
        let mut items = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter == '\'' {
                quoted(text, &mut letters, &mut items)?;
            } else if letter.is_ascii_alphabetic() {
                let mut count = 1;
                while letters.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                items.push(item(text, letter, count)?);
            } else if matches!(letter, '[' | ']' | '{' | '}' | '#') {
                return Err(StepError::new(format!("`{letter}` in the date pattern `{text}` is not supported")));
            } else {
                items.push(Item::Literal(letter));
            }
        }
        complete(text, &items)?;
        Ok(Self { items })
    }

    /// Reads a text of this form; nothing when it has another.
    pub(super) fn read(&self, text: &str) -> Option<Result<Moment, Impossible>> {
        let mut reader = Reader::new(text);
        let mut fields = Fields::default();
        let mut clock = Clock::default();
        let mut has_time = false;
        let mut half = None;
        let mut hour_of_half = None;
        for item in &self.items {
            match *item {
                Item::Literal(' ') => {
                    reader.eat(&[' ', '\u{a0}', '\u{202f}'])?;
                }
                Item::Literal(letter) => {
                    reader.eat(&[letter])?;
                }
                Item::Year { least } => fields.year = reader.digits(least, 4)?,
                Item::YearOfCentury => fields.year = 2000 + reader.digits(2, 2)?,
                Item::Month { least } => fields.month = reader.digits(least, 2)?,
                Item::MonthName => fields.month = u32::try_from(reader.word(&MONTHS)? % 12).ok()? + 1,
                Item::Day { least } => fields.day = reader.digits(least, 2)?,
                Item::DayName => {
                    reader.word(&DAYS)?;
                }
                Item::Hour { least } => clock.hour = reader.digits(least, 2)?,
                Item::HourOfHalf { least } => hour_of_half = Some(reader.digits(least, 2)?),
                Item::Half => half = Some(reader.word(&["AM", "PM"])?),
                Item::Minute { least } => clock.minute = reader.digits(least, 2)?,
                Item::Second { least } => clock.second = reader.digits(least, 2)?,
                Item::Fraction { digits } => (clock.nano, clock.digits) = reader.fraction(digits, digits)?,
                Item::Offset => fields.offset = Some(reader.offset()?),
            }
            has_time |= matches!(item, Item::Hour { .. } | Item::HourOfHalf { .. });
        }
        if let (Some(hour), Some(half)) = (hour_of_half, half) {
            if !(1..=12).contains(&hour) {
                return Some(Err(Impossible));
            }
            clock.hour = hour % 12 + if half == 1 { 12 } else { 0 };
        }
        fields.time = has_time.then_some(clock);
        reader.is_done().then(|| fields.moment())
    }
}

fn quoted(text: &str, letters: &mut std::iter::Peekable<std::str::Chars<'_>>, items: &mut Vec<Item>) -> Result<(), StepError> {
    if letters.next_if_eq(&'\'').is_some() {
        items.push(Item::Literal('\''));
        return Ok(());
    }
    loop {
        match letters.next() {
            Some('\'') if letters.next_if_eq(&'\'').is_some() => items.push(Item::Literal('\'')),
            Some('\'') => return Ok(()),
            Some(letter) => items.push(Item::Literal(letter)),
            None => return Err(StepError::new(format!("the date pattern `{text}` has an open quote"))),
        }
    }
}

fn item(text: &str, letter: char, count: usize) -> Result<Item, StepError> {
    let least = count.min(2);
    let item = match (letter, count) {
        ('y' | 'u', 2) => Item::YearOfCentury,
        ('y' | 'u', 1..=4) => Item::Year { least: count },
        ('M' | 'L', 1..=2) => Item::Month { least },
        ('M' | 'L', 3..=4) => Item::MonthName,
        ('d', 1..=2) => Item::Day { least },
        ('E', 1..=4) => Item::DayName,
        ('H', 1..=2) => Item::Hour { least },
        ('h', 1..=2) => Item::HourOfHalf { least },
        ('a', 1) => Item::Half,
        ('m', 1..=2) => Item::Minute { least },
        ('s', 1..=2) => Item::Second { least },
        ('S', 1..=9) => Item::Fraction { digits: count },
        ('X' | 'x' | 'Z', 1..=5) => Item::Offset,
        _ => {
            let run: String = std::iter::repeat_n(letter, count.min(20)).collect();
            let hint = match letter {
                'Y' => "; that is the week's year, write `yyyy`",
                'D' => "; that is the day of the year, write `dd`",
                'z' | 'v' | 'V' | 'O' => "; names of zones are ambiguous, write `X` for an offset, or give `zone`",
                'T' => "; write 'T' in single quotes",
                _ => "",
            };
            return Err(StepError::new(format!("`{run}` in the date pattern `{text}` is not supported{hint}")));
        }
    };
    Ok(item)
}

/// What a pattern must have, and may have once only.
fn complete(text: &str, items: &[Item]) -> Result<(), StepError> {
    type Is = fn(&Item) -> bool;
    let parts: [(&str, Is); 9] = [
        ("a year (`yyyy`)", |item| matches!(item, Item::Year { .. } | Item::YearOfCentury)),
        ("a month (`MM`; `mm` is minutes)", |item| matches!(item, Item::Month { .. } | Item::MonthName)),
        ("a day (`dd`)", |item| matches!(item, Item::Day { .. })),
        ("an hour (`HH`)", |item| matches!(item, Item::Hour { .. } | Item::HourOfHalf { .. })),
        ("a minute (`mm`; `MM` is the month)", |item| matches!(item, Item::Minute { .. })),
        ("a second (`ss`)", |item| matches!(item, Item::Second { .. })),
        ("a fraction (`SSS`)", |item| matches!(item, Item::Fraction { .. })),
        ("AM or PM (`a`)", |item| matches!(item, Item::Half)),
        ("an offset (`X`)", |item| matches!(item, Item::Offset)),
    ];
    let has = |is: Is| items.iter().any(is);
    for (at, (name, is)) in parts.into_iter().enumerate() {
        let count = items.iter().filter(|item| is(item)).count();
        if count == 0 && at < 3 {
            return Err(StepError::new(format!("the date pattern `{text}` needs {name}")));
        }
        if count > 1 {
            return Err(StepError::new(format!("the date pattern `{text}` has {name} twice")));
        }
    }
    let half = has(|item| matches!(item, Item::Half));
    if has(|item| matches!(item, Item::HourOfHalf { .. })) != half {
        return Err(StepError::new(format!("the date pattern `{text}` needs both `hh` and `a`, or `HH` alone")));
    }
    let hour = has(|item| matches!(item, Item::Hour { .. } | Item::HourOfHalf { .. }));
    let finer = |item: &Item| matches!(item, Item::Minute { .. } | Item::Second { .. } | Item::Fraction { .. } | Item::Offset);
    if !hour && items.iter().any(finer) {
        return Err(StepError::new(format!("the date pattern `{text}` needs an hour (`HH`)")));
    }
    Ok(())
}
