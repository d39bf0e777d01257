//! Made-up documents for the laws.

use proptest::prelude::*;

use crate::json::{Member, Node, Number, Text};

/// Number tokens of every form that JSON has.
pub(super) fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?"
}

/// What may stand between the quotes of a string, escapes and lone surrogates included.
pub(super) fn content() -> impl Strategy<Value = String> {
    "([a-d /'é中\u{2028}]|😀|\\\\[nrtbf/\"\\\\]|\\\\u(00[0-7][0-9a-fA-F]|4e2d|[dD][89a-fA-F]0[0-9])){0,6}"
}

/// A document. Names are from a few, so that paths and duplicates meet them.
pub(super) fn document() -> impl Strategy<Value = Node<'static>> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        number().prop_map(|token| Node::Number(Number::raw(token))),
        content().prop_map(|raw| Node::String(Text::raw(raw))),
    ];
    let key = prop_oneof![4 => "[abc]", 1 => content(), 1 => Just("\\u0061".to_owned())];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Node::Array),
            proptest::collection::vec((key.clone(), inner), 0..5).prop_map(|members| {
                let members = members.into_iter().map(|(key, value)| Member { key: Text::raw(key), value });
                Node::Object(members.collect())
            }),
        ]
    })
}

/// The text of a document.
pub(super) fn text(node: &Node<'_>) -> String {
    String::from_utf8(node.to_json()).unwrap()
}
