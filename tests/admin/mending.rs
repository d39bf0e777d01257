//! What goes wrong around a running gateway, and how it is told or mended: upgrades that are refused, files that are gone.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use super::support::drill;
use super::support::gateway::{Gateway, program};
use super::support::lines::Lines;
use super::support::process;
use super::{Said, command_in, eventually, run_in, shop};

fn state(gateway: &Gateway) -> Option<String> {
    let said = run_in(gateway.folder(), &["status", "--json"]);
    let status: Value = serde_json::from_str(&said.out).ok()?;
    Some(status.get("state")?.as_str()?.to_owned())
}

/// Begins an upgrade whose new master never serves.
fn endless_upgrade(gateway: &Gateway) -> std::process::Child {
    drill::next(gateway.folder(), "start: hang");
    let mut command = command_in(gateway.folder(), &["upgrade"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    eventually("the upgrade", || (state(gateway)? == "upgrading").then_some(()));
    child
}

#[test]
fn a_change_of_size_waits_for_the_end_of_an_upgrade_and_a_stop_says_that_nobody_serves_on() {
    let mut gateway = drill::drilled(shop(), "").workers(1).start();
    let upgrade = endless_upgrade(&gateway);
    let said = run_in(gateway.folder(), &["scale", "2"]);
    assert_eq!((said.code, said.out.as_str()), (Some(75), ""), "{said:?}");
    assert!(said.err.contains("an upgrade is under way: scale again when it is over"), "{}", said.err);
    assert_eq!(gateway.stop(), 0);
    let output = upgrade.wait_with_output().expect("our child");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{err}");
    assert!(!err.contains("serves on"), "{err}");
    assert!(!gateway.log.all().iter().any(|line| line.contains("this master serves on")), "{:?}", gateway.log.all());
}

/// A gateway that was started under a name of its own, in its folder.
fn named() -> Gateway {
    let setup = shop();
    let name = setup.folder().join("gate");
    symlink(program(), &name).expect("our own folder");
    let mut command = Command::new(name);
    command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"]);
    command.env("FORECOURT_CONTROL", setup.folder().join("control.sock"));
    let gateway = setup.launch_as(command, Stdio::null());
    gateway.workers(1);
    gateway
}

#[test]
fn a_refused_upgrade_names_the_program_and_says_who_serves_on() {
    let gateway = named();
    let name = gateway.folder().join("gate");
    fs::remove_file(&name).expect("it is there");
    let refused = |program: &str| {
        let said = run_in(gateway.folder(), &["upgrade"]);
        assert_eq!((said.code, said.out.as_str()), (Some(69), ""), "{said:?}");
        assert!(said.err.contains(program), "{}", said.err);
        assert!(said.err.trim_end().ends_with("; this master serves on"), "{}", said.err);
        said.err
    };
    let said = refused(&format!("the new program {} could not be started: ", name.display()));
    assert!(said.contains("No such file"), "{said}");
    symlink("/bin/false", &name).expect("our own folder");
    refused(&format!("the new master of {} exited with code 1", name.display()));
}

#[test]
fn a_control_socket_whose_file_is_gone_is_made_again_by_a_hangup() {
    let mut gateway = shop().workers(1).start();
    let mut command = command_in(gateway.folder(), &["events", "--follow"]);
    let mut follower = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let followed = Lines::follow(follower.stdout.take().expect("a pipe"));
    followed.wait("the events", |lines| (!lines.is_empty()).then_some(()));
    fs::remove_file(gateway.folder().join("control.sock")).expect("the socket");
    assert_eq!(run_in(gateway.folder(), &["status"]).code, Some(69));
    gateway.signal(Signal::HUP);
    // Who followed before hears of it.
    followed.wait("the reload", |lines| lines.iter().any(|line| line.contains("\"message\":\"done\"")).then_some(()));
    let said = run_in(gateway.folder(), &["status"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(run_in(gateway.folder(), &["reload"]).code, Some(0), "nothing to mend");
    assert_eq!(gateway.stop(), 0);
    assert_eq!(follower.wait().expect("our child").code(), Some(0));
    assert!(!gateway.folder().join("control.sock").exists());
}

#[test]
fn a_pid_file_that_the_new_master_cannot_write_stays_and_a_reload_writes_it() {
    let setup = shop().workers(1).argument("--pid-file").argument("run/m.pid").file("run/.keep", "");
    let (run, aside) = (setup.folder().join("run"), setup.folder().join("aside"));
    let pid = || fs::read_to_string(run.join("m.pid")).ok()?.trim().parse::<u32>().ok();
    let gateway = setup.start();
    let old = gateway.master();
    assert_eq!(pid(), Some(old));
    fs::rename(&run, &aside).expect("our own folder");
    fs::write(&run, "in the way").expect("a file");
    // A head that has begun keeps the old master for a while.
    let mut client = gateway.connect();
    client.send("GET /detail/1 HTTP/1.1\r\nHost: a\r\n");
    let Said { code, out, err } = run_in(gateway.folder(), &["upgrade"]);
    assert_eq!(code, Some(0), "{err}");
    let new: u32 =
        out.trim().trim_start_matches("upgraded: process ").trim_end_matches(" is the master now").parse().expect("a number");
    let told = gateway.log.wait("a word of the pid file", |lines| {
        lines.iter().find(|line| line.contains("the pid file names the old master still: a reload writes it again")).cloned()
    });
    assert_eq!(told.matches("cannot be written").count(), 1, "the reason is told once: {told}");
    fs::remove_file(&run).expect("our own file");
    fs::rename(&aside, &run).expect("our own folder");
    process::wait_for_end(old);
    assert_eq!(pid(), Some(old), "the old master has left it");
    assert_eq!(run_in(gateway.folder(), &["reload"]).code, Some(0));
    eventually("the new pid", || (pid()? == new).then_some(()));
    assert_eq!(run_in(gateway.folder(), &["stop"]).code, Some(0));
    assert_eq!(pid(), None);
}

#[test]
fn what_would_forge_a_row_and_a_readiness_that_is_none_are_not_published() {
    let gateway = shop().workers(1).start();
    for (topic, value, why) in [
        ("ready", "maybe", "`ready` is `yes` or `no`, and nothing else"),
        ("ready", "no\n", "`ready` is `yes` or `no`, and nothing else"),
        ("mode", "on\nWORKER PID", "a topic and a value have no control characters"),
        ("mo\u{1b}[2Jde", "on", "a topic and a value have no control characters"),
    ] {
        let said = run_in(gateway.folder(), &["publish", topic, value]);
        assert_eq!((said.code, said.out.as_str()), (Some(64), ""), "{said:?}");
        assert!(said.err.contains(why), "{}", said.err);
    }
    assert_eq!(gateway.get("/_forecourt/ready").status, 200);
    for (topic, value) in [("ready", "no"), ("ready", "yes"), ("mode", "caf\u{e9} au lait")] {
        assert_eq!(run_in(gateway.folder(), &["publish", topic, value]).code, Some(0), "{topic} {value}");
    }
}

#[test]
fn events_that_cannot_be_written_are_an_error_and_a_reader_that_goes_is_none() {
    let gateway = shop().workers(1).start();
    let mut command = command_in(gateway.folder(), &["events"]);
    let full = fs::File::options().write(true).open("/dev/full").expect("it is there");
    let output = command.stdout(full).output().expect("it runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{err}");
    assert!(err.contains("standard output cannot be written to: "), "{err}");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command_in(gateway.folder(), &["events"]).stdout(writer).output().expect("it runs");
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}

/// The program in a shell that has set limits before.
fn limited(limit: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")]).arg(program());
    command
}

#[test]
fn workers_for_whom_there_are_no_descriptors_are_told_in_plain_words() {
    let setup = shop();
    let mut command = limited("ulimit -n 64");
    command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"]);
    command.env("FORECOURT_CONTROL", setup.folder().join("control.sock"));
    let mut gateway = setup.launch_as(command, Stdio::null());
    gateway.workers(1);
    let said = run_in(gateway.folder(), &["scale", "40"]);
    assert_eq!((said.code, said.out.as_str()), (Some(69), ""), "{said:?}");
    let told = said.err.trim_end();
    assert!(told.starts_with("worker ") && told.contains(" could not be started: "), "{told}");
    assert!(!told.contains("it could not") && told.ends_with("; group web has 1 worker as before"), "{told}");
    assert_eq!(gateway.stop(), 0);
}

#[test]
fn too_few_descriptors_to_start_are_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("routes.yaml"), super::SHOP).expect("a file");
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["start", "--daemon"], &["status"]] {
        let mut command = limited("ulimit -n 6");
        command.args(arguments).current_dir(folder.path()).env("FORECOURT_CONTROL", folder.path().join("control.sock"));
        let output = command.stdin(Stdio::null()).output().expect("it runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(71), "{arguments:?}: {err}");
        assert!(err.contains("too few open files") && err.contains("ulimit -n") && !err.contains("panicked"), "{err}");
    }
}
