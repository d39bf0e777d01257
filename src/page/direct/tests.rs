//! The engine is the law: whatever is written without it is what it writes.

use proptest::prelude::*;

use super::*;
use crate::json::{Node, Number};
use crate::page::Templates;
use crate::page::tests::{AROUND_NOTHING, compile, document};

/// What both forms make of a template and a document.
fn both(template: &str, text: &str, around: &Around<'_>) -> (Option<Result<String, Error>>, Result<String, Error>) {
    let templates: Templates = compile(&[("t", template)]).unwrap();
    let direct = templates.direct.get("t").and_then(|direct| direct.page(text, around, None, templates.limit));
    (direct, templates.render("t", &document(text), around))
}

const SHOP: &str = r#"{"title":"<Tea> & 'more'","nix":null,"yes":true,"no":false,"zero":0,"one":1,"price":1.50,"rate":0.5,"nought":0.0,
    "noughts":0.00,"minus":-0,"long":12345678901234567890,"huge":1e400,"empty":"","nothing":{},"some":{"a":{"b":"deep"}},"list":[],
    "items":[{"id":1,"name":"a\"b","tags":["x","y"]},{"id":2,"name":"\u4e2d\n","tags":[]},{"id":3,"name":null}],
    "na\u006de":"escaped name","twice":1,"twice":{"b":2},"route":"mine","numbers":[3,1.5,"2",null,true]}"#;

#[test]
fn what_a_page_is_made_of_needs_no_engine() {
    let params = [("id".to_owned(), Node::Number(Number::raw("7"))), ("list".to_owned(), Node::Array(vec![]))];
    let query = [("q".to_owned(), Node::text("a<b")), ("q".to_owned(), Node::text("c\"d"))];
    let around = Around { params: &params, query: &query, origin: None, ..AROUND_NOTHING };
    for template in [
        "",
        "plain",
        "{{ title }}|{{ nix }}|{{ yes }}{{ no }}|{{ zero }}|{{ price }}|{{ long }}|{{ huge }}|{{ minus }}|{{ name }}",
        "{{ data.title }}{{ some.a.b }}{{ some?.a?.b }}{{ twice.b }}",
        "{% for item in items -%} {{ loop.index }}/{{ loop.length }} {{ item.id }} {{ item.name }}\n{%- endfor %}",
        "{% for item in items %}{% for tag in item?.tags or list %}{{ loop.index0 }}{{ item.id }}{{ tag }}{% else %}none{% endfor %}{{ loop.first }}{{ loop.last }}{% endfor %}",
        "{% for item in list %}x{% else %}nobody{% endfor %}{% for item in data.items %}{{ item.id }}{% endfor %}",
        "{% for title in items %}{{ title.id }}{% endfor %}{{ title }}{% for data in items %}{{ data.id }}{{ request.method }}{% endfor %}",
        "{% for n in numbers %}{{ n }},{% if n == 3 %}three{% elif n == 1.5 %}more{% elif n %}other{% else %}less{% endif %}{% endfor %}",
        "{% if one > 0 and not zero %}a{% endif %}{% if one >= 1.0 or gone.deep %}b{% endif %}{% if -1 < zero %}c{% endif %}",
        "{% if rate < 1 %}half{% endif %}{% if title == \"<Tea> & 'more'\" %}same{% endif %}{% if title != none %}other{% endif %}",
        "{% if gone %}a{% elif some.gone %}b{% elif nix.gone %}c{% else %}d{% endif %}",
        "{% if gone is defined %}a{% endif %}{% if nix is none %}b{% endif %}{% if gone is not defined %}c{% endif %}{% if not one is defined %}d{% endif %}{% if one is undefined %}e{% endif %}",
        "{{ gone or empty or \"<b>\" }}{{ one and two or `x` }}{{ no and gone.deep }}{{ not one }}{{ (one or two) == 1 }}{{ 1 < 2 }}{{ 1.0 }}{{ -2.50 }}{{ 'é' }}{{ nix or none }}",
        "{% if nothing %}a{% endif %}{% if some %}b{% endif %}{% if list %}c{% endif %}{% if items %}d{% endif %}{% if minus %}e{% endif %}{% if nought %}f{% endif %}{% if noughts %}g{% endif %}{% if rate %}h{% endif %}{% if huge %}i{% endif %}",
        "{{ request.method }}{{ request.path }}{{ request.id }}{{ request.nonce }}{{ route }}{{ site.origin }}|{{ request.params.id }}{{ request.query.q }}{{ request.query?.gone or 'x' }}",
        "{% if request.params.id == 7 %}seven{% endif %}{% if request.query.gone is defined %}there{% endif %}",
        " {#- one -#} {# two #} a {{- one -}} {#- three #} {{ one }} {% if one -%} b {%- endif %} ",
        "{{ one == 1 == true }}{{ not one == 2 }}{{ one == two is defined }}",
    ] {
        let (direct, engine) = both(template, SHOP, &around);
        assert_eq!(direct, Some(engine), "{template}");
    }
}

