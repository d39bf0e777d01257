//! `forecourt routes --explain`: the passes that each route makes over a reply, and why.

use std::path::Path;

use anyhow::Result;

use super::{exit, load};
use crate::plan::{Answer, Route};
use crate::shape::PassPlan;

pub(super) fn run(path: &Path) -> Result<()> {
    let (_, plan) = load::load(path)?;
    let routes: Vec<String> = plan.router().routes().iter().map(|route| explained(route)).collect();
    exit::print(&routes.join("\n\n"));
    Ok(())
}

fn explained(route: &Route) -> String {
    let mut lines = vec![route.name().to_string()];
    match (route.answer(), route.fused()) {
        (Answer::Calls { .. }, _) => {
            lines.push("  several calls: their results become one tree, the steps one after the other".to_owned());
        }
        (Answer::Proxy(_), _) | (_, None) => lines.push("  bytes pass through untouched".to_owned()),
        (Answer::Call { .. }, Some(fused)) => {
            for (at, pass) in fused.plan().iter().enumerate() {
                lines.extend(told(at + 1, pass));
            }
            if route.page().is_some() {
                lines.push("  a page: a tree for the template, the steps one after the other".to_owned());
            }
        }
    }
    lines.join("\n")
}

fn told(number: usize, pass: &PassPlan) -> Vec<String> {
    if pass.steps.is_empty() {
        return vec![format!("  pass {number}, over the bytes: checks the document, drops its white space")];
    }
    if pass.reasons.is_empty() {
        return vec![format!("  pass {number}, over the bytes: {}", pass.steps.join(", "))];
    }
    let mut lines = vec![format!("  pass {number}, on a tree:")];
    lines.extend(pass.steps.iter().zip(&pass.reasons).map(|(step, why)| format!("    {step}: {why}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_tells_its_steps_and_why_some_need_a_tree() {
        let bytes = PassPlan { steps: vec!["unwrap", "nulls"], reasons: vec![] };
        assert_eq!(told(1, &bytes), ["  pass 1, over the bytes: unwrap, nulls"]);
        let tree = PassPlan { steps: vec!["group"], reasons: vec!["elements change their order"] };
        assert_eq!(told(2, &tree), ["  pass 2, on a tree:", "    group: elements change their order"]);
    }
}
