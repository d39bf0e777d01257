//! Text to a checked mirror: read, fill, validate, type. Every problem of one file at once.

use std::collections::BTreeMap;

use jsonschema::{PatternOptions, Validator};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::explain::Explainer;
use super::lines::Lines;
use super::scalar::Odd;
use super::standing::{pinned, standing};
use super::tree::Content;
use super::{At, FileSpec, Problem, Problems, Snapshot, Source, environment, schema, syntax, yaml};
use crate::json::{self, Duplicates, Limits};

/// Reads routes.yaml from a snapshot: what was typed, and where, in the whole grammar.
///
/// # Errors
/// Everything that is wrong with the file's syntax, holes, keys and types; the problems render with [`super::Report`].
pub fn load(snapshot: &Snapshot) -> Result<(FileSpec, Source), (Source, Problems)> {
    read(&snapshot.root, &snapshot.text, Some(&snapshot.env)).sound()
}

/// A file that was read, and as much of it as stands.
#[derive(Debug)]
pub struct Loaded<T> {
    /// What was typed, without what was reported; `None` when that leaves nothing.
    pub mirror: Option<T>,
    /// Where everything that stands is; [`Source::in_doubt`] tells of what does not.
    pub source: Source,
    /// Everything that is wrong with the file so far. They have their places whatever was taken out.
    pub problems: Problems,
}

impl<T> Loaded<T> {
    fn sound(self) -> Result<(T, Source), (Source, Problems)> {
        match self.mirror {
            Some(mirror) if self.problems.is_empty() => Ok((mirror, self.source)),
            _ => Err((self.source, self.problems)),
        }
    }
}

/// Reads routes.yaml as far as it stands: what is broken is left out, so that the rest can be looked at in the same run.
pub fn load_standing(snapshot: &Snapshot) -> Loaded<FileSpec> {
    read(&snapshot.root, &snapshot.text, Some(&snapshot.env))
}

/// Reads a preset: a file of its own with one mapping of the mirror. Its text has no environment holes.
///
/// # Errors
/// As [`load`].
pub fn load_preset<T: DeserializeOwned + JsonSchema>(name: &str, text: &str) -> Result<(T, Source), (Source, Problems)> {
    read(name, text, None).sound()
}

/// Reads a document beside routes.yaml, such as a schema: JSON when its name ends so, else YAML. It has no environment holes.
///
/// # Errors
/// The text is neither, or a key stands twice.
pub fn load_document(name: &str, text: &str) -> Result<(Value, Source), (Source, Problems)> {
    let lines = Lines::of(text);
    let is_json = name.ends_with(".json");
    // JSON is not all YAML: where it may have a tab, YAML may not.
    let tabless = if is_json { text.replace('\t', " ") } else { text.to_owned() };
    let (tree, mut problems) = yaml::read(&tabless, &lines);
    let json = if is_json {
        // The tree is only asked for places, and not for what is wrong.
        let limits = Limits { duplicates: Duplicates::Refuse, ..Limits::default() };
        problems = json::parse(text, &limits).err().iter().map(syntax::json_problem).collect();
        problems.extend(tree.unheld(&At::root()).filter(|_| problems.is_empty()).map(|(at, odd)| unheld(at, &odd)));
        serde_json::from_str(text).unwrap_or_else(|error| {
            if problems.is_empty() {
                problems.push(Problem::new(At::root(), error.to_string()));
            }
            Value::Null
        })
    } else {
        problems.extend(tree.unheld(&At::root()).map(|(at, odd)| unheld(at, &odd)));
        tree.to_json(&At::root(), &mut |at, odd| problems.push(Problem::new(at, odd.to_string()).hint(odd.hint())))
    };
    let source = Source::new(name.to_owned(), text.to_owned(), lines, tree);
    if problems.is_empty() { Ok((json, source)) } else { Err((source, problems)) }
}

impl Source {
    /// The first number within a place that a rule cannot hold, and would take for another one.
    pub fn lost_number(&self, at: &At) -> Option<Problem> {
        let found = self.find(at);
        found.tree.unheld(at).filter(|_| found.exact).map(|(at, odd)| unheld(at, &odd))
    }
}

