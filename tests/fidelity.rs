//! Large real documents through `nulls: drop` by the gateway, judged by a script that knows neither the gateway nor a JSON library.

#[path = "support/answering.rs"]
mod answering;
#[path = "support/backend.rs"]
mod backend;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use answering::{gateway, get};
use backend::{Backend, Framing, Rule, Then, reply};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// What the script says of two files, and whether it is content.
fn judged(before: &Path, after: &[u8]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder for the answer");
    let file = folder.path().join("after.json");
    std::fs::write(&file, after).expect("the answer can be written");
    let script = here().join("scripts/nulls_dropped.py");
    let output = Command::new("python3").arg(script).arg(before).arg(&file).output();
    let output = output.expect("python3 is there: `scripts/test` installs it");
    let said = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr }).into_owned();
    (output.status.success(), said.replace(&folder.path().display().to_string(), "").trim().to_owned())
}

/// The answer of the gateway to a backend that sends this.
fn shaped(body: &[u8], framing: Framing) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
        let bytes = reply(200, &headers, body, framing);
        let backend = Backend::start(vec![Rule { method: None, target: "/a".to_owned(), bytes, then: Then::Next }]).await;
        let routes = "upstreams: {shop: {url: \"${UPSTREAM}\"}}\nroutes: [{route: GET /a, shape: [{nulls: drop}]}]\n";
        let env = BTreeMap::from([("UPSTREAM".to_owned(), backend.url())]);
        let gateway = gateway(routes, BTreeMap::new(), env).expect("the configuration is one");
        let answer = get(&gateway, "/a").await;
        assert_eq!((answer.status.as_u16(), answer.cut), (200, false));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.body
    })
}

#[test]
fn no_null_member_is_left_and_every_other_token_is_the_same() {
    for (file, framing, said) in [
        ("citm_catalog.json", Framing::Length, "135990 tokens before, 130938 after, 1263 null members dropped"),
        ("citm_catalog.json", Framing::Chunked, "135990 tokens before, 130938 after, 1263 null members dropped"),
        ("canada.json", Framing::Length, "334373 tokens before, 334373 after, 0 null members dropped"),
    ] {
        let before = here().join("data/json-benchmark").join(file);
        let body = std::fs::read(&before).expect("the document is there");
        assert_eq!(judged(&before, &shaped(&body, framing)), (true, said.to_owned()), "{file}");
    }
}

#[test]
fn the_script_sees_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder for the document");
    let before = folder.path().join("before.json");
    std::fs::write(&before, r#" {"a": null, "b": [1.10, null, {"c": null}], "d": "\u00e9"} "#)
        .expect("a document can be written");
    let good = r#"{"b":[1.10,null,{}],"d":"\u00e9"}"#;
    assert_eq!(judged(&before, good.as_bytes()), (true, "23 tokens before, 16 after, 2 null members dropped".to_owned()));
    for (after, complaint) in [
        (r#"{"b":[1.1,null,{}],"d":"\u00e9"}"#, "b'1.1' instead of b'1.10'"),
        (r#"{"b":[1.10,null,{}],"d":"é"}"#, "instead of b'\"\\\\u00e9\"'"),
        (r#"{"b":[1.10,{}],"d":"\u00e9"}"#, "instead of b'null'"),
        (r#"{"b":[1.10,null,{"c":null}],"d":"\u00e9"}"#, "1 null members are left"),
        (r#"{"d":"\u00e9","b":[1.10,null,{}]}"#, "token 1"),
        (r#"{"b":[1.10,null,{}]}"#, "instead of b','"),
        (r#"{"b":[1.10,null,{}],"d":"\u00e9""#, "ends too early"),
        (r#"{"b": [1.10,null,{}],"d":"\u00e9"}"#, "space between tokens"),
    ] {
        let (content, said) = judged(&before, after.as_bytes());
        assert!(!content && said.contains(complaint), "{after}: {said}");
    }
}
