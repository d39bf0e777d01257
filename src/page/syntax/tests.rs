//! What is said of templates that people write when they come from other languages, word for word.

use super::super::tests::compile;

pub(super) fn said(template: &str) -> String {
    let problems = compile(&[("t", template)]).err().unwrap_or_default();
    problems.iter().map(|problem| problem.strip_prefix("t:").unwrap_or(problem)).collect::<Vec<_>>().join("\n")
}

#[test]
fn values_of_other_languages_are_told_with_what_to_write() {
    for (template, expected) in [
        ("<p>{{ a </p>", "1:4: this `{{` is never closed: add `}}`"),
        ("<p>{{ a", "1:4: this `{{` is never closed: add `}}`"),
        ("{{ a ? b : c }}", "1:6: there is no `? :`: write `{{ b if a else c }}`"),
        ("{{ a ?? b }}", "1:6: there is no `??`: write `x | default(value=y)`"),
        ("{{ a.toUpperCase() }}", "1:6: a value has no methods, so no `toUpperCase()`: write `x | upper`"),
        ("{{ a.items() }}", "1:6: a value has no methods, so no `items()`: write `{% for key, value in x %}`"),
        ("{{ ${x} }}", "1:4: a variable has no `$`: write its name alone"),
        (r#"{{ a["b" }}"#, "1:10: the closing `]` is missing in front of `}}`"),
        ("{{ a.0 }}", "1:6: an element of a list has its place in brackets: write `[0]`"),
        ("{{ a.b | }}", "1:10: a filter is missing behind `|`, in front of `}}`"),
        ("{{ | upper }}", "1:4: `|` cannot stand here: a value is expected"),
        ("{{ }}", "1:1: nothing stands in this `{{ }}`"),
        (r#"{{ "a }}"#, r#"1:4: this `"` is never closed: add another one"#),
        ("{{ 'it's' }}", r#"1:8: the text ends in front of `s`: put one with ' in it between " and ""#),
        ("{{ a b }}", "1:6: `b` cannot stand here: an operator, a `|` or `}}` is missing in front of it"),
        ("{{{ a }}}", "1:1: there is no `{{{`: write `{{ a | safe }}` for what is not to be escaped"),
        ("{{ a++ }}", "1:5: there is no `++`: write `{% set x = x + 1 %}`"),
        ("{{ a += 1 }}", "1:6: there is no `+=`: write `{% set x = x + 1 %}`"),
        ("{# a", "1:1: this `{#` is never closed: add `#}`"),
        ("{{ super() }}", "1:4: `super()` stands in a block alone, for what the parent has there"),
        ("{{ self.a() }}", "1:9: a value has no methods, so no `a()`: what there is are filters, `x | name`"),
        ("{{ a if b }}", r#"1:11: a value with `if` needs its `else`: write `a if b else ""`"#),
        ("{{ a % }}", "1:8: a value is missing in front of `}}`"),
        ("{{ a }", "1:6: this `{{` is closed by `}`: write `}}`"),
        ("{{ a %}", "1:6: this `{{` is closed by `%}`: write `}}`"),
        ("{{#each a}}{{/each}}", "1:1: there is no `{{#each`: write `{% for item in items %}…{% endfor %}`"),
        ("{{#if a}}{{/if}}", "1:1: there is no `{{#if`: write `{% if x %}…{% endif %}`"),
        ("{{> header}}", r#"1:1: there is no `{{>`: write `{% include "name.html" %}`"#),
        ("{{ a | safe | }}", "1:15: a filter is missing behind `|`, in front of `}}`"),
        (r#"{{ a|default(value="x" }}"#, "1:24: a `,` or the closing `)` of `(` is missing in front of `}}`"),
        (r#"{{ a|default(value="x")) }}"#, "1:24: `)` cannot stand here: `}}` is expected"),
        ("{{ “x” }}", r#"1:4: these are no plain quotes: write "…""#),
        ("{{ a | truncate(length=“5”) }}", r#"1:24: these are no plain quotes: write "…""#),
        ("{{ a | upper }}", "1:5: this blank is no plain one (U+00A0): write a space"),
        ("{{ naïve }}", r#"1:4: a name has the letters a to z, digits and `_` alone: write `data["naïve"]`"#),
        ("{{ a.größe }}", r#"1:6: a name has the letters a to z, digits and `_` alone: write `a["größe"]`"#),
        ("{{ 1,5 }}", "1:5: a number has a point instead of a comma"),
        ("{{ 1_000 }}", "1:5: `_000` cannot stand here: `}}` is expected"),
        ("{{ .5 }}", "1:4: `.` cannot stand here: a value is expected"),
        ("{{ a? }}", "1:5: there is no `? :`: write `b if a else c`"),
        ("{{ $a }}", "1:4: a variable has no `$`: write its name alone"),
        ("{{ @a }}", "1:4: a variable has no `@`: write its name alone"),
        ("{{ a->b }}", "1:5: there is no `->`: write `.`"),
        ("{{ a::b }}", "1:5: there is no `::`: write `.`"),
        ("{{ a.b() }}", "1:6: a value has no methods, so no `b()`: what there is are filters, `x | name`"),
        ("{{ true ? 1 }}", "1:9: there is no `? :`: write `b if a else c`"),
        ("{{ a; }}", "1:5: there is no `;`: one value stands in one `{{ }}`"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn tags_of_other_languages_are_told_with_what_to_write() {
    for (template, expected) in [
        (r#"x{% extends "b.html" %}"#, "1:13: `{% extends %}` stands at the top: move it in front of everything else"),
        ("{% for a in items %}{{ a }}", "1:1: this `{% for %}` is never ended: add `{% endfor %}`"),
        ("{% if a %}{{ a }}", "1:1: this `{% if %}` is never ended: add `{% endif %}`"),
        (
            "{% block a %}{% endblock %}{% block a %}{% endblock %}",
            "1:37: this is a second block `a`: the first stands in line 1",
        ),
        ("{% raw %}x", "1:1: this `{% raw %}` is never ended: add `{% endraw %}`"),
        ("{% if a && b %}{% endif %}", "1:9: there is no `&&`: write `and`"),
        ("{% if a || b %}{% endif %}", "1:9: there is no `||`: write `or`"),
        ("{% if !a %}{% endif %}", "1:7: there is no `!`: write `not`"),
        (
            "{% for a in b %}{{ loop.counter }}{% endfor %}",
            "1:25: `loop` has no `counter`: it has `index`, `index0`, `first`, `last`, `length`; did you mean `index`?",
        ),
        (
            "{% for a in b %}{{ loop.index1 }}{% endfor %}",
            "1:25: `loop` has no `index1`: it has `index`, `index0`, `first`, `last`, `length`; did you mean `index`?",
        ),
        (
            "{% for a in b %}{{ loop.revindex }}{% endfor %}",
            "1:25: `loop` has no `revindex`: it has `index`, `index0`, `first`, `last`, `length`",
        ),
        ("{% if a %}{% elseif b %}{% endif %}", "1:14: unknown tag `elseif`: write `elif`"),
        ("{% if a %}{% else if b %}{% endif %}", "1:19: there is no `else if`: write `elif`"),
        ("{% if a %}{% elsif b %}{% endif %}", "1:14: unknown tag `elsif`: write `elif`"),
        ("{% if a %}{% endfor %}", "1:14: the `{% if %}` of line 1 is not ended before this: add `{% endif %}`"),
        ("{% if a %}{% end %}", "1:14: the `{% if %}` of line 1 is not ended before this: add `{% endif %}`"),
        ("{% if a = 1 %}{% endif %}", "1:9: `=` does not compare: write `==`"),
        ("{% if a === 1 %}{% endif %}", "1:9: there is no `===`: write `==`"),
        ("{% if a !== 1 %}{% endif %}", "1:9: there is no `!==`: write `!=`"),
        ("{% if a <> 1 %}{% endif %}", "1:9: there is no `<>`: write `!=`"),
        ("{% if a.length() > 1 %}{% endif %}", "1:9: a value has no methods, so no `length()`: write `x | length`"),
        ("{% a %}", "1:4: unknown tag `a`"),
        ("{% %}", "1:1: nothing stands in this `{% %}`"),
        ("{% for a of b %}{% endfor %}", "1:10: a loop has `in` instead of `of`: `{% for item in items %}`"),
        ("{% for (a, b) in c %}{% endfor %}", "1:8: the names of a loop have no brackets: `{% for key, value in map %}`"),
        ("{% for i in 1..5 %}{% endfor %}", "1:14: there is no `..`: write `range(start=…, end=…)`, whose end is left out"),
        ("{% for i in 0..5 %}{% endfor %}", "1:14: there is no `..`: write `range(start=…, end=…)`, whose end is left out"),
        ("{% foreach a in b %}{% endforeach %}", "1:4: unknown tag `foreach`: write `{% for item in items %}`"),
        ("{% set a %}", "1:1: this `{% set %}` is never ended: add `{% endset %}`"),
        ("{% set a == 1 %}", "1:8: a variable is set by `=`: `{% set name = value %}`"),
        ("{% let a = 1 %}", "1:4: unknown tag `let`: write `{% set x = … %}`"),
        ("{% assign a = 1 %}", "1:4: unknown tag `assign`: write `{% set x = … %}`"),
        (
            "{% macro x() %}{% endmacro %}",
            "1:4: unknown tag `macro`: write a component: `{% component name(x) %}…{% endcomponent %}`, `{{ <name x={1} /> }}`",
        ),
        (
            r#"{% import "x.html" as y %}"#,
            "1:4: unknown tag `import`: write a component: `{% component name(x) %}…{% endcomponent %}`, `{{ <name x={1} /> }}`",
        ),
        (
            r#"{% from "x" import y %}"#,
            "1:4: unknown tag `from`: write a component: `{% component name(x) %}…{% endcomponent %}`, `{{ <name x={1} /> }}`",
        ),
        (
            "{% call x() %}{% endcall %}",
            "1:4: unknown tag `call`: write a component: `{% component name(x) %}…{% endcomponent %}`, `{{ <name x={1} /> }}`",
        ),
        ("{% with a=1 %}{% endwith %}", "1:4: unknown tag `with`: write `{% set x = … %}`"),
        ("{% include missing %}", r#"1:12: a template is named by a text: write `{% include "missing.html" %}`"#),
        (
            r#"{% include "t.html" with a %}"#,
            "1:21: a template that is included sees all variables: leave `with` and what follows out",
        ),
        (
            r#"{% include "t.html" ignore missing %}"#,
            "1:21: a template that is included has to be there: leave `ignore missing` out",
        ),
        ("{% block %}{% endblock %}", "1:10: a block needs a name: `{% block main %}`"),
        ("{% block a %}{% endblock b %}", "1:26: this ends the block `a`, and says `b`"),
        ("{% comment %}x{% endcomment %}", "1:4: unknown tag `comment`: write `{# … #}`"),
        ("{% csrf_token %}", "1:4: unknown tag `csrf_token`: there is nothing like it here: leave it out"),
        ("{% load static %}", "1:4: unknown tag `load`: there is nothing like it here: leave it out"),
        (r#"{% url "x" %}"#, "1:4: unknown tag `url`: there is nothing like it here: leave it out"),
        ("{% unless a %}{% endunless %}", "1:4: unknown tag `unless`: write `{% if not x %}`"),
        (
            "{% switch a %}{% case 1 %}{% endswitch %}",
            "1:4: unknown tag `switch`: write `{% if x == 1 %}…{% elif x == 2 %}…{% endif %}`",
        ),
        ("{% else %}", "1:4: `else` belongs to no `if`"),
        ("{% endif %}", "1:4: `endif` ends nothing"),
        ("{% if a }}", "1:9: this `{%` is closed by `}}`: write `%}`"),
        ("{% if a }{% endif %}", "1:9: this `{%` is closed by `}`: write `%}`"),
        ("{%- if a -%}x{%- endif", "1:14: this `{%` is never closed: add `%}`"),
        (
            "{% block a %}{% block a %}{% endblock %}{% endblock %}",
            "1:23: this is a second block `a`: the first stands in line 1",
        ),
        ("{% break %}", "1:4: break can only be used in a for loop"),
        ("{% for a in b %}{% break %}", "1:1: this `{% for %}` is never ended: add `{% endfor %}`"),
        (
            "{% if a %}{% block x %}{% endif %}{% endblock %}",
            "1:27: the `{% block %}` of line 1 is not ended before this: add `{% endblock %}`",
        ),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn slips_are_told_with_what_is_missing() {
    for (template, expected) in [
        ("{% set x = %}", "1:12: a value is missing behind `=`"),
        ("{% set x %}{{ a }}", "1:1: this `{% set %}` is never ended: add `{% endset %}`"),
        ("{% set = 1 %}", "1:8: a name is missing in front of `=`: `{% set name = value %}`"),
        ("{% if %}{% endif %}", "1:7: a value is missing in front of `%}`"),
        ("{% for %}{% endfor %}", "1:8: `%}` cannot stand here: a name is expected"),
        ("{% for x %}{% endfor %}", "1:10: `%}` cannot stand here: `in` is expected"),
        ("{% for x in %}{% endfor %}", "1:13: a value is missing in front of `%}`"),
        ("{% for x, in y %}{% endfor %}", "1:11: in is a reserved keyword of Tera, it cannot be used as a loop variable"),
        (
            "{% for x in y if x.a %}{% endfor %}",
            "1:22: a loop has no `if`: put an `{% if %}` into it, or loop over [x for x in items if x.shown]",
        ),
        (
            "{% for x in y recursive %}{% endfor %}",
            "1:15: `recursive` cannot stand here: an operator, a `|` or `%}` is missing in front of it",
        ),
        ("{% for x in y %}{% empty %}{% endfor %}", "1:20: unknown tag `empty`: write `{% else %}`"),
        ("{% for x in y %}{% endif %}", "1:20: the `{% for %}` of line 1 is not ended before this: add `{% endfor %}`"),
        (
            "{% if a %}{% for x in y %}{% endif %}{% endfor %}",
            "1:30: the `{% for %}` of line 1 is not ended before this: add `{% endfor %}`",
        ),
        ("{% if a then %}{% endif %}", "1:9: there is no `then`: leave it out"),
        ("{% if (a && b) || c %}{% endif %}", "1:10: there is no `&&`: write `and`"),
        ("{% if a and %}{% endif %}", "1:13: a value is missing in front of `%}`"),
        (r#"{% if a in ["x" "y"] %}{% endif %}"#, r#"1:17: a `,` or the closing `]` of `[` is missing in front of `"y"`"#),
        ("{% if a is %}{% endif %}", "1:12: a test is missing behind `is`, in front of `%}`"),
        ("{% if a|length>0 %}x{% endif", "1:21: this `{%` is never closed: add `%}`"),
        ("{{ a.b.c.d(1) }}", "1:10: a value has no methods, so no `d()`: what there is are filters, `x | name`"),
        ("{{ a[1:2:3:4] }}", "1:11: the closing `]` is missing in front of `:`"),
        ("{{ a.b? }}", "1:7: there is no `? :`: write `b if a else c`"),
        ("{{ a?b:c }}", "1:5: there is no `? :`: write `{{ b if a else c }}`"),
        (r#"{{ a ? "x" : "y" }} and {{ c }}"#, r#"1:6: there is no `? :`: write `{{ "x" if a else "y" }}`"#),
        ("{{ a ?: b }}", "1:6: there is no `?:`: write `{{ a or b }}`"),
        ("{{ (a }}", "1:7: a `,` or the closing `)` of `(` is missing in front of `}}`"),
        ("{{ a) }}", "1:5: `)` cannot stand here: `}}` is expected"),
        ("{{ [1, 2 }}", "1:10: a `,` or the closing `]` of `[` is missing in front of `}}`"),
        (r#"{{ {"a": 1 }}"#, "1:12: a `,` or the closing `}` of `{` is missing in front of `}}`"),
        ("{{ {a: 1} }}", "1:5: `a` cannot stand here: `...`, a string, an integer or a bool is expected"),
        (r#"{{ "a" . b }}"#, "1:8: `.` cannot stand here: `}}` is expected"),
        (r#"{{ "a" & b }}"#, "1:8: there is no `&`: write `and`"),
        ("{{ a % 2 == 0 ? 1 : 2 }}", "1:15: there is no `? :`: write `{{ 1 if a % 2 == 0 else 2 }}`"),
        ("{{ not }}", "1:8: a value is missing in front of `}}`"),
        ("{{ if a }}x{{ endif }}", "1:1: `if` stands in a tag: write `{% if … %}`"),
        ("{{ for x in y }}", "1:1: `for` stands in a tag: write `{% for … %}`"),
        (r#"{{ include "x.html" }}"#, "1:1: `include` stands in a tag: write `{% include … %}`"),
        ("{{ block body }}", "1:1: `block` stands in a tag: write `{% block … %}`"),
        (r#"{{ extends "a.html" }}"#, "1:1: `extends` stands in a tag: write `{% extends … %}`"),
        (r#"{{ a | default(value="x" "y") }}"#, r#"1:26: a `,` or the closing `)` of `(` is missing in front of `"y"`"#),
        ("{{ a | default(value=) }}", "1:22: `)` cannot stand here: a value is expected"),
        (r#"{{ a | default(value="x", value="y") }}"#, "1:27: the argument `value` stands twice"),
        ("{{ a |> upper }}", "1:7: a filter is missing behind `|`, in front of `>`"),
        ("{{ a || upper }}", "1:6: there is no `||`: write `or`"),
        ("{{ a |upper|lower| }}", "1:20: a filter is missing behind `|`, in front of `}}`"),
        ("{{ a::upper }}", "1:5: there is no `::`: write `.`"),
        (r#"{{ a | "upper" }}"#, r#"1:8: a filter is missing behind `|`, in front of `"upper"`"#),
        ("{{ a | 5 }}", "1:8: a filter is missing behind `|`, in front of `5`"),
        ("{{ a | date(format=%Y) }}", "1:20: `%` cannot stand here: a value is expected"),
        (r#"{{ a | date(format="%Y" zone="UTC") }}"#, "1:25: a `,` or the closing `)` of `(` is missing in front of `zone`"),
        ("{{ a <b> }}", "1:10: a value is missing in front of `}}`"),
        ("{{ a", "1:1: this `{{` is never closed: add `}}`"),
        ("{% extends l %}", r#"1:12: a template is named by a text: write `{% extends "l.html" %}`"#),
        ("{% block a %}", "1:1: this `{% block %}` is never ended: add `{% endblock %}`"),
        ("{% block a.b %}{% endblock %}", "1:11: the name of a block has letters, digits and `_` alone: `{% block side_bar %}`"),
        (r#"{% block "a" %}{% endblock %}"#, "1:10: the name of a block has no quotes: `{% block main %}`"),
        ("{% block a-b %}{% endblock %}", "1:11: the name of a block has letters, digits and `_` alone: `{% block side_bar %}`"),
        ("{% for x in y %}{% block a %}{% endblock %}{% endfor %}", "1:20: blocks cannot be written inside a for loop"),
        ("{% endblock %}", "1:4: `endblock` ends nothing"),
        ("{% block a %}{% endblock a", "1:14: this `{%` is never closed: add `%}`"),
        ("{% filter upper %}x", "1:1: this `{% filter %}` is never ended: add `{% endfilter %}`"),
        (r#"{% include "l" ~ ".html" %}"#, "1:16: `~` cannot stand here: `%}` is expected"),
        ("{% include %}", r#"1:12: a template is named by a text: write `{% include "name.html" %}`"#),
        ("{{ <nope /> }}", "1:4: unknown component `nope`"),
        (
            "{% component a(x: text) %}{% endcomponent a %}",
            "1:19: found text but the only types allowed are: string, bool, integer, float, number, array, map and bytes",
        ),
        (
            "{% component a(x) %}{% endcomponent b %}",
            "1:37: component was named `a` in the opening tag, found `b` as name in the end tag",
        ),
        (r#"{{ "\d" }}"#, r#"1:4: an escape in this text is none: write `\\` for a backslash"#),
        ("{{ 99999999999999999999 }}", "1:4: this number is larger than a template can hold"),
        ("{{ 0x10 }}", "1:5: a number has digits and a point alone"),
        ("{{ 1e5 }}", "1:5: a number has digits and a point alone"),
        ("{{ a b c }}", "1:6: `b` cannot stand here: an operator, a `|` or `}}` is missing in front of it"),
        (r#"{{ "a" "b" }}"#, r#"1:8: `"b"` cannot stand here: an operator, a `|` or `}}` is missing in front of it"#),
        ("{{ true.x }}", "1:8: `.` cannot stand here: `}}` is expected"),
        ("{{ a if }}", "1:9: a value is missing in front of `}}`"),
        ("{{ a if b else }}", "1:16: a value is missing in front of `}}`"),
        ("{{ a unless b }}", "1:6: `unless` cannot stand here: an operator, a `|` or `}}` is missing in front of it"),
        ("{{ --a }}", "1:5: `-` and `not` cannot be used consecutively"),
        ("{{ !a }}", "1:4: there is no `!`: write `not`"),
        ("{{ ~a }}", "1:4: `~` cannot stand here: a value is expected"),
        ("{{ a ^ 2 }}", "1:6: there is no `^`: write `**`"),
        ("{{ a << 1 }}", "1:7: `<` cannot stand here: a value is expected"),
        ("{{ a = b }}", "1:6: a variable is set by a tag: `{% set a = … %}`"),
        ("{{ a := b }}", "1:6: there is no `:=`: write `{% set x = … %}`"),
        ("{{ a => b }}", "1:6: there is no `=>`: a list is made by [item.name for item in items]"),
        ("{{ Math.max(1,2) }}", "1:9: no JavaScript runs here, so there is no `Math.max()`: let the backend send it ready"),
        ("{{ JSON.stringify(a) }}", "1:9: no JavaScript runs here, so there is no `JSON.stringify()`: write `x | json`"),
        (
            "{{ a.map(x => x.y) }}",
            "1:6: a value has no methods, so no `map()`: write [item.name for item in items if item.shown]",
        ),
        (r#"{{ a.join(", ") }}"#, r#"1:6: a value has no methods, so no `join()`: write `x | join(sep=", ")`"#),
        ("{{ console.log(a) }}", "1:12: no JavaScript runs here, so there is no `console.log()`: let the backend send it ready"),
        ("{%+ if a %}{% endif %}", "1:1: there is no `{%+`: write `{%`"),
        ("{{ a | title case }}", "1:14: `case` cannot stand here: an operator, a `|` or `}}` is missing in front of it"),
        (
            r#"{{ a | date(format="%d.%m.%y", tz="UTC") }}"#,
            "1:32: `date` has no argument `tz`: it knows `format`, `zone`, `locale`",
        ),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn a_place_is_found_behind_letters_of_several_bytes_and_in_later_lines() {
    for (template, expected) in [
        ("é{{ a && b }}", "1:7: there is no `&&`: write `and`"),
        ("\r\n  {{ 'é' !== b }}", "2:10: there is no `!==`: write `!=`"),
        ("{{ a\n ? 1 : 2 }}", "2:2: there is no `? :`: write `{{ 1 if a else 2 }}`"),
        ("{{ ok }}\n{{ title }</title>\n{{ b }}", "2:10: this `{{` is closed by `}`: write `}}`"),
        ("{{ ok }}\n<p>{{ title\n<p>{{ b }}", "2:4: this `{{` is never closed: add `}}`"),
        ("{% if a\n<p>{% endif %}", "1:1: this `{%` is never closed: add `%}`"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn no_piece_of_a_template_makes_it_fail_otherwise_than_with_a_message() {
    let pieces = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{{",
        "-",
        " ",
        "\n",
        "é",
        "\u{a0}",
        "a",
        ".",
        "|",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "'",
        "`",
        "=",
        "!",
        "&&",
        "||",
        "?",
        ":",
        ",",
        ";",
        "$",
        "@",
        "1",
        "<",
        ">",
        "if",
        "else",
        "endif",
        "for",
        "in",
        "raw",
        "endraw",
        "block",
        "endblock",
        "extends",
        "include",
        "set",
        "default",
        "filter",
        "super",
        "loop",
        "component",
        "\\",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let template: String = (0..random.usize(1..14)).map(|_| pieces[random.usize(0..pieces.len())]).collect();
        for problem in compile(&[("t", &template)]).err().unwrap_or_default() {
            let place = problem.strip_prefix("t:").and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            assert!(place.is_some(), "{template:?}: {problem}");
        }
    }
}
