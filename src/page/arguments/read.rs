//! Arguments while a page is rendered, read by the filters and functions of our own.

use tera::{ArgFromValue, Error, Kwargs, TeraResult, Value};

use super::calls::Callee;
use super::kind::Kind;
use super::signature::{Signature, signature};
use super::{refused, unknown};

/// The arguments of one call.
#[derive(Debug)]
pub(in crate::page) struct Arguments<'k> {
    callee: &'static str,
    kwargs: &'k Kwargs,
}

impl<'k> Arguments<'k> {
    /// Those of a filter.
    pub(in crate::page) fn of_filter(name: &'static str, kwargs: &'k Kwargs) -> TeraResult<Self> {
        Self::checked(Callee::Filter, name, kwargs)
    }

    /// Those of a function.
    pub(in crate::page) fn of_function(name: &'static str, kwargs: &'k Kwargs) -> TeraResult<Self> {
        Self::checked(Callee::Function, name, kwargs)
    }

    fn checked(kind: Callee, callee: &'static str, kwargs: &'k Kwargs) -> TeraResult<Self> {
        let signature = signature(kind, callee).unwrap_or(&Signature::NOTHING);
        let stranger = kwargs.iter().find_map(|(name, _)| name.as_str().filter(|name| signature.kind(name).is_none()));
        match stranger {
            Some(name) => Err(Error::message(unknown(callee, name, signature))),
            None => Ok(Self { callee, kwargs }),
        }
    }

    /// A text.
    pub(in crate::page) fn text(&self, name: &'static str) -> TeraResult<Option<&'k str>> {
        self.read(name, Kind::Text)
    }

    /// A whole number from 0.
    pub(in crate::page) fn count<T: ArgFromValue<'k, Output = T>>(&self, name: &'static str) -> TeraResult<Option<T>> {
        self.read(name, Kind::Count)
    }

    /// True or false.
    pub(in crate::page) fn truth(&self, name: &'static str) -> TeraResult<Option<bool>> {
        self.read(name, Kind::Truth)
    }

    /// A list; its elements are the caller's to check.
    pub(in crate::page) fn list(&self, name: &'static str) -> TeraResult<&'k [Value]> {
        Ok(self.read(name, Kind::List)?.unwrap_or_default())
    }

    /// Whatever it is.
    pub(in crate::page) fn any(&self, name: &'static str) -> TeraResult<Option<&'k Value>> {
        self.kwargs.get(name)
    }

    /// One that must be there. Templates without it are refused when they are read.
    pub(in crate::page) fn needed<T>(&self, name: &str, value: Option<T>) -> TeraResult<T> {
        value.ok_or_else(|| Error::message(format!("`{}` needs `{name}`", self.callee)))
    }

    /// What to say of a value that is of the wrong kind.
    pub(in crate::page) fn refused(&self, name: &str, kind: Kind, value: &Value) -> Error {
        Error::message(refused(self.callee, name, kind, value))
    }

    fn read<T: ArgFromValue<'k, Output = T>>(&self, name: &'static str, kind: Kind) -> TeraResult<Option<T>> {
        let Some(value) = self.any(name)? else { return Ok(None) };
        T::from_value(value).map(Some).map_err(|_| self.refused(name, kind, value))
    }
}
