//! A reply that is kept, and how good it is at a moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AGE, CONTENT_LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::rules::Times;
use super::said::{self, Said};
use super::status::Status;

/// How long after a failure the upstream is let be, while stale replies are given out.
const LET_BE: Duration = Duration::from_secs(1);

/// What an entry costs beside its texts, in bytes: the maps around it, roughly.
const OVERHEAD: usize = 384;

/// What an entry is called when it is to be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The route, as the configuration writes it.
    pub route: Arc<str>,
    /// Path and query as they were asked for.
    pub address: String,
    /// Tags of the route and of the replies.
    pub tags: Vec<String>,
}

/// How good an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// To be given out.
    Fresh,
    /// To be given out while a new one is fetched.
    Revalidate,
    /// To be given out when the upstream fails.
    OnError,
    /// Good for nothing.
    Gone,
}

/// Whether the upstream failed when it was last asked for an entry's successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// It did not, or was not asked.
    No,
    /// It did a moment ago: it is let be.
    LetBe,
    /// It did, and it is time to ask again.
    AskAgain,
}

/// A reply that is kept.
#[derive(Debug)]
pub struct Entry {
    /// Its status.
    pub status: StatusCode,
    /// Its head, without its age and without what speaks to the cache alone.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    label: Label,
    times: Times,
    stored: Instant,
    age: Duration,
    weight: u64,
    failed: Mutex<Option<Instant>>,
    told: Mutex<Told>,
}

/// What was said last of an entry's age and of what the cache did: within the same second it is said again.
#[derive(Debug, Default)]
struct Told {
    age: Option<(u64, HeaderValue)>,
    status: Option<(Status, HeaderValue)>,
}

/// Lines that an answer gets beside those that are kept of it, at most, as a rule.
const MORE_LINES: usize = 8;

impl Entry {
    /// An entry that came now.
    pub fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: &[u8],
        label: Label,
        times: Times,
        said: &Said,
        now: Instant,
    ) -> Self {
        Self::aged(status, headers, body, label, times, said.age, now)
    }

    /// An entry that came now and was so old then.
    pub(super) fn aged(
        status: StatusCode,
        mut headers: HeaderMap,
        body: &[u8],
        label: Label,
        times: Times,
        age: Duration,
        now: Instant,
    ) -> Self {
        said::strip(&mut headers);
        // Heads that are made of it need no other table for what comes to them; the copy has no room for lines that never come to this one.
        headers.reserve(MORE_LINES);
        let headers = headers.clone();
        // What is kept of a body may be a part of something larger: a copy has its own size.
        let body = Bytes::copy_from_slice(body);
        let lines: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 48).sum();
        let texts: usize = label.tags.iter().map(|tag| tag.len() + 24).sum();
        let weight = (OVERHEAD + lines + texts + label.address.len() + body.len()) as u64;
        Self { status, headers, body, label, times, stored: now, age, weight, failed: Mutex::default(), told: Mutex::default() }
    }

    /// How good it is.
    pub fn standing(&self, now: Instant) -> Standing {
        let Times { fresh, swr, stale_if_error } = self.times;
        let since = now.saturating_duration_since(self.stored);
        if since < fresh {
            Standing::Fresh
        } else if since < fresh.saturating_add(swr) {
            Standing::Revalidate
        } else if since < fresh.saturating_add(stale_if_error) {
            Standing::OnError
        } else {
            Standing::Gone
        }
    }

    /// Whole seconds that it stays fresh; below zero since when it is stale.
    pub fn ttl(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.stored);
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match self.times.fresh.checked_sub(since) {
            Some(left) => seconds(left),
            None => -1 - seconds(since.saturating_sub(self.times.fresh)),
        }
    }

    /// The head with which it is given out now: its own and `Age`.
    pub fn head(&self, now: Instant) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.insert(AGE, self.age(now));
        headers
    }

    fn age(&self, now: Instant) -> HeaderValue {
        let seconds = self.age.saturating_add(now.saturating_duration_since(self.stored)).as_secs();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match &told.age {
            Some((known, value)) if *known == seconds => value.clone(),
            _ => told.age.insert((seconds, HeaderValue::from(seconds))).1.clone(),
        }
    }

    /// The value of `Cache-Status` for an answer with it.
    pub fn says(&self, status: Status) -> HeaderValue {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match &told.status {
            Some((known, value)) if *known == status => value.clone(),
            _ => told.status.insert((status, status.header())).1.clone(),
        }
    }

    /// As [`Entry::head`], for a 304: what describes the body stays away (RFC 9110, section 15.4.5).
    pub fn head_without_body(&self, now: Instant) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + MORE_LINES);
        let is_of_body = |name: &HeaderName| name.as_str().starts_with("content-") && *name != CONTENT_LOCATION;
        for (name, value) in self.headers.iter().filter(|(name, _)| !is_of_body(name)) {
            headers.append(name, value.clone());
        }
        headers.insert(AGE, self.age(now));
        headers
    }

    /// The upstream failed when it was asked for a newer one.
    pub fn fail(&self, now: Instant) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Whether the upstream is known to fail.
    pub fn failing(&self, now: Instant) -> Failing {
        match *self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Failing::No,
            Some(at) if now.saturating_duration_since(at) < LET_BE => Failing::LetBe,
            Some(_) => Failing::AskAgain,
        }
    }

    /// What it is called.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// For how long it is good, and how old it is: since it was made, and since it was stored.
    pub(super) fn clocks(&self, now: Instant) -> (Times, Duration, Duration) {
        let held = now.saturating_duration_since(self.stored);
        (self.times, self.age.saturating_add(held), held)
    }

    /// What it costs, in bytes.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }
}

