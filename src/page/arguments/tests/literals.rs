//! Values that stand in a template: what can never work is told when it is read, in the words in which it is told of other values later.

use super::said;
use crate::page::tests::{AROUND_NOTHING, compile, document};

#[test]
fn a_value_that_can_never_work_is_told_when_the_template_is_read() {
    for (template, expected) in [
        (
            "{{ n | money(currency='euro') }}",
            "`money` wants a currency such as EUR in `currency`, not the text `euro`; did you mean `EUR`?",
        ),
        (
            "{{ n | money(currency='usd') }}",
            "`money` wants a currency such as EUR in `currency`, not the text `usd`; did you mean `USD`?",
        ),
        (
            "{{ n | money(currency='€') }}",
            "`money` wants a currency such as EUR in `currency`, not the text `€`; did you mean `EUR`?",
        ),
        ("{{ n | money(currency=none) }}", "`money` wants a text in `currency`, not null"),
        (
            "{{ n | money(currency='EUR', locale='de_DE') }}",
            "`money` wants one of the locales en, en-GB, en-IN, de, de-AT, de-CH, fr, es, it, nl, pt, pt-PT, pl, sv, da, fi, cs, zh, ja, ko in \
             `locale`, not the text `de_DE`; did you mean `de-DE`?",
        ),
        (
            "{{ t | date(locale='tlh') }}",
            "`date` wants one of the locales en, en-GB, en-IN, de, de-AT, de-CH, fr, es, it, nl, pt, pt-PT, pl, sv, da, fi, cs, zh, ja, ko in \
             `locale`, not the text `tlh`",
        ),
        ("{{ t | date(zone='Mars/X') }}", "`date` wants a time zone such as Europe/Berlin in `zone`, not the text `Mars/X`"),
        (
            "{{ t | date(zone='Europe/Berln') }}",
            "`date` wants a time zone such as Europe/Berlin in `zone`, not the text `Europe/Berln`; did you mean `Europe/Berlin`?",
        ),
        (
            "{{ t | date(zone='Shanghai') }}",
            "`date` wants a time zone such as Europe/Berlin in `zone`, not the text `Shanghai`; did you mean `Asia/Shanghai`?",
        ),
        ("{{ t | date(format='%d.%m.%J') }}", "`date` wants a format such as %d.%m.%Y in `format`, not the text `%d.%m.%J`"),
        (
            "{{ t | date(format='yyyy-MM-dd HH:mm') }}",
            "`date` wants a format such as %d.%m.%Y in `format`, not the text `yyyy-MM-dd HH:mm`; did you mean `%Y-%m-%d %H:%M`?",
        ),
        ("{{ t | date(format='%Y', locale='de') }}", "`date` takes `format` or `locale`, not both"),
        (
            "{{ n | plural(other='x', locale='??') }}",
            "`plural` wants a language such as pl or pt-BR in `locale`, not the text `??`",
        ),
        (
            "{{ n | plural(other='x', locale='english') }}",
            "`plural` wants a language such as pl or pt-BR in `locale`, not the text `english`",
        ),
        (
            "{{ n | plural(other='x', locale='pt_BR') }}",
            "`plural` wants a language such as pl or pt-BR in `locale`, not the text `pt_BR`; did you mean `pt-BR`?",
        ),
        ("{{ n | plural(other={'a': 1}) }}", "`plural` wants a text in `other`, not a mapping"),
        (
            "{{ picture(src='/a', alt='', formats=['webp', 'a/b']) }}",
            "`picture` wants names such as webp in `formats`, not the text `a/b`",
        ),
        (
            "{{ picture(src='/a', alt='', widths=[n, 'wide']) }}",
            "`picture` wants whole numbers of pixels in `widths`, not the text `wide`",
        ),
        ("{{ picture(src='/a', alt='', width=0) }}", "`picture` wants whole numbers of pixels in `width`, not the number `0`"),
        (
            "{{ picture(src='/a', alt='', height='5px') }}",
            "`picture` wants whole numbers of pixels in `height`, not the text `5px`",
        ),
        (
            "{{ n | round(method='cell') }}",
            "`round` wants `ceil` or `floor` in `method`, not the text `cell`; did you mean `ceil`?",
        ),
        ("{{ t | int(base=99) }}", "`int` wants a whole number from 2 to 36 in `base`, not the number `99`"),
        ("{{ t | indent(indentation='ab') }}", "`indent` wants one character in `indentation`, not the text `ab`"),
        (
            "{% for i in range(end=3, step_by=0) %}{% endfor %}",
            "`range` wants a whole number other than 0 in `step_by`, not the number `0`",
        ),
        (
            "{% for i in range(start=5, end=1) %}{% endfor %}",
            "`range` has a `start` behind its `end`: count down by `step_by=-1`",
        ),
        ("{% for i in range(end=1000000) %}{% endfor %}", "`range` would make 1000000 numbers, and 100000 are the most"),
        (
            "{{ t | date(format='d.m.Y') }}",
            "`date` wants a format such as %d.%m.%Y in `format`, not the text `d.m.Y`; did you mean `%d.%m.%Y`?",
        ),
        ("{{ t | date(zone='GMT+2') }}", "`date` wants a time zone such as Europe/Berlin in `zone`, not the text `GMT+2`"),
        ("{{ t | split(pat=1) }}", "`split` wants a text in `pat`, not the number `1`"),
        ("{{ t | split(pat=null) }}", "`split` wants a text in `pat`, not null"),
        ("{{ t | trim(pat={}) }}", "`trim` wants a text in `pat`, not a mapping"),
    ] {
        let said = said(template);
        assert_eq!(said.split_once(": ").map(|(_, message)| message), Some(expected), "{template}\n{said}");
        assert!(!said.starts_with("rendered"), "{template}");
    }
}

