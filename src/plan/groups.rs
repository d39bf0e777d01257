//! Groups of workers: which routes each serves, where it listens, how its connections are dealt out.

use super::compiler::Compiler;
use super::listen::{Listen, Place};
use crate::spec::{At, ClusterSpec, FileSpec, GroupSpec, PolicySpec, Problem, WorkersSpec};

/// The name of the only group of a file that names none.
const DEFAULT: &str = "web";
/// The longest name of a group, in bytes: it stands in the titles of processes.
const LONGEST_NAME: usize = 32;
/// The most workers of all groups together.
const MOST_WORKERS: usize = 1024;
const PATHS: &str = "paths of routes, as in [/admin/**, /report]";

/// How many worker processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// One a processor, two at least.
    Auto,
    /// That many.
    Count(usize),
}

/// How connections are dealt out to the workers of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// In turn.
    RoundRobin,
    /// In turn, by weight.
    Weighted,
    /// To the worker with the fewest connections.
    LeastConnections,
    /// Workers accept themselves.
    Shared,
}

/// Workers that share listeners and routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPlan {
    /// Its name: `[a-z][a-z0-9_-]*`.
    pub name: String,
    /// Where it listens; at least one place.
    pub listen: Vec<Listen>,
    /// How many workers it has.
    pub workers: Workers,
    /// How its connections are dealt out.
    pub policy: Policy,
    /// The weights of worker 1, 2 and so on; those beyond have 1.
    pub weights: Vec<u32>,
    /// For every route of the file, whether this group serves it.
    serves: Vec<bool>,
}

impl GroupPlan {
    /// Whether it serves the route at this place in the order of the file, from 0.
    pub fn serves(&self, route: usize) -> bool {
        self.serves.get(route).copied().unwrap_or(false)
    }

    /// The same group in a plan that has its routes alone.
    pub(super) fn alone(&self) -> Self {
        let count = self.serves.iter().filter(|serves| **serves).count();
        Self { serves: vec![true; count], ..self.clone() }
    }
}

/// A route as groups see it: where it was typed, and its path.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) at: At,
    pub(super) path: String,
}

