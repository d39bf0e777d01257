//! The `Date` of answers.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

thread_local! {
    /// The second and its text: an answer does not ask for another one.
    static DATE: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))) };
}

/// Looks at now, as the header has it.
pub(super) fn with_date<R>(look: impl FnOnce(&HeaderValue) -> R) -> R {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    DATE.with_borrow_mut(|(of, text)| {
        if *of != second {
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
            if let Ok(date) = HeaderValue::try_from(date) {
                (*of, *text) = (second, date);
            }
        }
        look(text)
    })
}
