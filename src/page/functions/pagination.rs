//! `pagination`: which pages a reader can go to from here.

use tera::{Kwargs, State, TeraResult, Value};

use super::super::arguments::Arguments;
use super::super::value::named;

/// The most pages on each side.
const WIDEST: u64 = 20;

/// `{% set around = pagination(page=5, pages=9, window=1) %}`: `prev` and `next` (null at the ends) and `items`, from the first page to the last, each
/// with `number`, `current` and `gap`. Of the pages between, those up to `window` (2 when absent) from `page` are there; a `gap` of
/// several, whose `number` is null, stands for the rest. A page beyond the last has that one before it.
pub(super) fn pagination(kwargs: Kwargs, _: &State) -> TeraResult<Value> {
    let arguments = Arguments::of_function("pagination", &kwargs)?;
    let page: u64 = arguments.needed("page", arguments.count("page")?)?;
    let pages: u64 = arguments.needed("pages", arguments.count("pages")?)?;
    let window = arguments.count("window")?.unwrap_or(2).min(WIDEST);
    let around = numbers(page, pages, window);
    let item = |number: Option<u64>| {
        let number_of = number.map_or_else(Value::none, Value::from);
        named([("number", number_of), ("current", (number == Some(page)).into()), ("gap", number.is_none().into())])
    };
    let link = |number: Option<u64>| number.map_or_else(Value::none, Value::from);
    Ok(named([
        ("prev", link(page.checked_sub(1).map(|before| before.min(pages)).filter(|before| *before > 0))),
        ("next", link(page.checked_add(1).filter(|after| *after <= pages))),
        ("items", around.into_iter().map(item).collect::<Vec<Value>>().into()),
    ]))
}

/// The first, those around the page, the last; none for a gap of more than one page.
fn numbers(page: u64, pages: u64, window: u64) -> Vec<Option<u64>> {
    let (from, to) = (page.saturating_sub(window).max(1), page.saturating_add(window).min(pages));
    let mut shown: Vec<u64> =
        [1].into_iter().chain(from..=to).chain([pages]).filter(|number| (1..=pages).contains(number)).collect();
    shown.sort_unstable();
    shown.dedup();
    let mut numbers = Vec::with_capacity(shown.len() + 2);
    let mut last = 0;
    for number in shown {
        match number - last {
            0 | 1 => {}
            // A gap is no shorter than the page that it would hide.
            2 => numbers.push(Some(number - 1)),
            _ => numbers.push(None),
        }
        numbers.push(Some(number));
        last = number;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(page: u64, pages: u64, window: u64) -> String {
        let word = |number: &Option<u64>| number.map_or("…".to_owned(), |number| number.to_string());
        numbers(page, pages, window).iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_first_the_last_and_those_around_are_there() {
        for (page, pages, window, expected) in [
            (1, 1, 2, "1"),
            (1, 0, 2, ""),
            (1, 10, 2, "1 2 3 … 10"),
            (5, 10, 1, "1 … 4 5 6 … 10"),
            (4, 10, 1, "1 2 3 4 5 … 10"),
            (10, 10, 0, "1 … 10"),
            (12, 10, 2, "1 … 10"),
            (3, 5, 1, "1 2 3 4 5"),
            (u64::MAX, 3, 2, "1 2 3"),
        ] {
            assert_eq!(text(page, pages, window), expected, "{page} of {pages}");
        }
    }

    #[test]
    fn numbers_rise_and_are_few_whatever_is_asked_for() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..20_000 {
            let (page, pages, window) = (random.u64(0..60), random.u64(0..50), random.u64(0..20));
            let numbers = numbers(page, pages, window);
            let shown: Vec<u64> = numbers.iter().flatten().copied().collect();
            assert!(shown.is_sorted_by(|a, b| a < b) && shown.iter().all(|number| (1..=pages).contains(number)));
            assert!(numbers.len() as u64 <= 2 * window + 5, "{numbers:?}");
            assert!(pages == 0 || (shown.first() == Some(&1) && shown.last() == Some(&pages)));
            assert!(page == 0 || page > pages || shown.contains(&page));
        }
    }
}
