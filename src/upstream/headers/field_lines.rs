//! The lines of a head on its way out.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::base::http1::are_values;

/// Lines that a gateway adds to those of a client, and room for the rules of an upstream.
const ADDED: usize = 16;

/// The lines of the head of a call, in their order. A call has about a dozen, so a look at each of them costs less than the table of a
/// map; and what came from the client or from a rule is lent, not copied.
#[derive(Debug, Clone)]
pub struct FieldLines<'r>(Vec<Line<'r>>);

#[derive(Debug, Clone)]
struct Line<'r> {
    name: &'r HeaderName,
    value: Value<'r>,
}

/// What a line says.
#[derive(Debug, Clone)]
pub enum Value<'r> {
    /// What stands in another head.
    Lent(&'r HeaderValue),
    /// What was made for this one.
    Own(HeaderValue),
    /// A piece of a text.
    Text(Text<'r>),
}

/// A piece of a text that may stand in a head.
#[derive(Debug, Clone, Copy)]
pub struct Text<'r>(&'r str);

impl<'r> Text<'r> {
    /// A text without control characters; none for any other, and none for an empty one.
    pub fn new(text: &'r str) -> Option<Self> {
        (are_values(text.as_bytes()) && !text.is_empty()).then_some(Self(text))
    }
}

impl Value<'_> {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Lent(value) => value.as_bytes(),
            Self::Own(value) => value.as_bytes(),
            Self::Text(Text(text)) => text.as_bytes(),
        }
    }

    fn into_header(self) -> Option<HeaderValue> {
        match self {
            Self::Lent(value) => Some(value.clone()),
            Self::Own(value) => Some(value),
            Self::Text(Text(text)) => HeaderValue::from_bytes(text.as_bytes()).ok(),
        }
    }
}

impl<'r> From<&'r HeaderValue> for Value<'r> {
    fn from(value: &'r HeaderValue) -> Self {
        Self::Lent(value)
    }
}

impl From<HeaderValue> for Value<'_> {
    fn from(value: HeaderValue) -> Self {
        Self::Own(value)
    }
}

impl<'r> From<Text<'r>> for Value<'r> {
    fn from(text: Text<'r>) -> Self {
        Self::Text(text)
    }
}

impl<'r> FieldLines<'r> {
    /// No lines, and room for `lines` and those that a gateway adds.
    pub fn with_room(lines: usize) -> Self {
        Self(Vec::with_capacity(lines + ADDED))
    }

    /// Adds a line behind the others.
    pub fn append(&mut self, name: &'r HeaderName, value: impl Into<Value<'r>>) {
        self.0.push(Line { name, value: value.into() });
    }

    /// Puts one line in the place of all of this name.
    pub fn set(&mut self, name: &'r HeaderName, value: impl Into<Value<'r>>) {
        self.remove(name);
        self.append(name, value);
    }

    /// Removes all lines of this name.
    pub fn remove(&mut self, name: &HeaderName) {
        self.retain(|other| other != name);
    }

    /// Removes all lines but those of such names.
    pub fn retain(&mut self, mut keeps: impl FnMut(&HeaderName) -> bool) {
        self.0.retain(|line| keeps(line.name));
    }

    /// What the first line of this name says.
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// What each line of this name says.
    pub fn get_all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value)
    }

    /// All lines, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &[u8])> {
        self.0.iter().map(|line| (line.name, line.value.as_bytes()))
    }

    /// How many lines there are.
    #[expect(clippy::len_without_is_empty, reason = "a call has at least its host")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// As a map, for those who know no lines.
    pub fn into_map(self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.len());
        for Line { name, value } in self.0 {
            if let Some(value) = value.into_header() {
                headers.append(name, value);
            }
        }
        headers
    }
}

impl<'r> From<&'r HeaderMap> for FieldLines<'r> {
    fn from(headers: &'r HeaderMap) -> Self {
        let mut lines = Self::with_room(headers.len());
        for (name, value) in headers {
            lines.append(name, value);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use http::header;
    use proptest::prelude::*;

    use super::*;

    fn said(lines: &FieldLines<'_>) -> Vec<String> {
        lines.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect()
    }

    #[test]
    fn a_set_line_takes_the_place_of_all_of_its_name() {
        let came = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("a")), (header::HOST, "h".parse().unwrap())]);
        let mut lines = FieldLines::from(&came);
        lines.append(&header::ACCEPT, HeaderValue::from_static("b"));
        assert_eq!(lines.get_all(&header::ACCEPT).collect::<Vec<_>>(), [b"a", b"b"]);
        lines.set(&header::ACCEPT, Text::new("c d").unwrap());
        assert_eq!(said(&lines), ["host: h", "accept: c d"]);
        lines.set(&header::VIA, HeaderValue::from(7));
        lines.remove(&header::HOST);
        assert_eq!(said(&lines), ["accept: c d", "via: 7"]);
        assert_eq!(lines.get(&header::HOST), None);
    }

    #[test]
    fn text_with_control_characters_is_no_value() {
        for text in ["", "a\r\nb: c", "a\0", "a\x7f"] {
            assert!(Text::new(text).is_none(), "{text:?}");
        }
        assert!(Text::new("for=\"[::1]\";proto=http").is_some());
    }

    proptest! {
        #[test]
        fn lines_are_set_and_removed_as_those_of_a_map(steps: Vec<(u8, prop::sample::Index, u8)>) {
            let names = [header::ACCEPT, header::HOST, header::VIA, HeaderName::from_static("x-a"), HeaderName::from_static("x-b")];
            let (mut lines, mut map) = (FieldLines::with_room(0), HeaderMap::new());
            for (step, name, value) in steps {
                let name = name.get(&names);
                match step % 3 {
                    0 => {
                        lines.append(name, HeaderValue::from(u16::from(value)));
                        map.append(name, HeaderValue::from(u16::from(value)));
                    }
                    1 => {
                        lines.set(name, HeaderValue::from(u16::from(value)));
                        map.insert(name, HeaderValue::from(u16::from(value)));
                    }
                    _ => {
                        lines.remove(name);
                        map.remove(name);
                    }
                }
            }
            prop_assert_eq!(lines.len(), map.len());
            prop_assert_eq!(lines.into_map(), map);
        }
    }
}
