//! Groups of workers, each with listeners and routes of its own.

use std::process::Command;

use super::{SHOP, ask, fails};
use crate::support::gateway::{Setup, program};
use crate::support::http::Client;

/// Two groups; `admin` listens on a path beside routes.yaml when it is given one.
fn groups(admin: &str) -> String {
    format!(
        "{SHOP}  - route: GET /admin/items
    call: GET shop:/api/items
cluster:
  groups:
    web: {{listen: '127.0.0.1:0', workers: 1}}
    admin: {{listen: '{admin}', workers: 1, routes: [/admin/**]}}
"
    )
}

#[test]
fn each_group_serves_its_routes_on_its_listeners() {
    let gateway = Setup::new(&groups("127.0.0.1:0")).listens_as_written().start();
    let [web, admin] = gateway.addresses() else { panic!("two addresses: {:?}", gateway.addresses()) };
    let status = |address, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
        Client::connect(address).send(request).read().status
    };
    for _ in 0..5 {
        assert_eq!((status(*web, "/detail/1"), status(*web, "/admin/items")), (200, 404));
        assert_eq!((status(*admin, "/detail/1"), status(*admin, "/admin/items")), (404, 200));
    }
}

#[test]
fn a_group_may_have_a_socket_in_the_file_system() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("admin.sock");
    let mut gateway = Setup::new(&groups(&format!("unix:{}", path.display()))).listens_as_written().start();
    assert_eq!(gateway.get("/detail/1").status, 200);
    assert!(ask(&path).starts_with("HTTP/1.1 404 "), "the socket is of the group without that route");
    assert_eq!(gateway.stop(), 0);
    assert!(!path.exists());
}

#[test]
fn what_the_command_line_cannot_mean_for_several_groups_is_exit_code_64() {
    for (argument, value) in [("--listen", "127.0.0.1:0"), ("--workers", "2")] {
        let setup = Setup::new(&groups("127.0.0.1:0")).listens_as_written().argument(argument).argument(value);
        let (code, said) = fails(setup.launch());
        assert_eq!(code, Some(64));
        assert!(said.contains(&format!("{argument} does not say which of the groups it is for")), "{said}");
    }
}

#[test]
fn routes_are_listed_with_their_groups_where_there_are_several() {
    let setup = Setup::new(&groups("127.0.0.1:0"));
    let output = Command::new(program()).arg("routes").current_dir(setup.folder()).output().expect("it runs");
    let table = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.first().is_some_and(|line| line.ends_with("GROUP")), "{table}");
    assert!(lines.iter().any(|line| line.contains("/admin/items") && line.ends_with("admin")), "{table}");
    assert!(lines.iter().any(|line| line.contains("/detail/{id}") && line.ends_with("web")), "{table}");
}
