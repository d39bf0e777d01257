//! `site.sitemap`: which call lists what the site has, and what of each item becomes an address.

use indexmap::IndexMap;

use super::Call;
use super::compiler::Compiler;
use super::feeds::Feeds;
use crate::base::hole::Template;
use crate::json::Path;
use crate::spec::{At, CallSpec, FileSpec, InputSpec, Problem, SitemapSpec};
use crate::upstream::Repeat;

/// Where the sitemap comes from.
#[derive(Debug)]
pub struct Sitemap {
    call: Call,
    first: u32,
    items: Path,
    loc: Template,
    lastmod: Option<Path>,
}

impl Sitemap {
    /// Where robots look for it.
    pub const PATH: &str = "/sitemap.xml";

    /// The call of one page.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The number of the first page; none when one call brings everything.
    pub fn first(&self) -> Option<u32> {
        let is_paged = self.call.target().is_some_and(|target| target.holes().any(|hole| hole.source() == "page"));
        is_paged.then_some(self.first)
    }

    /// Where the items are in a reply.
    pub fn items(&self) -> &Path {
        &self.items
    }

    /// The path of an item's page; its holes take from `item`.
    pub fn loc(&self) -> &Template {
        &self.loc
    }

    /// Where an item says when it last changed.
    pub fn lastmod(&self) -> Option<&Path> {
        self.lastmod.as_ref()
    }
}

impl Compiler<'_> {
    /// The sitemap, and whether robots may be told of it.
    pub(super) fn sitemap(&mut self, file: &FileSpec) -> Option<Sitemap> {
        let site = file.site.as_ref()?;
        let at = At::root().key("site");
        let routed = file.routes.iter().position(|route| route.route.split_whitespace().nth(1) == Some(Sitemap::PATH));
        if site.robots.as_ref().and_then(|robots| robots.sitemap) == Some(true) {
            let at = at.key("robots").key("sitemap");
            if site.sitemap.is_none() && routed.is_none() {
                self.expected(&at, "there is no sitemap to tell of".to_owned(), "`site.sitemap`, or a route `GET /sitemap.xml`");
            } else if site.origin.is_none() {
                self.expected(&at, "robots are told of a sitemap by its whole address".to_owned(), "`site.origin` too");
            }
        }
        let spec = site.sitemap.as_ref()?;
        let at = at.key("sitemap");
        if site.origin.is_none() {
            self.push(
                Problem::new(&at, "a sitemap has whole addresses").at_key().expected("`site.origin`, as in https://shop.example"),
            );
        }
        if let Some(index) = routed {
            let at = At::root().key("routes").index(index).key("route");
            let problem = Problem::new(at, format!("`{}` is what `site.sitemap` writes", Sitemap::PATH)).part(Sitemap::PATH);
            self.push(problem.hint("remove the route, or `site.sitemap`"));
        }
        self.sitemap_of(&at, spec)
    }

    fn sitemap_of(&mut self, at: &At, spec: &SitemapSpec) -> Option<Sitemap> {
        let template = Template::parse(&spec.call).ok();
        let unfed = template.iter().flat_map(Template::holes).find(|hole| hole.source() != "page" || !hole.path().is_empty());
        if let Some(hole) = unfed {
            self.push(
                Problem::new(at.key("call"), format!("nothing feeds the hole `{hole}`"))
                    .part(hole.to_string())
                    .expected("{page}, the number of a page"),
            );
        }
        // The number of a page is fed to the call as another call's result would be.
        let calls = IndexMap::from([("page".to_owned(), CallSpec::Short(String::new()))]);
        let input = InputSpec::default();
        let feeds = Feeds { at, pattern: None, input: &input, calls: Some(&calls), is_each: false, repeat: Repeat::ByMethod };
        let call = if unfed.is_none() { self.call(&at.key("call"), &spec.call, &feeds) } else { None };
        let items = self.path(&at.key("items"), &spec.items);
        let loc = self.loc(&at.key("loc"), &spec.loc);
        let lastmod = match &spec.lastmod {
            Some(path) => self.path(&at.key("lastmod"), path).map(Some),
            None => Some(None),
        };
        Some(Sitemap { call: call?, first: spec.first.unwrap_or(1), items: items?, loc: loc?, lastmod: lastmod? })
    }

    fn loc(&mut self, at: &At, text: &str) -> Option<Template> {
        if !text.starts_with('/') || text.starts_with("//") {
            self.expected(at, format!("`{text}` is not the path of a page"), "a path such as /detail/{item.id}");
            return None;
        }
        let template = self.target_of(at, text)?;
        let mut is_fine = true;
        for hole in template.holes() {
            let is_of_item = hole.source() == "item" && Path::parse(&hole.path().join(".")).is_ok() && !hole.path().is_empty();
            if !is_of_item {
                self.push(
                    Problem::new(at, format!("nothing feeds the hole `{hole}`"))
                        .part(hole.to_string())
                        .expected("a value of the item, as in {item.id}"),
                );
                is_fine = false;
            }
        }
        if template.holes().next().is_none() {
            self.expected(at, "every item would have the same page".to_owned(), "a hole, as in /detail/{item.id}");
            is_fine = false;
        }
        is_fine.then_some(template)
    }
}
