//! A process that serves, on a processor of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The roles in which this program serves itself.
pub(crate) const RELAY: &str = "relay";
pub(crate) const BARE: &str = "bare";

pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The process whose time is measured: of a gateway, its worker.
    serves: u32,
    child: Child,
    /// What it reads its configuration from.
    _folder: Option<TempDir>,
}

impl Peer {
    /// This program, in another role.
    pub(crate) fn own(role: &str, upstream: SocketAddr) -> Self {
        let mut command = pinned(std::env::current_exe().unwrap());
        command.args([role, &upstream.to_string()]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), serves: child.id(), child, _folder: None }
    }

    /// The program as it ships, with one worker; its access log is thrown away.
    pub(crate) fn forecourt(upstream: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let routes = format!(
            r#"
version: 1
upstreams: {{ origin: {{ url: "http://{upstream}" }} }}
cluster: {{ workers: 1 }}
routes:
  - {{ route: "GET /{{size}}", proxy: "origin:/{{path.size}}" }}
  - route: GET /clean/{{size}}
    call: GET origin:/{{path.size}}
    shape: [{{ unwrap: data }}, {{ nulls: drop }}, {{ flatten: {{ join: ".", arrays: each }} }}]
"#
        );
        std::fs::write(folder.path().join("routes.yaml"), routes).unwrap();
        let mut command = pinned(env!("CARGO_BIN_EXE_forecourt"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
        command.env("FORECOURT_CONTROL", folder.path().join("control.sock")).env_remove("FORECOURT_CONFIG");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let address = event(&mut lines, "setup")["address"].as_str().unwrap().parse().unwrap();
        let serves = event(&mut lines, "listening")["pid"].as_u64().unwrap() as u32;
        // Whoever writes must find somebody who reads.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { address, serves, child, _folder: Some(folder) }
    }

    /// The processor's time that it took so far, all threads together.
    pub(crate) fn cpu(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.serves)).unwrap();
        let spent = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap());
        spent.map(|line| Duration::from_nanos(line.split(' ').next().unwrap().parse().unwrap())).sum()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A gateway wants to be asked: killed, it would leave its worker to find out.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn pinned(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// The next line of the log with this event.
fn event(lines: &mut BufReader<impl Read>, name: &str) -> Value {
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        let said: Value = serde_json::from_str(&line).unwrap();
        if said["event"] == name {
            return said;
        }
        line.clear();
    }
    panic!("the gateway ended before `{name}`");
}
