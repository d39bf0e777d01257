//! `unwrap`: the payload out of an envelope, and a failure out of a 200.

use std::borrow::Cow;

use super::compare::{Table, same, scalar_text};
use super::{Error, Notes, StepError};
use crate::json::{Node, Path, Segment, Text};

const STEP: &str = "unwrap";

/// What an envelope looks like.
#[derive(Debug, Clone)]
pub struct UnwrapOptions {
    /// Where the payload may be; the first that is there and not null. At least one.
    pub data: Vec<Payload>,
    /// The members that tell success from failure, each with the values that mean success. All that the reply has must
    /// mean success. None given: every reply is a success.
    pub ok: Vec<(Path, Vec<Node<'static>>)>,
    /// What a reply with none of these members means. A null that is no success value counts as missing.
    pub missing: MissingVerdict,
    /// Where the message for a person may be; the first that is a scalar with text.
    pub message: Vec<Path>,
    /// The HTTP status of a failure by the text of its verdict; numbers are compared by value. 400 to 599.
    pub status: Vec<(String, u16)>,
    /// The HTTP status of every other failure. 400 to 599.
    pub otherwise: u16,
    /// What stands in for a payload that is missing or null.
    pub missing_data: MissingData,
}

/// Where a payload may be.
#[derive(Debug, Clone)]
pub enum Payload {
    /// At a path.
    At(Path),
    /// Everything but the envelope's own members: the verdict's, the message's, and the (null) payload's.
    Rest,
}

/// What a reply without a verdict means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingVerdict {
    /// A success.
    Ok,
    /// A failure.
    Error,
}

/// What stands in for a payload that is missing or null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingData {
    /// This.
    Value(Node<'static>),
    /// Nothing: it is [`Error::MissingData`].
    Error,
}

/// The step.
#[derive(Debug, Clone)]
pub struct Unwrap {
    pub(super) data: Vec<Payload>,
    pub(super) ok: Vec<(Path, Vec<Node<'static>>)>,
    pub(super) missing: MissingVerdict,
    message: Vec<Path>,
    status: Table<u16>,
    otherwise: u16,
    missing_data: MissingData,
}

/// What a reply says about itself.
enum Verdict<'n> {
    Success,
    Failure { status: u16, code: Cow<'n, str> },
}

impl Unwrap {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// No place for the payload, a verdict without success values, a status that is no failure.
    pub fn new(options: UnwrapOptions) -> Result<Self, StepError> {
        let UnwrapOptions { data, ok, missing, message, status, otherwise, missing_data } = options;
        if data.is_empty() {
            return Err(StepError::new("`data` names no place for the payload"));
        }
        if let Some((path, _)) = ok.iter().find(|(_, values)| values.is_empty()) {
            return Err(StepError::new(format!("`ok` has no value of `{path}` that means success")));
        }
        let status = Table::new(status);
        if let Some(status) = status.values().iter().chain([&otherwise]).find(|status| !(400..=599).contains(*status)) {
            return Err(StepError::new(format!("{status} is no status of a failure; write one from 400 to 599")));
        }
        Ok(Self { data, ok, missing, message, status, otherwise, missing_data })
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        if let Verdict::Failure { status, code } = self.verdict(doc) {
            let code = code.into_owned();
            let message = self.message(doc);
            let details = self.take_payload(doc).map(Node::into_owned);
            return Err(Error::Business { status, code, message, details });
        }
        if !matches!(doc, Node::Object(_)) {
            notes.mismatch(STEP, &".", doc.kind());
            return Ok(());
        }
        *doc = match (self.take_payload(doc), &self.missing_data) {
            (Some(payload), _) => payload,
            (None, MissingData::Value(value)) => value.clone(),
            (None, MissingData::Error) => return Err(Error::MissingData),
        };
        Ok(())
    }

