//! Broken configurations: what `forecourt check` says of each, word for word, and what it exits with.
//!
//! A case is a folder below `tests/config` with a `routes.yaml`, whatever belongs to it, and `expected.txt`: what the shipped program
//! prints when it is run there, and its exit code. A file `env` sets variables, a line each. After a message was changed on purpose:
//!
//! ```text
//! UPDATE_SNAPSHOTS=1 cargo test --test config
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own tree has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of all cases, sorted.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    cases
}

/// What the shipped program prints in a folder, and its exit code.
fn run(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forecourt"));
    command.args(arguments).current_dir(folder).env_clear();
    for line in fs::read_to_string(folder.join("env")).unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').unwrap();
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).unwrap(), output.status.code().unwrap())
}

fn updates() -> bool {
    std::env::var_os("UPDATE_SNAPSHOTS").is_some()
}

/// Compares with a snapshot, or writes it.
fn matches_snapshot(path: &Path, seen: &str) -> Result<(), String> {
    if updates() {
        fs::write(path, seen).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == seen {
        return Ok(());
    }
    Err(format!("{}\n--- expected ---\n{expected}--- seen ---\n{seen}", path.display()))
}

#[test]
fn every_broken_configuration_is_told_word_for_word() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
    let mut failed = Vec::new();
    for case in &cases {
        let (printed, code) = run(case, &["check"]);
        let snapshot = matches_snapshot(&case.join("expected.txt"), &format!("{printed}exit code {code}\n"));
        failed.extend(snapshot.err());
        if !matches!(code, 66 | 78) {
            failed.push(format!("{}: exit code {code}", case.display()));
        }
    }
    assert!(failed.is_empty(), "{} of {} cases differ:\n\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn every_report_counts_its_problems_and_points_at_text_that_is_there() {
    if updates() {
        return;
    }
    for case in cases() {
        let report = fs::read_to_string(case.join("expected.txt")).unwrap();
        let name = case.display();
        let heads = report.lines().filter(|line| is_head(line)).count();
        let counted: usize = report.lines().filter_map(count).sum();
        // What cannot be read at all is told in one line.
        let is_one_line = report.lines().count() == 2;
        assert!(is_one_line || (heads > 0 && counted == heads), "{name}: {counted} counted, {heads} told\n{report}");
        // A caret stands under text, never under nothing.
        let lines: Vec<&str> = report.lines().collect();
        for (excerpt, carets) in lines.iter().zip(lines.iter().skip(1)).filter(|(_, carets)| is_carets(carets)) {
            let at = carets.chars().position(|c| c == '^').unwrap();
            assert!(at <= excerpt.chars().count(), "{name}: the caret is beside the text\n{report}");
        }
    }
}

/// `file:line:column: message`
fn is_head(line: &str) -> bool {
    let mut parts = line.splitn(4, ':');
    let (file, line, column) = (parts.next(), parts.next(), parts.next());
    let number = |text: Option<&str>| text.is_some_and(|text| text.parse::<usize>().is_ok());
    file.is_some_and(|file| !file.contains(' ')) && number(line) && number(column)
}

/// `file: 3 problems`
fn count(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once(": ")?;
    let (count, word) = rest.split_once(' ')?;
    if matches!(word, "problem" | "problems") { count.parse().ok() } else { None }
}

fn is_carets(line: &str) -> bool {
    line.split_once('|').is_some_and(|(gutter, marks)| gutter.trim().is_empty() && marks.trim().starts_with('^'))
}

#[test]
fn the_shipped_routes_are_listed_one_a_line_for_a_pipe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (printed, code) = run(root, &["routes"]);
    assert_eq!(code, 0, "{printed}");
    matches_snapshot(&root.join("tests/config/routes.txt"), &printed).unwrap();
}

#[test]
fn the_shipped_configuration_is_fine() {
    let (printed, code) = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["check"]);
    assert!(code == 0 && printed.starts_with("routes.yaml: ok, "), "{printed}");
}

#[test]
fn a_file_elsewhere_is_named_so_that_it_is_found_from_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (printed, code) = run(root, &["check", "-c", "tests/config/many_five_in_four_files/routes.yaml"]);
    assert_eq!(code, 78);
    for line in printed.lines().filter(|line| is_head(line)) {
        let file = line.split(':').next().unwrap();
        assert!(root.join(file).is_file(), "{file}\n{printed}");
    }
}

#[test]
fn a_file_that_cannot_be_read_hides_no_problem_of_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("templates/parts")).unwrap();
    fs::create_dir_all(root.join("presets/envelopes")).unwrap();
    let routes = "upstreams: {shop: {url: 'http://127.0.0.1:9100', envelope: own}}\nroutes:\n  - {route: GET /a, call: 'GET shp:/a', page: a.html}\n  \
        - {route: GET /b, call: 'POST shop:/b', input: {body: {$ref: order.json}}, page: loop.html}\n";
    fs::write(root.join("routes.yaml"), routes).unwrap();
    fs::write(root.join("templates/a.html"), "{% include \"loop.html\" %}{{ a | uper }}").unwrap();
    // A link to itself is there, and nobody can read it; whoever runs the tests may be allowed to read everything else.
    for link in ["templates/loop.html", "order.json", "presets/envelopes/own.yaml"] {
        let own = Path::new(link).file_name().unwrap();
        std::os::unix::fs::symlink(own, root.join(link)).unwrap();
    }
    let (printed, code) = run(root, &["check"]);
    let heads: Vec<&str> = printed.lines().filter(|line| is_head(line)).map(|line| line.split(" (os").next().unwrap()).collect();
    let why = "it cannot be read: Too many levels of symbolic links";
    let expected = [
        "routes.yaml:3:32: there is no upstream `shp`".to_owned(),
        format!("order.json:1:1: {why}"),
        format!("presets/envelopes/own.yaml:1:1: {why}"),
        "templates/a.html:1:33: unknown filter `uper`: did you mean `upper`?".to_owned(),
        format!("templates/loop.html:1:1: {why}"),
    ];
    assert_eq!((heads, code), (expected.iter().map(String::as_str).collect(), 78), "{printed}");
}

#[test]
fn every_command_that_needs_a_configuration_refuses_a_broken_one_alike() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/call_upstream_unknown");
    let told = run(&case, &["check"]);
    for arguments in [&["routes"][..], &["serve", "--listen", "127.0.0.1:0"], &["health"]] {
        assert_eq!(run(&case, arguments), told, "{arguments:?}");
    }
}
