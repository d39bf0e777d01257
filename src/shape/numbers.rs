//! `numbers`: numbers that survive JavaScript.

use super::{Error, Notes, StepError};
use crate::json::{Node, Number, Object, Text};

/// What an integer beyond 9007199254740991 becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// It stays.
    Keep,
    /// A string of the same digits.
    String,
}

/// What becomes of NaN and the infinities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nan {
    /// `null`
    Null,
    /// `"NaN"`, `"Infinity"`, `"-Infinity"`
    String,
    /// The reply is refused.
    Error,
}

/// The policy for the numbers of a whole document.
#[derive(Debug, Clone)]
pub struct NumbersOptions {
    /// Whole numbers that a double cannot hold.
    pub beyond: Beyond,
    /// Names whose numbers are always strings; `*` stands for any text: `id`, `*Id`. Lists of numbers under such a name too.
    pub always_string: Vec<String>,
    /// NaN and the infinities. `None`: bare tokens become null, strings stay. Otherwise the rule also holds for the strings `"NaN"`,
    /// `"Infinity"` and `"-Infinity"` that Jackson writes.
    pub nan: Option<Nan>,
}

impl Default for NumbersOptions {
    fn default() -> Self {
        Self { beyond: Beyond::Keep, always_string: Vec::new(), nan: None }
    }
}

/// Makes strings of the numbers that JavaScript would change. All other numbers leave as they came, byte for byte.
#[derive(Debug, Clone)]
pub struct Numbers {
    beyond: Beyond,
    always: Vec<Glob>,
    pub(super) nan: Option<Nan>,
}

impl Numbers {
    /// # Errors
    ///
    /// When a name in `always_string` is empty.
    pub fn new(options: NumbersOptions) -> Result<Self, StepError> {
        let NumbersOptions { beyond, always_string, nan } = options;
        let always = always_string.iter().map(|name| Glob::new(name)).collect::<Result<_, _>>()?;
        Ok(Self { beyond, always, nan })
    }

    /// # Errors
    ///
    /// [`Error::Number`] when the document holds what is no number and `nan` refuses it.
    pub(super) fn apply(&self, doc: &mut Node<'_>, _: &mut Notes) -> Result<(), Error> {
        self.secure(doc, None).map_err(|token| Error::Number { path: String::new(), token })
    }

    /// `name` is the key that the value stands under, also through arrays.
    fn secure(&self, node: &mut Node<'_>, name: Option<&Text<'_>>) -> Result<(), String> {
        match node {
            Node::Number(number) => {
                if let Some(instead) = self.instead(number, name)? {
                    *node = instead;
                }
                Ok(())
            }
            Node::String(text) => match self.nan {
                Some(Nan::Null) if is_no_number(text) => {
                    *node = Node::Null;
                    Ok(())
                }
                Some(Nan::Error) if is_no_number(text) => Err(text.decode().into_owned()),
                _ => Ok(()),
            },
            Node::Array(elements) => elements.iter_mut().try_for_each(|element| self.secure(element, name)),
            Node::Object(object) => self.secure_members(object),
            Node::Null | Node::Bool(_) => Ok(()),
        }
    }

    fn secure_members(&self, object: &mut Object<'_>) -> Result<(), String> {
        object.members_mut().iter_mut().try_for_each(|member| self.secure(&mut member.value, Some(&member.key)))
    }

    /// What takes the number's place, when it may not stay.
    pub(super) fn instead(&self, number: &Number<'_>, name: Option<&Text<'_>>) -> Result<Option<Node<'static>>, String> {
        if !number.is_finite() {
            return match self.nan {
                None | Some(Nan::Null) => Ok(Some(Node::Null)),
                Some(Nan::String) => Ok(Some(in_quotes(number))),
                Some(Nan::Error) => Err(number.as_raw().to_owned()),
            };
        }
        let quoted = self.beyond == Beyond::String && number.is_unsafe_integer()
            || name.is_some_and(|name| !self.always.is_empty() && self.is_always(name));
        Ok(quoted.then(|| in_quotes(number)))
    }

    /// Whether any name's numbers are always strings.
    pub(super) fn has_always(&self) -> bool {
        !self.always.is_empty()
    }

    /// Whether a number that is no lenient token may not stay, its name aside.
    pub(super) fn is_beyond(&self, raw: &str) -> bool {
        self.beyond == Beyond::String && Number::raw(raw).is_unsafe_integer()
    }

    pub(super) fn is_always(&self, name: &Text<'_>) -> bool {
        let name = name.decode();
        self.always.iter().any(|glob| glob.matches(&name))
    }
}

