//! Running it: the control socket and its commands, the daemon, log files, and the word to the service manager.

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod control;
mod daemon;
mod files;
mod manager;
mod mending;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::gateway::{Setup, program};
use support::lines::PATIENCE;

const SHOP: &str = "\
upstreams:
  shop: {url: 'demo:', envelope: mall}
routes:
  - route: GET /detail/{id}
    call: GET shop:/api/items/{path.id}
";

fn shop() -> Setup {
    Setup::new(SHOP)
}

/// A command in a folder, with its control socket there and nothing else of ours in its environment.
fn command_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for name in ["FORECOURT_CONFIG", "FORECOURT_LOG", "NOTIFY_SOCKET"] {
        command.env_remove(name);
    }
    command.env("FORECOURT_CONTROL", folder.join("control.sock"));
    command
}

/// What a command said, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(mut command: Command) -> Said {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

fn run_in(folder: &Path, arguments: &[&str]) -> Said {
    run(command_in(folder, arguments))
}

/// Waits for a state that nothing announces.
fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
