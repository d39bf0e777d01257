//! Routes: what they start from, and which of them cannot stand side by side.

use std::time::Duration;

use super::super::{Answer, MethodChoice};
use super::{compile, heads, steps};

#[test]
fn a_route_without_steps_drops_null_members() {
    let plan = compile("routes: [{route: GET /a, call: \"GET shop:/a\"}]", &[]).unwrap();
    let route = &plan.router().routes()[0];
    assert_eq!(steps(route), ["nulls"]);
    assert_eq!(route.timeout(), Duration::from_secs(10));
}

#[test]
fn a_route_of_its_own_replaces_what_the_defaults_say() {
    let routes = "
defaults: {timeout: 3s, shape: [{nulls: keep}, {case: camel}]}
routes:
  - {route: GET /a, call: \"GET shop:/a\"}
  - {route: GET /b, call: \"GET shop:/b\", shape: [{wrap: data}], timeout: 1s}
  - {route: GET /c, call: \"GET shop:/c\", shape: []}
";
    let plan = compile(routes, &[]).unwrap();
    let seen: Vec<_> = plan.router().routes().iter().map(|route| (steps(route), route.timeout().as_secs())).collect();
    assert_eq!(seen, [(vec!["nulls", "case"], 3), (vec!["wrap"], 1), (vec![], 3)]);
}

#[test]
fn a_route_without_a_call_goes_to_the_only_upstream() {
    let text = "upstreams: {shop: {url: \"demo:\"}}\nroutes: [{route: GET /a}]\n";
    let plan = super::super::compile(&super::snapshot(text, &[])).unwrap();
    let Answer::Call { call, .. } = plan.router().routes()[0].answer() else { panic!("a call") };
    assert_eq!((call.backend().upstream().name(), call.method()), ("shop", &MethodChoice::AsRequested));
    assert!(call.target().is_none());
    let report = compile("routes: [{route: GET /a}]", &[]).unwrap_err();
    assert_eq!(heads(&report), ["routes.yaml:4:11: this route does not say which upstream it calls"]);
}

#[test]
fn routes_that_match_the_same_requests_are_told_with_both_lines() {
    let routes = "\
routes:
  - route: GET /a/{id}
    call: GET shop:/a
  - call: GET shop:/b
    route: GET,POST /a/{sku}
  - route: ANY /a/{x}
    call: GET shop:/c
  - route: ANY /a/{y}
    call: GET shop:/d
";
    let report = compile(routes, &[]).unwrap_err();
    assert_eq!(
        heads(&report),
        [
            "routes.yaml:8:12: this route matches the same requests as the one on line 5",
            "routes.yaml:11:12: this route matches the same requests as the one on line 9",
        ]
    );
}

#[test]
fn a_named_method_and_any_stand_side_by_side() {
    let routes = "\
routes:
  - {route: GET /a, call: \"GET shop:/a\"}
  - {route: HEAD /a, call: \"GET shop:/a\"}
  - {route: ANY /a, call: \"shop:/a\"}
  - {route: GET /a/, call: \"GET shop:/a\"}
";
    assert_eq!(compile(routes, &[]).unwrap().router().routes().len(), 4);
}

#[test]
fn a_broken_route_has_no_echo_in_its_parts() {
    for (route, told) in [
        ("{route: \"get /a/{id}\", input: {path: {id: {type: integer}}}, call: \"GET shop:/{path.id}\"}", 1),
        ("{route: GET /a, inptu: {query: {q: {type: string}}}, call: \"GET shop:/?q={query.q}\"}", 1),
        ("{route: GET /a, input: {query: {q: {tpye: string}}}, call: \"GET shop:/?q={query.q}\"}", 1),
        ("{route: GET /a, cal: \"GET shop:/\"}", 1),
        ("{route: GET /a, call: \"GET shop:/\", proxy: \"shop:/\", shape: [{nulls: drop}]}", 1),
        ("{route: GET /a, call: \"GET shop:/\", shape: [{each: {in: list, steps: [{nulls: dorp}]}}]}", 1),
        ("{route: GET /a, timeout: 5, call: \"GET shpo:/\"}", 2),
    ] {
        let report = compile(&format!("routes: [{route}]"), &[]).unwrap_err();
        assert_eq!(heads(&report).len(), told, "{report}");
    }
}
