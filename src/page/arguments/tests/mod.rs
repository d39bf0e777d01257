mod literals;
mod nameless;

use proptest::prelude::*;

use super::problems;
use super::signature::{FILTERS, FUNCTIONS, Signature, TESTS};
use crate::page::Error;
use crate::page::tests::{AROUND_NOTHING, compile, document};

/// What is said of a template: of its text, or else when it is rendered over this document.
fn said(template: &str) -> String {
    let data = r#"{"n":5,"f":1.5,"t":"two","b":true,"l":[1],"m":{"a":1},"z":null,"typed":1.10}"#;
    match compile(&[("t", template)]) {
        Err(problems) => problems.join("\n"),
        Ok(templates) => match templates.render("t", &document(data), &AROUND_NOTHING) {
            Ok(page) => page,
            Err(Error::Render { message, .. }) => format!("rendered: {message}"),
            Err(other) => other.to_string(),
        },
    }
}

#[test]
fn an_argument_that_nobody_asks_for_is_refused_when_the_template_is_read() {
    for (template, expected) in [
        (
            "{{ n | money(curency=\"EUR\") }}",
            "t:1:14: `money` has no argument `curency`: it knows `currency`, `locale`, `minor`; did you mean `currency`?",
        ),
        ("a\n{{ t | truncate(size=6, length=3) }}", "t:2:17: `truncate` has no argument `size`: it knows `length`, `end`"),
        ("{{ t | upper(first=true) }}", "t:1:14: `upper` takes no arguments, and was given `first`"),
        ("{{ t | json(pretty=true) }}", "t:1:13: `json` takes no arguments, and was given `pretty`"),
        ("{% if t is string(of=1) %}{% endif %}", "t:1:19: `string` takes no arguments, and was given `of`"),
        (
            "{% if t is not starting_with(pat=\"a\", patt=1) %}{% endif %}",
            "t:1:39: `starting_with` has no argument `patt`: it knows `pat`; did you mean `pat`?",
        ),
        (
            "{{ pagination(page=1, pages=2, windw=1) | json }}",
            "t:1:32: `pagination` has no argument `windw`: it knows `page`, `pages`, `window`; did you mean `window`?",
        ),
        (
            "{% filter truncate(length=2, and=\"\") %}abc{% endfilter %}",
            "t:1:30: `truncate` has no argument `and`: it knows `length`, `end`; did you mean `end`?",
        ),
        (
            "{% set x | date(fromat=\"%d\") %}a{% endset %}",
            "t:1:17: `date` has no argument `fromat`: it knows `format`, `zone`, `locale`; did you mean `format`?",
        ),
        // Inside of another call, of a list and of a mapping; behind a text with marks in it.
        (
            "{{ '}} {% |' ~ t | replace(from=\"a\", to=[{\"a\": t | trim(part='x')}]) }}",
            "t:1:41: `replace` wants a text in `to`, not a list\nt:1:57: `trim` has no argument `part`: it knows `pat`; did you mean `pat`?",
        ),
        ("{%- raw -%}{{ t | upper(a=1) }}{%- endraw -%}", "{{ t | upper(a=1) }}"),
        ("{% raw %}{{ t | upper(a=1) }}{% endraw %}{# {{ t | upper(a=1) }} #}", "{{ t | upper(a=1) }}"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn an_argument_that_is_missing_is_told_when_the_template_is_read() {
    for (template, expected) in [
        ("{{ n | money }}", "t:1:8: `money` needs `currency`, a text"),
        ("{{ n | money(locale='de') }}", "t:1:8: `money` needs `currency`, a text"),
        ("{{ t | truncate(end='') }}", "t:1:8: `truncate` needs `length`, a whole number from 0"),
        ("{{ n | plural(one='a') }}", "t:1:8: `plural` needs `other`, a text"),
        ("{{ picture(src='/a') }}", "t:1:4: `picture` needs `alt`, a value"),
        ("{% for i in range() %}{% endfor %}", "t:1:13: `range` needs `end`, a whole number"),
        ("{% if n is divisible_by %}{% endif %}", "t:1:12: `divisible_by` needs `divisor`, a whole number"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn an_argument_of_the_wrong_kind_names_who_which_and_both_kinds() {
    for (template, expected) in [
        // As far as the text tells, at once.
        ("{{ n | money(currency=5) }}", "t:1:23: `money` wants a text in `currency`, not the number `5`"),
        ("{{ n | money(currency=['EUR']) }}", "t:1:23: `money` wants a text in `currency`, not a list"),
        ("{{ n | money(currency='EUR', minor='yes') }}", "t:1:36: `money` wants true or false in `minor`, not the text `yes`"),
        ("{{ n | decimal(places=-1) }}", "t:1:23: `decimal` wants a whole number from 0 to 30 in `places`, not the number `-1`"),
        (
            "{{ n | decimal(places=1.5) }}",
            "t:1:23: `decimal` wants a whole number from 0 to 30 in `places`, not the number `1.5`",
        ),
        ("{{ n | decimal(places=2.0) }}", "5.00"),
        ("{{ n | decimal(places=31) }}", "t:1:23: `decimal` wants a whole number from 0 to 30 in `places`, not the number `31`"),
        ("{{ n | decimal(places=30) }}", "5.000000000000000000000000000000"),
        ("{{ f | round(precision=-1) }}", "0.0"),
        ("{{ t | truncate(length='3') }}", "t:1:24: `truncate` wants a whole number from 0 in `length`, not the text `3`"),
        ("{{ picture(src='/a', alt='', lazy=0) }}", "t:1:35: `picture` wants true or false in `lazy`, not the number `0`"),
        // And when the page is rendered.
        ("{{ n | money(currency=n) }}", "rendered: `money` wants a text in `currency`, not the number `5`"),
        ("{{ n | money(currency=z) }}", "rendered: `money` wants a text in `currency`, not null"),
        ("{{ n | money(currency='EUR', minor=m) }}", "rendered: `money` wants true or false in `minor`, not a mapping"),
        ("{{ n | plural(other=l) }}", "rendered: `plural` wants a text in `other`, not a list"),
        ("{{ t | date(zone=b) }}", "rendered: `date` wants a text in `zone`, not true"),
        (
            "{{ n | decimal(places=n * 200) }}",
            "rendered: `decimal` wants a whole number from 0 to 30 in `places`, not the number `1000`",
        ),
        ("{{ n | decimal(places=t) }}", "rendered: `decimal` wants a whole number from 0 to 30 in `places`, not the text `two`"),
        (
            "{{ pagination(page=t, pages=9) | json }}",
            "rendered: `pagination` wants a whole number from 0 in `page`, not the text `two`",
        ),
        ("{{ picture(src='/a', alt='', widths=n) }}", "rendered: `picture` wants a list in `widths`, not the number `5`"),
        (
            "{{ picture(src='/a', alt='', widths=[t]) }}",
            "rendered: `picture` wants whole numbers of pixels in `widths`, not the text `two`",
        ),
        (
            "{{ picture(src='/a', alt='', width=typed) }}",
            "rendered: `picture` wants whole numbers of pixels in `width`, not the number `1.10`",
        ),
        ("{{ picture(src='/a', alt='', width=z) }}", r#"<img src="/a" alt="" loading="lazy" decoding="async">"#),
        // The value itself.
        ("{{ m | money(currency='EUR') }}", "rendered: `money` wants a number, not a mapping"),
        ("{{ t | decimal }}", "rendered: `decimal` wants a number, not the text `two`"),
        // Filters of the engine, which names none of its own.
        ("{{ n | upper }}", "rendered: `upper` wants a text, not a whole number"),
        ("{{ t | trim | first }}", "rendered: `first` wants a list, not a text"),
        ("{{ m | trim | upper }}", "rendered: `trim` wants a text, not a mapping"),
        ("{{ t | truncate(length=t) }}", "rendered: `truncate` wants a whole number from 0, not a text"),
        ("{{ t | truncate(length=0 - n) }}", "rendered: `truncate` wants a whole number from 0, not `-5`"),
        ("{% if t is odd %}{% endif %}", "rendered: `odd` wants a number, not a text"),
    ] {
        assert_eq!(said(template), expected, "{template}");
    }
}

#[test]
fn the_tables_name_what_there_is_and_nobody_else() {
    for (mark, names) in [("{{ t | X }}", FILTERS), ("{{ X() }}", FUNCTIONS), ("{% if t is X %}{% endif %}", TESTS)] {
        for (name, _) in names {
            let problems = compile(&[("t", &mark.replace('X', name))]).err().unwrap_or_default();
            assert!(problems.iter().all(|problem| !problem.contains("unknown")), "{name}: {problems:?}");
        }
        let nobody = compile(&[("t", &mark.replace('X', "banana"))]).unwrap_err();
        assert!(nobody.len() == 1 && nobody[0].contains(": unknown "), "{nobody:?}");
    }
}

/// An expression.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(String),
    List(Vec<Tree>),
    Map(Vec<Tree>),
    Join(Box<Tree>, Box<Tree>),
    /// Of the table of filters, what it is applied to, what it is told.
    Filter(usize, Box<Tree>, Vec<Tree>),
    Function(usize, Vec<Tree>),
    Test(usize, Box<Tree>, Vec<Tree>),
}

/// Writes expressions. The call with this number, as they are begun, gets one argument more than it takes.
struct Writer {
    left: usize,
    calls: usize,
}

impl Writer {
    fn write(&mut self, tree: &Tree, out: &mut String) {
        let mut list = |writer: &mut Self, elements: &[Tree], [open, name, close]: [&str; 3]| {
            out.push_str(open);
            for element in elements {
                out.push_str(name);
                writer.write(element, out);
                out.push_str(", ");
            }
            out.push_str(close);
        };
        match tree {
            Tree::Leaf(text) => out.push_str(text),
            Tree::List(elements) => list(self, elements, ["[", "", "]"]),
            // Two braces together end an expression, wherever they stand.
            Tree::Map(elements) => list(self, elements, ["{ ", "\"k\": ", " }"]),
            Tree::Join(left, right) => {
                self.write(left, out);
                out.push_str(" ~ ");
                self.write(right, out);
            }
            Tree::Filter(which, on, told) => self.call(&FILTERS[*which], Some((on, " |")), told, out),
            Tree::Function(which, told) => self.call(&FUNCTIONS[*which], None, told, out),
            Tree::Test(which, on, told) => self.call(&TESTS[*which], Some((on, " is\n ")), told, out),
        }
    }

    fn call(&mut self, (name, signature): &(&str, Signature), on: Option<(&Tree, &str)>, told: &[Tree], out: &mut String) {
        out.push('(');
        if let Some((on, by)) = on {
            out.push('(');
            self.write(on, out);
            out.push(')');
            out.push_str(by);
        }
        out.push_str(name);
        self.calls += 1;
        let has_more = self.left == self.calls;
        out.push('(');
        // What it needs, and what there is something for; in parentheses nothing is a literal, so every kind will do.
        // A format and a locale do not go together.
        let names = signature.names().filter(|argument| (*name, *argument) != ("date", "locale"));
        for (at, argument) in names.enumerate() {
            if has_more && at == 1 {
                out.push_str("zzz\n= 1, ");
            }
            let is_needed = signature.required().any(|(needed, _)| needed == argument);
            match told.get(at) {
                Some(value) => {
                    out.push_str(&format!("{argument}=("));
                    self.write(value, out);
                    out.push_str("), ");
                }
                None if is_needed => out.push_str(&format!("{argument} = nobody,")),
                None => {}
            }
        }
        if has_more && signature.names().count() < 2 {
            out.push_str("zzz=1");
        }
        out.push_str("))");
    }
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let text = "[a-z{}%|(),=#\\[\\] -]{0,8}";
    let leaf = prop_oneof![
        Just("name.of?.it".to_owned()),
        Just("1.5".to_owned()),
        Just("(-2)".to_owned()),
        Just("true".to_owned()),
        text.prop_map(|text| format!("\"{text}\"")),
        text.prop_map(|text| format!("'\"{text}\\\\'")),
        text.prop_map(|text| format!("`{text}`")),
    ];
    leaf.prop_map(Tree::Leaf).prop_recursive(3, 24, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 0..4);
        let one = || inner.clone().prop_map(Box::new);
        // `super` stands in blocks alone.
        let functions: Vec<usize> = (0..FUNCTIONS.len()).filter(|at| FUNCTIONS[*at].0 != "super").collect();
        prop_oneof![
            several().prop_map(Tree::List),
            several().prop_map(|elements| Tree::Map(elements.into_iter().take(1).collect())),
            (one(), one()).prop_map(|(left, right)| Tree::Join(left, right)),
            (0..FILTERS.len(), one(), several()).prop_map(|(which, on, told)| Tree::Filter(which, on, told)),
            (prop::sample::select(functions), several()).prop_map(|(which, told)| Tree::Function(which, told)),
            (0..TESTS.len(), one(), several()).prop_map(|(which, on, told)| Tree::Test(which, on, told)),
        ]
    })
}

#[test]
fn thousands_of_blocks_with_their_parents_take_no_square_of_time() {
    let block = "{% block a %}{{ super() }}{% endblock %}\n";
    assert!(problems("t", &block.repeat(8_000)).problems.is_empty());
    let told = problems("t", &format!("{}{{{{ super() }}}}", block.repeat(8_000))).problems;
    assert_eq!(told.iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(8_001)]);
}

proptest! {
    #[test]
    fn one_argument_too_many_is_found_wherever_it_stands_and_nothing_else_is(tree in any_tree(), pick in any::<prop::sample::Index>(), frame in 0..4_usize) {
        let frame = [("é {{- ", " }}"), ("{# {{ #}{% if ", " %}{% endif %}"), ("{% set v = ", " -%}"), ("{% raw %}{{{% endraw %}{{ '}}' ~ ", " }}")][frame];
        let written = |left: usize| {
            let (mut writer, mut out) = (Writer { left, calls: 0 }, frame.0.to_owned());
            writer.write(&tree, &mut out);
            (writer.calls, out + frame.1)
        };
        let told = |text: &str| -> Vec<String> {
            problems("t", text).problems.into_iter().map(|p| format!("{}:{} {}", p.line.unwrap(), p.column.unwrap(), p.message)).collect()
        };
        let (calls, right) = written(0);
        // The engine takes it, but for a limit of its own.
        let refused = compile(&[("t", &right)]).err().unwrap_or_default();
        prop_assert!(refused.iter().all(|problem| problem.contains("maximum of 2 dimensions")), "{}\n{:?}", right, refused);
        prop_assert_eq!(told(&right), [""; 0], "{}", right);
        if calls > 0 {
            let (_, wrong) = written(pick.index(calls) + 1);
            let before = &wrong[..wrong.find("zzz").unwrap()];
            let place = format!("{}:{} ", before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap().chars().count() + 1);
            let told = told(&wrong);
            prop_assert!(told.len() == 1 && told[0].starts_with(&place) && told[0].contains("`zzz`"), "{}\n{:?}", wrong, told);
        }
    }
}
