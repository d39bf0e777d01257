//! `Cache-Status` (RFC 9211): what the cache did with a request, for whoever wonders.

use std::fmt;

use http::{HeaderName, HeaderValue};

/// What the cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It answered from what it keeps, which is good for so many seconds more.
    Hit {
        /// Seconds.
        ttl: i64,
    },
    /// It answered from what it keeps and is stale by so many seconds, a new one is being fetched.
    Revalidating {
        /// Seconds, negative.
        ttl: i64,
    },
    /// It answered from what it keeps and is stale, for the upstream fails; it was not asked for this request.
    StaleOnError {
        /// Seconds, negative.
        ttl: i64,
    },
    /// It asked the upstream, which failed, and answered from what it keeps and is stale.
    Failed {
        /// Seconds, negative.
        ttl: i64,
    },
    /// It asked the upstream, which did not answer in time, and answered from what it keeps and is stale.
    Late {
        /// Seconds, negative.
        ttl: i64,
    },
    /// It asked the upstream.
    Miss {
        /// What it had was stale.
        stale: bool,
        /// The answer is kept.
        stored: bool,
        /// The upstream was asked once for this request and others.
        collapsed: bool,
        /// Why the answer is not kept.
        detail: Option<&'static str>,
    },
    /// It had no part in this.
    Bypass(&'static str),
    /// Requests with this method are nothing to it.
    Method,
}

impl Status {
    /// The header.
    pub const NAME: HeaderName = HeaderName::from_static("cache-status");

    /// The value: this cache's member of the list.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).unwrap_or_else(|_| HeaderValue::from_static("forecourt"))
    }

    /// One word for the log.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hit { .. } => "hit",
            Self::Revalidating { .. } | Self::StaleOnError { .. } | Self::Failed { .. } | Self::Late { .. } => "stale",
            Self::Miss { collapsed: true, .. } => "collapsed",
            Self::Miss { .. } => "miss",
            Self::Bypass(_) | Self::Method => "bypass",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("forecourt; ")?;
        match self {
            Self::Hit { ttl } => write!(f, "hit; ttl={ttl}"),
            Self::Revalidating { ttl } => write!(f, "hit; ttl={ttl}; detail=stale-while-revalidate"),
            Self::StaleOnError { ttl } => write!(f, "hit; ttl={ttl}; detail=stale-if-error"),
            Self::Failed { ttl } => write!(f, "fwd=stale; ttl={ttl}; detail=stale-if-error"),
            Self::Late { ttl } => write!(f, "fwd=stale; ttl={ttl}; detail=soft-deadline"),
            Self::Miss { stale, stored, collapsed, detail } => {
                f.write_str(if *stale { "fwd=stale" } else { "fwd=miss" })?;
                for (word, holds) in [("stored", stored), ("collapsed", collapsed)] {
                    if *holds {
                        write!(f, "; {word}")?;
                    }
                }
                detail.map_or(Ok(()), |detail| write!(f, "; detail={detail}"))
            }
            Self::Bypass(detail) => write!(f, "fwd=bypass; detail={detail}"),
            Self::Method => f.write_str("fwd=method"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_look_up_has_its_text_and_its_word() {
        let miss = |stale, stored, collapsed, detail| Status::Miss { stale, stored, collapsed, detail };
        for (status, text, word) in [
            (Status::Hit { ttl: 29 }, "forecourt; hit; ttl=29", "hit"),
            (Status::Revalidating { ttl: -1 }, "forecourt; hit; ttl=-1; detail=stale-while-revalidate", "stale"),
            (Status::StaleOnError { ttl: -20 }, "forecourt; hit; ttl=-20; detail=stale-if-error", "stale"),
            (Status::Failed { ttl: -20 }, "forecourt; fwd=stale; ttl=-20; detail=stale-if-error", "stale"),
            (Status::Late { ttl: -20 }, "forecourt; fwd=stale; ttl=-20; detail=soft-deadline", "stale"),
            (miss(false, true, false, None), "forecourt; fwd=miss; stored", "miss"),
            (miss(true, true, true, None), "forecourt; fwd=stale; stored; collapsed", "collapsed"),
            (miss(false, false, false, Some("set-cookie")), "forecourt; fwd=miss; detail=set-cookie", "miss"),
            (Status::Bypass("cookie"), "forecourt; fwd=bypass; detail=cookie", "bypass"),
            (Status::Method, "forecourt; fwd=method", "bypass"),
        ] {
            assert_eq!((status.header(), status.word()), (HeaderValue::from_static(text), word));
        }
    }
}
