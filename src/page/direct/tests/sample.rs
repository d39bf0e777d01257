//! The pages of the sample: none of them needs the engine.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::page::{HeadText, JsonLdText, State, Templates, View};

const DETAIL: &str = r#"{"id":1,"skuId":"196","name":"Mug <\u00e9>","subtitle":"350 ml","categoryName":"Kitchen & \"co\"","brand":"Forge","price":1.10,
    "priceCurrency":"EUR","priceOriginalAmount":2.50,"stock":128,"sellerName":"Corner & Sons","sellerAddressCity":"Hangzhou","pictures":["/files/1.svg","javascript:1"],
    "specs":[{"key":"made","value":"by hand"}],"summary":"A light\nmug.","createTime":"2024-03-01T10:20:01.000+08:00","tags":[]}"#;

const LIST: &str = r#"{"items":[{"id":1,"name":"Mug","subtitle":"<350 ml>","picture":"/1.svg","stock":128,"was":2.50,"price":1.10},{"id":"2","name":"Board","picture":"/2.svg","stock":0,"price":34},
    {"id":3,"name":"a","picture":"b","price":1,"stock":1},{"id":4,"name":"a","picture":"b","price":1,"stock":1},{"id":5,"name":"a","picture":"b","price":1e3,"stock":1}],
    "page":{"number":2,"size":5,"total":14,"pages":3}}"#;

const REVIEWS: &str = r#"{"items":[{"id":"1","author":"m***a","text":"Better <b>","at":"2024-03-02T10:20:30.123+08:00","day":"2024-03-02","rating":{"value":3,"best":5},"answer":"Thanks"},
    {"id":"2","author":"j","text":"Good","at":"2024-03-02T10:20:30+08:00","day":"2024-03-02","rating":{"value":5,"best":5}}],"page":{"total":2}}"#;

const PROBLEM: &str = r#"{"status":422,"title":"No","detail":"a <b>","request_id":"r","errors":[{"path":"query.q","message":"too long"},{"path":"","message":"x"}]}"#;

/// The templates of the sample.
fn templates() -> Templates {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())
    };
    Templates::compile(files.map(read).collect::<BTreeMap<_, _>>()).unwrap()
}

/// The pages of the sample, each with a document.
fn pages(templates: &Templates) -> Vec<(View, &'static str)> {
    let head = HeadText {
        title: Some("{{ name }} · The Corner Shop".to_owned()),
        description: Some("{{ summary }}".to_owned()),
        canonical: Some("/detail/{{ request.params.id }}".to_owned()),
        og: vec![
            ("type".to_owned(), "product".to_owned()),
            ("image".to_owned(), "{% if pictures %}{{ pictures[0] }}{% endif %}".to_owned()),
        ],
        json_ld: vec![
            JsonLdText::Template("product.json".to_owned()),
            JsonLdText::Template("crumbs.json".to_owned()),
            JsonLdText::Inline(
                serde_json::json!({"@type": "Thing", "name": "{{ name }}", "brand": "{{ brand or none }}", "text": "a {{ id }}"}),
            ),
        ],
        ..HeadText::default()
    };
    let state = State::Members(vec!["id".to_owned(), "price".to_owned(), "specs".to_owned()]);
    let page = |name: &str| View::compile(name, None, State::None, templates).unwrap();
    vec![
        (View::compile("detail.html", Some(&head), state, templates).unwrap(), DETAIL),
        (page("home.html"), LIST),
        (page("list.html"), LIST),
        (page("reviews.html"), REVIEWS),
        (page("error.html"), PROBLEM),
        (page("shell.html"), PROBLEM),
    ]
}

#[test]
fn every_template_of_the_sample_is_written_without_the_engine() {
    let templates = templates();
    assert!(templates.names().len() > 10);
    for name in templates.names() {
        let view = View::compile(name, None, State::None, &templates).unwrap();
        assert_eq!(view.stays(), None);
    }
}

#[test]
fn every_page_of_the_sample_is_the_one_of_the_engine_whole_and_in_blocks() {
    let templates = templates();
    let params = [("id".to_owned(), Node::Number(Number::raw("1")))];
    for query in [vec![], vec![("q".to_owned(), Node::text("a<b&")), ("category".to_owned(), Node::text("Kitchen"))]] {
        let around = Around { params: &params, query: &query, ..AROUND_NOTHING };
        for (view, text) in pages(&templates) {
            assert_eq!(view.stays(), None);
            let alone = templates.show_alone("error.html", &document(text), &around);
            assert_eq!(alone, templates.render("error.html", &document(text), &around));
            let engine = templates.show_by_engine(&view, &document(text), &around).unwrap();
            assert!(templates.show_directly(&view.source(text), &around, None).is_some(), "{}", view.template());
            assert_eq!(templates.show_text(&view.source(text), &around).unwrap(), engine);
            assert_eq!(templates.show(&view, &document(text), &around).unwrap(), engine);
            for block in templates.blocks(view.template()) {
                let shown = templates.show_directly(&view.source(text), &around, Some(block)).unwrap().unwrap();
                let mut context = crate::page::context(&document(text), &around).unwrap();
                context.insert_value("head", tera::Value::safe_string(""));
                assert_eq!(
                    shown.html,
                    templates.engine.tera().render_block(view.template(), block, &context).unwrap(),
                    "{block}"
                );
                assert_eq!(templates.show_block(&view, block, &document(text), &around).unwrap(), shown);
                assert_eq!(templates.show_block_text(&view.source(text), block, &around).unwrap(), shown);
            }
        }
    }
}

/// A document in which some values are others, some are gone, and some stand twice.
fn odd(text: &str, changes: &[(usize, u8)]) -> String {
    let mut tree: serde_json::Value = serde_json::from_str(text).unwrap();
    for (at, change) in changes {
        let mut left = *at % 40;
        change_one(&mut tree, &mut left, *change);
    }
    tree.to_string()
}

fn change_one(tree: &mut serde_json::Value, left: &mut usize, change: u8) {
    use serde_json::{Value, json};
    match tree {
        Value::Object(members) => {
            if change == 0 && *left < members.len() {
                let name = members.keys().nth(*left).cloned();
                name.and_then(|name| members.remove(&name));
                *left = usize::MAX;
                return;
            }
            members.values_mut().for_each(|value| change_one(value, left, change));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|value| change_one(value, left, change)),
        value if *left == 0 => {
            *value = match change {
                1 => Value::Null,
                2 => json!("</script>&'\"\u{2028}"),
                3 => json!([1, "a<"]),
                4 => json!({"a": 1}),
                5 => json!(true),
                6 => json!(0),
                7 => json!(1.5),
                8 => json!(""),
                _ => json!(-3),
            };
            *left = usize::MAX;
        }
        _ if *left != usize::MAX => *left -= 1,
        _ => {}
    }
}

#[test]
fn a_page_of_the_sample_with_odd_data_is_the_one_of_the_engine_too() {
    let templates = templates();
    let pages = pages(&templates);
    let query = [("q".to_owned(), Node::text("a<b&"))];
    let params = [("id".to_owned(), Node::Number(Number::raw("1")))];
    let around = Around { params: &params, query: &query, ..AROUND_NOTHING };
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let changes = prop::collection::vec((0..40_usize, 0..10_u8), 1..4);
    let done = runner.run(&changes, |changes| {
        for (view, text) in &pages {
            let text = odd(text, &changes);
            if templates.show_directly(&view.source(&text), &around, None).is_some() {
                let shown = templates.show_text(&view.source(&text), &around);
                prop_assert_eq!(shown, templates.show_by_engine(view, &document(&text), &around));
            }
        }
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}
