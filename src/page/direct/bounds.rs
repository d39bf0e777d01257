//! How large what an expression makes may be: as large as the page. A page is over its limit by one text at most, so texts have one, too;
//! and lists, for what they hold is copied where the engine's own functions want it.

use super::run::Halt;
use super::tape::Tape;
use super::value::Value;

/// What a value in a list takes beside its text, in bytes, about.
const PLACE: usize = 16;

/// A text of that many bytes.
pub(super) fn within(bytes: usize, limit: usize) -> Result<(), Halt> {
    if bytes > limit { Err(Halt::Size) } else { Ok(()) }
}

/// A list or a map that was made, with all that is in it. A list that holds another one twice holds it twice.
pub(super) fn weigh(value: &Value<'_>, tape: &Tape<'_>, limit: usize) -> Result<(), Halt> {
    let mut left = limit;
    take(value, tape, &mut left)
}

fn take(value: &Value<'_>, tape: &Tape<'_>, left: &mut usize) -> Result<(), Halt> {
    match value {
        Value::Text(text) | Value::Markup(text) => spend(text.len(), left),
        Value::Container(entry) => spend(tape.raw(*entry).len(), left),
        Value::Range(range) => spend(range.length.saturating_mul(PLACE), left),
        Value::List(values) => {
            spend(0, left)?;
            values.iter().try_for_each(|value| take(value, tape, left))
        }
        Value::Engine(value) => take_engine(value, left),
        _ => spend(0, left),
    }
}

fn take_engine(value: &tera::Value, left: &mut usize) -> Result<(), Halt> {
    spend(value.as_str().map_or(0, str::len), left)?;
    value.as_array().into_iter().flatten().try_for_each(|value| take_engine(value, left))?;
    value.as_map().into_iter().flatten().try_for_each(|(_, value)| take_engine(value, left))
}

fn spend(bytes: usize, left: &mut usize) -> Result<(), Halt> {
    *left = left.checked_sub(bytes.saturating_add(PLACE)).ok_or(Halt::Size)?;
    Ok(())
}
