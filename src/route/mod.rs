//! From method and path to a route, compiled once.
//!
//! Stands on nothing of this crate but `base`. Knows no YAML, no request body and no reply: it matches the canonical path that the
//! edge hands over, and gives back the holes as they stood in it, still percent-encoded.

mod pattern;
mod router;

pub use pattern::{MOST_HOLES, Methods, Pattern, PatternError};
pub use router::{Conflict, Found, Router, RouterBuilder};
