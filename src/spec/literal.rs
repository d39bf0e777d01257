//! Values as they were typed: `1.10` stays `1.10`.

use super::scalar::{Meaning, Scalar};
use super::tree::{Content, Tree};
use super::{At, Source};
use crate::json::{Member, Node, Number, Text};

impl Source {
    /// The value at a place as a document, numbers with the digits that were typed. `None` when nothing is there.
    ///
    /// A quoted scalar is a string; a plain one is what YAML makes of it: null, a truth, a number, or a string.
    pub fn literal(&self, at: &At) -> Option<Node<'static>> {
        let found = self.find(at);
        found.exact.then(|| node(found.tree))
    }

    /// The key at a place as a value: a text when it is quoted, otherwise what YAML makes of it, and a text where that is odd. `None` when
    /// nothing is there.
    pub fn literal_key(&self, at: &At) -> Option<Node<'static>> {
        let found = self.find(at);
        let entry = found.key.filter(|_| found.exact)?;
        let typed = self.text().get(entry.key_span.start..entry.key_span.end)?;
        let key = Scalar { text: entry.key.clone(), plain: !typed.starts_with(['"', '\'']), filled: false };
        Some(key.meaning().map_or_else(|_| Node::text(entry.key.clone()), value))
    }
}

fn value(meaning: Meaning<'_>) -> Node<'static> {
    match meaning {
        Meaning::Null => Node::Null,
        Meaning::Bool(truth) => Node::Bool(truth),
        Meaning::Number(digits) => Node::Number(Number::raw(digits.into_owned())),
        Meaning::Text(text) => Node::text(text.to_owned()),
    }
}

fn node(tree: &Tree) -> Node<'static> {
    match &tree.content {
        // A file with an odd scalar is refused before anybody asks.
        Content::Scalar(scalar) => scalar.meaning().map_or(Node::Null, value),
        Content::List(elements) => Node::Array(elements.iter().map(node).collect()),
        Content::Mapping(entries) => {
            let members = entries.iter().map(|entry| Member { key: Text::plain(entry.key.clone()), value: node(&entry.value) });
            Node::Object(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EnvelopeSpec, Literal, Snapshot, load, load_preset};
    use super::*;

    #[test]
    fn a_literal_keeps_the_digits_that_were_typed() {
        let text = "
routes:
  - route: GET /a
    shape:
      - default:
          price: 1.10
          big: 12345678901234567890
          zero: 0.00
          huge: 1e400
          half: .5
          hex: 0xFF
          quoted: \"1.10\"
          word: off
          truth: True
          nothing: ~
          hole: ${N}
          text: '${N}'
          \"k\\\"ey\": \"a\\\"b\\n\"
          list: [1, [2.0, {a: -0}]]
          block: |
            two
            lines
";
        let env = [("N".to_owned(), "2.50".to_owned())].into();
        let snapshot = Snapshot { text: text.to_owned(), env, ..Snapshot::default() };
        let (file, source) = load(&snapshot).unwrap();
        assert_eq!(file.routes.len(), 1);
        let at = At::root().key("routes").index(0).key("shape").index(0).key("default");
        assert_eq!(
            String::from_utf8(source.literal(&at).unwrap().to_json()).unwrap(),
            r#"{"price":1.10,"big":12345678901234567890,"zero":0.00,"huge":1e400,"half":0.5,"hex":255,"quoted":"1.10","word":"off","#.to_owned()
                + r#""truth":true,"nothing":null,"hole":2.50,"text":"2.50","k\"ey":"a\"b\n","list":[1,[2.0,{"a":-0}]],"block":"two\nlines\n"}"#
        );
        assert_eq!(source.literal(&at.key("none")), None);
        assert_eq!(source.line_column(&at.key("price")), (6, 18));
        assert!(source.is_filled(&at.key("hole")) && !source.is_filled(&at.key("price")));
        assert_eq!(source.shown(&at.key("text")), Some("${N}"));
        assert_eq!(source.shown(&at.key("word")), Some("off"));
    }

    #[test]
    fn a_key_is_the_value_that_yaml_makes_of_it() {
        let text = "x: {1.0: a, '2': b, null: c, True: d, .5: e, 012: f, word: g, \"~\": h}";
        let (_, source) = load_preset::<std::collections::HashMap<String, Literal>>("keys.yaml", text).unwrap();
        let x = At::root().key("x");
        let keys = ["1.0", "2", "null", "True", ".5", "012", "word", "~"];
        let values = keys.map(|key| String::from_utf8(source.literal_key(&x.key(key)).unwrap().to_json()).unwrap());
        assert_eq!(values, ["1.0", "\"2\"", "null", "true", "0.5", "\"012\"", "\"word\"", "\"~\""]);
        assert_eq!(source.literal_key(&x.key("none")), None);
    }

    #[test]
    fn null_is_a_value_where_any_value_is_one() {
        let text = "
routes:
  - route: GET /a
    shape:
      - wrap: a
        when: {path: a, equals: null}
      - wrap: b
        when: {path: a}
      - unwrap: {missing_data: null}
";
        let (file, _) = load(&Snapshot { text: text.to_owned(), ..Snapshot::default() }).unwrap();
        let steps = file.routes[0].shape.as_ref().unwrap();
        let equals = |position: usize| steps[position].when.as_ref().unwrap().equals.clone().map(|literal| literal.0);
        assert_eq!((equals(0), equals(1)), (Some(serde_json::Value::Null), None));
    }

    #[test]
    fn a_preset_is_read_with_the_grammar_of_its_mapping() {
        let (preset, source) = load_preset::<EnvelopeSpec>("own.yaml", "data: rows\nok: {code: [200, '200']}\n").unwrap();
        assert!(preset.ok.is_some());
        let codes = source.literal(&At::root().key("ok").key("code")).unwrap().to_json();
        assert_eq!(codes, br#"[200,"200"]"#);
        let (source, problems) = load_preset::<EnvelopeSpec>("own.yaml", "dta: rows\n").unwrap_err();
        let report = super::super::Report::new(&source, &problems).to_string();
        assert!(report.starts_with("own.yaml:1:1: unknown key `dta` in an envelope\n"), "{report}");
    }
}
