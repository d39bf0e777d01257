//! `unwrap` in a pass: the payload is written as it comes, and the verdict is given at the end of the envelope.
//!
//! Only success is told here. A failure, an envelope without payload, a name that stands twice: all that is rare, and left to the
//! reference.

use super::super::compare::same;
use super::super::unwrap::{MissingVerdict, Payload, Unwrap};
use super::cut::Cut;
use super::plain::{Plain, space};
use crate::json::{Kind, Nest, Node, Number, Path, Reader, Segment, Stop, Text};

/// What an envelope looks like.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    /// The names that lead to the payload.
    spine: Vec<String>,
    verdicts: Vec<(String, Vec<Node<'static>>)>,
    missing: MissingVerdict,
}

impl Envelope {
    /// The envelope of a step, or why it needs a tree.
    pub(super) fn new(unwrap: &Unwrap) -> Result<Self, &'static str> {
        let names = |path: &Path| -> Option<Vec<String>> {
            let name = |segment: &Segment| match segment {
                Segment::Key(name) => Some(name.clone()),
                _ => None,
            };
            path.segments().iter().map(name).collect()
        };
        let spine = match unwrap.data.first() {
            Some(Payload::At(path)) => names(path).filter(|names| !names.is_empty()),
            _ => None,
        };
        let spine = spine.ok_or("its payload is not under plain names")?;
        let verdict = |(path, good): &(Path, Vec<Node<'static>>)| match names(path)?.as_slice() {
            [name] if Some(name) != spine.first() => Some((name.clone(), good.clone())),
            _ => None,
        };
        let verdicts: Option<Vec<_>> = unwrap.ok.iter().map(verdict).collect();
        let verdicts = verdicts.ok_or("its verdict stands deeper than the envelope's own members")?;
        Ok(Self { spine, verdicts, missing: unwrap.missing })
    }
}

/// A walk through an envelope.
#[derive(Debug, Default)]
pub(super) struct Unpack {
    /// For each object on the way to the payload that is open: whether the name that leads on is found.
    found: Vec<bool>,
    /// Nothing of the innermost one is read yet.
    opened: bool,
    /// What each verdict says.
    told: Vec<Told>,
    /// A container that nobody asked for, and how much was written before it.
    passing: Option<(Plain, usize)>,
    /// A name stands twice of which the last one counts.
    pub(super) is_twice: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Null,
    Good,
}

/// How far the walk came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// The payload comes next.
    Payload,
    /// The envelope is at its end, and says success.
    End,
}

impl Unpack {
    /// At the start of a document.
    pub(super) fn start(&mut self, envelope: &Envelope, reader: &mut Reader<'_>, nest: &mut Nest) -> Result<(), Stop> {
        reader.byte(b'{')?;
        nest.open(true)?;
        self.found.clear();
        self.found.push(false);
        self.told.clear();
        self.told.resize(envelope.verdicts.len(), Told::Nothing);
        self.opened = true;
        self.passing = None;
        self.is_twice = false;
        Ok(())
    }

    /// On to the payload, or from behind it to the end. Nothing that is passed over is written.
    pub(super) fn run(
        &mut self,
        envelope: &Envelope,
        src: &[u8],
        at: &mut usize,
        cut: &mut Cut,
        nest: &mut Nest,
    ) -> Result<Unpacked, Stop> {
        loop {
            if let Some((plain, mark)) = &mut self.passing {
                plain.run::<false>(src, at, cut)?;
                cut.back(src, *mark, *at);
                self.passing = None;
            }
            let mut reader = Reader::new(src, *at);
            let step = self.unit(envelope, src, &mut reader, cut, nest);
            if let Err(stop) = step {
                cut.skip(src, *at, *at);
                return Err(stop);
            }
            cut.skip(src, *at, reader.at);
            *at = reader.at;
            if let Some(unpacked) = step? {
                return Ok(unpacked);
            }
        }
    }

