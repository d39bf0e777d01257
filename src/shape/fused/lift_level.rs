//! What a flattening needs to know, and what is known of a container that is open in it.

use super::prefix::ONCE;

/// What such a flattening needs to know.
#[derive(Debug, Clone)]
pub(super) struct Quick {
    pub(super) drops: bool,
    pub(super) each: bool,
    pub(super) joint: Box<[u8]>,
    /// The joiner with bytes to spare, when it is short.
    pub(super) short_joint: [u8; ONCE],
}

impl Quick {
    pub(super) fn new(drops: bool, each: bool, joint: &[u8]) -> Self {
        let mut short_joint = [0; ONCE];
        short_joint.iter_mut().zip(joint).for_each(|(to, byte)| *to = *byte);
        Self { drops, each, joint: joint.into(), short_joint }
    }
}

/// An open container that is flattened, or an array of such.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) in_object: bool,
    /// Nothing of it is read yet.
    pub(super) opened: bool,
    /// Nothing is written yet where its members go.
    pub(super) first: bool,
    /// It has a member that stays.
    pub(super) kept: bool,
    /// Its members go to the object around it.
    pub(super) is_lifted: bool,
    /// Names in it may meet.
    pub(super) may_meet: bool,
    /// Where its names begin, and those that are lifted.
    pub(super) names: usize,
    pub(super) lifts: usize,
    /// How long the prefix was outside, and where that of its names begins.
    pub(super) prefix: usize,
    pub(super) prefix_from: usize,
    /// How much was written before it, and where it begins in the input; [`GONE`](super::frame::GONE) when those bytes are let go.
    pub(super) mark: usize,
    pub(super) start: usize,
    /// How much there was to say before it.
    pub(super) noted: usize,
}
