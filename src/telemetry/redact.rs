//! Secrets of a query string, kept out of the log.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Gives back `target` (a path with its query) with the values of secret parameters replaced by `[redacted]`.
pub(super) fn target(target: &str) -> Cow<'_, str> {
    let Some((path, query)) = target.split_once('?') else { return Cow::Borrowed(target) };
    let secret = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| is_secret(name));
    if !query.split('&').any(secret) {
        return Cow::Borrowed(target);
    }
    let mut out = String::with_capacity(target.len());
    out.push_str(path);
    for (at, pair) in query.split('&').enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => {
                out.push_str(name);
                out.push_str("=[redacted]");
            }
            _ => out.push_str(pair),
        }
    }
    Cow::Owned(out)
}

/// `code` and `state` are secrets by their whole name only, for `zipcode` and `statement` are none; the others wherever
/// they stand in a name, for `access_token`, `client_secret` and `newPassword` are.
fn is_secret(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let holds = |word: &str| name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    ["code", "state"].iter().any(|word| name.eq_ignore_ascii_case(word))
        || ["token", "password", "secret", "authorization"].iter().any(|word| holds(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_parameters_lose_their_values_and_nothing_else_changes() {
        for (given, shown) in [
            ("/a", "/a"),
            ("/a?b=1&c", "/a?b=1&c"),
            ("/cb?code=abc&state=xyz&x=1", "/cb?code=[redacted]&state=[redacted]&x=1"),
            ("/a?access_token=abc", "/a?access_token=[redacted]"),
            ("/a?PassWord=abc&zipcode=1&statement=2", "/a?PassWord=[redacted]&zipcode=1&statement=2"),
            ("/a?%74oken=abc", "/a?%74oken=[redacted]"),
            ("/a?client_secret=a=b&authorization=Bearer+x", "/a?client_secret=[redacted]&authorization=[redacted]"),
            ("/token/abc?token", "/token/abc?token"),
        ] {
            assert_eq!(target(given), shown);
        }
    }
}
