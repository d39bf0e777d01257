//! The control socket in front of a master that answers as it is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::control::may_control;
use super::{Control, KnownRoutes, Serving, Taking};
use crate::cluster::{
    Command, Commands, GroupStatus, Handle, Policy, Published, Refused, Reloaded, Scaled, Status, Upgraded, WorkerStatus,
};

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn status() -> Status {
    Status {
        pid: 4711,
        generation: 3,
        state: "serving",
        uptime_s: 60,
        groups: vec![GroupStatus {
            group: "web".into(),
            listen: vec!["127.0.0.1:8080".into()],
            policy: Policy::RoundRobin,
            workers: 2,
            ready: 2,
            waiting: 0,
            accepted: 10,
            given_up: vec![],
        }],
        workers: vec![WorkerStatus {
            group: "web".into(),
            worker: 1,
            pid: 4712,
            generation: 3,
            state: "listening",
            ready: true,
            connections: 1,
            requests: 9,
            rss: 16 << 20,
            cpu_ms: 1500,
            restarts: 0,
            uptime_s: 59,
            silent_ms: Some(10),
        }],
        topics: vec![],
    }
}

/// Answers every command: groups are called `web`, reloads fail as the topic `next` was told.
async fn master(mut commands: Commands) {
    let mut next = String::new();
    let refused = |next: &str| match next {
        "broken" => Some(Refused::Configuration("routes.yaml:3:1: unknown key\n  |\n".into())),
        "busy" => Some(Refused::Busy("a reload is under way".into())),
        "failing" => Some(Refused::Failed("worker 1 exited with code 1".into())),
        "leaving" => Some(Refused::Leaving),
        _ => None,
    };
    while let Some(command) = commands.0.recv().await {
        let done = Reloaded { generation: 4, workers: 2, took: Duration::from_millis(120) };
        match command {
            Command::Status(reply) => drop(reply.send(status())),
            Command::Reload(reply) | Command::Restart(reply) => {
                drop(reply.send(refused(&next).map_or(Ok(done), Err)));
            }
            Command::Scale { group, workers, reply } => {
                let group = group.unwrap_or_else(|| "web".into());
                let unknown = Refused::Unknown(format!("there is no group `{group}`"));
                let result = if group == "web" { Ok(Scaled { group, from: 2, to: workers }) } else { Err(unknown) };
                drop(reply.send(result));
            }
            Command::Stop { reply, .. } => drop(reply.send(())),
            Command::Publish { topic, value, reply } => {
                let laggards = vec![format!("{topic}={value}")];
                if topic == "next" {
                    next = value;
                }
                drop(reply.send(Ok(Published { epoch: 1, acknowledged: 2, laggards })));
            }
            Command::Reopen(reply) => drop(reply.send(Ok(()))),
            Command::Upgrade(reply) => drop(reply.send(Ok(Upgraded { pid: 99 }))),
        }
    }
}

struct House {
    _folder: TempDir,
    path: PathBuf,
    serving: Serving,
}

impl House {
    fn open() -> Self {
        let (handle, commands) = Handle::new();
        tokio::spawn(master(commands));
        Self::with(handle)
    }

    fn with(handle: Handle) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/control.sock");
        let routes = KnownRoutes::default();
        routes.learn(["on", "GET /detail/{id}", "POST /orders"]);
        let serving = Control::bind(&path, Taking::IfFree).unwrap().serve(handle, routes).unwrap();
        Self { _folder: folder, path, serving }
    }

    async fn ask(&self, line: &str, body: &str) -> (u16, String) {
        let length = body.len();
        raw(&self.path, &format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await
    }
}

async fn raw(path: &Path, bytes: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    match timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap() {
        // Closed with something of ours unread: what came before that may be lost.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        result => drop(result.unwrap()),
    }
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, body.to_owned())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn every_command_is_passed_on_and_what_came_of_it_is_told() {
    let house = House::open();
    for (line, status, member, value) in [
        ("GET /status", 200, "/workers/0/pid", Value::from(4712)),
        ("POST /reload", 200, "/took_ms", 120.into()),
        ("POST /reload?wait=true", 200, "/generation", 4.into()),
        ("POST /reload?wait=false", 202, "/accepted", true.into()),
        ("POST /restart", 200, "/workers", 2.into()),
        ("POST /scale/web/5", 200, "/to", 5.into()),
        ("POST /scale/4", 200, "/group", "web".into()),
        ("POST /stop", 202, "/now", false.into()),
        ("POST /stop?now=true", 202, "/now", true.into()),
        ("POST /publish/maintenance%20mode", 200, "/laggards/0", "maintenance mode=on".into()),
        ("POST /purge/tag", 200, "/laggards/0", "purge=tag on".into()),
        // What was not acknowledged by all is told again.
        ("POST /purge/route", 200, "/laggards/0", "purge=tag on\nroute on".into()),
        ("POST /purge/all", 400, "/detail", "`all on` is not `all`, or `route`, `key` or `tag` and a name of one line".into()),
        ("POST /purge/key", 400, "/detail", "`on` is no key: a key is a path and begins with `/`, as in /detail/7".into()),
        ("POST /reopen", 200, "/reopened", true.into()),
        ("POST /upgrade", 200, "/pid", 99.into()),
    ] {
        let (found, body) = house.ask(line, "on").await;
        assert_eq!((found, json(&body).pointer(member)), (status, Some(&value)), "{line}: {body}");
    }
}

