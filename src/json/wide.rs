//! Many bytes at a time: where strings stop being plain, where white space and digits end.
//!
//! SSE2 is part of every x86-64 processor, so its form needs no detection, and may be part of whoever calls it; elsewhere words of
//! eight bytes do the same work. AVX-512 is asked for while the program runs, once for many blocks, because code for it cannot be part
//! of a caller that does not know of it. The tests hold all forms equal.
//!
//! This is the one module with `unsafe`: the compiler wants it where code that knows of no processor calls code for one, even for a
//! processor that always has it. The functions behind it take their bytes by reference to an array, and touch no pointer.

/// How many bytes are looked at together.
pub(super) const WIDTH: usize = 16;

/// How many bytes have a bit each in one word.
pub(super) const BLOCK: usize = 64;

/// For each block one bit for each byte, the lowest for the first: set for a quote, a backslash or a control character.
#[inline]
pub(super) fn specials(blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        // On processors with VBMI, which came later, the wide registers do not slow down what comes next.
        if std::arch::is_x86_feature_detected!("avx512bw") && std::arch::is_x86_feature_detected!("avx512vbmi") {
            // SAFETY: this processor has AVX-512BW.
            #[expect(unsafe_code, reason = "a call across target features")]
            unsafe {
                avx512::specials(blocks, marks);
            }
        } else {
            // SAFETY: every x86-64 processor has SSE2.
            #[expect(unsafe_code, reason = "a call across target features")]
            unsafe {
                sse2::specials(blocks, marks);
            }
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
    {
        words::specials(blocks, marks);
    }
}

/// One bit for each byte, the lowest for the first: set for what is no digit.
#[inline(always)]
pub(super) fn not_digits(bytes: &[u8; WIDTH]) -> u32 {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    {
        // SAFETY: every x86-64 processor has SSE2.
        #[expect(unsafe_code, reason = "a call across target features")]
        unsafe {
            sse2::not_digits(bytes)
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
    {
        words::not_digits(bytes)
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
        __m128i, _mm_add_epi8, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };

    use super::{BLOCK, WIDTH};

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; WIDTH]) -> __m128i {
        let both = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((both >> 64) as i64, both as i64)
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn specials(blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        for (bytes, marks) in blocks.iter().zip(marks) {
            *marks = block(bytes);
        }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn block(bytes: &[u8; BLOCK]) -> u64 {
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
    pub(super) fn not_digits(bytes: &[u8; WIDTH]) -> u32 {
        // Digits become the ten least of all signed bytes.
        let bytes = _mm_add_epi8(load(bytes), _mm_set1_epi8((0x80 - b'0') as i8));
        _mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(-0x80 + 9))) as u32
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn not_space(bytes: &[u8; WIDTH]) -> usize {
        let spaces = _mm_movemask_epi8(_mm_cmpeq_epi8(load(bytes), _mm_set1_epi8(b' ' as i8)));
        (!spaces).trailing_zeros() as usize
    }
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
mod avx512 {
    use std::arch::x86_64::{__m512i, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_set_epi64, _mm512_set1_epi8};

    use super::BLOCK;

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(bytes: &[u8; BLOCK]) -> __m512i {
        let word = |at: usize| bytes.as_chunks().0.get(at).map_or(0, |word| i64::from_le_bytes(*word));
        _mm512_set_epi64(word(7), word(6), word(5), word(4), word(3), word(2), word(1), word(0))
    }

    #[target_feature(enable = "avx512bw")]
    pub(super) fn specials(blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        for (bytes, marks) in blocks.iter().zip(marks) {
            let bytes = load(bytes);
            let found = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"' as i8))
                | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\\' as i8))
                | _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20));
            *marks = found;
        }
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

    pub(super) fn specials(blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        for (bytes, marks) in blocks.iter().zip(marks) {
            *marks = block(bytes);
        }
    }

    fn block(bytes: &[u8; BLOCK]) -> u64 {
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
    pub(super) fn not_digits(bytes: &[u8; WIDTH]) -> u32 {
        let mut found = 0;
        let (parts, _) = bytes.as_chunks();
        for (part, bytes) in parts.iter().enumerate() {
            // A digit has 3 above and, below, what is less than ten.
            let other = u64::from_le_bytes(*bytes) ^ (ONES * b'0' as u64);
            let marks = others(other & (ONES * 0xf0)) | ((other & (ONES * 0x0f)) + ONES * 0x76) & TOPS;
            found |= (gather(marks) as u32) << (part * 8);
        }
        found
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

    fn plainly(bytes: &[u8; BLOCK]) -> (u64, usize, u32) {
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let specials = bytes.iter().enumerate().map(|(at, byte)| u64::from(is_special(byte)) << at).sum();
        let start = bytes.first_chunk::<WIDTH>().unwrap();
        let not_space = start.iter().position(|byte| *byte != b' ').unwrap_or(WIDTH);
        let not_digits = start.iter().enumerate().map(|(at, byte)| u32::from(!byte.is_ascii_digit()) << at).sum();
        (specials, not_space, not_digits)
    }

    /// What every form says that this processor has.
    fn forms(blocks: &[[u8; BLOCK]]) -> Vec<(&'static str, Vec<u64>)> {
        let told = |form: fn(&[[u8; BLOCK]], &mut [u64])| {
            let mut marks = vec![0; blocks.len()];
            form(blocks, &mut marks);
            marks
        };
        let mut forms = vec![("words", told(words::specials)), ("as built", told(specials))];
        #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
        #[expect(unsafe_code, reason = "calls across target features")]
        {
            // SAFETY: each is called on a processor that has what it wants.
            forms.push(("SSE2", told(|blocks, marks| unsafe { sse2::specials(blocks, marks) })));
            if std::arch::is_x86_feature_detected!("avx512bw") {
                forms.push(("AVX-512", told(|blocks, marks| unsafe { avx512::specials(blocks, marks) })));
            }
        }
        forms
    }

    fn check(bytes: &[u8; BLOCK]) {
        let (marks, space, digits) = plainly(bytes);
        for (form, told) in forms(std::slice::from_ref(bytes)) {
            assert_eq!(told, [marks], "{form} on {bytes:?}");
        }
        let start = bytes.first_chunk().unwrap();
        assert_eq!((words::not_space(start), words::not_digits(start)), (space, digits), "words on {bytes:?}");
        assert_eq!((not_space(start), not_digits(start)), (space, digits), "as built on {bytes:?}");
    }

    #[test]
    fn each_block_has_its_own_marks() {
        let mut blocks = [[b'a'; BLOCK]; 5];
        for (block, bytes) in blocks.iter_mut().enumerate() {
            bytes[3 * block + 1] = b'"';
        }
        for (form, told) in forms(&blocks) {
            assert_eq!(told, [1 << 1, 1 << 4, 1 << 7, 1 << 10, 1 << 13], "{form}");
        }
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
