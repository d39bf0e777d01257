//! The plan as a whole: from a snapshot to routes, or to a report.

mod caching;
mod groups;
mod laws;
mod presets;
mod purity;
mod routes;

use super::{Answer, Plan, Route};
use crate::shape::Step;
use crate::spec::Snapshot;

/// Two upstreams, for routes to stand below.
const UPSTREAMS: &str = "\
upstreams:
  shop: {url: \"http://127.0.0.1:9100\"}
  account: {url: \"http://127.0.0.1:9101\"}
";

fn snapshot(text: &str, files: &[(&str, &str)]) -> Snapshot {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    Snapshot { root: "routes.yaml".to_owned(), text: text.to_owned(), files, ..Snapshot::default() }
}

/// Compiles routes below [`UPSTREAMS`]; the error is the whole report.
fn compile(routes: &str, files: &[(&str, &str)]) -> Result<Plan, String> {
    super::compile(&snapshot(&format!("{UPSTREAMS}{routes}"), files)).map_err(|broken| broken.to_string())
}

/// The places and messages of a report, without its excerpts.
fn heads(report: &str) -> Vec<&str> {
    let is_head = |line: &&str| line.split(':').nth(2).is_some_and(|column| column.parse::<usize>().is_ok());
    report.lines().filter(is_head).collect()
}

/// The names of a route's steps.
fn steps(route: &Route) -> Vec<&'static str> {
    match route.answer() {
        Answer::Call { shape, .. } | Answer::Calls { shape, .. } => shape.steps().iter().map(Step::name).collect(),
        Answer::Proxy(_) => Vec::new(),
    }
}
