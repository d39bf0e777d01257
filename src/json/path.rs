//! Paths into a document: `a.b`, `list[].price`, `list[0]`, `meta.*`, `**.id`, `meta["a.b"].c`.

use std::fmt;

use super::Node;

/// A path. The empty path, or `.`, is the document itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    segments: Vec<Segment>,
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

/// Why a text is not a path. Columns count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `a..b`, or a dot at an end.
    #[error("an empty name at column {0}: write [\"\"] for a member without a name")]
    EmptyName(usize),
    /// A bracket without its partner.
    #[error("the bracket at column {0} is never closed")]
    Unclosed(usize),
    /// `[x]`
    #[error("`[{0}]` is neither `[]`, `[3]` nor `[\"name\"]`")]
    Bracket(String),
    /// `a[0]b`
    #[error("expected `.` or `[` at column {0}")]
    Joint(usize),
    /// `a*`
    #[error("`{0}` mixes a star with a name: `*` and `**` stand alone")]
    Star(String),
    /// `**` at the end.
    #[error("`**` at the end names every value there is: write what to look for behind it")]
    DeepEnd,
    /// More steps than any document needs.
    #[error("a path has 60 steps at most")]
    TooLong,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// The first thing that is no step of a path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let chars: Vec<char> = text.chars().collect();
        let mut segments = Vec::new();
        let mut at = 0;
        if text == "." {
            return Ok(Self { segments });
        }
        while at < chars.len() {
            match chars.get(at) {
                Some('[') => {
                    let (segment, next) = bracket(&chars, at)?;
                    segments.push(segment);
                    at = next;
                }
                _ => {
                    let name: String = chars.iter().skip(at).take_while(|c| !matches!(c, '.' | '[' | ']')).collect();
                    if name.is_empty() {
                        return Err(PathError::EmptyName(at + 1));
                    }
                    at += name.chars().count();
                    segments.push(match name.as_str() {
                        "*" => Segment::Members,
                        "**" => Segment::Deep,
                        _ if name.contains('*') => return Err(PathError::Star(name)),
                        _ => Segment::Key(name),
                    });
                }
            }
            match chars.get(at) {
                None | Some('[') => {}
                Some('.') if at + 1 < chars.len() => at += 1,
                Some('.') => return Err(PathError::EmptyName(at + 2)),
                Some(_) => return Err(PathError::Joint(at + 1)),
            }
        }
        segments.dedup_by(|a, b| *a == Segment::Deep && *b == Segment::Deep);
        if segments.last() == Some(&Segment::Deep) {
            return Err(PathError::DeepEnd);
        }
        if segments.len() > 60 {
            return Err(PathError::TooLong);
        }
        Ok(Self { segments })
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The first value that the path names.
    pub fn get<'n, 'a>(&self, node: &'n Node<'a>) -> Option<&'n Node<'a>> {
        first(node, &self.segments)
    }

    /// Calls for every value that the path names, in the document's order; tells how many there were.
    pub fn each<'n, 'a>(&self, node: &'n Node<'a>, mut found: impl FnMut(&'n Node<'a>)) -> usize {
        let mut count = 0;
        visit(node, &self.segments, &mut |node| {
            count += 1;
            found(node);
        });
        count
    }

    /// Calls for every value that the path names, to change it; tells how many there were. A value inside of one that was found is
    /// visited before it.
    pub fn each_mut<'a>(&self, node: &mut Node<'a>, mut found: impl FnMut(&mut Node<'a>)) -> usize {
        let mut count = 0;
        visit_mut(node, &self.segments, &mut |node| {
            count += 1;
            found(node);
        });
        count
    }

    /// Calls for every container that holds what the path names, with the path's last step; nothing for the empty path.
    pub fn each_parent_mut<'a>(&self, node: &mut Node<'a>, found: &mut dyn FnMut(&mut Node<'a>, &Segment)) {
        let Some((last, above)) = self.segments.split_last() else { return };
        visit_mut(node, above, &mut |node| found(node, last));
    }
}

