//! Templates that stand on each other, and what stays with the engine.

use super::*;

#[test]
fn templates_stand_on_each_other_as_in_the_engine() {
    let base = "<{% block a %}a{{ one }}{% set x = 1 %}{% endblock a %}|{% block b %}{% block c %}c{{ x or '-' }}{% endblock c %}b{% endblock %}>{% set y = 2 %}{% include 'part' %}{{ z or '-' }}";
    let part =
        "({{ y or '-' }}{{ x or '-' }}{% set z = 3 %}{{ z }}{{ item?.id or '-' }}{{ lazy or '-' }}{{ loop or 'no loop' }})";
    for files in [
        &[
            ("t", "{% extends 'base' %}  {% block a %}A{{ super() }}{% set x = 5 %}{% endblock %} {# x #}"),
            ("base", base),
            ("part", part),
        ][..],
        &[
            ("t", "{% extends 'mid' %}{% block c %}C{{ super() }}{% endblock c %}"),
            ("mid", "{% extends 'base' %}{% block b %}M{{ super() }}{% endblock %}{% block c %}m{{ super() }}{% endblock %}"),
            ("base", base),
            ("part", part),
        ],
        &[
            (
                "t",
                "{% extends 'mid' %}{% block b %}{% endblock %}{% block a %}{% block d %}D{% endblock %}{{ d or 'n' }}{% endblock %}",
            ),
            ("mid", "{% extends 'base' %}"),
            ("base", base),
            ("part", part),
        ],
        &[
            (
                "t",
                "{% for item in items %}{% set lazy = loop.index > 1 %}{% include 'part' %}{{ z or 'none' }}{% endfor %}{% include 'part' %}",
            ),
            ("part", part),
        ],
        // What is included has its own blocks, and none of its parents' bodies.
        &[
            ("t", "{% block a %}1{% endblock %}{% include 'child' %}"),
            ("child", "{% extends 'base' %} {% block a %}2{{ super() }}{% endblock %}"),
            ("base", base),
            ("part", part),
        ],
        &[
            ("t", "{% set x = gone %}{% include 'i' %}"),
            ("i", "{{ x or 'nothing' }}{% for x in items %}{% include 'j' %}{% endfor %}"),
            ("j", "{{ x.id }}{{ x.name or '' }}"),
        ],
        &[
            ("t", "{% for x in items %}{% include 'i' %}{% endfor %}"),
            (
                "i",
                "{% for t in x?.tags or list %}{{ loop.index }}{% set q = t %}{{ q }}{% endfor %}{{ q or '-' }}{% set q = 1 %}",
            ),
        ],
        &[
            (
                "t",
                "{% set s %}{% block a %}x{% endblock %}{% include 'i' %}{% endset %}{{ s }}{{ s }}{% if yes %}{% block b %}y{% endblock %}{% endif %}",
            ),
            ("i", "<{{ title }}>"),
        ],
    ] {
        let (direct, engine) = both_of(files, SHOP, &AROUND_NOTHING);
        let stays = Direct::compile(files.iter().copied(), "t", HeadParts::default()).err();
        assert!(stays.is_none(), "{stays:?}");
        match direct {
            Some(direct) => assert_eq!(direct, engine, "{files:?}"),
            None => assert!(files[0].1.contains("x = gone"), "{files:?} {engine:?}"),
        }
    }
}

#[test]
fn one_block_of_a_page_is_what_the_engine_shows() {
    let files = [
        (
            "t",
            "{% extends 'base' %}{% block a %}A{{ super() }}{% block c %}{{ one }}{% endblock %}{% endblock %}{% block b %}{% for x in items %}{{ x.id }}{% endfor %}{% endblock %}",
        ),
        (
            "base",
            "<{% block a %}a{% endblock a %}|{% block b %}{% endblock %}{% if no %}{% block d %}d{% endblock %}{% endif %}>{% set s %}{% block e %}e{% endblock %}{% endset %}{{ s }}",
        ),
    ];
    let templates = compile(&files).unwrap();
    let direct = Direct::compile(files, "t", HeadParts::default()).unwrap();
    let context = crate::page::context(&document(SHOP), &AROUND_NOTHING).unwrap();
    for block in ["a", "b", "c", "d", "e"] {
        let engine = templates.engine.tera().render_block("t", block, &context).unwrap();
        match direct.read(SHOP).unwrap().page(&AROUND_NOTHING, None, templates.limit, Some(block)) {
            Ok(html) => assert_eq!(html, engine, "{block}"),
            Err(_) => assert_eq!(block, "e"),
        }
    }
}

