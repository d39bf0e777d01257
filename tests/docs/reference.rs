//! The tables of keys against the JSON Schema, and the schema in the repository against the one that the program prints.

use std::collections::{BTreeMap, BTreeSet};

use forecourt::spec;
use serde_json::Value;

use crate::backend::Files;
use crate::markdown::{Table, codes, tables};
use crate::read;

/// The keys of every mapping of the grammar, by the mapping's title without backquotes.
fn grammar() -> BTreeMap<String, BTreeSet<String>> {
    let schema = spec::schema();
    let parts = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    parts
        .filter_map(|part| {
            let keys = part.get("properties")?.as_object()?.keys().cloned().collect();
            let title = part.get("title").and_then(Value::as_str).unwrap_or_else(|| panic!("a mapping without a title: {part}"));
            Some((title.replace('`', ""), keys))
        })
        .collect()
}

/// The titles that a table of keys is for: `key of a route`, `keys of a rule and of a JSON Schema`.
fn titles(table: &Table) -> Vec<String> {
    let first = &table.header[0];
    let of = first.strip_prefix("key of ").or_else(|| first.strip_prefix("keys of "));
    of.map(|titles| titles.split(" and of ").map(ToOwned::to_owned).collect()).unwrap_or_default()
}

#[test]
fn every_key_of_the_grammar_stands_in_a_table_and_no_other() {
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in tables(&read("docs/routes.md")) {
        for title in titles(&table) {
            let keys: Vec<String> = table.rows.iter().flat_map(|row| codes(&row[0])).collect();
            let set: BTreeSet<String> = keys.iter().cloned().collect();
            assert_eq!(set.len(), keys.len(), "line {}: a key stands twice", table.line);
            assert!(documented.insert(title.clone(), set).is_none(), "line {}: {title} has two tables", table.line);
        }
    }
    let grammar = grammar();
    for (title, keys) in &grammar {
        assert_eq!(documented.get(title), Some(keys), "{title}");
    }
    let strangers: Vec<&String> = documented.keys().filter(|title| !grammar.contains_key(*title)).collect();
    assert!(strangers.is_empty(), "no mapping of the grammar is called {strangers:?}");
}

#[test]
fn every_word_that_a_key_takes_is_named() {
    let schema = spec::schema();
    let page = read("docs/routes.md");
    let named: BTreeSet<String> = page.lines().filter(|line| !line.starts_with("```")).flat_map(codes).collect();
    let mut missing = BTreeSet::new();
    for (name, part) in schema["$defs"].as_object().unwrap() {
        // The words of JSON Schema itself are not ours to explain.
        if name == "JsonSchema" {
            continue;
        }
        let forms = part.get("oneOf").and_then(Value::as_array).into_iter().flatten().chain([part]);
        for form in forms {
            let words = form.get("enum").and_then(Value::as_array).into_iter().flatten().chain(form.get("const"));
            missing.extend(words.filter_map(Value::as_str).filter(|word| !named.contains(*word)).map(ToOwned::to_owned));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_defaults_of_limits_and_cluster_are_those_of_the_code() {
    let page = read("docs/routes.md");
    let of = |title: &str| {
        let table = tables(&page).into_iter().find(|table| titles(table) == [title]).unwrap();
        let given = |row: &Vec<String>| Some(format!("{}: {}", codes(&row[0])[0], codes(&row[2]).first()?));
        table.rows.iter().filter_map(given).collect::<Vec<String>>().join(", ")
    };
    let written = format!("limits: {{{}}}\ncluster: {{{}, restart: {{{}}}}}\n", of("limits"), of("cluster"), of("restart"));
    let rest = "upstreams: {shop: {url: 'demo:'}}\nroutes: [{route: GET /}]\n";
    let plan = |text: String| Files::default().compile(&text).unwrap_or_else(|report| panic!("{report}"));
    let (as_written, as_is) = (plan(format!("{written}{rest}")), plan(rest.to_owned()));
    assert_eq!(as_written.limits(), as_is.limits(), "{written}");
    assert_eq!(as_written.cluster(), as_is.cluster(), "{written}");
}

#[test]
fn the_schema_in_the_repository_is_the_one_that_the_program_prints() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_forecourt")).arg("schema").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed == read("schemas/routes.schema.json"), "write it anew: forecourt schema > schemas/routes.schema.json");
    let first = read("routes.yaml").lines().next().map(ToOwned::to_owned);
    assert_eq!(first.as_deref(), Some("# yaml-language-server: $schema=./schemas/routes.schema.json"));
}

#[test]
fn the_sample_keeps_the_schema_and_uses_every_step() {
    let text = read("routes.yaml");
    let snapshot = spec::Snapshot { text: text.clone(), ..spec::Snapshot::default() };
    assert!(spec::load(&snapshot).is_ok());
    let schema = spec::schema();
    let mut used = BTreeSet::new();
    for line in text.lines() {
        let step = line.trim_start().strip_prefix("- ").and_then(|rest| rest.split_once(':'));
        used.extend(step.map(|(name, _)| name.to_owned()));
        let also = line.trim_start().split_once(':').filter(|(name, _)| *name == "when");
        used.extend(also.map(|(name, _)| name.to_owned()));
    }
    let steps = schema["$defs"]["StepSpec"]["properties"].as_object().unwrap();
    let unused: Vec<&String> = steps.keys().filter(|step| !used.contains(*step)).collect();
    assert!(unused.is_empty(), "the sample never uses {unused:?}");
}

#[test]
fn the_architecture_has_a_place_for_every_module() {
    let page = read("docs/ARCHITECTURE.md");
    let floors = page.split("```").find(|block| block.contains("main > cli")).unwrap();
    for line in read("src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let module = line.trim_end_matches(';');
        assert!(floors.split_whitespace().any(|word| word == module), "{module}");
    }
}
