//! The command line as a person or a script meets it: what it prints, where, and with which exit code. What it tells of a configuration is
//! in `cli/told.rs`.

#[path = "cli/odd.rs"]
mod odd;
#[path = "support/mod.rs"]
mod support;
#[path = "cli/told.rs"]
mod told;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;
use support::gateway::{Gateway, Setup, program};
use support::http::Client;
use support::lines::Lines;
use support::process;
use tempfile::TempDir;

const SHOP: &str = "\
upstreams:
  shop: {url: 'demo:', envelope: mall}
routes:
  - route: GET /detail/{id}
    call: GET shop:/api/items/{path.id}
    shape: [{nulls: drop}]
";

const BROKEN: &str = "upstreams:\n  shop: {url: 'demo:'}\nrouts: []\n";

fn folder(routes: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("routes.yaml"), routes).expect("a file");
    folder
}

/// Runs the program in a folder, with nothing of ours in its environment.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("FORECOURT_CONTROL", "off");
    command.env_remove("FORECOURT_CONFIG").env_remove("FORECOURT_LOG").output().expect("it runs")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// Runs the program in a folder with a text on its standard input.
fn fed(folder: &Path, arguments: &[&str], text: &str) -> Output {
    let file = folder.join("reply.json");
    fs::write(&file, text).expect("a file");
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(fs::File::open(file).expect("it is there"));
    command.env_remove("FORECOURT_CONFIG").env_remove("FORECOURT_LOG").output().expect("it runs")
}

#[test]
fn help_and_version_are_answers() {
    let empty = tempfile::tempdir().expect("a folder");
    for (arguments, wanted) in [
        (&["--version"][..], "forecourt 0."),
        (&["-V"], "forecourt 0."),
        (&["--help"], "Exit codes:"),
        (&["-h"], "Examples:"),
        (&["help"], "Usage: forecourt"),
        (&["serve", "--help"], "--listen <ADDRESS>"),
        (&["check", "--help"], "--config <FILE>"),
        (&["routes", "--help"], "--config <FILE>"),
        (&["demo", "--help"], "[default: 127.0.0.1:9100]"),
        (&["schema", "--help"], "JSON Schema"),
        (&["health", "--help"], "--url <URL>"),
        (&["start", "--help"], "--daemon"),
        (&["status", "--help"], "--json"),
        (&["reload", "--help"], "--no-wait"),
        (&["restart", "--help"], "--control <PATH>"),
        (&["scale", "--help"], "[GROUP] <WORKERS>"),
        (&["stop", "--help"], "--now"),
        (&["events", "--help"], "--follow"),
        (&["publish", "--help"], "<TOPIC> <VALUE>"),
        (&["purge", "--help"], "--all|--route <ROUTE>|--key <PATH>|--tag <TAG>"),
        (&["reopen", "--help"], "--control <PATH>"),
        (&["upgrade", "--help"], "--control <PATH>"),
    ] {
        let output = run_in(empty.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", err(&output));
        assert!(out(&output).contains(wanted), "{arguments:?}: {}", out(&output));
        assert_eq!(err(&output), "", "{arguments:?}");
    }
    let help = out(&run_in(empty.path(), &["--help"]));
    assert!(!help.contains("worker "), "workers are no business of a person's: {help}");
    for code in ["64 usage", "66 ", "69 ", "70 ", "71 ", "75 ", "77 ", "78 configuration"] {
        assert!(help.contains(code), "{code}: {help}");
    }
}

#[test]
fn wrong_arguments_are_exit_code_64_and_say_what_is_wrong() {
    let folder = folder(SHOP);
    for (arguments, wanted) in [
        (&["nonsense"][..], "nonsense"),
        (&["--nonsense"], "--nonsense"),
        (&["serve", "extra"], "extra"),
        (&["serve", "--listen", "nowhere"], "nowhere"),
        (&["serve", "--listen", "localhost"], "localhost"),
        (&["serve", "--workers", "0"], "0 is not in 1..=1024"),
        (&["serve", "--workers", "many"], "many"),
        (&["demo", "--listen", "9100"], "9100"),
        (&["health", "--url", "nonsense"], "http://127.0.0.1:8080/_forecourt/ready"),
        (&["worker"], "started by its master"),
        // Else the file before the command would be passed over in silence.
        (&["-c", "other.yaml", "check"], "check"),
        (&["--listen", "127.0.0.1:0", "routes"], "routes"),
    ] {
        let output = run_in(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}{}", out(&output), err(&output));
        assert!(err(&output).contains(wanted), "{arguments:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_missing_file_is_exit_code_66_and_says_how_to_name_one() {
    let empty = tempfile::tempdir().expect("a folder");
    for arguments in [&[][..], &["serve"], &["check"], &["routes"], &["health"], &["check", "-c", "routes.yaml"]] {
        let output = run_in(empty.path(), arguments);
        assert_eq!(output.status.code(), Some(66), "{arguments:?}");
        assert!(err(&output).contains("there is no file `routes.yaml`"), "{}", err(&output));
        assert!(err(&output).contains("--config"), "{}", err(&output));
    }
    let output = run_in(empty.path(), &["serve", "-c", "."]);
    assert_eq!(output.status.code(), Some(66));
    // one that would be waited for without end
    let output = run_in(empty.path(), &["check", "-c", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(66));
    assert!(err(&output).contains("/dev/zero"), "{}", err(&output));
}

#[test]
fn a_broken_file_is_exit_code_78_with_its_place_and_starts_nothing() {
    let folder = folder(BROKEN);
    for arguments in [&[][..], &["serve"], &["check"], &["routes"], &["health"]] {
        let output = run_in(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}");
        let said = err(&output);
        assert!(said.contains("routes.yaml:3:1:") && said.contains("did you mean `routes`"), "{said}");
        assert!(!said.contains("listening"), "{said}");
        assert_eq!(out(&output), "");
    }
}

#[test]
fn a_log_level_that_is_none_is_exit_code_78() {
    let folder = folder(SHOP);
    let mut command = Command::new(program());
    command.arg("serve").current_dir(folder.path()).env("FORECOURT_LOG", "x=y=z").env_remove("FORECOURT_CONFIG");
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(78));
    assert!(err(&output).contains("FORECOURT_LOG is `x=y=z`"), "{}", err(&output));
}

#[test]
fn the_configuration_is_named_by_argument_or_environment() {
    let (shop, broken) = (folder(SHOP), folder(BROKEN));
    let named = shop.path().join("routes.yaml").display().to_string();
    let output = run_in(broken.path(), &["check", "-c", &named]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), format!("{named}: ok, 1 route, 1 upstream\n")));
    let mut command = Command::new(program());
    let output = command.arg("check").current_dir(broken.path()).env("FORECOURT_CONFIG", &named).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn the_sample_backend_answers_alone_and_stops_when_told() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut command = Command::new(program());
        command.args(["demo", "--listen", "127.0.0.1:0"]).env_remove("FORECOURT_LOG").stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let log = Lines::follow(child.stderr.take().expect("a pipe"));
        let address: std::net::SocketAddr = log.wait("its address", |lines| {
            let event: serde_json::Value = serde_json::from_str(lines.first()?).ok()?;
            event.get("address")?.as_str()?.parse().ok()
        });
        let answer = Client::connect(address).send("GET /api/items/1 HTTP/1.1\r\nHost: a\r\n\r\n").read();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json().get("code"), Some(&200.into()), "an envelope");
        let taken = run_in(Path::new("/"), &["demo", "--listen", &address.to_string()]);
        assert_eq!(taken.status.code(), Some(69));
        assert!(err(&taken).contains("is taken"), "{}", err(&taken));
        process::signal(child.id(), signal);
        process::wait_for_end(child.id());
        assert_eq!(child.wait().expect("our child").code(), Some(0), "{signal:?}");
    }
}

