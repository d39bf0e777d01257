//! Steps that only unwrap, for whoever reads the payload where it stands instead of having it copied.

use super::envelope::{Unpacked, around};
use super::machine::Machine;
use super::program::Program;
use super::{Fused, Pass, SPARE};
use crate::json::{Reader, Stop};

impl Program {
    /// Whether the payload leaves as it came, white space aside.
    fn only_unwraps(&self) -> bool {
        self.ops.is_empty() && self.wraps.is_empty()
    }
}

impl Fused {
    /// Whether the steps leave the payload as it came: then [`Fused::payload`] can be asked for it.
    pub fn only_unwraps(&self) -> bool {
        matches!(self.passes.as_slice(), [Pass::Bytes(program)] if program.only_unwraps())
    }

    /// Where steps only unwrap, the payload of a text that may nest so deep, as `read` makes it. It is told where the payload begins and
    /// how many levels it may have, and says besides where it ends; it checks what it reads, for nobody else does. What it made counts when
    /// the envelope says success, at its end. `None` when it does not, and whenever [`Fused::run`] would give none.
    pub fn payload<T>(&self, text: &str, depth: usize, read: impl FnOnce(usize, usize) -> Option<(T, usize)>) -> Option<T> {
        let [Pass::Bytes(program)] = self.passes.as_slice() else { return None };
        if !program.only_unwraps() {
            return None;
        }
        let mut machine = match SPARE.take() {
            Some(spare) => spare.again(depth, Vec::new()).with(&**program),
            None => Machine::new(&**program, depth, Vec::new()),
        };
        let made = machine.payload(text.as_bytes(), read);
        machine.rest();
        SPARE.set(Some(machine.with(())));
        made.ok()
    }
}

impl Machine<&Program> {
    fn payload<T>(&mut self, src: &[u8], read: impl FnOnce(usize, usize) -> Option<(T, usize)>) -> Result<T, Stop> {
        around(src, &mut self.at, &mut self.cut);
        if let Some(envelope) = &self.program.envelope {
            let mut reader = Reader::new(src, self.at);
            self.unpack.start(envelope, &mut reader, &mut self.nest)?;
            self.go_to(reader.at);
            if self.unpack(src)? != Unpacked::Payload {
                return Err(Stop::Refused);
            }
            around(src, &mut self.at, &mut self.cut);
        }
        let (made, end) = read(self.at, self.nest.left()).ok_or(Stop::Refused)?;
        self.go_to(end);
        if self.program.envelope.is_some() && self.unpack(src)? != Unpacked::End {
            return Err(Stop::Refused);
        }
        around(src, &mut self.at, &mut self.cut);
        if self.at == src.len() { Ok(made) } else { Err(Stop::Refused) }
    }

    /// Nothing before this place belongs to the output, which nobody wants.
    fn go_to(&mut self, at: usize) {
        (self.at, self.cut.from) = (at, at);
    }

    /// On through the envelope.
    fn unpack(&mut self, src: &[u8]) -> Result<Unpacked, Stop> {
        let Some(envelope) = &self.program.envelope else { return Err(Stop::Refused) };
        self.unpack.run(envelope, src, &mut self.at, &mut self.cut, &mut self.nest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{Action, MissingData, MissingVerdict, Nulls, NullsOptions, Payload, Step, Unwrap, UnwrapOptions};
    use super::super::cut::Cut;
    use super::super::plain::Plain;
    use super::*;
    use crate::json::{Limits, Nest, Node, Number, Path, parse};

    fn unwrap(data: &str, ok: &[&str], missing: MissingVerdict) -> Fused {
        let good = || vec![Node::Number(Number::raw("200")), Node::Bool(true)];
        let options = UnwrapOptions {
            data: vec![Payload::At(Path::parse(data).unwrap())],
            ok: ok.iter().map(|path| (Path::parse(path).unwrap(), good())).collect(),
            missing,
            message: vec![],
            status: vec![],
            otherwise: 502,
            missing_data: MissingData::Value(Node::Null),
        };
        Fused::new(&[Step::new(Action::Unwrap(Unwrap::new(options).unwrap()))])
    }

    /// The end of a value that has so many levels at most.
    fn end(text: &str, at: usize, levels: usize) -> Option<usize> {
        let mut reader = Reader::new(text.as_bytes(), at);
        if !matches!(reader.peek(), b'{' | b'[') {
            return reader.scalar().ok().map(|_| reader.at);
        }
        let mut plain = Plain::new(&Nest::new(levels), reader.peek() == b'{').ok()?;
        let mut at = at + 1;
        plain.run::<false>(text.as_bytes(), &mut at, &mut Cut::default()).ok()?;
        Some(at)
    }

    fn envelopes() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            3 => Just("200"), 2 => Just("true"), 1 => Just("null"), 1 => Just("500"), 1 => Just("\"200\""),
            1 => Just("{}"), 2 => Just("{ \"a\" : [1, {}] }"), 1 => Just("[[[1]]]"), 1 => Just("\"a\\nb\""), 1 => Just("[1,]"),
            2 => Just("{\"data\":{\"a\":1},\"x\":2}"), 1 => Just("{\"data\":null}"),
        ];
        let name =
            prop_oneof![4 => Just("data"), 3 => Just("code"), 1 => Just("success"), 2 => Just("extra"), 1 => Just("c\\u006fde")];
        let space = prop_oneof![3 => Just(""), 1 => Just(" "), 1 => Just("\n\t")];
        let member = (name, value, space.clone())
            .prop_map(|(name, value, space)| format!("{space}\"{name}\"{space}:{space}{value}{space}"));
        let tail = prop_oneof![9 => Just(""), 2 => Just("\n"), 1 => Just("}"), 1 => Just(" 1")];
        (prop::collection::vec(member, 0..5), space, tail)
            .prop_map(|(members, space, tail)| format!("{space}{{{}}}{tail}", members.join(",")))
    }

    proptest! {
        #[test]
        fn a_payload_is_found_where_a_pass_would_copy_it_and_is_the_same(
            text in envelopes(),
            data in prop_oneof![Just("data"), Just("data.data")],
            ok in prop_oneof![Just(&[][..]), Just(&["code"][..]), Just(&["code", "success"][..])],
            missing in prop_oneof![Just(MissingVerdict::Ok), Just(MissingVerdict::Error)],
            depth in 1_usize..5,
        ) {
            let fused = unwrap(data, ok, missing);
            let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
            let copied = fused.run(&text, depth).map(|copy| String::from_utf8(copy).unwrap());
            let payload = fused.payload(&text, depth, |at, levels| end(&text, at, levels).map(|end| (&text[at..end], end)));
            prop_assert_eq!(payload.is_some(), copied.is_some(), "{}", text);
            if let (Some(payload), Some(copied)) = (payload, copied) {
                prop_assert_eq!(parse(payload, &limits).unwrap().to_json(), copied.into_bytes(), "{}", text);
            }
        }
    }

    #[test]
    fn without_steps_the_document_is_the_payload_and_other_steps_have_none() {
        let text = " {\"a\":1} ";
        let whole = |fused: &Fused| fused.payload(text, 9, |at, levels| end(text, at, levels).map(|end| (at, end)));
        assert_eq!(whole(&Fused::new(&[])), Some(1));
        let nulls = Nulls::new(NullsOptions::default()).unwrap();
        assert_eq!(whole(&Fused::new(&[Step::new(Action::Nulls(nulls))])), None);
    }
}
