//! What pages tell early, and the law that each says it itself.

use proptest::prelude::*;

use super::hints::*;
use super::links;
use super::tests::{AROUND_NOTHING, compile, document};

fn of(files: &[(&str, &str)]) -> Hints {
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    hints(&texts, files[0].0)
}

fn told(text: &str) -> Hints {
    Hints::Links(text.to_owned())
}

#[test]
fn what_stands_in_the_text_of_a_head_is_a_hint() {
    for (page, expected) in [
        ("<head><title>{{ name }}</title><link rel=stylesheet href=/a.css></head>", "</a.css>; rel=preload; as=style"),
        (
            "<head><link rel=\"preconnect\" href=\"https://cdn.example\" crossorigin>\
             <script type=\"module\" src=\"/m.js\" nonce=\"{{ request.nonce }}\"></script></head>",
            "<https://cdn.example>; rel=preconnect; crossorigin, </m.js>; rel=modulepreload",
        ),
        (
            "<head><script src='/a.js' nonce='{{- request.nonce -}}' integrity='sha384-x'></script></head>",
            "</a.js>; rel=preload; as=script; integrity=\"sha384-x\"",
        ),
        ("<head><script src=/a.js nonce=typed></script></head>", "</a.js>; rel=preload; as=script"),
        (
            "{# <link rel=stylesheet href=/old> #}<head>{% raw %}<link rel=stylesheet href=/r>{{ x }}{% endraw %}</head>",
            "</r>; rel=preload; as=style",
        ),
        ("{% set a = '<b>' %}<head>{{ \"}}\" }}<link rel=stylesheet href=/a></head>", "</a>; rel=preload; as=style"),
    ] {
        assert_eq!(of(&[("a", page)]), told(expected), "{page}");
    }
}

#[test]
fn what_data_decide_on_is_none() {
    for page in [
        "<head><link rel=stylesheet href=\"/{{ brand }}.css\"></head>",
        "<head><link rel=stylesheet href=/a.css{% if print %} media=print{% endif %}></head>",
        "<head>{% if dark %}<link rel=stylesheet href=/dark.css>{% else %}<link rel=stylesheet href=/light.css>{% endif %}</head>",
        "<head>{% for s in sheets %}{% if s %}{% endif %}<link rel=stylesheet href=/a>{% endfor %}</head>",
        "<head>{% set x %}<link rel=stylesheet href=/a>{% endset %}{{ x | safe }}</head>",
        "<head>{% filter upper %}<link rel=stylesheet href=/a>{% endfilter %}</head>",
        "<head>{% <card> %}<link rel=stylesheet href=/a>{% </card> %}</head>",
        "<head><script src=/a.js nonce={{ request.nonce }}></script></head>",
        "<head><link rel=preload href=/a as=style title=\"{{ request.nonce }}\"></head>",
    ] {
        assert_eq!(of(&[("a", page)]), Hints::Unsure, "{page}");
    }
}

#[test]
fn a_head_that_names_nothing_has_none() {
    for page in [
        "",
        "<head><title>a</title><script src=/a.js defer></script></head><body><link rel=stylesheet href=/late>",
        "<head></head><img src=/a.jpg fetchpriority=high>",
        "<head><link rel=\"{{ rel }}\" href=/a.css></head>",
        "<head><script>'<link rel=stylesheet href=/a>'</script></head>",
    ] {
        assert_eq!(of(&[("a", page)]), Hints::Nothing, "{page}");
    }
}

#[test]
fn behind_a_head_that_only_data_end_nothing_is_sure() {
    let sheet = "<link rel=stylesheet href=/a>";
    for maybe in ["<div>", "</head><body>", "<IMG src=a>", "<my-tag>", "<!-- x -->", "<meta a=\"<b>\">", "<header"] {
        let page = format!("<head>{{% if x %}}{maybe}{{% endif %}}{sheet}</head>");
        assert!(matches!(of(&[("a", &page)]), Hints::Nothing | Hints::Unsure), "{page}");
        let page = format!("<head>{sheet}{{% for y in x %}}{{{{ y }}}}{maybe}{{% endfor %}}<link rel=stylesheet href=/b></head>");
        assert_eq!(of(&[("a", &page)]), told("</a>; rel=preload; as=style"), "{page}");
    }
    for maybe in ["<meta name=a>", "<title>a</title>", "a < b", "<link rel=icon href=/i>", "<style>a{}</style>"] {
        let page = format!("<head>{{% if x %}}{maybe}{{% endif %}}{sheet}</head>");
        assert_eq!(of(&[("a", &page)]), told("</a>; rel=preload; as=style"), "{page}");
    }
}

/// What looks like markup behind it may be a script's.
#[test]
fn a_script_that_only_data_begin_makes_all_of_it_unsure() {
    let page = "<head><link rel=stylesheet href=/a>{% if x %}<script>{% else %}<script defer>{% endif %}'<link rel=stylesheet href=/b>'</script></head>";
    assert_eq!(of(&[("a", page)]), Hints::Unsure);
}

