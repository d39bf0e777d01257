//! Filters and functions.

use super::*;

#[test]
fn filters_do_what_they_do_in_the_engine() {
    let subjects = [
        "title",
        "nix",
        "yes",
        "zero",
        "one",
        "price",
        "rate",
        "noughts",
        "minus",
        "long",
        "huge",
        "empty",
        "nothing",
        "some",
        "list",
        "items",
        "numbers",
        "spaces",
        "when",
        "'<a b> c'",
        "'11'",
        "' 1.5 '",
        "'2.0'",
        "('<' | safe)",
        "[1, 'a<', 2.0]",
        "['a', '<' | safe, 1, items]",
        "gone",
        "1.5",
        "-7",
        "items[0].tags",
        "head",
        "items[0]",
        "range(end=3)",
    ];
    let calls = [
        "safe",
        "escape",
        "escape_html",
        "upper",
        "lower",
        "capitalize",
        "title",
        "trim",
        "trim_start",
        "trim_end",
        "trim(pat='<')",
        "trim_start(pat='a')",
        "trim_end(pat='b')",
        "length",
        "str",
        "int",
        "float",
        "abs",
        "round",
        "round(precision=1)",
        "round(method='ceil')",
        "round(method='floor', precision=1)",
        "first",
        "last",
        "nth(n=1)",
        "nth(n=one)",
        "join",
        "join(sep=', ')",
        "join(sep='<')",
        "join(sep='<' | safe)",
        "reverse",
        "default(value='d<')",
        "default(value='d', boolean=true)",
        "default(value=items)",
        "truncate(length=3)",
        "truncate(length=2, end='<')",
        "truncate(length=99)",
        "wordcount",
        "newlines_to_br",
        "replace(from='a', to='<')",
        "replace(from='<', to='b' | safe)",
        "split(pat='a')",
        "split(pat=' ') | join(sep='-')",
        "keys",
        "values",
        "get(key='a', default=1)",
        "urlencode",
        "urlencode_path",
        "url",
        "absolute",
        "json",
        "json_script",
        "decimal",
        "decimal(places=one, group=',')",
        "money(currency='EUR', locale='de')",
        "plural(one='{n} item', other='{n} items')",
        "date",
        "date(format='%d.%m.%Y', zone='Asia/Shanghai')",
        "date(locale='de')",
        "striptags",
        "upper | lower | safe",
        "first | upper",
        "int + 1",
        "length * 2",
        "round | int",
    ];
    let (mut same, mut back) = (0, 0);
    for subject in subjects {
        for call in calls {
            for template in [
                format!("{{{{ {subject} | {call} }}}}"),
                format!("{{% for x in [{subject} | {call}] %}}{{{{ x }}}}|{{{{ x is string }}}}{{% endfor %}}"),
            ] {
                assert_eq!(stays(&template), None);
                let (direct, engine) = both(&template, SHOP, &AROUND_NOTHING);
                match direct {
                    Some(direct) => {
                        assert_eq!(direct, engine, "{template}");
                        same += 1;
                    }
                    // What is right is written here, whatever it is.
                    None => {
                        assert!(engine.is_err(), "{template}: {engine:?}");
                        back += 1;
                    }
                }
            }
        }
    }
    assert!(same > 1000 && back > 500, "{same} {back}");
    for template in [
        "{{ picture(src=title, alt=items[0].name, widths=[1, one + 1]) }}{{ picture(src='/a', alt='') | length }}",
        "{% set p = pagination(page=one, pages=9, window=1) %}{% for i in p.items %}{{ i.number or '…' }}{{ i.current }}{% endfor %}{{ p.prev }}{{ p.next }}{{ p }}",
        "{{ price | decimal(places=one + 1) ~ 'x' }}{{ -7 | abs }}{{ 1 + 2 | abs }}{{ 'a' ~ 'b' | upper }}{{ items | length > 2 }}",
    ] {
        let (direct, engine) = both(template, SHOP, &AROUND_NOTHING);
        assert!(engine.is_ok(), "{template}: {engine:?}");
        assert_eq!(direct, Some(engine), "{template} {:?}", stays(template));
    }
}
