//! Calls to upstreams: connections and their reuse, timeouts, sizes, content codings, headers in both directions, the filling of
//! paths; and what keeps a failing upstream from taking others down: tries, breakers, bulkheads, balance, health.
//!
//! Stands on `base`. Knows neither routes.yaml nor the status that a client sees: it states what happened, in [`Error`].
//! It never follows a redirect, never lets a request choose where a call goes, and never passes on what came in part as if
//! it were whole.

mod body;
mod budget;
mod client;
mod coding;
mod collect;
mod coming;
mod connect;
mod error;
mod exchange;
mod fill;
mod growing;
pub mod headers;
mod hearsay;
mod hedged;
mod http1;
mod live;
mod pieces;
mod pool;
mod probe;
mod reply;
mod reply_head;
mod resolve;
mod settings;
mod streamed;
mod streams;
mod switch;
mod tally;
mod target;
mod tries;
mod ways;
mod wire;

pub use body::{BodyError, StreamBody};
pub use client::{Call, CallHeaders, Client, Dial, Head, Reply};
pub use coding::{Coding, CodingError};
pub use error::{ConnectError, Error, Malformed};
pub use fill::{FillError, fill, fill_with};
pub use growing::{Answered, Growing, Rest};
pub use hearsay::{Finding, Hearsay};
pub use live::{Balance, BreakerRules, BulkheadRules, HealthRules, HedgeRules, Policies, Repeat, Retry};
pub use settings::{HeaderRules, Settings, Timeouts, Upstream, WeightedTarget};
pub use switch::{Opened, Tunnel};
pub use tally::{Calls, Tally};
pub use target::{Target, TargetError};

#[cfg(test)]
#[path = "../../tests/support/fault.rs"]
mod fault;
#[cfg(test)]
mod tests;
