//! For how long a reply is kept: what a route says, and what of the upstream's own words counts.

use std::time::Duration;

use super::said::{Refusal, Said};

/// Which of an upstream's words about keeping a reply count. `Set-Cookie`, `private` and `Vary: *` always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obey {
    /// Those alone.
    Private,
    /// `no-store` and `no-cache` too.
    Refusals,
    /// Times too: they go before the route's.
    All,
}

/// What a route says about keeping its replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Which of the upstream's words count.
    pub obey: Obey,
    /// How long a reply is fresh; none when only the upstream knows.
    pub ttl: Option<Duration>,
    /// How long a stale one is given out while a new one is fetched.
    pub swr: Duration,
    /// How long a stale one is given out while the upstream fails.
    pub stale_if_error: Duration,
}

/// For how long one reply is good, from when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Fresh.
    pub fresh: Duration,
    /// Then given out while a new one is fetched.
    pub swr: Duration,
    /// And, from the end of `fresh` too, while the upstream fails.
    pub stale_if_error: Duration,
}

impl Rules {
    /// For how long a reply is kept.
    ///
    /// # Errors
    /// The reply must not be kept, or is good for no time at all.
    pub fn times(&self, said: &Said) -> Result<Times, Refusal> {
        let counts = |refusal: &Refusal| match self.obey {
            Obey::Private => *refusal >= Refusal::VaryStar,
            Obey::Refusals | Obey::All => true,
        };
        if let Some(refusal) = said.refusal.filter(counts) {
            return Err(refusal);
        }
        let own = Times { fresh: self.ttl.unwrap_or_default(), swr: self.swr, stale_if_error: self.stale_if_error };
        let times = match self.obey {
            Obey::Private | Obey::Refusals => own,
            Obey::All => Times {
                fresh: said.lifetime.map_or(own.fresh, |lifetime| lifetime.saturating_sub(said.age)),
                swr: if said.must_revalidate { Duration::ZERO } else { said.stale_while_revalidate.unwrap_or(own.swr) },
                stale_if_error: match said.must_revalidate {
                    true => Duration::ZERO,
                    false => said.stale_if_error.unwrap_or(own.stale_if_error),
                },
            },
        };
        // Something that is never fresh and that nobody may be given stale would only take room; and a reply that says that it is
        // good for no time is meant to be asked for again, whatever a route would do with a stale one.
        let said_stale = said.stale_while_revalidate.or(said.stale_if_error).is_some_and(|time| !time.is_zero());
        if times.fresh.is_zero() && !(self.obey == Obey::All && said_stale && !said.must_revalidate) {
            return Err(Refusal::NoTime);
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn times(obey: Obey, ttl: Option<u64>, control: &'static str) -> Result<(u64, u64, u64), Refusal> {
        let rules = Rules {
            obey,
            ttl: ttl.map(Duration::from_secs),
            swr: Duration::from_secs(10),
            stale_if_error: Duration::from_secs(300),
        };
        let mut headers = HeaderMap::new();
        if !control.is_empty() {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
        }
        headers.insert("age", HeaderValue::from_static("5"));
        let times = rules.times(&Said::of(&headers))?;
        Ok((times.fresh.as_secs(), times.swr.as_secs(), times.stale_if_error.as_secs()))
    }

    #[test]
    fn the_routes_times_hold_unless_the_upstream_is_to_be_obeyed() {
        use Obey::{All, Private, Refusals};
        for (obey, ttl, control, expected) in [
            (Private, Some(30), "", Ok((30, 10, 300))),
            (Private, Some(30), "no-cache, no-store, max-age=0", Ok((30, 10, 300))),
            (Private, Some(30), "private", Err(Refusal::Private)),
            (Refusals, Some(30), "max-age=0, must-revalidate", Ok((30, 10, 300))),
            (Refusals, Some(30), "no-cache", Err(Refusal::NoCache)),
            (Refusals, Some(30), "no-store", Err(Refusal::NoStore)),
            (All, Some(30), "", Ok((30, 10, 300))),
            (All, Some(30), "max-age=60", Ok((55, 10, 300))),
            (All, Some(30), "max-age=60, s-maxage=8", Ok((3, 10, 300))),
            (All, Some(30), "max-age=60, must-revalidate, stale-if-error=9", Ok((55, 0, 0))),
            (All, Some(30), "max-age=60, stale-while-revalidate=1, stale-if-error=2", Ok((55, 1, 2))),
            (All, None, "", Err(Refusal::NoTime)),
            (All, Some(30), "max-age=0", Err(Refusal::NoTime)),
            (All, Some(30), "max-age=5", Err(Refusal::NoTime)),
            (All, Some(30), "max-age=0, stale-if-error=9", Ok((0, 10, 9))),
            (All, Some(30), "max-age=0, stale-if-error=9, must-revalidate", Err(Refusal::NoTime)),
        ] {
            assert_eq!(times(obey, ttl, control), expected, "{obey:?} {ttl:?} {control:?}");
        }
    }
}