/// A string of the same characters.
fn in_quotes(number: &Number<'_>) -> Node<'static> {
    Node::String(Text::raw(number.as_raw().to_owned()))
}

pub(super) fn is_no_number(text: &Text<'_>) -> bool {
    ["NaN", "Infinity", "-Infinity"].iter().any(|word| *text == **word)
}

/// A name in which `*` stands for any text, taken apart at the stars.
#[derive(Debug, Clone)]
struct Glob {
    head: String,
    /// What lies between two stars, in order.
    middle: Vec<String>,
    /// `None` when there is no star: the head is the whole name.
    tail: Option<String>,
}

impl Glob {
    fn new(pattern: &str) -> Result<Self, StepError> {
        if pattern.is_empty() {
            return Err(StepError::new("a name in `always_string` is empty"));
        }
        let mut parts = pattern.split('*').map(str::to_owned);
        let head = parts.next().unwrap_or_default();
        let mut middle: Vec<String> = parts.collect();
        let tail = middle.pop();
        Ok(Self { head, middle, tail })
    }

    fn matches(&self, name: &str) -> bool {
        let Some(tail) = &self.tail else { return self.head == name };
        let Some(rest) = name.strip_prefix(self.head.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(tail.as_str()) else { return false };
        self.middle.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::vectors::{document, shaped};

    fn numbers(beyond: Beyond, always: &[&str], nan: Option<Nan>) -> Numbers {
        let always_string = always.iter().map(|name| (*name).to_owned()).collect();
        Numbers::new(NumbersOptions { beyond, always_string, nan }).expect("the options are sound")
    }

    #[test]
    fn r1_tokens_that_nothing_addresses_leave_byte_for_byte() {
        let doc = "[12345678901234567890,1.10,100.00,1e400,1E+2,0E-8,-0,-0.0,123456789012345678901234567890]";
        let step = Numbers::new(NumbersOptions::default()).expect("the defaults are sound");
        assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), doc);
        let step = numbers(Beyond::String, &["id"], Some(Nan::Error));
        assert_eq!(
            shaped(doc, |doc, notes| step.apply(doc, notes)),
            "[\"12345678901234567890\",1.10,100.00,1e400,1E+2,0E-8,-0,-0.0,\"123456789012345678901234567890\"]",
        );
    }

    #[test]
    fn r3_whole_numbers_beyond_a_double_become_strings_of_the_same_digits() {
        let step = numbers(Beyond::String, &[], None);
        let table = [
            ("9007199254740991", "9007199254740991"),
            ("9007199254740992", "\"9007199254740992\""),
            ("-9007199254740991", "-9007199254740991"),
            ("-9007199254740992", "\"-9007199254740992\""),
            ("{\"a\":[9007199254740993]}", "{\"a\":[\"9007199254740993\"]}"),
            ("1961005746230337538", "\"1961005746230337538\""),
            ("0.12345678901234567890", "0.12345678901234567890"),
            ("1e400", "1e400"),
            ("12345678901234567890.0", "12345678901234567890.0"),
        ];
        for (doc, expected) in table {
            assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), expected);
        }
    }

    #[test]
    fn r4_a_name_makes_the_type_the_same_for_every_value() {
        let step = numbers(Beyond::Keep, &["id", "*Id", "x*y*z", "*Ids"], None);
        let table = [
            (r#"{"id":1,"skuId":2,"Id":3,"idx":4}"#, r#"{"id":"1","skuId":"2","Id":"3","idx":4}"#),
            (r#"{"skuIds":[1,[2],{"a":3}]}"#, r#"{"skuIds":["1",["2"],{"a":3}]}"#),
            (r#"{"id":{"a":1},"x-y-z":1.10,"xyz":1,"xzy":1}"#, r#"{"id":{"a":1},"x-y-z":"1.10","xyz":"1","xzy":1}"#),
            (
                r#"{"\u0069d":1e999999999,"id":"7","orderId":null,"userId":true}"#,
                r#"{"\u0069d":"1e999999999","id":"7","orderId":null,"userId":true}"#,
            ),
            ("1", "1"),
        ];
        for (doc, expected) in table {
            assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), expected);
        }
    }

    #[test]
    fn r7_what_is_no_number_becomes_what_the_policy_says() {
        let lenient = || {
            let mut doc = document(r#"{"a":0,"b":[0,0],"id":0,"s":"NaN","t":"-Infinity","u":"nan"}"#);
            let tokens = doc.as_object_mut().expect("it is an object");
            for (name, value) in [
                ("a", Node::Number(Number::raw("NaN"))),
                ("b", Node::Array(vec![Node::Number(Number::raw("Infinity")), Node::Number(Number::raw("-Infinity"))])),
                ("id", Node::Number(Number::raw("NaN"))),
            ] {
                tokens.set(name, value);
            }
            doc
        };
        let result = |nan| {
            let mut doc = lenient();
            let outcome = numbers(Beyond::Keep, &["id"], nan).apply(&mut doc, &mut Notes::new());
            (outcome, String::from_utf8(doc.to_json()).expect("JSON is UTF-8"))
        };
        let kept_strings = r#"{"a":null,"b":[null,null],"id":null,"s":"NaN","t":"-Infinity","u":"nan"}"#;
        assert_eq!(result(None), (Ok(()), kept_strings.to_owned()));
        let all_null = r#"{"a":null,"b":[null,null],"id":null,"s":null,"t":null,"u":"nan"}"#;
        assert_eq!(result(Some(Nan::Null)), (Ok(()), all_null.to_owned()));
        let strings = r#"{"a":"NaN","b":["Infinity","-Infinity"],"id":"NaN","s":"NaN","t":"-Infinity","u":"nan"}"#;
        assert_eq!(result(Some(Nan::String)), (Ok(()), strings.to_owned()));
        assert_eq!(result(Some(Nan::Error)).0, Err(Error::Number { path: String::new(), token: "NaN".to_owned() }));
    }

    #[test]
    fn stars_stand_for_any_text() {
        let table = [
            ("id", "id", true),
            ("id", "Id", false),
            ("*", "", true),
            ("*Id", "Id", true),
            ("*Id", "skuIdx", false),
            ("id*", "id", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*b", "ab", false),
            ("a*b*b", "abb", true),
            ("**", "x", true),
            ("*é*", "aéb", true),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(Glob::new(pattern).expect("it is not empty").matches(name), expected, "{pattern} on {name}");
        }
        assert!(Glob::new("").is_err());
    }
}
