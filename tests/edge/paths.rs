//! Paths that two servers could read in two ways.

use super::{SHOP, assert_problem, assert_serves};
use crate::support::gateway::Gateway;

#[test]
fn a_path_with_two_readings_is_answered_400_and_the_connection_stays() {
    let gateway = Gateway::start(SHOP);
    let mut client = gateway.connect();
    for (path, rule) in [
        ("/files/../detail/1", "dot_segment"),
        ("/files/%2e%2e/detail/1", "dot_segment"),
        ("/files/.%2E", "dot_segment"),
        ("/files/..;/detail/1", "semicolon"),
        ("/files/a;b=c", "semicolon"),
        ("/files/a%3bb", "semicolon"),
        ("/files/a%2fb", "encoded_slash"),
        ("/files/a%5Cb", "backslash"),
        ("/files/a\\b", "backslash"),
        ("/files/%252e%252e", "encoded_percent"),
        ("/files//a", "double_slash"),
        ("//evil/files", "double_slash"),
        ("/files/%00", "control_character"),
        ("/files/%0d%0aX:y", "control_character"),
    ] {
        let answer = client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).read();
        let line = assert_problem(&gateway, &answer, (400, "bad_path"), path);
        assert!(answer.text().contains(&format!("({rule})")), "{path}: {}", answer.text());
        assert_eq!(line.get("path"), Some(&path.into()), "{line}");
    }
    assert_serves(&gateway, "paths");
    assert_eq!(client.send("GET /detail/./%31 HTTP/1.1\r\nHost: a\r\n\r\n").read().status, 200);
}

#[test]
fn the_products_own_paths_are_its_own() {
    let gateway = Gateway::start(SHOP);
    assert_problem(&gateway, &gateway.get("/_forecourt/"), (404, "no_route"), "no such page");
    assert_problem(&gateway, &gateway.get("/_forecourt/admin"), (404, "no_route"), "no such page");
    let posted = gateway.request("POST", "/_forecourt/ready", &[], b"");
    assert_problem(&gateway, &posted, (405, "method_not_allowed"), "a house path takes GET alone");
    assert_eq!(gateway.get("/_forecourt/live").text(), "live\n");
    assert_eq!(gateway.get("/_%66orecourt/./live").text(), "live\n");
}
