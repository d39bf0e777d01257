//! The laws of the floor, on made-up documents.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::documents::{content, document, number, text};
use crate::json::{Limits, Node, Number, Path, PathSet, Segment, State, Text, parse};

/// The naive model: sign, digits and scale, written out.
fn written_out(token: &str) -> (bool, String, String) {
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let exponent: isize = exponent.parse().unwrap();
    let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let mut digits = format!("{}{whole}{fraction}{}", "0".repeat(150), "0".repeat(150));
    let point = 150 + whole.len() as isize + exponent;
    let fraction = digits.split_off(usize::try_from(point).unwrap());
    let zero = digits.bytes().chain(fraction.bytes()).all(|b| b == b'0');
    (mantissa.starts_with('-') && !zero, format!("{digits:0>500}"), format!("{fraction:0<500}"))
}

fn naive_order(a: &str, b: &str) -> Ordering {
    let ((below_a, whole_a, fraction_a), (below_b, whole_b, fraction_b)) = (written_out(a), written_out(b));
    let size = (whole_a, fraction_a).cmp(&(whole_b, fraction_b));
    match (below_a, below_b) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        4 => "[abc]".prop_map(Segment::Key),
        1 => any::<String>().prop_map(Segment::Key),
        1 => "[a.*\\[\\]\"'\\\\ ]{0,4}".prop_map(Segment::Key),
        2 => Just(Segment::Elements),
        1 => (0..4_usize).prop_map(Segment::Index),
        1 => Just(Segment::Members),
        2 => Just(Segment::Deep),
    ]
}

/// A path of these steps: a `**` follows no other and stands at no end.
fn path(mut segments: Vec<Segment>) -> Path {
    segments.dedup_by(|a, b| *a == Segment::Deep && *b == Segment::Deep);
    if segments.last() == Some(&Segment::Deep) {
        segments.pop();
    }
    Path { segments }
}

/// Every value that a path names, tried out step by step.
fn naive<'n, 'a>(node: &'n Node<'a>, segments: &[Segment], found: &mut Vec<*const Node<'a>>) {
    let Some((segment, rest)) = segments.split_first() else { return found.push(node) };
    let children: Vec<&'n Node<'a>> = match node {
        Node::Array(elements) => elements.iter().collect(),
        Node::Object(object) => object.members().iter().map(|member| &member.value).collect(),
        _ => Vec::new(),
    };
    match (segment, node) {
        (Segment::Key(name), Node::Object(object)) => object.get(name).into_iter().for_each(|value| naive(value, rest, found)),
        (Segment::Index(at), Node::Array(elements)) => elements.get(*at).into_iter().for_each(|value| naive(value, rest, found)),
        (Segment::Elements, Node::Array(_)) | (Segment::Members, Node::Object(_)) => {
            children.into_iter().for_each(|value| naive(value, rest, found));
        }
        (Segment::Deep, _) => {
            naive(node, rest, found);
            children.into_iter().for_each(|value| naive(value, segments, found));
        }
        _ => {}
    }
}

/// Every value that a set of paths matches on a walk over all of a document without duplicates.
fn walked<'a>(set: &PathSet, state: &State, node: &Node<'a>, found: &mut Vec<*const Node<'a>>) {
    let before = found.len();
    match node {
        Node::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                walked(set, &set.enter_element(state, at), element, found);
            }
        }
        Node::Object(object) => {
            for member in object.members() {
                walked(set, &set.enter_key(state, &member.key.decode()), &member.value, found);
            }
        }
        _ => {}
    }
    assert!(!set.is_dead(state) || found.len() == before, "a dead walk found something");
    if set.is_match(state) {
        found.push(node);
    }
}

