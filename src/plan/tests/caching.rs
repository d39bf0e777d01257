//! `cache`: what a route must say, and what it cannot.

use super::super::Plan;
use super::{compile, heads};

fn compiled(route: &str) -> Result<Plan, String> {
    compile(&format!("routes:\n  - {{{route}, call: \"GET shop:/a\"}}\n"), &[])
}

#[test]
fn a_cache_that_cannot_do_what_it_says_is_refused() {
    for (route, told) in [
        ("route: GET /a, cache: {}", "nothing says how long a reply is fresh"),
        ("route: GET /a, cache: {ttl: 0s}", "`0s` leaves no time at all"),
        ("route: POST /a, cache: {ttl: 1s}", "`cache` has no say here: only replies to GET are kept"),
        ("route: GET /a, cache: {ttl: 1s, vary: [\"a b\"]}", "`a b` cannot name a header"),
        ("route: GET /a, cache: {ttl: 1s, vary: [\"*\"]}", "`*` cannot name a header"),
        ("route: GET /a, cache: {ttl: 1s, vary: [a, A]}", "the header `A` is in this list already"),
        ("route: GET /a, cache: {ttl: 1s, query: [a, a]}", "the parameter `a` is in this list already"),
        (
            "route: GET /a, input: {query: {q: {type: string}}}, cache: {ttl: 1s, query: [p]}",
            "`q` has a rule, but is not in this list, which has p: it would be dropped",
        ),
        (
            "route: GET /a, cache: {ttl: 1s, swr: 1s, vary: [cookie]}",
            "`swr` has no say here: what is told apart by who asks is never given out stale",
        ),
        (
            "route: GET /a, input: {headers: {authorization: {type: string}}}, cache: {ttl: 1s, stale_if_error: 1s}",
            "`stale_if_error` has no say here: what is told apart by who asks is never given out stale",
        ),
        ("route: \"GET /a/{id}\", cache: {ttl: 1s, tags: [\"{path.sku}\"]}", "nothing feeds the hole `{path.sku}`"),
        ("route: GET /a, cache: {ttl: 1s, tags: [\"{query.q}\"]}", "nothing feeds the hole `{query.q}`"),
        ("route: GET /a, cache: {ttl: 1s, tags: [\"\"]}", "this is no tag"),
        ("route: GET /a, cache: {ttl: 1s, tags: [\"{a\"]}", "the hole that opens at column 1 is never closed"),
    ] {
        let report = compiled(route).unwrap_err();
        let heads = heads(&report);
        assert!(heads.len() == 1 && heads[0].contains(told), "{route}: {report}");
    }
    let report = compile("routes: [{route: GET /a, proxy: \"shop:/\", cache: {ttl: 1s}}]", &[]).unwrap_err();
    assert!(heads(&report)[0].contains("`cache` has no say here: `proxy` passes bytes through untouched"), "{report}");
    let report = compile("limits: {cache: 1KiB}\nroutes: [{route: GET /a, call: \"GET shop:/\"}]", &[]).unwrap_err();
    assert!(heads(&report)[0].contains("`1KiB` is too little to keep anything"), "{report}");
}

#[test]
fn only_replies_to_get_are_kept_for_when_the_call_fails() {
    let compiled = |call: &str, optional: bool| {
        let text = format!(
            "routes: [{{route: ANY /a, calls: {{a: {{to: \"{call} shop:/\", optional: {optional}, fallback: stale}}}}}}]"
        );
        compile(&text, &[])
    };
    assert!(compiled("GET", true).is_ok() && compiled("", true).is_ok());
    let report = compiled("POST", true).unwrap_err();
    assert!(heads(&report)[0].ends_with("`stale` has no say here: replies to POST are not kept"), "{report}");
    let report = compiled("GET", false).unwrap_err();
    assert!(heads(&report)[0].ends_with("`fallback` has no say here: the route fails when this call does"), "{report}");
}

