//! One pass: steps that work side by side on every member and element, in the order of the route.
//!
//! A step joins a pass when doing it place by place, right after the steps before it, comes to the same as doing it to the whole
//! document after theirs. What a step cannot do in a pass it says in words, for people who ask why.

use super::super::case::Case;
use super::super::convert::Conversion;
use super::super::flatten::{Arrays as Lists, Joint};
use super::super::nulls::{Fate, Nulls};
use super::super::numbers::{Nan, Numbers};
use super::super::{Action, Step};
use super::envelope::Envelope;
use super::graft::Graft;
use super::lift_level::Quick;
use super::track::{Arrays, LOST, OFF, Track};
use crate::json::{Kind, Node, Path, Segment};

/// A scalar or an empty container as a step writes it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) kind: Kind,
    pub(super) json: Vec<u8>,
}

/// What one step does at every place. Each has two numbers of its own for every open container: where its paths have come.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// `nulls` with its defaults.
    Drop,
    /// `nulls` with any options.
    Sweep {
        rules: Box<Nulls>,
        except: Track,
        to: Track,
        instead: Vec<Made>,
    },
    Numbers(Box<Numbers>),
    Omit(Track),
    Rename {
        track: Track,
        names: Vec<String>,
    },
    Case {
        case: Box<Case>,
        stop: Track,
    },
    Convert {
        track: Track,
        conversion: Box<Conversion>,
        otherwise: Option<Made>,
    },
    Pick {
        at: Option<Track>,
        fields: Track,
    },
    Default {
        track: Track,
        values: Vec<Vec<u8>>,
    },
    Flatten(Box<Lifting>),
    /// A step on trees, each the value at a path.
    Graft(Box<Graft>),
}

impl Op {
    /// The name of its step.
    pub(super) fn step(&self) -> &'static str {
        match self {
            Self::Drop | Self::Sweep { .. } => "nulls",
            Self::Numbers(_) => "numbers",
            Self::Omit(_) => "omit",
            Self::Rename { .. } => "rename",
            Self::Case { .. } => "case",
            Self::Convert { .. } => "convert",
            Self::Pick { .. } => "pick",
            Self::Default { .. } => "default",
            Self::Flatten(_) => "flatten",
            Self::Graft(graft) => graft.step(),
        }
    }

    /// Whether it may remove elements.
    fn shifts(&self) -> bool {
        match self {
            Self::Sweep { rules, .. } => rules.elements == Fate::Drop,
            Self::Omit(track) => track.names_elements(),
            _ => false,
        }
    }

    /// Whether its paths count elements.
    fn has_positions(&self) -> bool {
        match self {
            Self::Drop | Self::Numbers(_) | Self::Graft(_) => false,
            Self::Sweep { except, to, .. } => except.counts() || to.counts(),
            Self::Omit(track) | Self::Rename { track, .. } | Self::Convert { track, .. } | Self::Default { track, .. } => {
                track.counts()
            }
            Self::Case { stop, .. } => stop.counts(),
            Self::Pick { at, fields } => fields.counts() || at.as_ref().is_some_and(Track::counts),
            Self::Flatten(lifting) => lifting.except.counts() || lifting.at.as_ref().is_some_and(Track::counts),
        }
    }
}

/// `flatten`.
#[derive(Debug, Clone)]
pub(super) struct Lifting {
    pub(super) at: Option<Track>,
    pub(super) except: Track,
    pub(super) levels: usize,
    pub(super) joint: Joint,
    pub(super) each: bool,
}

/// The steps of a pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    pub(super) envelope: Option<Envelope>,
    pub(super) ops: Vec<Op>,
    /// What stands around the result: `{"data":`, outermost first.
    pub(super) wraps: Vec<Vec<u8>>,
    /// Names of the steps, for explanations.
    pub(super) names: Vec<&'static str>,
    /// Why each needs a tree, where they do.
    pub(super) why: Vec<&'static str>,
    /// The steps that `ops` are made of.
    pub(super) steps: Vec<Step>,
    /// The one step that removes containers because of what is left in them.
    pub(super) counting: Option<usize>,
    /// All that the steps do below an object that is flattened, when that is the usual.
    pub(super) quick: Option<Quick>,
    /// Elements may go, so that later steps would count other positions.
    pub(super) shifts: bool,
    /// Elements are counted.
    pub(super) has_positions: bool,
    /// The last step there can be.
    pub(super) closed: bool,
}

/// Why a step is not in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    /// It has to wait for the next pass.
    Next,
    /// It needs the document as a tree.
    Tree(&'static str),
}

