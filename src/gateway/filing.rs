//! Answers with files of the site.

use http::header::{CONTENT_RANGE, IF_MATCH, IF_NONE_MATCH, RANGE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt as _;

use super::compressing::{KeptAs, plain_tags};
use super::edge::Trace;
use super::fault::Fault;
use super::{Body, Gateway};
use crate::files::Folder;

/// The largest file that is read as a whole, in bytes, so that it can be kept in a content coding.
const WHOLE: u64 = 1 << 20;

impl Gateway {
    /// The folder that a path lies in, with the path in it. The files of the whole site stand back behind every route.
    pub(super) fn folder_of<'p>(&self, path: &'p str, is_found: bool) -> Option<(&Folder, &'p str)> {
        let may = |folder: &&Folder| !is_found || !folder.mount().is_empty();
        self.files.iter().filter(may).find_map(|folder| Some((folder, folder.inside(path)?)))
    }

    /// Whether a file lies there, which may be one that cannot be read.
    pub(super) async fn has_file(folder: &Folder, inside: &str) -> bool {
        !matches!(folder.get(inside, None, HeaderMap::new()).await, Ok(None))
    }

    /// The file that is asked for, by GET or HEAD.
    pub(super) async fn file(
        &self,
        folder: &Folder,
        inside: &str,
        parts: &Parts,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let is_whole_site = folder.mount().is_empty();
        trace.route = Some(format!("static {}", if is_whole_site { "/" } else { folder.mount() }).into());
        let unreadable = |error| Fault::File { path: parts.uri.path().to_owned(), error };
        let mut headers = with_plain_tags(&parts.headers);
        // RFC 9110, section 14.2: a range is of GET alone.
        if parts.method == Method::HEAD {
            headers.remove(RANGE);
        }
        let found = folder.get(inside, parts.uri.query(), headers).await.map_err(unreadable)?;
        let (mut head, body) = found.ok_or(Fault::NoRoute)?.into_parts();
        match head.status {
            StatusCode::PRECONDITION_FAILED => return Err(Fault::PreconditionFailed),
            StatusCode::RANGE_NOT_SATISFIABLE => return Err(Fault::NoRange { of: head.headers.remove(CONTENT_RANGE) }),
            _ => {}
        }
        let length = body.left();
        let is_whole = head.status == StatusCode::OK && length.is_some_and(|length| length <= WHOLE);
        let body = match length {
            Some(0) | None => Body::empty(),
            Some(_) if is_whole => Body::full(body.collect().await.map_err(unreadable)?.to_bytes()),
            Some(_) => Body::file(body),
        };
        let mut response = Response::from_parts(head, body);
        // The tag of a file is that of its name alone.
        response.extensions_mut().insert(KeptAs(format!("{}{inside}", folder.mount())));
        Ok(response)
    }
}

/// The same head, with the tags that files have without a coding.
fn with_plain_tags(headers: &HeaderMap) -> HeaderMap {
    let mut plain = headers.clone();
    for name in [IF_NONE_MATCH, IF_MATCH] {
        if let Some(tags) = plain_tags(headers, &name)
            && let Ok(value) = HeaderValue::try_from(tags)
        {
            plain.insert(name, value);
        }
    }
    plain
}