/// A number that cannot be held.
fn unheld(at: At, odd: &Odd) -> Problem {
    let expected = match odd {
        Odd::Inexact { .. } => "a 64-bit integer, or a number of at most 15 digits",
        _ => "0, or a number between 1e-307 and 1e308",
    };
    Problem::new(at, odd.to_string()).expected(expected)
}

fn read<T: DeserializeOwned + JsonSchema>(file: &str, text: &str, variables: Option<&BTreeMap<String, String>>) -> Loaded<T> {
    // Only routes.yaml has variables.
    let smallest = match variables {
        Some(_) => "the smallest file has `upstreams` and `routes`",
        None => "write the keys of the preset, or remove the file",
    };
    let lines = Lines::of(text);
    let (mut tree, mut problems) = yaml::read(text, &lines);
    if let Some(variables) = variables {
        problems.extend(environment::fill(&mut tree, text, variables));
    }
    let json = tree.to_json(&At::root(), &mut |at, odd| {
        problems.push(Problem::new(at, odd.to_string()).hint(odd.hint()));
    });
    for problem in &problems {
        // An odd scalar stands in the JSON as null: what the schema says of that is not worth telling.
        tree.mark_broken(&problem.at);
    }
    let source = |tree| Source::new(file.to_owned(), text.to_owned(), lines.clone(), tree);
    let whole = source(tree);
    let schema = schema::of::<T>();
    let validator = match validator(&schema) {
        Ok(validator) => validator,
        Err(message) => {
            problems.push(Problem::new(At::root(), message));
            return Loaded { mirror: None, source: whole, problems };
        }
    };
    problems.extend(validate(&json, &whole, &schema, &validator, smallest));
    if problems.is_empty() {
        return match serde_json::from_value(json) {
            Ok(mirror) => Loaded { mirror: Some(mirror), source: whole, problems },
            // The schema is made from the mirror, so this says more about them than about the file; but it is never kept quiet.
            Err(error) => {
                problems.push(Problem::new(At::root(), error.to_string()));
                Loaded { mirror: None, source: whole, problems }
            }
        };
    }
    let problems: Problems = problems.iter().map(|problem| pinned(problem, &whole)).collect();
    let standing = if problems.is_full() { None } else { standing(whole.tree().clone(), &validator) };
    match standing {
        Some((mirror, tree)) => Loaded { mirror: Some(mirror), source: source(tree), problems },
        None => Loaded { mirror: None, source: whole, problems },
    }
}

/// Everything that a schema has against a document, and what the smallest one has, for an empty one.
fn validate(json: &Value, source: &Source, schema: &Value, validator: &Validator, smallest: &str) -> Problems {
    if source.tree().broken {
        return Problems::new();
    }
    if matches!(&source.tree().content, Content::Scalar(scalar) if scalar.plain && scalar.text.is_empty()) {
        return Problems::from_iter([Problem::new(At::root(), "the file is empty").hint(smallest)]);
    }
    let mut explainer = Explainer::new(schema, source);
    for error in validator.iter_errors(json) {
        explainer.explain(&error);
    }
    explainer.problems
}

fn validator(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::draft202012::options();
    options.with_pattern_options(PatternOptions::regex()).build(schema).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::Report;
    use super::*;

    fn document(name: &str, text: &str) -> Result<Value, String> {
        load_document(name, text).map(|(json, _)| json).map_err(|(source, problems)| Report::new(&source, &problems).to_string())
    }

    #[test]
    fn a_document_is_json_or_yaml_by_its_name() {
        let expected = serde_json::json!({"a": [1, 2.5], "b": "${X}"});
        assert_eq!(document("a.json", "{\n\t\"a\": [1, 2.5],\n\t\"b\": \"${X}\"\n}"), Ok(expected.clone()));
        assert_eq!(document("a.yaml", "a: [1, 2.5]\nb: ${X}\n"), Ok(expected));
    }

    #[test]
    fn a_broken_document_says_where() {
        let report = document("a.json", "{\n  \"é\": nul\n}").unwrap_err();
        assert!(report.starts_with("a.json:2:8: this is no JSON: expected"), "{report}");
        let report = document("a.json", "{\"a\": 1, \"a\": 2}").unwrap_err();
        assert!(report.contains("this is no JSON: the name `a` stands twice in an object\n"), "{report}");
        let report = document("a.yaml", "a: *b\nc: 007\n").unwrap_err();
        assert!(report.ends_with("a.yaml: 2 problems\n"), "{report}");
    }
}
