//! `pick`: these fields only.

use super::aims::{Aims, Sight, Walk};
use super::{Error, Notes, StepError, twins};
use crate::json::{Node, Object, Path};

const STEP: &str = "pick";

/// What is kept, and of which objects.
#[derive(Debug, Clone)]
pub struct PickOptions {
    /// Which objects; `None` is the document.
    pub at: Option<Path>,
    /// What is kept of each, seen from it.
    pub fields: Vec<Path>,
}

/// Keeps only what the fields name, in the order that it came, and makes nothing that was not there.
///
/// A field that goes on below an array means each of its elements, with `[]` or without. Of an object on the way only the named
/// part stays, and nothing of it when that is not there; an array on the way keeps all its elements, so that positions hold.
/// Where an element is no object, it stays, with a warning.
#[derive(Debug, Clone)]
pub struct Pick {
    pub(super) at: Option<Aims>,
    pub(super) fields: Aims,
}

impl Pick {
    /// # Errors
    ///
    /// When there is no field, or one names the whole object.
    pub fn new(options: PickOptions) -> Result<Self, StepError> {
        let PickOptions { at, fields } = options;
        if fields.is_empty() {
            return Err(StepError::new("names no field to keep"));
        }
        if fields.iter().any(|field| field.segments().is_empty()) {
            return Err(StepError::new("a field names the whole object, so the step would keep all of it"));
        }
        Ok(Self { at: at.map(|path| Aims::new(vec![path])), fields: Aims::new(fields) })
    }

    /// Never fails.
    pub(super) fn apply(&self, doc: &mut Node<'_>, notes: &mut Notes) -> Result<(), Error> {
        let (mut walk, top) = self.fields.walk();
        match &self.at {
            None => {
                keep(doc, &mut walk, top, notes);
                Ok(())
            }
            Some(at) => at.each_mut(STEP, doc, notes, &mut |node, _, notes| {
                keep(node, &mut walk, top, notes);
                Ok(())
            }),
        }
    }
}

/// Keeps what is named of a value; whether there was anything.
fn keep(node: &mut Node<'_>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) -> bool {
    match node {
        Node::Object(object) => keep_members(object, walk, sight, notes),
        Node::Array(elements) => keep_elements(elements, walk, sight, notes),
        _ => {
            if let Some(path) = walk.balked(sight, node) {
                notes.mismatch(STEP, path, node.kind());
            }
            false
        }
    }
}

fn keep_members(object: &mut Object<'_>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) -> bool {
    object.members_mut().retain(|member| {
        let below = walk.member(sight, &member.key);
        walk.leave(below);
        !below.is_lost()
    });
    // Of a name that stands twice the last value counts, so that it is the one to look into.
    let places: Vec<usize> = (0..object.len()).collect();
    twins::settle(object, &places, |_| {});
    object.members_mut().retain_mut(|member| {
        let below = walk.member(sight, &member.key);
        let stays = walk.hit(below).is_some() || keep(&mut member.value, walk, below, notes);
        walk.leave(below);
        stays
    });
    !object.is_empty()
}