#[test]
fn health_says_whether_a_gateway_is_ready() {
    let mut gateway = Gateway::start(SHOP);
    let url = format!("http://{}/_forecourt/ready", gateway.address());
    let ready = run_in(gateway.folder(), &["health", "--url", &url]);
    assert_eq!((ready.status.code(), out(&ready)), (Some(0), format!("{url}: ready\n")), "{}", err(&ready));
    // Something else that answers there, and nothing at all.
    let other = run_in(gateway.folder(), &["health", "--url", &url.replace("ready", "nothing")]);
    assert_eq!(other.status.code(), Some(69));
    assert!(err(&other).contains("answered 404"), "{}", err(&other));
    assert_eq!(gateway.stop(), 0);
    let gone = run_in(gateway.folder(), &["health", "--url", &url]);
    assert_eq!(gone.status.code(), Some(69));
    assert!(err(&gone).contains("no answer"), "{}", err(&gone));
}

#[test]
fn health_asks_where_the_configuration_listens() {
    let gateway = Gateway::start(SHOP);
    let port = gateway.address().port();
    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}")] {
        let folder = folder(&format!("listen: '{listen}'\n{SHOP}"));
        let ready = run_in(folder.path(), &["health"]);
        assert_eq!(ready.status.code(), Some(0), "{listen}: {}", err(&ready));
        assert!(out(&ready).starts_with(&format!("http://127.0.0.1:{port}/_forecourt/ready")), "{}", out(&ready));
    }
}

#[test]
fn the_first_lines_tell_where_to_ask() {
    let gateway = Setup::new(SHOP).workers(3).start();
    let said = gateway.events("setup");
    let first = said.iter().find(|event| event.get("address").is_some()).expect("the address");
    assert_eq!(first.get("message"), Some(&format!("listening on http://{}", gateway.address()).into()), "{first}");
    assert_eq!((first.get("workers"), first.get("routes")), (Some(&3.into()), Some(&1.into())), "{first}");
    assert_eq!(gateway.workers(3).len(), 3);
}