impl Program {
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of the step that counts, if there is one.
    pub(super) fn counting_step(&self) -> Vec<&'static str> {
        match self.counting.and_then(|at| self.ops.get(at)) {
            Some(Op::Sweep { .. }) => vec!["nulls"],
            Some(Op::Pick { .. }) => vec!["pick"],
            _ => Vec::new(),
        }
    }

    /// Whether what the steps do in an element of a list depends on nothing beside it: neither on how many elements there are, nor
    /// may it be removed.
    pub(super) fn may_redo(&self) -> bool {
        !self.shifts && !self.has_positions
    }

    /// Adds a step behind the others.
    pub(super) fn push(&mut self, step: &Step) -> Result<(), Outside> {
        if step.when.is_some() {
            return Err(Outside::Tree("`when` looks at the whole document first"));
        }
        match &step.action {
            Action::Unwrap(unwrap) => {
                let envelope = Envelope::new(unwrap).map_err(Outside::Tree)?;
                if !self.is_empty() {
                    return Err(Outside::Next);
                }
                self.envelope = Some(envelope);
            }
            Action::Wrap(wrap) => {
                let key = wrap.key.as_raw();
                self.wraps.insert(0, format!("{{\"{key}\":").into_bytes());
                self.closed = true;
            }
            action => {
                let op = op(action)?;
                let counts = counts(&op);
                if self.closed || counts && self.counting.is_some() || self.shifts && op.iter().any(Op::has_positions) {
                    return Err(Outside::Next);
                }
                self.shifts |= op.iter().any(Op::shifts);
                self.has_positions |= op.iter().any(Op::has_positions);
                self.closed = matches!(op.last(), Some(Op::Flatten(_) | Op::Default { .. }));
                if counts {
                    self.counting = Some(self.ops.len());
                }
                self.ops.extend(op);
                self.steps.push(step.clone());
                self.quick = quick(&self.ops);
            }
        }
        self.names.push(step.name());
        Ok(())
    }

    /// Whether all that the steps do below a place is to drop null members, and whether they do that; none when they do more.
    #[inline]
    pub(super) fn is_plain(&self, states: &[[u32; 2]]) -> Option<bool> {
        let mut drops = false;
        for (op, state) in self.ops.iter().zip(states) {
            match op {
                Op::Drop => drops = true,
                Op::Sweep { .. } | Op::Case { .. } if state[0] == OFF => {}
                Op::Omit(_) | Op::Rename { .. } | Op::Convert { .. } | Op::Default { .. } if state[0] == LOST => {}
                Op::Pick { .. } | Op::Flatten(_) | Op::Graft(_) if *state == [LOST; 2] => {}
                _ => return None,
            }
        }
        Some(drops)
    }

    /// Whether the steps before one neither warn of nor refuse anything below a place.
    pub(super) fn is_quiet(&self, before: usize, states: &[[u32; 2]]) -> bool {
        self.ops.iter().zip(states).take(before).all(|(op, state)| match op {
            Op::Drop => true,
            Op::Sweep { .. } => state[1] == LOST,
            Op::Case { .. } => state[0] == OFF,
            Op::Numbers(numbers) => numbers.nan != Some(Nan::Error),
            _ => *state == [LOST; 2],
        })
    }
}

/// Whether steps are a flattening on its usual way, null members dropped before it or not.
fn quick(ops: &[Op]) -> Option<Quick> {
    let (Op::Flatten(lifting), before) = ops.split_last()? else { return None };
    let Joint::Text(joint) = &lifting.joint else { return None };
    let is_plain = lifting.levels == usize::MAX && lifting.except.start() == LOST && !joint.is_empty();
    let drops = !before.is_empty();
    let only_drops = before.iter().all(|op| matches!(op, Op::Drop));
    (is_plain && only_drops).then(|| Quick::new(drops, lifting.each, joint.as_bytes()))
}

fn counts(ops: &[Op]) -> bool {
    ops.iter().any(|op| match op {
        Op::Sweep { rules, .. } => {
            [rules.emptied, rules.empty.objects, rules.empty.arrays].contains(&Fate::Drop) || rules.elements == Fate::Drop
        }
        Op::Pick { .. } => true,
        _ => false,
    })
}

const LARGE: Outside = Outside::Tree("its paths make too large an automaton");

fn track(paths: &[Path], arrays: Arrays) -> Result<Track, Outside> {
    Track::new(paths, arrays).ok_or(LARGE)
}

fn has(paths: &[Path], wanted: impl Fn(&Segment) -> bool) -> bool {
    paths.iter().flat_map(Path::segments).any(wanted)
}

/// A literal as a step writes it; none for a container with something in it.
fn made(node: &Node<'_>) -> Option<Made> {
    let kind = match node {
        Node::Null => Kind::Null,
        Node::Bool(_) => Kind::Bool,
        Node::Number(number) if number.is_finite() => Kind::Number,
        Node::String(_) => Kind::Escaped,
        Node::Array(elements) if elements.is_empty() => Kind::Array,
        Node::Object(object) if object.is_empty() => Kind::Object,
        _ => return None,
    };
    Some(Made { kind, json: node.to_json() })
}

