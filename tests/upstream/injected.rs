//! Faults on purpose: a drill delays, aborts and truncates answers of routes, by share.

use std::time::{Duration, Instant};

use crate::support::drill::drilled;
use crate::support::gateway::{Gateway, Setup};
use crate::support::until::until;

const ROUTES: &str = "upstreams:\n  shop: {url: 'demo:', envelope: mall}\nroutes:\n\
    \x20 - {route: 'GET /well/{id}', call: 'GET shop:/api/items/{path.id}'}\n\
    \x20 - {route: 'GET /late/{id}', call: 'GET shop:/api/items/{path.id}'}\n\
    \x20 - {route: 'GET /broken/{id}', call: 'GET shop:/api/items/{path.id}'}\n\
    \x20 - {route: 'GET /closed/{id}', call: 'GET shop:/api/items/{path.id}'}\n\
    \x20 - {route: 'GET /cut/{id}', call: 'GET shop:/api/items/{path.id}'}\n\
    \x20 - {route: 'GET /passed/{id}', proxy: 'shop:/api/items/{path.id}'}\n\
    \x20 - {route: 'GET /some/{id}', call: 'GET shop:/api/items/{path.id}'}\n";

const DRILL: &str = "route 100% GET /late/{id}: delay 200ms\nroute 100% GET /broken/{id}: abort 503\n\
    route 100% GET /closed/{id}: abort\nroute 100% GET /cut/{id}: truncate 5B\nroute 100% GET /passed/{id}: truncate 0B\n\
    route 50% GET /some/{id}: abort 500\nroute 0% GET /well/{id}: abort 500\nroute 100% GET /nowhere: abort\n";

fn gateway() -> Gateway {
    drilled(Setup::new(ROUTES).workers(1), DRILL).start()
}

#[test]
fn a_drill_delays_aborts_and_truncates_and_leaves_other_routes_alone() {
    let gateway = gateway();
    let well = gateway.get("/well/1");
    assert_eq!((well.status, well.cut), (200, false));
    let begun = Instant::now();
    let late = gateway.get("/late/1");
    assert_eq!((late.status, late.body.as_slice()), (200, well.body.as_slice()));
    assert!(begun.elapsed() >= Duration::from_millis(200));
    for (path, status, code) in [("/broken/1", 503, "upstream_failed"), ("/closed/1", 502, "upstream_closed")] {
        let answer = gateway.get(path);
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{path}");
        let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
        assert_eq!(line.get("code"), Some(&code.into()), "{line}");
    }
    for (path, begun) in [("/cut/1", well.body.get(..5)), ("/passed/1", well.body.get(..0))] {
        let answer = gateway.get(path);
        assert_eq!((answer.status, answer.cut, Some(answer.body.as_slice())), (200, true, begun), "{path}");
    }
    until("a word about the route that is not there", || {
        let told = gateway.events("drill");
        if told.iter().any(|event| event.get("route") == Some(&"GET /nowhere".into())) { Ok(()) } else { Err(told) }
    });
}

#[test]
fn a_share_of_the_answers_is_about_that_share() {
    let gateway = gateway();
    let mut client = gateway.connect();
    let mut ask = || client.send("GET /some/1 HTTP/1.1\r\nHost: a\r\n\r\n").read().status;
    let aborted = (0..400).filter(|_| ask() == 502).count();
    // Six deviations off would be one run in five hundred million.
    assert!((140..=260).contains(&aborted), "{aborted}");
}
