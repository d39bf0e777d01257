//! Futures that are never moved.

use std::pin::Pin;

/// What `make` gives, in a box of its own: the room is there before its content, which is then written where it stays.
///
/// [`Box::pin`] takes what is finished, and moves all of it into the box: of a future that is several kilobytes large, most of which means
/// nothing before it is polled. In a chain of futures one such copy may stand at every level.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is made is copied after all where it comes from a call")]
pub fn placed<T>(make: impl FnOnce() -> T) -> Pin<Box<T>> {
    let room = Box::new_uninit();
    Box::into_pin(Box::write(room, make()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_made_is_in_the_box() {
        let text = String::from("kept");
        assert_eq!(placed(move || async move { text }).await, "kept");
    }
}