#[cfg(test)]
pub(super) mod tests {
    use http::header::CACHE_CONTROL;

    use super::*;

    pub(in super::super) fn label(route: &str, address: &str, tags: &[&str]) -> Label {
        Label { route: route.into(), address: address.to_owned(), tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
    }

    pub(in super::super) fn times(fresh: u64, swr: u64, stale_if_error: u64) -> Times {
        let secs = Duration::from_secs;
        Times { fresh: secs(fresh), swr: secs(swr), stale_if_error: secs(stale_if_error) }
    }

    pub(in super::super) fn entry(body: &[u8], label: Label, times: Times, now: Instant) -> Entry {
        let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
        Entry::new(StatusCode::OK, headers, body, label, times, &Said::default(), now)
    }

    #[test]
    fn an_entry_is_fresh_then_revalidated_then_good_for_a_failure_then_gone() {
        let now = Instant::now();
        let entry = entry(b"{}", label("GET /", "/", &[]), times(30, 10, 300), now);
        for (after, standing, ttl) in [
            (0, Standing::Fresh, 30),
            (29_999, Standing::Fresh, 0),
            (30_000, Standing::Revalidate, 0),
            (30_001, Standing::Revalidate, -1),
            (39_999, Standing::Revalidate, -10),
            (40_000, Standing::OnError, -11),
            (329_999, Standing::OnError, -300),
            (330_000, Standing::Gone, -301),
        ] {
            let at = now + Duration::from_millis(after);
            assert_eq!((entry.standing(at), entry.ttl(at)), (standing, ttl), "{after} ms");
        }
    }

    #[test]
    fn the_age_counts_from_where_the_reply_was_made() {
        let now = Instant::now();
        let upstream = HeaderMap::from_iter([
            (AGE, HeaderValue::from_static("7")),
            ("surrogate-key".parse().unwrap(), HeaderValue::from_static("a")),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            ("content-type".parse().unwrap(), HeaderValue::from_static("application/json")),
        ]);
        let said = Said::of(&upstream);
        let entry = Entry::new(StatusCode::OK, upstream, b"{}", label("r", "/", &[]), times(30, 0, 0), &said, now);
        let head = entry.head(now + Duration::from_secs(5));
        assert_eq!(head.get(AGE).unwrap(), "12");
        assert!(!head.contains_key("surrogate-key"));
        let bare = entry.head_without_body(now);
        assert!(!bare.contains_key("content-type") && bare.contains_key(CACHE_CONTROL) && bare.contains_key(AGE));
    }

    #[test]
    fn an_upstream_that_failed_is_let_be_for_a_moment() {
        let now = Instant::now();
        let entry = entry(b"{}", label("r", "/", &[]), times(1, 0, 300), now);
        assert_eq!(entry.failing(now), Failing::No);
        entry.fail(now);
        assert_eq!(entry.failing(now + Duration::from_millis(999)), Failing::LetBe);
        assert_eq!(entry.failing(now + Duration::from_secs(1)), Failing::AskAgain);
    }
}
