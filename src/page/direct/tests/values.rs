//! Expressions, conditions, loops and what is set.

use super::*;

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
fn values_are_worked_out_as_by_the_engine() {
    let query = [("q".to_owned(), Node::text("a<b")), ("list".to_owned(), Node::Array(vec![Node::text("<")]))];
    let around = Around { query: &query, ..AROUND_NOTHING };
    for template in [
        // Items and slices.
        "{{ items[0].name }}{{ items[-1].id }}{{ items[one].id }}{{ some[\"a\"].b }}{{ some['a'][\"b\"] }}{{ gone?.x?[0] or 1 }}",
        "{{ gone?[0] or 'n' }}{{ nix?['a'] or 'n' }}{{ items?[0]?.name }}{{ items[9] or 'none' }}{{ title[0] }}{{ title[-1] }}{{ price[0] }}",
        "{{ items[0:2][1].id }}{{ items[::-1][0]['id'] }}{{ title[1:4] }}{{ title[::-1] }}{{ numbers[-3:] }}{{ numbers[3:1] or 'e' }}{{ numbers[:one] }}",
        "{{ [1, 2][0] }}{{ 'abc'[1] }}{{ {'a': 1, 2: 'x'}['a'] }}{{ (items)[0] }}{{ zero['a'] or 'n' }}{{ some[title] or 'n' }}{{ some[keyed] }}",
        "{% set i = 1 %}{{ items[i].id }}{{ items[i - 1].tags[i] }}{{ numbers[numbers | length - 1] }}",
        // Arithmetic.
        "{{ 1 + 2 * 3 - 4 }} {{ one + twice.b }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ 1.5 + 1 }}",
        "{{ rate * 2 }} {{ -one }} {{ -(one + 1) }} {{ -rate }} {{ long + 1 }} {{ long * 2 }} {{ 9223372036854775807 + 1 }} {{ 5.5 // 2 }} {{ 5.5 % 2 }} {{ -1 ** 2 }}",
        "{% if one + 1 == 2 and 3 > one * 2 %}yes{% endif %}{{ (1 + 2) * 3 }}{{ 6 / 2 }}{{ 10 % 3 }}",
        // Texts.
        "{{ title ~ '<' ~ one ~ price ~ nix ~ gone ~ yes ~ 1.0 }}{{ 'a' ~ (1 + 1) }}{{ one ~ two }}{{ (some ~ list) ~ items[0].tags }}",
        "{{ head ~ 'x' }}{% set a = title ~ 'x' %}{{ a }}{{ '&' ~ request.path }}",
        // Lists, maps, what is in them.
        "{{ [one, 'a<', none, 1.50, title] }}{{ [] }}{{ {'a': [true, 1.5], 'b': [] } }}{{ items }}{{ some }}{{ [items[0], some] }}{{ [price, nought] }}",
        "{% for x in ['a', 'b<', one, items] %}{{ x }}{{ loop.last }}{% endfor %}{% for x in [items[0], items[1]] %}{{ x.id }}{{ x.name }}{% endfor %}",
        "{{ 1 in numbers }}{{ 3 in numbers }}{{ '2' in numbers }}{{ 2 in numbers }}{{ 'Te' in title }}{{ 'a' in some }}{{ 'z' not in some }}{{ one in [1] }}{{ none in numbers }}{{ 1 in 'a1' }}",
        "{{ [x.id for x in items] }}{{ [x.name for x in items if x.name] }}{% for x in [y for y in items if y.tags] %}{{ x.id }}{% endfor %}{{ [1 for x in list] }}",
        "{% for i in items %}{{ [loop.index ~ t for t in i?.tags or list] }}{% endfor %}{{ [[a, b] for a in [1] if a] or 'x' }}{{ [x ~ one for x in range(end=3)] }}",
        "{{ one if yes else 2 }}{{ 'a' if gone else 'b' }}{{ [1 if yes else 2, 3] }}{% set a = title if no else 'x' %}{{ a }}",
        // Tests.
        "{{ title is string }}{{ one is string }}{{ price is string }}{{ price is number }}{{ one is number }}{{ rate is float }}{{ one is integer }}{{ long is integer }}",
        "{{ some is map }}{{ list is array }}{{ yes is bool }}{{ title is iterable }}{{ some is iterable }}{{ one is iterable }}{{ nix is none }}{{ gone is string }}{{ items[0] is map }}",
        "{{ one is odd }}{{ zero is not even }}{{ twice.b is even }}{{ [1] is array }}{{ {'a': one} is map }}{{ nothing is map }}",
        "{{ items == items }}{{ items != list }}{{ some == some }}{{ [1] == [1] }}{{ numbers == [3, 1.5, '2', none, true] }}{{ [1, 2] < [1, 3] }}",
        // What is around.
        "{{ request.query }}{{ request.query.list }}{{ site }}{{ request.params }}{{ request['path'] }}{% for k, v in request.query %}{{ k }}={{ v }}{% endfor %}{{ request.query['q'] }}",
        "{{ request.method.x or 'n' }}{{ site.none or 'n' }}{{ route.x or 1 }}{{ loop or 'no loop' }}{{ '\\n\\t\\\"\\'' }}",
        // Loops.
        "{% for k, v in some %}{{ k }}{{ v.b }}{% endfor %}{% for v in some %}{{ v.b }}{% endfor %}{% for k, v in nothing %}x{% else %}none{% endfor %}{% for k, v in twice %}{{ k }}{{ v }}{{ loop.length }}{% endfor %}",
        "{% for x in items %}{% if x.id == 2 %}{% continue %}{% endif %}{{ x.id }}{% if x.id == 3 %}{% break %}{% endif %}{{ x.id }}{% else %}none{% endfor %}",
        "{% for i in range(end=3) %}{{ i }}{% for j in range(start=i, end=3) %}{{ i * j }}{% endfor %}{% endfor %}{{ range(start=1, end=9, step_by=3) }}{{ range(end=0) or 'e' }}{{ range(end=3)[1] }}",
        "{% for i in range(end=3) %}{% if i < one %}a{% elif i == one %}b{% else %}{{ i }}{% endif %}{{ loop.first }}{% endfor %}",
        // What is set.
        "{% set a = 1 %}{{ a }}{% set a = a + 1 %}{{ a }}{% if yes %}{% set a = title %}{% endif %}{{ a }}{% set title = 'mine' %}{{ title }}{{ data.title }}",
        "{% for x in items %}{{ seen or 'first' }}{% set seen = x.id %}{{ seen }}{% set_global last = x.id %}{% endfor %}{{ last }}{{ seen or 'gone' }}",
        "{% for x in items %}{{ last or '-' }}{% set_global last = x.id %}{% for t in x?.tags or list %}{% set x = t %}{{ x }}{% endfor %}{{ x.id }}{% endfor %}",
        "{% set a %}<b>{{ title }}</b>{% endset %}{{ a }}{{ a | upper }}{% set b | upper %}x{{ one }}{% endset %}{{ b }}{% set_global c %}{% endset %}{{ c }}|{% if c %}a{% endif %}",
        "{% filter upper %}a{{ title }}{% filter trim %} b {% endfilter %}c{% endfilter %}{% set gone = gone %}{{ gone or 'still' }}{% set request = items[0] %}{{ request.id }}",
        "{% for item in items %}{% set data = item %}{{ data.id }}{% endfor %}{{ data.one }}{% set a = [one, items[0]] %}{{ a[1].id }}{% for x in a %}{{ x }}{% endfor %}",
    ] {
        let (direct, engine) = both(template, SHOP, &around);
        assert!(engine.is_ok(), "{template}: {engine:?}");
        assert_eq!(direct, Some(engine), "{template} {:?}", stays(template));
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
        "{{ gone[0] }}",
        "{{ items['a'] }}",
        "{{ items[gone] }}",
        "{{ items[1.0] }}",
        "{{ some[none] }}",
        "{{ items[9] }}",
        "{{ some['z'] }}",
        "{{ title['a'] }}",
        "{{ some[0:1] }}",
        "{{ items[0:'a'] }}",
        "{{ items[::0] }}",
        "{{ one + title }}",
        "{{ price + 1 }}",
        "{{ one / 0 }}",
        "{{ one % 0 }}",
        "{{ one // 0.0 }}",
        "{{ -title }}",
        "{{ gone + 1 }}",
        "{{ 'a' in one }}",
        "{{ 1 in gone }}",
        "{{ rate is odd }}",
        "{{ title is even }}",
        "{{ [x.id for x in one] }}",
        "{{ [x.z.y for x in items] }}",
        "{% for k, v in items %}{% endfor %}",
        "{% set a = gone.x %}",
        "{% set a = gone %}{{ a }}",
        "{{ range(end=title) }}",
        "{{ range(start=one + 2, end=one) }}",
        "{{ picture(src='a', alt='', widths=title) }}",
        "{{ pagination(page=title, pages=1) }}",
        "{% for x in [gone] %}{{ x }}{% endfor %}",
        "{% filter nth(n=1) %}{% endfilter %}",
    ] {
        let (direct, engine) = both(template, SHOP, &AROUND_NOTHING);
        assert!(direct.is_none() && engine.is_err(), "{template}: {direct:?} {engine:?}");
    }
    for template in [
        "{% for c in title %}{{ c }}{% endfor %}",
        "{% for x in [gone] %}{{ x or 1 }}{% endfor %}",
        "{{ range(start=3, end=1, step_by=-1) }}",
    ] {
        let (direct, engine) = both(template, SHOP, &AROUND_NOTHING);
        assert!(direct.is_none() && engine.is_ok(), "{template}: {direct:?} {engine:?}");
    }
}
