//! Every example of docs/routes.md, run.
//!
//! The words behind a fence say what a block is. YAML: `file`, `upstream` (what stands under an upstream's name), `route` (entries of
//! `routes`), `steps` (entries of `shape`), `broken` (a file whose report is the block after it), or the name of a preset's file. Then, in any number: `http` (a request), `before` (the backend's
//! reply), `after [STATUS]` (the answer), `text asked` (requests, and what each makes of the call).

use std::collections::BTreeMap;

use forecourt::spec::Snapshot;

use crate::backend::{Files, ask};
use crate::markdown::{Block, blocks};
use crate::read;

/// Walks over the blocks of the page.
struct Walk {
    files: Files,
    /// The last YAML block as a whole file.
    file: String,
    request: String,
    before: String,
    /// What does not hold.
    wrong: Vec<String>,
}

#[tokio::test]
async fn every_example_of_the_reference_compiles_and_does_what_it_says() {
    let page = read("docs/routes.md");
    let blocks = blocks(&page);
    let mut walk = Walk {
        files: Files(around()),
        file: String::new(),
        request: "GET /".to_owned(),
        before: "{}".to_owned(),
        wrong: Vec::new(),
    };
    // Files that examples refer to may stand behind them.
    for block in &blocks {
        if let Some(name) = block.words.first().filter(|word| word.contains('/')) {
            walk.files.0.insert(name.clone(), block.text.clone().into_bytes());
        }
    }
    let mut seen = BTreeMap::new();
    let mut ahead = blocks.iter().peekable();
    while let Some(block) = ahead.next() {
        let kind = block.words.first().map_or("", String::as_str);
        *seen.entry(format!("{} {kind}", block.language)).or_insert(0) += 1;
        match (block.language.as_str(), kind) {
            ("yaml", "broken") => {
                let report = ahead.next().filter(|next| next.language == "text");
                let report = report.unwrap_or_else(|| panic!("line {}: no report behind it", block.line));
                walk.broken(block, report);
            }
            _ => walk.step(block).await,
        }
    }
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
    for kind in ["yaml file", "yaml upstream", "yaml route", "yaml steps", "yaml broken", "json after", "text asked"] {
        assert!(seen.contains_key(kind), "the page has no `{kind}` any more: {seen:?}");
    }
}

impl Walk {
    async fn step(&mut self, block: &Block) {
        let line = block.line;
        let kind = block.words.first().map_or("", String::as_str);
        match (block.language.as_str(), kind) {
            ("yaml", name) if name.contains('/') => {}
            ("html", name) if name.contains('/') => {}
            // The browser's code, and what a client of HTTP/2 is told first: tests/pages looks after them.
            ("js" | "console", "") => {}
            ("yaml", kind) => {
                self.file = whole(kind, &block.text).unwrap_or_else(|| panic!("line {line}: what is a `{kind}`?"));
                let report = self.files.compile(&self.file).err();
                self.expect(report.is_none(), || format!("line {line}: {}", report.unwrap_or_default()));
                (self.request, self.before) = ("GET /".to_owned(), "{}".to_owned());
            }
            ("http", "") => self.request.clone_from(&block.text),
            (_, "before") => self.before.clone_from(&block.text),
            (language, "after") => {
                let Ok(plan) = self.files.compile(&self.file) else { return };
                let answer = ask(plan, &self.request, &self.before).await;
                let status = block.words.get(1).map_or(200, |status| status.parse().unwrap());
                self.expect(answer.status == status, || format!("line {line}: {} instead of {status}", answer.status));
                let (is, should) = match language {
                    "json" => (compact(&answer.body), compact(&block.text)),
                    _ => (answer.body.trim().to_owned(), block.text.trim().to_owned()),
                };
                self.expect(is == should, || format!("line {line}: the page says\n{should}\nand what comes is\n{is}"));
            }
            ("text", "asked") => {
                let Ok(_) = self.files.compile(&self.file) else { return };
                for example in block.text.lines() {
                    let (request, expected) = example.split_once("->").unwrap();
                    let answer = ask(self.files.compile(&self.file).unwrap(), request.trim(), "{}").await;
                    let asked = answer.asked.first().cloned().unwrap_or_else(|| answer.status.to_string());
                    self.expect(asked == expected.trim(), || format!("line {line}: {request}-> {asked}"));
                }
            }
            ("json", "") => {
                let _parses: serde_json::Value =
                    serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("line {line}: {error}"));
            }
            (language, kind) => panic!("line {line}: what is a block of `{language} {kind}`?"),
        }
    }

    fn broken(&mut self, block: &Block, report: &Block) {
        let said = self.files.compile(&block.text).expect_err("the broken example compiles");
        self.expect(said.trim() == report.text.trim(), || format!("line {}: the report is\n{said}", block.line));
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(otherwise());
        }
    }
}

/// The templates and schemas of the sample.
fn around() -> BTreeMap<String, Vec<u8>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("routes.yaml");
    Snapshot::read_with(&root, |_| None).unwrap().files
}

/// A fragment as a whole file.
fn whole(kind: &str, text: &str) -> Option<String> {
    let indented = |by: &str| text.lines().map(|line| format!("{by}{line}\n")).collect::<String>();
    let site = "site: {origin: 'https://shop.example'}\n";
    let shop = "upstreams: {shop: {url: 'demo:'}}\n";
    Some(match kind {
        "file" => text.to_owned(),
        "upstream" => format!("upstreams:\n  shop:\n{}routes: [{{route: GET /, shape: []}}]\n", indented("    ")),
        "route" => format!("{site}{shop}routes:\n{}", indented("  ")),
        "steps" => format!("{shop}routes:\n  - route: GET /\n    shape:\n{}", indented("      ")),
        _ => return None,
    })
}

/// JSON without the blanks between its tokens, every token as it came.
fn compact(json: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in json.chars() {
        if inside || !c.is_whitespace() {
            out.push(c);
        }
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
    }
    out
}
