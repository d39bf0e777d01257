//! Sixteen bytes at a time: where a string stops being plain, where white space ends.
//!
//! SSE2 is part of every x86-64 processor, so its form needs no detection; elsewhere two words of eight bytes do the same work. The
//! tests hold both forms equal.
//!
//! This is the one module with `unsafe`: the compiler wants it where code that knows of no processor calls code for one, even for a
//! processor that always has it. The functions behind it take their bytes by reference to an array, and touch no pointer.

/// How many bytes are looked at together.
pub(super) const WIDTH: usize = 16;

/// The place of the first quote, backslash or control character; [`WIDTH`] when there is none.
#[inline(always)]
pub(super) fn special(bytes: &[u8; WIDTH]) -> usize {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        // SAFETY: every x86-64 processor has SSE2.
        #[expect(unsafe_code, reason = "a call across target features")]
        unsafe {
            sse2::special(bytes)
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
    {
        words::special(bytes)
    }
}

/// The place of the first byte that is no space; [`WIDTH`] when there is none.
#[inline(always)]
pub(super) fn not_space(bytes: &[u8; WIDTH]) -> usize {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        // SAFETY: every x86-64 processor has SSE2.
        #[expect(unsafe_code, reason = "a call across target features")]
        unsafe {
            sse2::not_space(bytes)
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
    {
        words::not_space(bytes)
    }
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };

    use super::WIDTH;

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; WIDTH]) -> __m128i {
        let both = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((both >> 64) as i64, both as i64)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn special(bytes: &[u8; WIDTH]) -> usize {
        let bytes = load(bytes);
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
        (found | 1 << WIDTH).trailing_zeros() as usize
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn not_space(bytes: &[u8; WIDTH]) -> usize {
        let spaces = _mm_movemask_epi8(_mm_cmpeq_epi8(load(bytes), _mm_set1_epi8(b' ' as i8)));
        (!spaces).trailing_zeros() as usize
    }
}

#[cfg(any(test, feature = "portable", not(target_arch = "x86_64")))]
mod words {
    use super::WIDTH;

    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;

    /// Calls with each word and tells the first marked byte of the first word that has one.
    #[inline(always)]
    fn first(bytes: &[u8; WIDTH], marks: impl Fn(u64) -> u64) -> usize {
        let both = u128::from_le_bytes(*bytes);
        let (low, high) = (marks(both as u64), marks((both >> 64) as u64));
        if low != 0 {
            return (low.trailing_zeros() / 8) as usize;
        }
        if high == 0 { WIDTH } else { 8 + (high.trailing_zeros() / 8) as usize }
    }

    /// Marks bytes that are zero. A mark above the first one may be false, the first one never is.
    #[inline(always)]
    fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & TOPS
    }

    #[inline(always)]
    pub(super) fn special(bytes: &[u8; WIDTH]) -> usize {
        first(bytes, |word| {
            let quote = zeros(word ^ (ONES * b'"' as u64));
            let backslash = zeros(word ^ (ONES * b'\\' as u64));
            let control = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
            quote | backslash | control
        })
    }

    #[inline(always)]
    pub(super) fn not_space(bytes: &[u8; WIDTH]) -> usize {
        first(bytes, |word| {
            let other = word ^ (ONES * b' ' as u64);
            // A byte that is not zero has its top bit set here, or carries into it.
            (((other & !TOPS) + !TOPS) | other) & TOPS
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plainly(bytes: &[u8; WIDTH]) -> (usize, usize) {
        let special = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(WIDTH);
        (special, bytes.iter().position(|byte| *byte != b' ').unwrap_or(WIDTH))
    }

    fn check(bytes: &[u8; WIDTH]) {
        let expected = plainly(bytes);
        assert_eq!((words::special(bytes), words::not_space(bytes)), expected, "words on {bytes:?}");
        assert_eq!((special(bytes), not_space(bytes)), expected, "as built on {bytes:?}");
    }

    #[test]
    fn every_byte_at_every_place_is_told() {
        for place in 0..WIDTH {
            for byte in 0..=255 {
                for around in [b' ', b'a', 0xe4, b'"', 0x80] {
                    let mut bytes = [around; WIDTH];
                    bytes[place] = byte;
                    check(&bytes);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn all_forms_tell_the_same(bytes in prop::array::uniform16(prop_oneof![any::<u8>(), 0x1e..0x24_u8, Just(b'\\')])) {
            check(&bytes);
        }
    }
}
