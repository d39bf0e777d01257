//! Every example of docs/templates.md, run: `json data` is the document of all examples until the next one, `html template` is rendered, and
//! `html gives` or `text fails` behind it says what comes of it.

use forecourt::json::{Duplicates, Limits, parse};
use forecourt::page::{Around, TemplateProblem, Templates};

use crate::markdown::blocks;
use crate::read;

const AROUND: Around<'static> = Around {
    method: "GET",
    path: "/detail/7",
    id: "r",
    nonce: "",
    params: &[],
    query: &[],
    route: "GET /detail/{id}",
    origin: Some("https://shop.example"),
    deadline: None,
    on_loop: false,
};

fn rendered(template: &str, data: &str) -> Result<String, String> {
    let files = [("t".to_owned(), template.to_owned())];
    let told =
        |problems: Vec<TemplateProblem>| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("\n");
    let templates = Templates::compile(files).map_err(told)?;
    let document =
        parse(data, &Limits { depth: 32, nodes: 1000, duplicates: Duplicates::Allow }).map_err(|error| error.to_string())?;
    templates.render("t", &document, &AROUND).map_err(|error| error.to_string())
}

#[test]
fn every_example_of_the_template_kit_gives_what_it_says() {
    let page = read("docs/templates.md");
    let blocks = blocks(&page);
    let (mut data, mut wrong, mut run) = ("{}", Vec::new(), 0);
    for (block, next) in blocks.iter().zip(blocks.iter().skip(1).map(Some).chain([None])) {
        if block.is("json", "data") {
            data = &block.text;
        } else if block.is("html", "template") {
            let next = next.unwrap_or_else(|| panic!("line {}: nothing says what it gives", block.line));
            let got = rendered(block.text.trim_end(), data);
            let is_right = match &got {
                Ok(text) => next.is("html", "gives") && text.trim_end() == next.text.trim_end(),
                Err(text) => next.is("text", "fails") && text.contains(next.text.trim_end()),
            };
            if !is_right {
                wrong.push(format!("line {}: {got:?}", block.line));
            }
            run += 1;
        } else {
            assert!(block.is("html", "gives") || block.is("text", "fails"), "line {}: what is this block?", block.line);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run >= 12, "only {run} examples");
}

#[test]
fn every_part_of_the_kit_has_an_example() {
    let page = read("docs/templates.md");
    // Other sections have titles of words; these have the name of a filter or a function.
    let name = |section: &str| section.lines().next().unwrap_or_default().to_owned();
    let is_part = |section: &&str| name(section).bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let parts: Vec<&str> = page.split("\n## ").skip(1).filter(is_part).collect();
    assert!(parts.len() >= 7, "{parts:?}");
    for section in parts {
        let name = name(section);
        let used = blocks(section).iter().any(|block| block.is("html", "template") && block.text.contains(&name));
        assert!(used, "{name}");
    }
}