    fn verdict<'n>(&self, doc: &'n Node<'_>) -> Verdict<'n> {
        let mut told = self
            .ok
            .iter()
            .filter_map(|(path, good)| {
                let found = path.get(doc)?;
                let is_good = good.iter().any(|good| same(good, found));
                (is_good || !found.is_null()).then_some((found, is_good))
            })
            .peekable();
        if told.peek().is_none() {
            return match self.missing {
                MissingVerdict::Error if !self.ok.is_empty() => {
                    Verdict::Failure { status: self.otherwise, code: Cow::Borrowed("") }
                }
                _ => Verdict::Success,
            };
        }
        let bad: Vec<_> = told.filter(|(_, is_good)| !is_good).map(|(found, _)| found).collect();
        // the one with a status of its own says most, and `code: 510` says more than `success: false`
        let says_most = bad
            .iter()
            .find(|found| self.status.get(found).is_some())
            .or_else(|| bad.iter().find(|found| !matches!(found, Node::Bool(_))))
            .or_else(|| bad.first());
        match says_most {
            None => Verdict::Success,
            Some(found) => Verdict::Failure {
                status: self.status.get(found).copied().unwrap_or(self.otherwise),
                code: scalar_text(found).unwrap_or(Cow::Borrowed(found.kind())),
            },
        }
    }

    fn message(&self, doc: &Node<'_>) -> Option<String> {
        self.message
            .iter()
            .filter_map(|path| path.get(doc))
            .filter(|found| !found.is_null())
            .filter_map(scalar_text)
            .find(|text| !text.is_empty())
            .map(Cow::into_owned)
    }

    /// Takes the first payload that is there and not null.
    fn take_payload<'a>(&self, doc: &mut Node<'a>) -> Option<Node<'a>> {
        self.data.iter().enumerate().find_map(|(at, payload)| match payload {
            Payload::At(path) => take(path, doc),
            Payload::Rest => self.take_rest(doc, self.data.get(..at).unwrap_or_default()),
        })
    }

    /// Takes the members that are not the envelope's own; `before` are the payloads that turned out to be missing or null.
    fn take_rest<'a>(&self, doc: &mut Node<'a>, before: &[Payload]) -> Option<Node<'a>> {
        let own = self.ok.iter().map(|(path, _)| path).chain(&self.message).filter_map(|path| match path.segments() {
            [Segment::Key(name), ..] => Some(name.as_str()),
            _ => None,
        });
        let null = before.iter().filter_map(|payload| match payload {
            Payload::At(path) => match path.segments() {
                [Segment::Key(name)] => Some(name.as_str()),
                _ => None,
            },
            Payload::Rest => None,
        });
        let names: Vec<&str> = own.chain(null).collect();
        let is_own = |key: &Text<'_>| names.iter().any(|name| *key == **name);
        let object = doc.as_object_mut()?;
        if object.members().iter().all(|member| is_own(&member.key)) {
            return None;
        }
        let mut rest = std::mem::take(object);
        rest.members_mut().retain(|member| !is_own(&member.key));
        Some(Node::Object(rest))
    }
}

