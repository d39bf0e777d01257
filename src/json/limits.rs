//! How large a document may be, beside its bytes.

/// What a parser accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep containers may nest: `[]` is 1 deep. [`Limits::DEEPEST`] holds where this is more.
    pub depth: usize,
    /// How many values there may be, containers included.
    pub nodes: usize,
    /// What becomes of an object in which a name stands twice.
    pub duplicates: Duplicates,
}

impl Limits {
    /// The deepest that a tree may be, whatever is asked for: trees are walked by recursion, and stacks are finite.
    pub const DEEPEST: usize = 512;
}

/// What becomes of an object in which a name stands twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Both stay, as upstreams do send them.
    Allow,
    /// It is an error, as it is in a request: two readers could pick different ones.
    Refuse,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, nodes: usize::MAX, duplicates: Duplicates::Allow }
    }
}
