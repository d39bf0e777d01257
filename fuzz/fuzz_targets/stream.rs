//! A document that comes in pieces leaves as the reference shapes it whole, and as the fused form does where that takes it.
//!
//! The first bytes choose the steps and the sizes of the pieces, the rest is the document. `cargo +nightly fuzz run stream`

#![no_main]

use forecourt::json::{Limits, Path, parse};
use forecourt::shape::{
    Action, Arrays, Case, CaseOptions, Fate, Flatten, FlattenOptions, Fused, Join, Notes, Nulls, NullsOptions, Omit, Pick,
    PickOptions, Rename, Shape, Spelling, Step, Wrap,
};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 10] = ["a", "a.b", "a[]", "[].a", "a[0]", "*", "**.a", "a.**.b", "*[].a", "[]"];

/// A step for a byte, when its options are sound.
fn step(byte: u8) -> Option<Step> {
    let path = Path::parse(PATHS[usize::from(byte >> 3) % PATHS.len()]).ok()?;
    let action = match byte & 7 {
        0 => Action::Nulls(Nulls::new(NullsOptions::default()).ok()?),
        1 => Action::Nulls(Nulls::new(NullsOptions { emptied: Fate::Drop, except: vec![path], ..NullsOptions::default() }).ok()?),
        2 => Action::Omit(Omit::new(vec![path]).ok()?),
        3 => Action::Rename(Rename::new(vec![(path, "b".to_owned())]).ok()?),
        4 => Action::Case(Case::new(CaseOptions { to: Spelling::Camel, except: vec![], stop: vec![path] }).ok()?),
        5 => Action::Pick(Pick::new(PickOptions { at: None, fields: vec![path] }).ok()?),
        6 => {
            let arrays = if byte & 8 == 0 { Arrays::Keep } else { Arrays::Each };
            let join = if byte & 16 == 0 { Join::Camel } else { Join::Text("_".to_owned()) };
            Action::Flatten(Flatten::new(FlattenOptions { arrays, join, ..FlattenOptions::default() }).ok()?)
        }
        _ => Action::Wrap(Wrap::new("a").ok()?),
    };
    Some(Step::new(action))
}

/// What leaves when the document comes in pieces of these sizes, in turn.
fn streamed(fused: &Fused, document: &[u8], sizes: &[u8]) -> Option<Vec<u8>> {
    let mut stream = fused.stream(false, Limits::default().depth)?;
    let (mut out, mut rest) = (Vec::new(), document);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, others) = rest.split_at(rest.len().min(usize::from(*size) % 32 + 1));
        stream.push(piece).ok()?;
        out.append(&mut stream.take());
        rest = others;
    }
    stream.finish().ok()?;
    out.append(&mut stream.take());
    Some(out)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first_chunk::<4>() else { return };
    let Some((sizes, document)) = rest.split_first_chunk::<3>() else { return };
    let steps: Vec<Step> = choice.iter().filter_map(|byte| step(*byte)).collect();
    let fused = Fused::new(&steps);
    let out = streamed(&fused, document, sizes);
    let text = std::str::from_utf8(document);
    if let (Ok(text), Ok(())) = (text, fused.streams())
        && let Some(whole) = fused.run(text, Limits::default().depth)
    {
        assert_eq!(out.as_ref(), Some(&whole));
    }
    if let Some(out) = out {
        let mut tree = parse(text.expect("only UTF-8 is taken"), &Limits::default()).expect("only JSON is taken");
        Shape::new(steps, false).run(&mut tree, &mut Notes::new()).expect("only what does not fail is taken");
        assert_eq!(out, tree.to_json());
    }
});
