//! Where strings may end in the bytes that come next: looked up for many of them together, before anybody asks.

use super::wide::{BLOCK, specials};

/// How many blocks are looked at together.
const AHEAD: usize = 16;

/// Which bytes of a stretch may end a string, one bit for each, the lowest for the first. Names and values follow on each other, so what
/// is looked up for one of them is there for the next.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    /// Where the stretch begins, and how many blocks it has.
    from: usize,
    blocks: usize,
    bits: [u64; AHEAD],
}

/// The place of no block.
pub(super) const NOWHERE: usize = usize::MAX / 2;

impl Marks {
    /// Of nothing yet.
    pub(super) fn new() -> Self {
        Self { from: NOWHERE, blocks: 0, bits: [0; AHEAD] }
    }

    /// The block of a byte: where it begins, and its bits. None at the end of the bytes, which are the same ones each time.
    #[inline(always)]
    pub(super) fn of(&mut self, bytes: &[u8], at: usize) -> Option<(usize, u64)> {
        let mut block = at.wrapping_sub(self.from) / BLOCK;
        if block >= self.blocks {
            if !self.look(bytes, at) {
                return None;
            }
            block = 0;
        }
        Some((self.from + block * BLOCK, self.bits.get(block).copied().unwrap_or_default()))
    }

    /// Looks at the blocks from a place on; false at the end of the bytes.
    #[inline(never)]
    fn look(&mut self, bytes: &[u8], at: usize) -> bool {
        let rest = bytes.get(at..).unwrap_or_default();
        let (whole, last) = rest.as_chunks();
        // Who asks for the first time may want no more than one.
        let wanted = (4 * self.blocks).clamp(1, AHEAD);
        let bits = self.bits.get_mut(..wanted).unwrap_or_default();
        specials(whole, bits);
        (self.from, self.blocks) = (at, wanted.min(whole.len()));
        if let Some(bits) = bits.get_mut(self.blocks)
            && !last.is_empty()
        {
            // What is not there ends a string, too.
            let mut bytes = [[0; BLOCK]];
            bytes.as_flattened_mut().iter_mut().zip(last).for_each(|(to, byte)| *to = *byte);
            specials(&bytes, std::slice::from_mut(bits));
            self.blocks += 1;
        }
        self.blocks > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_a_block_that_tells_of_it() {
        for length in [0, 1, 63, 64, 65, 300, 1023, 1024, 1025, 5000] {
            let bytes: Vec<u8> = (0..length).map(|at| if at % 7 == 0 { b'"' } else { b'a' }).collect();
            for stride in [1, 5, 64, 200, 3000] {
                let mut marks = Marks::new();
                for at in (0..length).step_by(stride) {
                    let (from, bits) = marks.of(&bytes, at).unwrap();
                    assert!(from <= at && at < from + BLOCK, "{at} of {length}");
                    for place in from..from + BLOCK {
                        let is_special = bytes.get(place).is_none_or(|byte| *byte == b'"');
                        assert_eq!(bits >> (place - from) & 1 == 1, is_special, "{place} of {length}");
                    }
                }
                assert_eq!(marks.of(&bytes, length + BLOCK), None);
            }
        }
    }
}