fn bracket(chars: &[char], open: usize) -> Result<(Segment, usize), PathError> {
    let at = open + 1;
    if let Some(quote @ ('"' | '\'')) = chars.get(at) {
        let mut name = String::new();
        let mut at = at + 1;
        loop {
            match chars.get(at) {
                None => return Err(PathError::Unclosed(open + 1)),
                Some('\\') => {
                    name.extend(chars.get(at + 1));
                    at += 2;
                }
                Some(c) if c == quote => break,
                Some(c) => {
                    name.push(*c);
                    at += 1;
                }
            }
        }
        return match chars.get(at + 1) {
            Some(']') => Ok((Segment::Key(name), at + 2)),
            _ => Err(PathError::Unclosed(open + 1)),
        };
    }
    let inner: String = chars.iter().skip(at).take_while(|c| **c != ']').collect();
    let end = at + inner.chars().count();
    if chars.get(end).is_none() {
        return Err(PathError::Unclosed(open + 1));
    }
    if inner.is_empty() {
        return Ok((Segment::Elements, end + 1));
    }
    let digits = inner.bytes().all(|b| b.is_ascii_digit());
    inner.parse().ok().filter(|_| digits).map(|index| (Segment::Index(index), end + 1)).ok_or(PathError::Bracket(inner))
}

fn first<'n, 'a>(node: &'n Node<'a>, segments: &[Segment]) -> Option<&'n Node<'a>> {
    let Some((segment, rest)) = segments.split_first() else { return Some(node) };
    match (segment, node) {
        (Segment::Key(name), Node::Object(object)) => first(object.get(name)?, rest),
        (Segment::Index(at), Node::Array(elements)) => first(elements.get(*at)?, rest),
        (Segment::Elements, Node::Array(elements)) => elements.iter().find_map(|element| first(element, rest)),
        (Segment::Members, Node::Object(object)) => object.members().iter().find_map(|member| first(&member.value, rest)),
        (Segment::Deep, node) => first(node, rest).or_else(|| match node {
            Node::Array(elements) => elements.iter().find_map(|element| first(element, segments)),
            Node::Object(object) => object.members().iter().find_map(|member| first(&member.value, segments)),
            _ => None,
        }),
        _ => None,
    }
}

fn visit<'n, 'a>(node: &'n Node<'a>, segments: &[Segment], found: &mut dyn FnMut(&'n Node<'a>)) {
    let Some((segment, rest)) = segments.split_first() else { return found(node) };
    match (segment, node) {
        (Segment::Key(name), Node::Object(object)) => {
            if let Some(value) = object.get(name) {
                visit(value, rest, found);
            }
        }
        (Segment::Index(at), Node::Array(elements)) => {
            if let Some(element) = elements.get(*at) {
                visit(element, rest, found);
            }
        }
        (Segment::Elements, Node::Array(elements)) => elements.iter().for_each(|element| visit(element, rest, found)),
        (Segment::Members, Node::Object(object)) => object.members().iter().for_each(|member| visit(&member.value, rest, found)),
        (Segment::Deep, node) => {
            match node {
                Node::Array(elements) => elements.iter().for_each(|element| visit(element, segments, found)),
                Node::Object(object) => object.members().iter().for_each(|member| visit(&member.value, segments, found)),
                _ => {}
            }
            visit(node, rest, found);
        }
        _ => {}
    }
}

fn visit_mut<'a>(node: &mut Node<'a>, segments: &[Segment], found: &mut dyn FnMut(&mut Node<'a>)) {
    let Some((segment, rest)) = segments.split_first() else { return found(node) };
    match (segment, node) {
        (Segment::Key(name), Node::Object(object)) => {
            if let Some(value) = object.get_mut(name) {
                visit_mut(value, rest, found);
            }
        }
        (Segment::Index(at), Node::Array(elements)) => {
            if let Some(element) = elements.get_mut(*at) {
                visit_mut(element, rest, found);
            }
        }
        (Segment::Elements, Node::Array(elements)) => elements.iter_mut().for_each(|element| visit_mut(element, rest, found)),
        (Segment::Members, Node::Object(object)) => {
            object.members_mut().iter_mut().for_each(|member| visit_mut(&mut member.value, rest, found));
        }
        (Segment::Deep, node) => {
            match node {
                Node::Array(elements) => elements.iter_mut().for_each(|element| visit_mut(element, segments, found)),
                Node::Object(object) => {
                    object.members_mut().iter_mut().for_each(|member| visit_mut(&mut member.value, segments, found));
                }
                _ => {}
            }
            visit_mut(node, rest, found);
        }
        _ => {}
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
    use crate::json::{parse, Limits};

    const DOCUMENT: &str = r#"{"id":1,"list":[{"id":2,"price":1.10},{"price":2,"in":{"id":3}}],"meta":{"a.b":{"c":4},"x":5},"":6}"#;

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
            ("**.id", vec!["2", "3", "1"]),
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
        for text in ["a.b", "list[].price", "list[0]", "meta.*", "**.id", "meta[\"a.b\"].c", "[][0].x", "[\"\"]", ".", "**.@class"] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Path::parse("**.**.id").unwrap().to_string(), "**.id");
    }
}
