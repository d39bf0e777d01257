//! What a browser is told of a page before the calls are made: 103 Early Hints (RFC 8297).

use http::request::Parts;
use http::{HeaderValue, Method};

use super::accept::Form;
use super::edge::Interim;
use super::fragment::{Wanted, is_partial};
use crate::plan::{Page, Route};

/// Whether a request is told something before its answer. Then it should wait once: what it is told leaves while it does, and the calls
/// behind it. `is_fit` tells, where there is something to tell, whether there will be calls at all.
pub(super) fn hint(route: &Route, parts: &Parts, wanted: &Wanted, is_fit: impl FnOnce() -> bool) -> bool {
    let given = hints(route, parts, wanted).zip(parts.extensions.get::<Interim>()).filter(|_| is_fit());
    if let Some((links, interim)) = given {
        interim.give(links.clone());
    }
    given.is_some()
}

/// What there is to tell: of a whole page that a browser goes to. What a script fetches, no browser prepares for.
fn hints<'r>(route: &'r Route, parts: &Parts, wanted: &Wanted) -> Option<&'r HeaderValue> {
    let links = route.page().and_then(Page::hint)?;
    let is_whole = wanted.form == Form::Html && wanted.block.is_none() && !is_partial(&parts.headers);
    let goes_there = parts.headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    (parts.method == Method::GET && is_whole && goes_there).then_some(links)
}
