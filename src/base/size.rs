//! Sizes as people type them: `512`, `8KiB`, `1MiB`, `10 MB`. Always bytes inside.

use bytesize::ByteSize;

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size: write a number and a unit, as in 512B, 8KiB or 1MiB")]
pub struct SizeError(String);

/// Reads a size in bytes.
///
/// # Errors
/// The text is no number, or its unit is none of B, KB, KiB, MB, MiB, GB, GiB (and so on).
pub fn parse(text: &str) -> Result<u64, SizeError> {
    let trimmed = text.trim();
    if !trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(SizeError(text.to_owned()));
    }
    trimmed.parse::<ByteSize>().map(|size| size.as_u64()).map_err(|_| SizeError(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, bytes) in [("512", 512), ("8KiB", 8192), ("1MiB", 1 << 20), ("10 MB", 10_000_000), ("1.5KiB", 1536)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn words_and_negatives_are_refused() {
        for text in ["", "lots", "-1KiB", "1 parsec", "KiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
