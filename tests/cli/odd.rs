//! Input that is too much, output that there is no room for, and names that a terminal would obey.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::support::gateway::program;
use super::{SHOP, err, fed, folder, out, run_in};

#[test]
fn a_reply_that_the_gateway_would_find_too_large_is_none_for_shape_either() {
    let folder = folder(&SHOP.replace("envelope: mall", "decode: {max_bytes: 1KiB}"));
    let reply = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
    let fits = fed(folder.path(), &["shape", "GET /detail/1"], &reply(1024));
    assert_eq!((fits.status.code(), err(&fits).as_str()), (Some(0), ""));
    let said = "the reply is larger than 1.0 KiB (`decode.max_bytes`): the gateway answers 502 `upstream_too_large`\n";
    let large = fed(folder.path(), &["shape", "GET /detail/1"], &reply(1025));
    assert_eq!((large.status.code(), out(&large).as_str(), err(&large).as_str()), (Some(65), "", said));
    // One without an end is not read to it.
    let endless = run_in(folder.path(), &["shape", "GET /detail/1", "/dev/zero"]);
    assert_eq!((endless.status.code(), out(&endless).as_str(), err(&endless).as_str()), (Some(65), "", said));
}

/// Runs the program in a folder with its standard output somewhere else.
fn run_into(folder: &Path, arguments: &[&str], out: impl Into<Stdio>) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(out).env("FORECOURT_CONTROL", "off");
    command.env_remove("FORECOURT_CONFIG").env_remove("FORECOURT_LOG").stderr(Stdio::piped()).output().expect("it runs")
}

#[test]
fn output_that_cannot_be_written_is_an_error_and_a_reader_that_has_gone_is_none() {
    let folder = folder(SHOP);
    fs::write(folder.path().join("reply.json"), r#"{"code":200,"data":{"id":1}}"#).expect("a file");
    for arguments in [
        &["schema"][..],
        &["routes"],
        &["routes", "--explain"],
        &["check"],
        &["shape", "GET /detail/1", "reply.json"],
        &["--help"],
        &["--version"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").expect("a device");
        let output = run_into(folder.path(), arguments, full);
        let said = "standard output cannot be written to: No space left on device (os error 28)\n";
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(71), said), "{arguments:?}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = run_into(folder.path(), arguments, writer);
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_name_that_would_move_the_cursor_is_shown_without_harm() {
    let folder = folder(SHOP);
    let name = "a\u{1b}[2J\u{9b}2J\r.yaml";
    let shown = "a\\u{1b}[2J\\u{9b}2J\\r.yaml";
    let missing = run_in(folder.path(), &["check", "-c", name]);
    assert_eq!((missing.status.code(), err(&missing).contains(shown)), (Some(66), true), "{}", err(&missing));
    fs::write(folder.path().join(name), SHOP).expect("a file");
    assert_eq!(out(&run_in(folder.path(), &["check", "-c", name])), format!("{shown}: ok, 1 route, 1 upstream\n"));
    fs::write(folder.path().join(name), "routs: []\n").expect("a file");
    let broken = run_in(folder.path(), &["check", "-c", name]);
    assert!(err(&broken).starts_with(&format!("{shown}:1:1: ")), "{}", err(&broken));
    let nowhere = run_in(folder.path(), &["shape", &format!("GET /{name}")]);
    assert!(err(&nowhere).contains(shown), "{}", err(&nowhere));
    let usage = run_in(folder.path(), &["scale", "web", name]);
    assert_eq!((usage.status.code(), err(&usage).contains("\\u{9b}2J\\r.yaml")), (Some(64), true), "{}", err(&usage));
    for output in [missing, broken, nowhere, usage] {
        assert!(!err(&output).contains(['\u{1b}', '\u{9b}', '\r']), "{}", err(&output));
    }
}
