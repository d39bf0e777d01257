//! The pages of the list, one after the other, to the end: all of it, or a fault.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use super::super::Gateway;
use super::super::calling::{Asked, filled};
use super::super::fault::Fault;
use super::super::{holes, reply};
use super::date::lastmod;
use super::xml::Writer;
use crate::base::hole::Hole;
use crate::check::{BodyBytes, Input};
use crate::json::Node;
use crate::plan::Sitemap;
use crate::shape::Notes;
use crate::upstream::fill_with;

/// How long one page may take.
const PAGE: Duration = Duration::from_secs(10);

/// The most addresses of a site: what its files weigh is held in memory.
const MOST: usize = 500_000;

impl Gateway {
    /// Walks over the whole list and writes its files.
    pub(super) async fn walk(&self, sitemap: &Sitemap, origin: &str) -> Result<Vec<Bytes>, Fault> {
        let mut writer = Writer::new(origin);
        let mut seen: HashSet<String> = HashSet::new();
        let (mut unusable, mut number) = (0_usize, sitemap.first());
        loop {
            let page = self.page_of(sitemap, number).await?;
            let before = seen.len();
            unusable += page.unusable;
            for (path, lastmod) in page.items {
                // A list that changes while it is walked over shows an item twice.
                if seen.insert(path.clone()) {
                    writer.add(&path, lastmod.as_deref());
                }
            }
            // The end is a page without items, or, of a backend that stays on its last page, one that brings nothing new.
            let is_last = seen.len() == before;
            number = match number {
                Some(number) if !is_last => Some(number.saturating_add(1)),
                _ => break,
            };
            if seen.len() > MOST {
                return Err(unfit(sitemap, "upstream_too_large", format!("it lists more than {MOST} items")));
            }
        }
        if unusable > 0 {
            tracing::warn!(unusable, "items without a page of their own are not in the sitemap");
        }
        let files = writer.finish();
        if files.is_empty() {
            return Err(unfit(sitemap, "upstream_data_missing", "the list for the sitemap is empty".to_owned()));
        }
        Ok(files)
    }

    async fn page_of(&self, sitemap: &Sitemap, number: Option<u32>) -> Result<Page, Fault> {
        let call = sitemap.call();
        let (parts, ()) = Request::get(Sitemap::PATH).body(()).unwrap_or_default().into_parts();
        let input = Input {
            path: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            query_string: String::new(),
            body_bytes: BodyBytes::AsReceived,
        };
        let page = |_: &Hole| number.map(|number| number.to_string());
        let path_and_query = filled(call, &parts, &input, &page).map_err(|error| holes::refused(call, &error))?;
        let asked = Asked { parts: &parts, input: &input, received: &Bytes::new() };
        let reply = self.ask(call, &asked, path_and_query, Instant::now() + PAGE).await?;
        if !reply.status.is_success() {
            return Err(reply::not_a_success(call.backend(), &reply));
        }
        let backend = call.backend();
        let text = backend.decode().text(&reply.body, reply::content_type(&reply));
        let text = text.map_err(|error| reply::broken(backend, "upstream_not_json", &error))?;
        let mut document = backend.decode().node(&text).map_err(|error| reply::not_json(backend, &reply, &error))?;
        if let Some(envelope) = backend.envelope() {
            let mut notes = Notes::default();
            envelope.run(&mut document, &mut notes).map_err(|error| reply::shaped(backend, &reply, error))?;
        }
        let items = sitemap.items().get(&document).and_then(Node::as_array);
        let items = items.ok_or_else(|| unfit(sitemap, "upstream_data_missing", "a page has no list of items".to_owned()))?;
        let origin = self.plan.origin().unwrap_or_default();
        let made: Vec<(String, Option<String>)> = items.iter().filter_map(|item| entry(sitemap, origin, item)).collect();
        let unusable = items.len() - made.len();
        if made.is_empty() && unusable > 0 {
            let reason = "no item of a page has what its address needs".to_owned();
            return Err(unfit(sitemap, "upstream_value_unusable", reason));
        }
        Ok(Page { items: made, unusable })
    }
}

/// What a page brings.
struct Page {
    items: Vec<(String, Option<String>)>,
    /// How many of its items have no address.
    unusable: usize,
}

/// The longest address that a sitemap may tell, in bytes (sitemaps.org: under 2,048).
const LONGEST: usize = 2047;

/// The path of an item's page, and when it last changed; none when robots could not ask for it here.
fn entry(sitemap: &Sitemap, origin: &str, item: &Node<'_>) -> Option<(String, Option<String>)> {
    let value = |hole: &Hole| {
        let names = hole.path().iter();
        let found = names.into_iter().try_fold(item, |node, name| node.as_object()?.get(name))?;
        holes::scalar(found)
    };
    let path = fill_with(sitemap.loc(), &value, &|_| false).ok()?;
    // A path with a semicolon in a segment is refused before any route sees it.
    let segments = path.split(['?', '#']).next().unwrap_or_default();
    if origin.len() + path.len() > LONGEST || segments.contains("%3B") {
        return None;
    }
    let changed = sitemap.lastmod().and_then(|path| path.get(item)).and_then(lastmod);
    Some((path, changed))
}

fn unfit(sitemap: &Sitemap, code: &'static str, reason: String) -> Fault {
    Fault::Contract { upstream: sitemap.call().backend().upstream().name().to_owned(), code, reason }
}
