//! `default`: values for what is null or missing, like `??`.

use super::{Error, Notes, StepError};
use crate::json::{Node, Object, Path, Segment, Text};

const STEP: &str = "default";

/// The values by their paths.
#[derive(Debug, Clone)]
pub struct DefaultsOptions {
    /// Where, and what stands there when it is null or missing.
    pub values: Vec<(Path, Node<'static>)>,
}

/// The step.
///
/// A path that ends in members makes the ones that are missing or null: `a.b` makes `a`, `list[].brand.name` makes `brand` in
/// every element that is an object. Elements are never made, nor what `*` and `**` stand for; a path with `**` makes nothing
/// and only fills nulls. The document itself, an element, or what `*` stands for is not made an object when it is null,
/// unless a path names it. Outer places are filled before the ones inside of them, so that filling twice changes nothing.
#[derive(Debug, Clone)]
pub struct Defaults {
    pub(super) values: Vec<(Path, Node<'static>)>,
}

impl Defaults {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// No value at all; a null inside of a value for a `**` path, which would be filled again by the same path.
    pub fn new(options: DefaultsOptions) -> Result<Self, StepError> {
        let mut values = options.values;
        if values.is_empty() {
            return Err(StepError::new("names nothing to fill"));
        }
        if let Some((path, _)) = values.iter().find(|(path, value)| is_deep(path.segments()) && has_null(value)) {
            return Err(StepError::new(format!("the value for `{path}` may not hold null, `**` would find it again")));
        }
        values.sort_by_key(|(path, _)| order(path.segments()));
        Ok(Self { values })
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        let mut fill_all = |notes: &mut Notes| {
            self.values.iter().fold(false, |filled, (path, value)| {
                let fill = Fill { path, value, makes: !is_deep(path.segments()) };
                fill.at(doc, path.segments(), notes) | filled
            })
        };
        let filled = fill_all(notes);
        // what `**` fills may be a place for the others: again until nothing changes, which takes a few rounds at most,
        // since every round fills what an earlier one made
        if filled && self.values.iter().any(|(path, _)| is_deep(path.segments())) {
            let mut unheard = Notes::new();
            let _nothing_more = (0..=self.values.len()).any(|_| !fill_all(&mut unheard));
        }
        Ok(())
    }
}

/// Later places cannot be made by what a path further down this order makes: by the last part that is not a member, then
/// whether anything follows it, and `**` after all.
fn order(segments: &[Segment]) -> (bool, usize, bool) {
    let fixed = segments.iter().rposition(|segment| !matches!(segment, Segment::Key(_))).map_or(0, |at| at + 1);
    (is_deep(segments), fixed, segments.len() > fixed)
}

fn is_deep(segments: &[Segment]) -> bool {
    segments.iter().any(|segment| matches!(segment, Segment::Deep))
}

fn has_null(node: &Node<'_>) -> bool {
    match node {
        Node::Null => true,
        Node::Array(elements) => elements.iter().any(has_null),
        Node::Object(object) => object.members().iter().any(|member| has_null(&member.value)),
        _ => false,
    }
}

/// One value on its way to its places.
struct Fill<'s> {
    path: &'s Path,
    value: &'s Node<'static>,
    makes: bool,
}

impl Fill<'_> {
    /// Fills at what is left of the path; tells whether anything changed.
    fn at<'a>(&self, node: &mut Node<'a>, rest: &[Segment], notes: &mut Notes) -> bool {
        let Some((segment, rest)) = rest.split_first() else {
            let fills = node.is_null() && !self.value.is_null();
            if fills {
                *node = self.value.clone();
            }
            return fills;
        };
        let mut filled = false;
        match (segment, node) {
            (_, Node::Null) => {}
            (Segment::Key(name), Node::Object(object)) => filled = self.member(object, name, rest, notes),
            (Segment::Elements, Node::Array(elements)) => {
                for element in elements {
                    filled |= self.at(element, rest, notes);
                }
            }
            (Segment::Index(at), Node::Array(elements)) => {
                filled = elements.get_mut(*at).is_some_and(|element| self.at(element, rest, notes));
            }
            (Segment::Members, Node::Object(object)) => {
                for member in object.members_mut() {
                    filled |= self.at(&mut member.value, rest, notes);
                }
            }
            (Segment::Deep, node) => filled = self.deep(node, rest, notes),
            // at any depth, what does not fit is not meant
            (_, other) if self.makes => notes.mismatch(STEP, self.path, other.kind()),
            _ => {}
        }
        filled
    }

    fn member<'a>(&self, object: &mut Object<'a>, name: &str, rest: &[Segment], notes: &mut Notes) -> bool {
        let names = || {
            rest.iter().map(|segment| match segment {
                Segment::Key(name) => Some(name.as_str()),
                _ => None,
            })
        };
        let can_make = self.makes && names().all(|name| name.is_some());
        match object.get_mut(name) {
            Some(Node::Null) if rest.is_empty() && self.value.is_null() => false,
            Some(Node::Null) | None if can_make => {
                let made = names().rev().flatten().fold(self.value.clone(), |inner, name| {
                    let mut around = Object::new();
                    around.push(Text::plain(name.to_owned()), inner);
                    Node::Object(around)
                });
                object.set(name, made);
                true
            }
            Some(member) => self.at(member, rest, notes),
            None => false,
        }
    }

    fn deep<'a>(&self, node: &mut Node<'a>, rest: &[Segment], notes: &mut Notes) -> bool {
        let mut filled = self.at(node, rest, notes);
        match node {
            Node::Array(elements) => {
                for element in elements {
                    filled |= self.deep(element, rest, notes);
                }
            }
            Node::Object(object) => {
                for member in object.members_mut() {
                    filled |= self.deep(&mut member.value, rest, notes);
                }
            }
            _ => {}
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::Action;
    use crate::shape::testing::{documents, literal, path, shaped, shaped_and_noted};

    fn step(values: &[(&str, &str)]) -> Action {
        let values = values.iter().map(|(at, value)| (path(at), literal(value))).collect();
        Action::Default(Defaults::new(DefaultsOptions { values }).expect("the test's defaults are some"))
    }

    #[test]
    fn n8_a_default_is_for_what_is_null_or_missing_and_is_written_as_given() {
        for (input, output) in [
            (r#"{}"#, r#"{"total":0.00,"tags":[]}"#),
            (r#"{"tags":null,"total":null,"z":null}"#, r#"{"tags":[],"total":0.00,"z":null}"#),
            (r#"{"total":"","tags":false}"#, r#"{"total":"","tags":false}"#),
            (r#"{"t\u0061gs":null,"total":1}"#, r#"{"t\u0061gs":[],"total":1}"#),
        ] {
            assert_eq!(shaped(step(&[("total", "0.00"), ("tags", "[]")]), input), output);
        }
    }

    #[test]
    fn j5_new_members_stand_at_the_end_and_j3_the_last_of_two_counts() {
        assert_eq!(shaped(step(&[("a", "1")]), r#"{"z":9,"b":8}"#), r#"{"z":9,"b":8,"a":1}"#);
        assert_eq!(shaped(step(&[("a", "1")]), r#"{"a":5,"b":8,"a":null}"#), r#"{"a":1,"b":8}"#);
        assert_eq!(shaped(step(&[("a", "1")]), r#"{"a":null,"b":8,"a":5}"#), r#"{"a":null,"b":8,"a":5}"#);
    }

    #[test]
    fn members_on_the_way_are_made_and_elements_never() {
        for (at, input, output) in [
            ("a.b.c", r#"{}"#, r#"{"a":{"b":{"c":1}}}"#),
            ("a.b.c", r#"{"a":{"b":null}}"#, r#"{"a":{"b":{"c":1}}}"#),
            ("list[].a", r#"{"list":[{},{"a":null},{"a":2},null]}"#, r#"{"list":[{"a":1},{"a":1},{"a":2},null]}"#),
            ("list[].a.b", r#"{"list":[{},{"a":null}]}"#, r#"{"list":[{"a":{"b":1}},{"a":{"b":1}}]}"#),
            ("list[].a", r#"{}"#, r#"{}"#),
            ("list[]", r#"{"list":[null,0]}"#, r#"{"list":[1,0]}"#),
            ("list[0].a", r#"{"list":[]}"#, r#"{"list":[]}"#),
            ("list[1]", r#"{"list":[null,null]}"#, r#"{"list":[null,1]}"#),
            ("meta.*", r#"{"meta":{"x":null,"y":2}}"#, r#"{"meta":{"x":1,"y":2}}"#),
            ("meta.*.a", r#"{"meta":{"x":{},"y":null}}"#, r#"{"meta":{"x":{"a":1},"y":null}}"#),
            ("**.a", r#"{"a":null,"b":[{"a":null},{}]}"#, r#"{"a":1,"b":[{"a":1},{}]}"#),
            ("a", "null", "null"),
            (".", "null", "1"),
        ] {
            assert_eq!(shaped(step(&[(at, "1")]), input), output, "{at} on {input}");
        }
    }

    #[test]
    fn a_value_in_the_way_stays_and_is_counted() {
        let (output, texts) = shaped_and_noted(step(&[("a.b", "1")]), r#"{"a":"text"}"#);
        assert_eq!(output, r#"{"a":"text"}"#);
        assert_eq!(texts, ["default: `a.b` has string"]);
        assert_eq!(shaped_and_noted(step(&[("**.b", "1")]), r#"{"a":"text"}"#).1, [""; 0]);
    }

    #[test]
    fn what_any_depth_fills_is_a_place_for_the_others() {
        assert_eq!(shaped(step(&[("**.b", "{}"), ("*.a", "0")]), r#"{"b":null}"#), r#"{"b":{"a":0}}"#);
    }

    #[test]
    fn a_null_that_any_depth_would_find_again_is_refused() {
        let values = vec![(path("**.a"), literal(r#"{"a":null}"#))];
        assert!(Defaults::new(DefaultsOptions { values }).is_err());
    }

    fn some() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
        let places = prop::sample::select(vec![
            ".",
            "a",
            "a.b",
            "*",
            "*.a",
            "*.a.c",
            "[]",
            "[].a",
            "[0].a.b",
            "list",
            "list[]",
            "list[].a",
            "list[0].b",
            "**.a",
            "**.b",
            "**.*",
            "**[]",
            "**.a.b",
            "data.*",
            "a.*.b",
        ]);
        // no null inside, which `**` refuses
        let values = prop::sample::select(vec!["0", r#""s""#, "{}", "[]", r#"{"b":{}}"#, r#"[{}]"#, r#"{"a":{"c":1}}"#]);
        prop::collection::vec((places, values), 1..5)
    }

    proptest! {
        #[test]
        fn filling_twice_changes_nothing(input in documents(), values in some()) {
            let once = shaped(step(&values), &input);
            prop_assert_eq!(shaped(step(&values), &once), once);
        }

        #[test]
        fn nulls_inside_of_values_are_filled_at_once(input in documents(), outer in "[a-c]", inner in "[a-c]") {
            let inner = format!("{outer}.{inner}");
            let value = r#"{"a":null,"b":null,"c":null}"#;
            let values = [(inner.as_str(), "1"), (outer.as_str(), value), ("list[].a", "2"), ("list[]", value), ("*.b", "3"), ("**.c", "[4]")];
            let once = shaped(step(&values), &input);
            prop_assert_eq!(shaped(step(&values), &once), once);
        }

        #[test]
        fn what_is_there_stays_byte_for_byte(value in documents().prop_filter("not null", |value| value != "null")) {
            let input = format!(r#"{{"a":{value},"list":[{{"a":{value}}}]}}"#);
            prop_assert_eq!(shaped(step(&[("a", "1"), ("list[].a", "1")]), &input), input);
        }
    }
}
