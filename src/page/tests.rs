//! Pages as a site has them: what is checked at start, what is shown, what is refused.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::json::{Duplicates, Limits, Member, Number, Object, Text, parse};

pub(super) const AROUND_NOTHING: Around<'static> = Around {
    method: "GET",
    path: "/detail/1",
    id: "req-1",
    nonce: "n",
    params: &[],
    query: &[],
    route: "GET /detail/{id}",
    origin: Some("https://shop.example"),
    deadline: None,
    on_loop: false,
};

pub(super) fn document(text: &str) -> Node<'_> {
    parse(text, &Limits { depth: 128, nodes: usize::MAX, duplicates: Duplicates::Allow }).unwrap()
}

pub(super) fn compile(files: &[(&str, &str)]) -> Result<Templates, Vec<String>> {
    Templates::compile(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))).map_err(|problems| {
        problems
            .into_iter()
            .map(|p| {
                let place = p.line.zip(p.column).map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
                format!("{}{place}: {}", p.template, p.message)
            })
            .collect()
    })
}

fn render(template: &str, doc: &str) -> Result<String, Error> {
    compile(&[("t", template)]).unwrap().render("t", &document(doc), &AROUND_NOTHING)
}

fn shown(template: &str, doc: &str) -> String {
    render(template, doc).unwrap()
}

