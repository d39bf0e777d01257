//! Files of the site: which folder lies under which path.

use std::path::PathBuf;

use super::compiler::Compiler;
use crate::spec::{At, FileSpec, Problem, normal};

/// A folder, or a single file, under a path of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The path, without a slash at its end; empty for the whole site, whose files stand back behind every route.
    pub path: String,
    /// Where it lies.
    pub place: PathBuf,
}

impl Compiler<'_> {
    /// The folders of `site.static`, those with the longer paths first.
    pub(super) fn statics(&mut self, file: &FileSpec) -> Vec<Mount> {
        let at = At::root().key("site").key("static");
        let specs = file.site.as_ref().and_then(|site| site.statics.as_ref());
        let mut mounts = Vec::new();
        for (path, name) in specs.into_iter().flatten() {
            let at = at.key(path);
            if !is_mount(path) {
                let problem = Problem::new(&at, format!("`{path}` is not a path that files can lie under")).at_key();
                self.push(
                    problem.expected("a path such as /assets, without holes and without a slash at its end; / is the whole site"),
                );
                continue;
            }
            self.routes_below(path, file);
            let Some(relative) = normal(name) else {
                self.expected(&at, format!("`{name}` lies outside of the folder of this file"), "a folder beside this file");
                continue;
            };
            match self.snapshot().statics.get(&relative) {
                Some(place) => mounts.push(Mount { path: path.trim_end_matches('/').to_owned(), place: place.into() }),
                None => {
                    self.expected(&at, format!("there is no `{name}` beside this file"), "a folder of files, or a single file")
                }
            }
        }
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.path.len()));
        mounts
    }

    /// A route below a folder would never be asked.
    fn routes_below(&mut self, mount: &str, file: &FileSpec) {
        for (index, route) in file.routes.iter().enumerate().filter(|_| mount != "/") {
            let path = route.route.split_whitespace().nth(1).unwrap_or_default();
            if path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                let at = At::root().key("routes").index(index).key("route");
                let problem = Problem::new(at, format!("everything under `{mount}` is a file of `site.static`")).part(path);
                self.push(problem.expected("another path, here or in `site.static`"));
            }
        }
    }
}

/// Whether files can lie under a path.
fn is_mount(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name != "."
            && name != ".."
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    let is_ours = path == "/_forecourt" || path.starts_with("/_forecourt/");
    path == "/" || (!is_ours && path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_name)))
}

#[cfg(test)]
mod tests {
    use super::is_mount;

    #[test]
    fn files_lie_under_plain_paths() {
        for path in ["/", "/assets", "/a/b.c/d-e_f~g", "/favicon.ico", "/.well-known"] {
            assert!(is_mount(path), "{path}");
        }
        for path in [
            "",
            "assets",
            "/assets/",
            "//",
            "/a//b",
            "/{id}",
            "/a/../b",
            "/a b",
            "/a%20b",
            "/a?b",
            "/_forecourt",
            "/_forecourt/x",
        ] {
            assert!(!is_mount(path), "{path}");
        }
    }
}
