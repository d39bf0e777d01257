//! The steps of `shape`, as typed.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Literal, OneOrMany};

/// One step: a map with one key, the step's name; `when` may stand beside it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a step", transform = super::schema::one_step)]
pub struct StepSpec {
    /// Takes the payload out of an envelope; a business failure under 200 becomes its status.
    pub unwrap: Option<UnwrapSpec>,
    /// One page shape for every backend: `{items, page: {number, size, total, pages}}`.
    pub page: Option<PagingSpec>,
    /// What becomes of null.
    pub nulls: Option<NullsSpec>,
    /// Lifts nested objects: `seller.city` becomes `seller_city`.
    pub flatten: Option<FlattenSpec>,
    /// Keeps these members only.
    pub pick: Option<PickSpec>,
    /// Removes what these paths name.
    pub omit: Option<OneOrMany<String>>,
    /// A new key in the same place.
    pub rename: Option<IndexMap<String, String>>,
    /// Another place.
    #[serde(rename = "move")]
    pub move_: Option<IndexMap<String, String>>,
    /// Another place too.
    pub copy: Option<IndexMap<String, String>>,
    /// Steps for every element of a list.
    pub each: Option<EachSpec>,
    /// Values for what is null or missing.
    pub default: Option<IndexMap<String, Literal>>,
    /// Types, dates, enums.
    pub convert: Option<IndexMap<String, ConvertSpec>>,
    /// Numbers that survive JavaScript.
    pub numbers: Option<NumbersSpec>,
    /// The case of keys.
    pub case: Option<CaseSpec>,
    /// A list regrouped by a member.
    pub group: Option<GroupBySpec>,
    /// The document under a key.
    pub wrap: Option<String>,
    /// Objects joined into one.
    pub merge: Option<MergeSpec>,
    /// The step runs only when this holds.
    pub when: Option<WhenSpec>,
}

/// A condition on the document.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`when`")]
pub struct WhenSpec {
    /// Where to look.
    pub path: String,
    /// What must be there, exactly; without it, that anything but null is.
    #[serde(default, deserialize_with = "super::text::given")]
    pub equals: Option<Literal>,
}

/// An envelope: a path, a preset's name, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UnwrapSpec {
    /// A preset (`mall`, `ruoyi`, `litemall`, `newbee`, `jeecg`, or one of yours), else the payload's path.
    Name(String),
    /// The mapping.
    Mapping(Box<EnvelopeSpec>),
}

/// What an envelope looks like.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an envelope")]
pub struct EnvelopeSpec {
    /// Where the payload is; `*` is everything but the envelope's own keys; a list is tried in order. Default `data`.
    pub data: Option<OneOrMany<String>>,
    /// The verdict: a member and the values that mean success. Without it every reply is a success.
    pub ok: Option<IndexMap<String, OneOrMany<Literal>>>,
    /// What a reply without the verdict's member means. Default `ok`.
    pub missing: Option<MissingVerdictSpec>,
    /// Where the message is; the first that exists.
    pub message: Option<OneOrMany<String>>,
    /// The status of a failure, by the verdict's value; `else` for the rest. Default 502.
    #[schemars(with = "Option<IndexMap<String, super::text::StatusText>>")]
    pub status: Option<IndexMap<String, u16>>,
    /// What stands in when a success has no payload; `error` makes it a 502. Default null.
    #[serde(default, deserialize_with = "super::text::given")]
    pub missing_data: Option<Literal>,
}

/// What a reply without a verdict means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingVerdictSpec {
    /// A success.
    Ok,
    /// A failure.
    Error,
}

/// A page list: a preset's name or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PagingSpec {
    /// A preset: `mall`, `ruoyi`, `spring`, `mybatis`, `hal`, or one of yours.
    Name(String),
    /// The mapping.
    Mapping(Box<PagingMapSpec>),
}

