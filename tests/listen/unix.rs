//! Sockets in the file system.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{SHOP, ask, fails};
use crate::support::gateway::{Gateway, Setup, program};
use crate::support::lines::PATIENCE;
use crate::support::operator::Operator;
use crate::support::{drill, operator};

/// Nobody's user and group, as most systems have them.
const NOBODY: u32 = 65534;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn listening_on(listener: &str) -> Setup {
    Setup::new(&format!("listen: {listener}\n{SHOP}")).listens_as_written().workers(1)
}

/// A gateway that listens on a path, and a worker that is ready.
fn started(path: &Path) -> Gateway {
    let gateway = listening_on(&format!("unix:{}", path.display())).launch();
    gateway.workers(1);
    gateway
}

#[test]
fn a_socket_is_served_as_a_port_is_and_goes_at_the_end() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    let mut gateway = listening_on(&format!("{{unix: {}, mode: \"0640\"}}", path.display())).launch();
    gateway.workers(1);
    assert_eq!(fs::symlink_metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o640);
    for _ in 0..20 {
        assert!(ask(&path).starts_with("HTTP/1.1 200 "), "{}", ask(&path));
    }
    let line = gateway.access.wait("a line", |lines| lines.first().cloned());
    assert!(line.contains("\"peer\":\"127.0.0.1\""), "{line}");
    assert_eq!(gateway.stop(), 0);
    assert!(!path.exists());
}

#[test]
fn a_socket_and_a_port_are_served_side_by_side() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    let setup = Setup::new(SHOP).argument("--listen").argument(&format!("unix:{}", path.display()));
    let gateway = setup.start();
    assert_eq!(gateway.get("/detail/1").status, 200);
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_stale_socket_is_replaced() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    let gateway = started(&path);
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
    // A master that is killed leaves one, too.
    gateway.signal(Signal::KILL);
    drop(gateway);
    assert!(path.exists());
    let _next = started(&path);
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_live_socket_is_taken_and_lives_on() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    let _first = started(&path);
    let (code, said) = fails(listening_on(&format!("unix:{}", path.display())).launch());
    assert_eq!(code, Some(69));
    assert!(said.contains(&format!("unix:{} is taken: another program listens there", path.display())), "{said}");
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
}

#[test]
fn what_is_no_socket_stays_and_a_missing_folder_is_said_so() {
    let folder = folder();
    let file = folder.path().join("precious");
    fs::write(&file, "text").expect("a file");
    let (code, said) = fails(listening_on(&format!("unix:{}", file.display())).launch());
    assert_eq!(code, Some(69));
    assert!(said.contains("is there already and is no socket"), "{said}");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "text");
    let missing = folder.path().join("missing");
    let (code, said) = fails(listening_on(&format!("unix:{}/shop.sock", missing.display())).launch());
    assert_eq!(code, Some(69));
    assert!(said.contains(&format!("there is no folder {}", missing.display())), "{said}");
}

#[test]
fn an_owner_that_nobody_has_leaves_nothing_behind() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    let (code, said) = fails(listening_on(&format!("{{unix: {}, owner: no-such-user}}", path.display())).launch());
    assert_eq!(code, Some(69));
    assert!(said.contains("this machine has no such user"), "{said}");
    assert!(!path.exists());
}

