//! From tokens to a tree, without recursion.

use std::collections::HashSet;

use super::error::ParseError;
use super::token::{Scanner, Token};
use super::{Duplicates, Limits, Member, Node, Number, ParseErrorKind, Text};

/// How many names are looked through one by one.
const FEW: usize = 8;

/// Parses bytes: UTF-8, then [`parse`].
///
/// # Errors
/// The first thing that is wrong.
pub fn parse_bytes<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, ParseError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text, limits),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
            Err(ParseErrorKind::Utf8.at(valid, valid.len()))
        }
    }
}

/// Parses one document. Nothing but white space may stand around it.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Node<'a>, ParseError> {
    parse_with(text, limits, false)
}

/// Parses one document, in which `NaN`, `Infinity` and `-Infinity` may be numbers.
pub(super) fn parse_with<'a>(text: &'a str, limits: &Limits, bare_nan: bool) -> Result<Node<'a>, ParseError> {
    let limits = Limits { depth: limits.depth.min(Limits::DEEPEST), ..*limits };
    let scanner = Scanner::new(text, &limits);
    let scanner = if bare_nan { scanner.with_bare_nan() } else { scanner };
    Tree { scanner, open: Vec::new(), unique: limits.duplicates == Duplicates::Refuse, text }.read()
}

/// A container whose end is not seen yet; of an object, with the name whose value comes next.
enum Open<'a> {
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>, &'a str),
}

struct Tree<'a> {
    scanner: Scanner<'a>,
    open: Vec<Open<'a>>,
    unique: bool,
    text: &'a str,
}