#[tokio::test]
async fn what_is_refused_is_a_problem_with_its_status_and_its_code() {
    let house = House::open();
    for (line, status, code) in [
        ("GET /nothing", 404, "unknown"),
        ("GET /reload", 405, "method"),
        ("POST /status", 405, "method"),
        ("POST /reload?wait=perhaps", 400, "bad_request"),
        ("POST /reload?now=true", 400, "bad_request"),
        ("POST /scale/web/many", 400, "bad_request"),
        ("POST /scale/web/-1", 400, "bad_request"),
        ("POST /scale/nobody/2", 404, "unknown"),
        ("GET /events?follow=maybe", 400, "bad_request"),
    ] {
        let (found, body) = house.ask(line, "").await;
        assert_eq!(
            (found, &json(&body)["code"], &json(&body)["status"]),
            (status, &code.into(), &status.into()),
            "{line}: {body}"
        );
        assert!(!body.contains("deserialize") && !body.contains("parse"), "words of a framework: {body}");
    }
    for (next, status) in [("broken", 422), ("busy", 409), ("failing", 500), ("leaving", 503)] {
        house.ask("POST /publish/next", next).await;
        let (found, body) = house.ask("POST /reload", "").await;
        assert_eq!(found, status, "{body}");
        if next == "broken" {
            assert_eq!(json(&body)["detail"], "routes.yaml:3:1: unknown key\n  |\n", "the whole report");
        }
    }
}

#[tokio::test]
async fn a_route_that_the_master_has_never_read_is_unknown_and_a_near_one_is_named() {
    let house = House::open();
    for (name, detail) in [
        ("GET /nope", "there is no route `GET /nope`: `forecourt routes` lists them"),
        ("GET /detail/{if}", "there is no route `GET /detail/{if}`; did you mean `GET /detail/{id}`?"),
        ("/detail/{id}", "there is no route `/detail/{id}`; did you mean `GET /detail/{id}`?"),
    ] {
        let (status, body) = house.ask("POST /purge/route", name).await;
        assert_eq!((status, &json(&body)["code"], &json(&body)["detail"]), (404, &"unknown".into(), &detail.into()));
    }
}

#[tokio::test]
async fn a_master_that_has_ended_is_leaving() {
    let (handle, commands) = Handle::new();
    drop(commands);
    let house = House::with(handle);
    let (status, body) = house.ask("GET /status", "").await;
    assert_eq!((status, &json(&body)["code"]), (503, &"leaving".into()));
}

#[tokio::test]
async fn what_is_too_large_or_no_text_is_refused_and_the_next_is_answered() {
    let house = House::open();
    let (status, body) = house.ask("POST /publish/next", &"x".repeat(65 << 10)).await;
    assert_eq!((status, &json(&body)["code"]), (400, &"bad_request".into()));
    let (status, body) = raw(&house.path, &format!("GET /status HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(32 << 10))).await;
    assert!([431, 0].contains(&status), "{status} {body}");
    let (status, _) = raw(&house.path, "nonsense\r\n\r\n").await;
    assert_eq!(status, 400);
    assert_eq!(house.ask("GET /status", "").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_not_waited_for() {
    let house = House::open();
    let mut stream = UnixStream::connect(&house.path).await.unwrap();
    stream.write_all(b"GET /sta").await.unwrap();
    let mut rest = Vec::new();
    // Time stands still but for what is waited for: an hour is no long time here.
    timeout(Duration::from_secs(3600), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
}

#[tokio::test]
async fn events_come_to_those_who_follow_and_stop_with_the_socket() {
    use crate::telemetry::tests::tell;
    let house = House::open();
    tell("before");
    let (status, body) = house.ask("GET /events?follow=false", "").await;
    assert_eq!(status, 200);
    assert!(body.contains("\"before\""), "{body}");
    let mut stream = UnixStream::connect(&house.path).await.unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut seen = Vec::new();
    for wanted in ["\"before\"", "\"after\""] {
        while !String::from_utf8_lossy(&seen).contains(wanted) {
            let mut some = [0; 4096];
            let count = timeout(PATIENCE, stream.read(&mut some)).await.unwrap().unwrap();
            assert_ne!(count, 0, "the stream ended");
            seen.extend_from_slice(&some[..count]);
        }
        tell("after");
    }
    let path = house.path.clone();
    timeout(PATIENCE, house.serving.end()).await.unwrap();
    assert!(!path.exists());
    timeout(PATIENCE, stream.read_to_end(&mut seen)).await.unwrap().ok();
}

#[tokio::test]
async fn those_who_follow_leave_room_for_those_who_command() {
    let house = House::open();
    let mut followers = Vec::new();
    for _ in 0..16 {
        let mut stream = UnixStream::connect(&house.path).await.unwrap();
        stream.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut head = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        followers.push(stream);
    }
    let (status, body) = house.ask("GET /events", "").await;
    assert_eq!((status, &json(&body)["code"]), (503, &"followers".into()));
    assert_eq!(house.ask("GET /status", "").await.0, 200);
}

#[test]
fn only_the_owner_and_root_may_control() {
    for (peer, own, may) in [(1000, 1000, true), (0, 1000, true), (1001, 1000, false), (1000, 0, false), (0, 0, true)] {
        assert_eq!(may_control(peer, own), may, "{peer} {own}");
    }
}
