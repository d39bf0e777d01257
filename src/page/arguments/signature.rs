//! What every filter, function and test may be told.

use super::super::filters::MOST_PLACES;
use super::super::readers;
use super::calls::Callee;
use super::kind::Kind::{self, Any, Character, Count, Each, Read, ReadOrNull, Step, Text, Truth, Whole, Within, Word};

/// The arguments of one of them: name, kind, and whether it cannot do without.
#[derive(Debug)]
pub(super) struct Signature(&'static [(&'static str, Kind, bool)]);

/// Arguments that do not go together: whose, and which.
pub(super) const APART: [(Callee, &str, [&str; 2]); 1] = [(Callee::Filter, "date", ["format", "locale"])];

/// In what order people give arguments that have lost their names, where it is another one than that of the signature.
pub(super) const IN_TURN: [(&str, &[&str]); 2] = [("plural", &["one", "other"]), ("round", &["precision", "method"])];

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

/// `None` for what nobody knows.
pub(super) fn signature(callee: Callee, name: &str) -> Option<&'static Signature> {
    of(callee).iter().find(|(known, _)| *known == name).map(|(_, signature)| signature)
}

/// All that there are.
pub(super) fn names(callee: Callee) -> impl Iterator<Item = &'static str> {
    of(callee).iter().map(|(name, _)| *name)
}

fn of(callee: Callee) -> Signatures {
    match callee {
        Callee::Filter => FILTERS,
        Callee::Function => FUNCTIONS,
        Callee::Test => TESTS,
    }
}

type Signatures = &'static [(&'static str, Signature)];

const PLACES: Kind = Within(0, MOST_PLACES);
const ZONE: Kind = Read(|value| readers::zone(value).map(drop));
const CURRENCY: Kind = Read(|value| readers::currency(value).map(drop));
const LOCALE: Kind = Read(|value| readers::locale(value).map(drop));
const LANGUAGE: Kind = Read(|value| readers::language(value).map(drop));
const PIXELS: fn(&tera::Value) -> Result<(), readers::Refusal> = |value| readers::pixels(value).map(drop);
const FORMATS: Kind = Each(|value| readers::format_name(value).map(drop));

const PATTERN: Signature = Signature(&[("pat", Text, false)]);
const NEEDS_PATTERN: Signature = Signature(&[("pat", Text, true)]);

pub(super) const FILTERS: Signatures = &[
    // Ours.
    ("absolute", Signature::NOTHING),
    ("date", Signature(&[("format", Read(readers::format), false), ("zone", ZONE, false), ("locale", LOCALE, false)])),
    ("decimal", Signature(&[("places", PLACES, false), ("group", Text, false), ("point", Text, false)])),
    ("json", Signature::NOTHING),
    ("json_script", Signature::NOTHING),
    ("money", Signature(&[("currency", CURRENCY, true), ("locale", LOCALE, false), ("minor", Truth, false)])),
    (
        "plural",
        Signature(&[
            ("other", Text, true),
            ("zero", Text, false),
            ("one", Text, false),
            ("two", Text, false),
            ("few", Text, false),
            ("many", Text, false),
            ("locale", LANGUAGE, false),
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
        Signature(&[
            ("width", Count, false),
            ("indentation", Character, false),
            ("first", Truth, false),
            ("blank", Truth, false),
        ]),
    ),
    ("int", Signature(&[("base", Within(2, 36), false)])),
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
    ("round", Signature(&[("method", Word(&["ceil", "floor"]), false), ("precision", Whole, false)])),
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
            ("widths", Each(PIXELS), false),
            ("sizes", Text, false),
            ("width", ReadOrNull(PIXELS), false),
            ("height", ReadOrNull(PIXELS), false),
            ("formats", FORMATS, false),
            ("pattern", Text, false),
            ("class", Text, false),
            ("lazy", Truth, false),
        ]),
    ),
    // The engine's.
    ("range", Signature(&[("start", Whole, false), ("end", Whole, true), ("step_by", Step, false)])),
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
