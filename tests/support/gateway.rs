//! The shipped binary, started on free ports with a configuration of the test's own, and stopped whatever happens.

#![expect(clippy::indexing_slicing, reason = "a JSON value that lacks a member gives null")]

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{Answer, Client, End};
use super::lines::Lines;
use super::process;

/// The program under test: the one that cargo has built, or the one that `FORECOURT_BIN` names.
pub fn program() -> PathBuf {
    std::env::var_os("FORECOURT_BIN").map_or_else(|| env!("CARGO_BIN_EXE_forecourt").into(), PathBuf::from)
}

/// What a gateway is started with.
pub struct Setup {
    folder: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    without_access_log: bool,
}

impl Setup {
    /// A folder with this `routes.yaml`. It listens on a free port of 127.0.0.1, whatever the file says.
    pub fn new(routes: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the configuration");
        let setup = Self {
            folder,
            arguments: vec!["--listen".into(), "127.0.0.1:0".into()],
            environment: Vec::new(),
            without_access_log: false,
        };
        setup.file("routes.yaml", routes)
    }

    /// The sample as it is in the repository, with its templates and schemas.
    pub fn sample() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut setup = Self::new(&fs::read_to_string(root.join("routes.yaml")).expect("the sample"));
        for folder in ["templates", "schemas"] {
            for entry in fs::read_dir(root.join(folder)).expect("a folder of the sample") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
                setup = setup.file(&format!("{folder}/{name}"), fs::read(&path).expect("a file of the sample"));
            }
        }
        setup
    }

    /// Adds a file beside routes.yaml: a schema, a template.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for a file");
        fs::write(path, content).expect("a file");
        self
    }

    /// Adds an argument to `forecourt serve`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Listens where the file says, not on a free port.
    #[must_use]
    pub fn listens_as_written(mut self) -> Self {
        self.arguments.drain(..2);
        self
    }

    #[must_use]
    pub fn workers(self, count: usize) -> Self {
        self.argument("--workers").argument(&count.to_string())
    }

    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Throws the access log away: a test of many minutes would keep all of it.
    #[must_use]
    pub fn without_access_log(mut self) -> Self {
        self.without_access_log = true;
        self
    }

    /// The folder with routes.yaml.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets every user of this machine read the configuration.
    pub fn open_to_all(&self) {
        fs::set_permissions(self.folder(), fs::Permissions::from_mode(0o755)).expect("our own folder");
    }

    /// The command, for tests that have plans of their own with it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(program());
        // A test that ends a gateway by force leaves nothing behind but its own folder.
        command.arg("serve").env("FORECOURT_CONTROL", self.folder.path().join("control.sock"));
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path()).env_remove("FORECOURT_CONFIG").env_remove("FORECOURT_LOG");
        // A group of its own, so that nothing of it can outlive the test.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    }

    /// Starts it, without waiting for anything.
    pub fn launch(self) -> Gateway {
        let command = self.command();
        self.spawn(command)
    }

    /// Starts it by another program, with a standard input of its own.
    pub fn launch_as(self, mut command: Command, input: Stdio) -> Gateway {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path()).env_remove("FORECOURT_CONFIG").env_remove("FORECOURT_LOG");
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        self.spawn(command)
    }

    fn spawn(self, mut command: Command) -> Gateway {
        if self.without_access_log {
            command.stdout(Stdio::null());
        }
        let mut child = command.spawn().expect("the program starts");
        let access = child.stdout.take().map(Lines::follow).unwrap_or_default();
        let log = Lines::follow(child.stderr.take().expect("standard error is a pipe"));
        Gateway { child, folder: self.folder, access, log, addresses: Vec::new(), status: None }
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// It does not get ready.
    pub fn start(self) -> Gateway {
        let mut gateway = self.launch();
        gateway.addresses = gateway.log.wait("the address", |lines| {
            let events = || lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let addresses: Vec<SocketAddr> = events().filter_map(|event| event["address"].as_str()?.parse().ok()).collect();
            // The first worker is started when everything is bound.
            events().any(|event| event["event"] == "fork").then_some(addresses)
        });
        assert!(!gateway.addresses.is_empty(), "no address in the log:\n{}", gateway.log.all().join("\n"));
        // A connection waits for the first worker that is ready: there is nothing to poll.
        let ready = gateway.get("/_forecourt/ready");
        assert_eq!((ready.status, ready.text().as_str()), (200, "ready\n"));
        gateway
    }
}

