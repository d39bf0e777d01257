//! `flatten`: what stands in nested objects is lifted, `seller.address.city` becomes `seller_address_city`.
//!
//! The work is done object by object. [`forecast`] looks whether names could meet; nearly always they cannot, and [`lift`]
//! builds the result in one pass. Only when they might, [`clash`] works out which objects have to stay nested.

mod clash;
mod forecast;
mod lift;
#[cfg(test)]
mod tests;

use super::aims::Aims;
use super::fence::{Fence, Ground};
use super::{Error, Notes, StepError};
use crate::json::{Node, Object, Path, Text};
use forecast::Forecast;
use lift::Lift;
pub(super) use lift::push_capital;

const STEP: &str = "flatten";

/// The most bytes of new names that one run of the step may make: a long name above many members is repeated for each of them.
pub(super) const NAME_BYTES: usize = 64 << 20;

/// What joins the names on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Join {
    /// A text between them: `seller_city`, `seller.city`.
    Text(String),
    /// Nothing, but a capital: `sellerCity`.
    Camel,
}

/// What becomes of arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrays {
    /// They are leaves: not looked into.
    Keep,
    /// They are leaves, and each object in them is flattened on its own.
    Each,
    /// They are lifted by position: `list_0_id`.
    Index,
}

/// How objects are flattened. The default is the one of routes.yaml: the whole document, all levels, `_`, arrays are leaves.
#[derive(Debug, Clone)]
pub struct FlattenOptions {
    /// Which objects are flattened; `None` is the document.
    pub at: Option<Path>,
    /// How many times what stands in an object is lifted at most; `None` is all the way. Arrays do not count.
    pub levels: Option<usize>,
    /// What joins the names.
    pub join: Join,
    /// What becomes of arrays.
    pub arrays: Arrays,
    /// Values that stay as they are, seen from the object that is flattened.
    pub except: Vec<Path>,
}

impl Default for FlattenOptions {
    fn default() -> Self {
        Self { at: None, levels: None, join: Join::Text("_".to_owned()), arrays: Arrays::Keep, except: Vec::new() }
    }
}

/// Lifts what stands in nested objects.
///
/// New names take the place of the member that they come from. Empty objects and arrays are leaves. No value is ever lost: an
/// object whose names would meet others stays nested as it came, with everything inside, and so does one whose own name stands
/// twice. Which ones stay does not depend on the order of members.
#[derive(Debug, Clone)]
pub struct Flatten {
    pub(super) at: Option<Aims>,
    pub(super) rules: Rules,
}

/// What holds for every object of a run.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) levels: usize,
    pub(super) joint: Joint,
    pub(super) arrays: Arrays,
    pub(super) except: Fence,
}

/// [`Join`], ready to be written between two names.
#[derive(Debug, Clone)]
pub(super) enum Joint {
    /// As it stands between the quotes of a JSON string.
    Text(String),
    Camel,
}

impl Flatten {
    /// # Errors
    ///
    /// When no level may be lifted, or when `except` names the object itself.
    pub fn new(options: FlattenOptions) -> Result<Self, StepError> {
        let FlattenOptions { at, levels, join, arrays, except } = options;
        if levels == Some(0) {
            return Err(StepError::new("`levels` is 0, so the step would do nothing"));
        }
        let joint = match join {
            Join::Text(text) => Joint::Text(Text::plain(text).as_raw().to_owned()),
            Join::Camel => Joint::Camel,
        };
        let rules = Rules { levels: levels.unwrap_or(usize::MAX), joint, arrays, except: Fence::new("except", except)? };
        Ok(Self { at: at.map(|path| Aims::new(vec![path])), rules })
    }

    /// # Errors
    ///
    /// [`Error::TooLarge`] when the new names would take more memory than any honest document needs.
    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        let rules = &self.rules;
        match &self.at {
            None => Run { rules, name_bytes: 0, notes }.top(doc, &"."),
            Some(at) => {
                let mut name_bytes = 0;
                at.each_mut(STEP, doc, notes, &mut |node, path, notes| {
                    let mut run = Run { rules, name_bytes, notes };
                    run.top(node, path)?;
                    name_bytes = run.name_bytes;
                    Ok(())
                })
            }
        }
    }
}

/// One run of the step.
struct Run<'r> {
    rules: &'r Rules,
    /// Bytes of new names so far.
    name_bytes: usize,
    notes: &'r mut Notes,
}

impl Run<'_> {
    /// What `at` names. An object is flattened, null has nothing to flatten, all else is the wrong type.
    fn top(&mut self, node: &mut Node<'_>, place: &dyn std::fmt::Display) -> Result<(), Error> {
        let ground = self.rules.except.start();
        match node {
            Node::Object(object) => self.object(object, &ground),
            Node::Array(elements) if self.rules.arrays == Arrays::Each => self.elements(elements, &ground),
            Node::Null => Ok(()),
            other => {
                self.notes.mismatch(STEP, place, other.kind());
                Ok(())
            }
        }
    }

    fn object(&mut self, object: &mut Object<'_>, ground: &Ground) -> Result<(), Error> {
        let (plan, members) = match forecast::of(self.rules, object.members(), ground) {
            Forecast::Flat => return self.leaves(object, ground),
            Forecast::Clear { members } => (None, members),
            Forecast::Unsure => (Some(clash::plan(self, object.members(), ground)?), object.len()),
        };
        let levels = self.rules.levels;
        let mut lift = Lift::new(self, plan, members);
        lift.members(std::mem::take(object.members_mut()), levels, ground)?;
        *object.members_mut() = lift.into_members();
        Ok(())
    }

    /// The values of an object in which nothing is lifted.
    fn leaves(&mut self, object: &mut Object<'_>, ground: &Ground) -> Result<(), Error> {
        if self.rules.arrays != Arrays::Each {
            return Ok(());
        }
        for member in object.members_mut() {
            if let Some(below) = self.rules.except.member(ground, &member.key) {
                self.leaf(&mut member.value, &below)?;
            }
        }
        Ok(())
    }

    /// A value that is not lifted.
    fn leaf(&mut self, value: &mut Node<'_>, ground: &Ground) -> Result<(), Error> {
        match value {
            Node::Array(elements) if self.rules.arrays == Arrays::Each => self.elements(elements, ground),
            _ => Ok(()),
        }
    }

    /// Each object in an array, however many arrays deep, on its own.
    fn elements(&mut self, elements: &mut [Node<'_>], ground: &Ground) -> Result<(), Error> {
        for (at, element) in elements.iter_mut().enumerate() {
            let Some(below) = self.rules.except.element(ground, at) else { continue };
            match element {
                Node::Object(object) => self.object(object, &below)?,
                Node::Array(inner) => self.elements(inner, &below)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts the bytes of a new name.
    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.name_bytes = self.name_bytes.saturating_add(bytes);
        if self.name_bytes > NAME_BYTES { Err(Error::TooLarge) } else { Ok(()) }
    }
}
