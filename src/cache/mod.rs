//! Replies that are kept: how long they are good for, where they lie, who fetches one that is missing, and how they are dropped.
//!
//! Stands on `http` types alone. Knows neither routes nor shapes nor pages: what is kept is a status, a head and a body under a
//! key that the caller makes. Time is passed in. What it does follows RFC 9111 (caching), RFC 5861 (stale replies), RFC 9211
//! (`Cache-Status`) and RFC 9110 (validators).

mod control;
mod entry;
mod etag;
mod flight;
mod parcel;
mod purge;
mod rules;
mod said;
mod status;
mod store;

pub use entry::{Entry, Failing, Label, Standing};
pub use etag::{TagKey, is_known};
pub use flight::{Flights, Lead, Turn};
pub use purge::{Purge, PurgeError};
pub use rules::{Obey, Rules, Times};
pub use said::{Refusal, Said, directs};
pub use status::Status;
pub use store::{Found, Kept, Key, Store};
