//! A page from the bytes of a reply: the whole of it, and its parts, beside the engine and beside code written for this one page, in
//! one run.
//!
//! `cargo bench --bench page [small|medium|large|shop]`: the pages of the sample are `shop`. Every figure is the fastest of many rounds, which is the one that other programs
//! disturb least.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark prints, and may stop")]

#[path = "../shape/documents.rs"]
mod documents;
mod engine;
mod shop;
mod straight;

use std::hint::black_box;
use std::time::{Duration, Instant};

use forecourt::json::{Limits, Node, Path, parse};
use forecourt::page::{Around, State, Templates, View};
use forecourt::shape::{Action, Fused, MissingData, MissingVerdict, Notes, Payload, Shape, Step, Unwrap, UnwrapOptions};

#[global_allocator]
static ALLOCATOR: forecourt::cli::Allocator = forecourt::cli::Allocator;

const TEMPLATE: &str = include_str!("page.html");

/// How long one document is measured, all parts together.
const BUDGET: Duration = Duration::from_secs(3);

fn main() {
    // As on the thread of a worker.
    ALLOCATOR.remember();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    println!("| document | part | us | x straight |");
    println!("| --- | --- | --- | --- |");
    for (name, text) in [("small", documents::small()), ("medium", documents::medium()), ("large", documents::large())] {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            table(name, &text);
        }
    }
    shop::tables(&wanted);
}

fn table(name: &str, reply: &str) {
    let template = if name == "large" { list_page() } else { TEMPLATE.to_owned() };
    let templates = Templates::compile([("page.html".to_owned(), template.clone())]).unwrap();
    let view = View::compile("page.html", None, State::None, &templates).unwrap();
    let around = Around {
        method: "GET",
        path: "/html/1",
        id: "0199a0c2-7b1e-7c3d-9a52-3f1d7e5b9c40",
        nonce: "0123456789abcdef0123456789abcdef",
        params: &[],
        query: &[],
        route: "GET /html/{size}",
        origin: None,
        deadline: None,
        on_loop: false,
    };
    let steps = [unwrap()];
    let (fused, shape) = (Fused::new(&steps), Shape::new(steps.to_vec(), false));
    let by_tree = |reply| {
        let mut document = parse(reply, &Limits::default()).unwrap();
        shape.run(&mut document, &mut Notes::new()).unwrap();
        document
    };
    let text = String::from_utf8(fused.run(reply, 128).unwrap()).unwrap();
    let document: Node<'_> = by_tree(reply);
    let tera = engine::Engine::new(&template);
    let values = engine::context(&document);

    let html = tera.render(&values);
    assert_eq!(templates.show(&view, &document, &around).unwrap().html, html);
    assert_eq!(templates.show_text(&view.source(&text), &around).unwrap().html, html);
    assert_eq!(straight::page(&document), html);

    let parts: [(&str, &dyn Fn()); 10] = [
        ("straight code: parse, unwrap, write", &|| drop(black_box(straight::page(&by_tree(black_box(reply)))))),
        ("straight code alone, from a tree", &|| drop(black_box(straight::page(black_box(&document))))),
        ("engine: parse, unwrap, values, render", &|| {
            drop(black_box(tera.render(&engine::context(&by_tree(black_box(reply))))));
        }),
        ("engine: values alone", &|| drop(black_box(engine::context(black_box(&document))))),
        ("engine: render alone", &|| drop(black_box(tera.render(black_box(&values))))),
        ("parse alone", &|| drop(black_box(parse(black_box(reply), &Limits::default()).unwrap()))),
        ("unwrap on the bytes alone", &|| drop(black_box(fused.run(black_box(reply), 128)))),
        ("page from text alone", &|| drop(black_box(templates.show_text(&view.source(black_box(&text)), &around).unwrap()))),
        ("page from a tree alone", &|| drop(black_box(templates.show(&view, black_box(&document), &around).unwrap()))),
        ("**page from the payload in its envelope**", &|| {
            let reply = simdutf8::basic::from_utf8(black_box(reply).as_bytes()).unwrap();
            let source = fused.payload(reply, 128, |at, levels| view.source_at(reply, at, levels)).unwrap();
            drop(black_box(templates.show_text(&source, &around).unwrap()));
        }),
    ];
    let times = fastest(&parts, BUDGET);
    let straight = times.first().copied().unwrap_or_default();
    for ((part, _), time) in parts.iter().zip(&times) {
        println!("| {name}, {} bytes | {part} | {:.1} | {:.2} |", html.len(), time * 1e6, time / straight);
    }
}

/// The fastest round of each, in seconds, rounds in turns.
fn fastest(parts: &[(&str, &dyn Fn())], budget: Duration) -> Vec<f64> {
    let mut best = vec![f64::MAX; parts.len()];
    let end = Instant::now() + budget;
    while Instant::now() < end {
        for ((_, part), best) in parts.iter().zip(&mut best) {
            let start = Instant::now();
            part();
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    best
}

/// A list has nothing of an article.
fn list_page() -> String {
    TEMPLATE.replace("{{ title }}", "{{ seo.title }}").replace("{{ desc }}", "{{ seo.description }}")
}

fn unwrap() -> Step {
    let options = UnwrapOptions {
        data: vec![Payload::At(Path::parse("data").unwrap())],
        ok: vec![],
        missing: MissingVerdict::Ok,
        message: vec![],
        status: vec![],
        otherwise: 502,
        missing_data: MissingData::Value(Node::Null),
    };
    Step::new(Action::Unwrap(Unwrap::new(options).unwrap()))
}
