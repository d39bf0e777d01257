//! The commands in front of a master that answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc;

use super::{command_in, run, run_in};

/// Answers one request at the control socket of a folder, and gives its first line and its body.
fn answer(folder: &Path, status: &str, body: &str) -> mpsc::Receiver<(String, String)> {
    let path = folder.join("control.sock");
    let _before = std::fs::remove_file(&path);
    let listener = UnixListener::bind(path).expect("a socket");
    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            if line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let first = lines.first().cloned().unwrap_or_default();
        sender.send((first, String::from_utf8(body).expect("text"))).expect("a reader");
        reader.get_mut().write_all(answer.as_bytes()).expect("it is written");
    });
    asked
}

#[test]
fn each_command_asks_for_one_thing_and_says_in_one_line_what_came_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let reloaded = r#"{"generation":2,"workers":4,"took_ms":120}"#;
    let published = r#"{"epoch":7,"acknowledged":4,"laggards":[]}"#;
    for (arguments, asked_for, answered, said) in [
        (&["reload"][..], "POST /reload", reloaded, "reload: generation 2 serves with 4 workers, after 120 ms\n"),
        (&["reload", "--wait"], "POST /reload", reloaded, "reload: generation 2 serves with 4 workers, after 120 ms\n"),
        (&["restart"], "POST /restart", reloaded, "restart: generation 2 serves with 4 workers, after 120 ms\n"),
        (
            &["reload", "--no-wait"],
            "POST /reload?wait=false",
            r#"{"accepted":true}"#,
            "the reload has been asked for: `forecourt events` and the log tell its end\n",
        ),
        (&["scale", "4"], "POST /scale/4", r#"{"group":"web","from":2,"to":4}"#, "web: 4 workers, was 2\n"),
        (&["scale", "a b", "1"], "POST /scale/a%20b/1", r#"{"group":"a b","from":2,"to":1}"#, "a b: 1 worker, was 2\n"),
        (&["publish", "ready", "no"], "POST /publish/ready", published, "ready: 4 workers know it, as change 7\n"),
        (&["purge", "--all"], "POST /purge/all", published, "all: dropped by 4 workers\n"),
        (&["purge", "--tag", "item 7"], "POST /purge/tag", published, "tag item 7: dropped by 4 workers\n"),
        (&["purge", "--key", "/a?b=1"], "POST /purge/key", published, "key /a?b=1: dropped by 4 workers\n"),
        (&["purge", "--route", "GET /a"], "POST /purge/route", published, "route GET /a: dropped by 4 workers\n"),
        (&["upgrade"], "POST /upgrade", r#"{"pid":99}"#, "upgraded: process 99 is the master now\n"),
        (&["reopen"], "POST /reopen", "{}", "reopened: the log files are those under their names again\n"),
        (&["status", "--json"], "GET /status", r#"{"pid":1}"#, "{\"pid\":1}\n"),
        (&["events"], "GET /events?follow=false", "{\"event\":\"fork\"}\n", "{\"event\":\"fork\"}\n"),
        (&["events", "--follow"], "GET /events?follow=true", "{\"event\":\"fork\"}\n", "{\"event\":\"fork\"}\n"),
    ] {
        let asked = answer(folder.path(), "200", answered);
        let result = run_in(folder.path(), arguments);
        assert_eq!((result.code, result.out.as_str(), result.err.as_str()), (Some(0), said, ""), "{arguments:?}");
        let (line, body) = asked.recv().expect("a request");
        assert_eq!(line, format!("{asked_for} HTTP/1.1"), "{arguments:?}");
        let told = match arguments {
            ["publish", _, value] | ["purge", _, value] => value,
            _ => "",
        };
        assert_eq!(body, told, "{arguments:?}");
    }
}

#[test]
fn what_is_refused_is_printed_as_it_is_and_has_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = "routes.yaml:3:1: unknown key `routs`\n  |\n3 | routs: []\n  | ^^^^^";
    for (status, code) in [("422", 78), ("409", 75), ("400", 64), ("404", 64), ("500", 69), ("503", 69)] {
        let problem = serde_json::json!({"detail": report, "status": 1}).to_string();
        let asked = answer(folder.path(), status, &problem);
        let said = run_in(folder.path(), &["reload"]);
        asked.recv().expect("a request");
        assert_eq!((said.code, said.out.as_str(), said.err), (Some(code), "", format!("{report}\n")), "{status}");
    }
    let laggards = r#"{"epoch":7,"acknowledged":3,"laggards":["web/2"]}"#;
    let _asked = answer(folder.path(), "200", laggards);
    let said = run_in(folder.path(), &["publish", "ready", "no"]);
    assert_eq!((said.code, said.out.as_str()), (Some(75), ""));
    assert!(said.err.contains("web/2"), "{}", said.err);
}

#[test]
fn without_a_master_every_command_says_where_it_looked_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("control.sock");
    for stale in [false, true] {
        if stale {
            drop(UnixListener::bind(&socket).expect("a socket"));
        }
        for arguments in [
            &["status"][..],
            &["reload"],
            &["restart"],
            &["scale", "2"],
            &["stop"],
            &["events"],
            &["publish", "a", "b"],
            &["purge", "--all"],
            &["upgrade"],
            &["reopen"],
        ] {
            let said = run_in(folder.path(), arguments);
            assert_eq!((said.code, said.out.as_str()), (Some(69), ""), "{arguments:?}");
            assert!(said.err.contains(&format!("no master answers at {}", socket.display())), "{}", said.err);
            assert!(said.err.contains("forecourt serve -c routes.yaml"), "{}", said.err);
        }
    }
    // The path that follows from the configuration is told too.
    let mut derived = command_in(folder.path(), &["status", "-c", "shop.yaml"]);
    derived.env_remove("FORECOURT_CONTROL").env("XDG_RUNTIME_DIR", folder.path());
    let said = run(derived);
    assert_eq!(said.code, Some(69));
    assert!(said.err.contains("/forecourt/shop-") && said.err.contains("name its socket with --control"), "{}", said.err);
    let mut off = command_in(folder.path(), &["status"]);
    off.env("FORECOURT_CONTROL", "off");
    assert_eq!(run(off).code, Some(64));
}

#[test]
fn wrong_arguments_are_exit_code_64() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["scale"][..],
        &["scale", "web"],
        &["scale", "0"],
        &["scale", "web", "many"],
        &["publish", "ready"],
        &["publish", "", "no"],
        &["purge"],
        &["purge", "--all", "--tag", "a"],
        &["reload", "--wait", "--no-wait"],
        &["start", "--rotate-size", "0"],
        &["start", "--rotate-size", "large"],
        &["start", "--rotate-every", "24"],
        &["start", "--rotate-every", "0s"],
        &["start", "--rotate-keep", "0"],
    ] {
        let said = run_in(folder.path(), arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(64), ""), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_master_that_ends_before_it_has_answered_is_no_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("control.sock")).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut some = [0; 16];
        stream.read_exact(&mut some).expect("a request");
    });
    let said = run_in(folder.path(), &["reload"]);
    assert_eq!((said.code, said.out.as_str()), (Some(69), ""));
    assert!(said.err.contains("ended before it had answered"), "{}", said.err);
}
