//! Pages in their long form: what their head says, what their state holds, which blocks go alone, and what no data can do to them.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;
use serde_json::json;

use super::tests::{AROUND_NOTHING, any_document, any_text, compile, document};
use super::*;
use crate::json::{Member, Object, Text};

const LAYOUT: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>The shop</title>\n</head>\n\
                      <body>\n{% block main %}{% endblock main %}\n</body>\n</html>\n";

const DETAIL: &str = "{% extends \"layout.html\" %}{% block main %}<h1 title=\"{{ title }}\">{{ title }}</h1>\
                      {% block reviews %}<ul>{% for text in texts %}<li>{{ text }}</li>{% endfor %}</ul>{% endblock reviews %}\
                      {% endblock main %}";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

fn templates(files: &[(&str, &str)]) -> Templates {
    compile(&[&[("layout.html", LAYOUT), ("detail.html", DETAIL)], files].concat()).unwrap()
}

fn show(head: HeadText, state: State, doc: &str) -> Result<Shown, Error> {
    let templates =
        templates(&[("product.json", "{\"@type\":\"Product\",\"name\":{{ title | json_script }}}"), ("bad.json", "{{ title }}")]);
    let view = View::compile("detail.html", Some(&head), state, &templates).unwrap();
    templates.show(&view, &document(doc), &AROUND_NOTHING)
}

fn head_of(head: HeadText, doc: &str) -> String {
    let page = show(head, State::None, doc).unwrap().html;
    let (_, rest) = page.split_once("<head>\n").unwrap();
    rest.split_once("<meta charset=\"utf-8\">").unwrap().0.to_owned()
}

const TEA: &str = r#"{"title":"Tea \"&\" <more>","texts":["a"],"price":1.10,"brand":null,"id":12345678901234567890,"empty":" "}"#;

#[test]
fn every_value_of_a_head_becomes_its_element_escaped() {
    let head = HeadText {
        title: text("{{ title }}\n - Shop"),
        description: text("{{ title | upper }}"),
        canonical: text("/detail/{{ request.path | urlencode }}"),
        robots: text("{% if price | float > 1 %}noindex{% endif %}"),
        prev: text("{{ empty }}"),
        next: text("https://other.example/?a=1&b=2"),
        hreflang: vec![pair("de", "/de"), pair("x-default", "/")],
        og: vec![pair("type", "product"), pair("image", "/a.svg"), pair("title", "{{ title }}!")],
        twitter: vec![pair("card", "summary")],
        json_ld: vec![
            JsonLdText::Template("product.json".to_owned()),
            JsonLdText::Inline(json!({
                "@type": "Offer", "price": "{{ price }}", "brand": "{{ brand }}", "sku": "{{ id }}", "name": "{{ title }}!",
                "image": ["{{ site.origin }}/a", 1, true, null],
            })),
        ],
    };
    assert_eq!(
        head_of(head, TEA),
        r#"<title>Tea &quot;&amp;&quot; &lt;more&gt; - Shop</title>
<meta name="description" content="TEA &quot;&amp;&quot; &lt;MORE&gt;">
<link rel="canonical" href="https://shop.example/detail/%2Fdetail%2F1">
<meta name="robots" content="noindex">
<link rel="next" href="https://other.example/?a=1&amp;b=2">
<link rel="alternate" hreflang="de" href="https://shop.example/de">
<link rel="alternate" hreflang="x-default" href="https://shop.example/">
<meta property="og:type" content="product">
<meta property="og:image" content="https://shop.example/a.svg">
<meta property="og:title" content="Tea &quot;&amp;&quot; &lt;more&gt;!">
<meta property="og:description" content="TEA &quot;&amp;&quot; &lt;MORE&gt;">
<meta property="og:url" content="https://shop.example/detail/%2Fdetail%2F1">
<meta name="twitter:card" content="summary">
<script type="application/ld+json">{"@type":"Product","name":"Tea \"\u0026\" \u003cmore\u003e"}</script>
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Offer","price":1.10,"sku":"12345678901234567890","name":"Tea \"\u0026\" \u003cmore\u003e!","image":["https://shop.example/a",1,true,null]}</script>
"#
    );
}

