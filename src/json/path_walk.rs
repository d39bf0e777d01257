//! How a path is walked: every value is met once, however many ways lead to it, so that no path makes a document expensive.
//!
//! Where a walk stands is a mask: bit `n` says that segment `n` may come next, the bit behind the last one that the path ends here.

use super::{Node, Object, Path, Segment};

impl Path {
    /// The first value that the path names, in the document's order; of one within the other, the outer one.
    pub fn get<'n, 'a>(&self, node: &'n Node<'a>) -> Option<&'n Node<'a>> {
        first(node, self.segments(), start(self.segments()))
    }

    /// Calls for every value that the path names, in the document's order, an inner one before the one around it; tells how many there
    /// were.
    pub fn each<'n, 'a>(&self, node: &'n Node<'a>, mut found: impl FnMut(&'n Node<'a>)) -> usize {
        let mut count = 0;
        visit(node, self.segments(), start(self.segments()), &mut |node| {
            count += 1;
            found(node);
        });
        count
    }

    /// Calls for every value that the path names, to change it, in the order of [`Path::each`]; tells how many there were.
    pub fn each_mut<'a>(&self, node: &mut Node<'a>, mut found: impl FnMut(&mut Node<'a>)) -> usize {
        let mut count = 0;
        visit_mut(node, self.segments(), start(self.segments()), &mut |node| {
            count += 1;
            found(node);
        });
        count
    }

    /// Calls for every container that may hold what the path names, with the path's last step; nothing for the empty path.
    pub fn each_parent_mut<'a>(&self, node: &mut Node<'a>, found: &mut dyn FnMut(&mut Node<'a>, &Segment)) {
        let Some((last, above)) = self.segments().split_last() else { return };
        visit_mut(node, above, start(above), &mut |node| {
            if matches!(node, Node::Array(_) | Node::Object(_)) {
                found(node, last);
            }
        });
    }

    /// Calls for every value of a type that a step of the path cannot enter, with that step: a scalar or an array where a member is
    /// named, a scalar or an object where an element is. `null` and what is missing are no such values, and `**` looks but expects nothing.
    /// Tells how many there were.
    pub fn each_mismatch<'n, 'a>(&self, node: &'n Node<'a>, mut found: impl FnMut(&'n Node<'a>, &Segment)) -> usize {
        let expected = self.segments().iter().position(|segment| *segment == Segment::Deep).unwrap_or(self.segments().len());
        let mut count = 0;
        for (at, step) in self.segments().iter().enumerate().take(expected) {
            let Some(above) = self.segments().get(..at) else { continue };
            visit(node, above, start(above), &mut |node| {
                let fits = match step {
                    Segment::Key(_) | Segment::Members => matches!(node, Node::Object(_) | Node::Null),
                    _ => matches!(node, Node::Array(_) | Node::Null),
                };
                if !fits {
                    count += 1;
                    found(node, step);
                }
            });
        }
        count
    }
}

/// Where a walk starts.
pub(super) fn start(segments: &[Segment]) -> u64 {
    closed(segments, 1)
}

/// Whether the path names the value where the walk stands.
pub(super) fn ends(segments: &[Segment], mask: u64) -> bool {
    mask & end(segments) != 0
}

/// What may come next where the walk stands; nothing when the path names nothing inside of it.
pub(super) fn ahead(segments: &[Segment], mask: u64) -> u64 {
    mask & !end(segments)
}

/// One step down, for the segments that fit it.
pub(super) fn enter(segments: &[Segment], mask: u64, fits: impl Fn(&Segment) -> bool) -> u64 {
    let mut next = 0;
    each_bit(ahead(segments, mask), |at, bit| match segments.get(at) {
        Some(Segment::Deep) => next |= bit,
        Some(segment) if fits(segment) => next |= bit << 1,
        _ => {}
    });
    closed(segments, next)
}

fn end(segments: &[Segment]) -> u64 {
    1 << segments.len()
}

/// `**` may stand for nothing: where it comes next, so does what is behind it.
fn closed(segments: &[Segment], mut mask: u64) -> u64 {
    each_bit(mask, |at, bit| {
        if segments.get(at) == Some(&Segment::Deep) {
            mask |= bit << 1;
        }
    });
    mask
}

fn each_bit(mut mask: u64, mut call: impl FnMut(usize, u64)) {
    while mask != 0 {
        let at = mask.trailing_zeros();
        call(at as usize, 1 << at);
        mask &= mask - 1;
    }
}

