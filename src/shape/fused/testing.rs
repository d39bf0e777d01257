//! Steps and both forms of the engine, for tests.

use super::Fused;
use crate::json::{self, Limits};
use crate::shape::testing::{literal, path, paths};
use crate::shape::*;

/// What the reference makes of a text, when there is nothing to note.
pub(super) fn reference(steps: &[Step], text: &str) -> Option<String> {
    let mut tree = json::parse(text, &Limits::default()).ok()?;
    let mut notes = Notes::new();
    Shape::new(steps.to_vec(), true).run(&mut tree, &mut notes).ok()?;
    (notes.warnings() == 0).then(|| String::from_utf8(tree.to_json()).expect("JSON is UTF-8"))
}

pub(super) fn fused(steps: &[Step], text: &str) -> Option<String> {
    let out = Fused::new(steps).run(text, Limits::default().depth)?;
    Some(String::from_utf8(out).expect("JSON is UTF-8"))
}

pub(super) fn act(action: Action) -> Step {
    Step::new(action)
}

pub(super) fn nulls() -> Step {
    act(Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are sound")))
}

pub(super) fn sweep(options: NullsOptions) -> Step {
    act(Action::Nulls(Nulls::new(options).expect("the options are sound")))
}

pub(super) fn flatten(options: FlattenOptions) -> Step {
    act(Action::Flatten(Flatten::new(options).expect("the options are sound")))
}

pub(super) fn omit(list: &[&str]) -> Step {
    act(Action::Omit(Omit::new(paths(list)).expect("the paths are sound")))
}

pub(super) fn pick(list: &[&str]) -> Step {
    act(Action::Pick(Pick::new(PickOptions { at: None, fields: paths(list) }).expect("the fields are sound")))
}

pub(super) fn rename(entries: &[(&str, &str)]) -> Step {
    let entries = entries.iter().map(|(from, to)| (path(from), (*to).to_owned())).collect();
    act(Action::Rename(Rename::new(entries).expect("the names are sound")))
}

pub(super) fn case(to: Spelling) -> Step {
    act(Action::Case(Case::new(CaseOptions { to, except: vec![], stop: paths(&["**.map"]) }).expect("the options are sound")))
}

pub(super) fn defaults(entries: &[(&str, &str)]) -> Step {
    let values = entries.iter().map(|(at, value)| (path(at), literal(value))).collect();
    act(Action::Default(Defaults::new(DefaultsOptions { values }).expect("the values are sound")))
}

pub(super) fn convert(at: &str, to: To) -> Step {
    act(Action::Convert(Convert::new(vec![ConvertOptions { path: path(at), to, otherwise: None }]).expect("it is one")))
}

pub(super) fn wrap(key: &str) -> Step {
    act(Action::Wrap(Wrap::new(key).expect("every name is a key")))
}

pub(super) fn unwrap(data: &str) -> Step {
    let options = UnwrapOptions {
        data: vec![Payload::At(path(data))],
        ok: vec![(path("code"), vec![literal("200"), literal("0")])],
        missing: MissingVerdict::Ok,
        message: paths(&["message"]),
        status: vec![("401".to_owned(), 401)],
        otherwise: 502,
        missing_data: MissingData::Value(literal("null")),
    };
    act(Action::Unwrap(Unwrap::new(options).expect("the envelope is one")))
}

pub(super) fn each() -> FlattenOptions {
    FlattenOptions { arrays: Arrays::Each, join: Join::Text(".".to_owned()), ..FlattenOptions::default() }
}
