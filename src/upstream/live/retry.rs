//! Which failed calls are made again, and after which wait.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};

use crate::base::share::Share;
use crate::upstream::{ConnectError, Error};

/// When a failed call is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Tries after the first.
    pub attempts: u32,
    /// Methods that may be repeated when something was sent.
    pub methods: Vec<Method>,
    /// No connection, or one that broke before the head of the reply was whole.
    pub on_connect: bool,
    /// No head of a reply in time.
    pub on_first_byte: bool,
    /// Replies with these statuses.
    pub on_statuses: Vec<StatusCode>,
    /// The longest wait before the second try, and before any. Each wait is a random part of its longest.
    pub backoff: (Duration, Duration),
    /// The share of calls that may be repeated; ten a second of the whole machine may be in any case.
    pub budget: Share,
}

/// Whether a call can be told twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// As its method says.
    ByMethod,
    /// Whatever its method: whoever wrote the route knows that it does no harm.
    Always,
    /// Never, not even when nothing was sent.
    Never,
}

/// How a try ended that may be followed by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::upstream) enum Ending {
    /// There was no connection, or the upstream says that it did nothing: as if nothing was sent.
    Unsent,
    /// The connection broke before the head of a reply was whole.
    Broken,
    /// The head of a reply did not come in time.
    Late,
    /// A reply with this status came, and asks to be let alone for so long.
    Status(StatusCode, Option<Duration>),
}

impl Ending {
    /// The ending that an error is; none for what no other try can change.
    pub(in crate::upstream) fn of_error(error: &Error) -> Option<Self> {
        match error {
            Error::Connect(ConnectError::Forbidden { .. } | ConnectError::NoDemo) => None,
            Error::Connect(_) | Error::ConnectTimeout | Error::Unprocessed => Some(Self::Unsent),
            Error::Closed | Error::Reset { in_body: false } => Some(Self::Broken),
            Error::FirstByteTimeout => Some(Self::Late),
            _ => None,
        }
    }

    /// The ending that a reply is.
    pub(in crate::upstream) fn of_reply(status: StatusCode, headers: &HeaderMap) -> Self {
        let after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Self::Status(status, after.map(Duration::from_secs))
    }
}

impl Retry {
    /// Whether a call that ended so may be made again.
    pub(in crate::upstream) fn covers(&self, ending: Ending, method: &Method, repeat: Repeat) -> bool {
        let repeats = match repeat {
            Repeat::Never => return false,
            Repeat::Always => true,
            Repeat::ByMethod => self.methods.contains(method),
        };
        match ending {
            Ending::Unsent => self.on_connect,
            Ending::Broken => self.on_connect && repeats,
            Ending::Late => self.on_first_byte && repeats,
            Ending::Status(status, _) => repeats && self.on_statuses.contains(&status),
        }
    }

    /// The wait before the next try, when so many were made; `random` is from 0 to 1. All waits are equally likely ("full jitter"), so
    /// that calls that failed together do not come back together.
    pub(in crate::upstream) fn wait(&self, made: u32, random: f64) -> Duration {
        let (first, longest) = self.backoff;
        let doublings = made.saturating_sub(1).min(31);
        first.saturating_mul(1 << doublings).min(longest).mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
pub(in crate::upstream) mod tests {
    use super::*;

    pub(in crate::upstream) fn retry() -> Retry {
        Retry {
            attempts: 1,
            methods: vec![Method::GET],
            on_connect: true,
            on_first_byte: false,
            on_statuses: vec![StatusCode::SERVICE_UNAVAILABLE],
            backoff: (Duration::from_millis(25), Duration::from_millis(250)),
            budget: Share::percent(20),
        }
    }

    #[test]
    fn what_was_not_sent_may_be_sent_and_the_rest_as_its_method_says() {
        let status = |code| Ending::Status(StatusCode::from_u16(code).unwrap(), None);
        for (ending, get, post) in [
            (Ending::Unsent, true, true),
            (Ending::Broken, true, false),
            (Ending::Late, false, false),
            (status(503), true, false),
            (status(500), false, false),
            (status(200), false, false),
        ] {
            let retry = retry();
            assert_eq!(retry.covers(ending, &Method::GET, Repeat::ByMethod), get, "{ending:?}");
            assert_eq!(retry.covers(ending, &Method::POST, Repeat::ByMethod), post, "{ending:?}");
            assert_eq!(retry.covers(ending, &Method::POST, Repeat::Always), get, "{ending:?}");
            assert!(!retry.covers(ending, &Method::GET, Repeat::Never), "{ending:?}");
        }
        let patient = Retry { on_connect: false, on_first_byte: true, ..retry() };
        assert!(patient.covers(Ending::Late, &Method::GET, Repeat::ByMethod));
        assert!(!patient.covers(Ending::Unsent, &Method::GET, Repeat::ByMethod));
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_a_random_part_of_that() {
        for (made, random, millis) in [(1, 1.0, 25), (2, 1.0, 50), (4, 1.0, 200), (5, 1.0, 250), (90, 1.0, 250), (3, 0.5, 50)] {
            assert_eq!(retry().wait(made, random), Duration::from_millis(millis), "{made} {random}");
        }
        assert_eq!(retry().wait(3, 0.0), Duration::ZERO);
    }

    #[test]
    fn only_failures_of_the_way_and_of_the_upstream_end_in_another_try() {
        for (error, ending) in [
            (Error::Connect(ConnectError::Tls("x".into())), Some(Ending::Unsent)),
            (Error::Connect(ConnectError::NoDemo), None),
            (Error::ConnectTimeout, Some(Ending::Unsent)),
            (Error::Unprocessed, Some(Ending::Unsent)),
            (Error::Closed, Some(Ending::Broken)),
            (Error::Reset { in_body: false }, Some(Ending::Broken)),
            (Error::Reset { in_body: true }, None),
            (Error::FirstByteTimeout, Some(Ending::Late)),
            (Error::Deadline, None),
            (Error::TotalTimeout, None),
            (Error::ClientBody("left".into()), None),
            (Error::Path("x".into()), None),
        ] {
            assert_eq!(Ending::of_error(&error), ending, "{error}");
        }
    }

    #[test]
    fn a_reply_says_how_long_it_wants_to_be_let_alone() {
        for (value, seconds) in [(Some("2"), Some(2)), (Some("soon"), None), (None, None)] {
            let mut headers = HeaderMap::new();
            headers.extend(value.map(|value| (header::RETRY_AFTER, value.parse().unwrap())));
            let expected = Ending::Status(StatusCode::OK, seconds.map(Duration::from_secs));
            assert_eq!(Ending::of_reply(StatusCode::OK, &headers), expected, "{value:?}");
        }
    }
}