#[test]
fn what_a_value_may_be_passes() {
    for (template, expected) in [
        ("{{ n | money(currency='EUR', locale='DE-de') }}", "5,00\u{a0}€"),
        ("{{ 0 | date(format='100%% \\'%Y\\'', zone='UTC') | safe }}", "100% '1970'"),
        ("{{ 0 | date(locale='fr-CA') }}", "1 janvier 1970"),
        ("{{ n | plural(other='{n} x', locale='pt-BR') }}", "5 x"),
        ("{{ picture(src='/a', alt='', width=none, widths=[320, n][0:1]) }}", ""),
        ("{{ f | round(method='ceil') }}", "2.0"),
        ("{{ '11' | int(base=2) }}", "3"),
        ("{% for i in range(start=3, end=0, step_by=-1) %}{{ i }}{% endfor %}", "321"),
    ] {
        let said = said(template);
        assert!(if expected.is_empty() { said.starts_with('<') } else { said == expected }, "{template}\n{said}");
    }
}

#[test]
fn a_value_is_refused_as_it_is_when_it_comes_from_the_data() {
    let values = [
        r#""euro""#,
        r#""EUR""#,
        r#""de""#,
        r#""tlh""#,
        r#""de_DE""#,
        r#""UTC""#,
        r#""Mars/X""#,
        r#""%Y""#,
        r#""%J""#,
        r#""yyyy""#,
        r#""x""#,
        r#""ceil""#,
        r#""a b""#,
        r#""""#,
        "0",
        "1",
        "2",
        "-1",
        "99",
        "1.5",
        "null",
        "true",
        r#"["a b"]"#,
        r#"["webp"]"#,
        "[0]",
        "[320]",
        r#"{"a":1}"#,
    ];
    for call in [
        "n | money(currency=X)",
        "n | money(currency='EUR', locale=X)",
        "n | money(currency='EUR', minor=X)",
        "n | date(format=X)",
        "n | date(zone=X)",
        "n | date(locale=X)",
        "'soon' | date(format=X)",
        "n | plural(other=X)",
        "n | plural(other='', locale=X)",
        "n | plural(other='', ordinal=X)",
        "n | decimal(places=X)",
        "n | decimal(group=X)",
        "picture(src='/a', alt='', widths=X)",
        "picture(src='/a', alt='', formats=X)",
        "picture(src='/a', alt='', width=X)",
        "picture(src='/a', alt='', sizes=X)",
        "picture(src='/a', alt='', lazy=X)",
        "pagination(page=X, pages=9) | json",
        "pagination(page=1, pages=9, window=X) | json",
        // The engine's, which has words of its own for it when the page is made.
        "n | round(method=X)",
        "'10' | int(base=X)",
        "t | indent(indentation=X)",
        "range(end=1, step_by=X) | json",
        "t | split(pat=X)",
        "t | truncate(length=X)",
        "l | nth(n=X)",
        "z | default(value=X, boolean=true)",
        "z | default(value='', boolean=X)",
    ] {
        for value in values {
            let data = format!(r#"{{"n":5,"t":"two","l":[1],"z":null,"x":{value}}}"#);
            let (typed, later) =
                (format!("{{{{ {} }}}}", call.replace('X', value)), format!("{{{{ {} }}}}", call.replace('X', "x")));
            let at_once = compile(&[("t", &typed)]).err().map(|problems| problems.join("\n"));
            let templates = compile(&[("t", &later)]).unwrap();
            let later = templates.render("t", &document(&data), &AROUND_NOTHING).err().map(|error| error.to_string());
            match (&at_once, &later) {
                (None, None) => {}
                (Some(at_once), Some(later)) => {
                    let message = |told: &str| told.splitn(2, ": ").last().unwrap().to_owned();
                    let is_ours =
                        ["money", "date", "plural", "decimal", "picture", "pagination"].iter().any(|name| call.contains(name));
                    assert!(!is_ours || message(at_once) == message(later), "{typed}\n{at_once}\n{later}");
                }
                _ => panic!("{typed}\nat once: {at_once:?}\nlater: {later:?}"),
            }
        }
    }
}
