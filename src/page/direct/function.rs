//! Functions: `range`, and those of ours.

use std::sync::LazyLock;

use tera::{Context, State};

use super::expression::Expression;
use super::filter::Args;
use super::run::{Halt, Run};
use super::value::{Range, Value};
use crate::page::functions::{self, Function};

/// The engine's limit for `range`.
const LONGEST_RANGE: usize = 100_000;

/// None of our functions asks for a variable.
static NOTHING: LazyLock<Context> = LazyLock::new(Context::new);

/// A call with its arguments.
#[derive(Debug)]
pub(super) enum Call {
    Range { start: Option<Expression>, end: Expression, step: Option<Expression> },
    Ours(Function, Args),
}

impl Call {
    pub(super) fn named(name: &str, args: Args) -> Option<Self> {
        Some(Self::Ours(functions::named(name)?, args))
    }

    /// `range`, whose arguments are worked out one by one.
    pub(super) fn range(args: Vec<(String, Expression)>) -> Option<Self> {
        let (mut start, mut end, mut step) = (None, None, None);
        for (name, value) in args {
            match name.as_str() {
                "start" => start = Some(value),
                "end" => end = Some(value),
                "step_by" => step = Some(value),
                _ => return None,
            }
        }
        Some(Self::Range { start, end: end?, step })
    }
}

impl<'r> Run<'r> {
    /// What a function gives.
    pub(super) fn called(&mut self, call: &'r Call) -> Result<Value<'r>, Halt> {
        match call {
            Call::Ours(function, args) => {
                let args = self.args(args)?;
                Ok(Value::Engine(function(args, &State::new(&NOTHING)).map_err(|_| Halt::Back)?))
            }
            Call::Range { start, end, step } => {
                let mut whole = |value: &'r Expression| self.value(value)?.small().ok_or(Halt::Back);
                let start = start.as_ref().map_or(Ok(0), &mut whole)?;
                let end = whole(end)?;
                let step = step.as_ref().map_or(Ok(1), &mut whole)?;
                if step <= 0 || start > end {
                    return Err(Halt::Back);
                }
                let length = end.checked_sub(start).ok_or(Halt::Back)?;
                let length = length.checked_add(step - 1).ok_or(Halt::Back)? / step;
                let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_RANGE).ok_or(Halt::Back)?;
                Ok(Value::Range(Range { start, step, length }))
            }
        }
    }
}