#[test]
fn what_is_not_said_has_its_default() {
    let plan =
        compiled("route: \"GET,POST /a\", input: {headers: {X-Tenant: {type: string}}}, cache: {ttl: 30s, vary: [Accept]}")
            .unwrap();
    let caching = plan.router().routes()[0].caching().unwrap();
    let rules = caching.rules();
    assert_eq!((rules.ttl.unwrap().as_secs(), rules.swr.as_secs(), rules.stale_if_error.as_secs()), (30, 10, 300));
    assert_eq!(caching.headers(), ["accept", "x-tenant"]);
    assert!(!caching.is_personal() && !caching.is_of_machine());
    let plan = compiled("route: GET /a, cache: {ttl: 1s, coalesce: machine}").unwrap();
    assert!(plan.router().routes()[0].caching().unwrap().is_of_machine());
    let plan = compiled("route: GET /a, cache: {obey: all, vary: [cookie]}").unwrap();
    let caching = plan.router().routes()[0].caching().unwrap();
    assert!(caching.is_personal() && caching.rules().swr.is_zero() && caching.rules().ttl.is_none());
    assert!(compiled("route: GET /a").unwrap().router().routes()[0].caching().is_none());
}

/// A file whose routes start from `cache`, and what the first of them keeps.
fn shared(cache: &str, route: &str) -> Result<Plan, String> {
    compile(&format!("defaults: {{cache: {cache}}}\nroutes:\n  - {{{route}}}\n"), &[])
}

#[test]
fn routes_that_take_get_start_from_what_all_keep_unless_they_say_otherwise() {
    for (route, ttl) in [
        ("route: GET /a, call: \"GET shop:/a\"", Some(7)),
        ("route: ANY /a, call: \"GET shop:/a\"", Some(7)),
        ("route: GET /a, call: \"GET shop:/a\", cache: true", Some(7)),
        ("route: GET /a, call: \"GET shop:/a\", cache: {ttl: 1s}", Some(1)),
        ("route: GET /a, call: \"GET shop:/a\", cache: false", None),
        ("route: POST /a, call: \"GET shop:/a\"", None),
        ("route: GET /a, proxy: \"shop:/a\"", None),
        ("route: GET /a, proxy: \"shop:/a\", cache: false", None),
    ] {
        let plan = shared("{ttl: 7s}", route).unwrap();
        let caching = plan.router().routes()[0].caching();
        assert_eq!(caching.map(|caching| caching.rules().ttl.unwrap().as_secs()), ttl, "{route}");
    }
}

#[test]
fn what_all_start_from_goes_by_the_rules_of_each() {
    let input = "input: {query: {page: {type: integer}}, headers: {authorization: {type: string}}}";
    let plan = shared("{ttl: 7s, swr: 3s, query: [q]}", &format!("route: GET /a, call: \"GET shop:/a\", {input}")).unwrap();
    let caching = plan.router().routes()[0].caching().unwrap();
    assert_eq!(caching.query("page=2&utm=1&q=3"), "q=3&page=2");
    assert!(caching.is_personal() && caching.rules().swr.is_zero());
}

#[test]
fn what_all_start_from_is_checked_once_though_no_route_takes_it() {
    for route in ["route: POST /a, call: \"GET shop:/a\"", "route: GET /a, call: \"GET shop:/a\""] {
        let report = shared("{vary: [\"*\"]}", route).unwrap_err();
        let heads = heads(&report);
        assert_eq!(heads.len(), 2, "{report}");
        assert!(
            report.contains("nothing says how long a reply is fresh") && report.contains("`*` cannot name a header"),
            "{report}"
        );
    }
    let report = compiled("route: GET /a, cache: true").unwrap_err();
    assert!(heads(&report)[0].contains("nothing says how long a reply is fresh"), "{report}");
    let report = shared("{ttl: 1s}", "route: POST /a, call: \"GET shop:/a\", cache: true").unwrap_err();
    assert!(heads(&report)[0].contains("`cache` has no say here: only replies to GET are kept"), "{report}");
}

#[test]
fn parameters_that_a_rule_drops_tell_nothing_apart() {
    let drops = "input: {query: {q: {type: string}}, unknown_query: drop}";
    let plan = compiled(&format!("route: GET /a, {drops}, cache: {{ttl: 1s}}")).unwrap();
    assert_eq!(plan.router().routes()[0].caching().unwrap().query("utm=1&q=2"), "q=2");
    let rejects = "input: {query: {q: {type: string}}, unknown_query: reject}";
    let plan = compiled(&format!("route: GET /a, {rejects}, cache: {{ttl: 1s, query: [q]}}")).unwrap();
    assert_eq!(plan.router().routes()[0].caching().unwrap().query("utm=1&q=2"), "utm=1&q=2", "its rule must see it");
}
