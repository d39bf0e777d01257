//! The steps of a route, one after the other.

use super::notes::Mismatch;
use super::{Error, Notes, Step};
use crate::json::Node;

/// The steps of a route, in order.
#[derive(Debug, Clone)]
pub struct Shape {
    steps: Vec<Step>,
    strict: bool,
}

impl Shape {
    /// Steps that run in this order. A `strict` shape fails on the first value that is not what a step needs; any other
    /// leaves it as it is and counts a warning.
    pub fn new(steps: Vec<Step>, strict: bool) -> Self {
        Self { steps, strict }
    }

    /// Whether the first value that is not what a step needs is the end.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// One more step behind the others.
    pub(super) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Shapes a document in place; what there is to say about it goes to `notes`.
    ///
    /// # Errors
    ///
    /// Every way that [`Error`] names. The document is then of no use: steps before the one that failed have changed it.
    pub fn run<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        notes.take_mismatch();
        for step in &self.steps {
            step.apply(doc, notes)?;
            if let Some(Mismatch { step, path, found }) = notes.take_mismatch().filter(|_| self.strict) {
                return Err(Error::Mismatch { step, path, found });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::testing::{doc, documents, literal, path, text};
    use crate::shape::{Action, Convert, ConvertOptions, Defaults, DefaultsOptions, To, When};

    fn set(member: &str, when: Option<When>) -> Step {
        let options = DefaultsOptions { values: vec![(path(member), literal("1"))] };
        Step { when, action: Action::Default(Defaults::new(options).expect("the test's defaults are some")) }
    }

    fn number(at: &str) -> Step {
        let options = ConvertOptions { path: path(at), to: To::Number, otherwise: None };
        Step::new(Action::Convert(Convert::new(vec![options]).expect("the test's conversion is one")))
    }

    fn runs(when: (&str, Option<&str>), input: &str) -> bool {
        let when = When { path: path(when.0), equals: when.1.map(literal) };
        let mut node = doc(input);
        let shape = Shape::new(vec![set("done", Some(when))], true);
        shape.run(&mut node, &mut Notes::new()).expect("nothing is in the way");
        text(&node).contains("done")
    }

    #[test]
    fn r5_a_condition_compares_by_value_and_a_string_is_no_number() {
        for (equals, input, holds) in [
            ("200", r#"{"a":200.0}"#, true),
            ("200.0", r#"{"a":2e2}"#, true),
            ("200", r#"{"a":"200"}"#, false),
            (r#""200""#, r#"{"a":"200"}"#, true),
            (r#""200""#, r#"{"a":200}"#, false),
            (r#""é""#, r#"{"a":"\u00e9"}"#, true),
            ("12345678901234567890", r#"{"a":12345678901234567891}"#, false),
            ("true", r#"{"a":true}"#, true),
            ("null", r#"{"a":null}"#, true),
            ("null", r#"{}"#, false),
            (r#"{"x":1,"y":[2]}"#, r#"{"a":{"y":[2.0],"x":1}}"#, true),
            (r#"{"x":1}"#, r#"{"a":{"x":1,"y":2}}"#, false),
            ("[1,2]", r#"{"a":[2,1]}"#, false),
        ] {
            assert_eq!(runs(("a", Some(equals)), input), holds, "{equals} on {input}");
        }
    }

    #[test]
    fn a_condition_without_a_value_wants_anything_but_null() {
        for (input, holds) in [(r#"{"a":0}"#, true), (r#"{"a":false}"#, true), (r#"{"a":null}"#, false), (r#"{}"#, false)] {
            assert_eq!(runs(("a", None), input), holds, "{input}");
        }
        assert!(runs(("list[].a", Some("2")), r#"{"list":[{"a":1},{"a":2}]}"#));
    }

    #[test]
    fn steps_run_in_order_each_on_what_the_one_before_left() {
        let when = When { path: path("a"), equals: Some(literal("1")) };
        let shape = Shape::new(vec![set("a", None), set("b", Some(when))], true);
        let mut node = doc("{}");
        shape.run(&mut node, &mut Notes::new()).expect("nothing is in the way");
        assert_eq!(text(&node), r#"{"a":1,"b":1}"#);
        assert_eq!(shape.steps().iter().map(Step::name).collect::<Vec<_>>(), ["default", "default"]);
    }

    #[test]
    fn a_strict_shape_fails_on_its_first_mismatch_and_another_counts_them() {
        let steps = || vec![number("x"), number("list[]"), number("list[]"), set("never", None)];
        let input = r#"{"list":["1","a","b"]}"#;
        let mut notes = Notes::new();
        let failure = Shape::new(steps(), true).run(&mut doc(input), &mut notes);
        assert_eq!(
            failure,
            Err(Error::Mismatch { step: "convert", path: "list[]".to_owned(), found: "a string that is no number" })
        );
        let mut node = doc(input);
        assert_eq!(Shape::new(steps(), false).run(&mut node, &mut notes), Ok(()));
        assert_eq!(text(&node), r#"{"list":[1,"a","b"],"never":1}"#);
        assert_eq!(notes.warnings(), 2 + 4);
        assert_eq!(Shape::new(vec![], true).run(&mut node, &mut notes), Ok(()), "what another shape noted is not this one's");
    }

    proptest! {
        #[test]
        fn a_shape_without_steps_leaves_every_byte(input in documents()) {
            let mut node = doc(&input);
            Shape::new(vec![], true).run(&mut node, &mut Notes::new()).expect("nothing is done");
            prop_assert_eq!(text(&node), input);
        }

        #[test]
        fn a_value_is_the_same_as_itself(input in documents()) {
            prop_assert!(crate::shape::compare::same(&doc(&input), &doc(&input)));
        }
    }
}
