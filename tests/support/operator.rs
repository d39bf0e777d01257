//! Somebody who changes a running gateway, by signals and by commands, and waits for what comes of it.

#![expect(clippy::indexing_slicing, reason = "a JSON value that lacks a member gives null")]

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::gateway::{Gateway, Setup, program};
use super::process;

/// The name of the control socket, in the folder of the configuration.
const SOCKET: &str = "control.sock";

/// Lets a gateway that is about to be started be commanded.
#[must_use]
pub fn commanded(setup: Setup) -> Setup {
    let socket = socket(setup.folder());
    setup.environment("FORECOURT_CONTROL", &socket.to_string_lossy())
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

/// What a command came to.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    /// Everything that it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// The operator of one gateway.
pub struct Operator<'a> {
    gateway: &'a Gateway,
    master: Cell<u32>,
}

impl<'a> Operator<'a> {
    pub fn of(gateway: &'a Gateway) -> Self {
        Self { gateway, master: Cell::new(gateway.master()) }
    }

    /// The master that serves now: another one after an upgrade.
    pub fn master(&self) -> u32 {
        self.master.get()
    }

    /// Runs `forecourt` with these arguments against this gateway.
    pub fn command(&self, arguments: &[&str]) -> Done {
        let folder = self.gateway.folder();
        let mut command = Command::new(program());
        command.args(arguments).current_dir(folder).env("FORECOURT_CONTROL", socket(folder)).env_remove("FORECOURT_CONFIG");
        let output = command.output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("{arguments:?}: {}", output.status));
        Done { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs a command that has to succeed, and gives what it said.
    ///
    /// # Panics
    /// It does not.
    pub fn commands(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {done:?}");
        done.said()
    }

    /// Orders a reload by HUP and waits for its end: why it failed, if it did.
    pub fn reload_by_signal(&self) -> Result<(), String> {
        let end = self.next_event(Signal::HUP, "reload", &["done", "failed"]);
        if end["message"] == "done" { Ok(()) } else { Err(end["reason"].as_str().unwrap_or_default().to_owned()) }
    }

    /// Orders an upgrade by USR2 and waits until the new master serves.
    ///
    /// # Panics
    /// It failed.
    pub fn upgrade_by_signal(&self) {
        let end = self.next_event(Signal::USR2, "upgrade", &["the new master serves: this one leaves", "failed"]);
        self.succeeded(&end);
    }

    /// Orders an upgrade by command.
    pub fn upgrade_by_command(&self) {
        let before = self.events("upgrade", &["the new master serves: this one leaves"]).len();
        self.commands(&["upgrade"]);
        let serves = self.gateway.log.wait("the new master", |lines| {
            of(lines, "upgrade", &["the new master serves: this one leaves"]).into_iter().nth(before)
        });
        self.succeeded(&serves);
    }

    fn succeeded(&self, end: &Value) {
        let pid = end["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
        self.master.set(pid.unwrap_or_else(|| panic!("the upgrade failed: {end}")));
    }

    /// Orders one worker more, or one less, and waits until that is so.
    pub fn scale_by_signal(&self, more: bool) {
        let end = self.next_event(if more { Signal::TTIN } else { Signal::TTOU }, "scale", &["done"]);
        assert_eq!(end["message"], "done", "{end}");
    }

    /// Sends a signal, and gives the next event with one of these messages.
    fn next_event(&self, signal: Signal, event: &str, messages: &[&str]) -> Value {
        let before = self.events(event, messages).len();
        process::signal(self.master(), signal);
        self.gateway.log.wait(&format!("the end of a {event}"), |lines| of(lines, event, messages).into_iter().nth(before))
    }

    fn events(&self, event: &str, messages: &[&str]) -> Vec<Value> {
        of(&self.gateway.log.all(), event, messages)
    }
}

fn of(lines: &[String], event: &str, messages: &[&str]) -> Vec<Value> {
    let named = format!("\"event\":\"{event}\"");
    let found = lines.iter().filter(|line| line.contains(&named)).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    found.filter(|line| line["message"].as_str().is_some_and(|message| messages.contains(&message))).collect()
}
