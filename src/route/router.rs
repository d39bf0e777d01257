//! The table of routes: the most exact path wins, then the method that is named.

use std::collections::HashMap;

use http::Method;

use super::{Methods, Pattern};

/// A built table. Look-ups allocate only for the holes.
#[derive(Debug)]
pub struct Router<T> {
    trees: HashMap<Method, Tree>,
    /// Any method without a tree of its own.
    other: Tree,
    routes: Vec<T>,
}

/// The paths of one method. `{*rest}` stands back where a `{name}` has the same place, which one matchit tree cannot hold.
#[derive(Debug, Default)]
struct Tree {
    first: matchit::Router<usize>,
    rest: matchit::Router<usize>,
}

/// A table in the making.
#[derive(Debug)]
pub struct RouterBuilder<T> {
    patterns: Vec<Pattern>,
    routes: Vec<T>,
}

/// Two routes that match the same requests, by their place in the order of [`RouterBuilder::push`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The one that came first.
    pub first: usize,
    /// The one that cannot be told from it.
    pub second: usize,
}

/// What a look-up finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'r, T> {
    /// A route, and its holes by name, percent-encoded as in the path.
    Route(&'r T, Vec<(String, String)>),
    /// The path exists, the method does not; these do.
    MethodNotAllowed(Vec<Method>),
    /// No route has such a path.
    NotFound,
}

impl<T> RouterBuilder<T> {
    /// An empty table.
    pub fn new() -> Self {
        Self { patterns: Vec::new(), routes: Vec::new() }
    }

    /// Adds a route.
    pub fn push(&mut self, pattern: Pattern, route: T) {
        self.patterns.push(pattern);
        self.routes.push(route);
    }

    /// Builds the table.
    ///
    /// # Errors
    /// Every pair of routes that match the same requests.
    pub fn build(self) -> Result<Router<T>, Vec<Conflict>> {
        let mut trees: HashMap<Method, Tree> = HashMap::new();
        let mut other = Tree::default();
        let mut conflicts = Vec::new();
        let mut clash = |first, second| {
            let conflict = Conflict { first, second };
            if !conflicts.contains(&conflict) {
                conflicts.push(conflict);
            }
        };
        let patterns = &self.patterns;
        for (at, pattern) in ordered(patterns) {
            let Methods::These(methods) = pattern.methods() else { continue };
            for method in methods {
                if let Err(twin) = trees.entry(method.clone()).or_default().insert(patterns, at) {
                    clash(twin.min(at), twin.max(at));
                }
            }
        }
        // GET serves HEAD, unless HEAD has a route of its own on the same path.
        for (at, pattern) in ordered(patterns) {
            if matches!(pattern.methods(), Methods::These(methods) if methods.contains(&Method::GET)) {
                let _own_route_wins = trees.entry(Method::HEAD).or_default().insert(patterns, at);
            }
        }
        for (at, _) in ordered(patterns).filter(|(_, pattern)| *pattern.methods() == Methods::Any) {
            if let Err(twin) = other.insert(patterns, at) {
                clash(twin.min(at), twin.max(at));
            }
            for method in Methods::known() {
                let _named_method_wins = trees.entry(method.clone()).or_default().insert(patterns, at);
            }
        }
        if conflicts.is_empty() { Ok(Router { trees, other, routes: self.routes }) } else { Err(conflicts) }
    }
}

/// The patterns with those that take the rest of a path last, as [`Tree::insert`] wants them.
fn ordered(patterns: &[Pattern]) -> impl Iterator<Item = (usize, &Pattern)> {
    let all = || patterns.iter().enumerate();
    all().filter(|(_, pattern)| pattern.rest().is_none()).chain(all().filter(|(_, pattern)| pattern.rest().is_some()))
}

impl<T> Default for RouterBuilder<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// Puts a pattern in, or tells which one is in its way.
    fn insert(&mut self, patterns: &[Pattern], at: usize) -> Result<(), usize> {
        let Some(pattern) = patterns.get(at) else { return Ok(()) };
        let Err(error) = self.first.insert(pattern.path(), at) else { return Ok(()) };
        let twin = in_the_way(patterns, &error).unwrap_or(at);
        let twin_takes_rest = patterns.get(twin).is_some_and(|twin| twin.rest().is_some());
        if pattern.rest().is_none() || twin_takes_rest {
            return Err(twin);
        }
        self.rest.insert(pattern.path(), at).map_err(|error| in_the_way(patterns, &error).unwrap_or(at))
    }

    fn at<'p>(&self, path: &'p str) -> Option<matchit::Match<'_, 'p, &usize>> {
        self.first.at(path).or_else(|_| self.rest.at(path)).ok()
    }
}

fn in_the_way(patterns: &[Pattern], error: &matchit::InsertError) -> Option<usize> {
    let matchit::InsertError::Conflict { with } = error else { return None };
    patterns.iter().position(|other| other.path() == with)
}