impl Compiler<'_> {
    /// The groups of a file, or the one that it has without any.
    pub(super) fn groups(&mut self, file: &FileSpec, cluster: &ClusterSpec, routes: &[Named]) -> Vec<GroupPlan> {
        let shared = self.listen(&At::root().key("listen"), file.listen.as_ref());
        let Some(specs) = &cluster.groups else {
            let whole = GroupSpec::default();
            let at = At::root().key("cluster");
            let places: Vec<Place<'_>> = shared.into_iter().map(|(at, listen)| Place { listen, at, group: DEFAULT }).collect();
            self.listen_once(&places);
            let serves = vec![true; routes.len()];
            self.own_weights(&at, policy(&whole, cluster), workers(&whole, cluster), cluster.weights.as_deref());
            return vec![group(DEFAULT, &whole, cluster, places.into_iter().map(|place| place.listen).collect(), serves)];
        };
        let at = At::root().key("cluster").key("groups");
        if specs.is_empty() {
            self.expected(&at, "there are no groups".to_owned(), "a name and what belongs to it, as in `web: {workers: auto}`");
        }
        let owners = self.owners(specs, routes);
        let mut places = Vec::new();
        let mut groups = Vec::new();
        for (number, (name, spec)) in specs.iter().enumerate() {
            let at = at.key(name);
            self.group_name(&at, name);
            let listen = match &spec.listen {
                Some(_) => self.listen(&at.key("listen"), spec.listen.as_ref()),
                None => shared.iter().map(|(_, listen)| (at.clone(), listen.clone())).collect(),
            };
            places.extend(listen.iter().map(|(at, listen)| Place { listen: listen.clone(), at: at.clone(), group: name }));
            self.own_weights(&at, policy(spec, cluster), workers(spec, cluster), spec.weights.as_deref());
            let serves = owners.iter().map(|owner| if spec.routes.is_some() { *owner == Some(number) } else { owner.is_none() });
            let listen = listen.into_iter().map(|(_, listen)| listen).collect();
            groups.push(group(name, spec, cluster, listen, serves.collect()));
        }
        self.listen_once(&places);
        self.said_for_nothing(file, cluster);
        self.all_served(specs, &groups, routes);
        let total: usize = groups.iter().map(|group| if let Workers::Count(count) = group.workers { count } else { 0 }).sum();
        if total > MOST_WORKERS {
            self.expected(&at, format!("the groups have {total} workers together"), &format!("{MOST_WORKERS} at most"));
        }
        groups
    }

    fn group_name(&mut self, at: &At, name: &str) {
        let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
            && name.len() <= LONGEST_NAME;
        if !fits {
            let expected = "lower-case letters, digits, `_` and `-`, a letter first, 32 at most";
            self.push(Problem::new(at, format!("`{name}` cannot name a group")).at_key().expected(expected));
        }
    }

    /// For every route the number of the group that names it.
    fn owners(&mut self, specs: &indexmap::IndexMap<String, GroupSpec>, routes: &[Named]) -> Vec<Option<usize>> {
        let mut owners: Vec<Option<usize>> = vec![None; routes.len()];
        let guess = self.routes_in_doubt();
        for (number, (name, spec)) in specs.iter().enumerate() {
            let at = At::root().key("cluster").key("groups").key(name).key("routes");
            let Some(entries) = &spec.routes else { continue };
            if entries.is_empty() {
                self.expected(&at, format!("the group `{name}` names no route"), PATHS);
            }
            for (index, entry) in entries.iter().enumerate() {
                let at = at.index(index);
                let (mut found, mut told) = (false, false);
                for (route, owner) in routes.iter().zip(&mut owners).filter(|(route, _)| names(entry, &route.path)) {
                    found = true;
                    match owner.and_then(|owner| specs.get_index(owner)) {
                        Some((other, _)) if other != name => {
                            // One is enough of an entry that names many.
                            if std::mem::replace(&mut told, true) {
                                continue;
                            }
                            let line = self.source().line_column(&route.at.key("route")).0;
                            let message = format!("the route `{}` on line {line} is served by the group `{other}`", route.path);
                            self.expected(&at, message, "each route in one group");
                        }
                        _ => *owner = Some(number),
                    }
                }
                if !found && !guess {
                    self.names_nothing(&at, entry, routes);
                }
            }
        }
        owners
    }

    fn names_nothing(&mut self, at: &At, entry: &str, routes: &[Named]) {
        let problem = Problem::new(at, format!("`{}` names no route", self.source().shown(at).unwrap_or(entry)));
        if let Some((_, path)) = entry.split_once(' ') {
            self.push(problem.expected("a path without a method").hint(format!("write `{}`", path.trim())));
            return;
        }
        if !entry.starts_with('/') {
            self.push(problem.expected(PATHS).hint(format!("write `/{entry}`")));
            return;
        }
        let star = |segment: &str| segment.contains('*') && segment != "*" && !segment.starts_with('{');
        let segments: Vec<&str> = entry.split('/').collect();
        let last = segments.len() - 1;
        if segments.iter().enumerate().any(|(place, segment)| star(segment) && !(*segment == "**" && place == last)) {
            self.push(problem.expected("`*` for a whole segment, `**` at the end for the rest"));
            return;
        }
        let below = routes.iter().filter_map(|route| Some(format!("/{}/**", route.path.split('/').nth(1)?)));
        let known: Vec<String> = routes.iter().map(|route| route.path.clone()).chain(below).collect();
        self.push(problem.expected(PATHS).did_you_mean(entry, known.iter().map(String::as_str)));
    }

    /// Every group has a route, every route a group.
    fn all_served(&mut self, specs: &indexmap::IndexMap<String, GroupSpec>, groups: &[GroupPlan], routes: &[Named]) {
        if self.routes_in_doubt() || routes.is_empty() || groups.is_empty() {
            return;
        }
        for (index, route) in routes.iter().enumerate() {
            if groups.iter().all(|group| !group.serves(index)) {
                let problem = Problem::new(route.at.key("route"), "no group serves this route");
                self.push(
                    problem.hint("name it under `routes` of a group, or leave the `routes` of one group out: it gets the rest"),
                );
            }
        }
        for (group, (name, _)) in groups.iter().zip(specs).filter(|(_, (_, spec))| spec.routes.is_none()) {
            if group.serves.iter().all(|serves| !serves) {
                let at = At::root().key("cluster").key("groups").key(name);
                let problem = Problem::new(at, format!("no route is left for the group `{name}`: others name them all")).at_key();
                self.push(problem.hint("name its own under `routes`, or remove the group"));
            }
        }
    }

    /// Whether a route is broken in a way that groups would only echo.
    fn routes_in_doubt(&self) -> bool {
        let routes = At::root().key("routes");
        self.known()
            .iter()
            .any(|problem| problem.at.is_within(&routes) && (problem.at.steps().len() <= 2 || problem.at.last() == Some("route")))
    }

    /// Weights that stand beside workers they are for.
    fn own_weights(&mut self, at: &At, policy: Policy, workers: Workers, weights: Option<&[u32]>) {
        let Some(weights) = weights else { return };
        let at = at.key("weights");
        if policy != Policy::Weighted {
            let problem = Problem::new(&at, "`weights` has no say: only the policy `weighted` looks at it").at_key();
            self.push(problem.hint("write `policy: weighted` beside it, or remove it"));
        } else if let Workers::Count(count) = workers
            && count < weights.len()
        {
            let message = format!("there is no worker {} for this weight", count + 1);
            self.expected(&at.index(count), message, &format!("a weight for each of {count} at most"));
        }
    }

    /// What stands at the top for groups that all have their own.
    fn said_for_nothing(&mut self, file: &FileSpec, cluster: &ClusterSpec) {
        let Some(specs) = cluster.groups.as_ref().filter(|specs| !specs.is_empty()) else { return };
        if file.listen.is_some() && specs.values().all(|spec| spec.listen.is_some()) {
            let problem =
                Problem::new(At::root().key("listen"), "no group listens here: each has a `listen` of its own").at_key();
            self.push(problem.hint("remove it, or the `listen` of one group"));
        }
        let takes = |spec: &GroupSpec| spec.weights.is_none() && policy(spec, cluster) == Policy::Weighted;
        if cluster.weights.is_some() && !specs.values().any(takes) {
            let at = At::root().key("cluster").key("weights");
            let problem =
                Problem::new(at, "`weights` has no say: no group with the policy `weighted` is without its own").at_key();
            self.push(problem.hint("write `policy: weighted` beside it, or remove it"));
        }
    }
}

