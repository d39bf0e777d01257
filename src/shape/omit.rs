//! `omit`: what these paths name goes.

use super::aims::{Aims, Sight, Walk};
use super::{Error, Notes, StepError};
use crate::json::{Node, Path};

const STEP: &str = "omit";

/// Removes members, every one of a name that stands twice, and elements.
#[derive(Debug, Clone)]
pub struct Omit {
    pub(super) aims: Aims,
}

impl Omit {
    /// # Errors
    ///
    /// When there is no path, or one names the document itself.
    pub fn new(paths: Vec<Path>) -> Result<Self, StepError> {
        if paths.is_empty() {
            return Err(StepError::new("names nothing to remove"));
        }
        if paths.iter().any(|path| path.segments().is_empty()) {
            return Err(StepError::new("the document itself cannot be removed"));
        }
        Ok(Self { aims: Aims::new(paths) })
    }

    /// Never fails: what is not there is gone already.
    pub(super) fn apply(&self, doc: &mut Node<'_>, notes: &mut Notes) -> Result<(), Error> {
        let (mut walk, top) = self.aims.walk();
        clear(doc, &mut walk, top, notes);
        Ok(())
    }
}

fn clear(node: &mut Node<'_>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) {
    if let Some(path) = walk.balked(sight, node) {
        notes.mismatch(STEP, path, node.kind());
    }
    match node {
        Node::Object(object) => object.members_mut().retain_mut(|member| {
            let below = walk.member(sight, &member.key);
            let stays = stays(&mut member.value, walk, below, notes);
            walk.leave(below);
            stays
        }),
        Node::Array(elements) => {
            let mut places = 0..;
            elements.retain_mut(|element| {
                let below = walk.element(sight, places.next().unwrap_or_default());
                let stays = stays(element, walk, below, notes);
                walk.leave(below);
                stays
            });
        }
        _ => {}
    }
}

fn stays(value: &mut Node<'_>, walk: &mut Walk<'_>, sight: Sight, notes: &mut Notes) -> bool {
    if sight.is_lost() {
        return true;
    }
    if walk.hit(sight).is_some() {
        return false;
    }
    clear(value, walk, sight, notes);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::vectors::{path, shaped, told};

    fn omit(paths: &[&str]) -> Omit {
        Omit::new(paths.iter().map(|text| path(text)).collect()).expect("the paths are sound")
    }

    #[test]
    fn what_the_paths_name_goes() {
        let doc = r#"{"id":1,"list":[{"id":2,"x":{"id":3}},{"y":4}],"@class":"A","in":{"@class":"B","z":[{"@class":"C"}]}}"#;
        let table: &[(&[&str], &str)] = &[
            (&["id"], r#"{"list":[{"id":2,"x":{"id":3}},{"y":4}],"@class":"A","in":{"@class":"B","z":[{"@class":"C"}]}}"#),
            (&["**.@class"], r#"{"id":1,"list":[{"id":2,"x":{"id":3}},{"y":4}],"in":{"z":[{}]}}"#),
            (&["list[].id", "in.*"], r#"{"id":1,"list":[{"x":{"id":3}},{"y":4}],"@class":"A","in":{}}"#),
            (&["list[0]", "list[1]", "in"], r#"{"id":1,"list":[],"@class":"A"}"#),
            (&["list[]", "in.z[0].@class"], r#"{"id":1,"list":[],"@class":"A","in":{"@class":"B","z":[{}]}}"#),
            (
                &["list[].**.id", "nothing.x", "list[7]"],
                r#"{"id":1,"list":[{"x":{}},{"y":4}],"@class":"A","in":{"@class":"B","z":[{"@class":"C"}]}}"#,
            ),
            (&["*"], "{}"),
        ];
        for (paths, expected) in table {
            let step = omit(paths);
            assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), *expected, "{paths:?}");
        }
    }

    #[test]
    fn j3_j4_every_member_of_the_name_goes_however_it_is_spelled() {
        let step = omit(&["a"]);
        assert_eq!(shaped(r#"{"a":1,"b":2,"\u0061":3,"A":4}"#, |doc, notes| step.apply(doc, notes)), r#"{"b":2,"A":4}"#);
    }

    #[test]
    fn a_path_through_the_wrong_type_is_told() {
        let step = omit(&["list[].id", "**.x.y"]);
        for (doc, warnings) in [
            (r#"{"list":{"id":1}}"#, 1),
            (r#"{"list":["a",{"id":1},null]}"#, 1),
            (r#"{"list":null}"#, 0),
            (r#"{"x":5}"#, 0),
            ("[]", 1),
        ] {
            let notes = told(doc, |doc, notes| step.apply(doc, notes));
            assert_eq!(notes.warnings(), warnings, "{doc}: {:?}", notes.texts());
        }
    }

    #[test]
    fn the_document_itself_cannot_go() {
        assert!(Omit::new(vec![path("")]).is_err());
        assert!(Omit::new(vec![]).is_err());
    }
}
