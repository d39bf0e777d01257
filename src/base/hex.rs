//! Bytes as hexadecimal digits, in lower case.

/// The digits of these bytes, two for each.
pub fn digits(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(digit)
}

/// The digit of a number below 16.
pub fn digit(half: u8) -> u8 {
    if half < 10 { b'0' + half } else { b'a' + half - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        for byte in 0..=u8::MAX {
            let text: String = digits(&[byte, 0]).map(char::from).collect();
            assert_eq!(text, format!("{byte:02x}00"));
        }
        assert_eq!(digits(&[]).count(), 0);
    }
}
