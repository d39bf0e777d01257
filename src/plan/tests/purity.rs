//! Compiling is pure: nothing but the snapshot goes in, and the same snapshot always gives the same.

use std::fs;
use std::path::Path;

use super::snapshot;

/// Ways out of a pure function.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "Instant::now",
    "SystemTime",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "tokio::",
];

#[test]
fn no_source_of_the_plan_reaches_outside() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        files += 1;
        let source = fs::read_to_string(&path).unwrap();
        for (number, line) in source.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let reach = IMPURE.iter().find(|word| code.contains(*word));
            assert!(reach.is_none(), "{}:{}: {line}", path.display(), number + 1);
        }
    }
    assert!(files > 10, "the sources were not found");
}

#[test]
fn a_snapshot_of_files_that_are_not_on_the_disk_compiles() {
    let text = "\
upstreams: {shop: {url: \"${SHOP_URL}\"}}
routes:
  - {route: POST /, input: {body: {$ref: schemas/a.json}}, call: \"POST shop:/\", page: a.html}
";
    let mut snapshot = snapshot(text, &[("schemas/a.json", "{\"type\": \"object\"}"), ("templates/a.html", "{{ title }}")]);
    snapshot.root = "/nowhere/at/all/routes.yaml".to_owned();
    snapshot.env.insert("SHOP_URL".to_owned(), "http://127.0.0.1:9100".to_owned());
    let plan = super::super::compile(&snapshot).unwrap();
    assert_eq!(plan.templates().names(), ["a.html"]);
    assert_eq!(plan.backends()[0].upstream().name(), "shop");
}

#[test]
fn the_same_snapshot_gives_the_same_report() {
    let text = "\
listen: here
upstreams: {a: {url: x}, b: {url: y, headers: {set: {te: a}}}}
routes:
  - {route: GET /, call: \"GET c:/{path.id}\", page: a.html, shape: [{page: nope}]}
  - {route: POST /, input: {body: {$ref: b.json}}, call: \"GET a:/\"}
";
    let files = [("templates/a.html", "{{ x | nope }}"), ("b.json", "{"), ("presets/pages/c.yaml", "d: e")];
    let report = || super::super::compile(&snapshot(text, &files)).unwrap_err();
    let first = report();
    assert_eq!(first.count(), 10, "{first}");
    for _ in 0..4 {
        assert_eq!(report().to_string(), first.to_string());
    }
}
