//! The pages of the sample: all that a template is asked for, with a head, structured data and a state.

use std::hint::black_box;
use std::time::Duration;

use forecourt::json::{Limits, Node, Number, parse};
use forecourt::page::{Around, HeadText, JsonLdText, State, Templates, View};

/// Of `GET /detail/1` and `GET /items`, as the sample gives them.
const DETAIL: &str = include_str!("detail.json");
const LIST: &str = include_str!("list.json");

const BUDGET: Duration = Duration::from_secs(2);

pub(crate) fn tables(wanted: &[String]) {
    if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == "shop") {
        return;
    }
    let templates = templates();
    println!("\n| page of the sample | bytes | by the engine, us | straight from the text, us | x |");
    println!("| --- | --- | --- | --- | --- |");
    let state = State::Members(["id", "skuId", "name", "price", "priceCurrency", "stock"].map(str::to_owned).to_vec());
    let detail = View::compile("detail.html", Some(&head()), state, &templates).unwrap();
    let bare = View::compile("detail.html", Some(&HeadText::default()), State::None, &templates).unwrap();
    let list = View::compile("list.html", None, State::None, &templates).unwrap();
    row("detail", &detail, DETAIL, &templates);
    row("detail without head and state", &bare, DETAIL, &templates);
    row("list", &list, LIST, &templates);
}

fn row(name: &str, view: &View, text: &str, templates: &Templates) {
    let params = [("id".to_owned(), Node::Number(Number::raw("1")))];
    let around = Around {
        method: "GET",
        path: "/detail/1",
        id: "0199a0c2-7b1e-7c3d-9a52-3f1d7e5b9c40",
        nonce: "0123456789abcdef0123456789abcdef",
        params: &params,
        query: &[],
        route: "GET /detail/{id}",
        origin: Some("https://shop.example"),
        deadline: None,
        on_loop: false,
    };
    let by_engine = |text| templates.show_by_engine(view, &parse(text, &Limits::default()).unwrap(), &around).unwrap();
    assert!(view.stays().is_none());
    let shown = templates.show_text(&view.source(text), &around).unwrap();
    assert_eq!(shown, by_engine(text));
    let times = super::fastest(
        &[
            ("engine", &|| drop(black_box(by_engine(black_box(text))))),
            ("text", &|| drop(black_box(templates.show_text(&view.source(black_box(text)), &around).unwrap()))),
        ],
        BUDGET,
    );
    let bytes = shown.html.len();
    println!("| {name} | {bytes} | {:.1} | {:.1} | {:.2} |", times[0] * 1e6, times[1] * 1e6, times[0] / times[1]);
}

fn templates() -> Templates {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    Templates::compile(
        files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())),
    )
    .unwrap()
}

/// As the sample's routes.yaml has it.
fn head() -> HeadText {
    let text = |text: &str| Some(text.to_owned());
    HeadText {
        title: text("{{ name }} · The Corner Shop"),
        description: text("{{ summary }}"),
        canonical: text("/detail/{{ request.params.id }}"),
        og: vec![
            ("type".to_owned(), "product".to_owned()),
            ("image".to_owned(), "{% if pictures %}{{ pictures[0] }}{% endif %}".to_owned()),
        ],
        json_ld: ["product.json", "crumbs.json"].map(|name| JsonLdText::Template(name.to_owned())).to_vec(),
        ..HeadText::default()
    }
}
