//! Names taken apart into words and put together again.

/// How the words of a name are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `userName`
    Camel,
    /// `user_name`
    Snake,
    /// `user-name`
    Kebab,
    /// `UserName`
    Pascal,
}

impl Spelling {
    /// The name spelled this way; `None` when it is already, or has no words.
    pub(super) fn spell(self, name: &str) -> Option<String> {
        if self.is_plainly_spelled(name) || !name.chars().any(char::is_alphabetic) {
            return None;
        }
        let body = name.trim_start_matches(['_', '$', '@']);
        let (marks, _) = name.split_at(name.len() - body.len());
        let mut spelled = String::with_capacity(name.len() + 4);
        spelled.push_str(marks);
        for (at, word) in words(body).enumerate() {
            match self {
                Self::Snake if at > 0 => spelled.push('_'),
                Self::Kebab if at > 0 => spelled.push('-'),
                _ => {}
            }
            let capital = match self {
                Self::Camel => at > 0,
                Self::Pascal => true,
                Self::Snake | Self::Kebab => false,
            };
            push_word(&mut spelled, word, capital);
        }
        (spelled != name).then_some(spelled)
    }

    /// Whether a name is spelled this way already, as far as one look at ASCII tells: most names are, and need no new one made.
    fn is_plainly_spelled(self, name: &str) -> bool {
        let bytes = name.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return true };
        let joint = match self {
            Self::Camel | Self::Pascal => {
                let fits = if self == Self::Camel { first.is_ascii_lowercase() } else { first.is_ascii_uppercase() };
                let humps = bytes
                    .iter()
                    .zip(bytes.iter().skip(1))
                    .all(|(one, next)| !(one.is_ascii_uppercase() && next.is_ascii_uppercase()));
                return fits && humps && bytes.iter().all(u8::is_ascii_alphanumeric);
            }
            Self::Snake => b'_',
            Self::Kebab => b'-',
        };
        let small = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let joined = bytes.iter().zip(bytes.iter().skip(1)).all(|(one, next)| small(one) || *one == joint && small(next));
        small(first) && small(last) && joined
    }
}

fn push_word(spelled: &mut String, word: &str, capital: bool) {
    for (at, letter) in word.chars().enumerate() {
        if capital && at == 0 {
            spelled.extend(letter.to_uppercase());
        } else {
            spelled.extend(letter.to_lowercase());
        }
    }
}

/// The words of a name, separators left out.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '-', ' ']).flat_map(Humps)
}

/// The words of a name without separators: a new one starts where a capital follows a small letter or a digit, and at the last
/// of several capitals when a small letter follows (`HTTPServer`).
struct Humps<'n>(&'n str);

impl<'n> Iterator for Humps<'n> {
    type Item = &'n str;

    fn next(&mut self) -> Option<&'n str> {
        let mut before: Option<char> = None;
        let mut letters = self.0.char_indices().peekable();
        let mut end = self.0.len();
        while let Some((at, letter)) = letters.next() {
            let after = letters.peek().map(|(_, after)| *after);
            if let Some(before) = before
                && letter.is_uppercase()
                && (!before.is_uppercase() && before.is_alphanumeric()
                    || before.is_uppercase() && after.is_some_and(char::is_lowercase))
            {
                end = at;
                break;
            }
            before = Some(letter);
        }
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(to: Spelling, name: &str) -> String {
        to.spell(name).unwrap_or_else(|| name.to_owned())
    }

    #[test]
    fn j7_names_part_at_marks_and_humps() {
        let table = [
            // name, camel, snake, kebab, pascal
            ("user_name", "userName", "user_name", "user-name", "UserName"),
            ("user-name", "userName", "user_name", "user-name", "UserName"),
            ("user name", "userName", "user_name", "user-name", "UserName"),
            ("userName", "userName", "user_name", "user-name", "UserName"),
            ("UserName", "userName", "user_name", "user-name", "UserName"),
            ("URL", "url", "url", "url", "Url"),
            ("userID", "userId", "user_id", "user-id", "UserId"),
            ("HTTPServer", "httpServer", "http_server", "http-server", "HttpServer"),
            ("a1_b2", "a1B2", "a1_b2", "a1-b2", "A1B2"),
            ("a1B2", "a1B2", "a1_b2", "a1-b2", "A1B2"),
            ("USER_NAME", "userName", "user_name", "user-name", "UserName"),
            ("user__name_", "userName", "user_name", "user-name", "UserName"),
            ("_user_name", "_userName", "_user_name", "_user-name", "_UserName"),
            ("$ref_id", "$refId", "$ref_id", "$ref-id", "$RefId"),
            ("@class_name", "@className", "@class_name", "@class-name", "@ClassName"),
            ("__typename", "__typename", "__typename", "__typename", "__Typename"),
            ("été_froid", "étéFroid", "été_froid", "été-froid", "ÉtéFroid"),
            ("用户_名", "用户名", "用户_名", "用户-名", "用户名"),
            ("a.b_c", "a.bC", "a.b_c", "a.b-c", "A.bC"),
        ];
        for (name, camel, snake, kebab, pascal) in table {
            assert_eq!(spell(Spelling::Camel, name), camel, "{name} in camel case");
            assert_eq!(spell(Spelling::Snake, name), snake, "{name} in snake case");
            assert_eq!(spell(Spelling::Kebab, name), kebab, "{name} in kebab case");
            assert_eq!(spell(Spelling::Pascal, name), pascal, "{name} in pascal case");
        }
    }

    #[test]
    fn j7_names_without_letters_stay() {
        for name in ["", "_", "12_34", "0", "$", "@_", "--", "1 2", "_1"] {
            for to in [Spelling::Camel, Spelling::Snake, Spelling::Kebab, Spelling::Pascal] {
                assert_eq!(to.spell(name), None, "{name:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_name_that_looks_spelled_is_spelled(name in "[a-cX-Z0-1_\\-é]{0,6}") {
            for to in [Spelling::Camel, Spelling::Snake, Spelling::Kebab, Spelling::Pascal] {
                if to.is_plainly_spelled(&name) && name.contains(char::is_alphabetic) {
                    let joint = if to == Spelling::Snake { "_" } else if to == Spelling::Kebab { "-" } else { "" };
                    let made: Vec<_> = words(&name).enumerate().map(|(at, word)| {
                        let mut made = String::new();
                        push_word(&mut made, word, to == Spelling::Pascal || to == Spelling::Camel && at > 0);
                        made
                    }).collect();
                    proptest::prop_assert_eq!(made.join(joint), name.as_str());
                }
            }
        }
    }

    #[test]
    fn snake_and_kebab_are_settled_after_one_round() {
        for name in ["userID", "HTTPServer", "a1B2", "X", "aB", "ABc_dE", "É_é", "ǅa", "ßX"] {
            for to in [Spelling::Snake, Spelling::Kebab] {
                let once = spell(to, name);
                assert_eq!(spell(to, &once), once, "{name}");
            }
        }
    }
}