/// How a walk fans out over a container.
struct Fan {
    /// For every child.
    all: u64,
    /// For single children, in order, besides.
    one: Vec<(usize, u64)>,
}

impl Fan {
    /// Into an object; of a name that stands twice, the last one is meant.
    fn members(segments: &[Segment], mask: u64, object: &Object<'_>) -> Self {
        let mut fan = Self { all: 0, one: Vec::new() };
        each_bit(ahead(segments, mask), |at, bit| match segments.get(at) {
            Some(Segment::Deep) => fan.all |= bit,
            Some(Segment::Members) => fan.all |= bit << 1,
            Some(Segment::Key(name)) => {
                let place = object.members().iter().rposition(|member| member.key == **name);
                fan.one.extend(place.map(|place| (place, bit << 1)));
            }
            _ => {}
        });
        fan.settled(segments)
    }

    fn elements(segments: &[Segment], mask: u64, length: usize) -> Self {
        let mut fan = Self { all: 0, one: Vec::new() };
        each_bit(ahead(segments, mask), |at, bit| match segments.get(at) {
            Some(Segment::Deep) => fan.all |= bit,
            Some(Segment::Elements) => fan.all |= bit << 1,
            Some(Segment::Index(place)) if *place < length => fan.one.push((*place, bit << 1)),
            _ => {}
        });
        fan.settled(segments)
    }

    fn settled(mut self, segments: &[Segment]) -> Self {
        self.all = closed(segments, self.all);
        for (_, mask) in &mut self.one {
            *mask = closed(segments, *mask);
        }
        self.one.sort_unstable_by_key(|(place, _)| *place);
        self.one.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 |= next.1;
            }
            same
        });
        self
    }

    /// Every child that the walk goes into, in order, with its mask.
    fn children(&self, length: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let everywhere = if self.all == 0 { 0 } else { length };
        let mut one = self.one.iter().copied().peekable();
        let wide = (0..everywhere).map(move |place| {
            let more = one.next_if(|(at, _)| *at == place).map_or(0, |(_, mask)| mask);
            (place, self.all | more)
        });
        let narrow = if everywhere == 0 { self.one.as_slice() } else { &[] };
        wide.chain(narrow.iter().copied())
    }
}

fn first<'n, 'a>(node: &'n Node<'a>, segments: &[Segment], mask: u64) -> Option<&'n Node<'a>> {
    if ends(segments, mask) {
        return Some(node);
    }
    match node {
        Node::Array(elements) => {
            let fan = Fan::elements(segments, mask, elements.len());
            fan.children(elements.len()).find_map(|(at, mask)| first(elements.get(at)?, segments, mask))
        }
        Node::Object(object) => {
            let fan = Fan::members(segments, mask, object);
            fan.children(object.len()).find_map(|(at, mask)| first(&object.members().get(at)?.value, segments, mask))
        }
        _ => None,
    }
}

fn visit<'n, 'a>(node: &'n Node<'a>, segments: &[Segment], mask: u64, found: &mut dyn FnMut(&'n Node<'a>)) {
    if ahead(segments, mask) != 0 {
        match node {
            Node::Array(elements) => {
                let fan = Fan::elements(segments, mask, elements.len());
                for (at, mask) in fan.children(elements.len()) {
                    elements.get(at).into_iter().for_each(|element| visit(element, segments, mask, found));
                }
            }
            Node::Object(object) => {
                let fan = Fan::members(segments, mask, object);
                for (at, mask) in fan.children(object.len()) {
                    object.members().get(at).into_iter().for_each(|member| visit(&member.value, segments, mask, found));
                }
            }
            _ => {}
        }
    }
    if ends(segments, mask) {
        found(node);
    }
}

