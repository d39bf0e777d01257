//! `case`: the spelling of names: `user_name` becomes `userName`.

mod words;

use std::borrow::Cow;

use super::fence::{Fence, Ground};
use super::{Error, Notes, StepError, twins};
use crate::json::{Node, Object, Path, Text};

pub use words::Spelling;

const STEP: &str = "case";

/// How names are spelled, and where they are not.
#[derive(Debug, Clone)]
pub struct CaseOptions {
    /// The spelling of every name.
    pub to: Spelling,
    /// Names that stay as they are, wherever they stand.
    pub except: Vec<String>,
    /// Paths below which names stay: the value there may be a map with keys of the user's own. Names as they were before this step.
    pub stop: Vec<Path>,
}

/// Spells every name of the document one way.
///
/// A name is parted at `_`, `-`, spaces and where small letters meet capitals (`userID` is `user`, `id`; `HTTPServer` is `http`,
/// `server`). Marks in front (`_`, `$`, `@`) stay, and so do names without letters. When two names become one, the last value
/// stays at the first one's place, with a warning.
#[derive(Debug, Clone)]
pub struct Case {
    to: Spelling,
    except: Vec<String>,
    pub(super) stop: Fence,
}

impl Case {
    /// # Errors
    ///
    /// When `stop` names the document itself: nothing would be left to do.
    pub fn new(options: CaseOptions) -> Result<Self, StepError> {
        let CaseOptions { to, except, stop } = options;
        Ok(Self { to, except, stop: Fence::new("stop", stop)? })
    }

    /// Never fails: a name that cannot be spelled stays.
    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        self.spell(doc, &self.stop.start(), notes);
        Ok(())
    }

    fn spell(&self, node: &mut Node<'_>, ground: &Ground, notes: &mut Notes) {
        match node {
            Node::Object(object) => self.spell_members(object, ground, notes),
            Node::Array(elements) => {
                for (at, element) in elements.iter_mut().enumerate() {
                    if let Some(below) = self.stop.element(ground, at) {
                        self.spell(element, &below, notes);
                    }
                }
            }
            _ => {}
        }
    }

    fn spell_members(&self, object: &mut Object<'_>, ground: &Ground, notes: &mut Notes) {
        let mut changed = Vec::new();
        for (at, member) in object.members_mut().iter_mut().enumerate() {
            if let Some(below) = self.stop.member(ground, &member.key) {
                self.spell(&mut member.value, &below, notes);
            }
            if let Some(key) = self.key(&member.key) {
                member.key = Text::plain(key);
                changed.push(at);
            }
        }
        twins::settle(object, &changed, |name| notes.warn(STEP, || format!("two names become `{name}`: the last value stays")));
    }

    /// The new name, if it is another one.
    pub(super) fn key(&self, key: &Text<'_>) -> Option<String> {
        let name = key.decode();
        // A lone surrogate cannot be spelled anew without losing it.
        let lossy = matches!(name, Cow::Owned(_)) && name.contains('\u{fffd}');
        if lossy || self.except.iter().any(|kept| *kept == name) {
            return None;
        }
        self.to.spell(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::vectors::{path, shaped, told};

    fn case(to: Spelling, except: &[&str], stop: &[&str]) -> Case {
        let except = except.iter().map(|name| (*name).to_owned()).collect();
        Case::new(CaseOptions { to, except, stop: stop.iter().map(|text| path(text)).collect() }).expect("the options are sound")
    }

    fn spelled(step: &Case, doc: &str) -> String {
        shaped(doc, |doc, notes| step.apply(doc, notes))
    }

    #[test]
    fn j7_every_name_at_every_depth_is_spelled() {
        let doc = r#"{"user_name":"a_b","in_it":[{"Some Key":1},[{"x-y":[]}]],"1_2":3}"#;
        let table = [
            (Spelling::Camel, r#"{"userName":"a_b","inIt":[{"someKey":1},[{"xY":[]}]],"1_2":3}"#),
            (Spelling::Snake, r#"{"user_name":"a_b","in_it":[{"some_key":1},[{"x_y":[]}]],"1_2":3}"#),
            (Spelling::Kebab, r#"{"user-name":"a_b","in-it":[{"some-key":1},[{"x-y":[]}]],"1_2":3}"#),
            (Spelling::Pascal, r#"{"UserName":"a_b","InIt":[{"SomeKey":1},[{"XY":[]}]],"1_2":3}"#),
        ];
        for (to, expected) in table {
            assert_eq!(spelled(&case(to, &[], &[]), doc), expected);
        }
    }

    #[test]
    fn j7_some_names_stay_and_some_values_are_not_entered() {
        let doc = r#"{"URL":1,"attr_map":{"en_US":1,"a":{"b_c":2}},"list":[{"attr_map":{"en_US":1},"b_c":3}]}"#;
        assert_eq!(
            spelled(&case(Spelling::Camel, &["URL"], &["attr_map"]), doc),
            r#"{"URL":1,"attrMap":{"en_US":1,"a":{"b_c":2}},"list":[{"attrMap":{"enUs":1},"bC":3}]}"#,
        );
        assert_eq!(
            spelled(&case(Spelling::Camel, &["b_c"], &["**.attr_map"]), doc),
            r#"{"url":1,"attrMap":{"en_US":1,"a":{"b_c":2}},"list":[{"attrMap":{"en_US":1},"b_c":3}]}"#,
        );
        assert!(Case::new(CaseOptions { to: Spelling::Camel, except: vec![], stop: vec![path("")] }).is_err());
    }

    #[test]
    fn j1_j2_names_that_stay_keep_their_escapes() {
        let step = case(Spelling::Camel, &["\u{e9}_x"], &[]);
        assert_eq!(
            spelled(&step, r#"{"\u0061b":1,"\u00e9_x":2,"a_\ud83d":3,"a_\u0062":4,"a_\"":5}"#),
            r#"{"\u0061b":1,"\u00e9_x":2,"a_\ud83d":3,"aB":4,"a\"":5}"#,
        );
    }

    #[test]
    fn j6_when_two_names_become_one_the_last_value_stays_at_the_first_ones_place() {
        let step = case(Spelling::Camel, &[], &[]);
        assert_eq!(spelled(&step, r#"{"user_name":1,"x":2,"userName":3}"#), r#"{"userName":3,"x":2}"#);
        assert_eq!(spelled(&step, r#"{"userName":1,"x":2,"user_name":3}"#), r#"{"userName":3,"x":2}"#);
        assert_eq!(spelled(&step, r#"{"x":1,"x":2,"y":3}"#), r#"{"x":1,"x":2,"y":3}"#);
        let notes = told(r#"{"user_name":1,"userName":3}"#, |doc, notes| step.apply(doc, notes));
        assert_eq!(notes.texts(), ["case: two names become `userName`: the last value stays"]);
    }
}
