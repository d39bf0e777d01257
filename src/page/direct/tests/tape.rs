//! The tape says of a document what the parser says, and takes no text that the parser does not take.

use proptest::prelude::*;

use super::super::tape::Entry;
use super::*;
use crate::json::{Kind, Limits, Text, parse};

const READ: [&str; 3] = ["a", "b", "long name of more than sixteen bytes"];

/// JSON text, some of it as machines write it, some with white space.
fn documents() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE]-?[0-9]{1,3})?",
        "\"([a-z<>&'/é ]|\\\\n|\\\\\"|\\\\u00e9){0,40}\"",
        "\"[a-z é]{0,70}\"",
    ];
    let name = "\"(a|b|c|long name of more than sixteen bytes|\\\\u0061|other)\"";
    let value = scalar.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec((name, inner.clone()), 0..6).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
            (inner, " {0,3}|\\n\\t").prop_map(|(value, space)| format!("{space}[{space}{value}{space}]{space}")),
        ]
    });
    prop_oneof![4 => value.clone(), 1 => value.prop_map(|value| format!(" {value}\n"))]
}

fn names() -> Names {
    let mut names = Names::default();
    for name in READ {
        names.id(name).unwrap();
    }
    names
}

/// Whether an entry is this value, all that is in it included, as far as anybody reads it.
fn is(tape: &Tape<'_>, entry: Entry, node: &Node<'_>, names: &Names) -> bool {
    let entries = tape.entries(entry);
    match (entry.kind, node) {
        (Kind::Null, Node::Null) => true,
        (Kind::Bool, Node::Bool(truth)) => tape.raw(entry) == truth.to_string(),
        (Kind::Number, Node::Number(number)) => tape.raw(entry) == number.as_raw(),
        (Kind::String | Kind::Escaped, Node::String(text)) => Text::raw(tape.raw(entry)).decode() == text.decode(),
        (Kind::Array, Node::Array(elements)) => {
            entry.is_empty == elements.is_empty()
                && entries.len() == elements.len()
                && entries.iter().zip(elements).all(|(entry, element)| is(tape, *entry, element, names))
        }
        (Kind::Object, Node::Object(object)) => {
            let read = |name: &str| names.find(name.as_bytes(), 0, name.len());
            let members = object.members().iter().filter(|member| read(&member.key.decode()).is_some());
            let all = members.clone().count() == entries.len()
                && entries.iter().zip(members).all(|(entry, member)| {
                    names.name(entry.name) == member.key.decode() && is(tape, *entry, &member.value, names)
                });
            all && entry.is_empty == object.is_empty()
        }
        _ => false,
    }
}

/// The parser takes this text, and the tape takes it, or both refuse it; and they say the same of it.
fn agree(text: &str) -> bool {
    let (names, limits) = (names(), Limits { depth: Limits::DEEPEST, ..Limits::default() });
    match (parse(text, &limits), Tape::of(text, &names)) {
        (Ok(node), Some(tape)) => {
            let is_container = matches!(node, Node::Array(_) | Node::Object(_));
            is(&tape, tape.root, &node, &names) && (!is_container || tape.whole(tape.root).is_some())
        }
        (Err(_), None) => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_tape_says_what_the_parser_says(text in documents(), place in any::<prop::sample::Index>(), byte in "[\\x00-\\x7f]") {
        prop_assert!(agree(&text), "{text}");
        // One letter less, one more, one other.
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = places[place.index(places.len())];
        let rest = &text[at..];
        let behind = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
        for broken in [format!("{}{behind}", &text[..at]), format!("{}{byte}{rest}", &text[..at]), format!("{}{byte}{behind}", &text[..at]), text[..at].to_owned()] {
            prop_assert!(agree(&broken), "{broken}");
        }
    }
}

#[test]
fn what_nobody_reads_is_checked_all_the_same() {
    for (text, is_json) in [
        (r#"{"c":{"d":[1,{"e":"f"}]},"a":1}"#, true),
        (r#"{"c":{"d":[1,{"e":"f"]}},"a":1}"#, false),
        (r#"{"c":{"d":[01]},"a":1}"#, false),
        (r#"{"c":{"d":[1,]},"a":1}"#, false),
        (r#"{"c":{"d" "e"},"a":1}"#, false),
        (r#"{"c":{d:1},"a":1}"#, false),
        (r#"{"c":[tru],"a":1}"#, false),
        (r#"{"c":"\x","a":1}"#, false),
        (r#"{"c":{},"a":1}}"#, false),
        ("\u{c}1", false),
        ("1 2", false),
        ("", false),
        (" ", false),
    ] {
        assert_eq!(Tape::of(text, &names()).is_some(), is_json, "{text}");
        assert!(agree(text), "{text}");
    }
}

#[test]
fn so_many_levels_and_no_more() {
    let nested = |levels: usize| format!("{}1{}", r#"{"c":["#.repeat(levels), "]}".repeat(levels));
    for (text, levels, is_read) in [
        (nested(3), 6, true),
        (nested(3), 5, false),
        (r#"[ { "a" : [ 1 ] } ]"#.to_owned(), 3, true),
        (r#"[ { "a" : [ 1 ] } ]"#.to_owned(), 2, false),
        ("[]".to_owned(), 1, true),
        ("[]".to_owned(), 0, false),
        ("1".to_owned(), 0, true),
    ] {
        assert_eq!(Tape::at(&text, 0, levels, &names()).map(|(_, end)| end), is_read.then_some(text.len()), "{text} {levels}");
    }
    assert!(agree(&nested(256)) && agree(&nested(257)) && Tape::of(&nested(257), &names()).is_none());
}
