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