fn group(name: &str, spec: &GroupSpec, cluster: &ClusterSpec, listen: Vec<Listen>, serves: Vec<bool>) -> GroupPlan {
    let weights = spec.weights.as_ref().or(cluster.weights.as_ref()).cloned().unwrap_or_default();
    GroupPlan { name: name.to_owned(), listen, workers: workers(spec, cluster), policy: policy(spec, cluster), weights, serves }
}

fn workers(spec: &GroupSpec, cluster: &ClusterSpec) -> Workers {
    match spec.workers.as_ref().or(cluster.workers.as_ref()) {
        None | Some(WorkersSpec::Auto(_)) => Workers::Auto,
        Some(WorkersSpec::Count(count)) => Workers::Count(*count),
    }
}

fn policy(spec: &GroupSpec, cluster: &ClusterSpec) -> Policy {
    match spec.policy.or(cluster.policy) {
        None | Some(PolicySpec::RoundRobin) => Policy::RoundRobin,
        Some(PolicySpec::Weighted) => Policy::Weighted,
        Some(PolicySpec::LeastConnections) => Policy::LeastConnections,
        Some(PolicySpec::Shared) => Policy::Shared,
    }
}

/// Whether an entry of a group's `routes` names a route with this path: segment by segment, `*` any, `**` all that follow.
fn names(entry: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (entry.split('/').peekable(), path.split('/'));
    while let Some(segment) = wanted.next() {
        match (segment, found.next()) {
            ("**", _) if wanted.peek().is_none() => return true,
            ("*", Some(_)) => {}
            (segment, Some(other)) if segment == other => {}
            _ => return false,
        }
    }
    found.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn an_entry_names_paths_segment_by_segment() {
        for (entry, named, others) in [
            ("/admin/**", &["/admin", "/admin/", "/admin/{id}", "/admin/a/{*rest}"][..], &["/", "/adminx", "/a/admin"][..]),
            ("/admin/*", &["/admin/{id}", "/admin/a"], &["/admin", "/admin/a/b"]),
            ("/*/edit", &["/{id}/edit", "/a/edit"], &["/edit", "/a/b/edit"]),
            ("/detail/{id}", &["/detail/{id}"], &["/detail/{name}", "/detail/1"]),
            ("/files/{*rest}", &["/files/{*rest}"], &["/files/a"]),
            ("/**", &["/", "/a", "/a/b"], &[]),
            ("/", &["/"], &["/a"]),
            ("/**/edit", &[], &["/a/edit", "/a/b/edit"]),
        ] {
            assert!(named.iter().all(|path| names(entry, path)), "{entry}");
            assert!(!others.iter().any(|path| names(entry, path)), "{entry}");
        }
    }
}
