//! The control socket of the shipped binary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::support::gateway::Gateway;
use super::support::lines::Lines;
use super::support::process;
use super::{Said, command_in, run, run_in, shop};

fn ask(gateway: &Gateway, arguments: &[&str]) -> Said {
    run_in(gateway.folder(), arguments)
}

fn status(gateway: &Gateway) -> Value {
    let said = ask(gateway, &["status", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

#[test]
fn status_is_a_table_of_every_worker() {
    let gateway = shop().workers(2).start();
    let pids = gateway.workers(2);
    let said = ask(&gateway, &["status"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let first = said.out.lines().next().unwrap_or_default();
    assert!(first.starts_with(&format!("master {}, generation 1, serving, up ", gateway.master())), "{first}");
    for wanted in ["WORKER", "PID", "GROUP", "GENERATION", "STATE", "CONNECTIONS", "REQUESTS", "RSS", "CPU", "RESTARTS", "UPTIME"]
    {
        assert!(said.out.contains(wanted), "{wanted}: {}", said.out);
    }
    for pid in pids {
        assert!(said.out.contains(&format!(" {pid} ")), "{pid}: {}", said.out);
    }
    assert!(said.out.contains(&gateway.address().to_string()), "{}", said.out);
}

#[test]
fn the_socket_is_for_its_owner_alone_and_goes_with_the_master() {
    let mut gateway = shop().start();
    let socket = gateway.folder().join("control.sock");
    assert_eq!(fs::symlink_metadata(&socket).expect("the socket").permissions().mode() & 0o777, 0o600);
    assert_eq!(gateway.stop(), 0);
    assert!(!socket.exists());
}

#[test]
fn curl_can_ask_too() {
    let gateway = shop().start();
    let socket = gateway.folder().join("control.sock");
    let curl = |arguments: &[&str]| {
        let mut command = Command::new("curl");
        command.args(["-s", "-S", "--max-time", "60", "-w", "%{http_code}", "--unix-socket"]).arg(&socket).args(arguments);
        run(command)
    };
    let told = curl(&["http://localhost/status"]);
    assert!(told.out.ends_with("200") && told.out.contains("\"generation\":1"), "{told:?}");
    let odd = curl(&["-X", "POST", "http://localhost/scale/nobody/2"]);
    assert!(odd.out.ends_with("404") && odd.out.contains("\"code\":\"unknown\""), "{odd:?}");
}

#[test]
fn stop_waits_for_the_end() {
    for arguments in [&["stop"][..], &["stop", "--now"]] {
        let mut gateway = shop().start();
        let said = ask(&gateway, arguments);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.starts_with(&format!("stopped: process {} has ended", gateway.master())), "{}", said.out);
        assert!(process::ends_within(gateway.master(), std::time::Duration::ZERO), "it had been waited for");
        assert_eq!(gateway.wait().code(), Some(0));
        assert_eq!(gateway.processes(), Vec::<u32>::new());
    }
}

#[test]
fn reload_serves_what_the_file_says_now_and_a_broken_file_changes_nothing() {
    let gateway = shop().workers(2).start();
    let file = gateway.folder().join("routes.yaml");
    let good = fs::read_to_string(&file).expect("the file");
    fs::write(&file, good.replace("/detail/{id}", "/item/{id}")).expect("a file");
    let said = ask(&gateway, &["reload"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("reload: generation 2 serves with 2 workers, after "), "{}", said.out);
    assert_eq!((gateway.get("/item/1").status, gateway.get("/detail/1").status), (200, 404));
    fs::write(&file, good.replace("routes:", "routs:")).expect("a file");
    let said = ask(&gateway, &["reload"]);
    assert_eq!((said.code, said.out.as_str()), (Some(78), ""));
    assert!(said.err.contains("routes.yaml:3:1:") && said.err.contains("did you mean `routes`"), "{}", said.err);
    let checked = run_in(gateway.folder(), &["check"]);
    let report = format!("{}generation 2 serves on\n", checked.err);
    assert_eq!((checked.code, said.err), (Some(78), report), "the report is the one of `forecourt check`, and who serves on");
    assert_eq!(gateway.get("/item/1").status, 200);
    assert_eq!(at(&status(&gateway), "/generation"), 2);
}

#[test]
fn restart_and_scale_change_the_workers_and_not_the_configuration() {
    let gateway = shop().workers(2).start();
    let before = gateway.workers(2);
    let said = ask(&gateway, &["restart"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let after = status(&gateway);
    let serving = |status: &Value| -> Vec<u64> {
        let workers = at(status, "/workers").as_array().cloned().unwrap_or_default();
        workers.iter().filter(|one| at(one, "/ready") == true).filter_map(|one| at(one, "/pid").as_u64()).collect()
    };
    assert!(serving(&after).iter().all(|pid| before.iter().all(|old| u64::from(*old) != *pid)), "{after}");
    let said = ask(&gateway, &["scale", "3"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "web: 3 workers, was 2\n"), "{}", said.err);
    assert_eq!(serving(&status(&gateway)).len(), 3);
    let said = ask(&gateway, &["scale", "web", "1"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "web: 1 worker, was 3\n"), "{}", said.err);
    let said = ask(&gateway, &["scale", "nobody", "1"]);
    assert_eq!(said.code, Some(64));
    assert!(said.err.contains("nobody"), "{}", said.err);
}

#[test]
fn what_is_published_reaches_every_worker() {
    let gateway = shop().workers(2).start();
    gateway.workers(2);
    let said = ask(&gateway, &["publish", "ready", "no"]);
    assert_eq!((said.code, said.out.starts_with("ready: 2 workers know it")), (Some(0), true), "{said:?}");
    for _ in 0..4 {
        assert_eq!(gateway.get("/_forecourt/ready").status, 503);
    }
    let said = ask(&gateway, &["publish", "", "no"]);
    assert_ne!(said.code, Some(0), "{said:?}");
}

#[test]
fn events_are_followed_to_the_end_of_the_master() {
    let mut gateway = shop().start();
    let mut command = command_in(gateway.folder(), &["events", "--follow"]);
    let mut follower = command.stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    let lines = Lines::follow(follower.stdout.take().expect("a pipe"));
    let event = |name: &str| {
        lines.wait(name, |lines| {
            lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(|line| at(line, "/event") == name)
        })
    };
    // What happened before, then what happens now.
    let fork = event("fork");
    assert!(at(&fork, "/pid").is_u64() && at(&fork, "/time").is_string(), "{fork}");
    let kept = ask(&gateway, &["events"]);
    assert!(kept.out.lines().any(|line| line.contains("\"event\":\"listening\"")), "{}", kept.out);
    gateway.signal(Signal::TERM);
    event("drain");
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(follower.wait().expect("our child").code(), Some(0));
}

#[test]
fn a_stale_socket_is_replaced_and_a_living_one_is_left_with_a_word() {
    let setup = shop();
    let socket = setup.folder().join("control.sock");
    drop(UnixListener::bind(&socket).expect("a socket"));
    let gateway = setup.start();
    assert_eq!(ask(&gateway, &["status"]).code, Some(0));
    // A second master with the same socket serves all the same.
    let second = shop().environment("FORECOURT_CONTROL", &socket.display().to_string()).start();
    let told = second.events("control");
    let reason = told.iter().find_map(|event| at(event, "/reason").as_str()).unwrap_or_default();
    assert!(reason.contains("another master is controlled by"), "{told:?}");
    drop(second);
    assert_eq!(at(&status(&gateway), "/pid"), gateway.master());
}

#[test]
fn a_socket_that_cannot_be_made_stops_nothing() {
    let gateway = shop().environment("FORECOURT_CONTROL", "/proc/no/such/control.sock").start();
    assert_eq!(gateway.get("/detail/1").status, 200);
    assert_eq!(gateway.events("control").len(), 1);
    let quiet = shop().environment("FORECOURT_CONTROL", "off").start();
    assert_eq!(quiet.events("control"), Vec::<Value>::new());
}

#[test]
fn a_user_finds_the_master_by_its_configuration() {
    let runtime = tempfile::tempdir().expect("a folder");
    let user = !rustix::process::geteuid().is_root();
    let setup = shop();
    let mut command = setup.command();
    command.env_remove("FORECOURT_CONTROL").env("XDG_RUNTIME_DIR", runtime.path());
    let mut child = command.spawn().expect("it starts");
    let log = Lines::follow(child.stderr.take().expect("a pipe"));
    let path = log.wait("the control socket", |lines| {
        let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events.filter(|event| at(event, "/event") == "control").find_map(|event| Some(at(&event, "/path").as_str()?.to_owned()))
    });
    assert_eq!(std::path::Path::new(&path).starts_with(runtime.path()), user, "{path}");
    let elsewhere = setup.folder().join("..").join(setup.folder().file_name().expect("a name")).join("routes.yaml");
    let mut ask = command_in(runtime.path(), &["stop", "-c", &elsewhere.display().to_string()]);
    ask.env_remove("FORECOURT_CONTROL").env("XDG_RUNTIME_DIR", runtime.path());
    let said = run(ask);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(child.wait().expect("our child").code(), Some(0));
}
