//! The did-you-mean of every message.

/// The candidate nearest to `word`, if any is near enough to be a slip of the fingers.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let keys = ["timeout", "upstreams", "routes", "templates"];
        assert_eq!(suggest("timout", keys), Some("timeout"));
        assert_eq!(suggest("Upstream", keys), Some("upstreams"));
        assert_eq!(suggest("banana", keys), None);
    }
}
