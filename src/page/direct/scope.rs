//! What a name stands for where it stands: something that the template set, an element of a loop, something of the request, or a
//! member of the document.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Expression, Path, Place, Root, Step, Turn};
use super::names::Names;
use super::stays::Odd;

/// The templates and loops around a place, and the names of members that have been met.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) names: Names,
    /// The names that any template sets.
    assigned: BTreeSet<String>,
    /// The innermost is the last one.
    frames: Vec<Frame>,
    /// How many places for what templates set there are.
    pub(super) slots: usize,
    /// How many loops there are around a place.
    loops: usize,
    /// How many of them stand in the same template, which is what `loop` goes by.
    near_loops: usize,
}

/// Members of members, each with whether nothing in front of it is nothing.
type Members<'m, 'n> = &'m [(&'n str, bool)];

/// A template, or a loop in it.
#[derive(Debug, Default)]
struct Frame {
    around: Around,
    /// What is set there: each name with its place.
    slots: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
enum Around {
    #[default]
    Template,
    Loop {
        element: String,
        key: Option<String>,
        /// Whether `loop` speaks of it: not of one in a list.
        has_turn: bool,
    },
}

impl Scope {
    /// With the names that templates set.
    pub(super) fn new(names: Names, assigned: BTreeSet<String>) -> Self {
        Self { names, assigned, ..Self::default() }
    }

    /// A template begins; what it gives back is for [`Scope::leave_template`].
    pub(super) fn enter_template(&mut self) -> usize {
        self.frames.push(Frame::default());
        std::mem::take(&mut self.near_loops)
    }

    /// It ends. Gives the places that it sets.
    pub(super) fn leave_template(&mut self, near_loops: usize) -> Box<[usize]> {
        self.near_loops = near_loops;
        self.frames.pop().map(|frame| frame.slots.into_values().collect()).unwrap_or_default()
    }

    /// Where a loop says what it goes over, `loop` is already a word, though what it speaks of is another loop.
    pub(super) fn before_loop(&mut self) {
        self.near_loops += 1;
    }

    /// A loop begins, of which [`Scope::before_loop`] told.
    pub(super) fn enter_loop(&mut self, element: &str, key: Option<&str>) {
        self.enter(element, key, true);
    }

    /// A loop ends. Gives the places that it sets.
    pub(super) fn leave_loop(&mut self) -> Box<[usize]> {
        self.near_loops -= 1;
        self.leave()
    }

    /// The elements of a list are made of those of another one.
    pub(super) fn enter_each(&mut self, element: &str, key: Option<&str>) {
        self.enter(element, key, false);
    }

    fn enter(&mut self, element: &str, key: Option<&str>, has_turn: bool) {
        self.loops += 1;
        let around = Around::Loop { element: element.to_owned(), key: key.map(str::to_owned), has_turn };
        self.frames.push(Frame { around, slots: BTreeMap::new() });
    }

    pub(super) fn leave(&mut self) -> Box<[usize]> {
        self.loops -= 1;
        self.frames.pop().map(|frame| frame.slots.into_values().collect()).unwrap_or_default()
    }

    /// The place of a name that is set here: in the innermost loop, or in the template as a whole.
    pub(super) fn set(&mut self, name: &str, in_template: bool) -> Result<usize, Odd> {
        let is_it = |frame: &Frame| !in_template || matches!(frame.around, Around::Template);
        let at = self.frames.iter().rposition(is_it).ok_or("a name that is set nowhere")?;
        self.slot(at, name).ok_or_else(|| "a name that is set nowhere".into())
    }

    fn slot(&mut self, frame: usize, name: &str) -> Option<usize> {
        let frame = self.frames.get_mut(frame)?;
        if let Some(slot) = frame.slots.get(name) {
            return Some(*slot);
        }
        let slot = self.slots;
        self.slots += 1;
        frame.slots.insert(name.to_owned(), slot);
        Some(slot)
    }

    /// Whether no template and no loop says what a name stands for.
    pub(super) fn is_free(&mut self, name: &str) -> bool {
        let (places, element) = self.places(name);
        places.is_empty() && element.is_none()
    }

