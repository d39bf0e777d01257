//! `forecourt routes`: what is served, as a table; below each other on a terminal that is too narrow for one.

use std::path::Path;

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use terminal_size::{Width, terminal_size_of};

use super::{exit, load};
use crate::base::hole::{Part, Template};
use crate::plan::{Answer, Call, GroupPlan, MethodChoice, Route};
use crate::shape::{Shape, Step};

/// What stands for nothing in a table, so that a script finds every column.
const NONE: &str = "-";

/// The group comes last, and only where there are several.
const HEADER: [&str; COLUMNS] = ["METHOD", "PATH", "CALLS", "SHAPE", "PAGE", "GROUP"];
const COLUMNS: usize = 6;

type Row = [String; COLUMNS];

pub(super) fn run(path: &Path) -> Result<()> {
    let (_, plan) = load::load(path)?;
    let groups = &plan.cluster().groups;
    let columns = if groups.len() > 1 { COLUMNS } else { COLUMNS - 1 };
    let rows: Vec<Row> = plan.router().routes().iter().enumerate().map(|(index, route)| row(route, groups, index)).collect();
    // A pipe has no width, and a line of its own for every route.
    let width = terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| usize::from(columns));
    exit::print(&listing(&rows, columns, width))
}

/// The rows as a table when it fits the width, else as a paragraph each.
fn listing(rows: &[Row], columns: usize, width: Option<usize>) -> String {
    let table = table(rows, columns);
    let widest = table.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    if width.is_none_or(|width| widest <= width) { table } else { paragraphs(rows, columns) }
}

fn table(rows: &[Row], columns: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADER.into_iter().take(columns));
    table.add_rows(rows.iter().map(|row| row.iter().take(columns)));
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt()
}

fn paragraphs(rows: &[Row], columns: usize) -> String {
    let mut lines = Vec::new();
    for [methods, path, calls, shape, page, group] in rows {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{methods} {path}"));
        // Method and path are in the first line.
        let parts = [("calls", calls), ("shape", shape), ("page", page), ("group", group)];
        lines.extend(
            parts.iter().take(columns - 2).filter(|(_, text)| *text != NONE).map(|(name, text)| format!("  {name:<6} {text}")),
        );
    }
    lines.join("\n")
}

fn row(route: &Route, groups: &[GroupPlan], index: usize) -> Row {
    let pattern = route.pattern().to_string();
    let (methods, path) = pattern.split_once(' ').unwrap_or((&pattern, ""));
    let (calls, shape) = match route.answer() {
        Answer::Proxy(call) => (format!("proxy {}", described(call)), NONE.to_owned()),
        Answer::Call { call, shape } => (described(call), steps(shape)),
        Answer::Calls { calls, shape } => {
            let calls: Vec<String> = calls.iter().map(|named| format!("{}: {}", named.name(), described(named.call()))).collect();
            (calls.join(", "), steps(shape))
        }
    };
    let page = route.page().map_or(NONE, |page| page.template());
    let serving: Vec<&str> = groups.iter().filter(|group| group.serves(index)).map(|group| group.name.as_str()).collect();
    [methods.to_owned(), path.to_owned(), calls, shape, page.to_owned(), serving.join(", ")]
}

fn steps(shape: &Shape) -> String {
    let names: Vec<&str> = shape.steps().iter().map(Step::name).collect();
    if names.is_empty() { NONE.to_owned() } else { names.join(", ") }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        [
            ["GET", "/detail/{id}", "GET shop:/api/items/{path.id}", "nulls, case", "detail.html", "web"],
            ["ANY", "/files/{*rest}", "proxy files:/{path.rest}", "-", "-", "files, web"],
        ]
        .map(|row| row.map(ToOwned::to_owned))
        .to_vec()
    }

    #[test]
    fn a_wide_terminal_and_a_pipe_get_one_line_a_route() {
        let expected = "\
METHOD  PATH            CALLS                          SHAPE        PAGE
GET     /detail/{id}    GET shop:/api/items/{path.id}  nulls, case  detail.html
ANY     /files/{*rest}  proxy files:/{path.rest}       -            -";
        assert_eq!(listing(&rows(), 5, None), expected);
        assert_eq!(listing(&rows(), 5, Some(79)), expected);
    }

    #[test]
    fn a_narrow_terminal_gets_a_paragraph_a_route() {
        let expected = "\
GET /detail/{id}
  calls  GET shop:/api/items/{path.id}
  shape  nulls, case
  page   detail.html

ANY /files/{*rest}
  calls  proxy files:/{path.rest}";
        assert_eq!(listing(&rows(), 5, Some(78)), expected);
    }

    #[test]
    fn with_several_groups_every_route_says_who_serves_it() {
        let expected = "\
METHOD  PATH            CALLS                          SHAPE        PAGE         GROUP
GET     /detail/{id}    GET shop:/api/items/{path.id}  nulls, case  detail.html  web
ANY     /files/{*rest}  proxy files:/{path.rest}       -            -            files, web";
        assert_eq!(listing(&rows(), 6, None), expected);
        assert!(listing(&rows(), 6, Some(60)).ends_with("  group  files, web"));
    }
}
