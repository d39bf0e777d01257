//! What the heads of replies say about being kept, put together for an answer that is made of several.

use std::time::{Duration, SystemTime};

use http::header::{AGE, EXPIRES, PRAGMA, SET_COOKIE, VARY};
use http::{HeaderMap, header};

use super::control::{Control, seconds};
use crate::base::http1::any_lists;

/// Tags of replies, as Fastly writes them (separated by spaces) and as Cloudflare does (by commas).
const TAGS: [(&str, char); 2] = [("surrogate-key", ' '), ("cache-tag", ',')];

/// The most tags of one answer, and the longest one in bytes: a purge by one that was left out would find nothing.
const MOST_TAGS: usize = 64;
const LONGEST_TAG: usize = 128;

/// Why a reply is not kept. The worst of several counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It says `max-age=0`, or nothing where only the upstream's word counts.
    NoTime,
    /// It may be kept, but not given out without asking.
    NoCache,
    /// It may not be kept by anybody.
    NoStore,
    /// It depends on something that no request says.
    VaryStar,
    /// It is for one client alone.
    Private,
    /// It sets a cookie, which is for one client alone.
    SetCookie,
}

impl Refusal {
    /// One word for `Cache-Status`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoTime => "no-time",
            Self::NoCache => "no-cache",
            Self::NoStore => "no-store",
            Self::VaryStar => "vary-star",
            Self::Private => "private",
            Self::SetCookie => "set-cookie",
        }
    }
}

/// What replies say about being kept. That of an answer of several is the strictest of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The worst reason against it, whoever may overrule that.
    pub(super) refusal: Option<Refusal>,
    /// How long it is fresh from when it was made.
    pub(super) lifetime: Option<Duration>,
    pub(super) stale_while_revalidate: Option<Duration>,
    pub(super) stale_if_error: Option<Duration>,
    pub(super) must_revalidate: bool,
    /// How old it was when it came.
    pub(super) age: Duration,
    pub(super) tags: Vec<String>,
}

impl Said {
    /// What one reply's head says.
    pub fn of(headers: &HeaderMap) -> Self {
        let control = Control::read(headers);
        let pragma = control.is_none() && any_lists(headers, &PRAGMA, b"no-cache");
        let control = control.unwrap_or_default();
        let refusals = [
            (headers.contains_key(SET_COOKIE), Refusal::SetCookie),
            (control.private, Refusal::Private),
            (any_lists(headers, &VARY, b"*"), Refusal::VaryStar),
            (control.no_store, Refusal::NoStore),
            (control.no_cache || pragma, Refusal::NoCache),
        ];
        Self {
            refusal: refusals.into_iter().find_map(|(holds, refusal)| holds.then_some(refusal)),
            lifetime: control.s_maxage.or(control.max_age).or_else(|| expires(headers)),
            stale_while_revalidate: control.stale_while_revalidate,
            stale_if_error: control.stale_if_error,
            must_revalidate: control.must_revalidate,
            age: headers.get(AGE).and_then(|value| value.to_str().ok()).map_or(Duration::ZERO, |text| seconds(text.trim())),
            tags: tags(headers),
        }
    }