impl<'a> Tree<'a> {
    fn read(mut self) -> Result<Node<'a>, ParseError> {
        let mut root = Node::Null;
        loop {
            let value = match self.scanner.step().map_err(|kind| self.scanner.error(kind))? {
                None => return Ok(root),
                Some(Token::ArrayStart) => {
                    self.open.push(Open::Array(Vec::new()));
                    continue;
                }
                Some(Token::ObjectStart) => {
                    self.open.push(Open::Object(Vec::new(), ""));
                    continue;
                }
                Some(Token::Key(name)) => {
                    if let Some(Open::Object(_, key)) = self.open.last_mut() {
                        *key = name;
                    }
                    continue;
                }
                Some(Token::ArrayEnd | Token::ObjectEnd) => match self.open.pop() {
                    Some(Open::Object(members, _)) => {
                        self.check(&members)?;
                        Node::Object(members.into())
                    }
                    Some(Open::Array(elements)) => Node::Array(elements),
                    None => Node::Null,
                },
                Some(Token::String(raw)) => Node::String(Text::raw(raw)),
                Some(Token::Number(raw)) => Node::Number(Number::raw(raw)),
                Some(Token::Bool(truth)) => Node::Bool(truth),
                Some(Token::Null) => Node::Null,
            };
            match self.open.last_mut() {
                Some(Open::Array(elements)) => elements.push(value),
                Some(Open::Object(members, key)) => members.push(Member { key: Text::raw(*key), value }),
                None => root = value,
            }
        }
    }

    /// Refuses a name that stands twice, where that is asked for, at its second place.
    fn check(&self, members: &[Member<'a>]) -> Result<(), ParseError> {
        if !self.unique || members.len() < 2 {
            return Ok(());
        }
        // Few names are compared as they stand, which takes less than to hash them.
        let twin = if members.len() <= FEW && !members.iter().any(|member| member.key.is_escaped()) {
            let mut rest = members.iter().enumerate();
            rest.find(|(at, member)| members.iter().take(*at).any(|other| other.key.as_raw() == member.key.as_raw()))
                .map(|(_, twin)| twin)
        } else {
            let mut seen = HashSet::with_capacity(members.len());
            members.iter().find(|member| !seen.insert(&member.key))
        };
        match twin {
            None => Ok(()),
            Some(twin) => {
                let raw = twin.key.as_raw();
                // The name is a slice of the text, so their addresses tell where it stands, its quote one before it.
                let at = (raw.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize + 1);
                Err(ParseErrorKind::Duplicate(twin.key.decode().chars().take(60).collect()).at(self.text, at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) -> String {
        String::from_utf8(parse(text, &Limits::default()).unwrap().to_json()).unwrap()
    }

    fn error(text: &str) -> String {
        parse(text, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn c3_r1_and_c4_j1_untouched_tokens_leave_byte_for_byte() {
        let compact = r#"{"a":12345678901234567890,"b":[1.10,100.00,1e400,1E+2,0E-8,-0,-0.0,123456789012345678901234567890],"c":"\u4e2d\/\ud83d","d":{},"e":[],"a":null,"":true}"#;
        assert_eq!(same(compact), compact);
        assert_eq!(same(" [ 1 , { \"a\" : false } ]\n"), r#"[1,{"a":false}]"#);
        let separators = "[\"\u{2028}\u{2029}\u{7f}\"]";
        assert_eq!(same(separators), separators);
    }

    #[test]
    fn c4_j2_a_lone_surrogate_passes() {
        for text in [r#"["\ud83d"]"#, r#"["\ude00\ud83d"]"#, r#"{"\uDBFF":"\ud83d\u0041"}"#] {
            assert_eq!(same(text), text);
        }
    }

    #[test]
    fn c4_j3_to_j5_duplicates_and_order_stay_and_names_are_compared_decoded() {
        let text = r#"{"b":1,"a":2,"\u0062":3,"c":4}"#;
        assert_eq!(same(text), text);
        let mut node = parse(text, &Limits::default()).unwrap();
        let object = node.as_object_mut().unwrap();
        assert_eq!(object.get("b"), Some(&Node::Number(Number::raw("3"))));
        object.settle("b");
        object.set("new", Node::Null);
        object.set("a", Node::Bool(true));
        assert_eq!(String::from_utf8(node.to_json()).unwrap(), r#"{"b":3,"a":true,"c":4,"new":null}"#);
        let composed = "{\"\u{e9}\":\"NFC\",\"e\u{301}\":\"NFD\"}";
        let limits = Limits { duplicates: Duplicates::Refuse, ..Limits::default() };
        assert!(parse(composed, &limits).is_ok(), "names are not normalised");
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        assert_eq!(error(""), "expected a value, found the end at line 1, column 1");
        assert_eq!(error("[1,]"), "expected a value, found `]` at line 1, column 4");
        assert_eq!(error("{\"a\":1,}"), "expected a name in quotes, found `}` at line 1, column 8");
        assert_eq!(error("[1 2]"), "expected `,` or `]`, found `2` at line 1, column 4");
        assert_eq!(error("{\"é\":01}"), "a malformed number at line 1, column 7");
        assert_eq!(error("[\"a\nb\"]"), "an unescaped control character in a string at line 1, column 4");
        assert_eq!(error("[\"\\x\"]"), "an unknown escape in a string at line 1, column 3");
        assert_eq!(error("\u{feff}1"), "expected a value, found `\\u{feff}` at line 1, column 1");
        for text in ["[", "{", "{\"a\"", "{\"a\":", "[\"", "nul", "{a:1}", "]", "[}", "{]", "truefalse"] {
            assert!(parse(text, &Limits::default()).is_err(), "{text}");
        }
        let error = parse_bytes(b"[\n\"\xff\"]", &Limits::default()).unwrap_err();
        assert_eq!((error.kind, error.offset, error.line, error.column), (ParseErrorKind::Utf8, 3, 2, 2));
    }

    #[test]
    fn c3_r7_numbers_that_are_none_are_refused() {
        for text in ["01", "-01", "00", "+1", ".5", "1.", "1.e1", "1e", "1e+", "-", "--1", "0x1", "NaN", "-Infinity", "1_0", "1a"]
        {
            assert!(parse(text, &Limits::default()).is_err(), "{text}");
        }
    }

    #[test]
    fn c4_j17_two_documents_are_none() {
        assert_eq!(error("{\"a\":1}\n{\"b\":2}"), "expected the end, found `{` at line 2, column 1");
        for text in ["1 2", "{}{}", "[][]", "null,"] {
            assert!(parse(text, &Limits::default()).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_hold_at_their_edge() {
        let limits = Limits { depth: 3, nodes: 4, duplicates: Duplicates::Refuse };
        assert!(parse("[[[]]]", &limits).is_ok());
        assert_eq!(parse("[[[[]]]]", &limits).unwrap_err().kind, ParseErrorKind::Depth(3));
        assert!(parse("[1,2,3]", &limits).is_ok());
        assert_eq!(parse("[1,2,3,4]", &limits).unwrap_err().kind, ParseErrorKind::Nodes(4));
        let twice = parse("{\"a\":1,\n \"\\u0061\":2}", &limits).unwrap_err();
        assert_eq!((twice.kind, twice.line, twice.column), (ParseErrorKind::Duplicate("a".to_owned()), 2, 2));
        assert!(parse(r#"[{"a":1},{"a":1}]"#, &Limits { nodes: 9, ..limits }).is_ok());
        for names in [2, FEW, FEW + 1, 100] {
            let text =
                (1..names).fold(r#"{"n1":0"#.to_owned(), |text, at| format!("{text},\"n{}\":0", at % (names - 1) + 1)) + "}";
            let twice = parse(&text, &Limits { nodes: usize::MAX, ..limits }).unwrap_err();
            let second = text.rfind("\"n1\"").unwrap();
            assert_eq!((twice.kind, twice.offset), (ParseErrorKind::Duplicate("n1".to_owned()), second), "{text}");
        }
    }

    #[test]
    fn no_limit_lets_the_stack_overflow() {
        let limits = Limits { depth: usize::MAX, ..Limits::default() };
        let deep = |levels: usize| format!("{}{}", "[{\"a\":".repeat(levels / 2) + "0", "}]".repeat(levels / 2));
        let deepest = deep(Limits::DEEPEST);
        let node = parse(&deepest, &limits).unwrap();
        assert_eq!(node.clone().into_owned(), node);
        assert_eq!(node.to_json(), deepest.as_bytes());
        let error = parse(&deep(1_000_000), &limits).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::Depth(Limits::DEEPEST));
        assert_eq!(parse(&"[".repeat(1_000_000), &limits).unwrap_err().kind, ParseErrorKind::Depth(Limits::DEEPEST));
    }
}
