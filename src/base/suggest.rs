//! The did-you-mean of every message.

/// The candidate nearest to `word`, if any is near enough to be a slip of the fingers: a letter too many, too few, wrong, or in its
/// neighbour's place, one for every three letters; or one word that begins with the other. Case and the sign between words
/// (`first-byte`, `firstByte`) do not count.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = plain(word);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let known = plain(candidate);
            let (distance, likeness) = (strsim::osa_distance(&typed, &known), strsim::jaro_winkler(&typed, &known));
            (is_slip(&typed, &known, distance) || is_beginning(&typed, &known)).then_some((distance, likeness, candidate))
        })
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(_, _, candidate)| candidate)
}

fn is_slip(typed: &str, known: &str, distance: usize) -> bool {
    let (shorter, longer) = {
        let (a, b) = (typed.chars().count(), known.chars().count());
        (a.min(b), a.max(b))
    };
    // Of one letter nothing would be left, and two letters that are both wrong are another word.
    distance < shorter.max(1) && distance <= (longer / 3).max(1)
}

/// `temp` for `templates`, `camelCase` for `camel`, but not `a` for everything.
fn is_beginning(typed: &str, known: &str) -> bool {
    let (a, b) = (typed.chars().count(), known.chars().count());
    let (shorter, longer) = (a.min(b), a.max(b));
    (known.starts_with(typed) || typed.starts_with(known)) && shorter >= 3 && shorter * 3 >= longer
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 9] = ["version", "listen", "templates", "limits", "defaults", "upstreams", "routes", "site", "cluster"];

    #[test]
    fn a_slip_of_the_fingers_finds_its_word() {
        for (word, candidates, near) in [
            ("timout", &["call", "timeout", "shape"][..], "timeout"),
            ("Upstream", &KEYS, "upstreams"),
            ("rotues", &KEYS, "routes"),
            ("route", &KEYS, "routes"),
            ("template", &KEYS, "templates"),
            ("sites", &KEYS, "site"),
            // Transposed letters in short words.
            ("clal", &["call", "calls", "cache"], "call"),
            ("dorp", &["drop", "keep"], "drop"),
            ("ulr", &["url", "urls"], "url"),
            ("ot", &["to", "from"], "to"),
            ("pgae", &["path", "page"], "page"),
            // Case and the sign between words.
            ("firstByte", &["first_byte", "between_bytes"], "first_byte"),
            ("between-bytes", &["first_byte", "between_bytes"], "between_bytes"),
            ("GET", &["get"], "get"),
            // One begins with the other.
            ("temp", &KEYS, "templates"),
            ("camelCase", &["snake", "camel", "kebab"], "camel"),
            ("uri_length", &["head", "uri"], "uri"),
            ("default", &KEYS, "defaults"),
        ] {
            assert_eq!(suggest(word, candidates.iter().copied()), Some(near), "{word}");
        }
    }

    #[test]
    fn a_stranger_finds_nothing() {
        for (word, candidates) in [
            ("banana", &KEYS[..]),
            ("x", &["y", "xy"]),
            ("ab", &["cd", "b"]),
            ("as", &["by", "in"]),
            ("", &["a", "ab"]),
            ("cache", &["route", "call"]),
            ("data", &["mall", "jeecg"]),
            ("mail", &["ruoyi", "newbee"]),
            // The word itself is no suggestion.
            ("call", &["call"]),
        ] {
            assert_eq!(suggest(word, candidates.iter().copied()), None, "{word}");
        }
    }

    #[test]
    fn the_nearest_of_several_is_found_whatever_their_order() {
        assert_eq!(suggest("cal", ["calls", "call"]), Some("call"));
        assert_eq!(suggest("cal", ["call", "calls"]), Some("call"));
        assert_eq!(suggest("pase", ["case", "page", "base"]), Some("page"), "the first letter is seldom wrong");
    }
}
