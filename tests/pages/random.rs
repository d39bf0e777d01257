//! Random data in every page of the sample: a browser's parser finds the same elements with the same attributes as with honest data, no
//! address that runs anything, and the state that was put in. So does a head that leaves early, alone.
//!
//! `FORECOURT_SUITE=full` makes 100,000 documents of it.

use std::collections::BTreeMap;
use std::path::Path;

use forecourt::json::{self, Node};
use forecourt::page::{Around, Templates, end_of_head};
use forecourt::plan::{self, Plan};
use forecourt::spec::Snapshot;
use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use crate::sample;

/// What breaks out of where it stands when it is not escaped for it, and what browsers read as something else.
const PIECES: [&str; 26] = [
    "<",
    ">",
    "\"",
    "'",
    "&",
    "`",
    "=",
    "/",
    " ",
    "\n",
    "\t",
    "\u{0}",
    "\u{2028}",
    "\u{feff}",
    "</script>",
    "<!--",
    "-->",
    "]]>",
    "onerror=",
    "javascript:",
    "data:text/html,",
    "{{",
    "%}",
    "</title>",
    "<img src=x>",
    "a",
];

/// A generator of numbers (xorshift64*): a failure tells its seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    /// A text that is never blank, for a blank one may have no element.
    fn text(&mut self) -> String {
        let mut text = "x".to_owned();
        for _ in 0..self.below(6) {
            match self.below(3) {
                0 => text.push(char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{fffd}')),
                _ => text.push_str(PIECES[self.below(PIECES.len())]),
            }
        }
        // What stands first decides of an address.
        if self.below(2) == 0 { text.split_off(1) + "x" } else { text }
    }
}

/// The same document with other texts. Numbers, truths, lists and names stay, for they decide which elements there are.
fn wild(node: &Node<'static>, chance: &mut Chance) -> Node<'static> {
    match node {
        Node::String(text) if !text.as_raw().is_empty() => Node::text(chance.text()),
        Node::Array(elements) => Node::Array(elements.iter().map(|element| wild(element, chance)).collect()),
        Node::Object(object) => {
            let members = object
                .members()
                .iter()
                .map(|member| json::Member { key: member.key.clone(), value: wild(&member.value, chance) });
            Node::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// A page of the sample, the document that it is shown with, and its request.
struct Sheet {
    route: &'static str,
    /// The template, where there is no route.
    template: &'static str,
    path: &'static str,
    params: Vec<(String, Node<'static>)>,
    query: Vec<(String, Node<'static>)>,
    document: Node<'static>,
}

fn number(name: &str, number: u64) -> (String, Node<'static>) {
    (name.to_owned(), Node::Number(number.into()))
}

fn sheets() -> Vec<Sheet> {
    let gateway = sample().workers(1).start();
    let document = |path: &str| {
        let text = gateway.get(path).text();
        json::parse(&text, &json::Limits::default()).unwrap().into_owned()
    };
    let list = |size: u64| vec![number("page", 1), number("size", size)];
    vec![
        Sheet {
            template: "",
            route: "GET /detail/{id}",
            path: "/detail/1",
            params: vec![number("id", 1)],
            query: vec![],
            document: document("/detail/1"),
        },
        Sheet {
            template: "",
            route: "GET /detail/{id}/reviews",
            path: "/detail/1/reviews",
            params: vec![number("id", 1)],
            query: vec![],
            document: document("/detail/1/reviews"),
        },
        Sheet { template: "", route: "GET /", path: "/", params: vec![], query: vec![], document: document("/") },
        Sheet { template: "", route: "GET /items", path: "/items", params: vec![], query: list(8), document: document("/items") },
        Sheet {
            route: "",
            template: "error.html",
            path: "/nothing",
            params: vec![],
            query: vec![],
            document: document("/nothing"),
        },
        Sheet {
            route: "",
            template: "shell.html",
            path: "/nothing",
            params: vec![],
            query: vec![],
            document: document("/nothing"),
        },
    ]
}

/// The plan of the sample.
fn plan() -> Plan {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: &str| -> BTreeMap<String, Vec<u8>> {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files
            .map(|path| (format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()), std::fs::read(&path).unwrap()))
            .collect()
    };
    let text = std::fs::read_to_string(root.join("routes.yaml")).unwrap();
    let text =
        text.replace("${SITE_ORIGIN:-http://localhost:8080}", "https://shop.example").replace("${SHOP_URL:-demo:}", "\"demo:\"");
    let files = ["templates", "schemas"].into_iter().flat_map(read).collect();
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text, files, ..Snapshot::default() };
    plan::compile(&snapshot).unwrap_or_else(|broken| panic!("{broken}"))
}

fn shown(plan: &Plan, sheet: &Sheet, document: &Node<'_>) -> String {
    let templates: &Templates = plan.templates();
    let around = Around {
        method: "GET",
        path: sheet.path,
        id: "request-of-a-test",
        nonce: "0123456789abcdef",
        params: &sheet.params,
        query: &sheet.query,
        route: sheet.route,
        origin: plan.origin(),
        deadline: None,
        on_loop: false,
    };
    let route = plan.router().routes().iter().find(|route| &**route.name() == sheet.route);
    match route.and_then(|route| route.page()) {
        Some(page) => {
            // Written without the engine, and equal to what the engine renders.
            assert_eq!(page.view().stays(), None);
            let shown = templates.show(page.view(), document, &around).unwrap();
            assert_eq!(shown, templates.show_by_engine(page.view(), document, &around).unwrap(), "{}", sheet.path);
            shown.html
        }
        None => {
            let shown = templates.show_alone(sheet.template, document, &around).unwrap();
            assert_eq!(shown, templates.render(sheet.template, document, &around).unwrap(), "{}", sheet.template);
            shown
        }
    }
}

/// What a browser makes of a page.
#[derive(Default)]
struct Seen {
    /// Every element with the names of its attributes, and every comment.
    bones: Vec<String>,
    /// Every address that a browser follows or loads.
    addresses: Vec<String>,
    /// The text of every script of data.
    data: Vec<String>,
}

/// The elements of an honest page, and of its head alone.
struct Honest {
    whole: Vec<String>,
    head: Vec<String>,
}

fn see(html: &str) -> Seen {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut seen = Seen::default();
    walk(&dom.document, &mut seen);
    seen
}

fn walk(node: &Handle, seen: &mut Seen) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let mut bone = name.local.to_string();
            for attribute in attrs.borrow().iter() {
                bone.push(' ');
                bone.push_str(&attribute.name.local);
                if matches!(&*attribute.name.local, "href" | "src" | "action" | "srcset" | "data-src") {
                    seen.addresses.push(attribute.value.to_string());
                }
            }
            // The picture of a card is an address, and one that is none is left out.
            let is_picture = attrs.borrow().iter().any(|attribute| &*attribute.value == "og:image");
            if !is_picture {
                seen.bones.push(bone);
            }
            if &*name.local == "script" {
                let texts = node.children.borrow().iter().filter_map(text).collect();
                seen.data.push(texts);
            }
        }
        NodeData::Comment { .. } | NodeData::ProcessingInstruction { .. } => seen.bones.push("a comment".to_owned()),
        _ => {}
    }
    node.children.borrow().iter().for_each(|child| walk(child, seen));
}

fn text(node: &Handle) -> Option<String> {
    if let NodeData::Text { contents } = &node.data { Some(contents.borrow().to_string()) } else { None }
}

/// Whether an address leads somewhere, and runs nothing. Read as browsers do, who drop tabs and line ends first.
fn is_harmless(address: &str) -> bool {
    let base = reqwest::Url::parse("https://shop.example/detail/1").unwrap();
    base.join(address).map_or(true, |url| matches!(url.scheme(), "http" | "https" | "mailto" | "tel"))
}

/// How many documents are made.
fn count() -> usize {
    if std::env::var("FORECOURT_SUITE").is_ok_and(|suite| suite == "full") { 100_000 } else { 200 }
}

#[test]
fn no_random_text_adds_an_element_an_attribute_or_an_address_that_runs() {
    let (plan, sheets) = (plan(), sheets());
    let honest = |sheet: &Sheet| {
        let html = shown(&plan, sheet, &wild(&sheet.document, &mut Chance(1)));
        Honest { whole: see(&html).bones, head: see(head(&html)).bones }
    };
    let honest: Vec<Honest> = sheets.iter().map(honest).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (plan, sheets, honest) = (&plan, &sheets, &honest);
            scope.spawn(move || {
                for seed in (thread..count()).step_by(threads) {
                    for (sheet, honest) in sheets.iter().zip(honest) {
                        let document = wild(&sheet.document, &mut Chance(seed as u64 * 2 + 3));
                        hold(plan, sheet, &document, honest, seed);
                    }
                }
            });
        }
    });
}

