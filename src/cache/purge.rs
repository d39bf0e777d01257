//! What is to be dropped, in a form that travels as a line of text.

use std::fmt;
use std::str::FromStr;

use super::entry::Label;

/// What is to be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// Everything.
    All,
    /// What a route has answered, by the route as the configuration writes it.
    Route(String),
    /// What was answered under a path; with a query, under that path and exactly that query.
    Key(String),
    /// What bears a tag.
    Tag(String),
}

/// A line that names nothing that could be dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PurgeError {
    /// It has no such form.
    #[error("`{0}` is not `all`, or `route`, `key` or `tag` and a name of one line")]
    Form(String),
    /// A key is none.
    #[error("`{0}` is no key: a key is a path and begins with `/`, as in /detail/7")]
    Key(String),
}

impl Purge {
    /// Something by its kind, as in `tag` and `item-7`.
    ///
    /// # Errors
    /// There is no such kind, or the name is none.
    pub fn new(kind: &str, name: &str) -> Result<Self, PurgeError> {
        let is_name = !name.is_empty() && !name.chars().any(char::is_control);
        match kind {
            "all" if name.is_empty() => Ok(Self::All),
            "route" if is_name => Ok(Self::Route(name.to_owned())),
            "key" if is_name && name.starts_with('/') => Ok(Self::Key(name.to_owned())),
            "key" if is_name => Err(PurgeError::Key(name.to_owned())),
            "tag" if is_name => Ok(Self::Tag(name.to_owned())),
            _ => Err(PurgeError::Form(format!("{kind} {name}").trim_end().to_owned())),
        }
    }

    /// Whether an entry with this label is to go.
    pub fn covers(&self, label: &Label) -> bool {
        match self {
            Self::All => true,
            Self::Route(route) => *label.route == **route,
            Self::Key(key) if key.contains('?') => label.address == *key,
            Self::Key(key) => label.address.split('?').next() == Some(key),
            Self::Tag(tag) => label.tags.contains(tag),
        }
    }
}

impl fmt::Display for Purge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Route(route) => write!(f, "route {route}"),
            Self::Key(key) => write!(f, "key {key}"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
        }
    }
}

impl FromStr for Purge {
    type Err = PurgeError;

    fn from_str(line: &str) -> Result<Self, PurgeError> {
        let (kind, name) = line.split_once(' ').unwrap_or((line, ""));
        Self::new(kind, name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::label;
    use super::*;

    #[test]
    fn what_is_to_be_dropped_survives_the_way_as_text() {
        for line in ["all", "route GET /detail/{id}", "key /detail/7?page=2", "tag item 7"] {
            assert_eq!(line.parse::<Purge>().unwrap().to_string(), line);
        }
        for line in ["", "all x", "route", "route ", "key detail", "tag a\nb", "cookie x", "Tag a"] {
            assert!(line.parse::<Purge>().is_err(), "{line:?}");
        }
    }

    #[test]
    fn an_entry_goes_by_its_route_its_address_or_one_of_its_tags() {
        let label = label("GET /detail/{id}", "/detail/7?page=2", &["item-7", "items"]);
        for (line, goes) in [
            ("all", true),
            ("route GET /detail/{id}", true),
            ("route GET /detail", false),
            ("key /detail/7", true),
            ("key /detail/7?page=2", true),
            ("key /detail/7?page=3", false),
            ("key /detail/70", false),
            ("key /detail", false),
            ("tag items", true),
            ("tag item", false),
        ] {
            assert_eq!(line.parse::<Purge>().unwrap().covers(&label), goes, "{line}");
        }
    }
}
