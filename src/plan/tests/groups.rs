//! Groups: what each serves, and where what it does not say comes from.

use std::time::Duration;

use super::super::{GroupPlan, Listen, Policy, Workers};
use super::compile;

const ROUTES: &str = "\
routes:
  - {route: GET /, call: \"GET shop:/\"}
  - {route: GET /admin/users, call: \"GET shop:/users\"}
  - {route: \"GET /reports/{id}\", call: \"GET shop:/report\"}
";

fn groups(top: &str) -> Vec<GroupPlan> {
    compile(&format!("{ROUTES}{top}"), &[]).unwrap().cluster().groups.clone()
}

fn paths(top: &str, group: &str) -> Vec<String> {
    let plan = compile(&format!("{ROUTES}{top}"), &[]).unwrap().group(group).unwrap();
    assert!((0..plan.router().routes().len()).all(|index| plan.cluster().groups[0].serves(index)));
    plan.router().routes().iter().map(|route| route.pattern().path().to_owned()).collect()
}

#[test]
fn a_file_without_groups_has_one_with_everything() {
    let [group] = groups("").try_into().unwrap();
    assert_eq!((group.name.as_str(), group.workers, group.policy), ("web", Workers::Auto, Policy::RoundRobin));
    assert_eq!(group.listen, ["127.0.0.1:8080".parse::<Listen>().unwrap()]);
    assert_eq!(paths("", "web").len(), 3);
}

#[test]
fn a_group_has_the_routes_that_it_names_or_those_that_nobody_names() {
    let top = "\
cluster:
  groups:
    web: {listen: \"127.0.0.1:1\"}
    also: {listen: \"127.0.0.1:2\"}
    admin: {listen: \"127.0.0.1:3\", routes: [/admin/**, \"/reports/{id}\"]}
";
    assert_eq!(paths(top, "web"), ["/"]);
    assert_eq!(paths(top, "also"), ["/"]);
    assert_eq!(paths(top, "admin"), ["/admin/users", "/reports/{id}"]);
    assert!(compile(&format!("{ROUTES}{top}"), &[]).unwrap().group("nobody").is_none());
}

#[test]
fn what_a_group_does_not_say_it_takes_from_the_top() {
    let top = "\
listen: unix:/run/top.sock
cluster:
  workers: 3
  policy: weighted
  weights: [2, 1]
  groups:
    web: {}
    api: {listen: {unix: /run/api.sock, mode: \"0600\", owner: \":www\"}, workers: 1, policy: shared}
    own: {listen: {tcp: \"[::]:1\", ipv6_only: true}, weights: [5]}
";
    let [web, api, own] = groups(top).try_into().unwrap();
    assert_eq!((web.workers, web.policy, web.weights), (Workers::Count(3), Policy::Weighted, vec![2, 1]));
    assert_eq!(web.listen[0].to_string(), "unix:/run/top.sock");
    assert_eq!((api.workers, api.policy), (Workers::Count(1), Policy::Shared));
    let owner = (None, Some("www".to_owned()));
    assert_eq!(api.listen, [Listen::Unix { path: "/run/api.sock".into(), mode: Some(0o600), owner }]);
    assert_eq!((own.workers, own.policy, own.weights), (Workers::Count(3), Policy::Weighted, vec![5]));
    assert_eq!(own.listen, [Listen::Tcp { address: "[::]:1".parse().unwrap(), ipv6_only: true }]);
}

#[test]
fn workers_are_cared_for_by_default() {
    let plan = compile(ROUTES, &[]).unwrap();
    let cluster = plan.cluster();
    assert_eq!((cluster.heartbeat, cluster.probation), (Duration::from_secs(10), Duration::from_secs(2)));
    assert_eq!(cluster.memory, None);
    let plan = compile(&format!("{ROUTES}cluster: {{heartbeat: 500ms, memory: 32MiB, probation: 0s}}\n"), &[]).unwrap();
    let cluster = plan.cluster();
    assert_eq!((cluster.heartbeat, cluster.memory), (Duration::from_millis(500), Some(32 << 20)));
    assert!(cluster.probation.is_zero());
}
