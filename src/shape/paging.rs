//! `page`: one form for a page of a list, whatever the backend calls its parts.

use super::compare::spelled;
use super::{Notes, StepError};
use crate::json::{Member, Node, Number, Object, Path, Text};

const STEP: &str = "page";

/// Where a page of a list keeps its parts. Each part is a list of paths: the first that has a value of the right type counts.
#[derive(Debug, Clone)]
pub struct PagingOptions {
    /// The items; a page without them has none (HAL leaves an empty list out). At least one path.
    pub items: Vec<Path>,
    /// The page's number.
    pub number: Vec<Path>,
    /// What the backend calls the first page: 0 or 1.
    pub first: u8,
    /// Items on a page.
    pub size: Vec<Path>,
    /// Items in all.
    pub total: Vec<Path>,
    /// Pages in all; counted from `total` and `size` when the reply does not tell.
    pub pages: Vec<Path>,
}

/// The step. It makes `{items, page: {number, size, total, pages}}`: numbers of pages begin at 1, parts that the reply does
/// not tell are left out, and so is everything else that the reply has.
#[derive(Debug, Clone)]
pub struct Paging {
    options: PagingOptions,
}

impl Paging {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// No place for the items, a first page that is neither 0 nor 1.
    pub fn new(options: PagingOptions) -> Result<Self, StepError> {
        if options.items.is_empty() {
            return Err(StepError::new("`items` names no place for the items"));
        }
        if options.first > 1 {
            return Err(StepError::new(format!("`first` is {}; the first page is 0 or 1", options.first)));
        }
        Ok(Self { options })
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), super::Error> {
        match doc {
            Node::Object(_) => {}
            Node::Null => return Ok(()),
            other => {
                notes.mismatch(STEP, &".", other.kind());
                return Ok(());
            }
        }
        let number = self.count(&self.options.number, doc, notes);
        let size = self.count(&self.options.size, doc, notes);
        let total = self.count(&self.options.total, doc, notes);
        let pages = self.count(&self.options.pages, doc, notes);
        let Some(items) = self.take_items(doc, notes) else { return Ok(()) };
        if items.is_none() && [&number, &size, &total, &pages].into_iter().all(Option::is_none) {
            notes.warn(STEP, || "the reply has no part of a page".to_owned());
        }
        let pages = pages.or_else(|| Count::pages(total.as_ref()?, size.as_ref()?));
        let number = number.and_then(|count| count.one_based(self.options.first));
        let mut page = Object::new();
        for (name, count) in [("number", number), ("size", size), ("total", total), ("pages", pages)] {
            if let Some(count) = count {
                page.push(Text::plain(name), Node::Number(count.token));
            }
        }
        let items = Member { key: Text::plain("items"), value: Node::Array(items.unwrap_or_default()) };
        let page = Member { key: Text::plain("page"), value: Node::Object(page) };
        *doc = Node::Object([items, page].into_iter().collect());
        Ok(())
    }

    /// The first whole number at these paths.
    fn count<'a>(&self, paths: &[Path], doc: &Node<'a>, notes: &mut Notes) -> Option<Count<'a>> {
        let mut odd = None;
        for path in paths {
            let mut count = None;
            path.each(doc, |found| {
                if count.is_none() && !found.is_null() {
                    count = Count::read(found);
                    if count.is_none() {
                        odd = odd.or(Some((path, found.kind())));
                    }
                }
            });
            if count.is_some() {
                return count;
            }
        }
        if let Some((path, kind)) = odd {
            notes.mismatch(STEP, path, kind);
        }
        None
    }

    /// Takes the first list at the paths of the items: none when there is none, nothing at all when something else is there.
    #[expect(clippy::option_option, reason = "no list and no page are two things, told apart in one place")]
    fn take_items<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Option<Option<Vec<Node<'a>>>> {
        let mut items = None;
        let mut odd = None;
        for path in &self.options.items {
            path.each_mut(doc, |found| match found {
                Node::Array(elements) if items.is_none() => items = Some(std::mem::take(elements)),
                Node::Array(_) | Node::Null => {}
                other => odd = odd.or(Some((path, other.kind()))),
            });
            if items.is_some() {
                return Some(items);
            }
        }
        match odd {
            Some((path, kind)) => {
                notes.mismatch(STEP, path, kind);
                None
            }
            None => Some(None),
        }
    }
}

/// A whole number, with its token as it came.
struct Count<'a> {
    token: Number<'a>,
    value: i128,
}

impl<'a> Count<'a> {
    /// A number without a fraction, or a string that spells one.
    fn read(node: &Node<'a>) -> Option<Self> {
        let token = match node {
            Node::Number(token) => token.clone(),
            Node::String(text) => spelled(text.decode().trim())?,
            _ => return None,
        };
        let plain = token.plain().ok()?;
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let value = whole.parse().ok()?;
        fraction.bytes().all(|digit| digit == b'0').then_some(Self { token, value })
    }