/// Leaves one member of each name, everywhere.
fn settle(node: &mut Node<'_>) {
    match node {
        Node::Array(elements) => elements.iter_mut().for_each(settle),
        Node::Object(object) => {
            let names: Vec<String> = object.members().iter().map(|member| member.key.decode().into_owned()).collect();
            names.iter().for_each(|name| object.settle(name));
            object.members_mut().iter_mut().for_each(|member| settle(&mut member.value));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn what_is_written_parses_to_the_same_and_is_written_the_same(node in document()) {
        let json = text(&node);
        let parsed = parse(&json, &Limits::default()).unwrap();
        prop_assert_eq!(&parsed, &node);
        prop_assert_eq!(text(&parsed), json.clone());
        prop_assert_eq!(text(&parsed.into_owned()), json);
    }

    #[test]
    fn white_space_between_tokens_means_nothing(node in document(), space in "[ \t\r\n]{1,3}") {
        let json = text(&node);
        prop_assert_eq!(text(&parse(&spaced(&json, &space), &Limits::default()).unwrap()), json);
    }

    #[test]
    fn the_same_texts_are_json_here_and_elsewhere(json in "[\\[\\]{}:,\"0-9eE+.\\-\\\\u tfn]{0,16}|[\\[{]{0,3}(true|null|\"a\":|\"\\\\u12|-0.|1e5|,)?[\\]}]{0,3}") {
        let elsewhere = serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok();
        prop_assert_eq!(parse(&json, &Limits::default()).is_ok(), elsewhere, "{}", json);
    }

    #[test]
    fn a_document_with_one_byte_changed_is_json_here_and_elsewhere_or_nowhere(node in document(), at: prop::sample::Index, byte in "[\\[\\]{}:,\"0-9a\\\\ ]") {
        let mut json: Vec<char> = text(&node).chars().collect();
        let at = at.index(json.len());
        json[at] = byte.chars().next().unwrap();
        let json: String = json.into_iter().collect();
        let elsewhere = serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok();
        prop_assert_eq!(parse(&json, &Limits::default()).is_ok(), elsewhere, "{}", json);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = crate::json::parse_bytes(&bytes, &Limits::default()) {
            prop_assert!(error.offset <= bytes.len() && error.line > 0 && error.column > 0);
        }
    }

    #[test]
    fn plain_text_decodes_to_itself(plain in any::<String>()) {
        let made = Text::plain(plain.as_str());
        prop_assert_eq!(made.decode(), plain.as_str());
        let json = format!("\"{}\"", made.as_raw());
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), plain);
    }

    #[test]
    fn escapes_decode_as_elsewhere(raw in content()) {
        let text = Text::raw(raw.as_str());
        if let Ok(elsewhere) = serde_json::from_str::<String>(&format!("\"{raw}\"")) {
            prop_assert_eq!(text.decode(), elsewhere);
        } else {
            prop_assert!(text.decode().contains('\u{fffd}'), "only lone surrogates are refused elsewhere");
        }
    }

    #[test]
    fn numbers_compare_as_their_written_out_decimals(a in number(), b in number()) {
        let (first, second) = (Number::raw(a.as_str()), Number::raw(b.as_str()));
        prop_assert_eq!(first.cmp_value(&second), naive_order(&a, &b));
        prop_assert_eq!(second.cmp_value(&first), naive_order(&b, &a));
        prop_assert!(first.same_value(&first));
    }

    #[test]
    fn shifting_the_point_changes_nothing(digits in "[1-9][0-9]{0,20}", places in 0..60_usize) {
        let whole = Number::raw(digits.as_str());
        let shifted = format!("0.{}{digits}e{}", "0".repeat(places), digits.len() + places);
        prop_assert!(whole.same_value(&Number::raw(shifted)));
        let longer = format!("{digits}{}e-{places}", "0".repeat(places));
        prop_assert!(whole.same_value(&Number::raw(longer)));
    }

    #[test]
    fn plain_notation_is_the_same_value(token in number()) {
        let plain = Number::raw(token.as_str()).plain().unwrap();
        prop_assert!(Number::raw(plain.as_str()).same_value(&Number::raw(token.as_str())));
        prop_assert!(!plain.contains(['e', 'E', '+']));
        prop_assert!(parse(&plain, &Limits::default()).is_ok(), "{}", plain);
    }

    #[test]
    fn a_path_prints_as_it_reads(segments in proptest::collection::vec(segment(), 0..8)) {
        let path = path(segments);
        prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn a_path_finds_what_its_steps_lead_to_each_once(mut node in document(), segments in proptest::collection::vec(segment(), 0..6)) {
        let path = path(segments);
        let mut expected = Vec::new();
        naive(&node, path.segments(), &mut expected);
        expected.sort();
        expected.dedup();
        let mut found: Vec<*const Node<'_>> = Vec::new();
        prop_assert_eq!(path.each(&node, |value| found.push(value)), expected.len());
        found.sort();
        prop_assert_eq!(&found, &expected);
        prop_assert!(path.get(&node).map_or(expected.is_empty(), |first| expected.contains(&std::ptr::from_ref(first))));
        let mut changed: Vec<*const Node<'_>> = Vec::new();
        path.each_mut(&mut node, |value| changed.push(value));
        changed.sort();
        prop_assert_eq!(changed, expected);
    }

    #[test]
    fn a_set_of_paths_matches_what_its_paths_find(mut node in document(), paths in proptest::collection::vec(proptest::collection::vec(segment(), 0..4), 1..4)) {
        settle(&mut node);
        let paths: Vec<Path> = paths.into_iter().map(path).collect();
        let mut expected: Vec<*const Node<'_>> = Vec::new();
        for path in &paths {
            path.each(&node, |value| expected.push(value));
        }
        expected.sort();
        expected.dedup();
        let set = PathSet::new(paths);
        let mut found = Vec::new();
        walked(&set, &set.start(), &node, &mut found);
        found.sort();
        prop_assert_eq!(found, expected);
    }
}

/// A text with white space on both sides of all that is not inside of a string.
fn spaced(json: &str, space: &str) -> String {
    let mut out = space.to_owned();
    let (mut quoted, mut escaped) = (false, false);
    for c in json.chars() {
        let structure = !quoted && matches!(c, '[' | ']' | '{' | '}' | ',' | ':');
        if structure {
            out.push_str(space);
        }
        out.push(c);
        if structure {
            out.push_str(space);
        }
        quoted = if c == '"' && !escaped { !quoted } else { quoted };
        escaped = quoted && c == '\\' && !escaped;
    }
    out + space
}