    /// The number of a name.
    pub(super) fn id(&mut self, name: &str) -> Result<u16, Odd> {
        self.names.id(name).ok_or_else(|| "so many names".into())
    }

    /// A name with members behind it.
    pub(super) fn path(&mut self, word: &str, members: &[(&str, bool)]) -> Result<Expression, Odd> {
        if word == "loop" && self.near_loops > 0 && !members.is_empty() {
            return self.turn(members);
        }
        if word.starts_with("__tera") {
            return Err(format!("`{word}`").into());
        }
        let (places, element) = self.places(word);
        // Of what may be set, members are looked for when it is known.
        let near = if places.is_empty() { members } else { &[] };
        let (root, rest) = match element {
            Some(root) => (root, near),
            None => self.of_context(word, near)?,
        };
        if places.is_empty() {
            let steps = rest.iter().map(|member| self.step(member)).collect::<Result<_, _>>()?;
            return Ok(Expression::Path(Path { root, steps }));
        }
        let mut value = Expression::Held(places.into(), Box::new(Expression::Path(Path { root, steps: Vec::new() })));
        for member in members {
            value = Expression::Member(Box::new(value), self.step(member)?);
        }
        Ok(value)
    }

    fn step(&mut self, (name, is_optional): &(&str, bool)) -> Result<Step, Odd> {
        Ok(Step { name: self.id(name)?, is_optional: *is_optional })
    }

    /// The places that may hold what is set under a name, the innermost first, and the loop whose element or key has that name.
    fn places(&mut self, word: &str) -> (Vec<Place>, Option<Root>) {
        let is_assigned = self.assigned.contains(word);
        let (mut places, mut is_outer, mut depth) = (Vec::new(), false, self.loops);
        for at in (0..self.frames.len()).rev() {
            if is_assigned && let Some(slot) = self.slot(at, word) {
                places.push(Place { slot, is_outer });
            }
            match self.frames.get(at).map(|frame| &frame.around) {
                Some(Around::Loop { element, key, .. }) => {
                    depth -= 1;
                    if element == word {
                        return (places, Some(Root::Element(depth)));
                    }
                    if key.as_deref() == Some(word) {
                        return (places, Some(Root::Key(depth)));
                    }
                }
                Some(Around::Template) | None => is_outer = true,
            }
        }
        (places, None)
    }

    /// What a name stands for that nobody set, and the members that are left.
    fn of_context<'m, 'n>(&mut self, word: &str, members: Members<'m, 'n>) -> Result<(Root, Members<'m, 'n>), Odd> {
        Ok(match (word, members) {
            ("data", _) => (Root::Data, members),
            ("route", _) => (Root::Route, members),
            ("site", [("origin", _), rest @ ..]) => (Root::Origin, rest),
            ("site", _) => (Root::Site, members),
            ("request", [("method", _), rest @ ..]) => (Root::Method, rest),
            ("request", [("path", _), rest @ ..]) => (Root::RequestPath, rest),
            ("request", [("id", _), rest @ ..]) => (Root::Id, rest),
            ("request", [("nonce", _), rest @ ..]) => (Root::Nonce, rest),
            ("request", [("params", _), (name, _), rest @ ..]) => (Root::Param((*name).into()), rest),
            ("request", [("query", _), (name, _), rest @ ..]) => (Root::Query((*name).into()), rest),
            ("request", _) => (Root::Request, members),
            ("head", _) => (Root::Head(self.id(word)?), members),
            _ => (Root::Member(self.id(word)?), members),
        })
    }

    fn turn(&self, members: &[(&str, bool)]) -> Result<Expression, Odd> {
        let [(name, _)] = members else { return Err("a member of what `loop` tells".into()) };
        let turn = match *name {
            "index" => Turn::Index,
            "index0" => Turn::Index0,
            "first" => Turn::First,
            "last" => Turn::Last,
            "length" => Turn::Length,
            _ => return Err(format!("`loop.{name}`").into()),
        };
        let mut depth = self.loops;
        for frame in self.frames.iter().rev() {
            if let Around::Loop { has_turn, .. } = frame.around {
                depth -= 1;
                if has_turn {
                    return Ok(Expression::Turn(depth, turn));
                }
            }
        }
        Err("`loop`".into())
    }
}
