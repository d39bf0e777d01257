//! `merge`: objects joined into one.

use std::collections::HashMap;

use super::compare::same;
use super::{Error, Notes, StepError};
use crate::json::{Member, Node, Object, Path, Segment, Text};

const STEP: &str = "merge";

/// Objects and where they are joined.
#[derive(Debug, Clone)]
pub struct MergeOptions {
    /// Where the objects are, in order: plain members (`user`, `result.profile`), none inside of another. They leave their
    /// places; one that is missing or null is passed over.
    pub from: Vec<Path>,
    /// Where the joined one goes, plain members too; `.` is the document itself. An object that stands there already and is
    /// not in `from` comes first.
    pub into: Path,
    /// Which value stays when two have the same key and are not both objects.
    pub on_conflict: MergeConflict,
}

/// Which value stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeConflict {
    /// The first one's.
    First,
    /// The last one's.
    Last,
    /// Neither: it is [`Error::Conflict`], unless the two are the same.
    Error,
}

/// The step. Objects under one key are joined too, arrays replace each other, and null never replaces a value.
#[derive(Debug, Clone)]
pub struct Merge {
    /// Each place as the text that names it and the members that lead there.
    from: Vec<Place>,
    into: Place,
    on_conflict: MergeConflict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    text: String,
    names: Vec<String>,
}

impl Merge {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// No sources, a path with `[]`, `*` or `**` (put `merge` into `each` for lists), a source that is the document or lies
    /// inside of another, a target inside of a source.
    pub fn new(options: MergeOptions) -> Result<Self, StepError> {
        let MergeOptions { from, into, on_conflict } = options;
        if from.is_empty() {
            return Err(StepError::new("`from` names no objects"));
        }
        let from: Vec<Place> = from.iter().map(Place::new).collect::<Result<_, _>>()?;
        let into = Place::new(&into)?;
        for (at, place) in from.iter().enumerate() {
            if place.names.is_empty() {
                return Err(StepError::new("`from` names the document itself; its members are there already"));
            }
            if let Some(other) = from.iter().take(at).find(|other| other.holds(place) || place.holds(other)) {
                return Err(StepError::new(format!("`{place}` and `{other}` overlap", place = place.text, other = other.text)));
            }
            if place.holds(&into) && *place != into {
                return Err(StepError::new(format!("`into` lies inside of `{}`, which leaves its place", place.text)));
            }
        }
        Ok(Self { from, into, on_conflict })
    }

    /// Where the objects are, and where the joined one goes.
    pub(super) fn paths(&self) -> Vec<Path> {
        let path = |place: &Place| Path::new(place.names.iter().cloned().map(Segment::Key).collect());
        self.from.iter().chain([&self.into]).map(path).collect()
    }

    /// Whether a document can make the step fail.
    pub(super) fn can_fail(&self) -> bool {
        self.on_conflict == MergeConflict::Error
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        let mut sources = Vec::new();
        for place in &self.from {
            match place.get(doc, notes) {
                Some(Node::Object(_)) => sources.push((place, true)),
                Some(Node::Null) => sources.push((place, false)),
                Some(other) => notes.mismatch(STEP, &place.text, other.kind()),
                None => {}
            }
        }
        if !sources.iter().any(|(_, is_object)| *is_object) || !self.into.is_free(doc, notes) {
            return Ok(());
        }
        let objects: Vec<Object<'a>> = sources.iter().filter_map(|(place, _)| place.take(doc, *place == &self.into)).collect();
        let base = if self.from.contains(&self.into) { None } else { self.into.take(doc, true) };
        let mut trail = vec![];
        let joined =
            base.into_iter().chain(objects).try_fold(Object::new(), |joined, object| self.join(joined, object, &mut trail))?;
        self.into.put(doc, Node::Object(joined));
        Ok(())
    }

    fn join<'a>(&self, base: Object<'a>, other: Object<'a>, trail: &mut Vec<String>) -> Result<Object<'a>, Error> {
        let (mut members, mut places) = settle(base);
        for Member { key, value } in settle(other).0 {
            let name = key.decode().into_owned();
            match places.get(&name).and_then(|at| members.get_mut(*at)) {
                Some(member) => {
                    trail.push(name);
                    self.combine(&mut member.value, value, trail)?;
                    trail.pop();
                }
                None => {
                    places.insert(name, members.len());
                    members.push(Member { key, value });
                }
            }
        }
        Ok(members.into_iter().collect())
    }

