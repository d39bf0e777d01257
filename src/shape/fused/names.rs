//! Names by a number, to see whether two are the same. That two numbers are the same by chance costs time, or a large reply its end, never
//! truth.

use crate::json::Text;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of a name as it stands between its quotes.
pub(super) fn hash(raw: &[u8]) -> u64 {
    if memchr::memchr(b'\\', raw).is_some() {
        return match std::str::from_utf8(raw) {
            Ok(text) => plain(Text::raw(text).decode().as_bytes()),
            Err(_) => 0,
        };
    }
    plain(raw)
}

/// The number of a decoded name as a step left it. It tells whether the step gave it, and which step it was.
pub(super) fn hash_of(step: usize, name: &str, touched: bool) -> u64 {
    let number = plain(name.as_bytes()) ^ (step as u64 + 1).wrapping_mul(FACTOR);
    number & !0xff | (step as u64 % 128) << 1 | u64::from(touched)
}

/// The step that a number tells of.
pub(super) fn step_of(number: u64) -> usize {
    (number >> 1) as usize % 128
}

/// The step that gave one of two names that are the same; the order changes.
pub(super) fn first_met(names: &mut [u64]) -> Option<usize> {
    names.sort_unstable();
    let met = names.windows(2).find(|pair| matches!(pair, [one, other] if one >> 1 == other >> 1 && (one | other) & 1 == 1))?;
    met.first().copied().map(step_of)
}

#[inline]
fn plain(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    mix(state, u64::from_le_bytes(last))
}

#[inline(always)]
fn mix(state: u64, word: u64) -> u64 {
    let wide = u128::from(state ^ FACTOR) * u128::from(word ^ 0xd6e8_feb8_6659_fd93);
    (wide >> 64) as u64 ^ wide as u64
}

/// Whether a number stands twice; the order changes.
pub(super) fn any_twice(names: &mut [u64]) -> bool {
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}