#[test]
fn a_template_with_more_in_it_stays_with_the_engine_which_is_told() {
    for (template, what) in [
        ("a\n{{ items | group_by(attribute='id') }}", "t:2: the filter `group_by`"),
        ("{{ __tera_context }}", "t:1: `__tera_context`"),
        ("{% raw %}{{ x }}{% endraw %}", "t:1: `{% raw %}`"),
        ("{% if one %}\n\n{% if throw(message='a') %}{% endif %}{% endif %}", "t:3: the function `throw`"),
        ("{{ one is divisible_by(divisor=1) }}", "t:1: the test `divisible_by`"),
        ("{{ [...items] }}", "t:1: `...` in a list"),
        ("{{ {...some} }}", "t:1: `...` in a map"),
        ("{% component a() %}{% endcomponent a %}{{ <a/> }}", "t:1: a component"),
        ("{{ <a/> }}", "t:1: a component"),
        ("{% set site = items %}{{ '/' | absolute }}", "t:1: the filter `absolute` where `site` is another one"),
        ("{% block a %}{{ super() }}{% endblock %}", "t:1: `super()` of a block without a parent"),
    ] {
        assert_eq!(stays(template).as_deref(), Some(what), "{template}");
    }
    let files = [("t", "{% extends 'b' %}"), ("b", "{% include 'c' %}"), ("c", "\n{{ x | sort }}")];
    assert_eq!(Direct::compile(files, "t", HeadParts::default()).unwrap_err().to_string(), "c:2: the filter `sort`");
    // Blocks that never end: the engine would not end either.
    let files = [
        ("t", "{% extends 'm' %}{% block b %}{% block a %}{{ super() }}{% endblock %}{% endblock %}"),
        ("m", "{% block a %}{% block b %}{% endblock %}{% endblock %}"),
    ];
    assert_eq!(Direct::compile(files, "t", HeadParts::default()).unwrap_err().what, "so much of it");
}

#[test]
fn limits_hold_as_with_the_engine() {
    let template = "{% for item in items %}{{ item }}{% endfor %}";
    let direct = Direct::compile([("t", template)], "t", HeadParts::default()).unwrap();
    let page = |text: &str, deadline| made(&direct, text, &Around { deadline, ..AROUND_NOTHING }, 4);
    assert_eq!(page(r#"{"items":["ab","cd"]}"#, None), Some(Ok("abcd".to_owned())));
    assert_eq!(page(r#"{"items":["ab","cd","e"]}"#, None), Some(Err(Error::TooLarge { limit: 4 })));
    assert_eq!(page(r#"{"items":["ab"]}"#, Some(std::time::Instant::now())), Some(Err(Error::Deadline)));
    assert_eq!(page(r#"{"items":["ab"]"#, None), None);
    // What an expression makes has a limit, too, and so has what a list holds twice, however short the page.
    let long = "x".repeat(200);
    for template in [
        "{{ x | replace(from='x', to=x) | length }}",
        "{% set s = x %}{% for i in range(end=60) %}{% set_global s = s ~ s %}{% endfor %}{{ s | length }}",
        "{% set s = [x] %}{% for i in range(end=60) %}{% set_global s = [s, s] %}{% endfor %}{{ s | length }}",
        "{% set s = [x] %}{% for i in range(end=60) %}{% set_global s = {'a': s, 'b': s} %}{% endfor %}.",
        "{{ [x for i in range(end=1000)] | join(sep=x) | length }}",
        "{{ range(end=1000) | join(sep=x) | length }}",
    ] {
        let direct = Direct::compile([("t", template)], "t", HeadParts::default()).unwrap();
        let text = format!("{{\"x\":\"{long}\"}}");
        assert_eq!(made(&direct, &text, &AROUND_NOTHING, 10_000), Some(Err(Error::TooLarge { limit: 10_000 })), "{template}");
    }
    // What is kept may be longer than a page, which may be short all the same.
    let kept =
        Direct::compile([("t", "{% set a %}{{ x }}{{ x }}{{ x }}{% endset %}{{ a | length }}")], "t", HeadParts::default())
            .unwrap();
    assert_eq!(made(&kept, r#"{"x":"abc"}"#, &AROUND_NOTHING, 4), None);
    assert_eq!(made(&kept, r#"{"x":"a"}"#, &AROUND_NOTHING, 4), Some(Ok("3".to_owned())));
}

#[test]
fn of_many_branches_the_first_that_holds_is_taken() {
    let chosen = |condition: &str| {
        let turn = |branch: usize| {
            format!("{{% elif {condition} and item.id == {branch} %}}{branch}{{% if item.id > 1 %}}!{{% endif %}}")
        };
        let branches: String = (1..300).map(turn).collect();
        for last in ["", "{% else %}none"] {
            let text = format!("{{% for item in items %}}{{% if item.id == 7 %}}7{branches}{last}{{% endif %}}{{% endfor %}}");
            let (direct, engine) = both(&text, SHOP, &AROUND_NOTHING);
            assert_eq!(direct, Some(engine), "{text}");
        }
    };
    ["yes", "no", "item.name"].into_iter().for_each(chosen);
    assert_eq!(
        both("{% if no %}1{% elif gone.x %}2{% elif yes %}3{% endif %}", SHOP, &AROUND_NOTHING).0,
        None,
        "the engine says so"
    );
}
