//! The laws of the steps, on documents that proptest makes up.

pub(super) mod made_up;

use proptest::prelude::*;

use super::vectors::{document, path, text};
use super::*;
use crate::json::{Node, Number};
use made_up::{PATHS, documents, flatten, nulls, numbers, paths, steps};

/// One step that does not fail: the result, and how many warnings there were.
fn run(step: &Action, doc: &str) -> (Node<'static>, usize) {
    let mut node = document(doc);
    let mut notes = Notes::new();
    step.apply(&mut node, &mut notes).expect("the step does not fail");
    (node, notes.warnings())
}

/// Every scalar and empty container as its token, in the order of the document.
fn leaves(node: &Node<'_>) -> Vec<String> {
    match node {
        Node::Array(elements) if !elements.is_empty() => elements.iter().flat_map(leaves).collect(),
        Node::Object(object) if !object.is_empty() => object.members().iter().flat_map(|member| leaves(&member.value)).collect(),
        leaf => vec![text(leaf)],
    }
}

fn is_subsequence(part: &[String], whole: &[String]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|leaf| whole.any(|other| other == leaf))
}

/// The document with the members of every object in another order: sorted, last first.
fn reversed(node: &mut Node<'_>) {
    match node {
        Node::Array(elements) => elements.iter_mut().for_each(reversed),
        Node::Object(object) => {
            object.members_mut().iter_mut().for_each(|member| reversed(&mut member.value));
            object.members_mut().reverse();
        }
        _ => {}
    }
}

/// The document with the members of every object in an order that only depends on what they are.
fn sorted(node: &mut Node<'_>) {
    match node {
        Node::Array(elements) => elements.iter_mut().for_each(sorted),
        Node::Object(object) => {
            object.members_mut().iter_mut().for_each(|member| sorted(&mut member.value));
            object.members_mut().sort_by_cached_key(|member| (member.key.as_raw().to_owned(), text(&member.value)));
        }
        _ => {}
    }
}

