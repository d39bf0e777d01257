//! A place in a file: the names and positions that lead to it.

use std::fmt;

/// A place in a file, read from the top: the routes, the fourth of them, its `call`. Displays as a JSON pointer, `/routes/3/call`.
///
/// A place may name what is not there yet; whoever looks it up gets the nearest thing above it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    steps: Vec<String>,
}

impl At {
    /// The whole file.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value under a key of the mapping here.
    #[must_use]
    pub fn key(&self, name: impl Into<String>) -> Self {
        let mut steps = self.steps.clone();
        steps.push(name.into());
        Self { steps }
    }

    /// An entry of the list here, counted from 0.
    #[must_use]
    pub fn index(&self, position: usize) -> Self {
        self.key(position.to_string())
    }

    /// The place around this one; `None` for the whole file.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.steps.split_last()?;
        Some(Self { steps: above.to_vec() })
    }

    /// The last key or position; `None` for the whole file.
    pub fn last(&self) -> Option<&str> {
        self.steps.last().map(String::as_str)
    }

    /// Keys and positions from the top.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Whether this place is `other` or lies inside of it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.steps.starts_with(&other.steps)
    }

    /// Reads a JSON pointer (RFC 6901).
    pub fn pointer(text: &str) -> Self {
        Self::root().below(text)
    }

    /// The place that a JSON pointer leads to from here.
    #[must_use]
    pub fn below(&self, pointer: &str) -> Self {
        let mut steps = self.steps.clone();
        steps.extend(pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")));
        Self { steps }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "/{}", step.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

impl From<&At> for At {
    fn from(at: &At) -> Self {
        at.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_a_json_pointer_and_back() {
        let at = At::root().key("routes").index(3).key("a/b~c");
        assert_eq!(at.to_string(), "/routes/3/a~1b~0c");
        assert_eq!(At::pointer("/routes/3/a~1b~0c"), at);
        assert_eq!(At::pointer(""), At::root());
        assert_eq!(At::root().to_string(), "");
        assert_eq!(At::root().key("routes").below("/3/a~1b~0c"), at);
    }

    #[test]
    fn a_place_knows_what_is_around_it() {
        let route = At::root().key("routes").index(0);
        assert_eq!(route.key("call").parent(), Some(route.clone()));
        assert_eq!(At::root().parent(), None);
        assert_eq!(route.last(), Some("0"));
        assert!(route.key("call").is_within(&route) && route.is_within(&route) && !route.is_within(&route.key("call")));
    }
}