    fn made(value: i128) -> Self {
        Self { token: Number::raw(value.to_string()), value }
    }

    /// The page's number where the first page is 1.
    fn one_based(self, first: u8) -> Option<Self> {
        match first {
            1 => Some(self),
            first => Some(Self::made(self.value.checked_add(1)?.checked_sub(i128::from(first))?)),
        }
    }

    /// How many pages hold so many items; unknown when a page holds none, or when the backend did not count (`-1`).
    fn pages(total: &Count<'_>, size: &Count<'_>) -> Option<Self> {
        if size.value < 1 || total.value < 0 {
            return None;
        }
        let full = total.value / size.value;
        Some(Self::made(if total.value % size.value == 0 { full } else { full + 1 }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::Action;
    use crate::shape::testing::{documents, path, paths, shaped, shaped_and_noted, strict_failure};

    fn step(first: u8) -> Action {
        let options = PagingOptions {
            items: paths(&["list", "data.list"]),
            number: paths(&["a"]),
            first,
            size: paths(&["b"]),
            total: paths(&["c"]),
            pages: paths(&["p"]),
        };
        Action::Page(Paging::new(options).expect("the test's page is one"))
    }

    #[test]
    fn pages_are_counted_exactly_when_the_reply_does_not_tell() {
        for (size, total, pages) in [
            ("10", "0", r#","pages":0"#),
            ("10", "1", r#","pages":1"#),
            ("10", "10", r#","pages":1"#),
            ("10", "11", r#","pages":2"#),
            ("3", "9007199254740993", r#","pages":3002399751580331"#),
            ("1e1", "1.01E2", r#","pages":11"#),
            ("1", "123456789012345678901234567890", r#","pages":123456789012345678901234567890"#),
            ("0", "5", ""),
            ("10", "-1", ""),
        ] {
            let output = format!(r#"{{"items":[],"page":{{"size":{size},"total":{total}{pages}}}}}"#);
            assert_eq!(shaped(step(1), &format!(r#"{{"list":[],"b":{size},"c":{total}}}"#)), output);
        }
    }

    #[test]
    fn numbers_of_pages_begin_at_one_whatever_the_backend_says() {
        for (first, number, output) in
            [(1, "1", "1"), (0, "0", "1"), (0, "41", "42"), (1, "2.0", "2.0"), (0, "2.0", "3"), (1, r#""7""#, "7")]
        {
            let output = format!(r#"{{"items":[],"page":{{"number":{output}}}}}"#);
            assert_eq!(shaped(step(first), &format!(r#"{{"list":[],"a":{number}}}"#)), output);
        }
    }

    #[test]
    fn a_part_of_the_wrong_type_is_left_out_and_counted() {
        let (output, texts) = shaped_and_noted(step(1), r#"{"list":[1],"a":1.5,"b":"many","c":null,"p":1e999999999}"#);
        assert_eq!(output, r#"{"items":[1],"page":{}}"#);
        assert_eq!(texts, ["page: `a` has number", "page: `b` has string", "page: `p` has number"]);
    }

    #[test]
    fn items_are_the_first_list_of_several_places() {
        assert_eq!(shaped(step(1), r#"{"data":{"list":[1.10]},"c":1}"#), r#"{"items":[1.10],"page":{"total":1}}"#);
        assert_eq!(shaped(step(1), r#"{"list":null,"c":0}"#), r#"{"items":[],"page":{"total":0}}"#);
    }

    #[test]
    fn something_else_in_the_items_place_leaves_the_document_alone() {
        let input = r#"{"list":{"id":1},"c":1}"#;
        assert_eq!(shaped_and_noted(step(1), input), (input.to_owned(), vec!["page: `list` has object".to_owned()]));
        assert!(strict_failure(step(1), "[1]").to_string().contains("array"));
        assert_eq!(shaped(step(1), "null"), "null");
    }

    #[test]
    fn a_reply_without_any_part_is_an_empty_page_with_a_warning() {
        let (output, texts) = shaped_and_noted(step(1), r#"{"other":1}"#);
        assert_eq!(output, r#"{"items":[],"page":{}}"#);
        assert_eq!(texts, ["page: the reply has no part of a page"]);
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        let options = |items, first| PagingOptions { items, number: vec![], first, size: vec![], total: vec![], pages: vec![] };
        assert!(Paging::new(options(vec![], 1)).is_err());
        assert!(Paging::new(options(vec![path("a")], 2)).is_err());
    }

    proptest! {
        #[test]
        fn items_leave_byte_for_byte_and_no_document_makes_it_panic(item in documents(), other in documents()) {
            let input = format!(r#"{{"a":{other},"b":{other},"c":3,"list":[{item}]}}"#);
            let start = format!(r#"{{"items":[{item}],"page":{{"#);
            prop_assert!(shaped(step(0), &input).starts_with(&start));
            shaped(step(1), &item);
        }
    }
}
