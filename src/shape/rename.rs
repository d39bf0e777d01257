//! `rename`: a new name in the same place.

use super::aims::{Aims, Sight, Walk};
use super::{Error, Notes, StepError, twins};
use crate::json::{Node, Object, Path, Segment, Text};

const STEP: &str = "rename";

/// Gives members new names; their place stays.
///
/// All entries look at the names as they came, so two names can change places. When a new name meets another one, the last value
/// stays at the first one's place, with a warning.
#[derive(Debug, Clone)]
pub struct Rename {
    pub(super) aims: Aims,
    /// The new names, in the order of the paths.
    pub(super) names: Vec<Text<'static>>,
}

impl Rename {
    /// Entries are a path to members and their new name.
    ///
    /// # Errors
    ///
    /// When a path does not end in a name, or when two entries give the same name to members of the same object.
    pub fn new(entries: Vec<(Path, String)>) -> Result<Self, StepError> {
        if entries.is_empty() {
            return Err(StepError::new("names nothing to rename"));
        }
        let mut given: Vec<(&[Segment], &str)> = Vec::new();
        for (path, name) in &entries {
            let Some((Segment::Key(_), above)) = path.segments().split_last() else {
                return Err(StepError::new(format!("`{path}` does not end in a member's name")));
            };
            if given.contains(&(above, name)) {
                return Err(StepError::new(format!(
                    "`{path}` would be the second member renamed to `{name}` in the same object"
                )));
            }
            given.push((above, name));
        }
        let (paths, names): (Vec<_>, Vec<_>) = entries.into_iter().map(|(path, name)| (path, Text::plain(name))).unzip();
        Ok(Self { aims: Aims::new(paths), names })
    }

    /// Never fails.
    pub(super) fn apply(&self, doc: &mut Node<'_>, notes: &mut Notes) -> Result<(), Error> {
        let (mut walk, top) = self.aims.walk();
        self.visit(doc, &mut walk, top, notes);
        Ok(())
    }

    fn visit(&self, node: &mut Node<'_>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) {
        if let Some(path) = walk.balked(sight, node) {
            notes.mismatch(STEP, path, node.kind());
        }
        match node {
            Node::Object(object) => self.members(object, walk, sight, notes),
            Node::Array(elements) => {
                for (at, element) in elements.iter_mut().enumerate() {
                    let below = walk.element(sight, at);
                    if !below.is_lost() {
                        self.visit(element, walk, below, notes);
                    }
                    walk.leave(below);
                }
            }
            _ => {}
        }
    }

    fn members(&self, object: &mut Object<'_>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) {
        let mut renamed = Vec::new();
        for (at, member) in object.members_mut().iter_mut().enumerate() {
            let below = walk.member(sight, &member.key);
            if !below.is_lost() {
                self.visit(&mut member.value, walk, below, notes);
                if let Some(name) = walk.hit(below).and_then(|path| self.names.get(path)) {
                    member.key = name.clone();
                    renamed.push(at);
                }
            }
            walk.leave(below);
        }
        twins::settle(object, &renamed, |name| notes.warn(STEP, || format!("`{name}` stood already: the last value stays")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::vectors::{path, shaped, told};

    fn rename(entries: &[(&str, &str)]) -> Rename {
        Rename::new(entries.iter().map(|(from, to)| (path(from), (*to).to_owned())).collect()).expect("the entries are sound")
    }

    fn check(entries: &[(&str, &str)], table: &[(&str, &str)]) {
        let step = rename(entries);
        for (doc, expected) in table {
            assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), *expected, "{doc}");
        }
    }

    #[test]
    fn j5_a_renamed_member_keeps_its_place() {
        check(
            &[("name", "title"), ("list[].pic", "image"), ("in.a", "b\"c")],
            &[(
                r#"{"id":1,"name":"x","list":[{"pic":1.10,"z":2},{"z":3}],"in":{"a":1,"z":2}}"#,
                r#"{"id":1,"title":"x","list":[{"image":1.10,"z":2},{"z":3}],"in":{"b\"c":1,"z":2}}"#,
            )],
        );
    }

    #[test]
    fn j6_all_entries_happen_at_once() {
        check(&[("a", "b"), ("b", "a")], &[(r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#), (r#"{"a":1}"#, r#"{"b":1}"#)]);
        check(&[("a", "b"), ("b", "c"), ("c", "a")], &[(r#"{"c":3,"a":1,"b":2}"#, r#"{"a":3,"b":1,"c":2}"#)]);
        check(&[("a", "x"), ("a.b", "y"), ("x.b", "no")], &[(r#"{"a":{"b":1}}"#, r#"{"x":{"y":1}}"#)]);
        check(
            &[("list[].a", "b"), ("**.b", "c")],
            &[(r#"{"list":[{"a":1},{"b":2}],"b":3}"#, r#"{"list":[{"b":1},{"c":2}],"c":3}"#)],
        );
    }

    #[test]
    fn j6_when_two_names_meet_the_last_value_stays_at_the_first_ones_place() {
        check(
            &[("name", "title")],
            &[
                (r#"{"title":"T","x":1,"name":"N"}"#, r#"{"title":"N","x":1}"#),
                (r#"{"name":"N","x":1,"title":"T"}"#, r#"{"title":"T","x":1}"#),
            ],
        );
        let step = rename(&[("name", "title")]);
        let notes = told(r#"{"title":"T","name":"N"}"#, |doc, notes| step.apply(doc, notes));
        assert_eq!(notes.texts(), ["rename: `title` stood already: the last value stays"]);
        assert_eq!(told(r#"{"name":"N"}"#, |doc, notes| step.apply(doc, notes)).warnings(), 0);
    }

    #[test]
    fn j6_names_that_surely_meet_are_refused_at_load() {
        let two = |one: &str, other: &str| Rename::new(vec![(path(one), "x".to_owned()), (path(other), "x".to_owned())]);
        assert!(two("a", "b").is_err());
        assert!(two("list[].a", "list[].b").is_err());
        assert!(two("a", "in.b").is_ok());
    }

    #[test]
    fn j3_j4_of_a_name_that_stands_twice_the_last_value_counts() {
        check(
            &[("a", "b")],
            &[(r#"{"a":1,"x":0,"\u0061":2}"#, r#"{"b":2,"x":0}"#), (r#"{"a":1,"x":1,"x":2}"#, r#"{"b":1,"x":1,"x":2}"#)],
        );
    }

    #[test]
    fn a_path_must_end_in_a_name() {
        for text in ["", "a[]", "a[0]", "a.*"] {
            assert!(Rename::new(vec![(path(text), "x".to_owned())]).is_err(), "{text}");
        }
        assert!(Rename::new(vec![]).is_err());
    }

    #[test]
    fn a_path_through_the_wrong_type_is_told_and_nothing_changes() {
        let step = rename(&[("list[].a", "b")]);
        let doc = r#"{"list":[1,{"a":2}]}"#;
        assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), r#"{"list":[1,{"b":2}]}"#);
        assert_eq!(told(doc, |doc, notes| step.apply(doc, notes)).texts(), ["rename: `list[].a` has number"]);
    }

    #[test]
    fn thousands_of_names_that_meet_take_no_square_of_time() {
        let members: Vec<_> = (0..30_000).map(|at| format!("\"k{at}\":{{\"a\":0}},\"k{at}\":{{\"b\":0,\"a\":1}}")).collect();
        let doc = format!("{{{}}}", members.join(","));
        let step = rename(&[("**.a", "b")]);
        let notes = told(&doc, |doc, notes| step.apply(doc, notes));
        assert_eq!(notes.warnings(), 30_000);
    }
}
