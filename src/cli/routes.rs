//! `forecourt routes`: what is served, as a table.

use std::path::Path;

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};

use super::{exit, load};
use crate::base::hole::{Part, Template};
use crate::plan::{Answer, Call, MethodChoice, Route};
use crate::shape::Step;

pub(super) fn run(path: &Path) -> Result<()> {
    let (_, plan) = load::load(path)?;
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["METHOD", "PATH", "CALLS", "SHAPE", "PAGE"]);
    for route in plan.router().routes() {
        table.add_row(row(route));
    }
    exit::print(&table.to_string());
    Ok(())
}

fn row(route: &Route) -> [String; 5] {
    let pattern = route.pattern().to_string();
    let (methods, path) = pattern.split_once(' ').unwrap_or((&pattern, ""));
    let (calls, shape) = match route.answer() {
        Answer::Proxy(call) => (format!("proxy {}", described(call)), "-".to_owned()),
        Answer::Call { call, name, shape } => {
            let call = described(call);
            let names: Vec<&str> = shape.steps().iter().map(Step::name).collect();
            let steps = if names.is_empty() { "-".to_owned() } else { names.join(", ") };
            (name.as_ref().map_or_else(|| call.clone(), |name| format!("{name}: {call}")), steps)
        }
    };
    let page = route.page().map_or("-", |page| page.template());
    [methods.to_owned(), path.to_owned(), calls, shape, page.to_owned()]
}

fn described(call: &Call) -> String {
    let name = call.backend().upstream().name();
    let target = call.target().map_or_else(|| "(as requested)".to_owned(), written);
    match call.method() {
        MethodChoice::AsRequested => format!("{name}:{target}"),
        MethodChoice::Fixed(method) => format!("{method} {name}:{target}"),
    }
}

fn written(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Hole(hole) => hole.to_string(),
    };
    template.parts().iter().map(part).collect()
}
