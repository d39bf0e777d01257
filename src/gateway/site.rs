//! What belongs to the site and to no route: `/robots.txt`, the sitemap, files.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response};

use super::edge::Trace;
use super::fault::Fault;
use super::{Body, Gateway, sitemap};
use crate::plan::Robots;

impl Gateway {
    /// The answer of the site itself, if it has one; `is_found` tells that a route has the path.
    pub(super) async fn of_site(
        &self,
        parts: &Parts,
        is_found: bool,
        trace: &mut Trace,
    ) -> Option<Result<Response<Body>, Fault>> {
        let path = parts.uri.path();
        let asks_for_robots = path == Robots::PATH && matches!(parts.method, Method::GET | Method::HEAD);
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
}

/// The file for robots, in one piece, without a backend that could fail.
fn robots(robots: &Robots) -> Response<Body> {
    let mut response = Response::new(Body::full(Bytes::copy_from_slice(robots.text().as_bytes())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}
