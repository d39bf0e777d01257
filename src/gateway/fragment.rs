//! What of a page a client wants: all of it, or one block of its template; and the conventions of htmx and Turbo.
//!
//! | a request with | gets |
//! |---|---|
//! | `X-Fragment: NAME` or `?_fragment=NAME` | that block; 404 when there is none |
//! | `HX-Request: true` and `HX-Target: ID`, or `HX-Target: TAG#ID` with `HX-Request-Type: partial` | the block of that name when there is one, else the page |
//! | `Turbo-Frame: ID` | the same |

use std::borrow::Cow;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

use super::accept::{Form, Wish};
use super::fault::Fault;
use crate::page::Templates;
use crate::plan::{Answer, Page, Route};

/// Among the extensions of a request: a block was named by the parameter that was taken out of it.
#[derive(Debug, Clone, Copy)]
struct Named;

/// The query parameter that names a block. It is ours: neither the rules nor a backend see it.
const PARAMETER: &str = "_fragment";

/// The header that names a block.
const HEADER: &str = "x-fragment";

/// The header in which htmx says, from its version 4 on, whether it wants a page or a part.
const TYPE: &str = "hx-request-type";

/// The headers that an answer of a route with a page depends on, whichever form it has.
pub(super) fn vary(page: &Page, templates: &Templates) -> Vec<&'static str> {
    let form = if page.always() { &[][..] } else { &["accept", "hx-request", "turbo-frame"] };
    let block = if templates.blocks(page.template()).is_empty() {
        &[][..]
    } else {
        &[HEADER, "hx-request", "hx-target", TYPE, "turbo-frame"]
    };
    let mut names: Vec<&'static str> = Vec::new();
    for name in form.iter().chain(block) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

/// What a client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// JSON or a page.
    pub(super) form: Form,
    /// The block of the page that goes alone.
    pub(super) block: Option<String>,
}

/// What a client wants of a route. A page for everyone is no matter of `Accept`.
pub(super) fn wanted(route: &Route, templates: &Templates, parts: &Parts) -> Result<Wanted, Fault> {
    if matches!(route.answer(), Answer::Proxy(_)) {
        return Ok(Wanted { form: Form::Json, block: None });
    }
    let wish = Wish::of(&parts.headers);
    let Some(page) = route.page() else {
        return if wish.takes(Form::Json) { Ok(Wanted { form: Form::Json, block: None }) } else { Err(Fault::NotAcceptable) };
    };
    let block = block(page, templates, parts)?;
    let speaks_html = is_for_markup(parts) || wish.page() || !wish.takes(Form::Json);
    let form = match page.always() {
        true => return Ok(Wanted { form: Form::Html, block }),
        false if speaks_html && wish.takes(Form::Html) => Form::Html,
        // A fragment is markup: who does not take any gets none.
        false if block.is_some() => return Err(Fault::NotAcceptable),
        false => Form::Json,
    };
    if wish.takes(form) { Ok(Wanted { form, block }) } else { Err(Fault::NotAcceptable) }
}

fn block(page: &Page, templates: &Templates, parts: &Parts) -> Result<Option<String>, Fault> {
    let has = |name: &str| templates.blocks(page.template()).contains(&name);
    let asked = parameter(&parts.uri).or_else(|| text(&parts.headers, HEADER).map(Cow::Borrowed));
    if let Some(name) = asked {
        return if has(&name) { Ok(Some(name.into_owned())) } else { Err(Fault::NoFragment) };
    }
    let target = target(&parts.headers).filter(|_| is_htmx(&parts.headers));
    let convention = target.or_else(|| text(&parts.headers, "turbo-frame").map(Cow::Borrowed));
    Ok(convention.filter(|name| has(name)).map(Cow::into_owned))
}

/// The id of the element that htmx puts the answer into. Up to version 2 that is all that it says; from 4 on it names the tag too, with
/// the id, encoded, where there is one.
fn target(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let target = text(headers, "hx-target")?;
    match text(headers, TYPE) {
        None => Some(target.into()),
        Some("full") => None,
        Some(_) => percent_decode_str(target.split_once('#')?.1).decode_utf8().ok(),
    }
}

/// Whether a request for a page or a part of it is a wish for markup, whatever its `Accept` says.
pub(super) fn is_for_markup(parts: &Parts) -> bool {
    let is_named = || parts.extensions.get::<Named>().is_some() || pairs(&parts.uri).any(is_ours);
    is_partial(&parts.headers) || parts.headers.contains_key(HEADER) || is_named()
}

/// Whether a script asks on behalf of a page, whatever its `Accept` says: such a script wants markup.
pub(super) fn is_partial(headers: &HeaderMap) -> bool {
    is_htmx(headers) || headers.contains_key("turbo-frame")
}

fn is_htmx(headers: &HeaderMap) -> bool {
    text(headers, "hx-request") == Some("true")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The block that the query names; a name that is no text is one that no block has.
fn parameter(uri: &Uri) -> Option<Cow<'_, str>> {
    let value = pairs(uri).find_map(|pair| is_ours(pair).then(|| pair.split_once('=').map_or("", |(_, value)| value)))?;
    Some(percent_decode_str(value).decode_utf8().unwrap_or_default())
}

/// The request without the parameter that is ours.
pub(super) fn without_parameter(route: &Route, parts: &Parts) -> Option<Parts> {
    if route.page().is_none() || !pairs(&parts.uri).any(is_ours) {
        return None;
    }
    let rest: Vec<&str> = pairs(&parts.uri).filter(|pair| !is_ours(pair)).collect();
    let path = parts.uri.path();
    let target = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    let mut parts = parts.clone();
    parts.extensions.insert(Named);
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    // A piece of an address that was parsed parses again.
    uri.path_and_query = PathAndQuery::try_from(target).ok();
    parts.uri = Uri::from_parts(uri).ok()?;
    Some(parts)
}

fn pairs(uri: &Uri) -> impl Iterator<Item = &str> {
    uri.query().into_iter().flat_map(|query| query.split('&'))
}

fn is_ours(pair: &str) -> bool {
    pair.split('=').next() == Some(PARAMETER)
}
