//! `group`: a list regrouped by a member.

use std::borrow::Cow;
use std::collections::HashMap;

use super::compare::scalar_key;
use super::lists::Lists;
use super::{Error, Notes, StepError};
use crate::json::{Member, Node, Object, Path, Text};

const STEP: &str = "group";

/// A list and what it is grouped by.
#[derive(Debug, Clone)]
pub struct GroupOptions {
    /// The list: `list`, not `list[]`. The groups take its place.
    pub list: Path,
    /// The member, a path inside of an element; the first value counts.
    pub by: Path,
    /// The form of the result.
    pub form: GroupForm,
    /// The key of elements without the member, or where it is null.
    pub missing: String,
}

/// The form of a regrouped list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupForm {
    /// `[{"key": .., "items": [..]}]`, in order of first appearance.
    Entries,
    /// `{key: [..]}`. Beware: JavaScript puts keys that look like integers first.
    Map,
}

/// The step. A key is the text of a scalar: 5 and "5" are one group, 1 and 1.0 are two. Every element is in one group.
#[derive(Debug, Clone)]
pub struct Group {
    pub(super) lists: Lists,
    by: Path,
    form: GroupForm,
    /// As content between quotes.
    missing: Text<'static>,
}

impl Group {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// A list's path that ends in `[]`.
    pub fn new(options: GroupOptions) -> Result<Self, StepError> {
        let GroupOptions { list, by, form, missing } = options;
        Ok(Self { lists: Lists::new(list)?, by, form, missing: Text::plain(missing) })
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        self.lists.each_mut(STEP, doc, notes, |list, _, notes| {
            let Node::Array(elements) = list else { return Ok(()) };
            let groups = self.groups(std::mem::take(elements), notes);
            *list = match self.form {
                GroupForm::Entries => Node::Array(groups.into_iter().map(entry).collect()),
                GroupForm::Map => Node::Object(
                    groups.into_iter().map(|(key, items)| Member { key: Text::raw(key), value: Node::Array(items) }).collect(),
                ),
            };
            Ok(())
        })
    }

    /// Elements by their key, as content between quotes.
    fn groups<'a>(&self, elements: Vec<Node<'a>>, notes: &mut Notes) -> Vec<(String, Vec<Node<'a>>)> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<(String, Vec<Node<'a>>)> = Vec::new();
        for element in elements {
            let at = {
                let key = self.key(&element, notes);
                if let Some(at) = places.get(key.as_ref()) {
                    *at
                } else {
                    places.insert(key.to_string(), groups.len());
                    groups.push((key.into_owned(), Vec::new()));
                    groups.len() - 1
                }
            };
            if let Some((_, items)) = groups.get_mut(at) {
                items.push(element);
            }
        }
        groups
    }

    fn key<'n>(&'n self, element: &'n Node<'_>, notes: &mut Notes) -> Cow<'n, str> {
        let found = self.by.get(element).filter(|found| !found.is_null());
        let text = found.and_then(|found| {
            let text = scalar_key(found);
            if text.is_none() {
                notes.mismatch(STEP, &self.by, found.kind());
            }
            text
        });
        text.unwrap_or(Cow::Borrowed(self.missing.as_raw()))
    }
}

