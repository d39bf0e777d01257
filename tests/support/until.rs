//! Waiting for a state that nobody announces: it is looked at again and again.

use std::fmt::Debug;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use super::lines::PATIENCE;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `look` finds what it looks for, which is an `Ok`; an `Err` says what is there instead.
///
/// # Panics
/// It does not within the usual patience; `what` says what was wanted.
pub fn until<T, E: Debug>(what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let there = match look() {
            Ok(found) => return found,
            Err(there) => there,
        };
        assert!(Instant::now() < deadline, "{what} did not come; there is {there:?}");
        // Nobody unparks this thread; if somebody did, one look would come early.
        park_timeout(PAUSE);
    }
}
