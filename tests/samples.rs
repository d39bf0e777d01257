//! Every file of `tests/data/samples` through the gateway, sent as its manifest says, with the outcome that `samples.yaml` states.

#![expect(clippy::indexing_slicing, reason = "a test that reads past an end has failed")]

#[path = "support/answering.rs"]
mod answering;
#[path = "support/backend.rs"]
mod backend;
#[path = "support/case/mod.rs"]
mod case;
#[path = "support/tokens.rs"]
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use answering::{Answer, gateway, get};
use backend::{Backend, Framing, Rule, Then, reply};
use case::diff::diff;
use case::file::Problem;
use case::judge::document;
use forecourt::spec::{Report, load_preset};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use tokens::{spread, squeezed};

/// Longer than any sample takes: one that is not over by then hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A sample as a backend sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    file: String,
    status: u16,
    content_type: String,
    headers: IndexMap<String, serde_json::Value>,
    #[serde(rename = "shape")]
    _about: String,
}

/// The table of outcomes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    samples: Vec<Outcome>,
}

/// What becomes of one sample.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Outcome {
    file: String,
    upstream: Option<String>,
    shape: Option<String>,
    status: u16,
    /// All lines of a header.
    #[serde(default)]
    headers: IndexMap<String, Vec<String>>,
    /// The body, token for token.
    json: Option<String>,
    /// The body is the file, byte for byte.
    #[serde(default)]
    same: bool,
    #[serde(default)]
    empty: bool,
    problem: Option<Problem>,
}

fn data(file: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples");
    std::fs::read(folder.join(file)).expect("the sample is there")
}

fn samples() -> Vec<Sample> {
    serde_json::from_slice(&data("manifest.json")).expect("the manifest lists samples")
}

fn outcomes() -> Vec<Outcome> {
    let text = include_str!("samples.yaml");
    match load_preset::<Table>("samples.yaml", text) {
        Ok((table, _)) => table.samples,
        Err((source, problems)) => panic!("{}", Report::new(&source, &problems)),
    }
}

/// The reply that a manifest describes.
fn rule(sample: &Sample) -> Rule {
    let mut headers = vec![("Content-Type".to_owned(), sample.content_type.clone())];
    let mut framing = Framing::Length;
    for (name, value) in &sample.headers {
        match (name.as_str(), value) {
            ("Transfer-Encoding", serde_json::Value::String(coding)) if coding == "chunked" => framing = Framing::Chunked,
            (_, serde_json::Value::String(line)) => headers.push((name.clone(), line.clone())),
            (_, serde_json::Value::Array(lines)) => {
                headers.extend(lines.iter().map(|line| (name.clone(), line.as_str().expect("a header is text").to_owned())));
            }
            _ => panic!("{}: a header that cannot be sent: {name}", sample.file),
        }
    }
    let bytes = reply(sample.status, &headers, &data(&sample.file), framing);
    Rule { method: Some("GET".to_owned()), target: "/sample".to_owned(), bytes, then: Then::Next }
}

/// The answer to a sample; the backend was asked exactly once.
async fn answered(sample: &Sample, upstream: &str, shape: Option<&str>) -> Answer {
    let backend = Backend::start(vec![rule(sample)]).await;
    let mut routes = format!("upstreams: {{shop: {{url: \"{}\"{upstream}}}}}\nroutes:\n  - route: GET /sample\n", backend.url());
    if let Some(shape) = shape {
        let lines: Vec<String> = shape.lines().map(|line| format!("      {line}\n")).collect();
        routes.push_str(&format!("    shape:\n{}", lines.concat()));
    }
    let gateway = match gateway(&routes, BTreeMap::new(), BTreeMap::new()) {
        Ok(gateway) => gateway,
        Err(report) => panic!("{}: {report}", sample.file),
    };
    let answer = tokio::time::timeout(PATIENCE, get(&gateway, "/sample")).await;
    let answer = answer.unwrap_or_else(|_| panic!("{} hangs", sample.file));
    let seen = backend.take_seen();
    assert_eq!(seen.len(), 1, "{}: {seen:?}", sample.file);
    assert!(!answer.cut, "{}: half a body", sample.file);
    answer
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn failures(outcome: &Outcome, answer: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    if answer.status.as_u16() != outcome.status {
        wrong.push(format!("status {} instead of {}", answer.status.as_u16(), outcome.status));
    }
    for (name, lines) in &outcome.headers {
        let found: Vec<&[u8]> = answer.headers.get_all(name).iter().map(|value| value.as_bytes()).collect();
        if found != lines.iter().map(String::as_bytes).collect::<Vec<_>>() {
            wrong.push(format!("{name} has other lines than {lines:?}"));
        }
    }
    let (kind, expected) = match (outcome.json.as_deref(), &outcome.problem) {
        (Some(json), None) => ("application/json", squeezed(json.as_bytes()).expect("the table has JSON")),
        (None, Some(problem)) => {
            ("application/problem+json", squeezed(document(outcome.status, problem).as_bytes()).expect("a problem is JSON"))
        }
        (None, None) if outcome.same => ("application/json", data(&outcome.file)),
        (None, None) if outcome.empty => ("", Vec::new()),
        _ => panic!("{} has no one outcome", outcome.file),
    };
    if answer.header("content-type").unwrap_or_default() != kind {
        wrong.push(format!("content type {:?} instead of {kind}", answer.header("content-type")));
    }
    if answer.body != expected {
        wrong.push(format!("the body differs:\n{}", diff(&spread(&expected), &spread(&answer.body))));
    }
    wrong.into_iter().map(|failure| format!("{}: {failure}", outcome.file)).collect()
}

#[test]
fn every_sample_has_the_outcome_that_the_table_states() {
    let (samples, outcomes) = (samples(), outcomes());
    let mut wrong = Vec::new();
    runtime().block_on(async {
        for sample in &samples {
            let stated: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.file == sample.file).collect();
            let [outcome] = stated.as_slice() else {
                wrong.push(format!("{} has {} stated outcomes", sample.file, stated.len()));
                continue;
            };
            let upstream = outcome.upstream.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
            let answer = answered(sample, &upstream, outcome.shape.as_deref()).await;
            wrong.extend(failures(outcome, &answer));
        }
    });
    for outcome in &outcomes {
        if samples.iter().all(|sample| sample.file != outcome.file) {
            wrong.push(format!("{} is in the table and not in the manifest", outcome.file));
        }
    }
    assert!(wrong.is_empty(), "{} failures:\n\n{}\n", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn the_manifest_and_the_folder_name_the_same_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut there: Vec<String> =
        entries.map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned()).collect();
    there.retain(|name| name != "manifest.json");
    there.sort();
    let mut listed: Vec<String> = samples().into_iter().map(|sample| sample.file).collect();
    listed.sort();
    assert_eq!(there, listed);
}

#[test]
fn no_sample_breaks_the_smallest_file() {
    let samples = samples();
    runtime().block_on(async {
        for sample in &samples {
            let answer = answered(sample, "", None).await;
            let kind = answer.header("content-type").unwrap_or_default();
            let fine = match answer.status.as_u16() {
                200 => {
                    kind == "application/json"
                        && squeezed(&answer.body).as_deref() == Some(&answer.body[..])
                        && !answer.body.is_empty()
                }
                204 => answer.body.is_empty(),
                status => {
                    let named = format!("\"status\":{status},");
                    kind == "application/problem+json" && String::from_utf8_lossy(&answer.body).contains(&named)
                }
            };
            assert!(fine, "{}: {} {kind} {}", sample.file, answer.status, String::from_utf8_lossy(&answer.body));
        }
    });
}
