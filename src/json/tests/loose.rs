//! The lenient forms, on made-up documents: what is loosely written decodes to what was meant.

use proptest::prelude::*;

use super::documents::{document, text};
use crate::json::Node;
use crate::json::decode::{Decode, DecodeOptions, Lenient, Refs, Strip};

/// Takes one decision after the other from a list, round and round.
struct Whims<'w> {
    list: &'w [u8],
    at: usize,
}

impl Whims<'_> {
    fn next(&mut self, below: u8) -> u8 {
        self.at += 1;
        self.list[self.at % self.list.len()] % below
    }

    fn gap(&mut self, out: &mut String) {
        out.push_str(["", " ", "\n", "/* , ] \" ' */", "// } ' \" /*\n", " /**/ "][usize::from(self.next(6))]);
    }
}

fn loosely(node: &Node<'_>, whims: &mut Whims<'_>, out: &mut String) {
    whims.gap(out);
    match node {
        Node::String(content) => string(content.as_raw(), whims, out),
        Node::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                loosely(element, whims, out);
                comma(at + 1 == elements.len(), whims, out);
            }
            whims.gap(out);
            out.push(']');
        }
        Node::Object(object) => {
            out.push('{');
            for (at, member) in object.members().iter().enumerate() {
                whims.gap(out);
                let name = member.key.as_raw();
                if !name.is_empty() && name.chars().all(char::is_alphanumeric) && whims.next(2) == 0 {
                    out.push_str(name);
                } else {
                    string(name, whims, out);
                }
                whims.gap(out);
                out.push(':');
                loosely(&member.value, whims, out);
                comma(at + 1 == object.len(), whims, out);
            }
            whims.gap(out);
            out.push('}');
        }
        scalar => out.push_str(&text(scalar)),
    }
    whims.gap(out);
}

fn comma(last: bool, whims: &mut Whims<'_>, out: &mut String) {
    if !last || whims.next(2) == 0 {
        out.push(',');
    }
}

fn string(raw: &str, whims: &mut Whims<'_>, out: &mut String) {
    if whims.next(2) == 0 {
        out.extend(["\"", raw, "\""]);
    } else {
        // Outside of double quotes a double quote needs no escape, a single one does.
        let marked = raw.replace("\\\\", "\u{1}").replace('\'', "\\'").replace("\\\"", "\"").replace('\u{1}', "\\\\");
        out.extend(["'", &marked, "'"]);
    }
}

fn lenient() -> Decode {
    Decode::new(DecodeOptions {
        charset: None,
        lenient: Lenient { bare_nan: true, unquoted_keys: true, single_quotes: true, comments: true },
        strip: Strip { bom: true, jsonp: true, prefix: true },
        refs: Refs::Off,
        max_depth: 128,
    })
    .unwrap()
}

proptest! {
    #[test]
    fn what_is_loosely_written_decodes_to_what_was_meant(node in document(), list in proptest::collection::vec(any::<u8>(), 1..40)) {
        let mut loose = String::new();
        loosely(&node, &mut Whims { list: &list, at: 0 }, &mut loose);
        let decode = lenient();
        let strict = decode.text(loose.as_bytes(), None).unwrap();
        prop_assert_eq!(text(&decode.node(&strict).unwrap_or_else(|error| panic!("{error}\n{loose}\n{strict}"))), text(&node));
    }

    #[test]
    fn what_is_json_already_is_borrowed(node in document()) {
        let json = text(&node);
        prop_assert!(matches!(lenient().text(json.as_bytes(), None), Ok(std::borrow::Cow::Borrowed(same)) if same == json));
    }
}
