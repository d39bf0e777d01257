//! What is known of an open container.

/// What flattening does in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nothing.
    Off,
    /// Its members stay, what is in them is lifted.
    Top,
    /// It is lifted: its members go to the object around it.
    Lifted,
    /// Each object in it is flattened on its own.
    List,
}

/// An open container.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) is_object: bool,
    /// Nothing of it is read yet.
    pub(super) opened: bool,
    /// Nothing is written yet where its members go.
    pub(super) first: bool,
    /// The step that removes it, known before its inside is read.
    pub(super) doomed: Option<usize>,
    /// What stands in for a decision of the counting step: it may remove the container when nothing is left in it.
    pub(super) may_empty: bool,
    /// A name in it became another one, or is one of several that may not meet.
    pub(super) touched: bool,
    /// Something in it is lifted.
    pub(super) lifts: bool,
    pub(super) scope: Scope,
    /// How much was written before it, with its name.
    pub(super) mark: usize,
    /// Where it begins in the input, with what stands between it and the value before; [`GONE`] when those bytes are let go.
    pub(super) start: usize,
    /// Where its name stands in the input, between its quotes.
    pub(super) key: (usize, usize),
    /// Elements read.
    pub(super) index: usize,
    /// Members that the counting step saw, and left.
    pub(super) arrived: usize,
    pub(super) survived: usize,
    /// Members written.
    pub(super) kept: usize,
    /// Where the names that steps gave it begin among all that are kept for comparison, and that by which it is lifted.
    pub(super) own_names: usize,
    pub(super) own_lifted: usize,
    /// Where those in it begin, of its own and of what is lifted.
    pub(super) names: usize,
    pub(super) lifted: usize,
    /// How often what is in it may still be lifted.
    pub(super) levels: usize,
    /// Where the prefix of the names in it begins, and how long it was outside.
    pub(super) prefix_from: usize,
    pub(super) prefix_before: usize,
    /// The defaults whose names stand in it, and the one that it is itself.
    pub(super) seen: u64,
    pub(super) own_bit: u64,
    /// Those of them that were filled in.
    pub(super) filled: u64,
    /// How much there was to say before it.
    pub(super) noted: usize,
    /// There is something to say about it if it stays.
    pub(super) late: bool,
}

/// The place of input that is not kept any more.
pub(super) const GONE: usize = usize::MAX;