fn keep_elements(elements: &mut Vec<Node<'_>>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) -> bool {
    let spans = walk.spans(sight);
    let mut places = 0..;
    elements.retain_mut(|element| {
        let below = walk.through(sight, places.next().unwrap_or_default());
        let found = walk.hit(below).is_some() || keep(element, walk, below, notes);
        walk.leave(below);
        found || spans
    });
    spans || !elements.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::vectors::{path, shaped, told};

    fn pick(at: Option<&str>, fields: &[&str]) -> Pick {
        let fields = fields.iter().map(|field| path(field)).collect();
        Pick::new(PickOptions { at: at.map(path), fields }).expect("the options are sound")
    }

    fn check(step: &Pick, table: &[(&str, &str)]) {
        for (doc, expected) in table {
            let once = shaped(doc, |doc, notes| step.apply(doc, notes));
            assert_eq!(once, *expected, "{doc}");
            assert_eq!(shaped(&once, |doc, notes| step.apply(doc, notes)), once, "{doc} twice");
        }
    }

    #[test]
    fn j8_fields_keep_the_order_they_came_in_and_none_is_made() {
        check(
            &pick(None, &["name", "id", "nothing"]),
            &[(r#"{"id":1.10,"x":2,"name":"a\u4e2d"}"#, r#"{"id":1.10,"name":"a\u4e2d"}"#), (r#"{"x":1}"#, "{}")],
        );
    }

    #[test]
    fn j8_arrays_are_gone_through() {
        check(&pick(None, &["id"]), &[(r#"[{"id":1,"x":2},{"x":3},[{"id":4,"x":5}],null]"#, r#"[{"id":1},{},[{"id":4}],null]"#)]);
        let doc = r#"{"list":[{"id":1,"brand":{"id":2,"name":"b"},"tags":[{"t":1,"u":2}]}],"total":1}"#;
        check(&pick(None, &["list.id"]), &[(doc, r#"{"list":[{"id":1}]}"#)]);
        check(&pick(None, &["list[].id", "list[].tags[].t"]), &[(doc, r#"{"list":[{"id":1,"tags":[{"t":1}]}]}"#)]);
        check(&pick(None, &["list.tags.u", "total"]), &[(doc, r#"{"list":[{"tags":[{"u":2}]}],"total":1}"#)]);
        check(&pick(None, &["list[].nothing"]), &[(doc, r#"{"list":[{}]}"#), (r#"{"list":[]}"#, r#"{"list":[]}"#)]);
    }

    #[test]
    fn j8_two_fields_of_one_object_keep_one_object() {
        let doc = r#"{"a":{"b":1,"x":2,"c":3},"y":4}"#;
        check(&pick(None, &["a.c", "a.b"]), &[(doc, r#"{"a":{"b":1,"c":3}}"#)]);
        check(&pick(None, &["a", "a.b"]), &[(doc, r#"{"a":{"b":1,"x":2,"c":3}}"#)]);
    }

    #[test]
    fn j8_of_an_object_on_the_way_nothing_stays_when_the_field_is_not_there() {
        check(
            &pick(None, &["a.b.c", "d"]),
            &[(r#"{"a":{"b":{"x":1}},"d":2}"#, r#"{"d":2}"#), (r#"{"a":{},"d":2}"#, r#"{"d":2}"#)],
        );
        check(&pick(None, &["a.b"]), &[(r#"{"a":null}"#, "{}"), (r#"{"a":{"b":null}}"#, r#"{"a":{"b":null}}"#)]);
    }

    #[test]
    fn fields_may_be_places_members_and_any_depth() {
        let doc = r#"{"list":[{"id":1,"x":2},{"id":3},5],"meta":{"k":{"id":4},"l":{"x":6}}}"#;
        assert_eq!(shaped(doc, |doc, notes| pick(None, &["list[1]"]).apply(doc, notes)), r#"{"list":[{"id":3}]}"#);
        check(&pick(None, &["meta.*.id"]), &[(doc, r#"{"meta":{"k":{"id":4}}}"#)]);
        check(&pick(None, &["**.id"]), &[(doc, r#"{"list":[{"id":1},{"id":3}],"meta":{"k":{"id":4}}}"#)]);
    }

    #[test]
    fn the_objects_at_a_path_are_picked_from() {
        let doc = r#"{"list":[{"id":1,"x":2,"brand":{"name":"b","y":3}}],"total":1}"#;
        check(&pick(Some("list[]"), &["id", "brand.name"]), &[(doc, r#"{"list":[{"id":1,"brand":{"name":"b"}}],"total":1}"#)]);
        check(&pick(Some("list"), &["id"]), &[(doc, r#"{"list":[{"id":1}],"total":1}"#)]);
        check(&pick(Some("nothing[]"), &["id"]), &[(doc, doc)]);
    }

    #[test]
    fn j13_a_value_of_the_wrong_type_is_told() {
        let step = pick(None, &["list[].id", "a.b"]);
        let doc = r#"{"list":[{"id":1},5],"a":"secret"}"#;
        assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), r#"{"list":[{"id":1},5]}"#);
        let notes = told(doc, |doc, notes| step.apply(doc, notes));
        assert_eq!(notes.texts(), ["pick: `list[].id` has number", "pick: `a.b` has string"]);
        assert_eq!(shaped("7", |doc, notes| step.apply(doc, notes)), "7");
        assert_eq!(told("7", |doc, notes| step.apply(doc, notes)).warnings(), 1);
        assert_eq!(told("null", |doc, notes| step.apply(doc, notes)).warnings(), 0);
    }

    #[test]
    fn j3_of_a_name_that_stands_twice_the_last_value_counts() {
        check(
            &pick(None, &["a.b", "c"]),
            &[
                (r#"{"c":1,"a":{"b":2},"c":3,"a":{"b":4}}"#, r#"{"c":3,"a":{"b":4}}"#),
                (r#"{"a":{"b":2},"a":{"x":4}}"#, "{}"),
                (r#"{"x":1,"\u0063":2,"x":3,"c":4}"#, r#"{"\u0063":4}"#),
            ],
        );
    }

    #[test]
    fn a_pick_of_nothing_or_of_everything_is_refused() {
        assert!(Pick::new(PickOptions { at: None, fields: vec![] }).is_err());
        assert!(Pick::new(PickOptions { at: None, fields: vec![path("id"), path(".")] }).is_err());
    }
}