#[test]
fn the_template_s_own_title_gives_way_and_says_where_the_head_goes() {
    let templates = templates(&[("placed.html", "<head><title>a</title>{{ head | safe }}<meta name=b></head>{{ x }}")]);
    let head = HeadText { title: text("{{ x }}"), ..HeadText::default() };
    let view = View::compile("placed.html", Some(&head), State::None, &templates).unwrap();
    let page = templates.show(&view, &document(r#"{"x":"<b>","head":"mine"}"#), &AROUND_NOTHING).unwrap();
    assert_eq!(page.html, "<head><title>&lt;b&gt;</title>\n<meta name=b></head>&lt;b&gt;");
    let page = show(head, State::None, r#"{"x":"once","title":"t","texts":[]}"#).unwrap().html;
    assert_eq!(page.matches("<title>").count(), 1, "{page}");
    assert!(page.contains("<title>once</title>"));
    // A page without a head of ours sees the document's member.
    let view = View::compile("placed.html", None, State::None, &templates).unwrap();
    let page = templates.show(&view, &document(r#"{"x":"","head":"mine"}"#), &AROUND_NOTHING).unwrap();
    assert_eq!(page.html, "<head><title>a</title>mine<meta name=b></head>");
}

#[test]
fn an_address_that_is_none_is_left_out_and_the_log_says_so() {
    let head = HeadText { canonical: text("{{ title }}"), ..HeadText::default() };
    let shown = show(head, State::None, r#"{"title":"javascript:alert(1)","texts":[]}"#).unwrap();
    assert!(!shown.html.contains("canonical"), "{}", shown.html);
    assert_eq!(shown.warnings, ["`head.canonical` is neither a path nor an address, and was left out"]);
}

#[test]
fn a_head_that_fails_fails_the_page_and_says_where() {
    let missing = HeadText { title: text("{{ nothing }}"), ..HeadText::default() };
    match show(missing, State::None, TEA) {
        Err(Error::Render { template, place: Some((1, _)), message }) => {
            assert_eq!(template, "head.title");
            assert!(message.contains("nothing"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let bad = HeadText { json_ld: vec![JsonLdText::Template("bad.json".to_owned())], ..HeadText::default() };
    match show(bad, State::None, TEA) {
        Err(Error::Render { template, place: None, message }) => {
            assert_eq!(template, "bad.json");
            assert!(message.starts_with("what it writes is no JSON: "), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_problem_of_a_head_is_told_with_its_place() {
    let head = HeadText {
        title: text("{{ title"),
        og: vec![pair("image", "{{ a | nope }}")],
        json_ld: vec![
            JsonLdText::Template("gone.json".to_owned()),
            JsonLdText::Inline(json!({"offers": [{"price": "{{ price | }}"}]})),
        ],
        ..HeadText::default()
    };
    let problems = View::compile("detail.html", Some(&head), State::None, &templates(&[])).unwrap_err();
    let places: Vec<String> = problems.iter().map(|problem| problem.path.join(".")).collect();
    assert_eq!(places, ["title", "og.image", "json_ld.0", "json_ld.1.offers.0.price"]);
    assert_eq!(problems[1].message, "unknown filter `nope`");
    assert_eq!(problems[2].missing.as_deref(), Some("gone.json"));
}

#[test]
fn a_state_stands_before_the_end_of_the_body_and_has_a_limit() {
    let doc = |bytes: usize| format!(r#"{{"title":"t","texts":[],"x":"{}"}}"#, "y".repeat(bytes));
    let members = |name: &str| State::Members(vec![name.to_owned()]);
    let page = show(HeadText::default(), members("title"), &doc(10)).unwrap();
    let end = "<script type=\"application/json\" id=\"__FORECOURT_STATE__\">{\"title\":\"t\"}</script>\n</body>\n</html>\n";
    assert!(page.html.ends_with(end), "{}", page.html);
    assert!(page.warnings.is_empty());
    let large = show(HeadText::default(), State::All, &doc(LARGE_STATE)).unwrap();
    assert!(large.warnings[0].starts_with("the state of `detail.html` has 65"), "{:?}", large.warnings);
    assert!(matches!(
        show(HeadText::default(), State::All, &doc(MAX_STATE)),
        Err(Error::StateTooLarge { bytes, limit: MAX_STATE }) if bytes > MAX_STATE
    ));
    assert!(show(HeadText::default(), members("title"), &doc(MAX_STATE)).is_ok());
}

#[test]
fn a_block_goes_alone() {
    let templates = templates(&[]);
    assert_eq!(templates.blocks("detail.html"), ["main", "reviews"]);
    let head = HeadText { title: text("{{ title }}"), ..HeadText::default() };
    let view = View::compile("detail.html", Some(&head), State::All, &templates).unwrap();
    let doc = document(r#"{"title":"t","texts":["<a>","b"]}"#);
    let shown = templates.show_block(&view, "reviews", &doc, &AROUND_NOTHING).unwrap();
    assert_eq!(shown.html, "<ul><li>&lt;a&gt;</li><li>b</li></ul>");
    assert_eq!(templates.show_block(&view, "nobody", &doc, &AROUND_NOTHING), Err(Error::NoBlock("nobody".to_owned())));
    let small = templates.max_output(100);
    let view = View::compile("detail.html", None, State::None, &small).unwrap();
    assert_eq!(small.show_block(&view, "reviews", &doc, &AROUND_NOTHING), Err(Error::TooLarge { limit: 100 }));
}

/// Every element of a page in order, with the names of its attributes.
fn bones(html: &str) -> Vec<String> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut bones = Vec::new();
    walk(&dom.document, &mut |node| match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes: Vec<String> = attrs.borrow().iter().map(|attribute| attribute.name.local.to_string()).collect();
            bones.push(format!("{} {}", name.local, attributes.join(" ")));
        }
        NodeData::Comment { .. } | NodeData::ProcessingInstruction { .. } => bones.push("a comment".to_owned()),
        _ => {}
    });
    bones
}

fn scripts(html: &str) -> Vec<String> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut scripts = Vec::new();
    walk(&dom.document, &mut |node| {
        if let NodeData::Element { name, .. } = &node.data
            && &*name.local == "script"
        {
            let children = node.children.borrow();
            let texts = children.iter().filter_map(|child| match &child.data {
                NodeData::Text { contents } => Some(contents.borrow().to_string()),
                _ => None,
            });
            scripts.push(texts.collect());
        }
    });
    scripts
}

fn walk(node: &Handle, see: &mut dyn FnMut(&Handle)) {
    see(node);
    for child in node.children.borrow().iter() {
        walk(child, see);
    }
}

proptest! {
    #[test]
    fn no_data_add_an_element_or_an_attribute_and_the_state_is_the_document(
        title in any_text(), texts in prop::collection::vec(any_text(), 0..4), nested in any_document()
    ) {
        let templates = templates(&[]);
        // A value that is empty has no element: so none is.
        let value = |before: &str| text(&format!("{before}{{{{ title }}}}"));
        let named = |before: &str| value(before).unwrap_or_default();
        let head = HeadText {
            title: value("x "),
            description: value("x "),
            canonical: value("/x"),
            robots: value("x "),
            prev: value("/x"),
            next: value("https://x/"),
            hreflang: vec![("de".to_owned(), named("/x"))],
            og: vec![("title".to_owned(), named("x ")), ("image".to_owned(), named("/x"))],
            twitter: vec![("card".to_owned(), named("x "))],
            json_ld: vec![JsonLdText::Inline(json!({"a": "{{ title }}", "b": "{{ [nested] }}", "c": "x {{ title }}"}))],
        };
        let view = View::compile("detail.html", Some(&head), State::All, &templates).unwrap();
        let doc = |title: &str, texts: Vec<Node<'static>>, nested: Node<'static>| Node::Object(Object::from_iter([
            Member { key: Text::plain("title"), value: Node::text(title.to_owned()) },
            Member { key: Text::plain("texts"), value: Node::Array(texts) },
            Member { key: Text::plain("nested"), value: nested },
        ]));
        let honest = doc("t", texts.iter().map(|_| Node::text("t")).collect(), Node::Null);
        let wild = doc(&title, texts.into_iter().map(Node::text).collect(), nested.clone());
        let honest = templates.show(&view, &honest, &AROUND_NOTHING).unwrap();
        let shown = templates.show(&view, &wild, &AROUND_NOTHING).unwrap();
        prop_assert_eq!(bones(&shown.html), bones(&honest.html), "{}", shown.html);
        let scripts = scripts(&shown.html);
        prop_assert_eq!(scripts.len(), 2);
        prop_assert_eq!(document(&scripts[1]), wild);
        let data = document(&scripts[0]);
        let data = data.as_object().unwrap();
        prop_assert_eq!(data.get("a"), Some(&Node::text(title.clone())));
        prop_assert_eq!(data.get("b"), Some(&Node::Array(vec![nested])));
        prop_assert_eq!(data.get("c"), Some(&Node::text(format!("x {title}"))));
    }
}
