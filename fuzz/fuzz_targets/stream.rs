//! A document that comes in pieces leaves as the reference shapes it whole, and as the fused form does where that takes it.
//!
//! The first bytes choose the steps and the sizes of the pieces, the rest is the document. `cargo +nightly fuzz run stream`

#![no_main]

use forecourt::json::{Limits, parse};
use forecourt::shape::{Fused, Notes, Shape, Step};
use libfuzzer_sys::fuzz_target;

mod steps;

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
    let steps: Vec<Step> = choice.iter().filter_map(|byte| steps::step(*byte)).collect();
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