    /// One member or end. Its bytes belong to nobody.
    fn unit(
        &mut self,
        envelope: &Envelope,
        src: &[u8],
        reader: &mut Reader<'_>,
        cut: &mut Cut,
        nest: &mut Nest,
    ) -> Result<Option<Unpacked>, Stop> {
        reader.space();
        match reader.peek() {
            b',' if !self.opened => {
                reader.at += 1;
                reader.space();
            }
            b'}' => {
                reader.at += 1;
                // Without its payload an envelope is a matter of its options.
                if self.found.pop() != Some(true) {
                    return Err(Stop::Refused);
                }
                nest.close();
                self.opened = false;
                return if self.found.is_empty() { self.verdict(envelope).map(Some) } else { Ok(None) };
            }
            _ if self.opened => {}
            _ => return Err(reader.wrong()),
        }
        let key = reader.at + 1;
        reader.string()?;
        let name = Text::raw(text(src, key, reader.at - 1)?);
        reader.space();
        reader.byte(b':')?;
        reader.space();
        let level = self.found.len();
        let leads_on = envelope.spine.get(level - 1).is_some_and(|own| name == **own);
        if leads_on {
            return self.lead_on(envelope, reader, nest, level);
        }
        if let b'{' | b'[' = reader.peek() {
            if level == 1 && envelope.verdicts.iter().any(|(own, _)| name == **own) {
                return Err(Stop::Refused);
            }
            let is_object = reader.peek() == b'{';
            let plain = Plain::new(nest, is_object)?;
            reader.at += 1;
            // The bytes so far are dropped by the caller, who also knows what is written.
            self.passing = Some((plain, cut.mark(cut.from)));
            self.opened = false;
            return Ok(None);
        }
        let start = reader.at;
        let kind = reader.scalar()?;
        if reader.at == src.len() {
            return Err(Stop::End);
        }
        if level == 1 {
            for ((own, good), told) in envelope.verdicts.iter().zip(&mut self.told) {
                if name == **own {
                    self.is_twice |= *told != Told::Nothing;
                    *told = judge(good, &node(src, kind, start, reader.at)?, *told)?;
                }
            }
        }
        self.opened = false;
        Ok(None)
    }

    /// At the value of the name that leads to the payload.
    fn lead_on(
        &mut self,
        envelope: &Envelope,
        reader: &mut Reader<'_>,
        nest: &mut Nest,
        level: usize,
    ) -> Result<Option<Unpacked>, Stop> {
        let is_payload = level == envelope.spine.len();
        match (reader.peek(), is_payload) {
            (0, _) => return Err(reader.wrong()),
            (b'n', _) => return Err(Stop::Refused),
            (b'{', false) => {
                nest.open(true)?;
                reader.at += 1;
            }
            (_, false) => return Err(Stop::Refused),
            (_, true) => {}
        }
        // Of a name that stands twice the last one counts, which nobody can know here.
        match self.found.last_mut() {
            Some(found) if !*found => *found = true,
            _ => {
                self.is_twice = true;
                return Err(Stop::Refused);
            }
        }
        if is_payload {
            self.opened = false;
            return Ok(Some(Unpacked::Payload));
        }
        self.found.push(false);
        self.opened = true;
        Ok(None)
    }

    /// Whether no verdict is left that could still tell of a failure. What else can be wrong is no failure of the business.
    pub(super) fn is_decided(&self, envelope: &Envelope) -> bool {
        self.told.len() == envelope.verdicts.len() && !self.told.contains(&Told::Nothing) && self.verdict(envelope).is_ok()
    }

    /// How much was written before the container that is passed over.
    pub(super) fn passing_mark(&self) -> Option<usize> {
        self.passing.as_ref().map(|(_, mark)| *mark)
    }

    /// Every place in the output.
    pub(super) fn marks(&mut self, moved: &dyn Fn(&mut usize)) {
        if let Some((_, mark)) = &mut self.passing {
            moved(mark);
        }
    }

    fn verdict(&self, envelope: &Envelope) -> Result<Unpacked, Stop> {
        let silent = !self.told.contains(&Told::Good);
        if silent && !envelope.verdicts.is_empty() && envelope.missing == MissingVerdict::Error {
            return Err(Stop::Refused);
        }
        Ok(Unpacked::End)
    }
}

fn judge(good: &[Node<'static>], found: &Node<'_>, before: Told) -> Result<Told, Stop> {
    if before != Told::Nothing {
        return Err(Stop::Refused);
    }
    match (good.iter().any(|good| same(good, found)), found) {
        (true, _) => Ok(Told::Good),
        (false, Node::Null) => Ok(Told::Null),
        (false, _) => Err(Stop::Refused),
    }
}

/// A stretch of the input as text.
pub(super) fn text(src: &[u8], from: usize, to: usize) -> Result<&str, Stop> {
    src.get(from..to).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(Stop::Refused)
}

/// A scalar as the steps of the reference take it.
pub(super) fn node(src: &[u8], kind: Kind, from: usize, to: usize) -> Result<Node<'_>, Stop> {
    Ok(match kind {
        Kind::Null => Node::Null,
        Kind::Bool => Node::Bool(src.get(from) == Some(&b't')),
        Kind::Number => Node::Number(Number::raw(text(src, from, to)?)),
        Kind::String | Kind::Escaped => Node::String(Text::raw(text(src, from + 1, to - 1)?)),
        Kind::Array => Node::Array(Vec::new()),
        Kind::Object => Node::Object(crate::json::Object::new()),
    })
}

/// Passes over white space around a document.
pub(super) fn around(src: &[u8], at: &mut usize, cut: &mut Cut) {
    let mut reader = Reader::new(src, *at);
    space(src, &mut reader, cut);
    *at = reader.at;
}