/// A step as what it does at every place; `convert` is one for each entry.
fn op(action: &Action) -> Result<Vec<Op>, Outside> {
    let op = match action {
        Action::Nulls(nulls) if nulls.plain => Op::Drop,
        Action::Nulls(nulls) => {
            let except = track(nulls.except.paths(), Arrays::Named)?;
            let to = track(nulls.to.paths(), Arrays::Named)?;
            let instead: Option<Vec<Made>> = nulls.instead.iter().map(made).collect();
            let instead = instead.ok_or(Outside::Tree("a stand-in is a container with something in it"))?;
            Op::Sweep { rules: Box::new(nulls.clone()), except, to, instead }
        }
        Action::Numbers(numbers) => Op::Numbers(Box::new(numbers.clone())),
        Action::Omit(omit) => Op::Omit(track(omit.aims.paths(), Arrays::Named)?),
        Action::Rename(rename) => Op::Rename {
            track: track(rename.aims.paths(), Arrays::Named)?,
            names: rename.names.iter().map(|name| name.as_raw().to_owned()).collect(),
        },
        Action::Case(case) => Op::Case { case: Box::new(case.clone()), stop: track(case.stop.paths(), Arrays::Named)? },
        Action::Convert(convert) => return convert.entries.iter().map(converts).collect(),
        Action::Pick(pick) => {
            let fields = pick.fields.paths();
            if has(fields, |segment| matches!(segment, Segment::Deep | Segment::Index(_))) {
                return Err(Outside::Tree("`**` and positions in fields need to know what else an array has"));
            }
            let at = match &pick.at {
                Some(at) => Some(one_level(at.paths())?),
                None => None,
            };
            Op::Pick { at, fields: track(fields, Arrays::Through)? }
        }
        Action::Default(default) => {
            let paths: Vec<Path> = default.values.iter().map(|(path, _)| path.clone()).collect();
            let plain = |path: &Path| matches!(path.segments().last(), Some(Segment::Key(_)));
            if !paths.iter().all(plain) || has(&paths, |segment| !matches!(segment, Segment::Key(_) | Segment::Elements)) {
                return Err(Outside::Tree("a path of `default` has `**`, `*` or a position, or ends in no name"));
            }
            let twice = paths.iter().enumerate().any(|(at, path)| paths.iter().skip(at + 1).any(|other| other == path));
            let inside = |path: &Path| paths.iter().any(|other| *other != *path && other.segments().starts_with(path.segments()));
            if twice || paths.iter().any(inside) || paths.len() > 64 {
                return Err(Outside::Tree(
                    "two paths of `default` lead to the same place, or one into the other, or there are more than 64",
                ));
            }
            Op::Default {
                track: track(&paths, Arrays::Named)?,
                values: default.values.iter().map(|(_, value)| value.to_json()).collect(),
            }
        }
        Action::Flatten(flatten) => {
            let rules = &flatten.rules;
            if rules.arrays == Lists::Index {
                return Err(Outside::Tree("`arrays: index` lifts out of arrays, whose length decides"));
            }
            let at = match &flatten.at {
                Some(at) => Some(one_level(at.paths())?),
                None => None,
            };
            Op::Flatten(Box::new(Lifting {
                at,
                except: track(rules.except.paths(), Arrays::Named)?,
                levels: rules.levels,
                joint: rules.joint.clone(),
                each: rules.arrays == Lists::Each,
            }))
        }
        Action::Page(_) => return Err(Outside::Tree("it builds a new document out of parts of this one")),
        Action::Move(_) | Action::Copy(_) => return Err(Outside::Tree("it takes values to places that may be behind or before")),
        Action::Each(_) => return Err(Outside::Tree("an element whose steps fail is put back")),
        Action::Group(_) => return Err(Outside::Tree("elements change their order")),
        Action::Merge(_) => return Err(Outside::Tree("objects from several places become one")),
        Action::Unwrap(_) | Action::Wrap(_) => return Err(Outside::Next),
    };
    Ok(vec![op])
}

/// A path whose values lie side by side, none inside of another.
fn one_level(paths: &[Path]) -> Result<Track, Outside> {
    if has(paths, |segment| *segment == Segment::Deep) {
        return Err(Outside::Tree("`**` in `at` finds values inside of each other, the inner ones first"));
    }
    track(paths, Arrays::Named)
}

fn converts(entry: &super::super::convert::Entry) -> Result<Op, Outside> {
    let otherwise = match &entry.otherwise {
        None => None,
        Some(value) => Some(made(value).ok_or(Outside::Tree("`else` is a container with something in it"))?),
    };
    if !entry.conversion.is_scalar() {
        return Err(Outside::Tree("`json`, `list` or a map makes containers of scalars"));
    }
    Ok(Op::Convert {
        track: Track::of(&entry.values, Arrays::Named).ok_or(LARGE)?,
        conversion: Box::new(entry.conversion.clone()),
        otherwise,
    })
}