/// Takes the first value at a path that is not null.
fn take<'a>(path: &Path, doc: &mut Node<'a>) -> Option<Node<'a>> {
    let mut taken = None;
    path.each_mut(doc, |found| {
        if taken.is_none() && !found.is_null() {
            taken = Some(std::mem::take(found));
        }
    });
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::testing::{doc, documents, failure, literal, path, paths, shaped, shaped_and_noted, strict_failure, text};
    use crate::shape::{Action, Shape, Step};

    fn options() -> UnwrapOptions {
        UnwrapOptions {
            data: vec![Payload::At(path("data"))],
            ok: vec![(path("code"), vec![literal("200")])],
            missing: MissingVerdict::Ok,
            message: paths(&["message", "msg"]),
            status: vec![("401".to_owned(), 401), ("A0200".to_owned(), 401)],
            otherwise: 502,
            missing_data: MissingData::Value(Node::Null),
        }
    }

    fn step(options: UnwrapOptions) -> Action {
        Action::Unwrap(Unwrap::new(options).expect("the test's envelope is one"))
    }

    fn business(input: &str) -> (u16, String, Option<String>, Option<String>) {
        match failure(step(options()), input) {
            Error::Business { status, code, message, details } => (status, code, message, details.as_ref().map(text)),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn n13_a_payload_that_is_null_or_missing_is_what_the_envelope_says() {
        for (missing_data, output) in [("null", "null"), ("{}", "{}"), ("[]", "[]"), (r#"{"n":1.10}"#, r#"{"n":1.10}"#)] {
            let with = || UnwrapOptions { missing_data: MissingData::Value(literal(missing_data)), ..options() };
            assert_eq!(shaped(step(with()), r#"{"code":200,"data":null}"#), output);
            assert_eq!(shaped(step(with()), r#"{"code":200}"#), output);
        }
        let with = UnwrapOptions { missing_data: MissingData::Error, ..options() };
        assert_eq!(failure(step(with), r#"{"code":200,"data":null}"#), Error::MissingData);
    }

    #[test]
    fn r5_a_verdict_is_compared_by_its_value_and_a_string_is_no_number() {
        for good in ["200", "200.0", "2e2", "20000E-2"] {
            assert_eq!(shaped(step(options()), &format!(r#"{{"data":[1.10],"code":{good}}}"#)), "[1.10]", "{good}");
        }
        assert_eq!(business(r#"{"data":1,"code":"200"}"#).1, "200");
        assert_eq!(business(r#"{"data":1,"code":200.1}"#).1, "200.1");
        let both = UnwrapOptions { ok: vec![(path("code"), vec![literal("200"), literal(r#""200""#)])], ..options() };
        assert_eq!(shaped(step(both), r#"{"code":"200","data":1}"#), "1");
    }

    #[test]
    fn the_verdict_chooses_the_status_by_number_or_by_text() {
        assert_eq!(business(r#"{"code":401}"#).0, 401);
        assert_eq!(business(r#"{"code":4.01E2}"#).0, 401);
        assert_eq!(business(r#"{"code":"401"}"#).0, 401);
        assert_eq!(business(r#"{"code":"A0200"}"#).0, 401);
        assert_eq!(business(r#"{"code":500}"#).0, 502);
        assert_eq!(business(r#"{"code":{"odd":1}}"#), (502, "object".to_owned(), None, None));
    }

    #[test]
    fn the_message_is_the_first_that_says_something() {
        assert_eq!(business(r#"{"code":1,"message":"","msg":"caf\u00e9"}"#).2.as_deref(), Some("café"));
        assert_eq!(business(r#"{"code":1,"message":null,"msg":7}"#).2.as_deref(), Some("7"));
        assert_eq!(business(r#"{"code":1,"message":{"en":"x"}}"#).2, None);
    }

    #[test]
    fn the_details_of_a_failure_are_its_payload_whatever_its_type() {
        assert_eq!(business(r#"{"data":"why","code":1}"#).3.as_deref(), Some(r#""why""#));
        assert_eq!(business(r#"{"data":{"field":"n"},"code":1}"#).3.as_deref(), Some(r#"{"field":"n"}"#));
        assert_eq!(business(r#"{"data":null,"code":1}"#).3, None);
    }

    #[test]
    fn a_missing_verdict_is_what_the_envelope_says() {
        assert_eq!(shaped(step(options()), r#"{"data":{"id":1}}"#), r#"{"id":1}"#);
        assert_eq!(shaped(step(options()), r#"{"code":null,"data":{"id":1}}"#), r#"{"id":1}"#);
        let with = || step(UnwrapOptions { missing: MissingVerdict::Error, ..options() });
        for input in [r#"{"data":{"id":1}}"#, r#"{"code":null}"#, "[]", "null"] {
            let error = failure(with(), input);
            assert!(matches!(error, Error::Business { status: 502, ref code, .. } if code.is_empty()), "{error}");
        }
        let null_is_good = UnwrapOptions { ok: vec![(path("error"), vec![Node::Null])], ..options() };
        assert_eq!(shaped(step(null_is_good.clone()), r#"{"error":null,"data":1}"#), "1");
        assert!(matches!(failure(step(null_is_good), r#"{"error":"e","data":1}"#), Error::Business { .. }));
    }

    #[test]
    fn the_rest_is_everything_but_the_envelopes_own_members() {
        let rest = || UnwrapOptions { data: vec![Payload::At(path("data")), Payload::Rest], ..options() };
        assert_eq!(shaped(step(rest()), r#"{"a":1,"code":200,"msg":"m","b":{"code":1}}"#), r#"{"a":1,"b":{"code":1}}"#);
        assert_eq!(shaped(step(rest()), r#"{"a":1,"code":200,"data":{"id":1}}"#), r#"{"id":1}"#);
        assert_eq!(shaped(step(rest()), r#"{"a":1,"code":200,"data":null}"#), r#"{"a":1}"#);
        assert_eq!(shaped(step(rest()), r#"{"code":200,"msg":"done"}"#), "null");
        let rest_first = UnwrapOptions { data: vec![Payload::Rest, Payload::At(path("data"))], ..options() };
        assert_eq!(shaped(step(rest_first), r#"{"a":1,"code":200,"data":2}"#), r#"{"a":1,"data":2}"#);
    }

    #[test]
    fn places_are_tried_in_order() {
        let options = UnwrapOptions { data: vec![Payload::At(path("data.rows")), Payload::At(path("data"))], ..options() };
        assert_eq!(shaped(step(options.clone()), r#"{"data":{"rows":[1]},"code":200}"#), "[1]");
        assert_eq!(shaped(step(options), r#"{"data":{"id":1},"code":200}"#), r#"{"id":1}"#);
    }

    #[test]
    fn j4_names_are_compared_decoded_and_j3_the_last_of_two_counts() {
        assert_eq!(shaped(step(options()), r#"{"c\u006fde":200,"dat\u0061":1}"#), "1");
        assert_eq!(shaped(step(options()), r#"{"code":500,"data":1,"code":200,"data":2}"#), "2");
    }

    #[test]
    fn a_document_that_is_no_object_stays_and_is_counted() {
        assert_eq!(shaped_and_noted(step(options()), "[1]"), ("[1]".to_owned(), vec!["unwrap: `.` has array".to_owned()]));
        let error = strict_failure(step(options()), "[1]");
        assert_eq!(error, Error::Mismatch { step: "unwrap", path: ".".to_owned(), found: "array" });
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for (options, message) in [
            (UnwrapOptions { data: vec![], ..options() }, "`data` names no place for the payload"),
            (UnwrapOptions { ok: vec![(path("code"), vec![])], ..options() }, "`ok` has no value of `code` that means success"),
            (UnwrapOptions { otherwise: 200, ..options() }, "200 is no status of a failure; write one from 400 to 599"),
        ] {
            assert_eq!(Unwrap::new(options).expect_err("it makes no sense").message(), message);
        }
    }

    proptest! {
        #[test]
        fn a_payload_leaves_byte_for_byte(payload in documents(), code_first in any::<bool>()) {
            let input = match code_first {
                true => format!(r#"{{"code":200,"data":{payload}}}"#),
                false => format!(r#"{{"data":{payload},"code":200}}"#),
            };
            prop_assert_eq!(shaped(step(options()), &input), payload);
        }

        #[test]
        fn no_document_makes_it_panic(input in documents()) {
            let rest = UnwrapOptions { data: vec![Payload::At(path("data")), Payload::Rest], ..options() };
            let _ = Shape::new(vec![Step::new(step(rest))], false).run(&mut doc(&input), &mut Notes::new());
        }
    }
}
