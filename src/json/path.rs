//! Paths into a document: `a.b`, `list[].price`, `list[0]`, `meta.*`, `**.id`, `meta["a.b"].c`.

use std::fmt;

/// A path. The empty path, or `.`, is the document itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub(super) segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A member, by its decoded name.
    Key(String),
    /// `[]`: every element.
    Elements,
    /// `[3]`: one element.
    Index(usize),
    /// `*`: every member.
    Members,
    /// `**`: any depth, none included.
    Deep,
}

impl Path {
    /// The path of these steps.
    pub(crate) fn new(segments: Vec<Segment>) -> Self {
        Self { segments }
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The first step, and the path from there on.
    pub fn split_first(&self) -> Option<(&Segment, Self)> {
        let (first, rest) = self.segments.split_first()?;
        Some((first, Self { segments: rest.to_vec() }))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str(".");
        }
        for (at, segment) in self.segments.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match segment {
                Segment::Key(name) if name.is_empty() || name.contains(['.', '[', ']', '*', '"', '\'', '\\']) => {
                    write!(f, "[\"{}\"]", name.replace('\\', "\\\\").replace('"', "\\\""))?;
                }
                Segment::Key(name) => write!(f, "{dot}{name}")?,
                Segment::Elements => f.write_str("[]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Members => write!(f, "{dot}*")?,
                Segment::Deep => write!(f, "{dot}**")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, Node, parse};

    const DOCUMENT: &str =
        r#"{"id":1,"list":[{"id":2,"price":1.10},{"price":2,"in":{"id":3}}],"meta":{"a.b":{"c":4},"x":5},"":6}"#;

    fn found(path: &str) -> Vec<String> {
        let node = parse(DOCUMENT, &Limits::default()).unwrap();
        let mut seen = Vec::new();
        Path::parse(path).unwrap().each(&node, |node| seen.push(String::from_utf8(node.to_json()).unwrap()));
        seen
    }

    #[test]
    fn every_form_of_the_grammar_finds_its_values() {
        for (path, values) in [
            ("id", vec!["1"]),
            ("list[].price", vec!["1.10", "2"]),
            ("list[0].id", vec!["2"]),
            ("list[9].id", vec![]),
            ("meta.*", vec![r#"{"c":4}"#, "5"]),
            ("meta[\"a.b\"].c", vec!["4"]),
            ("meta['a.b'].c", vec!["4"]),
            ("**.id", vec!["1", "2", "3"]),
            ("**.c", vec!["4"]),
            ("list[].**.id", vec!["2", "3"]),
            ("[\"\"]", vec!["6"]),
            ("id.x", vec![]),
            ("missing.x", vec![]),
        ] {
            assert_eq!(found(path), values, "{path}");
        }
        assert_eq!(found("").len(), 1);
        assert_eq!(found("."), found(""));
    }

    #[test]
    fn changing_and_parents_go_the_same_ways() {
        let mut node = parse(DOCUMENT, &Limits::default()).unwrap();
        assert_eq!(Path::parse("**.id").unwrap().each_mut(&mut node, |node| *node = Node::Null), 3);
        Path::parse("list[].price").unwrap().each_parent_mut(&mut node, &mut |parent, last| {
            assert_eq!(*last, Segment::Key("price".to_owned()));
            parent.as_object_mut().unwrap().remove("price");
        });
        let text = String::from_utf8(node.to_json()).unwrap();
        assert_eq!(text, r#"{"id":null,"list":[{"id":null},{"in":{"id":null}}],"meta":{"a.b":{"c":4},"x":5},"":6}"#);
        let first = Path::parse("list[].in.id").unwrap();
        assert_eq!(first.get(&node), Some(&Node::Null));
    }

    #[test]
    fn what_is_no_path_is_refused_and_a_path_prints_as_it_reads() {
        for text in ["a..b", ".a", "a.", "a[", "a[x]", "a[\"x]", "a[0]b", "a*", "*a.b", "a]", "**", "a.**", "a[-1]", "[\"x\"y]"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        for text in
            ["a.b", "list[].price", "list[0]", "meta.*", "**.id", "meta[\"a.b\"].c", "[][0].x", "[\"\"]", ".", "**.@class"]
        {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Path::parse("**.**.id").unwrap().to_string(), "**.id");
    }
}
