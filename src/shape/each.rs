//! `each`: steps for every element of a list.

use super::lists::Lists;
use super::{Error, Notes, Step, StepError};
use crate::json::{Node, Path};

const STEP: &str = "each";

/// A list and its steps.
#[derive(Debug, Clone)]
pub struct EachOptions {
    /// The list: `list`, not `list[]`; `.` when the document is the list; `groups[].items` for several.
    pub list: Path,
    /// What runs on every element, which is the document that the steps see. At least one.
    pub steps: Vec<Step>,
}

/// The step. An element whose steps fail stays as it was, with a warning; on a strict route it fails the document.
#[derive(Debug, Clone)]
pub struct Each {
    pub(super) lists: Lists,
    steps: Vec<Step>,
    /// Whether a step can fail half-way, so that an element must be kept to be put back.
    can_fail: bool,
}

impl Each {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// A path that ends in `[]`, no steps.
    pub fn new(options: EachOptions) -> Result<Self, StepError> {
        let EachOptions { list, steps } = options;
        let lists = Lists::new(list)?;
        if steps.is_empty() {
            return Err(StepError::new("`each` has no steps"));
        }
        let can_fail = steps.iter().any(|step| step.action.can_fail());
        Ok(Self { lists, steps, can_fail })
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        self.lists.each_mut(STEP, doc, notes, |list, path, notes| match list {
            Node::Array(elements) => elements.iter_mut().try_for_each(|element| self.element(element, path, notes)),
            _ => Ok(()),
        })
    }

    fn element<'a>(&self, element: &mut Node<'a>, path: &Path, notes: &mut Notes) -> Result<(), Error> {
        let kept = self.can_fail.then(|| element.clone());
        match self.steps.iter().try_for_each(|step| step.apply(element, notes)) {
            Ok(()) => Ok(()),
            // a bound of memory holds for the whole document
            Err(Error::TooLarge) => Err(Error::TooLarge),
            Err(failure) => {
                if let Some(kept) = kept {
                    *element = kept;
                }
                notes.warn(STEP, || failure.to_string());
                notes.mismatch(STEP, path, "an element whose steps failed");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::testing::{documents, literal, path, shaped, shaped_and_noted, strict_failure};
    use crate::shape::{Action, Defaults, DefaultsOptions, Merge, MergeConflict, MergeOptions, When};

    fn stock(when: Option<When>) -> Step {
        let options = DefaultsOptions { values: vec![(path("stock"), literal("0"))] };
        Step { when, action: Action::Default(Defaults::new(options).expect("the test's defaults are some")) }
    }

    fn joined() -> Step {
        let options = MergeOptions { from: vec![path("a"), path("b")], into: path("c"), on_conflict: MergeConflict::Error };
        Step::new(Action::Merge(Merge::new(options).expect("the test's merge is one")))
    }

    fn each(list: &str, steps: Vec<Step>) -> Action {
        Action::Each(Each::new(EachOptions { list: path(list), steps }).expect("the test's list is one"))
    }

    #[test]
    fn every_element_is_a_document_of_its_own() {
        assert_eq!(
            shaped(each("list", vec![stock(None)]), r#"{"list":[{"id":1},{"id":2,"stock":1.10},7],"stock":null}"#),
            r#"{"list":[{"id":1,"stock":0},{"id":2,"stock":1.10},7],"stock":null}"#
        );
        assert_eq!(shaped(each(".", vec![stock(None)]), "[{},null]"), r#"[{"stock":0},null]"#);
        let groups = each("[].items", vec![stock(None)]);
        assert_eq!(shaped(groups, r#"[{"items":[{}]},{"items":[]},{}]"#), r#"[{"items":[{"stock":0}]},{"items":[]},{}]"#);
    }

    #[test]
    fn a_condition_looks_at_the_element() {
        let when = When { path: path("kind"), equals: Some(literal("1")) };
        let step = each("list", vec![stock(Some(when))]);
        assert_eq!(
            shaped(step, r#"{"list":[{"kind":1.0},{"kind":"1"},{}]}"#),
            r#"{"list":[{"kind":1.0,"stock":0},{"kind":"1"},{}]}"#
        );
    }

    #[test]
    fn j13_an_element_whose_steps_fail_stays_as_it_was_and_the_others_go_on() {
        let input = r#"{"list":[{"a":{"x":1},"b":{"x":2}},{"a":{"x":1},"b":{"y":2}}]}"#;
        let (output, texts) = shaped_and_noted(each("list", vec![stock(None), joined()]), input);
        assert_eq!(output, r#"{"list":[{"a":{"x":1},"b":{"x":2}},{"stock":0,"c":{"x":1,"y":2}}]}"#);
        assert_eq!(texts.first().map(String::as_str), Some("each: merge: two values meet at `c.x`"));
        let error = strict_failure(each("list", vec![joined()]), input);
        assert_eq!(error, Error::Mismatch { step: "each", path: "list".to_owned(), found: "an element whose steps failed" });
    }

    #[test]
    fn what_is_no_list_stays_and_is_counted() {
        let (output, texts) = shaped_and_noted(each("list", vec![stock(None)]), r#"{"list":{"a":1}}"#);
        assert_eq!((output.as_str(), texts.len()), (r#"{"list":{"a":1}}"#, 1));
        assert_eq!(shaped_and_noted(each("list", vec![stock(None)]), r#"{"list":null}"#).1, [""; 0]);
    }

    #[test]
    fn a_path_to_the_elements_is_refused() {
        let error = Each::new(EachOptions { list: path("list[]"), steps: vec![stock(None)] }).expect_err("it ends in []");
        assert_eq!(error.message(), "`in` names the list itself, without the last `[]` of `list[]`");
        assert!(Each::new(EachOptions { list: path("list"), steps: vec![] }).is_err());
    }

    proptest! {
        #[test]
        fn steps_that_change_nothing_leave_every_byte(input in documents()) {
            let never = When { path: path("never.there"), equals: None };
            prop_assert_eq!(shaped(each("**.list", vec![stock(Some(never))]), &input), input);
        }
    }
}