    /// Adds what another reply says.
    pub fn add(&mut self, other: Self) {
        let shorter = |one: Option<Duration>, other: Option<Duration>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.refusal = self.refusal.max(other.refusal);
        self.lifetime = shorter(self.lifetime, other.lifetime);
        self.stale_while_revalidate = shorter(self.stale_while_revalidate, other.stale_while_revalidate);
        self.stale_if_error = shorter(self.stale_if_error, other.stale_if_error);
        self.must_revalidate |= other.must_revalidate;
        self.age = self.age.max(other.age);
        for tag in other.tags {
            if self.tags.len() < MOST_TAGS && !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    /// Whether a client must not share this with others, whatever a route says.
    pub fn is_personal(&self) -> bool {
        self.refusal.is_some_and(|refusal| refusal >= Refusal::VaryStar)
    }

    /// Whether anything speaks against keeping it.
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Whether it says for how long it is fresh.
    pub fn has_lifetime(&self) -> bool {
        self.lifetime.is_some()
    }

    /// The tags that its replies bear.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
}

/// Removes from a head what speaks to the cache alone.
pub(super) fn strip(headers: &mut HeaderMap) {
    for (name, _) in TAGS {
        headers.remove(name);
    }
    headers.remove(AGE);
}

fn tags(headers: &HeaderMap) -> Vec<String> {
    let lines = TAGS.into_iter().flat_map(|(name, by)| headers.get_all(name).iter().map(move |line| (line, by)));
    let texts = lines.filter_map(|(line, by)| Some((line.to_str().ok()?, by)));
    let items = texts.flat_map(|(text, by)| text.split(by)).map(str::trim);
    items.filter(|tag| (1..=LONGEST_TAG).contains(&tag.len())).take(MOST_TAGS).map(ToOwned::to_owned).collect()
}

/// Whether `Cache-Control` says this word, in any of its lines.
pub fn directs(headers: &HeaderMap, word: &str) -> bool {
    any_lists(headers, &header::CACHE_CONTROL, word.as_bytes())
}

/// `Expires`, as a time from `Date` on. One that cannot be read has passed (RFC 9111, section 5.3).
fn expires(headers: &HeaderMap) -> Option<Duration> {
    let date = |name| headers.get(name)?.to_str().ok().and_then(|text| httpdate::parse_http_date(text).ok());
    headers.get(EXPIRES)?;
    let made = date(header::DATE).unwrap_or_else(SystemTime::now);
    Some(date(EXPIRES).and_then(|expires| expires.duration_since(made).ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn said(lines: &[(&'static str, &'static str)]) -> Said {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Said::of(&headers)
    }

    #[test]
    fn the_worst_reason_against_keeping_is_found() {
        for (lines, refusal) in [
            (&[][..], None),
            (&[("cache-control", "public, max-age=60")][..], None),
            (&[("vary", "accept, origin")][..], None),
            (&[("pragma", "no-cache"), ("cache-control", "max-age=1")][..], None),
            (&[("pragma", "No-Cache")][..], Some(Refusal::NoCache)),
            (&[("cache-control", "no-cache, no-store, must-revalidate")][..], Some(Refusal::NoStore)),
            (&[("cache-control", "no-store"), ("vary", "origin, *")][..], Some(Refusal::VaryStar)),
            (&[("cache-control", "private, no-store")][..], Some(Refusal::Private)),
            (&[("set-cookie", "a=1"), ("cache-control", "private")][..], Some(Refusal::SetCookie)),
        ] {
            assert_eq!(said(lines).refusal, refusal, "{lines:?}");
        }
    }

    #[test]
    fn a_lifetime_comes_from_the_most_exact_word() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let expires = ("expires", "Sun, 06 Nov 1994 08:50:37 GMT");
        for (lines, lifetime) in [
            (&[][..], None),
            (&[date, expires][..], Some(60)),
            (&[date, expires, ("cache-control", "max-age=5")][..], Some(5)),
            (&[("cache-control", "max-age=5, s-maxage=7")][..], Some(7)),
            (&[date, ("expires", "0")][..], Some(0)),
            (&[expires, ("date", "Sun, 06 Nov 1994 09:49:37 GMT")][..], Some(0)),
        ] {
            assert_eq!(said(lines).lifetime, lifetime.map(Duration::from_secs), "{lines:?}");
        }
        assert_eq!(said(&[("age", "12")]).age, Duration::from_secs(12));
    }

    #[test]
    fn tags_are_read_in_both_spellings() {
        let both = said(&[("surrogate-key", "item-1  list"), ("cache-tag", "a b, list,,")]);
        assert_eq!(both.tags(), ["item-1", "list", "a b", "list"]);
    }

    #[test]
    fn of_several_replies_the_strictest_word_holds() {
        let mut all = said(&[("cache-control", "max-age=60"), ("age", "3"), ("cache-tag", "a")]);
        all.add(said(&[("cache-control", "no-cache, max-age=9, stale-if-error=2"), ("cache-tag", "a,b")]));
        all.add(said(&[("age", "5")]));
        assert_eq!(all.refusal, Some(Refusal::NoCache));
        assert_eq!((all.lifetime, all.stale_if_error), (Some(Duration::from_secs(9)), Some(Duration::from_secs(2))));
        assert_eq!((all.age, all.tags()), (Duration::from_secs(5), &["a".to_owned(), "b".to_owned()][..]));
        all.add(said(&[("set-cookie", "a=1")]));
        assert!(all.is_personal());
    }
}
