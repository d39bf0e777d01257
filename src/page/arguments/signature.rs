//! What every filter, function and test may be told.

use super::calls::Callee;
use super::kind::Kind::{self, Any, Count, List, Text, Truth, Whole};

/// The arguments of one of them: name, kind, and whether it cannot do without.
#[derive(Debug)]
pub(super) struct Signature(&'static [(&'static str, Kind, bool)]);

impl Signature {
    pub(super) const NOTHING: Self = Self(&[]);

    pub(super) fn kind(&self, argument: &str) -> Option<Kind> {
        self.0.iter().find(|(name, ..)| *name == argument).map(|(_, kind, _)| *kind)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.iter().map(|(name, ..)| *name)
    }

    pub(super) fn required(&self) -> impl Iterator<Item = (&'static str, Kind)> + use<> {
        self.0.iter().filter(|(.., is_required)| *is_required).map(|(name, kind, _)| (*name, *kind))
    }
}

/// `None` for what nobody knows; the engine has a word for that.
pub(super) fn signature(callee: Callee, name: &str) -> Option<&'static Signature> {
    let all = match callee {
        Callee::Filter => FILTERS,
        Callee::Function => FUNCTIONS,
        Callee::Test => TESTS,
    };
    all.iter().find(|(known, _)| *known == name).map(|(_, signature)| signature)
}

type Signatures = &'static [(&'static str, Signature)];

const PATTERN: Signature = Signature(&[("pat", Text, false)]);
const NEEDS_PATTERN: Signature = Signature(&[("pat", Text, true)]);

pub(super) const FILTERS: Signatures = &[
    // Ours.
    ("absolute", Signature::NOTHING),
    ("date", Signature(&[("format", Text, false), ("zone", Text, false), ("locale", Text, false)])),
    ("decimal", Signature(&[("places", Count, false), ("group", Text, false), ("point", Text, false)])),
    ("json", Signature::NOTHING),
    ("json_script", Signature::NOTHING),
    ("money", Signature(&[("currency", Text, true), ("locale", Text, false), ("minor", Truth, false)])),
    (
        "plural",
        Signature(&[
            ("other", Text, true),
            ("zero", Text, false),
            ("one", Text, false),
            ("two", Text, false),
            ("few", Text, false),
            ("many", Text, false),
            ("locale", Text, false),
            ("ordinal", Truth, false),
        ]),
    ),
    ("striptags", Signature::NOTHING),
    ("url", Signature::NOTHING),
    ("urlencode", Signature::NOTHING),
    ("urlencode_path", Signature::NOTHING),
    // The engine's.
    ("abs", Signature::NOTHING),
    ("capitalize", Signature::NOTHING),
    ("default", Signature(&[("value", Any, true), ("boolean", Truth, false)])),
    ("escape", Signature::NOTHING),
    ("escape_html", Signature::NOTHING),
    ("escape_xml", Signature::NOTHING),
    ("first", Signature::NOTHING),
    ("float", Signature::NOTHING),
    ("get", Signature(&[("key", Text, true), ("default", Any, false)])),
    ("group_by", Signature(&[("attribute", Text, true)])),
    (
        "indent",
        Signature(&[("width", Count, false), ("indentation", Text, false), ("first", Truth, false), ("blank", Truth, false)]),
    ),
    ("int", Signature(&[("base", Count, false)])),
    ("join", Signature(&[("sep", Text, false)])),
    ("keys", Signature::NOTHING),
    ("last", Signature::NOTHING),
    ("length", Signature::NOTHING),
    ("lower", Signature::NOTHING),
    ("newlines_to_br", Signature::NOTHING),
    ("nth", Signature(&[("n", Count, true)])),
    ("pairs", Signature::NOTHING),
    ("pluralize", Signature(&[("singular", Text, false), ("plural", Text, false)])),
    ("replace", Signature(&[("from", Text, true), ("to", Text, true)])),
    ("reverse", Signature::NOTHING),
    ("round", Signature(&[("method", Text, false), ("precision", Whole, false)])),
    ("safe", Signature::NOTHING),
    ("sort", Signature(&[("attribute", Text, false)])),
    ("split", NEEDS_PATTERN),
    ("str", Signature::NOTHING),
    ("title", Signature::NOTHING),
    ("trim", PATTERN),
    ("trim_end", PATTERN),
    ("trim_start", PATTERN),
    ("truncate", Signature(&[("length", Count, true), ("end", Text, false)])),
    ("unique", Signature::NOTHING),
    ("upper", Signature::NOTHING),
    ("values", Signature::NOTHING),
    ("wordcount", Signature::NOTHING),
];

pub(super) const FUNCTIONS: Signatures = &[
    // Ours.
    ("pagination", Signature(&[("page", Count, true), ("pages", Count, true), ("window", Count, false)])),
    (
        "picture",
        Signature(&[
            ("src", Any, true),
            ("alt", Any, true),
            ("widths", List, false),
            ("sizes", Text, false),
            ("width", Count, false),
            ("height", Count, false),
            ("formats", List, false),
            ("pattern", Text, false),
            ("class", Text, false),
            ("lazy", Truth, false),
        ]),
    ),
    // The engine's.
    ("range", Signature(&[("start", Whole, false), ("end", Whole, true), ("step_by", Whole, false)])),
    ("super", Signature::NOTHING),
    ("throw", Signature(&[("message", Text, true)])),
];

pub(super) const TESTS: Signatures = &[
    ("array", Signature::NOTHING),
    ("bool", Signature::NOTHING),
    ("containing", Signature(&[("pat", Any, true)])),
    ("defined", Signature::NOTHING),
    ("divisible_by", Signature(&[("divisor", Whole, true)])),
    ("ending_with", NEEDS_PATTERN),
    ("even", Signature::NOTHING),
    ("float", Signature::NOTHING),
    ("integer", Signature::NOTHING),
    ("iterable", Signature::NOTHING),
    ("map", Signature::NOTHING),
    ("none", Signature::NOTHING),
    ("number", Signature::NOTHING),
    ("odd", Signature::NOTHING),
    ("starting_with", NEEDS_PATTERN),
    ("string", Signature::NOTHING),
    ("undefined", Signature::NOTHING),
];