/// A running gateway. Dropping it kills every process of it.
pub struct Gateway {
    child: Child,
    folder: TempDir,
    addresses: Vec<SocketAddr>,
    status: Option<ExitStatus>,
    /// What it writes to standard output: a line of JSON for each request.
    pub access: Lines,
    /// What it writes to standard error: the log, as JSON, because it is a pipe.
    pub log: Lines,
}

impl Gateway {
    /// Starts one with this `routes.yaml`.
    pub fn start(routes: &str) -> Self {
        Setup::new(routes).start()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        *self.addresses.first().expect("it was started, not only launched")
    }

    /// All places where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where its routes.yaml is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process that was started.
    pub fn master(&self) -> u32 {
        self.child.id()
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    /// Sends bytes on a new connection and reads one answer.
    pub fn raw(&self, bytes: impl AsRef<[u8]>) -> Answer {
        self.connect().send(bytes).read()
    }

    /// `GET path`, on a connection of its own.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// One request on a connection of its own, which is closed in good order behind it unless the answer was cut.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !body.is_empty() {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        let mut client = self.connect();
        client.send(bytes);
        let answer = client.try_read(method).unwrap_or_else(|end| panic!("{method} {path}: no answer, {end:?}"));
        if !answer.cut {
            assert_eq!(client.end(), End::Closed, "{method} {path}");
        }
        answer
    }

    /// The line of the access log of one request.
    pub fn logged(&self, request_id: &str) -> Value {
        self.access.wait(&format!("the line of {request_id}"), |lines| {
            let parsed = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("the access log is JSON"));
            parsed.into_iter().find(|line| line["request_id"] == request_id)
        })
    }

    /// The events in the log whose `event` is this one.
    pub fn events(&self, name: &str) -> Vec<Value> {
        events(&self.log.all(), name)
    }

    /// Waits until so many workers are listening, and gives their processes.
    pub fn workers(&self, count: usize) -> Vec<u32> {
        self.log.wait(&format!("the readiness of {count} workers"), |lines| {
            let pid = |event: &Value| u32::try_from(event["pid"].as_u64()?).ok();
            let ended: Vec<u32> = events(lines, "exit").iter().filter_map(pid).collect();
            let mut pids: Vec<u32> = events(lines, "listening").iter().filter_map(pid).collect();
            pids.retain(|pid| !ended.contains(pid));
            (pids.len() >= count).then_some(pids)
        })
    }

    /// Sends a signal to the master.
    pub fn signal(&self, signal: Signal) {
        process::signal(self.master(), signal);
    }

    /// Waits for the end of the master.
    pub fn wait(&mut self) -> ExitStatus {
        if let Some(status) = self.status {
            return status;
        }
        process::wait_for_end(self.master());
        let status = self.child.wait().expect("a child can be waited for");
        self.status = Some(status);
        status
    }

    /// TERM, then the exit code.
    ///
    /// # Panics
    /// It ended by a signal.
    pub fn stop(&mut self) -> i32 {
        self.signal(Signal::TERM);
        let status = self.wait();
        status.code().unwrap_or_else(|| panic!("{status}:\n{}", self.log.all().join("\n")))
    }

    /// The living processes that belong to it.
    pub fn processes(&self) -> Vec<u32> {
        process::group(self.master())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            // The group has the number of the child, which is not given away before it has been waited for.
            let _gone = kill_process_group(group, Signal::KILL);
        }
        let _status = self.child.wait();
    }
}

fn events(lines: &[String], name: &str) -> Vec<Value> {
    let parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter(|event| event["event"] == name).collect()
}
