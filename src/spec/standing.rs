//! What stands of a file when everything that was reported is taken out: the plan looks at that in the same run, and the user gets
//! the problems of both floors at once.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::tree::Tree;
use super::yaml::MAX_DEPTH;
use super::{At, Problem};

/// How much is taken out in one round: a file with more wrong in it has been told enough.
const MOST: usize = 1000;

/// Takes out what is broken, and what the schema refuses, until the rest can be typed. `None` when nothing is left.
pub(super) fn standing<T: DeserializeOwned>(mut tree: Tree, validator: &Validator) -> Option<(T, Tree)> {
    // What is taken out can leave what is around it without a key that it needs; that goes up once a round at most.
    for _ in 0..=MAX_DEPTH {
        if tree.broken {
            return None;
        }
        tree.sweep();
        let json = tree.to_json(&At::root(), &mut |_, _| ());
        let refused = refused(validator, &json);
        if refused.is_empty() {
            return Some((serde_json::from_value(json).ok()?, tree));
        }
        if refused.len() > MOST {
            return None;
        }
        for place in refused {
            match place {
                Refused::Stranger(at) => tree.mark_stranger(&at),
                Refused::Value(at) if at == At::root() => return None,
                Refused::Value(at) => tree.mark_broken(&at),
            }
        }
    }
    None
}

/// What a schema refuses.
enum Refused {
    /// A key that it does not have.
    Stranger(At),
    /// A value.
    Value(At),
}

fn refused(validator: &Validator, json: &Value) -> Vec<Refused> {
    let mut places = Vec::new();
    for error in validator.iter_errors(json).take(MOST + 1) {
        gather(&error, &mut places);
    }
    places
}

fn gather(error: &ValidationError<'_>, places: &mut Vec<Refused>) {
    let at = At::pointer(error.instance_path().as_str());
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => places.extend(unexpected.iter().map(|key| Refused::Stranger(at.key(key)))),
        Kind::AnyOf { context } => match context.iter().find(|branch| branch.iter().all(|error| is_inside(error, &at))) {
            // The alternative that was meant: what is wrong with it is not the value as a whole.
            Some(branch) => branch.iter().for_each(|error| gather(error, places)),
            None => places.push(Refused::Value(at)),
        },
        _ => places.push(Refused::Value(at)),
    }
}

/// Whether an error leaves the value at `at` in its place.
fn is_inside(error: &ValidationError<'_>, at: &At) -> bool {
    matches!(error.kind(), Kind::AdditionalProperties { .. }) || At::pointer(error.instance_path().as_str()) != *at
}

/// A problem tied to the text it is about, whatever becomes of the tree.
pub(super) fn pinned(problem: &Problem, source: &super::Source) -> Problem {
    Problem { span: Some(Box::new(source.span_of(problem))), ..problem.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::{Report, Snapshot, load_standing};

    /// What is left of a file: the places of the routes' calls and the number of problems.
    fn left(text: &str) -> (Vec<String>, usize) {
        let loaded = load_standing(&Snapshot { text: text.to_owned(), ..Snapshot::default() });
        let routes = loaded.mirror.map(|file| file.routes).unwrap_or_default();
        let place = |index| loaded.source.line_column(&super::At::root().key("routes").index(index));
        let routes = routes.iter().enumerate().map(|(index, route)| format!("{:?} {}", place(index), route.route)).collect();
        (routes, loaded.problems.len())
    }

    #[test]
    fn what_is_not_broken_stands_with_its_place() {
        let text = "\
limits: {uri: lots}
routes:
  - {route: GET /a, timeout: 5}
  - call: GET shop:/b
  - {route: GET /c, shape: [{nulls: dorp}, {case: camel}], oops: 1}
  - [not, a, route]
  - {route: GET /d, call: '${NONE}'}
";
        let places = ["(3, 5) GET /a", "(5, 5) GET /c", "(7, 5) GET /d"].map(ToOwned::to_owned).to_vec();
        assert_eq!(left(text), (places, 7));
    }

    #[test]
    fn nothing_stands_of_a_file_that_is_no_mapping_or_no_yaml() {
        for text in ["", "[1, 2]", "routes: [", "5", "a: b: c"] {
            assert_eq!(left(text), (Vec::new(), 1), "{text}");
        }
    }

    #[test]
    fn a_problem_keeps_its_place_when_what_is_around_it_goes() {
        let text = "routes:\n  - {call: x}\n  - {route: GET /a, tiemout: 1s}\n  - 5\n";
        let loaded = load_standing(&Snapshot { root: "r".to_owned(), text: text.to_owned(), ..Snapshot::default() });
        let report = Report::new(&loaded.source, &loaded.problems).to_string();
        let places: Vec<&str> =
            report.lines().filter(|line| line.starts_with("r:")).map(|line| &line[..line.len().min(6)]).collect();
        assert_eq!(places, ["r:2:5:", "r:3:21", "r:4:5:", "r: 3 p"], "{report}");
    }
}
