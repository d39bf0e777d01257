//! `fallback: stale`: the last good reply of an optional call stands in for one that fails.
//!
//! Replies to requests with a cookie or an authorization are not kept, and a kept one stands in for requests alone that say the same
//! in every header but those that clients send of themselves.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, HOST, VARY};
use http::{HeaderMap, HeaderName, Method};
use tokio::time::Instant;

use super::Gateway;
use super::calling::{Asked, host, method};
use crate::cache::{Entry, Found, Key, Label, Said, Standing, Times};
use crate::plan::{NamedCall, OnFailure};
use crate::upstream::Reply;

/// How long a reply may stand in.
const TIMES: Times = Times { fresh: Duration::ZERO, swr: Duration::ZERO, stale_if_error: Duration::from_secs(300) };

/// The place of a call's last good reply, while the call is made.
pub(super) struct Place {
    key: Key,
    epoch: u64,
}

impl Gateway {
    /// Where the last good reply of a call is, for a call that falls back on it.
    pub(super) fn place(&self, route: &str, named: &NamedCall, asked: &Asked<'_>, path: &str) -> Option<Place> {
        let headers = &asked.parts.headers;
        let is_get = *method(named.call(), asked.parts) == Method::GET;
        let is_personal = headers.contains_key(COOKIE) || headers.contains_key(AUTHORIZATION);
        if *named.on_failure() != OnFailure::Stale || !is_get || is_personal {
            return None;
        }
        let mut text =
            format!("call\n{route}\n{}\n{}\n{path}\n", named.name(), host(asked.parts).unwrap_or_default().to_ascii_lowercase())
                .into_bytes();
        let mut names: Vec<&HeaderName> = headers.keys().filter(|name| **name != HOST && !is_ambient(name)).collect();
        names.sort_unstable_by_key(|name| name.as_str());
        for name in names {
            text.extend_from_slice(name.as_str().as_bytes());
            for value in headers.get_all(name) {
                text.push(0);
                text.extend_from_slice(value.as_bytes());
            }
            text.push(b'\n');
        }
        Some(Place { key: Key::new(text), epoch: self.kept.epoch() })
    }

    /// Remembers a good reply, unless it is for one client alone or the one before it is a second old at most.
    pub(super) fn remember(&self, place: &Place, route: &str, asked: &Asked<'_>, reply: &Reply) {
        let now = Instant::now();
        if self.last(place, now).is_some_and(|last| last.ttl(now) >= -1) {
            return;
        }
        let said = Said::of(&reply.headers);
        if said.is_refused() || varies(&reply.headers) {
            return;
        }
        let address = asked.parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str).to_owned();
        let label = Label { route: route.into(), address, tags: said.tags().to_vec() };
        let entry = Entry::new(reply.status, reply.headers.clone(), &reply.body, label, TIMES, &said, now);
        // One that is too large, or was dropped meanwhile, is missing later: the call is left out then.
        let _kept = self.kept.keep(&place.key, &Arc::new(entry), place.epoch);
    }

    /// The last good reply, if it is not too old.
    pub(super) fn last_good(&self, place: &Place) -> Option<Reply> {
        let entry = self.last(place, Instant::now())?;
        Some(Reply { status: entry.status, headers: entry.headers.clone(), body: entry.body.clone() })
    }

    fn last(&self, place: &Place, now: Instant) -> Option<Arc<Entry>> {
        match self.kept.find(place.key.bytes(), now) {
            Found::Kept(entry, Standing::OnError) => Some(entry),
            _ => None,
        }
    }
}

/// Headers that clients send of themselves, or that name a request: no backend answers something else for them, unless it says so.
fn is_ambient(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(
        name,
        "accept"
            | "accept-encoding"
            | "cache-control"
            | "connection"
            | "dnt"
            | "forwarded"
            | "keep-alive"
            | "pragma"
            | "priority"
            | "referer"
            | "te"
            | "traceparent"
            | "tracestate"
            | "upgrade-insecure-requests"
            | "user-agent"
            | "x-real-ip"
            | "x-request-id"
    ) || ["sec-", "if-", "x-forwarded-", "hx-", "content-"].iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a reply says that it depends on what does not tell replies apart here. Every call has the same `Accept` and codings.
fn varies(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(VARY).iter().map(|line| line.to_str().unwrap_or("user-agent"));
    let names = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let mut names = names.filter(|name| !matches!(name.as_str(), "" | "accept" | "accept-encoding"));
    names.any(|name| HeaderName::try_from(name).map_or(true, |name| is_ambient(&name)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_reply_that_depends_on_what_is_not_told_apart_is_known_by_its_vary() {
        for (lines, expected) in [
            (&[][..], false),
            (&["Accept, accept-encoding,", "accept-language, x-tenant, origin"][..], false),
            (&["accept", "User-Agent"][..], true),
            (&["sec-ch-ua"][..], true),
            (&["a b"][..], true),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(VARY, HeaderValue::from_static(line));
            }
            assert_eq!(varies(&headers), expected, "{lines:?}");
        }
    }
}
