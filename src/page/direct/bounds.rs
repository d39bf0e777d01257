//! How large what an expression makes may be: as large as the page. A page is over its limit by one text at most, so texts have one, too;
//! and lists, for what they hold is copied where the engine's own functions want it. And how deep: as deep as a document.

use super::run::Halt;
use super::tape::Tape;
use super::value::Value;
use crate::json::Limits;

/// What a value in a list takes beside its text, in bytes, about.
const PLACE: usize = 16;

/// A text of that many bytes.
pub(super) fn within(bytes: usize, limit: usize) -> Result<(), Halt> {
    if bytes > limit { Err(Halt::Size) } else { Ok(()) }
}

/// A list or a map that was made, with all that is in it. A list that holds another one twice holds it twice.
pub(super) fn weigh(value: &Value<'_>, tape: &Tape<'_>, limit: usize) -> Result<(), Halt> {
    let mut left = limit;
    take(value, tape, Limits::DEEPEST, &mut left)
}

fn take(value: &Value<'_>, tape: &Tape<'_>, levels: usize, left: &mut usize) -> Result<(), Halt> {
    match value {
        Value::Text(text) | Value::Markup(text) => spend(text.len(), left),
        Value::Container(entry) => spend(tape.raw(*entry).len(), left),
        Value::Range(range) => spend(range.length.saturating_mul(PLACE), left),
        Value::List(values) => {
            spend(0, left)?;
            let levels = deeper(levels)?;
            values.iter().try_for_each(|value| take(value, tape, levels, left))
        }
        Value::Engine(value) => take_engine(value, levels, left),
        _ => spend(0, left),
    }
}

fn take_engine(value: &tera::Value, levels: usize, left: &mut usize) -> Result<(), Halt> {
    spend(value.as_str().map_or(0, str::len), left)?;
    if !(value.is_array() || value.is_map()) {
        return Ok(());
    }
    let levels = deeper(levels)?;
    value.as_array().into_iter().flatten().try_for_each(|value| take_engine(value, levels, left))?;
    value.as_map().into_iter().flatten().try_for_each(|(_, value)| take_engine(value, levels, left))
}

fn deeper(levels: usize) -> Result<usize, Halt> {
    levels.checked_sub(1).ok_or(Halt::Depth)
}

fn spend(bytes: usize, left: &mut usize) -> Result<(), Halt> {
    *left = left.checked_sub(bytes.saturating_add(PLACE)).ok_or(Halt::Size)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::*;

    #[test]
    fn a_value_nests_as_deep_as_a_document_and_no_deeper() {
        let names = Names::default();
        let tape = Tape::of("{}", &names).unwrap();
        let deep = |levels: usize| (1..levels).fold(Value::List([].into()), |inner, _| Value::List([inner].into()));
        assert_eq!(weigh(&deep(Limits::DEEPEST), &tape, usize::MAX), Ok(()));
        assert_eq!(weigh(&deep(Limits::DEEPEST + 1), &tape, usize::MAX), Err(Halt::Depth));
        let of_engine = |levels: usize| (1..levels).fold(tera::Value::from(vec![0]), |inner, _| tera::Value::from(vec![inner]));
        assert_eq!(weigh(&Value::Engine(of_engine(Limits::DEEPEST + 1)), &tape, usize::MAX), Err(Halt::Depth));
        assert_eq!(weigh(&Value::Engine(of_engine(Limits::DEEPEST)), &tape, usize::MAX), Ok(()));
    }
}
