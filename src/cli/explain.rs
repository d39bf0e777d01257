//! `forecourt routes --explain`: the passes that each route makes over a reply, how its page is made, and why.

use std::path::Path;

use anyhow::Result;
use bytesize::ByteSize;

use super::{exit, load};
use crate::page::{Hints, Stays};
use crate::plan::{Answer, Page, Route};
use crate::shape::PassPlan;

pub(super) fn run(path: &Path) -> Result<()> {
    let (_, plan) = load::load(path)?;
    let routes: Vec<String> = plan.router().routes().iter().map(|route| explained(route)).collect();
    exit::print(&routes.join("\n\n"))
}

fn explained(route: &Route) -> String {
    let mut lines = vec![route.name().to_string()];
    match (route.answer(), route.fused()) {
        (Answer::Calls { .. }, _) => {
            lines.push("  several calls: their results become one tree, the steps one after the other".to_owned());
        }
        (Answer::Proxy(_), _) | (_, None) => lines.push("  bytes pass through untouched".to_owned()),
        (Answer::Call { shape, .. }, Some(fused)) => {
            let passes = fused.plan();
            for (at, pass) in passes.iter().enumerate() {
                lines.extend(told(at + 1, pass));
            }
            lines.extend(size(route.streams(), &passes, shape.is_strict()));
            if route.page().is_some() && route.streams().is_ok() {
                lines.push("  a page needs all of it".to_owned());
            }
        }
    }
    lines.extend(route.page().map(|page| made(page.view().stays())));
    lines.extend(route.page().and_then(Page::hints).map(hinted));
    lines.join("\n")
}

/// How a page is made.
fn made(stays: Option<&Stays>) -> String {
    match stays {
        None => "  a page: written straight from the text of the document".to_owned(),
        Some(Stays { template, line, what }) => {
            format!("  a page: by the template engine, from a tree, because of line {line} of {template}: {what}")
        }
    }
}

/// What of a page is told before the calls are made.
fn hinted(hints: &Hints) -> String {
    match hints {
        Hints::Links(links) => format!("  told early: {links}"),
        Hints::Unsure => "  nothing told early: all that its head names hangs on the data".to_owned(),
        Hints::Nothing => "  nothing told early: its head names nothing that a browser could fetch".to_owned(),
    }
}

/// What becomes of a large reply.
fn size(streams: Result<u64, &'static str>, passes: &[PassPlan], strict: bool) -> Vec<String> {
    let above = match streams {
        Err(why) => return vec![format!("  whole, whatever its size: {why}")],
        Ok(above) => ByteSize::b(above).display().iec(),
    };
    let mut lines = vec![format!("  above {above} it is shaped while it comes")];
    if passes.iter().any(|pass| pass.steps.contains(&"unwrap")) {
        lines.push("    unwrap: all is held until the verdict, where that stands behind the payload".to_owned());
    }
    for step in passes.iter().flat_map(|pass| &pass.holds) {
        lines.push(format!("    {step}: a container is held until something in it stays"));
    }
    for pass in passes {
        // What is wrong with an envelope is no matter of the lists in its payload.
        let spared = |step| if pass.spares && step != "unwrap" { ", unless in an element of a list" } else { "" };
        lines.extend(pass.cuts.iter().map(|(step, at)| format!("    {step}: cuts the answer {at}{}", spared(*step))));
    }
    if strict {
        lines.push("    strict: a value of the wrong type cuts the answer".to_owned());
    }
    lines
}

fn told(number: usize, pass: &PassPlan) -> Vec<String> {
    if pass.steps.is_empty() {
        return vec![format!("  pass {number}, over the bytes: checks the document, drops its white space")];
    }
    if pass.reasons.is_empty() {
        return vec![format!("  pass {number}, over the bytes: {}", pass.steps.join(", "))];
    }
    let mut lines = vec![match &pass.under {
        None => format!("  pass {number}, on a tree:"),
        Some(path) => format!("  pass {number}, over the bytes, with a tree for each `{path}`:"),
    }];
    lines.extend(pass.steps.iter().zip(&pass.reasons).map(|(step, why)| format!("    {step}: {why}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_how_it_is_made_and_why() {
        let stays = Stays { template: "list.html".to_owned(), line: 7, what: "the filter `sort`".to_owned() };
        assert_eq!(
            made(Some(&stays)),
            "  a page: by the template engine, from a tree, because of line 7 of list.html: the filter `sort`"
        );
        assert_eq!(made(None), "  a page: written straight from the text of the document");
        for (hints, told) in [
            (Hints::Links("</a.css>; rel=preload; as=style".to_owned()), "  told early: </a.css>; rel=preload; as=style"),
            (Hints::Unsure, "  nothing told early: all that its head names hangs on the data"),
            (Hints::Nothing, "  nothing told early: its head names nothing that a browser could fetch"),
        ] {
            assert_eq!(hinted(&hints), told);
        }
    }

    #[test]
    fn a_pass_tells_its_steps_and_why_some_need_a_tree() {
        let bytes = PassPlan {
            steps: vec!["unwrap", "nulls"],
            reasons: vec![],
            under: None,
            holds: vec!["nulls"],
            cuts: vec![("unwrap", "there"), ("flatten", "here")],
            spares: true,
        };
        assert_eq!(told(1, &bytes), ["  pass 1, over the bytes: unwrap, nulls"]);
        let tree = PassPlan {
            steps: vec!["group"],
            reasons: vec!["elements change their order"],
            under: None,
            holds: vec![],
            cuts: vec![],
            spares: true,
        };
        let part = PassPlan { under: Some("list".to_owned()), ..tree.clone() };
        let first = told(2, &part).into_iter().next();
        assert_eq!(first.as_deref(), Some("  pass 2, over the bytes, with a tree for each `list`:"));
        assert_eq!(told(2, &tree), ["  pass 2, on a tree:", "    group: elements change their order"]);
        assert_eq!(
            size(Ok(256 << 10), &[bytes], true),
            [
                "  above 256.0 KiB it is shaped while it comes",
                "    unwrap: all is held until the verdict, where that stands behind the payload",
                "    nulls: a container is held until something in it stays",
                "    unwrap: cuts the answer there",
                "    flatten: cuts the answer here, unless in an element of a list",
                "    strict: a value of the wrong type cuts the answer",
            ]
        );
        assert_eq!(size(Err("for a reason"), &[tree], true), ["  whole, whatever its size: for a reason"]);
    }
}