fn visit_mut<'a>(node: &mut Node<'a>, segments: &[Segment], mask: u64, found: &mut dyn FnMut(&mut Node<'a>)) {
    if ahead(segments, mask) != 0 {
        match node {
            Node::Array(elements) => {
                let fan = Fan::elements(segments, mask, elements.len());
                for (at, mask) in fan.children(elements.len()) {
                    elements.get_mut(at).into_iter().for_each(|element| visit_mut(element, segments, mask, found));
                }
            }
            Node::Object(object) => {
                let fan = Fan::members(segments, mask, object);
                for (at, mask) in fan.children(object.len()) {
                    let member = object.members_mut().get_mut(at);
                    member.into_iter().for_each(|member| visit_mut(&mut member.value, segments, mask, found));
                }
            }
            _ => {}
        }
    }
    if ends(segments, mask) {
        found(node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn json(node: &Node<'_>) -> String {
        String::from_utf8(node.to_json()).unwrap()
    }

    fn found(path: &str, text: &str) -> Vec<String> {
        let mut node = parse(text, &Limits::default()).unwrap();
        let path = Path::parse(path).unwrap();
        let mut seen = Vec::new();
        path.each(&node, |node| seen.push(json(node)));
        let got = path.get(&node).map(json);
        assert!(got.is_none_or(|got| seen.contains(&got)), "{path}");
        assert_eq!(path.get(&node).is_none(), seen.is_empty(), "{path}");
        let mut changed = Vec::new();
        assert_eq!(path.each_mut(&mut node, |node| changed.push(json(node))), seen.len());
        assert_eq!(changed, seen, "{path}");
        seen
    }

    #[test]
    fn a_value_is_met_once_however_many_ways_lead_to_it() {
        assert_eq!(found("**.a.**.b", r#"{"a":{"a":{"b":1}}}"#), ["1"]);
        assert_eq!(found("**.a", r#"{"a":{"a":1}}"#), ["1", r#"{"a":1}"#]);
        assert_eq!(found("**.*", r#"{"a":{"b":[2]}}"#), ["[2]", r#"{"b":[2]}"#]);
        assert_eq!(found("**[]", "[[1],2]"), ["1", "[1]", "2"]);
        assert_eq!(found("**[0].**[0]", "[[[1]]]"), ["1", "[1]"]);
        let deep = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
        let path = ["**.a"; 25].join(".");
        assert_eq!(found(&path, &deep).len(), 100 - 24);
        assert_eq!(found(&format!("{path}.missing"), &deep).len(), 0);
    }

    #[test]
    fn of_a_name_that_stands_twice_the_last_is_meant() {
        assert_eq!(found("a", r#"{"a":1,"b":2,"\u0061":3}"#), ["3"]);
        assert_eq!(found("**.a", r#"{"a":{"a":1},"a":3}"#), ["1", "3"]);
        assert_eq!(found("*", r#"{"a":1,"a":3}"#), ["1", "3"]);
    }

    #[test]
    fn the_first_is_the_first_in_the_document() {
        let node = parse(r#"{"list":[{"id":2},{"id":3}],"id":1}"#, &Limits::default()).unwrap();
        for (path, value) in [("**.id", "2"), ("list[].id", "2"), ("list[1].id", "3"), ("id", "1"), ("*[].id", "2")] {
            assert_eq!(Path::parse(path).unwrap().get(&node).map(json).as_deref(), Some(value), "{path}");
        }
    }

    #[test]
    fn values_of_a_wrong_type_are_told_from_missing_ones() {
        let node =
            parse(r#"{"list":[{"price":1},null,7,{}],"text":"x","none":null,"obj":{"a":[1]}}"#, &Limits::default()).unwrap();
        for (path, count) in [
            ("list[].price", 1),
            ("list.price", 1),
            ("text.x", 1),
            ("text[].x.y", 1),
            ("none.x", 0),
            ("missing.x.y", 0),
            ("obj[]", 1),
            ("obj[0]", 1),
            ("obj.a.b", 1),
            ("obj.a[9].b", 0),
            ("**.price.x", 0),
            ("text.**.x", 0),
            (".", 0),
        ] {
            assert_eq!(Path::parse(path).unwrap().each_mismatch(&node, |_, _| {}), count, "{path}");
        }
        let mut step = None;
        Path::parse("list[].price").unwrap().each_mismatch(&node, |node, at| step = Some((node.kind(), at.clone())));
        assert_eq!(step, Some(("number", Segment::Key("price".to_owned()))));
    }

    #[test]
    fn only_containers_are_parents() {
        let mut node = parse(r#"{"a":[1,{"id":"x"}]}"#, &Limits::default()).unwrap();
        let mut parents = Vec::new();
        Path::parse("**.id").unwrap().each_parent_mut(&mut node, &mut |parent, _| parents.push(parent.kind()));
        assert_eq!(parents, ["object", "array", "object"]);
    }
}
