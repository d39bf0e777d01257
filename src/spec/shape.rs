//! The steps of `shape`, as typed.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ConvertSpec, Literal, NumbersSpec, OneOrMany, PagingSpec, UnwrapSpec};

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