fn entry<'a>((key, items): (String, Vec<Node<'a>>)) -> Node<'a> {
    let mut entry = Object::new();
    entry.push(Text::plain("key"), Node::String(Text::raw(key)));
    entry.push(Text::plain("items"), Node::Array(items));
    Node::Object(entry)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::Action;
    use crate::shape::testing::{doc, documents, path, shaped, shaped_and_noted, text};

    fn step(list: &str, by: &str, form: GroupForm) -> Action {
        let options = GroupOptions { list: path(list), by: path(by), form, missing: String::new() };
        Action::Group(Group::new(options).expect("the test's list is one"))
    }

    #[test]
    fn j11_groups_come_in_order_of_first_appearance() {
        assert_eq!(
            shaped(
                step("list", "c", GroupForm::Entries),
                r#"{"n":1,"list":[{"c":5,"i":1},{"c":"b","i":2},{"i":3},{"c":"5","i":4},{"c":null}]}"#
            ),
            r#"{"n":1,"list":[{"key":"5","items":[{"c":5,"i":1},{"c":"5","i":4}]},{"key":"b","items":[{"c":"b","i":2}]},{"key":"","items":[{"i":3},{"c":null}]}]}"#
        );
        assert_eq!(
            shaped(step("list", "c", GroupForm::Map), r#"{"list":[{"c":"b"},{"c":true},{"c":"b","i":1}]}"#),
            r#"{"list":{"b":[{"c":"b"},{"c":"b","i":1}],"true":[{"c":true}]}}"#
        );
    }

    #[test]
    fn j11_elements_without_the_member_have_a_key_of_their_own() {
        let options = GroupOptions { list: path("."), by: path("c.id"), form: GroupForm::Map, missing: "none".to_owned() };
        let step = Action::Group(Group::new(options).expect("the test's list is one"));
        assert_eq!(shaped(step, r#"[{"c":{"id":1}},{"c":null},7,null]"#), r#"{"1":[{"c":{"id":1}}],"none":[{"c":null},7,null]}"#);
    }

    #[test]
    fn a_key_that_is_no_scalar_is_counted_and_its_element_stays() {
        let (output, texts) = shaped_and_noted(step("list", "c", GroupForm::Entries), r#"{"list":[{"c":[1]}]}"#);
        assert_eq!(output, r#"{"list":[{"key":"","items":[{"c":[1]}]}]}"#);
        assert_eq!(texts, ["group: `c` has array"]);
    }

    #[test]
    fn an_empty_list_and_no_list() {
        assert_eq!(shaped(step("list", "c", GroupForm::Entries), r#"{"list":[]}"#), r#"{"list":[]}"#);
        assert_eq!(shaped(step("list", "c", GroupForm::Map), r#"{"list":[]}"#), r#"{"list":{}}"#);
        assert_eq!(shaped(step("list", "c", GroupForm::Map), r#"{"list":null}"#), r#"{"list":null}"#);
        assert_eq!(shaped_and_noted(step("list", "c", GroupForm::Map), r#"{"list":"x"}"#).1.len(), 1);
        let options = GroupOptions { list: path("list[]"), by: path("c"), form: GroupForm::Map, missing: String::new() };
        assert!(Group::new(options).is_err());
    }

    #[test]
    fn surrogates_without_their_partners_are_keys_of_their_own() {
        let input = r#"[{"c":"\ud800"},{"c":"\uDFFF"},{"c":"\uD800"},{"c":"\ufffd"},{"c":"\u0062\""},{"c":"b\u0022"}]"#;
        assert_eq!(
            shaped(step(".", "c", GroupForm::Map), input),
            "{\"\\ud800\":[{\"c\":\"\\ud800\"},{\"c\":\"\\uD800\"}],\"\\udfff\":[{\"c\":\"\\uDFFF\"}],\
             \"\u{fffd}\":[{\"c\":\"\\ufffd\"}],\"b\\\"\":[{\"c\":\"\\u0062\\\"\"},{\"c\":\"b\\u0022\"}]}"
        );
    }

    proptest! {
        #[test]
        fn every_element_is_in_one_group_byte_for_byte(elements in prop::collection::vec(documents(), 0..8)) {
            let input = format!("[{}]", elements.join(","));
            for form in [GroupForm::Entries, GroupForm::Map] {
                let output = shaped(step(".", "a", form), &input);
                let output = doc(&output);
                let items = match &output {
                    Node::Array(groups) => groups.iter().filter_map(|group| group.as_object()?.get("items")?.as_array()).collect(),
                    Node::Object(groups) => groups.members().iter().filter_map(|group| group.value.as_array()).collect(),
                    _ => Vec::new(),
                };
                let mut after: Vec<String> = items.into_iter().flatten().map(text).collect();
                let mut before = elements.clone();
                after.sort();
                before.sort();
                prop_assert_eq!(after, before);
            }
        }
    }
}