#[test]
fn members_are_variables_and_the_request_stands_beside_them() {
    let params = [("id".to_owned(), Node::Number(Number::raw("7")))];
    let query = [("q".to_owned(), Node::text("a<b"))];
    let around = Around { params: &params, query: &query, ..AROUND_NOTHING };
    let templates = compile(&[(
        "t.html",
        "{{ title }}|{{ data.title }}|{{ request.method }}|{{ request.path }}|{{ request.params.id + 1 }}|{{ request.query.q }}|\
         {{ request.query?.none or 'x' }}|{{ request.id }}|{{ route }}|{{ site.origin }}",
    )])
    .unwrap();
    let page = templates.render("t.html", &document(r#"{"title":"Tea & \"more\"","route":"mine"}"#), &around).unwrap();
    assert_eq!(
        page,
        "Tea &amp; &quot;more&quot;|Tea &amp; &quot;more&quot;|GET|/detail/1|8|a&lt;b|x|req-1|GET /detail/{id}|https://shop.example"
    );
    let relative = Around { origin: None, ..AROUND_NOTHING };
    let templates = compile(&[("t", "{{ site.origin }}/x")]).unwrap();
    assert_eq!(templates.render("t", &Node::Null, &relative).unwrap(), "/x");
}

#[test]
fn a_document_that_is_no_object_is_data() {
    assert_eq!(shown("{% for n in data %}{{ n }};{% endfor %}", "[1,1.10,null,\"a\"]"), "1;1.10;;a;");
    assert_eq!(shown("{{ data }}", "12345678901234567890"), "12345678901234567890");
}

#[test]
fn members_keep_their_order_and_the_last_of_two_wins() {
    assert_eq!(shown("{% for k, v in data %}{{ k }}={{ v }} {% endfor %}", r#"{"z":1,"a":2,"m":3,"a":4}"#), "z=1 a=4 m=3 ");
}

#[test]
fn every_template_escapes_whatever_its_name() {
    for name in ["a", "a.txt", "a.html", "a.html.tera", "a.tera", "a.j2", "a.js", "a/b.HTML", "ü"] {
        let templates = compile(&[(name, "{{ x }}{{ y }}")]).unwrap();
        let page = templates.render(name, &document(r#"{"x":"<script>","y":["<b>"]}"#), &AROUND_NOTHING).unwrap();
        assert_eq!(page, "&lt;script&gt;[&quot;&lt;b&gt;&quot;]", "{name}");
    }
    let templates = compile(&[
        ("a.txt", "{% include \"b.txt\" %}"),
        ("b.txt", "{{ x }}"),
        ("c.txt", "{% extends \"p.txt\" %}{% block b %}{{ x }}{% endblock %}"),
        ("p.txt", "{% block b %}{% endblock %}"),
    ])
    .unwrap();
    for name in ["a.txt", "c.txt"] {
        assert_eq!(templates.render(name, &document(r#"{"x":"<"}"#), &AROUND_NOTHING).unwrap(), "&lt;");
    }
}

#[test]
fn every_problem_of_every_template_is_told() {
    let problems = compile(&[("a.html", "ok\n  {{ x"), ("b.html", "{% if %}"), ("c.html", "{{ fine }}")]).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("a.html:2:") && problems[1].starts_with("b.html:1:7"), "{problems:?}");

    let problems = compile(&[
        ("a.html", "{{ x | nope }}\n{{ y | json_encode }} {% if x is odder %}{% endif %}"),
        ("b.html", "{{ nofunc() }}{% include \"gone.html\" %}"),
        ("c.html", "{% extends \"missing.html\" %}"),
        ("d.html", "{% extends \"p.html\" %}{% block other %}{% endblock %}"),
        ("p.html", "{% block main %}{% endblock %}{% include \"c.html\" %}"),
        ("q.html", "{% extends \"nowhere.html\" %}"),
    ])
    .unwrap_err();
    assert_eq!(
        problems,
        [
            "a.html:1:8: unknown filter `nope`",
            "a.html:2:8: unknown filter `json_encode`: use `json`, or `json_script` inside <script>",
            "a.html:2:34: unknown test `odder`: did you mean `odd`?",
            "b.html:1:4: unknown function `nofunc`",
            "b.html:1:26: there is no template `gone.html`",
            "c.html:1:12: there is no template `missing.html`",
            "d.html:1:32: `p.html` has no block `other`, so nobody would see it: it has `main`",
            "q.html:1:12: there is no template `nowhere.html`",
        ]
    );
    let twice = "{% component ui.b() %}{% endcomponent ui.b %}";
    assert_eq!(compile(&[("b", twice), ("a", twice)]).unwrap_err(), ["b:1:14: component `ui.b` is defined in both `a` and `b`"]);
    let of =
        |names: &[&str]| names.iter().map(|name| format!("{{% component {name}() %}}{{% endcomponent %}}")).collect::<String>();
    let (one, both) = (of(&["z", "y"]), of(&["y", "z"]));
    for _ in 0..20 {
        let told = compile(&[("b", both.as_str()), ("a", one.as_str())]).unwrap_err();
        assert_eq!(told, ["b:1:14: component `y` is defined in both `a` and `b`"], "the first one, not any");
    }
    let circle =
        compile(&[("a", "{% include \"b\" %}"), ("b", "{% include \"a\" %}"), ("c", "{% extends \"c\" %}")]).unwrap_err();
    assert_eq!(circle.len(), 2, "{circle:?}");
}

#[test]
fn a_tag_that_is_none_or_ends_nothing_is_told_as_that() {
    for (text, says) in [
        ("{% fro a in b %}{% endfor %}", "a:1:4: unknown tag `fro`: did you mean `for`?"),
        (
            "{% macro a() %}",
            "a:1:4: unknown tag `macro`: write a component: `{% component name(x) %}…{% endcomponent %}`, `{{ <name x={1} /> }}`",
        ),
        ("x{% endif %}", "a:1:5: `endif` ends nothing"),
        (
            "{% if a %}\n{% block b %}\n{% endif %}",
            "a:3:4: the `{% block %}` of line 2 is not ended before this: add `{% endblock %}`",
        ),
    ] {
        assert_eq!(compile(&[("a", text)]).unwrap_err(), [says]);
    }
}

#[test]
fn templates_are_known_by_name() {
    let templates = compile(&[("b/detail.html", "{{ title }}{{ request.path }}{{ data.x }}"), ("a.html", "")]).unwrap();
    assert_eq!(templates.names(), ["a.html", "b/detail.html"]);
    assert!(templates.has("a.html") && !templates.has("detail.html"));
    assert_eq!(templates.variables("b/detail.html"), ["data", "request", "title"]);
    assert_eq!(templates.render("error.html", &Node::Null, &AROUND_NOTHING), Err(Error::NotFound("error.html".to_owned())));
}

#[test]
fn what_is_not_there_is_an_error_with_its_place() {
    let templates = compile(&[("t.html", "{% include \"part.html\" %}"), ("part.html", "a\nb {{ titel }}")]).unwrap();
    match templates.render("t.html", &document(r#"{"title":1}"#), &AROUND_NOTHING) {
        Err(Error::Render { template, place, message }) => {
            assert_eq!((template.as_str(), place), ("part.html", Some((2, 6))));
            assert!(message.contains("titel"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    for template in
        ["{{ nope | json }}", "{{ nope | url }}", "{{ title.a.b }}", "{{ throw(message='x') }}", "{{ data | decimal }}"]
    {
        assert!(matches!(render(template, r#"{"title":1}"#), Err(Error::Render { place: Some((1, _)), .. })), "{template}");
    }
}

#[test]
fn a_filter_that_refuses_a_value_says_who_it_is_and_what_it_was_given() {
    for (call, filter) in [
        ("json", "json"),
        ("json_script", "json_script"),
        ("url", "url"),
        ("urlencode", "urlencode"),
        ("urlencode_path", "urlencode_path"),
        ("absolute", "absolute"),
        ("date", "date"),
        ("decimal", "decimal"),
        ("money(currency='EUR')", "money"),
        ("plural(other='x')", "plural"),
        ("striptags", "striptags"),
    ] {
        let Err(Error::Render { message, .. }) = render(&format!("{{{{ nope | {call} }}}}"), "{}") else { panic!("{call}") };
        assert!(message.contains(&format!("`{filter}` was given a variable that is not there")), "{message}");
    }
    for call in ["decimal", "money(currency='EUR')", "plural(other='x')"] {
        let Err(Error::Render { message, .. }) = render(&format!("{{{{ a | {call} }}}}"), "{\"a\":\"a lot\"}") else {
            panic!("{call}")
        };
        assert!(message.contains(call.split('(').next().unwrap()) && message.contains("`a lot`"), "{message}");
    }
}

#[test]
fn a_page_over_its_limit_or_its_deadline_is_no_page() {
    let templates =
        compile(&[("t", "{% for a in range(end=90000) %}{% for b in range(end=90000) %}x{% endfor %}{% endfor %}")]).unwrap();
    assert_eq!(templates.render("t", &Node::Null, &AROUND_NOTHING), Err(Error::TooLarge { limit: MAX_OUTPUT }));
    let late = Around { deadline: Instant::now().checked_add(Duration::from_millis(1)), ..AROUND_NOTHING };
    let large = templates.max_output(usize::MAX);
    assert_eq!(large.render("t", &Node::Null, &late), Err(Error::Deadline));
    let small = compile(&[("t", "{{ x }}")]).unwrap().max_output(3);
    assert!(small.render("t", &document(r#"{"x":"abc"}"#), &AROUND_NOTHING).is_ok());
    assert_eq!(small.render("t", &document(r#"{"x":"abcd"}"#), &AROUND_NOTHING), Err(Error::TooLarge { limit: 3 }));
}

#[test]
fn the_filters_do_what_their_table_says() {
    let doc = r#"{"t":"</script><!-- & \u2028","n":12345678901234567890,"m":9007199254740993,"p":1.10,"q":"a b/c&d","u":"javascript:alert(1)",
        "v":"/x?a=1&b=2","s":1234.5,"d":"2026-11-20T08:00:00.000+0800","h":"<p>Fine &amp; <b>good</b></p>","z":null,"digits":"1.10","e":1e999}"#;
    for (template, expected) in [
        ("{{ t | json_script }}", r#""\u003c/script\u003e\u003c!-- \u0026 \u2028""#),
        (
            "{{ [n, m, p, z, digits, e, 9007199254740991, -9007199254740992] | json_script }}",
            r#"["12345678901234567890","9007199254740993",1.10,null,"1.10",1e999,9007199254740991,"-9007199254740992"]"#,
        ),
        ("{{ {\"a\": [true, 1.5], \"b\": [] } | json_script }}", r#"{"a":[true,1.5],"b":[]}"#),
        ("<a data-x=\"{{ [t, p] | json }}\">", "<a data-x=\"[&quot;&lt;/script&gt;&lt;!-- &amp; \u{2028}&quot;,1.10]\">"),
        ("{{ q | urlencode }}", "a%20b%2Fc%26d"),
        ("<a href=\"{{ u | url }}\" data-v=\"{{ v | url }}\">", "<a href=\"#\" data-v=\"/x?a=1&amp;b=2\">"),
        ("{{ z | url }}", "#"),
        (
            "{{ s | decimal(places=2, group=\",\") }} {{ p | decimal }} {{ z | decimal }} {{ s | decimal(places=0) }}",
            "1,234.50 1.10  1235",
        ),
        (
            "{{ d | date }} {{ d | date(format=\"%H:%M\", zone=\"Asia/Shanghai\") }} {{ z | date }} {{ q | date }}",
            "2026-11-20 08:00  a b/c&amp;d",
        ),
        ("{{ h | striptags }}", "Fine &amp; good"),
        ("{{ p | float * 2 }}", "2.2"),
    ] {
        assert_eq!(shown(template, doc), expected, "{template}");
    }
    for template in ["{{ d | date(zone=q) }}", "{{ d | date(format=q) }}", "{{ q | decimal }}", "{{ e | decimal }}"] {
        assert!(matches!(render(template, doc), Err(Error::Render { .. })), "{template}");
    }
}

/// Any text, with the letters that matter more often.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[<>&\"'/a-z!\\-\u{2028}\u{2029}\\\\\u{0}]{0,12}", Just("</script><script>".to_owned())]
}

/// Any document whose numbers JavaScript holds.
pub(super) fn any_document() -> impl Strategy<Value = Node<'static>> {
    let number = prop_oneof![
        any::<i32>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,6})\\.[0-9]{1,20}",
        "(0|[1-9][0-9]{0,3})e[+-]?[0-9]{1,3}",
        Just("-0".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        number.prop_map(|token| Node::Number(Number::raw(token))),
        any_text().prop_map(Node::text),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Node::Array),
            prop::collection::btree_map(any_text(), inner, 0..5).prop_map(|members| {
                Node::Object(
                    members.into_iter().map(|(key, value)| Member { key: Text::plain(key), value }).collect::<Object<'_>>(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_adds_a_tag_and_json_script_gives_the_document_back(doc in any_document()) {
        let templates = compile(&[(
            "t.txt",
            "<p title=\"{{ data }}\">{{ data }}{% for x in list %}{{ x }}{{ x | json }}{{ x | url }}{{ x | urlencode }}{{ x | date }}{% endfor %}\
             {{ data | json }}{{ request.query.q }}</p><script>{{ data | json_script }}</script>",
        )]).unwrap();
        let root = Node::Object(Object::from_iter([
            Member { key: Text::plain("list"), value: Node::Array(vec![doc.clone(), Node::text("<i>")]) },
            Member { key: Text::plain("<b>\"'"), value: doc.clone() },
        ]));
        let query = [("q".to_owned(), doc)];
        let page = templates.render("t.txt", &root, &Around { query: &query, ..AROUND_NOTHING }).unwrap();
        prop_assert_eq!(page.matches('<').count(), 4);
        prop_assert_eq!(page.matches('>').count(), 4);
        prop_assert_eq!(page.matches('"').count() - page.split("<script>").nth(1).unwrap_or_default().matches('"').count(), 2);
        let state = page.split("<script>").nth(1).and_then(|rest| rest.strip_suffix("</script>")).unwrap_or_default();
        let ends_script = state.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
        prop_assert!(!ends_script, "{}", state);
        let back = document(state);
        prop_assert_eq!(back, root);
    }
}
