//! Files of the site, as they lie on the disk: content types, conditions, ranges, precompressed siblings, folders with an index.
//!
//! HTTP is tower-http's `ServeDir`. What it lacks is here: nothing but what lies below the folder is opened, whatever links say; hidden files
//! are no files; `If-Range`; and for how long a name may be trusted. A folder knows no routes.

mod beneath;
mod conditions;
mod names;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use tower_http::services::fs::{DefaultServeDirFallback, ServeDir, ServeFileSystemResponseBody};

pub use beneath::Beneath;

/// A file's bytes, as they are read.
pub struct FileBody(ServeFileSystemResponseBody);

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody").field("size", &self.0.size_hint()).finish_non_exhaustive()
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// How much of a file is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// What whoever keeps a file whose name changes with its bytes is told: a year, and no question in it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What whoever keeps any other file is told: to ask every time, which a tag makes cheap.
const ASK: HeaderValue = HeaderValue::from_static("public, no-cache");

/// A folder, or a single file, under a path of the site.
#[derive(Debug, Clone)]
pub struct Folder {
    mount: Arc<str>,
    served: ServeDir<DefaultServeDirFallback, Beneath>,
}

impl Folder {
    /// What lies at `place`, under the path `mount`, which has no slash at its end.
    pub fn new(mount: &str, place: PathBuf) -> Self {
        let served = ServeDir::with_backend(&place, Beneath::new(place.clone()))
            .with_buf_chunk_size(PIECE)
            .redirect_path_prefix(mount)
            .ignore_multi_range_requests(true)
            .precompressed_br()
            .precompressed_zstd()
            .precompressed_gzip();
        Self { mount: mount.into(), served }
    }

    /// The path that it lies under.
    pub fn mount(&self) -> &Arc<str> {
        &self.mount
    }

    /// A path inside of it, if a path of the site is one.
    pub fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&*self.mount).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The answer to GET for `inside`, with the conditions and ranges of the request's head; `None` when there is nothing to be seen. A HEAD is
    /// answered as GET: its body is not read.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub async fn get(&self, inside: &str, query: Option<&str>, headers: &HeaderMap) -> io::Result<Option<Response<FileBody>>> {
        if names::is_hidden(inside) {
            return Ok(None);
        }
        let path = if inside.is_empty() { "/" } else { inside };
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        // Pieces of an address that was parsed parse again.
        let Ok(uri) = target.parse::<Uri>() else { return Ok(None) };
        let mut asked = headers.clone();
        if let Some((condition, bare)) = conditions::on_range(headers) {
            let there = match self.ask(Method::HEAD, &uri, bare).await {
                Err(error) if is_missing(&error) => return Ok(None),
                answered => answered?,
            };
            // A range of another file than the one that is there now is no range.
            if !conditions::holds(condition, there.headers()) {
                asked.remove(RANGE);
            }
        }
        let mut response = match self.ask(Method::GET, &uri, asked).await {
            Err(error) if is_missing(&error) => return Ok(None),
            answered => answered?,
        };
        match response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => {
                let name = path.rsplit('/').next().unwrap_or_default();
                let control = if names::is_of_content(name) { FOR_EVER } else { ASK };
                response.headers_mut().insert(CACHE_CONTROL, control);
                name_charset(response.headers_mut());
                Ok(Some(response))
            }
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(None),
            _ => Ok(Some(response)),
        }
    }

    async fn ask(&self, method: Method, uri: &Uri, headers: HeaderMap) -> io::Result<Response<FileBody>> {
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        self.served.clone().try_call(request).await.map(|response| response.map(FileBody))
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Text is UTF-8, and says so.
fn name_charset(headers: &mut HeaderMap) {
    let Some(essence) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
    if essence.starts_with("text/")
        && !essence.contains(';')
        && let Ok(value) = HeaderValue::try_from(format!("{essence}; charset=utf-8"))
    {
        headers.insert(CONTENT_TYPE, value);
    }
}
