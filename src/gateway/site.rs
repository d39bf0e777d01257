//! What belongs to the site and to no route: `/robots.txt`, the sitemap, files.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response};

use super::edge::Trace;
use super::fault::{Fault, OWN};
use super::{Body, Gateway, sitemap};
use crate::plan::{Robots, Route};
use crate::route::Found;

impl Gateway {
    /// The answer of the site itself, if it has one; `found` is what the routes have at the path.
    pub(super) async fn of_site(
        &self,
        parts: &Parts,
        found: &Found<'_, Arc<Route>>,
        trace: &mut Trace,
    ) -> Option<Result<Response<Body>, Fault>> {
        let path = parts.uri.path();
        let is_found = !matches!(found, Found::NotFound);
        if !OWN.contains(&parts.method) {
            let allowed = self.allowed(path, found);
            return allowed.await.map(|allowed| Err(allowed.map_or(Fault::NoRoute, Fault::MethodNotAllowed)));
        }
        let asks_for_robots = path == Robots::PATH;
        if asks_for_robots && self.plan.robots().is_written() {
            return Some(Ok(robots(self.plan.robots())));
        }
        // What few requests need is boxed for those alone. The further files of a sitemap stand back behind routes.
        if let Some(number) = sitemap::number(path).filter(|number| *number == 0 || !is_found)
            && let Some(response) = Box::pin(self.sitemap(number, parts, trace)).await
        {
            return Some(Ok(response));
        }
        // Robots that the configuration does not mention stand back behind routes and files.
        let stands_in = asks_for_robots && !is_found;
        if let Some((folder, inside)) = self.folder_of(path, is_found) {
            match Box::pin(self.file(folder, inside, parts, trace)).await {
                Err(Fault::NoRoute) if stands_in => trace.route = None,
                answered => return Some(answered),
            }
        }
        stands_in.then(|| Ok(robots(self.plan.robots())))
    }

    /// The methods of a path that is the site's, if it is: its own, and those of routes that stand behind them. `Some(None)` says that
    /// the path is the site's and nothing is there.
    async fn allowed(&self, path: &str, found: &Found<'_, Arc<Route>>) -> Option<Option<Vec<Method>>> {
        let is_found = !matches!(found, Found::NotFound);
        if let Some((folder, inside)) = self.folder_of(path, true) {
            return Some(Box::pin(Self::has_file(folder, inside)).await.then(|| OWN.to_vec()));
        }
        let beside = match found {
            Found::Route(..) => return None,
            Found::MethodNotAllowed(allowed) => allowed.as_slice(),
            Found::NotFound => &[],
        };
        let is_own = match (path, sitemap::number(path)) {
            (Robots::PATH, _) => self.plan.robots().is_written() || !is_found,
            (_, Some(number)) if self.plan.sitemap().is_some() => self.has_sitemap(number) && (number == 0 || !is_found),
            _ => match self.folder_of(path, is_found) {
                Some((folder, inside)) => Box::pin(Self::has_file(folder, inside)).await,
                None => false,
            },
        };
        let all = || OWN.iter().chain(beside.iter().filter(|method| !OWN.contains(method))).cloned().collect();
        is_own.then(|| Some(all()))
    }
}

/// The file for robots, in one piece, without a backend that could fail.
fn robots(robots: &Robots) -> Response<Body> {
    let mut response = Response::new(Body::full(Bytes::copy_from_slice(robots.text().as_bytes())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}
