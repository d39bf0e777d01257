//! The data cases of `tests/cases`: every file is played through the product's own `plan::compile` and `Gateway::answer`.

#![expect(clippy::indexing_slicing, reason = "a test that reads past an end has failed")]

#[path = "support/answering.rs"]
mod answering;
#[path = "support/backend.rs"]
mod backend;
#[path = "support/case/mod.rs"]
mod case;
#[path = "support/tokens.rs"]
mod tokens;

use std::path::Path;

use case::file::{Case, read};
use case::play::{Played, play};

/// Every case, by the name of its file.
fn cases() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut found: Vec<(String, String)> = std::fs::read_dir(&folder)
        .expect("the folder of cases is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .map(|path| {
            assert!(path.extension().is_some_and(|end| end == "yaml"), "{} is no case", path.display());
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a case is text"))
        })
        .collect();
    found.sort();
    found
}

fn played(case: &Case) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(play(case))
}

/// Every case, read and played; `CASE=text` plays those alone whose file has it in its name.
fn all_played() -> Vec<(String, Case, Played)> {
    let only = std::env::var("CASE").ok();
    let wanted = |file: &str| only.as_ref().is_none_or(|only| file.contains(only));
    let cases = cases().into_iter().filter(|(file, _)| wanted(file));
    cases
        .map(|(file, text)| (read(&file, &text).unwrap_or_else(|report| panic!("{report}")), file))
        .map(|(case, file)| {
            let result = played(&case);
            (file, case, result)
        })
        .collect()
}

#[test]
fn every_case_holds() {
    let mut failures = Vec::new();
    for (file, case, played) in all_played() {
        failures.extend(played.failures.into_iter().map(|failure| format!("{file}: {}: {failure}", case.name)));
    }
    assert!(failures.is_empty(), "{} failures:\n\n{}\n", failures.len(), failures.join("\n\n"));
}

#[test]
fn there_are_cases_enough_and_each_says_what_it_shows() {
    let cases: Vec<Case> =
        cases().iter().map(|(file, text)| read(file, text).unwrap_or_else(|report| panic!("{report}"))).collect();
    assert!(cases.len() >= 60, "{} cases are too few", cases.len());
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two cases have one name");
    assert!(names.iter().all(|name| name.split(' ').count() > 2), "a case's name is a sentence");
}

/// The names of all presets of a kind, from the sources.
fn presets(kind: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan/presets").join(kind);
    let entries = std::fs::read_dir(folder).expect("the presets are there");
    let stem = |path: std::path::PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    entries.filter_map(|entry| stem(entry.expect("the folder can be read").path())).collect()
}

/// The steps of `shape`, as the schema of routes.yaml names them.
fn steps() -> Vec<String> {
    let schema = serde_json::to_value(schemars::schema_for!(forecourt::spec::StepSpec)).expect("a schema is JSON");
    let names = schema["properties"].as_object().expect("a step has members").keys();
    names.filter(|name| *name != "when").cloned().collect()
}

#[test]
fn every_step_and_every_preset_has_a_case() {
    let routes: Vec<String> =
        cases().iter().map(|(file, text)| read(file, text).unwrap_or_else(|report| panic!("{report}")).routes).collect();
    let used = |text: &str| routes.iter().any(|routes| routes.contains(text));
    let steps = steps();
    assert!(steps.len() >= 17, "{steps:?}");
    let missing: Vec<String> = steps
        .into_iter()
        .map(|step| [format!("{{{step}: "), format!("- {step}: ")])
        .chain(presets("envelopes").into_iter().map(|name| [format!("envelope: {name}}}"), format!("envelope: {name}\n")]))
        .chain(presets("pages").into_iter().map(|name| [format!("{{page: {name}}}"), format!("- page: {name}\n")]))
        .filter(|spellings| !spellings.iter().any(|text| used(text)))
        .map(|[text, _]| text)
        .collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}

/// Codes that no case can bring about, each with its reason.
const UNREACHED: [(&str, &str); 4] = [
    ("upstream_connect_timeout", "needs a port that does not answer a handshake; src/upstream/tests has one"),
    ("precondition_failed", "needs a folder of files; tests/site has one"),
    ("range_not_satisfiable", "needs a folder of files; tests/site has one"),
    ("overloaded", "needs requests at once, and a case asks one after the other; tests/upstream has some"),
];

/// The codes that a part of a source file gives.
fn codes(file: &str, from: &str, to: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the source is there");
    let part = text.split_once(from).unwrap_or_else(|| panic!("{file} has no `{from}`")).1;
    let part = part.split_once(to).map_or(part, |(part, _)| part);
    let literals = part.split('"').skip(1).step_by(2);
    literals.filter(|text| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).map(ToOwned::to_owned).collect()
}

#[test]
fn every_code_of_a_fault_has_a_case() {
    let mut known = codes("src/gateway/fault.rs", "pub fn code(", "/// What the public");
    known.extend(codes("src/gateway/fault.rs", "fn refusal_code(", "\n}\n"));
    known.extend(codes("src/gateway/fault.rs", "fn shape_code(", "\n}\n"));
    known.extend(codes("src/upstream/error.rs", "pub fn kind(", "/// Whether time"));
    known.extend(["upstream_not_json", "upstream_redirect", "upstream_value_unusable"].map(ToOwned::to_owned));
    known.sort();
    known.dedup();
    assert!(known.len() >= 35, "{known:?}");
    let met: Vec<String> = all_played().into_iter().flat_map(|(_, _, played)| played.codes).collect();
    let missing: Vec<&String> =
        known.iter().filter(|code| !met.contains(code) && UNREACHED.iter().all(|(name, _)| name != code)).collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
    let strange: Vec<&String> = met.iter().filter(|code| !known.contains(code)).collect();
    assert!(strange.is_empty(), "codes that no list has: {strange:?}");
    for (code, reason) in UNREACHED {
        assert!(!met.iter().any(|met| met == code), "a case has {code} after all: {reason}");
    }
}

