//! Shares as people type them: `20%`, `0.5%`. Always ten-thousandths inside, so that arithmetic with them is exact.

/// A share of a whole, from nothing to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

/// Why a text is not a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share: write a percentage from 0% to 100%, as in 20% or 0.5%")]
pub struct ShareError(String);

impl Share {
    /// The whole, in the unit of [`Share::parts`].
    pub const WHOLE: u32 = 10_000;

    /// So many hundredths; all, when there are more than a hundred.
    pub const fn percent(percent: u32) -> Self {
        Self(if percent > 100 { Self::WHOLE } else { percent * 100 })
    }

    /// Reads a percentage with two decimals at most.
    ///
    /// # Errors
    /// The text has no `%`, is no number, or is more than a whole.
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let error = || ShareError(text.to_owned());
        let number = text.trim().strip_suffix('%').ok_or_else(error)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 2 || whole.len() > 3 {
            return Err(error());
        }
        let hundredths: u32 = format!("{decimals:0<2}").parse().map_err(|_| error())?;
        let parts = whole.parse::<u32>().map_err(|_| error())? * 100 + hundredths;
        if parts > Self::WHOLE { Err(error()) } else { Ok(Self(parts)) }
    }

    /// The share in ten-thousandths.
    pub const fn parts(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage() {
        for (text, parts) in [("20%", 2000), ("0%", 0), ("100%", 10_000), ("0.5%", 50), ("0.05%", 5), (" 7.25 %", 725)] {
            assert_eq!(Share::parse(text).map(Share::parts), Ok(parts), "{text}");
        }
        assert_eq!(Share::percent(20), Share::parse("20%").unwrap());
    }

    #[test]
    fn what_is_no_part_of_a_whole_is_refused() {
        for text in ["", "%", "20", "101%", "100.01%", "-1%", "0.001%", "a%", "1.%", ".5%", "1e2%"] {
            assert!(Share::parse(text).is_err(), "{text}");
        }
    }
}