/// Whether a name stands twice in any object.
fn has_twins(node: &Node<'_>) -> bool {
    match node {
        Node::Array(elements) => elements.iter().any(has_twins),
        Node::Object(object) => {
            let names: std::collections::HashSet<_> = object.members().iter().map(|member| &member.key).collect();
            names.len() < object.len() || object.members().iter().any(|member| has_twins(&member.value))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn nulls_twice_is_nulls_once(doc in documents(), step in nulls()) {
        let step = Action::Nulls(step);
        let (once, _) = run(&step, &doc);
        let (twice, _) = run(&step, &text(&once));
        prop_assert_eq!(text(&twice), text(&once));
    }

    #[test]
    fn nulls_by_default_keep_the_order_the_document_and_every_other_leaf(doc in documents()) {
        let (node, warnings) = run(&Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are sound")), &doc);
        let before = document(&doc);
        prop_assert_eq!(node.kind(), before.kind());
        prop_assert_eq!(warnings, 0);
        let solid = |leaves: Vec<String>| leaves.into_iter().filter(|leaf| leaf != "null" && leaf != "{}").collect::<Vec<_>>();
        prop_assert_eq!(solid(leaves(&node)), solid(leaves(&before)));
        prop_assert!(!text(&node).contains(":null"));
    }

    #[test]
    fn nulls_with_all_defaults_are_the_same_on_the_short_way_and_on_the_long_one(doc in documents()) {
        let short = Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are sound"));
        let nowhere = NullsOptions { except: vec![path("nowhere.to.be.found")], ..NullsOptions::default() };
        let long = Action::Nulls(Nulls::new(nowhere).expect("the options are sound"));
        prop_assert_eq!(text(&run(&short, &doc).0), text(&run(&long, &doc).0));
    }

    #[test]
    fn flatten_loses_no_value_and_keeps_their_order(doc in documents(), step in flatten()) {
        let (node, _) = run(&Action::Flatten(step), &doc);
        prop_assert_eq!(leaves(&node), leaves(&document(&doc)));
    }

    #[test]
    fn flatten_does_not_depend_on_the_order_of_members(doc in documents(), step in flatten()) {
        let step = Action::Flatten(step);
        let mut other = document(&doc);
        reversed(&mut other);
        let (mut one, warnings) = run(&step, &doc);
        let (mut other, other_warnings) = run(&step, &text(&other));
        sorted(&mut one);
        sorted(&mut other);
        prop_assert_eq!(text(&one), text(&other));
        prop_assert_eq!(warnings, other_warnings);
    }

    #[test]
    fn flatten_makes_no_name_stand_twice(doc in documents(), step in flatten()) {
        prop_assume!(!has_twins(&document(&doc)));
        let (node, _) = run(&Action::Flatten(step), &doc);
        prop_assert!(!has_twins(&node), "{}", text(&node));
    }

    #[test]
    fn flatten_on_the_long_way_lifts_what_the_short_one_does(doc in documents()) {
        // The joiner with an escape takes no other way; a name with one does, and stands for nothing else here.
        prop_assume!(!doc.contains("zz"));
        let step = Action::Flatten(Flatten::new(FlattenOptions::default()).expect("the defaults are sound"));
        let escaped = document(&doc);
        let Node::Object(mut object) = escaped else { return Ok(()) };
        let (plain, _) = run(&step, &doc);
        object.push(crate::json::Text::raw(r"\u007az"), document(r#"{"z":0}"#));
        let (mut long, _) = run(&step, &text(&Node::Object(object)));
        long.as_object_mut().expect("it is an object").members_mut().pop();
        prop_assert_eq!(text(&long), text(&plain));
    }

    #[test]
    fn numbers_change_only_what_they_address(doc in documents(), step in numbers()) {
        let (node, _) = run(&Action::Numbers(step), &doc);
        for (after, before) in leaves(&node).into_iter().zip(leaves(&document(&doc))) {
            let quoted = format!("\"{before}\"");
            let is_number = document(&before).kind() == "number";
            prop_assert!(after == before || is_number && after == quoted || before == "\"NaN\"" && after == "null", "{before} became {after}");
        }
    }

    #[test]
    fn numbers_that_javascript_holds_stay_when_no_name_asks(doc in documents()) {
        let options = NumbersOptions { beyond: Beyond::String, ..NumbersOptions::default() };
        let (node, _) = run(&Action::Numbers(Numbers::new(options).expect("the options are sound")), &doc);
        for (after, before) in leaves(&node).into_iter().zip(leaves(&document(&doc))) {
            let unsafe_integer = document(&before).kind() == "number" && Number::raw(before.as_str()).is_unsafe_integer();
            prop_assert_eq!(after != before, unsafe_integer);
        }
    }

    #[test]
    fn no_step_panics_or_makes_up_a_value(doc in documents(), step in steps()) {
        let (node, _) = run(&step, &doc);
        let before = leaves(&document(&doc));
        if !matches!(step, Action::Nulls(_) | Action::Numbers(_)) {
            for leaf in leaves(&node) {
                prop_assert!(before.contains(&leaf) || leaf == "{}" || leaf == "[]", "{leaf} came from nowhere");
            }
        }
        prop_assert!(document(&text(&node)) == node);
    }

    #[test]
    fn a_document_that_no_path_names_stays_byte_for_byte(doc in documents()) {
        let nowhere = || path("nowhere.x");
        let steps = [
            Action::Omit(Omit::new(vec![nowhere()]).expect("one path")),
            Action::Rename(Rename::new(vec![(nowhere(), "y".to_owned())]).expect("one name")),
            Action::Move(Move::new(vec![(nowhere(), path("y"))]).expect("one place")),
            Action::Copy(Copy::new(vec![(nowhere(), path("y"))]).expect("one place")),
            Action::Flatten(Flatten::new(FlattenOptions { at: Some(nowhere()), ..FlattenOptions::default() }).expect("one place")),
            Action::Pick(Pick::new(PickOptions { at: Some(nowhere()), fields: vec![path("y")] }).expect("one field")),
        ];
        for step in &steps {
            prop_assert_eq!(text(&run(step, &doc).0), text(&document(&doc)));
        }
    }

    #[test]
    fn pick_and_omit_only_remove(doc in documents(), paths in paths(3)) {
        let before = leaves(&document(&doc));
        let steps = [
            Pick::new(PickOptions { at: None, fields: paths.clone() }).ok().map(Action::Pick),
            Omit::new(paths).ok().map(Action::Omit),
        ];
        for step in steps.iter().flatten() {
            let after: Vec<_> = leaves(&run(step, &doc).0).into_iter().filter(|leaf| leaf != "{}" && leaf != "[]").collect();
            prop_assert!(is_subsequence(&after, &before) || has_twins(&document(&doc)), "{after:?}");
        }
    }

    #[test]
    fn what_is_omitted_is_not_found(doc in documents(), at in prop::sample::select(&PATHS[..])) {
        prop_assume!(!at.contains(['0', '1']));
        let (node, _) = run(&Action::Omit(Omit::new(vec![path(at)]).expect("one path")), &doc);
        prop_assert_eq!(path(at).each(&node, |_| {}), 0);
    }

    #[test]
    fn what_is_picked_is_found_as_before(doc in documents(), at in prop::sample::select(&PATHS[..])) {
        prop_assume!(!at.contains(['0', '1']) && !has_twins(&document(&doc)));
        let (node, _) = run(&Action::Pick(Pick::new(PickOptions { at: None, fields: vec![path(at)] }).expect("one field")), &doc);
        let found = |node: &Node<'_>| {
            let mut found = Vec::new();
            path(at).each(node, |value| found.push(text(value)));
            found
        };
        let (after, before) = (found(&node), found(&document(&doc)));
        if at.contains('*') { prop_assert_eq!(after.len(), before.len()) } else { prop_assert_eq!(after, before) }
    }

    #[test]
    fn two_names_that_change_places_twice_are_where_they_were(doc in documents()) {
        prop_assume!(!has_twins(&document(&doc)));
        let swap = Rename::new(vec![(path("**.a"), "b".to_owned()), (path("**.b"), "a".to_owned())]).expect("two names");
        let swap = Action::Rename(swap);
        let (once, warnings) = run(&swap, &doc.replace(r"\u0061", "z"));
        prop_assert_eq!(warnings, 0);
        prop_assert_eq!(text(&run(&swap, &text(&once)).0), text(&document(&doc.replace(r"\u0061", "z"))));
    }

    #[test]
    fn what_is_moved_without_a_warning_is_all_still_there(doc in documents(), from in prop::sample::select(&PATHS[..]), to in prop::sample::select(&PATHS[..])) {
        prop_assume!(!has_twins(&document(&doc)));
        let Ok(step) = Move::new(vec![(path(from), path(to))]) else { return Ok(()) };
        let (node, warnings) = run(&Action::Move(step), &doc);
        prop_assume!(warnings == 0);
        let solid = |node: &Node<'_>| {
            let mut leaves: Vec<_> = leaves(node).into_iter().filter(|leaf| !["{}", "[]", "null"].contains(&leaf.as_str())).collect();
            leaves.sort();
            leaves
        };
        prop_assert_eq!(solid(&node), solid(&document(&doc)));
    }

    #[test]
    fn a_value_that_cannot_move_leaves_the_document_as_it_was(doc in documents(), from in prop::sample::select(&PATHS[..])) {
        let Ok(step) = Move::new(vec![(path(from), path("id.x"))]) else { return Ok(()) };
        let Node::Object(mut object) = document(&doc) else { return Ok(()) };
        object.set("id", document("\"in the way\""));
        let blocked = text(&Node::Object(object));
        prop_assert_eq!(text(&run(&Action::Move(step), &blocked).0), blocked);
    }
}

#[test]
fn deep_and_wide_documents_are_done_in_time_whatever_the_pattern() {
    let deep = format!("{}1{}", r#"{"a":["#.repeat(200), "]}".repeat(200));
    let wide =
        format!("{{{}}}", (0..20_000).map(|at| format!("\"a{at}\":{{\"b\":[{{\"a\":null}}]}}")).collect::<Vec<_>>().join(","));
    let pattern = ["**.a"; 25].join(".");
    let pattern = || path(&pattern);
    let steps = [
        Action::Omit(Omit::new(vec![pattern(), path("**.*.**.nowhere")]).expect("two paths")),
        Action::Rename(Rename::new(vec![(pattern(), "b".to_owned())]).expect("one name")),
        Action::Pick(
            Pick::new(PickOptions { at: None, fields: vec![pattern(), path("**.*.**[].nowhere")] }).expect("two fields"),
        ),
        Action::Nulls(Nulls::new(NullsOptions { except: vec![pattern()], ..NullsOptions::default() }).expect("one path")),
        Action::Flatten(Flatten::new(FlattenOptions::default()).expect("the defaults are sound")),
        Action::Flatten(Flatten::new(FlattenOptions { at: Some(pattern()), ..FlattenOptions::default() }).expect("one path")),
        Action::Flatten(
            Flatten::new(FlattenOptions { arrays: Arrays::Index, join: Join::Camel, ..FlattenOptions::default() })
                .expect("sound"),
        ),
        Action::Flatten(Flatten::new(FlattenOptions { except: vec![pattern()], ..FlattenOptions::default() }).expect("one path")),
        Action::Case(Case::new(CaseOptions { to: Spelling::Pascal, except: vec![], stop: vec![pattern()] }).expect("one path")),
        Action::Copy(Copy::new(vec![(path(""), path("all"))]).expect("one place")),
        Action::Numbers(
            Numbers::new(NumbersOptions { always_string: vec!["*a*a*a*b".to_owned()], ..NumbersOptions::default() })
                .expect("one name"),
        ),
    ];
    for step in &steps {
        run(step, &deep);
        run(step, &wide);
    }
}