/// A case that holds; each test below breaks it in one way.
const GOOD: &str = r#"
name: a case for the tests of the runner
routes: |
  upstreams: {shop: {url: "${UPSTREAM}"}}
  routes: [{route: "ANY /{doc}"}]
upstream:
  - when: {method: POST, path: "/a?x=1"}
    reply: {headers: {X-Own: [one, two], Content-Type: application/json}, body: '{"a":1.10}'}
  - when: {path: /b}
    reply: {status: 404, body: '{"message":"gone"}'}
steps:
  - request: {method: POST, path: "/a?x=1", headers: {x-mine: up}, body: sent}
    expect:
      status: 200
      headers: {x-own: [one, two], content-type: application/json, etag: {absent: true}, cache-control: {contains: store}}
      body: '{"a":1.10}'
      upstream_saw: {method: POST, path: "/a?x=1", headers: {x-mine: up, x-other: {absent: true}}, body: sent}
  - request: {path: /b}
    expect: {status: 404, problem: {code: upstream_refused, detail: gone}}
"#;

#[test]
fn a_case_that_holds_holds() {
    let case = read("good.yaml", GOOD).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(played(&case).failures, [""; 0]);
}

#[test]
fn every_wrong_expectation_is_a_failure() {
    for (good, bad, complaint) in [
        ("      status: 200", "      status: 201", "step 1: status 200 instead of 201"),
        ("x-own: [one, two]", "x-own: [one]", "header x-own is [\"one\", \"two\"] instead of [\"one\"]"),
        ("x-own: [one, two]", "x-own: one", "header x-own"),
        ("x-own: [one, two]", "x-own: {absent: true}", "instead of nothing"),
        ("{contains: store}", "{contains: cache}", "something with `cache`"),
        ("      body: '{\"a\":1.10}'", "      body: '{\"a\":1.1}'", "-   \"a\": 1.1\n+   \"a\": 1.10"),
        ("      body: '{\"a\":1.10}'", "      json: '{\"a\": 1.10, \"b\": 2}'", "-   \"b\": 2"),
        ("      body: '{\"a\":1.10}'", "      page: {contains: [b]}", "the page lacks `b`"),
        ("      body: '{\"a\":1.10}'", "      page: {contains: [a], lacks: ['1.1']}", "the page has `1.1`"),
        ("x-mine: up, x-other", "x-mine: down, x-other", "the backend saw: header x-mine"),
        ("body: sent}\n  -", "body: else}\n  -", "what the backend saw"),
        ("upstream_saw: {method: POST", "upstream_saw: {method: PUT", "the backend saw the method POST"),
        ("upstream_saw: {method: POST, path: \"/a?x=1\"", "upstream_saw: {path: /a", "the backend saw the path /a?x=1"),
        ("detail: gone", "detail: here", "-   \"detail\": \"here\""),
        ("problem: {code: upstream_refused, detail: gone}", "upstream_saw: nothing, body: x", "1 requests instead of 0"),
        ("problem: {code: upstream_refused, detail: gone}", "cut: true, body: x", "does not break off"),
        ("problem: {code: upstream_refused, detail: gone}", "warnings: 1, body: x", "0 warnings instead of 1"),
        ("  - when: {path: /b}", "  - when: {path: /c}", "no rule of the backend answers `GET /b`"),
        ("  - when: {path: /b}", "  - when: {path: /c}", "rule 2 of the backend was never asked for"),
        ("/{doc}\"}]", "/{doc}\", shap: []}]", "its configuration is refused:\nroutes.yaml:2:"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let case = read("bad.yaml", &GOOD.replace(good, bad)).unwrap_or_else(|report| panic!("{bad}: {report}"));
        let failures = played(&case).failures;
        assert!(failures.iter().any(|failure| failure.contains(complaint)), "{bad}: {failures:#?}");
    }
}

#[test]
fn a_case_that_says_something_unknown_or_nothing_is_refused() {
    for (good, bad, complaint) in [
        ("steps:", "stpes:", "bad.yaml:11:1: unknown key `stpes`"),
        ("expect: {status: 404,", "expect: {staus: 404,", "unknown key `staus`"),
        ("reply: {status: 404,", "reply: {stauts: 404,", "unknown key `stauts`"),
        ("{contains: store}", "{contain: store}", "bad.yaml:15:"),
        ("upstream_saw: {method: POST", "upstream_saw: {metod: POST", "bad.yaml:17:"),
        (", problem: {code: upstream_refused, detail: gone}", "", "step 2 has not one of body, body_hex, json, page and problem"),
        (", problem: {", ", body: x, problem: {", "step 2 has not one of"),
        ("problem: {code: upstream_refused, detail: gone}", "page: {contains: []}", "need not contain anything"),
        ("{status: 404, body: ", "{status: 404, body_hex: \"\", body: ", "rule 2 has more than one body"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let report = read("bad.yaml", &GOOD.replace(good, bad)).expect_err(bad);
        assert!(report.contains(complaint), "{bad}: {report}");
    }
}
