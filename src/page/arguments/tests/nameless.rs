//! Arguments without their names, and callees that nobody knows.

use super::said;

#[test]
fn an_argument_without_its_name_is_told_with_the_call_to_write() {
    for (template, expected) in [
        ("{{ t | default(\"x\") }}", "t:1:16: `default` takes its arguments by name: write `default(value=\"x\")`"),
        ("{{ t | default(m.a) }}", "t:1:16: `default` takes its arguments by name: write `default(value=m.a)`"),
        ("{{ t | default([1, 2]) }}", "t:1:16: `default` takes its arguments by name: write `default(value=[1, 2])`"),
        ("{{ t | default(-1) }}", "t:1:16: `default` takes its arguments by name: write `default(value=-1)`"),
        ("{{ t | default(value: 'x') }}", "t:1:16: `default` takes its arguments by name: write `default(value='x')`"),
        ("{{ t | default: 'x' }}", "t:1:15: `default` takes its arguments by name: write `default(value='x')`"),
        ("{{ t | default 'x' }}", "t:1:16: `default` takes its arguments by name: write `default(value='x')`"),
        ("{{ t | replace: 'a', 'b' }}", "t:1:15: `replace` takes its arguments by name: write `replace(from='a', to='b')`"),
        ("{{ t | replace('a', 'b') }}", "t:1:16: `replace` takes its arguments by name: write `replace(from='a', to='b')`"),
        ("{{ l | join(', ') }}", "t:1:13: `join` takes its argument by name: write `join(sep=', ')`"),
        ("{{ t | truncate(20) }}", "t:1:17: `truncate` takes its arguments by name: write `truncate(length=20)`"),
        ("{{ t | truncate(20, '') }}", "t:1:17: `truncate` takes its arguments by name: write `truncate(length=20, end='')`"),
        ("{{ n | round(2) }}", "t:1:14: `round` takes its arguments by name: write `round(precision=2)`"),
        ("{{ n | round('ceil') }}", "t:1:14: `round` takes its arguments by name: write `round(method='ceil')`"),
        ("{{ n | decimal(2) }}", "t:1:16: `decimal` takes its arguments by name: write `decimal(places=2)`"),
        ("{{ t | date('%Y') }}", "t:1:13: `date` takes its arguments by name: write `date(format='%Y')`"),
        ("{{ n | money('EUR') }}", "t:1:14: `money` takes its arguments by name: write `money(currency='EUR')`"),
        (
            "{{ n | money(currency='EUR', 'de') }}",
            "t:1:30: `money` takes its arguments by name: write `money(currency='EUR', locale='de')`",
        ),
        (
            "{{ n | plural('item', 'items') }}",
            "t:1:15: `plural` takes its arguments by name: write `plural(one='item', other='items')`",
        ),
        ("{% for i in range(10) %}{% endfor %}", "t:1:19: `range` takes its arguments by name: write `range(end=10)`"),
        (
            "{% for i in range(1, 10) %}{% endfor %}",
            "t:1:19: `range` takes its arguments by name: write `range(start=1, end=10)`",
        ),
        ("{{ picture('/a', t) }}", "t:1:12: `picture` takes its arguments by name: write `picture(src='/a', alt=t)`"),
        (
            "{% if n is divisible_by(2) %}{% endif %}",
            "t:1:25: `divisible_by` takes its argument by name: write `divisible_by(divisor=2)`",
        ),
        (
            "{% if n is divisible_by 2 %}{% endif %}",
            "t:1:25: `divisible_by` takes its argument by name: write `divisible_by(divisor=2)`",
        ),
        (
            "{% filter truncate(2) %}abc{% endfilter %}",
            "t:1:20: `truncate` takes its arguments by name: write `truncate(length=2)`",
        ),
        ("{{ t | upper('x') }}", "t:1:14: `upper` takes no arguments: write it without the brackets"),
        ("{% if t is string(1) %}{% endif %}", "t:1:19: `string` takes no arguments: write it without the brackets"),
        ("{{ t | default(='x') }}", "t:1:16: `default` takes its arguments by name: write `default(value='x')`"),
        // Where nobody can know what is meant.
        ("{{ n | money(1, 2, 3) }}", "t:1:14: `money` takes its arguments by name: `money(currency=…, locale=…, minor=…)`"),
        // The rest of the template is looked at all the same; what the engine says further on is only its echo.
        (
            "{{ t | default('x') }}\n{{ n | money(curency='EUR') }}\n{{ nothing",
            "t:1:16: `default` takes its arguments by name: write `default(value='x')`\n\
             t:2:14: `money` has no argument `curency`: it knows `currency`, `locale`, `minor`; did you mean `currency`?",
        ),
        // What comes before is told too.
        (
            "{{ t..u }}{{ t | default('x') }}",
            "t:1:5: there is no `..`: write `range(start=…, end=…)`, whose end is left out\nt:1:26: `default` takes its arguments by name: write `default(value='x')`",
        ),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn a_callee_that_nobody_knows_is_told_with_what_to_write() {
    for (template, expected) in [
        ("{{ t | banana }}", "t:1:8: unknown filter `banana`"),
        ("{{ t | banana('x') }}", "t:1:8: unknown filter `banana`"),
        ("{{ t | uper }}", "t:1:8: unknown filter `uper`: did you mean `upper`?"),
        ("{{ t | group_By(attribute='a') }}", "t:1:8: unknown filter `group_By`: did you mean `group_by`?"),
        ("{{ t | tojson }}", "t:1:8: unknown filter `tojson`: use `json`, or `json_script` inside <script>"),
        ("{{ t | e }}", "t:1:8: unknown filter `e`: everything that is printed is escaped, so leave it out"),
        ("{{ t | d('x') }}", "t:1:8: unknown filter `d`: use `default(value=…)`"),
        (
            "{{ t | format('x') }}",
            "t:1:8: unknown filter `format`: join texts with `~`, and write numbers with `decimal` or `money`",
        ),
        ("{{ t | defined }}", "t:1:8: unknown filter `defined`: it is a test, `x is defined`"),
        ("{{ t | range }}", "t:1:8: unknown filter `range`: it is a function, `range(…)`"),
        ("{{ upper(t) }}", "t:1:4: unknown function `upper`: it is a filter, `x | upper`"),
        ("{{ url_for('x') }}", "t:1:4: unknown function `url_for`: write the address itself, as in /detail/{{ id | urlencode }}"),
        ("{{ now() }}", "t:1:4: unknown function `now`: a page does not know the time: let the backend send it"),
        ("{% if t is iterabel %}{% endif %}", "t:1:12: unknown test `iterabel`: did you mean `iterable`?"),
        ("{% if t is null %}{% endif %}", "t:1:12: unknown test `null`: use `x is none`"),
        ("{% if t is not empty %}{% endif %}", "t:1:16: unknown test `empty`: use `not x`, or `x | length == 0`"),
        ("{% if t is divisibleby(2) %}{% endif %}", "t:1:12: unknown test `divisibleby`: use `divisible_by(divisor=…)`"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn a_function_that_takes_no_arguments_keeps_its_brackets() {
    for (template, expected) in [
        ("{% block a %}{{ super(1) }}{% endblock %}", "t:1:23: `super` takes no arguments: write `super()`"),
        ("{% block a %}{{ super(a, 'b') | upper }}{% endblock %}", "t:1:23: `super` takes no arguments: write `super()`"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}
