//! Complaints of the engine that have one meaning, and a place that is not where the mistake is.

use super::tests::said;

#[test]
fn what_nobody_would_see_is_told_where_it_begins() {
    let told = "nobody would see this: a template that extends another one has its content in blocks";
    for (rest, place) in [
        ("hello", "1:23"),
        ("\nhello", "2:1"),
        (" \n\n\r\n  é {{ x }}", "4:3"),
        ("\n{# é #}\n\nhello", "4:1"),
        ("\n{{ x }}", "2:1"),
        ("\n\n{% if x %}{% endif %}", "3:1"),
        ("{% block a %}{% endblock %}\n\nhello", "3:1"),
        ("{% block a %}{% endblock -%}\n\n hello", "3:2"),
        ("\n{#- é -#}\n\nhello", "4:1"),
    ] {
        assert_eq!(said(&format!("{{% extends \"b.html\" %}}{rest}")), format!("{place}: {told}"), "{rest:?}");
    }
}

#[test]
fn tags_that_stand_too_deep_in_one_another_are_told_as_that() {
    let told =
        "no more than 39 tags can stand in one another: put what stands in here into a template of its own, and include it";
    let nested = |count: usize, open: &dyn Fn(usize) -> String, end: &str| {
        let tags: String = (0..count).map(open).collect();
        format!("{tags}é{}", end.repeat(count))
    };
    let name = |at: usize| format!("{{% block b{at:02} %}}");
    for (open, end) in [
        (&name as &dyn Fn(usize) -> String, "{% endblock %}"),
        (&|_| "{% if a %}".to_owned(), "{% endif %}"),
        (&|_| "{% for a in b %}".to_owned(), "{% endfor %}"),
        (&|_| "{% filter upper %}".to_owned(), "{% endfilter %}"),
        (&|_| "{% set a %}".to_owned(), "{% endset %}"),
        (&|at| if at % 2 == 0 { name(at) } else { "{%- if a -%}".to_owned() }, ""),
    ] {
        if !end.is_empty() {
            assert_eq!(said(&nested(39, open, end)), "", "{end}");
        }
        let before: usize = (0..39).map(|at| open(at).len()).sum();
        assert_eq!(said(&nested(40, open, end)), format!("1:{}: {told}", before + 1), "{end}");
    }
}