    fn combine<'a>(&self, there: &mut Node<'a>, value: Node<'a>, trail: &mut Vec<String>) -> Result<(), Error> {
        match (there, value) {
            (_, Node::Null) => {}
            (Node::Object(there), Node::Object(object)) => *there = self.join(std::mem::take(there), object, trail)?,
            (there @ Node::Null, value) => *there = value,
            (there, value) => match self.on_conflict {
                MergeConflict::First => {}
                MergeConflict::Last => *there = value,
                MergeConflict::Error if same(there, &value) => {}
                MergeConflict::Error => return Err(Error::Conflict { step: STEP, path: self.conflict(trail) }),
            },
        }
        Ok(())
    }

    fn conflict(&self, trail: &[String]) -> String {
        self.into.names.iter().chain(trail).map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

/// The members with each name once, the last value at the first one's place, and where each name is.
fn settle<'a>(object: Object<'a>) -> (Vec<Member<'a>>, HashMap<String, usize>) {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(object.len());
    let mut members: Vec<Member<'a>> = Vec::with_capacity(object.len());
    for member in object.into_members() {
        let name = member.key.decode().into_owned();
        match places.get(&name).and_then(|at| members.get_mut(*at)) {
            Some(first) => first.value = member.value,
            None => {
                places.insert(name, members.len());
                members.push(member);
            }
        }
    }
    (members, places)
}

impl Place {
    fn new(path: &Path) -> Result<Self, StepError> {
        let name = |segment: &Segment| match segment {
            Segment::Key(name) => Ok(name.clone()),
            _ => Err(StepError::new(format!("`{path}` does not name one object; put `merge` into `each` for a list"))),
        };
        Ok(Self { text: path.to_string(), names: path.segments().iter().map(name).collect::<Result<_, _>>()? })
    }

    fn holds(&self, other: &Self) -> bool {
        other.names.starts_with(&self.names)
    }

    fn get<'n, 'a>(&self, doc: &'n Node<'a>, notes: &mut Notes) -> Option<&'n Node<'a>> {
        self.names.iter().try_fold(doc, |node, name| match node {
            Node::Object(object) => object.get(name),
            Node::Null => None,
            other => {
                notes.mismatch(STEP, &self.text, other.kind());
                None
            }
        })
    }

    /// Whether an object can stand here: nothing but objects and nulls on the way.
    fn is_free(&self, doc: &Node<'_>, notes: &mut Notes) -> bool {
        let mut node = doc;
        let mut names = self.names.iter();
        loop {
            match node {
                Node::Null => return true,
                Node::Object(object) => match names.next().map(|name| object.get(name)) {
                    Some(Some(inner)) => node = inner,
                    Some(None) | None => return true,
                },
                other => {
                    notes.mismatch(STEP, &self.text, other.kind());
                    return false;
                }
            }
        }
    }

