//! Expressions: what of the engine's language is worked out here.

use tera::value::Key;

use super::filter::Filter;
use super::function::Call;

/// What can be worked out.
#[derive(Debug)]
pub(super) enum Expression {
    Constant(Constant),
    Path(Path),
    /// What stands in the first of these places that hold something, else the other: a name that a template sets.
    Held(Box<[Place]>, Box<Expression>),
    /// A word on the turn of the loop that many loops from the outermost.
    Turn(usize, Turn),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    In(Box<Expression>, Box<Expression>),
    Is(Test, Box<Expression>),
    /// The second if the first holds, else the third.
    Choice(Box<[Expression; 3]>),
    Negative(Box<Expression>),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    /// Texts, one after the other.
    Concat(Vec<Expression>),
    Member(Box<Expression>, Step),
    Item(Box<Item>),
    List(Vec<Expression>),
    Map(Vec<(Key<'static>, Expression)>),
    Each(Box<Each>),
    Filtered(Box<Expression>, Box<Filter>),
    Called(Box<Call>),
}

#[derive(Debug)]
pub(super) enum Constant {
    None,
    Truth(bool),
    Whole(i64),
    Fraction(f64),
    Text(Box<str>),
    /// A list or a map.
    Engine(tera::Value),
}

/// A value and members of members of it.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// A member, and whether nothing in front of it is nothing instead of an error: `a?.b`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) name: u16,
    pub(super) is_optional: bool,
}

/// Where a path begins.
#[derive(Debug)]
pub(super) enum Root {
    /// The document.
    Data,
    /// A member of the document.
    Member(u16),
    /// `head`: that of the page where it has one, else a member of the document.
    Head(u16),
    /// The element of the loop that many loops from the outermost.
    Element(usize),
    /// Its key.
    Key(usize),
    Method,
    RequestPath,
    Id,
    Nonce,
    Param(Box<str>),
    Query(Box<str>),
    Route,
    Origin,
    /// All of `request`.
    Request,
    /// All of `site`.
    Site,
}

/// Where something that a template set is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) slot: usize,
    /// Whether it belongs to a template that includes the one that asks: what it holds counts there if it is something.
    pub(super) is_outer: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Index,
    Index0,
    First,
    Last,
    Length,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    DivideWhole,
    Remainder,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Defined,
    Undefined,
    None,
    String,
    Number,
    Map,
    Bool,
    Array,
    Integer,
    Float,
    Iterable,
    Odd,
    Even,
}

impl Test {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "defined" => Self::Defined,
            "undefined" => Self::Undefined,
            "none" => Self::None,
            "string" => Self::String,
            "number" => Self::Number,
            "map" => Self::Map,
            "bool" => Self::Bool,
            "array" => Self::Array,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "iterable" => Self::Iterable,
            "odd" => Self::Odd,
            "even" => Self::Even,
            _ => return None,
        })
    }
}

/// What stands in square brackets behind a value.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) of: Expression,
    pub(super) which: Which,
    pub(super) is_optional: bool,
}

#[derive(Debug)]
pub(super) enum Which {
    /// `a["b"]`: with the number of the name.
    Name(u16),
    At(Expression),
    /// `a[from:to:step]`
    Range([Option<Expression>; 3]),
}

/// `[each for element in list if condition]`
#[derive(Debug)]
pub(super) struct Each {
    pub(super) list: Expression,
    pub(super) has_key: bool,
    pub(super) condition: Option<Expression>,
    pub(super) each: Expression,
}
