//! What the grammar has and this version does not do yet: refused, so that nobody relies on it in vain.

use super::tree::{Content, Entry, Tree};
use super::{At, Problem, Problems};

/// A path, in which `*` is any name or any entry of a list, the keys of later versions below it, and what there is instead.
type Later = (&'static [&'static str], &'static [&'static str], &'static str);

const LATER: &[Later] = &[(
    &["routes", "*", "page"],
    &["early_hints"],
    "remove it: the HTTP library cannot send 103 yet, but a server in front can make one of the `Link` header that every page has",
)];

/// Refuses every key of a file that belongs to a later version, and marks it as broken.
pub(super) fn refuse(tree: &mut Tree) -> Problems {
    let mut problems = Problems::new();
    let mut gone = Vec::new();
    for (path, keys, hint) in LATER {
        each(tree, path, &At::root(), &mut |mapping, at| {
            for Entry { key, .. } in mapping.entries().iter().filter(|entry| keys.contains(&entry.key.as_str())) {
                let at = at.key(key);
                if !gone.iter().any(|gone| at.is_within(gone)) {
                    let problem = Problem::new(&at, format!("`{key}` is not available yet"));
                    problems.push(problem.at_key().hint(*hint));
                    gone.push(at);
                }
            }
        });
    }
    gone.iter().for_each(|at| tree.mark_broken(at));
    problems
}

/// Calls `see` with every value at a path.
fn each<'t>(tree: &'t Tree, path: &[&str], at: &At, see: &mut dyn FnMut(&'t Tree, &At)) {
    let Some((step, rest)) = path.split_first() else {
        see(tree, at);
        return;
    };
    match &tree.content {
        Content::List(elements) if *step == "*" => {
            for (position, element) in elements.iter().enumerate() {
                each(element, rest, &at.index(position), see);
            }
        }
        Content::Mapping(entries) => {
            for entry in entries.iter().filter(|entry| *step == "*" || entry.key == *step) {
                each(&entry.value, rest, &at.key(&entry.key), see);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Snapshot, load_available};

    fn refused(text: &str) -> Vec<String> {
        let snapshot = Snapshot { root: "routes.yaml".to_owned(), text: text.to_owned(), ..Snapshot::default() };
        let loaded = load_available(&snapshot);
        assert!(loaded.mirror.is_some());
        loaded.problems.into_iter().map(|problem| problem.at.to_string()).collect()
    }

    #[test]
    fn every_key_of_a_later_version_is_refused_where_it_stands() {
        let text = "
upstreams:
  a: {url: 'demo:'}
routes:
  - route: GET /a
    page: {template: t, early_head: true, early_hints: true}
";
        assert_eq!(refused(text), ["/routes/0/page/early_hints"]);
    }

    #[test]
    fn what_is_available_is_let_be() {
        let text = "
defaults: {cache: {ttl: 1s}}
upstreams:
  a: {url: 'demo:', envelope: mall, decode: {}, timeout: {}, headers: {}, retry: {}, breaker: {}, bulkhead: {}, health: {}}
  b: {urls: [x], balance: p2c}
routes:
  - {route: GET /a, calls: {a: 'GET a:/x'}, page: t.html}
  - {route: GET /b, cache: {ttl: 1s}, calls: {a: {to: 'GET a:/x'}}, page: {template: t, head: {title: a}, state: true, status: 200, when: always, deadline: {}, fallback: f, early_head: true}}
  - route: GET /c
    calls:
      a: {to: x, optional: true, fallback: 1, timeout: 1s, shape: [], for_each: a, as: b, at_once: 1, when: {path: a}}
      b: GET y
  - {route: GET /retry, call: 'GET a:/cache', shape: [{page: {items: cache}}]}
site: {origin: o, robots: {disallow: [/a], sitemap: true}, sitemap: {call: c, items: i, loc: l, first: 0}, static: {/a: b}}
cluster: {policy: shared, workers: auto, threads: 1, restart: {}, drain: 1s, heartbeat: 1s, memory: 1GiB, groups: {web: {}}}
";
        assert_eq!(refused(text), [""; 0]);
    }
}
