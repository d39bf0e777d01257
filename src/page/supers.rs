//! `super()` in blocks that no parent has: the engine takes it, and fails whenever it comes to show such a block.

use super::TemplateProblem;
use super::arguments::supers;
use super::facts::AllFacts;
use super::place::place;

/// What is said of one template, among all of them. Whoever shows it makes no difference: what `super()` shows is up to the templates that it
/// stands on. Nothing is said where nobody knows what is in one of these, or in itself.
pub(super) fn problems(name: &str, text: &str, facts: &AllFacts, is_unsure: impl Fn(&str) -> bool) -> Vec<TemplateProblem> {
    let supers = supers(text);
    if supers.is_empty() {
        return Vec::new();
    }
    let parents = facts.parents(name);
    if parents.iter().chain([&name]).any(|name| is_unsure(name)) {
        return Vec::new();
    }
    let known = parents.first().map(|parent| facts.blocks(parent)).unwrap_or_default();
    let nobodys = supers.into_iter().filter(|(_, block)| !known.contains(block));
    nobodys
        .map(|(at, block)| {
            let (line, column) = place(text, at);
            let message = match parents.as_slice() {
                [] => format!("`super()` finds nothing, as `{name}` extends no other template: leave it out"),
                [parent] => format!("`super()` finds nothing, as `{parent}` has no block `{block}`: leave it out"),
                parents => {
                    format!("`super()` finds nothing, as none of `{}` has a block `{block}`: leave it out", parents.join("`, `"))
                }
            };
            TemplateProblem { template: name.to_owned(), line: Some(line), column: Some(column), message }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Templates;
    use super::super::tests::compile;

    const BASE: (&str, &str) =
        ("base", "{% block main %}é{% endblock %}{% block side %}{% block foot %}{% endblock %}{% endblock %}");

    #[test]
    fn super_in_a_block_that_no_parent_has_is_refused() {
        for (files, expected) in [
            (
                &[("t", "{% block main %}\né{{ super() }}{% endblock %}")][..],
                &["t:2:5: `super()` finds nothing, as `t` extends no other template: leave it out"][..],
            ),
            (
                &[
                    BASE,
                    (
                        "t",
                        "{% extends 'base' %}{% block main %}{{ super() }}{% block new %}{{ super() }}{% endblock %}{% endblock %}",
                    ),
                ],
                &["t:1:68: `super()` finds nothing, as `base` has no block `new`: leave it out"],
            ),
            (
                &[
                    BASE,
                    ("mid", "{% extends 'base' %}"),
                    (
                        "t",
                        "{% extends 'mid' %}{% block side %}{% block new %}{% if x %}{% set y = super() ~ 'a' %}{% endif %}{% endblock %}{% endblock %}",
                    ),
                ],
                &["t:1:72: `super()` finds nothing, as none of `mid`, `base` has a block `new`: leave it out"],
            ),
            // The parent's own block, which its child leads to.
            (
                &[
                    ("p", "{% block main %}{{ super() }}{% endblock %}"),
                    ("t", "{% extends 'p' %}{% block main %}{{ super() }}{% endblock %}"),
                ],
                &["p:1:20: `super()` finds nothing, as `p` extends no other template: leave it out"],
            ),
            // One that is only included, and each call of several.
            (
                &[("p", "{% include 't' %}"), ("t", "{% block a %}{{ super() }}{{ super() | upper }}{% endblock %}")],
                &[
                    "t:1:17: `super()` finds nothing, as `t` extends no other template: leave it out",
                    "t:1:30: `super()` finds nothing, as `t` extends no other template: leave it out",
                ],
            ),
            // Beside another problem.
            (
                &[("p", "{{ x | nope }}"), ("t", "{% block a %}{{ super() }}{% endblock %}{% include 'gone' %}")],
                &[
                    "p:1:8: unknown filter `nope`",
                    "t:1:17: `super()` finds nothing, as `t` extends no other template: leave it out",
                    "t:1:52: there is no template `gone`",
                ],
            ),
        ] {
            assert_eq!(compile(files).unwrap_err(), expected, "{files:?}");
        }
    }

    #[test]
    fn super_in_a_block_that_some_parent_has_is_taken() {
        let mid = ("mid", "{% extends 'base' %}{% block main %}{% block new %}{% endblock %}{% endblock %}");
        for text in [
            "{% extends 'mid' %}{% block side %}{{ super() }}{% block foot %}{{ super() }}{% endblock %}{{ super() }}{% endblock %}",
            "{% extends 'mid' %}{% block new %}{% filter upper %}{{ super() }}{% endfilter %}{% endblock %}",
            "{% extends 'mid' %}{% block main %}{% block new %}{{ super() }}{% endblock %}{% endblock %}",
            "{% raw %}{% block a %}{{ super() }}{% endblock %}{% endraw %}{# {% block b %}{{ super() }}{% endblock %} #}",
            "{% block a %}{{ 'super()' }}{% endblock %}",
        ] {
            assert_eq!(compile(&[BASE, mid, ("t", text)]).err(), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_said_of_super_where_a_parent_cannot_be_read() {
        let child = "{% extends 'p' %}{% block main %}{{ super() }}{% block new %}{{ super() }}{% endblock %}{% endblock %}";
        for (files, unread, expected) in [
            (&[("t", child)][..], &["p"][..], &[][..]),
            (&[("t", child), ("p", "{% extends 'q' %}"), ("r", "{% include 'gone' %}")], &["q"], &["r"]),
            (&[("t", child)], &[], &["t"]),
            (&[("t", child), ("p", "{{ x")], &[], &["p"]),
            (&[("t", "{% extends 't' %}{% block a %}{{ super() }}{% endblock %}")], &[], &["t"]),
            (&[("t", "{% extend 'p' %}{% block a %}{{ super() }}{% endblock %}")], &[], &["t"]),
        ] {
            let owned = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            let unread: Vec<String> = unread.iter().map(|name| (*name).to_owned()).collect();
            let problems = Templates::compile_among(owned, &unread).unwrap_err();
            assert_eq!(
                problems.iter().map(|problem| problem.template.as_str()).collect::<Vec<_>>(),
                expected,
                "{files:?} {problems:?}"
            );
        }
    }
}
