//! The steps at work on a document.

use super::expression::{Constant, Expression, Path, Root, Test, Turn};
use super::program::{Do, Program};
use super::sheet::Sheet;
use super::tape::{Entry, Tape};
use super::value::{Value, decoded};
use crate::json::{Kind, Node};
use crate::page::Around;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// The engine has to render it, or to say what is wrong.
    Back,
    /// It is over its limit in bytes.
    Size,
    /// Its deadline passed.
    Time,
}

/// A page at work.
pub(super) struct Run<'r> {
    tape: &'r Tape<'r>,
    around: &'r Around<'r>,
    head: Option<&'r str>,
    /// The loops around the step at work, the outermost first.
    loops: Vec<Loop>,
    sheet: Sheet,
}

/// Where a loop is.
struct Loop {
    element: Entry,
    index: usize,
    length: usize,
}

impl<'r> Run<'r> {
    pub(super) fn new(tape: &'r Tape<'r>, around: &'r Around<'r>, head: Option<&'r str>, sheet: Sheet) -> Self {
        Self { tape, around, head, loops: Vec::with_capacity(4), sheet }
    }

    /// The whole page.
    pub(super) fn page(mut self, program: &Program) -> Result<String, Halt> {
        self.sheet.look()?;
        self.steps(&program.steps)?;
        self.sheet.look()?;
        Ok(self.sheet.into_text())
    }

    fn steps(&mut self, steps: &[Do]) -> Result<(), Halt> {
        for step in steps {
            match step {
                Do::Text(text) => self.sheet.write(text),
                Do::Write(Expression::Path(path)) => self.write_path(path)?,
                Do::Write(value) => {
                    let value = self.value(value)?;
                    self.write(&value)?;
                }
                Do::If(condition, then, otherwise) => {
                    let way = if self.holds(condition)? { then } else { otherwise };
                    self.steps(way)?;
                }
                Do::For(list, body, otherwise) => self.each(list, body, otherwise)?,
            }
        }
        Ok(())
    }

    fn each(&mut self, list: &Expression, body: &[Do], otherwise: &[Do]) -> Result<(), Halt> {
        // Characters of a text and members of an object are the engine's, as is everything that has no elements.
        let Value::Container(list) = self.value(list)? else { return Err(Halt::Back) };
        if list.kind != Kind::Array {
            return Err(Halt::Back);
        }
        let tape = self.tape;
        let elements = tape.entries(list);
        let depth = self.loops.len();
        for (index, element) in elements.iter().enumerate() {
            self.sheet.look()?;
            self.loops.truncate(depth);
            self.loops.push(Loop { element: *element, index, length: elements.len() });
            self.steps(body)?;
        }
        self.loops.truncate(depth);
        if elements.is_empty() { self.steps(otherwise) } else { Ok(()) }
    }

    /// Writes what a path leads to, without a value in between where it is in the document.
    #[inline(always)]
    fn write_path(&mut self, path: &Path) -> Result<(), Halt> {
        if !path.root.is_in_document(self.head) {
            let value = self.path(path)?;
            return self.write(&value);
        }
        self.sheet.look()?;
        let entry = self.entry(path)?.ok_or(Halt::Back)?;
        let raw = self.tape.raw(entry);
        match entry.kind {
            Kind::String => self.sheet.escape(raw),
            Kind::Escaped => self.sheet.escape(&decoded(raw)),
            Kind::Number | Kind::Bool => self.sheet.write(raw),
            Kind::Null => {}
            Kind::Array | Kind::Object => return Err(Halt::Back),
        }
        Ok(())
    }

    fn write(&mut self, value: &Value<'_>) -> Result<(), Halt> {
        self.sheet.look()?;
        match value {
            Value::Undefined | Value::Container(_) => return Err(Halt::Back),
            Value::None => {}
            Value::Truth(truth) => self.sheet.write(if *truth { "true" } else { "false" }),
            Value::Whole(whole) => self.sheet.write(&whole.to_string()),
            Value::Fraction(fraction) => self.sheet.write(&format!("{fraction:?}")),
            Value::Number(raw) | Value::Markup(raw) => self.sheet.write(raw),
            Value::Text(text) => self.sheet.escape(text),
        }
        Ok(())
    }

    #[inline(always)]
    fn holds(&mut self, condition: &Expression) -> Result<bool, Halt> {
        match condition {
            Expression::Not(inner) => Ok(!self.holds(inner)?),
            Expression::And(a, b) => Ok(self.value(a)?.is_true() && self.value(b)?.is_true()),
            Expression::Or(a, b) => Ok(self.value(a)?.is_true() || self.value(b)?.is_true()),
            condition => Ok(self.value(condition)?.is_true()),
        }
    }

