//! What is said of templates that nobody can show: all of it, however much is wrong.

use super::tests::compile;
use super::{TemplateProblem, Templates};

fn told(files: &[(&str, &str)], unread: &[&str]) -> Vec<String> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let unread: Vec<String> = unread.iter().map(|name| (*name).to_owned()).collect();
    let problems = Templates::compile_among(files, &unread).err().unwrap_or_default();
    let line = |problem: TemplateProblem| {
        format!("{}:{}:{}: {}", problem.template, problem.line.unwrap(), problem.column.unwrap(), problem.message)
    };
    problems.into_iter().map(line).collect()
}

#[test]
fn a_template_that_cannot_be_read_hides_no_problem_of_another_one() {
    let files = [
        ("broken", "{% block main %}{% for a in b %}{% endblock %}"),
        ("child", "{% extends \"broken\" %}{% block main %}{{ a | uper }}{% include \"gone\" %}{% endblock %}"),
        (
            "orphan",
            "{% extends \"nowhere\" %}{% block x %}{{ a | loewr }}{% include \"broken\" %}{% include \"rwo\" %}{% endblock %}",
        ),
        ("grandchild", "{% extends \"orphan\" %}{% block y %}{{ a | date(zone=\"Mars\") }}{% endblock %}"),
        ("row", "{{ a | default(\"x\") }}"),
        ("fine", "{{ a }}"),
    ];
    assert_eq!(
        told(&files, &[]),
        [
            "broken:1:36: the `{% for %}` of line 1 is not ended before this: add `{% endfor %}`",
            "child:1:46: unknown filter `uper`: did you mean `upper`?",
            "child:1:64: there is no template `gone`",
            "grandchild:1:53: `date` wants a time zone such as Europe/Berlin in `zone`, not the text `Mars`",
            "orphan:1:12: there is no template `nowhere`",
            "orphan:1:44: unknown filter `loewr`: did you mean `lower`?",
            "orphan:1:85: there is no template `rwo`: did you mean `row`?",
            "row:1:16: `default` takes its arguments by name: write `default(value=\"x\")`",
        ]
    );
}

#[test]
fn what_may_be_in_a_file_that_cannot_be_read_is_not_missed() {
    let files = [
        ("child", "{% extends \"secret\" %}{% block main %}{% include \"parts/row\" %}{% include \"partial\" %}{% endblock %}"),
        ("page", "{{ <Button /> }}{% include \"secret\" %}"),
    ];
    assert_eq!(told(&files, &["secret", "parts"]), ["child:1:75: there is no template `partial`"]);
    let fine = [("page", "{% include \"secret\" %}")];
    assert!(Templates::compile_among(fine.map(|(a, b)| (a.to_owned(), b.to_owned())), &["secret".to_owned()]).is_err());
    assert_eq!(told(&fine, &["secret"]), [""; 0]);
    assert_eq!(told(&fine, &[""]), [""; 0], "the folder itself");
}

#[test]
fn a_circle_is_told_once_with_its_whole_way() {
    for (files, expected) in [
        (&[("a", "{% include \"a\" %}")][..], &["a:1:12: it includes itself: a → a"][..]),
        (
            &[("a", "{% include \"b\" %}"), ("b", "\n{% include \"c\" %}"), ("c", "{% include 'b' %}{{ x | nope }}")],
            &["b:2:12: it includes itself: b → c → b", "c:1:25: unknown filter `nope`"],
        ),
        (
            &[("a", "{% extends \"b\" %}"), ("b", "{% extends \"a\" %}{% block x %}{% include \"d\" %}{% endblock %}")],
            &["a:1:12: it extends itself: a → b → a", "b:1:42: there is no template `d`"],
        ),
        (&[("a", "{% extends \"a\" %}")], &["a:1:12: it extends itself: a → a"]),
        (
            &[("a", "{% extends \"b\" %}"), ("b", "{% extends \"c\" %}"), ("c", "{% extends \"b\" %}")],
            &["b:1:12: it extends itself: b → c → b"],
        ),
    ] {
        assert_eq!(told(files, &[]), expected, "{files:?}");
    }
}

#[test]
fn a_block_that_nobody_would_see_is_told_with_those_that_there_are() {
    let parent = ("p", "{% block main %}{% endblock %}{% block side %}{% endblock %}");
    for (child, expected) in [
        (
            "{% extends \"p\" %}{% block mian %}{% endblock %}",
            "c:1:27: `p` has no block `mian`, so nobody would see it: did you mean `main`?",
        ),
        (
            "{% extends \"p\" %}{% block banana %}{% endblock %}",
            "c:1:27: `p` has no block `banana`, so nobody would see it: it has `main`, `side`",
        ),
        ("{{ super() }}", "c:1:4: `super()` stands in a block alone, for what the parent has there"),
    ] {
        assert_eq!(compile(&[parent, ("c", child)]).unwrap_err(), [expected], "{child}");
    }
}

#[test]
fn every_family_however_broken_comes_to_an_end_and_each_problem_has_its_place() {
    let names = ["a", "b", "c", "d"];
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..3_000 {
        let files: Vec<(String, String)> = names
            .iter()
            .map(|name| {
                let mut text = String::new();
                let any = |random: &mut fastrand::Rng| ["a", "b", "c", "d", "gone", "secret", "é"][random.usize(0..7)];
                if random.bool() {
                    text.push_str(&format!("{{%- extends \"{}\" -%}}", any(&mut random)));
                }
                for _ in 0..random.usize(0..4) {
                    let other = any(&mut random);
                    let block = ["x", "y"][random.usize(0..2)];
                    text.push_str(&match random.usize(0..7) {
                        0 => format!("{{% include '{other}' %}}"),
                        1 => format!("{{% block {block} %}}é{{{{ a | nope }}}}{{% include \"{other}\" %}}{{% endblock %}}"),
                        2 => format!("{{% component {block}() %}}{{% endcomponent %}}"),
                        3 => format!("{{{{ <{block} /> }}}}"),
                        4 => "{% if a %}".to_owned(),
                        5 => "{{ a | default('x') }}".to_owned(),
                        _ => "{{ a".to_owned(),
                    });
                }
                ((*name).to_owned(), text)
            })
            .collect();
        let problems = Templates::compile_among(files.clone(), &["secret".to_owned()]).err().unwrap_or_default();
        for problem in &problems {
            let is_placed = names.contains(&problem.template.as_str()) && problem.line.is_some() && problem.column.is_some();
            assert!(is_placed && !problem.message.contains("secret"), "{files:?}\n{problem:?}");
        }
        // Told once, and the same whenever it is asked.
        let again = Templates::compile_among(files.clone(), &["secret".to_owned()]).err().unwrap_or_default();
        assert_eq!(problems, again, "{files:?}");
        let mut seen = Vec::new();
        for problem in &problems {
            assert!(!seen.contains(&problem), "{files:?}\n{problem:?}");
            seen.push(problem);
        }
    }
}