/// Where a page list keeps its parts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a page list")]
pub struct PagingMapSpec {
    /// The items; a list of paths is tried in order.
    pub items: OneOrMany<String>,
    /// The page's number.
    pub number: Option<OneOrMany<String>>,
    /// What the backend calls the first page: 0 or 1. Default 1.
    #[schemars(range(max = 1))]
    pub first: Option<u8>,
    /// Items on a page.
    pub size: Option<OneOrMany<String>>,
    /// Items in all.
    pub total: Option<OneOrMany<String>>,
    /// Pages in all; counted from `total` and `size` when absent.
    pub pages: Option<OneOrMany<String>>,
}

/// What becomes of null: `drop`, `keep`, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NullsSpec {
    /// For members.
    Members(KeepOrDrop),
    /// The mapping.
    Mapping(Box<NullsMapSpec>),
}

/// Kept or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepOrDrop {
    /// It stays.
    Keep,
    /// It goes.
    Drop,
}

/// What becomes of null, kind by kind.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`nulls`")]
pub struct NullsMapSpec {
    /// Members that are null. Default `drop`.
    pub members: Option<KeepOrDrop>,
    /// Array elements that are null. Default `keep`.
    pub elements: Option<KeepOrDrop>,
    /// What was empty upstream. Default: all kept.
    pub empty: Option<EmptySpec>,
    /// Containers that this step emptied. Default `keep`.
    pub emptied: Option<KeepOrDrop>,
    /// Paths whose whole subtree is left alone.
    #[serde(default)]
    pub except: Vec<String>,
    /// What stands in for null at a path.
    #[serde(default)]
    pub to: IndexMap<String, Literal>,
}

/// What becomes of empty values.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`empty`")]
pub struct EmptySpec {
    /// `""`
    pub strings: Option<KeepOrDrop>,
    /// `{}`
    pub objects: Option<KeepOrDrop>,
    /// `[]`
    pub arrays: Option<KeepOrDrop>,
}

/// `true`, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FlattenSpec {
    /// With all defaults.
    Whole(bool),
    /// The mapping.
    Mapping(Box<FlattenMapSpec>),
}

/// How objects are flattened.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`flatten`")]
pub struct FlattenMapSpec {
    /// Which objects are flattened. Default the document.
    pub at: Option<String>,
    /// How many levels are lifted. Default `all`.
    pub levels: Option<LevelsSpec>,
    /// What joins the names: `_` by default, any text, or `camel`.
    pub join: Option<String>,
    /// `keep`: arrays are leaves; `each`: the objects in them are flattened on their own; `index`: lifted by position.
    pub arrays: Option<FlattenArraysSpec>,
    /// What happens when two keys meet. Default `keep_nested`.
    pub on_conflict: Option<FlattenConflictSpec>,
    /// Paths that stay nested.
    #[serde(default)]
    pub except: Vec<String>,
}

/// A number of levels, or `all`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LevelsSpec {
    /// That many.
    Count(#[schemars(range(min = 1))] usize),
    /// All of them.
    All(AllWord),
}

/// The word `all`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllWord {
    /// Every one.
    All,
}

/// What flatten does with arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlattenArraysSpec {
    /// Arrays are leaves.
    Keep,
    /// Objects in arrays are flattened on their own.
    Each,
    /// Arrays are lifted by position.
    Index,
}

/// What flatten does when two keys meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlattenConflictSpec {
    /// The subtree stays nested.
    KeepNested,
}

/// Fields, or fields at a path.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PickSpec {
    /// Of the document.
    Fields(Vec<String>),
    /// Of the objects at a path.
    At(PickAtSpec),
}

/// Fields of the objects at a path.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`pick`")]
pub struct PickAtSpec {
    /// Which objects. Default the document.
    pub at: Option<String>,
    /// What is kept.
    pub fields: Vec<String>,
}

/// Steps for every element.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`each`")]
pub struct EachSpec {
    /// The list.
    #[serde(rename = "in")]
    pub list: String,
    /// The steps; each sees one element as its document.
    pub steps: Vec<StepSpec>,
}

/// A conversion: its name, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ConvertSpec {
    /// By name.
    Kind(ConvertKind),
    /// With options.
    Mapping(Box<ConvertMapSpec>),
}

