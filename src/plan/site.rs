//! The public face of the site.

use super::Sitemap;
use super::compiler::Compiler;
use crate::spec::{At, FileSpec, Problem};

/// `/robots.txt`: what robots may visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Robots {
    text: String,
    is_written: bool,
}

impl Robots {
    /// Where robots look for it.
    pub const PATH: &str = "/robots.txt";

    /// The file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the configuration says what is in it. If not, every route that has the path goes before it.
    pub fn is_written(&self) -> bool {
        self.is_written
    }
}

impl Compiler<'_> {
    pub(super) fn origin(&mut self, file: &FileSpec) -> Option<String> {
        let origin = file.site.as_ref()?.origin.as_ref()?;
        let uri = origin.parse::<http::Uri>().ok();
        let fits = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some()
                && matches!(uri.path(), "/" | "")
                && uri.query().is_none()
        });
        if !fits {
            let at = At::root().key("site").key("origin");
            let shown = self.source().shown(&at).unwrap_or(origin);
            self.expected(&at, format!("`{shown}` is not an origin"), "a scheme and a host alone, as in https://shop.example");
        }
        Some(origin.trim_end_matches('/').to_owned())
    }

    /// What robots are told: all of the site is theirs unless the file says otherwise.
    pub(super) fn robots(&mut self, file: &FileSpec) -> Robots {
        let at = At::root().key("site").key("robots");
        let spec = file.site.as_ref().and_then(|site| site.robots.as_ref());
        let paths: Vec<&String> = spec.and_then(|spec| spec.disallow.as_ref()).into_iter().flatten().collect();
        let mut text = "User-agent: *\n".to_owned();
        for (index, path) in paths.iter().enumerate() {
            if !path.starts_with('/') || !path.chars().all(|c| c.is_ascii_graphic() && c != '#') {
                let at = at.key("disallow").index(index);
                let shown = self.source().shown(&at).unwrap_or(path).to_owned();
                let problem = Problem::new(at, format!("`{shown}` is not a path that robots understand"));
                self.push(problem.expected("a path such as /cart, percent-encoded; `*` is anything, `$` the end"));
            }
            text.push_str(&format!("Disallow: {path}\n"));
        }
        if paths.is_empty() {
            text.push_str("Disallow:\n");
        }
        let is_told = spec.and_then(|spec| spec.sitemap) == Some(true);
        if let Some(origin) = file.site.as_ref().and_then(|site| site.origin.as_ref()).filter(|_| is_told) {
            text.push_str(&format!("\nSitemap: {}{}\n", origin.trim_end_matches('/'), Sitemap::PATH));
        }
        if spec.is_some() {
            for (index, route) in file.routes.iter().enumerate() {
                let mut words = route.route.split_whitespace();
                if words.nth(1) == Some(Robots::PATH) {
                    let at = At::root().key("routes").index(index).key("route");
                    let problem = Problem::new(at, format!("`{}` is what `site.robots` writes", Robots::PATH)).part(Robots::PATH);
                    self.push(problem.hint("remove the route, or `site.robots`"));
                }
            }
        }
        Robots { text, is_written: spec.is_some() }
    }
}
