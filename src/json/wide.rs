//! Many bytes at a time: where strings stop being plain, where white space and digits end.
//!
//! SSE2 is part of every x86-64 processor, so its form needs no detection; elsewhere two words of eight bytes do the same work. The
//! tests hold both forms equal.
//!
//! This is the one module with `unsafe`: the compiler wants it where code that knows of no processor calls code for one, even for a
//! processor that always has it. The functions behind it take their bytes by reference to an array, and touch no pointer.

/// How many bytes are looked at together.
pub(super) const WIDTH: usize = 16;

/// How many bytes have a bit each in one word.
pub(super) const BLOCK: usize = 64;

/// One bit for each byte, the lowest for the first: set for a quote, a backslash or a control character.
#[inline(always)]
pub(super) fn specials(bytes: &[u8; BLOCK]) -> u64 {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        // SAFETY: every x86-64 processor has SSE2.
        #[expect(unsafe_code, reason = "a call across target features")]
        unsafe {
            sse2::specials(bytes)
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
    {
        words::specials(bytes)
    }
}

/// The place of the first byte that is no digit; [`WIDTH`] when there is none.
#[inline(always)]
pub(super) fn not_digit(bytes: &[u8; WIDTH]) -> usize {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        // SAFETY: every x86-64 processor has SSE2.
        #[expect(unsafe_code, reason = "a call across target features")]
        unsafe {
            sse2::not_digit(bytes)
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
    {
        words::not_digit(bytes)
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
        __m128i, _mm_add_epi8, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };

    use super::{BLOCK, WIDTH};

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; WIDTH]) -> __m128i {
        let both = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((both >> 64) as i64, both as i64)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn specials(bytes: &[u8; BLOCK]) -> u64 {
        let mut found = 0;
        let (parts, _) = bytes.as_chunks();
        for (part, bytes) in parts.iter().enumerate() {
            let bytes = load(bytes);
            let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
            let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
            let marks = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
            found |= u64::from(marks as u32) << (part * WIDTH);
        }
        found
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn not_digit(bytes: &[u8; WIDTH]) -> usize {
        // Digits become the ten least of all signed bytes.
        let bytes = _mm_add_epi8(load(bytes), _mm_set1_epi8((0x80 - b'0') as i8));
        let digits = _mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(-0x80 + 10)));
        (!digits).trailing_zeros() as usize
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
    use super::{BLOCK, WIDTH};

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

    /// Marks bytes that are not zero.
    #[inline(always)]
    fn others(word: u64) -> u64 {
        // A byte that is not zero has its top bit set here, or carries into it.
        (((word & !TOPS) + !TOPS) | word) & TOPS
    }

    /// One bit for each marked byte.
    #[inline(always)]
    fn gather(marks: u64) -> u64 {
        (marks >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    #[inline(always)]
    pub(super) fn specials(bytes: &[u8; BLOCK]) -> u64 {
        let mut found = 0;
        let (parts, _) = bytes.as_chunks();
        for (part, bytes) in parts.iter().enumerate() {
            let word = u64::from_le_bytes(*bytes);
            let plain = others(word ^ (ONES * b'"' as u64)) & others(word ^ (ONES * b'\\' as u64)) & others(word & (ONES * 0xe0));
            found |= gather(plain ^ TOPS) << (part * 8);
        }
        found
    }

    #[inline(always)]
    pub(super) fn not_digit(bytes: &[u8; WIDTH]) -> usize {
        // A digit has 3 above and, below, what is less than ten.
        first(bytes, |word| {
            let other = word ^ (ONES * b'0' as u64);
            others(other & (ONES * 0xf0)) | ((other & (ONES * 0x0f)) + ONES * 0x76) & TOPS
        })
    }

    #[inline(always)]
    pub(super) fn not_space(bytes: &[u8; WIDTH]) -> usize {
        first(bytes, |word| others(word ^ (ONES * b' ' as u64)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plainly(bytes: &[u8; BLOCK]) -> (u64, usize, usize) {
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let specials = bytes.iter().enumerate().map(|(at, byte)| u64::from(is_special(byte)) << at).sum();
        let first = |wanted: &dyn Fn(u8) -> bool| bytes.iter().take(WIDTH).position(|byte| !wanted(*byte)).unwrap_or(WIDTH);
        (specials, first(&|byte| byte == b' '), first(&|byte| byte.is_ascii_digit()))
    }

    fn check(bytes: &[u8; BLOCK]) {
        let expected = plainly(bytes);
        let start = bytes.first_chunk().unwrap();
        assert_eq!((words::specials(bytes), words::not_space(start), words::not_digit(start)), expected, "words on {bytes:?}");
        assert_eq!((specials(bytes), not_space(start), not_digit(start)), expected, "as built on {bytes:?}");
    }

    #[test]
    fn every_byte_at_every_place_is_told() {
        for place in 0..BLOCK {
            for byte in 0..=255 {
                for around in [b' ', b'a', b'0', b'9', 0xe4, b'"', 0x80] {
                    let mut bytes = [around; BLOCK];
                    bytes[place] = byte;
                    check(&bytes);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn all_forms_tell_the_same(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x1e..0x24_u8, 0x2e..0x3c_u8, Just(b'\\')], BLOCK),
        ) {
            check(bytes.first_chunk().unwrap());
        }
    }
}
