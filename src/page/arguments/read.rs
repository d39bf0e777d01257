//! Arguments while a page is rendered, read by the filters and functions of our own.

use tera::{ArgFromValue, Error, Kwargs, TeraResult, Value};

use super::super::readers::Refusal;
use super::calls::Callee;
use super::kind::Kind;
use super::signature::{Signature, signature};
use super::{apart, unknown};

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
        if let Some(name) = stranger {
            return Err(Error::message(unknown(callee, name, signature)));
        }
        let has = |wanted: &str| kwargs.iter().any(|(name, _)| name.as_str() == Some(wanted));
        match apart(kind, callee, has) {
            Some(message) => Err(Error::message(message)),
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

    /// A whole number from 0 to the most that there may be.
    pub(in crate::page) fn count_to(&self, name: &'static str, most: i64) -> TeraResult<Option<usize>> {
        let kind = Kind::Within(0, most);
        match self.any(name)?.map(|value| kind.check(value)) {
            Some(Err(refusal)) => Err(self.refused(name, &refusal)),
            _ => self.read(name, kind),
        }
    }

    /// True or false.
    pub(in crate::page) fn truth(&self, name: &'static str) -> TeraResult<Option<bool>> {
        self.read(name, Kind::Truth)
    }

    /// What a reader makes of it.
    pub(in crate::page) fn read_by<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&'k Value) -> Result<T, Refusal>,
    ) -> TeraResult<Option<T>> {
        self.any(name)?.map(|value| read(value).map_err(|refusal| self.refused(name, &refusal))).transpose()
    }

    /// A list, and what a reader makes of its elements.
    pub(in crate::page) fn each_by<T>(
        &self,
        name: &'static str,
        read: impl Fn(&'k Value) -> Result<T, Refusal>,
    ) -> TeraResult<Vec<T>> {
        let elements: &[Value] = self.read(name, Kind::List)?.unwrap_or_default();
        elements.iter().map(|element| read(element).map_err(|refusal| self.refused(name, &refusal))).collect()
    }

    /// Whatever it is.
    pub(in crate::page) fn any(&self, name: &'static str) -> TeraResult<Option<&'k Value>> {
        self.kwargs.get(name)
    }

    /// One that must be there. Templates without it are refused when they are read.
    pub(in crate::page) fn needed<T>(&self, name: &str, value: Option<T>) -> TeraResult<T> {
        value.ok_or_else(|| Error::message(format!("`{}` needs `{name}`", self.callee)))
    }

    /// What to say of an argument that is not taken.
    pub(in crate::page) fn refused(&self, name: &str, refusal: &Refusal) -> Error {
        Error::message(refusal.told(self.callee, name))
    }

    fn read<T: ArgFromValue<'k, Output = T>>(&self, name: &'static str, kind: Kind) -> TeraResult<Option<T>> {
        let Some(value) = self.any(name)? else { return Ok(None) };
        T::from_value(value).map(Some).map_err(|_| self.refused(name, &Refusal::new(kind.words(), value)))
    }
}