impl<T> Router<T> {
    /// Finds the route for a request. The path is the canonical one.
    pub fn find(&self, method: &Method, path: &str) -> Found<'_, T> {
        let tree = self.trees.get(method).unwrap_or(&self.other);
        if let Some(found) = tree.at(path).and_then(|matched| {
            let holes = matched.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            self.routes.get(*matched.value).map(|route| Found::Route(route, holes))
        }) {
            return found;
        }
        let allowed: Vec<Method> = Methods::known()
            .iter()
            .filter(|known| self.trees.get(*known).is_some_and(|tree| tree.at(path).is_some()))
            .cloned()
            .collect();
        if allowed.is_empty() { Found::NotFound } else { Found::MethodNotAllowed(allowed) }
    }

    /// The routes, in the order they were added.
    pub fn routes(&self) -> &[T] {
        &self.routes
    }
}

impl<T> Router<Option<T>> {
    /// The table of what is there, if all of it is.
    pub fn transpose(self) -> Option<Router<T>> {
        let routes: Option<Vec<T>> = self.routes.into_iter().collect();
        Some(Router { trees: self.trees, other: self.other, routes: routes? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::MOST_HOLES;
    use super::*;

    fn router(routes: &[&'static str]) -> Result<Router<&'static str>, Vec<Conflict>> {
        let mut builder = RouterBuilder::new();
        for route in routes {
            builder.push(Pattern::parse(route).unwrap(), *route);
        }
        builder.build()
    }

    fn found(router: &Router<&'static str>, method: &Method, path: &str) -> String {
        match router.find(method, path) {
            Found::Route(route, holes) => format!("{route} {holes:?}"),
            Found::MethodNotAllowed(allowed) => format!("405 {allowed:?}"),
            Found::NotFound => "404".to_owned(),
        }
    }

    #[test]
    fn a_longer_exact_path_beats_a_hole_and_a_hole_beats_the_rest() {
        let router = router(&["GET /a/{id}", "GET /a/new", "GET /a/{*rest}", "POST /a/{id}"]).unwrap();
        assert_eq!(found(&router, &Method::GET, "/a/new"), "GET /a/new []");
        assert_eq!(found(&router, &Method::GET, "/a/7"), r#"GET /a/{id} [("id", "7")]"#);
        assert_eq!(found(&router, &Method::GET, "/a/7/b"), r#"GET /a/{*rest} [("rest", "7/b")]"#);
        assert_eq!(found(&router, &Method::HEAD, "/a/7"), r#"GET /a/{id} [("id", "7")]"#);
        assert_eq!(found(&router, &Method::DELETE, "/a/7"), "405 [GET, HEAD, POST]");
        assert_eq!(found(&router, &Method::GET, "/b"), "404");
    }

    #[test]
    fn any_takes_what_no_named_method_has_and_an_exact_any_beats_a_named_hole() {
        let router = router(&["ANY /f/{*rest}", "GET /f/{*all}", "ANY /f/readme"]).unwrap();
        assert!(found(&router, &Method::GET, "/f/x").starts_with("GET /f/{*all}"));
        assert!(found(&router, &Method::PUT, "/f/x").starts_with("ANY /f/{*rest}"));
        assert!(found(&router, &Method::GET, "/f/readme").starts_with("ANY /f/readme"));
        let purge = Method::from_bytes(b"PURGE").unwrap();
        assert!(found(&router, &purge, "/f/x").starts_with("ANY /f/{*rest}"));
    }

    #[test]
    fn routes_with_all_the_holes_that_there_may_be_stand_beside_each_other() {
        let path = |from: usize, to: usize| (from..to).map(|hole| format!("/{{h{hole}}}")).collect::<String>();
        let most = MOST_HOLES;
        let mut builder = RouterBuilder::new();
        // One tree whose branches have more holes together than any of them may: behind each other, and split after each.
        let mut texts = vec![path(0, most - 1) + "/{*rest}"];
        for at in 0..most {
            texts.extend([path(100, 100 + at) + "/x" + &path(at, most), path(0, at + 1), path(0, at + 1) + "/"]);
        }
        for text in &texts {
            builder.push(Pattern::parse(&format!("GET {text}")).unwrap(), text.clone());
        }
        let router = builder.build().unwrap();
        for text in &texts {
            // A rest of one segment would be the last hole's.
            let path = text.replace("{*rest}", "rest/more").replace(['{', '}'], "");
            assert!(matches!(router.find(&Method::GET, &path), Found::Route(found, _) if found == text), "{text}");
        }
        let twin = [path(0, most), path(50, 50 + most)];
        let mut builder = RouterBuilder::new();
        for text in &twin {
            builder.push(Pattern::parse(&format!("GET {text}")).unwrap(), ());
        }
        assert_eq!(builder.build().unwrap_err(), [Conflict { first: 0, second: 1 }]);
    }

    #[test]
    fn two_routes_that_match_the_same_paths_are_named() {
        assert_eq!(router(&["GET /a/{id}", "POST /a/{id}", "GET /a/{name}"]).unwrap_err(), [Conflict { first: 0, second: 2 }]);
        assert_eq!(router(&["ANY /a", "ANY /a"]).unwrap_err(), [Conflict { first: 0, second: 1 }]);
        assert_eq!(router(&["GET /a/{*x}", "GET /a/{id}", "GET /a/{*y}"]).unwrap_err(), [Conflict { first: 0, second: 2 }]);
        assert!(router(&["GET /a", "HEAD /a"]).is_ok());
    }
}
