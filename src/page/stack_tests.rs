//! The deepest pages that are taken, on a thread with the stack that production has: whatever the build, none of them may end the process.

use std::thread;

use super::bodies::BODIES;
use super::tests::{AROUND_NOTHING, compile, document};
use super::{Error, STACK, State, Templates, View};

type Files = Vec<(String, String)>;

/// Runs on such a thread. Some of its stack is left for whoever stands around.
fn deep<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    thread::Builder::new().stack_size(STACK - 1024 * 1024).spawn(run).unwrap().join().unwrap()
}

/// What a page comes to in both forms.
fn shown(files: Files) -> Vec<Result<usize, Error>> {
    deep(move || {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let templates = compile(&files).unwrap();
        let view = View::compile("000", None, State::None, &templates).unwrap();
        let document = document(r#"{"yes": true, "list": [1]}"#);
        let length = |shown: Result<super::Shown, Error>| shown.map(|shown| shown.html.len());
        let hints = format!("{:?}", templates.hints("000")).len();
        assert!(hints > 0 && !templates.ends_head("000") && view.lacks(&templates).len() == 3);
        vec![
            length(templates.show(&view, &document, &AROUND_NOTHING)),
            length(templates.show_by_engine(&view, &document, &AROUND_NOTHING)),
        ]
    })
}

fn name(at: usize) -> String {
    format!("{at:03}")
}

/// Templates in a row, each of which says what stands around the next one.
fn row(count: usize, around: impl Fn(usize, &str) -> String) -> Files {
    let text = |at: usize| if at + 1 < count { around(at, &format!("{{% include \"{}\" %}}", name(at + 1))) } else { "x".into() };
    (0..count).map(|at| (name(at), text(at))).collect()
}

#[test]
fn includes_stand_within_whatever_a_template_may_have_around_them() {
    let tags = |open: &str, close: &str, times: usize, next: &str| format!("{}{next}{}", open.repeat(times), close.repeat(times));
    for (open, close) in [
        ("{% if yes %}", "{% endif %}"),
        ("{% for a in list %}", "{% endfor %}"),
        ("{% filter upper %}", "{% endfilter %}"),
        ("{% if not yes %}{% else %}", "{% endif %}"),
    ] {
        for times in [0, 1, 2, 7, 38] {
            let pages = shown(row(51, |_, next| tags(open, close, times, next)));
            assert_eq!(pages, [Ok(1), Ok(1)], "{times} {open}");
        }
    }
    let last = |_: usize, next: &str| {
        format!("{{% if not yes %}}{}{{% elif yes %}}{next}{{% endif %}}", "{% elif not yes %}".repeat(499))
    };
    assert_eq!(shown(row(51, last)), [Ok(1), Ok(1)]);
}

#[test]
fn templates_blocks_and_components_stand_in_one_another_as_deep_as_they_may() {
    let in_block = |at: usize, next: &str| format!("{{% block b{at} %}}{next}{{% endblock %}}");
    assert_eq!(shown(row(BODIES / 2, in_block)), [Ok(1), Ok(1)]);
    assert!(compile_error(&row(BODIES / 2 + 1, in_block)).contains("more than 100 templates, blocks and components"));

    // What `super()` leads to is one more each time, and the text grows by what each of them adds.
    let child = |at: usize| match at {
        50 => "{% block b %}x{% endblock %}".to_owned(),
        at => format!("{{% extends \"{}\" %}}{{% block b %}}{{{{ super() }}}}y{{% endblock %}}", name(at + 1)),
    };
    assert_eq!(shown((0..51).map(|at| (name(at), child(at))).collect()), [Ok(51), Ok(51)]);

    // Components end by their data, or where the engine ends them; the templates that they stand in are counted with them.
    let card = |deep: usize| {
        let mut files = row(deep, |_, next| next.to_owned());
        files.truncate(deep - 1);
        files.insert(0, ("card".into(), "{% component card() %}{% include \"001\" %}{% endcomponent %}".into()));
        files.push((name(deep - 1), "{{ <card/> }}".into()));
        if let Some((_, first)) = files.get_mut(1) {
            *first = "{{ <card/> }}".into();
        }
        files
    };
    for deep in [2, 3, 4] {
        let pages = shown(card(deep));
        let is_told =
            |page: &Result<usize, Error>| matches!(page, Err(Error::Render { message, .. }) if message.contains("recursion"));
        assert!(pages.iter().all(is_told), "{deep}: {pages:?}");
    }
    assert!(compile_error(&card(5)).contains("component `card`"));
}

fn compile_error(files: &Files) -> String {
    Templates::compile(files.iter().cloned()).unwrap_err().into_iter().map(|problem| problem.message).collect()
}

#[test]
fn templates_that_stand_in_one_another_many_times_over_are_read_once_each() {
    let mut files = row(40, |_, next| next.repeat(10));
    files.iter_mut().for_each(|(name, text)| text.push_str(name));
    let refs: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let templates = compile(&refs).unwrap();
    let view = View::compile("000", None, State::None, &templates).unwrap();
    assert!(view.stays().is_some(), "the steps of it are too many");
    assert!(!templates.ends_head("000") && view.lacks(&templates).len() == 3);
    assert_eq!(templates.hints("000"), super::Hints::Nothing);
    assert_eq!(templates.variables("000"), [""; 0]);
    let page = deep(move || templates.max_output(1000).show(&view, &document("{}"), &AROUND_NOTHING));
    assert_eq!(page.unwrap_err(), Error::TooLarge { limit: 1000 });

    // The same of parents, by what each of them makes of the one before.
    let child = |at: usize| match at {
        11 => "{% block b %}<link rel=stylesheet href=/a>{% endblock %}".to_owned(),
        at => format!("{{% extends \"{}\" %}}{{% block b %}}{}{{% endblock %}}", name(at + 1), "{{ super() }}".repeat(10)),
    };
    let files: Files = (0..12).map(|at| (name(at), child(at))).collect();
    let refs: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let templates = compile(&refs).unwrap();
    assert!(matches!(templates.hints("000"), super::Hints::Links(_)));
    let view = View::compile("000", None, State::None, &templates).unwrap();
    assert!(view.stays().is_some());
}

#[test]
fn a_text_that_stands_in_a_page_many_times_over_is_kept_a_few_times() {
    let text = "a text ".repeat(20_000);
    let all = "{% if no %}{% include \"text\" %}{% endif %}".repeat(1_000);
    let templates = compile(&[("000", &all), ("text", &text)]).unwrap();
    assert!(View::compile("000", None, State::None, &templates).unwrap().stays().is_some());
}
