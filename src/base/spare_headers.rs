//! The room of header maps, kept for the next ones of the thread.
//!
//! Every request passes through three maps, its own, its call's and its reply's, and each of them is two blocks of memory that are gone
//! again as soon as it has been read.

use std::cell::RefCell;

use http::HeaderMap;

/// The largest map that is kept, in lines.
const LARGEST: usize = 24;
/// As many requests as may be under way when the next ones come.
const MOST: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<HeaderMap>> = const { RefCell::new(Vec::new()) };
}

/// An empty map with room for so many lines.
pub fn take(lines: usize) -> HeaderMap {
    let mut headers = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    headers.reserve(lines);
    headers
}

/// Gives the room of a map that is not needed any more to the next one.
pub fn give(mut headers: HeaderMap) {
    if (1..=LARGEST).contains(&headers.capacity()) {
        headers.clear();
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < MOST {
                spare.push(headers);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn nothing_is_left_of_what_was_given() {
        let mut headers = take(3);
        headers.insert(header::COOKIE, HeaderValue::from_static("secret"));
        let room = headers.capacity();
        give(headers);
        let again = take(3);
        assert_eq!((again.capacity(), again.len()), (room, 0));
    }

    #[test]
    fn what_is_kept_has_an_end() {
        (0..2 * MOST).map(|_| HeaderMap::with_capacity(8)).for_each(give);
        give(HeaderMap::with_capacity(1000));
        let kept = SPARE.take();
        assert_eq!(kept.len(), MOST);
        assert!(kept.iter().all(|headers| headers.capacity() <= LARGEST));
    }
}
