//! Filters: ours are the same functions that the engine calls, the engine's own are those of [`super::builtin`].

use std::sync::Arc;

use tera::{Kwargs, Map};

use super::bounds::within;
use super::builtin::Builtin;
use super::expression::Expression;
use super::run::{Halt, Run};
use super::value::Value;
use crate::page::filters::{self, Given, GivenKind, TextFilter};

/// A filter with its arguments.
#[derive(Debug)]
pub(super) enum Filter {
    /// One of ours that makes a text of what a value prints.
    OfText(TextFilter, Args),
    Absolute,
    Json,
    JsonScript,
    Builtin(Builtin, Args),
}

/// What a filter or a function is told by name.
#[derive(Debug)]
pub(super) enum Args {
    /// The same at every call.
    Fixed(Kwargs),
    Worked(Vec<(String, Expression)>),
}

impl Args {
    pub(super) fn new(args: Vec<(String, Expression)>) -> Self {
        let constant = |(name, value): &(String, Expression)| match value {
            Expression::Constant(constant) => Some((name.clone().into(), constant.of_engine())),
            _ => None,
        };
        match args.iter().map(constant).collect::<Option<Map>>() {
            Some(fixed) => Self::Fixed(Kwargs::new(Arc::new(fixed))),
            None => Self::Worked(args),
        }
    }
}

impl Filter {
    pub(super) fn named(name: &str, args: Args) -> Option<Self> {
        Some(match name {
            "absolute" => Self::Absolute,
            "json" => Self::Json,
            "json_script" => Self::JsonScript,
            name => match filters::of_text(name) {
                Some(filter) => Self::OfText(filter, args),
                None => Self::Builtin(Builtin::named(name)?, args),
            },
        })
    }
}

impl<'r> Run<'r> {
    /// What a filter makes of a value.
    pub(super) fn filtered(&mut self, filter: &'r Filter, value: Value<'r>) -> Result<Value<'r>, Halt> {
        let made = self.applied(filter, value)?;
        if let Value::Text(text) | Value::Markup(text) = &made {
            within(text.len(), self.sheet.limit)?;
        }
        Ok(made)
    }

    fn applied(&mut self, filter: &'r Filter, value: Value<'r>) -> Result<Value<'r>, Halt> {
        let tape = self.tape;
        match filter {
            Filter::OfText(filter, args) => {
                let args = self.args(args)?;
                let given = Given { text: value.shown(tape)?, kind: kind(&value), value: None };
                Ok(Value::Text(filter(&given, &args).map_err(|_| Halt::Back)?.into()))
            }
            Filter::Absolute => {
                let given = Given { text: value.shown(tape)?, kind: kind(&value), value: None };
                Ok(Value::Text(filters::absolute(&given, self.around.origin).map_err(|_| Halt::Back)?.into()))
            }
            Filter::Json => Ok(Value::Text(filters::json(&value.of_engine(tape)?).map_err(|_| Halt::Back)?.into())),
            Filter::JsonScript => Ok(Value::Markup(match &value {
                Value::Text(text) => filters::json_script_of_text(text).into(),
                value => filters::json_script(&value.of_engine(tape)?).map_err(|_| Halt::Back)?.into(),
            })),
            Filter::Builtin(filter, args) => {
                let args = self.args(args)?;
                filter.apply(value, &args, tape, &self.sheet)
            }
        }
    }

    /// The arguments as they are worked out here.
    pub(super) fn args(&mut self, args: &'r Args) -> Result<Kwargs, Halt> {
        match args {
            Args::Fixed(args) => Ok(args.clone()),
            Args::Worked(args) => {
                let mut map = Map::with_capacity(args.len());
                for (name, value) in args {
                    let value = self.value(value)?.of_engine(self.tape)?;
                    map.insert(name.clone().into(), value);
                }
                Ok(Kwargs::new(Arc::new(map)))
            }
        }
    }
}

fn kind(value: &Value<'_>) -> GivenKind {
    match value {
        Value::Undefined => GivenKind::Undefined,
        Value::None => GivenKind::None,
        Value::Whole(_) | Value::Fraction(_) | Value::Number(_) | Value::Text(_) | Value::Markup(_) => GivenKind::One,
        Value::Truth(_) | Value::Container(_) | Value::List(_) | Value::Range(_) => GivenKind::Other,
        Value::Engine(value) => Given::of(value).kind,
    }
}