#[test]
fn what_is_wrong_is_the_engines_to_tell() {
    for template in [
        "{{ gone }}",
        "{{ gone.deep }}",
        "{{ some.gone }}",
        "{% if gone.deep %}{% endif %}",
        "{% if some.gone.deep %}{% endif %}",
        "{{ gone or some.gone }}",
        "{% for x in gone %}{% endfor %}",
        "{% for x in zero %}{% endfor %}",
        "{% if title > 1 %}{% endif %}",
        "{% if price > 1 %}{% endif %}",
        "{% if gone < 1 %}{% endif %}",
        "{{ request.query.gone }}",
    ] {
        let (direct, engine) = both(template, SHOP, &AROUND_NOTHING);
        assert!(direct.is_none() && engine.is_err(), "{template}: {direct:?} {engine:?}");
    }
    for template in ["{{ items }}", "{{ some }}", "{% for c in title %}{{ c }}{% endfor %}", "{% if items == list %}a{% endif %}"]
    {
        let (direct, engine) = both(template, SHOP, &AROUND_NOTHING);
        assert!(direct.is_none() && engine.is_ok(), "{template}: {direct:?} {engine:?}");
    }
}

#[test]
fn a_template_with_more_in_it_stays_with_the_engine() {
    for template in [
        "{{ title | upper }}",
        "{{ one + 1 }}",
        "{{ items[0].id }}",
        "{{ title ~ 'x' }}",
        "{{ 1 in numbers }}",
        "{{ range(end=2) }}",
        "{{ [1] }}",
        "{{ one if yes else 2 }}",
        "{{ request }}",
        "{{ __tera_context }}",
        "{{ loop }}",
        "{% for k, v in some %}{% endfor %}",
        "{% set a = 1 %}",
        "{% raw %}{{ x }}{% endraw %}",
        "{% for x in items %}{% break %}{% endfor %}",
        "{% filter upper %}{% endfilter %}",
    ] {
        assert!(Direct::compile(template).is_none(), "{template}");
    }
}

#[test]
fn limits_hold_as_with_the_engine() {
    let templates = compile(&[("t", "{% for item in items %}{{ item }}{% endfor %}")]).unwrap().max_output(4);
    let direct = templates.direct.get("t").unwrap();
    let page = |text: &str, deadline| direct.page(text, &Around { deadline, ..AROUND_NOTHING }, None, templates.limit);
    assert_eq!(page(r#"{"items":["ab","cd"]}"#, None), Some(Ok("abcd".to_owned())));
    assert_eq!(page(r#"{"items":["ab","cd","e"]}"#, None), Some(Err(Error::TooLarge { limit: 4 })));
    assert_eq!(page(r#"{"items":["ab"]}"#, Some(std::time::Instant::now())), Some(Err(Error::Deadline)));
    assert_eq!(page(r#"{"items":["ab"]"#, None), None);
}

/// A document whose members have names that templates below have.
fn documents() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE]-?[0-9]{1,3})?",
        "\"([a-z<>&'/é ]|\\\\n|\\\\\"|\\\\u00e9|\\\\ud83d){0,24}\"",
    ];
    let value = scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(" , "))),
            prop::collection::vec(("[a-d]|\\\\u0061|other", inner), 0..5).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    prop::collection::vec(("[a-d]|\\\\u0061|other", value), 0..6).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!(" \"{name}\" : {value} ")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// An expression of what is worked out here.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "[a-d]((\\.|\\?\\.)[a-d]){0,2}",
        1 => prop_oneof![Just("data.a"), Just("1"), Just("-1.5"), Just("0"), Just("'a'"), Just("none"), Just("true")].prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let infix = prop_oneof![Just("and"), Just("or"), Just("=="), Just("!="), Just("<"), Just(">="), Just(">"), Just("<=")];
        prop_oneof![
            (inner.clone(), infix, inner.clone()).prop_map(|(a, infix, b)| format!("{a} {infix} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| if a.starts_with(['-', 'n']) { a } else { format!("not {a}") }),
            (inner, prop_oneof![Just("is defined"), Just("is not none")]).prop_map(|(a, is)| format!("{a} {is}")),
        ]
    })
}

/// A template of what is worked out here.
fn templates() -> impl Strategy<Value = String> {
    let dash = || prop_oneof![3 => Just(""), 1 => Just("-")];
    let leaf = prop_oneof![
        "[ a-z<>\n]{0,6}",
        (dash(), expressions(), dash()).prop_map(|(open, inner, close)| format!("{{{{{open} {inner} {close}}}}}")),
        (dash(), dash()).prop_map(|(open, close)| format!("{{#{open} note {close}#}}")),
    ];
    let steps = |inner: BoxedStrategy<String>| prop::collection::vec(inner, 0..4).prop_map(|steps| steps.concat());
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let body = steps(inner.boxed());
        prop_oneof![
            (expressions(), body.clone(), body.clone(), dash()).prop_map(|(condition, then, other, dash)| format!(
                "{{% if {condition} {dash}%}}{then}{{%{dash} else %}}{other}{{% endif %}}"
            )),
            ("[a-d]", "[a-d](\\.[a-d])?", body.clone(), body.clone()).prop_map(|(name, list, each, none)| format!(
                "{{% for {name} in {list} %}}{each}{{% if loop.last %}};{{% endif %}}{{% else %}}{none}{{% endfor %}}"
            )),
            body,
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    #[test]
    fn any_template_writes_what_the_engine_writes(template in templates(), text in documents()) {
        // What the engine does not take is not for us to take either.
        if let Ok(templates) = compile(&[("t", &template)]) {
            let direct = templates.direct.get("t").and_then(|direct| direct.page(&text, &AROUND_NOTHING, None, templates.limit));
            if let Some(direct) = direct {
                prop_assert_eq!(direct, templates.render("t", &document(&text), &AROUND_NOTHING));
            }
        }
    }
}