    /// Takes the object that stands here; the member stays as a null when its place is `kept`.
    fn take<'a>(&self, doc: &mut Node<'a>, kept: bool) -> Option<Object<'a>> {
        let taken = match self.names.split_last() {
            None => std::mem::take(doc),
            Some((last, parents)) => {
                let parent = parents.iter().try_fold(doc, |node, name| node.as_object_mut()?.get_mut(name))?.as_object_mut()?;
                if kept { std::mem::take(parent.get_mut(last)?) } else { parent.remove(last)? }
            }
        };
        match taken {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Sets a value, the way there made of objects.
    fn put<'a>(&self, doc: &mut Node<'a>, value: Node<'a>) {
        let mut node = doc;
        for name in &self.names {
            if node.is_null() {
                *node = Node::Object(Object::new());
            }
            let Node::Object(object) = node else { return };
            if object.get(name).is_none() {
                object.push(Text::plain(name.clone()), Node::Null);
            }
            object.settle(name);
            let Some(inner) = object.get_mut(name) else { return };
            node = inner;
        }
        *node = value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::Action;
    use crate::shape::testing::{doc, documents, failure, path, paths, shaped, shaped_and_noted};

    fn options(from: &[&str], into: &str, on_conflict: MergeConflict) -> MergeOptions {
        MergeOptions { from: paths(from), into: path(into), on_conflict }
    }

    fn step(from: &[&str], into: &str, on_conflict: MergeConflict) -> Action {
        Action::Merge(Merge::new(options(from, into, on_conflict)).expect("the test's merge is one"))
    }

    #[test]
    fn j10_objects_are_joined_by_key_arrays_replaced_and_null_deletes_nothing() {
        let input =
            r#"{"a":{"x":1.10,"o":{"p":1,"q":[1,2]},"n":5,"m":null},"z":0,"b":{"o":{"q":[3],"r":2},"x":2,"n":null,"m":7}}"#;
        assert_eq!(
            shaped(step(&["a", "b"], "c", MergeConflict::Last), input),
            r#"{"z":0,"c":{"x":2,"o":{"p":1,"q":[3],"r":2},"n":5,"m":7}}"#
        );
        assert_eq!(
            shaped(step(&["a", "b"], "c", MergeConflict::First), input),
            r#"{"z":0,"c":{"x":1.10,"o":{"p":1,"q":[1,2],"r":2},"n":5,"m":7}}"#
        );
    }

    #[test]
    fn a_conflict_can_fail_unless_both_say_the_same() {
        let input = r#"{"a":{"o":{"x":1}},"b":{"o":{"x":2}}}"#;
        let error = failure(step(&["a", "b"], "c", MergeConflict::Error), input);
        assert_eq!(error, Error::Conflict { step: "merge", path: "c.o.x".to_owned() });
        let input = r#"{"a":{"x":1,"o":{"k":[1],"l":"A"}},"b":{"x":1.0,"o":{"l":"\u0041","k":[1e0]}}}"#;
        assert_eq!(shaped(step(&["a", "b"], "c", MergeConflict::Error), input), r#"{"c":{"x":1,"o":{"k":[1],"l":"A"}}}"#);
    }

    #[test]
    fn the_joined_object_stands_where_its_target_stands() {
        let input = r#"{"user":{"id":1},"z":0,"profile":{"name":"n"}}"#;
        assert_eq!(
            shaped(step(&["user", "profile"], "user", MergeConflict::Last), input),
            r#"{"user":{"id":1,"name":"n"},"z":0}"#
        );
        assert_eq!(
            shaped(step(&["profile", "user"], "user", MergeConflict::Last), input),
            r#"{"user":{"name":"n","id":1},"z":0}"#
        );
        assert_eq!(shaped(step(&["user", "profile"], ".", MergeConflict::Last), input), r#"{"z":0,"id":1,"name":"n"}"#);
        assert_eq!(shaped(step(&["profile"], "user", MergeConflict::Last), input), r#"{"user":{"id":1,"name":"n"},"z":0}"#);
        assert_eq!(
            shaped(step(&["user", "profile"], "a.b", MergeConflict::Last), input),
            r#"{"z":0,"a":{"b":{"id":1,"name":"n"}}}"#
        );
        let inner = r#"{"o":{"u":{"a":1},"k":2}}"#;
        assert_eq!(shaped(step(&["o.u"], "o", MergeConflict::Last), inner), r#"{"o":{"k":2,"a":1}}"#);
    }

    #[test]
    fn sources_that_are_missing_or_null_are_passed_over() {
        assert_eq!(shaped(step(&["a", "b"], "c", MergeConflict::Last), r#"{"a":{"x":1},"b":null}"#), r#"{"c":{"x":1}}"#);
        assert_eq!(shaped(step(&["a", "b"], "c", MergeConflict::Last), r#"{"a":null}"#), r#"{"a":null}"#);
        assert_eq!(shaped_and_noted(step(&["a", "b"], "c", MergeConflict::Last), "{}").1, [""; 0]);
    }

    #[test]
    fn a_value_of_the_wrong_type_stays_and_is_counted() {
        for (input, output, text) in [
            (r#"{"a":{"x":1},"b":[2]}"#, r#"{"b":[2],"c":{"x":1}}"#, "merge: `b` has array"),
            (r#"{"a":{"x":1},"c":"s"}"#, r#"{"a":{"x":1},"c":"s"}"#, "merge: `c` has string"),
            ("[1]", "[1]", "merge: `a` has array"),
        ] {
            let (shaped, texts) = shaped_and_noted(step(&["a", "b"], "c", MergeConflict::Last), input);
            assert_eq!((shaped.as_str(), texts.first().map(String::as_str)), (output, Some(text)));
        }
    }

    #[test]
    fn j3_the_last_of_two_names_counts() {
        assert_eq!(
            shaped(step(&["a"], "c", MergeConflict::Error), r#"{"a":{"x":1,"y":2,"\u0078":3}}"#),
            r#"{"c":{"x":3,"y":2}}"#
        );
    }

    #[test]
    fn places_that_make_no_sense_are_refused() {
        for (from, into) in [
            (&[][..], "c"),
            (&["."], "c"),
            (&["a", "a.b"], "c"),
            (&["a", "a"], "c"),
            (&["a"], "a.c"),
            (&["list[].a"], "c"),
            (&["a"], "*"),
        ] {
            assert!(Merge::new(options(from, into, MergeConflict::Last)).is_err(), "{from:?} into {into}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_when_no_names_meet(a in documents(), b in documents()) {
            let input = format!(r#"{{"l":{{"m":{a}}},"r":{{"n":{b}}}}}"#);
            prop_assert_eq!(shaped(step(&["l", "r"], "c", MergeConflict::Error), &input), format!(r#"{{"c":{{"m":{a},"n":{b}}}}}"#));
        }

        #[test]
        fn every_name_of_a_source_is_in_the_joined_one(a in documents(), b in documents()) {
            let input = format!(r#"{{"l":{a},"r":{b}}}"#);
            let output = shaped(step(&["l", "r"], "c", MergeConflict::Last), &input);
            let output = doc(&output);
            let joined = output.as_object().and_then(|output| output.get("c")).and_then(Node::as_object);
            for source in [doc(&a), doc(&b)] {
                for member in source.as_object().into_iter().flat_map(Object::members) {
                    prop_assert!(joined.is_some_and(|joined| joined.get(&member.key.decode()).is_some()));
                }
            }
        }

        #[test]
        fn no_document_makes_it_panic(input in documents()) {
            for (from, into) in [(["a", "b"], "a"), (["a.b", "list"], "."), (["data", "code"], "x.y.z")] {
                shaped(step(&from, into, MergeConflict::First), &input);
            }
        }
    }
}
