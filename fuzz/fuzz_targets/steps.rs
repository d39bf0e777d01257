//! Steps of a shape from bytes, for the targets that run them.

use forecourt::json::Path;
use forecourt::shape::{
    Action, Arrays, Case, CaseOptions, EmptyOptions, Fate, Flatten, FlattenOptions, Join, Nulls, NullsOptions, Omit, Pick,
    PickOptions, Rename, Spelling, Step, Wrap,
};

const PATHS: [&str; 10] = ["a", "a.b", "a[]", "[].a", "a[0]", "*", "**.a", "a.**.b", "*[].a", "[]"];

/// A step for a byte, when its options are sound.
pub fn step(byte: u8) -> Option<Step> {
    let path = Path::parse(PATHS[usize::from(byte >> 3) % PATHS.len()]).ok()?;
    let action = match byte & 7 {
        0 => Action::Nulls(Nulls::new(NullsOptions::default()).ok()?),
        1 => {
            let empty = EmptyOptions { strings: Fate::Drop, objects: Fate::Keep, arrays: Fate::Drop };
            let options = NullsOptions { emptied: Fate::Drop, empty, except: vec![path], ..NullsOptions::default() };
            Action::Nulls(Nulls::new(options).ok()?)
        }
        2 => Action::Omit(Omit::new(vec![path]).ok()?),
        3 => Action::Rename(Rename::new(vec![(path, "b".to_owned())]).ok()?),
        4 => Action::Case(Case::new(CaseOptions { to: Spelling::Camel, except: vec![], stop: vec![path] }).ok()?),
        5 => Action::Pick(Pick::new(PickOptions { at: None, fields: vec![path] }).ok()?),
        6 => {
            let arrays = if byte & 8 == 0 { Arrays::Keep } else { Arrays::Each };
            let join = if byte & 16 == 0 { Join::Camel } else { Join::Text("_".to_owned()) };
            Action::Flatten(Flatten::new(FlattenOptions { arrays, join, ..FlattenOptions::default() }).ok()?)
        }
        _ => Action::Wrap(Wrap::new("a").ok()?),
    };
    Some(Step::new(action))
}
