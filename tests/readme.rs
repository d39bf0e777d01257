//! README.md is true: its commands print what it says they print, its tables are those of the program.
//!
//! The sample is started as the README starts it, on a free port of 127.0.0.1. In commands `localhost:8080` becomes that port, and back in
//! what they print; `forecourt` is the program under test. Compared is everything but request ids, which are new each time, and blanks at
//! the ends of lines.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a page that cannot be read has failed")]

#[path = "support/markdown.rs"]
mod markdown;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use markdown::{Table, blocks, codes, tables};
use regex::Regex;
use support::gateway::{Gateway, Setup, program};
use support::lines::Lines;

/// A file of the repository.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The sample as it is in the repository.
fn sample() -> Setup {
    let mut setup = Setup::new(&read("routes.yaml"));
    for folder in ["templates", "schemas"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap());
            let text = read(&name);
            setup = setup.file(&name, text);
        }
    }
    setup
}

/// What a command prints, standard error included.
fn run(command: &str, gateway: &Gateway, tools: &Path) -> String {
    let here = format!("localhost:{}", gateway.address().port());
    let path = std::env::join_paths(
        std::iter::once(tools.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {}", command.replace("localhost:8080", &here))])
        .current_dir(gateway.folder())
        .env("PATH", path.unwrap())
        .env_remove("FORECOURT_CONFIG")
        .env_remove("http_proxy")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().replace(&here, "localhost:8080")
}

/// Text without what is new each time, and without blanks at the ends of its lines.
fn masked(text: &str) -> String {
    let id = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    id.replace_all(&lines.join("\n"), "REQUEST-ID").into_owned()
}

/// The commands of a console block with what each prints.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => found.push((command.to_owned(), String::new())),
            None => {
                let (_, output) = found.last_mut().expect("a console block begins with a command");
                output.push_str(line);
                output.push('\n');
            }
        }
    }
    found
}

#[test]
fn every_command_prints_what_the_readme_says() {
    let page = read("README.md");
    let gateway = sample().start();
    let tools = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(program(), tools.path().join("forecourt")).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for block in blocks(&page) {
        match (block.language.as_str(), block.words.first()) {
            ("yaml", Some(name)) => fs::write(gateway.folder().join(name), &block.text).unwrap(),
            ("console", _) => {
                for (command, expected) in commands(&block.text) {
                    count += 1;
                    let printed = run(&command, &gateway, tools.path());
                    if masked(&printed) != masked(&expected) {
                        wrong.push(format!("line {}: $ {command}\n{printed}", block.line));
                    }
                }
            }
            ("sh", _) => {}
            (language, word) => panic!("line {}: what is a block of `{language}` {word:?}?", block.line),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 10, "{count} commands");
}

#[test]
fn the_sample_says_the_same_in_front_of_a_backend_of_its_own() {
    let mut demo = Command::new(program())
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let log = Lines::follow(demo.stderr.take().unwrap());
    let address = log.wait("the address of the sample backend", |lines| {
        let events = lines.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        events.filter_map(|event| event["address"].as_str().map(ToOwned::to_owned)).next()
    });
    let inside = sample().start();
    let outside = sample().environment("SHOP_URL", &format!("http://{address}")).start();
    for path in ["/detail/1", "/items?category=Desk", "/detail/1/reviews", "/files/items/1.svg", "/notice", "/me"] {
        let (one, other) = (inside.get(path), outside.get(path));
        assert_eq!((one.status, masked(&one.text())), (other.status, masked(&other.text())), "{path}");
    }
    demo.kill().unwrap();
    demo.wait().unwrap();
}

#[test]
fn the_request_log_has_the_members_that_the_readme_lists() {
    let page = read("README.md");
    let listed = page.split("on standard output, with").nth(1).unwrap().split("Everything else").next().unwrap();
    let listed: BTreeSet<String> = codes(listed).into_iter().collect();
    let gateway = sample().start();
    let answer = gateway.get("/detail/1");
    let line = gateway.logged(answer.header("x-request-id").unwrap());
    let logged: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    assert_eq!(listed, logged);
}

/// The table of the README whose first column has this name.
fn table(name: &str) -> Table {
    tables(&read("README.md")).into_iter().find(|table| table.header[0] == name).unwrap()
}

#[test]
fn commands_exit_codes_and_variables_are_those_of_the_program() {
    let help = Command::new(program()).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let section = |name: &str| help.split(name).nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let first = |text: String| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(ToOwned::to_owned)).collect()
    };
    let mut known = first(section("Commands:\n"));
    known.retain(|name| !name.is_empty() && name != "help");
    let listed = table("command").rows.iter().flat_map(|row| codes(&row[0])).collect::<BTreeSet<String>>();
    let listed: BTreeSet<String> =
        listed.iter().filter_map(|command| command.strip_prefix("forecourt ")).map(ToOwned::to_owned).collect();
    assert_eq!(listed, known);
    let variables: BTreeSet<String> = table("environment").rows.iter().flat_map(|row| codes(&row[0])).collect();
    for variable in first(section("Environment:\n")) {
        assert!(variables.contains(&variable), "{variable}");
    }
    let asked = Regex::new(r"\$\{([A-Z_]+)").unwrap();
    for variable in asked.captures_iter(&read("routes.yaml")) {
        assert!(variables.contains(&variable[1]), "{}", &variable[1]);
    }
    let exits: BTreeSet<String> = table("exit code").rows.iter().map(|row| row[0].clone()).collect();
    let source = read("src/cli/exit.rs");
    let number = Regex::new(r"(?m)^    [A-Z]\w+ = (\d+),").unwrap();
    let coded: BTreeSet<String> =
        number.captures_iter(&source).map(|found| found[1].to_owned()).chain(["0".to_owned()]).collect();
    assert_eq!(exits, coded);
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let link = Regex::new(r"\]\(([^)#]+?)(#[^)]*)?\)").unwrap();
    for (folder, page) in [
        ("", "README.md"),
        ("docs/", "docs/routes.md"),
        ("docs/", "docs/operations.md"),
        ("docs/", "docs/ARCHITECTURE.md"),
        ("", "CHANGELOG.md"),
    ] {
        for found in link.captures_iter(&read(page)) {
            let target = &found[1];
            let there = target.starts_with("https://")
                || Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{folder}{target}")).exists();
            assert!(there, "{page}: {target}");
        }
    }
}
