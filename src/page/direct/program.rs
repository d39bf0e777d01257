//! A template, and all that it stands on, as one list of steps.

use super::expression::Expression;
use super::filter::Filter;

/// The steps of a template.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Do>,
    /// How many places it needs for what it sets.
    pub(super) slots: usize,
    /// The names of its blocks, by number.
    pub(super) blocks: Vec<String>,
}

/// A step.
#[derive(Debug)]
pub(super) enum Do {
    /// Writes a text.
    Text(String),
    /// Writes a value, escaped.
    Write(Expression),
    /// Takes the first way if the condition holds, else the other.
    If(Expression, Vec<Do>, Vec<Do>),
    /// Takes the first way whose condition holds, else the other: one step however many they are, so that no stack is taken for them.
    Choose(Vec<(Expression, Vec<Do>)>, Vec<Do>),
    For(Box<For>),
    /// Puts a value in a place.
    Set(usize, Expression),
    /// Empties places: a template begins that is included.
    Clear(Box<[usize]>),
    /// Keeps what the steps write, and filters it.
    Keep(Box<Keep>),
    /// A block begins, by its number.
    Begin(usize),
    /// It ends.
    End(usize),
    Break,
    Continue,
}

/// A way for every element of a list or member of a map, and the one when there is none.
#[derive(Debug)]
pub(super) struct For {
    pub(super) list: Expression,
    pub(super) has_key: bool,
    /// The places that it sets, which are empty when a turn begins.
    pub(super) clears: Box<[usize]>,
    pub(super) body: Vec<Do>,
    pub(super) otherwise: Vec<Do>,
}

/// A section whose text is not written as it is.
#[derive(Debug)]
pub(super) struct Keep {
    pub(super) steps: Vec<Do>,
    pub(super) filters: Vec<Filter>,
    /// The place that it goes to; without one it is written.
    pub(super) place: Option<usize>,
}