    fn value<'e>(&self, expression: &'e Expression) -> Result<Value<'e>, Halt>
    where
        'r: 'e,
    {
        Ok(match expression {
            Expression::Constant(constant) => match constant {
                Constant::None => Value::None,
                Constant::Truth(truth) => Value::Truth(*truth),
                Constant::Whole(whole) => Value::Whole(*whole),
                Constant::Fraction(fraction) => Value::Fraction(*fraction),
                Constant::Text(text) => Value::Text(text.as_ref().into()),
            },
            Expression::Path(path) => self.path(path)?,
            Expression::Turn(depth, turn) => self.turn(*depth, *turn)?,
            Expression::Not(inner) => Value::Truth(!self.value(inner)?.is_true()),
            Expression::And(a, b) => {
                let a = self.value(a)?;
                if a.is_true() { self.value(b)? } else { a }
            }
            Expression::Or(a, b) => {
                let a = self.value(a)?;
                if a.is_true() { a } else { self.value(b)? }
            }
            Expression::Compare(how, a, b) => Value::Truth(self.value(a)?.compare(*how, &self.value(b)?).ok_or(Halt::Back)?),
            Expression::Is(test, inner) => {
                let value = self.value(inner)?;
                Value::Truth(match test {
                    Test::Defined => !matches!(value, Value::Undefined),
                    Test::Undefined => matches!(value, Value::Undefined),
                    Test::None => matches!(value, Value::None),
                })
            }
        })
    }

    fn turn(&self, depth: usize, turn: Turn) -> Result<Value<'static>, Halt> {
        let Loop { index, length, .. } = self.loops.get(depth).ok_or(Halt::Back)?;
        let whole = |number: usize| i64::try_from(number).map(Value::Whole).map_err(|_| Halt::Back);
        match turn {
            Turn::Index => whole(index + 1),
            Turn::Index0 => whole(*index),
            Turn::First => Ok(Value::Truth(*index == 0)),
            Turn::Last => Ok(Value::Truth(index + 1 == *length)),
            Turn::Length => whole(*length),
        }
    }

    fn path<'e>(&self, path: &'e Path) -> Result<Value<'e>, Halt>
    where
        'r: 'e,
    {
        Ok(match &path.root {
            Root::Head(_) if self.head.is_some() && !path.steps.is_empty() => return Err(Halt::Back),
            root if root.is_in_document(self.head) => match self.entry(path)? {
                Some(entry) => Value::of(entry, self.tape),
                None => Value::Undefined,
            },
            Root::Data | Root::Member(_) | Root::Element(_) | Root::Head(_) => Value::Markup(self.head.unwrap_or_default()),
            Root::Method => Value::Text(self.around.method.into()),
            Root::RequestPath => Value::Text(self.around.path.into()),
            Root::Id => Value::Text(self.around.id.into()),
            Root::Nonce => Value::Text(self.around.nonce.into()),
            Root::Route => Value::Text(self.around.route.into()),
            Root::Origin => self.around.origin.map_or(Value::None, |origin| Value::Text(origin.into())),
            Root::Param(name) => named(self.around.params, name)?,
            Root::Query(name) => named(self.around.query, name)?,
        })
    }

    /// What a path leads to in the document. A name that stands for nothing may be the last of it alone.
    #[inline(always)]
    fn entry(&self, path: &Path) -> Result<Option<Entry>, Halt> {
        let mut entry = match path.root {
            Root::Member(name) | Root::Head(name) => self.tape.member(self.tape.root, name),
            Root::Element(depth) => Some(self.loops.get(depth).ok_or(Halt::Back)?.element),
            _ => Some(self.tape.root),
        };
        for step in &path.steps {
            entry = match entry {
                Some(entry) => self.tape.member(entry, step.name),
                None if step.is_optional => None,
                None => return Err(Halt::Back),
            };
        }
        Ok(entry)
    }
}

impl Root {
    #[inline(always)]
    fn is_in_document(&self, head: Option<&str>) -> bool {
        match self {
            Self::Data | Self::Member(_) | Self::Element(_) => true,
            Self::Head(_) => head.is_none(),
            _ => false,
        }
    }
}

/// The parameter of that name.
fn named<'n>(pairs: &'n [(String, Node<'_>)], name: &str) -> Result<Value<'n>, Halt> {
    // The last one, as in a map that they were put into one by one.
    Ok(match pairs.iter().rfind(|(known, _)| known == name).map(|(_, node)| node) {
        None => Value::Undefined,
        Some(Node::Null) => Value::None,
        Some(Node::Bool(truth)) => Value::Truth(*truth),
        Some(Node::Number(number)) if number.is_finite() => Value::Number(number.as_raw()),
        Some(Node::String(text)) => Value::Text(text.decode()),
        Some(Node::Number(_) | Node::Array(_) | Node::Object(_)) => return Err(Halt::Back),
    })
}
