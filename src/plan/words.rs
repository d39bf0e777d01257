//! Lists of names, as messages have them.

/// How many names a message lists.
const LISTED: usize = 12;

/// "`a`", "one of: a, b, c", to be read after "expected".
pub(super) fn one_of<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [only] => format!("`{}`", only.as_ref()),
        names => format!("one of: {}", listed(names)),
    }
}

/// "which has a, b".
pub(super) fn which_has<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() { "which has none".to_owned() } else { format!("which has {}", listed(names)) }
}

/// "a, b, c", and no more than anybody reads.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let mut list: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    if names.len() > LISTED {
        list.push("…");
    }
    list.join(", ")
}