#[test]
fn a_family_is_one_page() {
    let parent = "<html><head>{% block style %}<link rel=stylesheet href=/p.css>{% endblock style %}{% include \"fonts\" %}\
                  {% block more %}<link rel=stylesheet href=/never.css>{% endblock %}</head>{% block main %}{% endblock %}";
    let fonts = "<link rel=preload as=font href=/f.woff2 crossorigin>";
    let child = "{% extends \"p\" %}{% block style %}{{ super() }}<link rel=stylesheet href=/c.css>{% endblock %}\
                 {% block more %}{% block inner %}{% endblock %}{% endblock more %}\
                 {% block main %}<link rel=stylesheet href=/body.css>{% endblock %}";
    let grandchild = "{% extends 'c' %}{% block inner %}<link rel=stylesheet href=/g.css>{% endblock %}";
    assert_eq!(
        of(&[("g", grandchild), ("c", child), ("p", parent), ("fonts", fonts)]),
        told(
            "</p.css>; rel=preload; as=style, </c.css>; rel=preload; as=style, \
             </f.woff2>; rel=preload; as=\"font\"; crossorigin, </g.css>; rel=preload; as=style"
        )
    );
    let guarded =
        "<head>{% if x %}{% block style %}<link rel=stylesheet href=/a>{% endblock %}{% include \"fonts\" %}{% endif %}</head>";
    assert_eq!(of(&[("a", guarded), ("fonts", fonts)]), Hints::Unsure);
    let absent = "<head>{% include \"gone\" ignore missing %}<link rel=stylesheet href=/a></head>";
    assert_eq!(of(&[("a", absent)]), told("</a>; rel=preload; as=style"));
}

/// A piece of a head, in which data may decide on anything but whether a script or a comment is open.
fn piece() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[abc]".prop_map(|name| format!("<link rel=stylesheet href=/{name}.css>")),
        "[abc]".prop_map(|name| format!("<script src=\"/{name}.js\" nonce=\"{{{{ request.nonce }}}}\"></script>")),
        "[abc]".prop_map(|name| format!("<link rel=preload as=image href=\"/{name}{{{{ text }}}}.jpg\">")),
        "[abc]"
            .prop_map(|name| format!("<link rel=preconnect href=https://{name}.example {{% if yes %}}crossorigin{{% endif %}}>")),
        Just("<title>{{ text }}</title>".to_owned()),
        Just("<!-- <link rel=stylesheet href=/no> -->".to_owned()),
        Just("{# <link rel=stylesheet href=/no> #}".to_owned()),
        Just("{% raw %}<link rel=stylesheet href=/raw>{{ }}{% endraw %}".to_owned()),
        Just("{{- text -}}".to_owned()),
        Just("<div>".to_owned()),
        Just("</head>".to_owned()),
        Just("{% include \"part\" %}".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let some = prop::collection::vec(inner, 0..4).prop_map(|all| all.concat());
        prop_oneof![
            some.clone().prop_map(|text| format!("{{% if yes %}}{text}{{% endif %}}")),
            (some.clone(), some.clone()).prop_map(|(yes, no)| format!("{{%- if no -%}}{yes}{{% else %}}{no}{{% endif %}}")),
            some.clone().prop_map(|text| format!("{{% for x in list %}}{text}{{% endfor %}}")),
            some.prop_map(|text| format!("{{% set kept %}}{text}{{% endset %}}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_early_the_page_says_itself_whatever_its_data(
        before in piece(), inside in piece(), over in piece(), after in piece(), part in "[de]",
        yes in any::<bool>(), list in 0..3_usize, calls_super in any::<bool>(),
    ) {
        let part = format!("<link rel=stylesheet href=/{part}.css>");
        let base = format!("<head>{before}{{% block head %}}{inside}{{% endblock %}}{after}</head><p>");
        let elder = if calls_super { "{{ super() }}" } else { "" };
        let child = format!("{{% extends \"base\" %}}{{% block head %}}{over}{elder}{{% endblock %}}");
        let files = [("child", child.as_str()), ("base", base.as_str()), ("part", part.as_str())];
        let hints = of(&files);
        let list = vec!["1"; list].join(",");
        let data = format!("{{\"yes\":{yes},\"no\":{},\"text\":\"a > b\",\"list\":[{list}]}}", !yes);
        let page = compile(&files).unwrap().render("child", &document(&data), &AROUND_NOTHING).unwrap();
        let said = links(&page).unwrap_or_default().replace("; nonce=\"n\"", "");
        if let Hints::Links(hints) = hints {
            let said: Vec<&str> = said.split(", ").collect();
            // Of more than ten a page may say others first.
            let says_all = said.len() == 10 || hints.split(", ").all(|hint| said.contains(&hint));
            prop_assert!(says_all, "{}\n{}\n{}\n{}\n{:?}", child, base, page, hints, said);
        }
    }
}