/// What leaves of a page that begins early: its head, alone.
fn head(html: &str) -> &str {
    let end = end_of_head(html).unwrap_or_else(|| panic!("its head has no end: {html}"));
    &html[..end]
}

fn hold(plan: &Plan, sheet: &Sheet, document: &Node<'static>, honest: &Honest, seed: usize) {
    let html = shown(plan, sheet, document);
    let seen = see(&html);
    for (text, seen, honest) in
        [(html.as_str(), &seen.bones, &honest.whole), (head(&html), &see(head(&html)).bones, &honest.head)]
    {
        if seen != honest {
            let at = seen.iter().zip(honest).take_while(|(seen, honest)| seen == honest).count();
            let (seen, honest) = (seen.get(at), honest.get(at));
            panic!("seed {seed} of {}: element {at} is {seen:?} instead of {honest:?}:\n{text}", sheet.path);
        }
    }
    for address in &seen.addresses {
        assert!(is_harmless(address), "seed {seed} of {}: {address:?}", sheet.path);
    }
    for data in &seen.data {
        if data.trim().is_empty() {
            continue;
        }
        json::parse(data, &json::Limits::default())
            .unwrap_or_else(|error| panic!("seed {seed} of {}: {error}: {data}", sheet.path));
    }
    // The state is the last data of a page that has one: members of the document, as they are.
    if html.contains("__FORECOURT_STATE__") {
        let state =
            json::parse(seen.data.iter().rfind(|data| !data.trim().is_empty()).unwrap(), &json::Limits::default()).unwrap();
        let members = state.as_object().unwrap().members();
        assert!(!members.is_empty(), "{html}");
        for member in members {
            let name = member.key.decode().into_owned();
            assert_eq!(document.as_object().unwrap().get(&name), Some(&member.value), "seed {seed}: {name}");
        }
    }
}

#[test]
fn the_honest_pages_of_the_sample_have_what_random_ones_are_held_against() {
    // The law above would hold for pages that are empty, too.
    let (plan, sheets) = (plan(), sheets());
    for sheet in &sheets {
        let seen = see(&shown(&plan, sheet, &sheet.document));
        assert!(seen.bones.len() > 40 && seen.addresses.len() > 5, "{}", sheet.path);
    }
    assert!(!is_harmless("java\tscript:alert(1)") && !is_harmless(" JAVASCRIPT:a") && is_harmless("javascript/:a"));
}