/// Runs a start as nobody, which must fail: its exit code and what it says. `None` where that cannot be tried.
#[expect(clippy::print_stdout, reason = "a test that tries nothing says so")]
fn fails_as_nobody(setup: &Setup) -> Option<(Option<i32>, String)> {
    let mut command = setup.command();
    if rustix::process::geteuid().is_root() {
        let is_open = |path: &Path| path.metadata().is_ok_and(|found| found.permissions().mode() & 0o5 == 0o5);
        if !program().ancestors().all(is_open) {
            println!("skipped: only root can run the program here");
            return None;
        }
        setup.open_to_all();
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().expect("it runs");
    Some((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[test]
fn a_folder_without_permission_is_said_so_with_exit_code_77() {
    let folder = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).expect("our own folder");
    let setup = listening_on(&format!("unix:{}/shop.sock", folder.path().display()));
    let Some((code, said)) = fails_as_nobody(&setup) else { return };
    assert_eq!(code, Some(77), "{said}");
    assert!(said.contains("this user must be able to make and remove files in"), "{said}");
}

#[test]
fn only_root_gives_a_socket_away() {
    let folder = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("our own folder");
    let path = folder.path().join("shop.sock");
    let setup = |owner| listening_on(&format!("{{unix: {}, owner: '{owner}'}}", path.display()));
    if let Some((code, said)) = fails_as_nobody(&setup("0:0")) {
        assert_eq!(code, Some(77), "{said}");
        assert!(said.contains("no permission to give") && !path.exists(), "{said}");
    }
    if rustix::process::geteuid().is_root() {
        let gateway = setup("65534:65534").launch();
        gateway.workers(1);
        let found = fs::symlink_metadata(&path).expect("it is there");
        assert!(found.file_type().is_socket());
        assert_eq!((found.uid(), found.gid()), (NOBODY, NOBODY));
    }
}

#[test]
fn a_new_master_that_fails_leaves_the_socket_to_the_old_one() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    let restart = "cluster: {restart: {limit: 1, within: 60s, backoff: 10ms..20ms}}";
    let setup = Setup::new(&format!("listen: unix:{}\n{restart}\n{SHOP}", path.display())).listens_as_written().workers(1);
    let mut gateway = operator::commanded(drill::drilled(setup, "")).launch();
    gateway.workers(1);
    let operator = Operator::of(&gateway);
    drill::next(gateway.folder(), "start: exit 3");
    let done = operator.command(&["upgrade"]);
    assert_eq!(done.code, 69, "{done:?}");
    assert!(done.err.contains("this master serves on"), "{done:?}");
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
    drill::next(gateway.folder(), "");
    operator.commands(&["reload"]);
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.stop(), 0);
    assert!(!path.exists());
}

#[test]
fn a_socket_whose_file_is_gone_is_made_again_by_reload_restart_and_upgrade() {
    for policy in ["round_robin", "shared"] {
        let folder = folder();
        let path = folder.path().join("shop.sock");
        let listener = format!("listen: {{unix: {}, mode: \"0640\"}}", path.display());
        let setup = Setup::new(&format!("{listener}\ncluster: {{policy: {policy}, probation: 100ms}}\n{SHOP}"));
        let gateway = operator::commanded(setup.listens_as_written().workers(1)).launch();
        gateway.workers(1);
        let operator = Operator::of(&gateway);
        let mut before = UnixStream::connect(&path).expect("somebody listens");
        for command in ["reload", "restart", "upgrade"] {
            fs::remove_file(&path).expect("the socket");
            operator.commands(&[command]);
            assert!(ask(&path).starts_with("HTTP/1.1 200 "), "{policy}, {command}");
            assert_eq!(fs::symlink_metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o640, "{command}");
        }
        // Who had connected before has an answer, from whoever has the connection by now.
        before.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        before.write_all(b"GET /detail/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it is open");
        let mut answer = String::new();
        before.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{policy}: {answer:?}");
        operator.commands(&["stop"]);
        assert!(!path.exists());
    }
}

#[test]
fn what_lies_in_the_place_of_a_socket_is_said_and_stays() {
    let folder = folder();
    let path = folder.path().join("shop.sock");
    let setup = Setup::new(&format!("listen: unix:{}\n{SHOP}", path.display())).listens_as_written().workers(1);
    let mut gateway = operator::commanded(setup).launch();
    gateway.workers(1);
    let operator = Operator::of(&gateway);
    fs::remove_file(&path).expect("the socket");
    fs::write(&path, "precious").expect("a file");
    for (command, serves) in [("reload", "generation 1"), ("restart", "generation 1"), ("upgrade", "this master")] {
        let done = operator.command(&[command]);
        assert_eq!(done.code, 69, "{done:?}");
        assert!(done.err.contains("is there already and is no socket; remove it or choose another path"), "{done:?}");
        assert!(done.err.trim_end().ends_with(&format!("; {serves} serves on")), "{done:?}");
    }
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "precious");
    fs::remove_file(&path).expect("the file");
    // A command ends before its line is in the log, where the end of the next reload is looked for.
    gateway.log.wait("the lines of what failed", |lines| {
        let failed = |line: &&String| line.contains(r#""event":"reload""#) && line.contains(r#""message":"failed""#);
        (lines.iter().filter(failed).count() == 2).then_some(())
    });
    operator.reload_by_signal().expect("nothing is in the way");
    assert!(ask(&path).starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.stop(), 0);
    assert!(!path.exists());
}