/// What a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvertKind {
    /// A string with the same characters.
    String,
    /// A number, from a string that is one.
    Number,
    /// A whole number, from a string or a decimal without fraction.
    Integer,
    /// 0/1, "true"/"false", "Y"/"N", "yes"/"no".
    Boolean,
    /// A string in plain notation, with its scale: `1E+2` is "100".
    DecimalString,
    /// The document inside of a string.
    Json,
    /// The parts of a string.
    List,
    /// A date and time, ISO 8601 with offset.
    Iso,
    /// A date alone.
    Date,
    /// Milliseconds since 1970.
    EpochMs,
    /// Seconds since 1970.
    EpochS,
}

/// A conversion with options.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a conversion")]
pub struct ConvertMapSpec {
    /// What it becomes.
    pub to: Option<ConvertKind>,
    /// What parts a list. Default `,`.
    pub split: Option<String>,
    /// The forms a date may come in, tried in order: `iso`, `epoch_ms`, `epoch_s`, `array`, or a Java pattern.
    pub from: Option<OneOrMany<String>>,
    /// The zone of a date without one; also the zone of the result. Default UTC.
    pub zone: Option<String>,
    /// Each value's replacement.
    pub map: Option<IndexMap<String, Literal>>,
    /// What stands for every other value.
    #[serde(rename = "else")]
    #[serde(default, deserialize_with = "super::text::given")]
    pub otherwise: Option<Literal>,
    /// What an impossible date becomes (`0000-00-00`): it stays, or `null`. Default stays.
    #[serde(default, deserialize_with = "super::text::given")]
    pub invalid: Option<Literal>,
}

/// Numbers that survive JavaScript.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`numbers`")]
pub struct NumbersSpec {
    /// Integers beyond 9007199254740991. Default `keep`.
    #[serde(rename = "unsafe")]
    pub beyond: Option<UnsafeNumbersSpec>,
    /// Keys whose numbers are always strings; `*Id` matches any name with that end.
    #[serde(default)]
    pub always_string: Vec<String>,
    /// NaN and infinities: a bare token or Jackson's string. Default `null` for tokens; strings stay.
    #[serde(default, deserialize_with = "super::text::given")]
    pub nan: Option<NanSpec>,
}

/// What an integer beyond the safe range becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnsafeNumbersSpec {
    /// A string of the same digits.
    String,
    /// It stays.
    Keep,
}

/// What NaN becomes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NanSpec {
    /// `null`
    Null(()),
    /// `"NaN"` or an error.
    Word(NanWord),
}

/// What NaN becomes, other than null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NanWord {
    /// A string.
    String,
    /// A 502.
    Error,
}

/// A case, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CaseSpec {
    /// For every key.
    To(CaseKind),
    /// With exceptions.
    Mapping(CaseMapSpec),
}

/// A case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// `userName`
    Camel,
    /// `user_name`
    Snake,
    /// `user-name`
    Kebab,
    /// `UserName`
    Pascal,
}

/// A case with exceptions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`case`")]
pub struct CaseMapSpec {
    /// The case.
    pub to: CaseKind,
    /// Keys that stay.
    #[serde(default)]
    pub except: Vec<String>,
    /// Paths below which keys stay.
    #[serde(default)]
    pub stop: Vec<String>,
}

/// A list regrouped.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`group`")]
pub struct GroupBySpec {
    /// The list.
    #[serde(rename = "in")]
    pub list: String,
    /// The member, a path inside of an element.
    pub by: String,
    /// `entries`: `[{key, items}]` in order of appearance; `map`: an object of lists. Default `entries`.
    #[serde(rename = "as")]
    pub into: Option<GroupForm>,
    /// The key of elements without the member. Default `""`.
    pub missing: Option<String>,
}

/// The form of a regrouped list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupForm {
    /// `[{key, items}]`
    Entries,
    /// `{key: items}`
    Map,
}

/// Objects joined into one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`merge`")]
pub struct MergeSpec {
    /// Where the objects are, in order.
    pub from: Vec<String>,
    /// Where the joined one goes.
    pub into: String,
    /// Which value stays when two have the same key. Default `last`.
    pub on_conflict: Option<MergeConflict>,
}

/// Which value stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeConflict {
    /// The first one's.
    First,
    /// The last one's.
    Last,
    /// A 502.
    Error,
}
