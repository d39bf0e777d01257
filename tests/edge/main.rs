//! Bytes that no honest client sends, against the shipped binary.

#[path = "../support/mod.rs"]
mod support;

use support::gateway::Gateway;

const ROUTES: &str = "
upstreams:
  shop: {url: 'demo:', envelope: mall}
routes:
  - route: GET /detail/{id}
    call: GET shop:/api/items/{path.id}
";

#[test]
fn the_gateway_starts_answers_logs_and_stops() {
    let mut gateway = Gateway::start(ROUTES);
    let answer = gateway.get("/detail/1");
    assert_eq!(answer.status, 200);
    let line = gateway.logged(answer.header("x-request-id").unwrap());
    assert_eq!((line["path"].as_str(), line["status"].as_u64()), (Some("/detail/1"), Some(200)));
    assert_eq!(gateway.workers(2).len(), 2);
    assert_eq!(gateway.get("/nothing").problem(), "no_route");
    assert_eq!(gateway.stop(), 0);
    assert_eq!(gateway.processes(), Vec::<u32>::new());
}
