//! What a panic said.

use std::any::Any;

/// The words of a panic, from what it was caught with.
pub fn message(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_panic_with_words_says_them() {
        let whole = catch_unwind(|| panic!("words")).unwrap_err();
        let made = catch_unwind(|| panic!("{} words", 2)).unwrap_err();
        let none = catch_unwind(|| std::panic::panic_any(7)).unwrap_err();
        assert_eq!([&whole, &made, &none].map(|panic| message(&**panic)), ["words", "2 words", "no message"]);
    }
}
