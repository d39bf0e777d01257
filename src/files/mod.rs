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
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RANGE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use tower_http::services::fs::{DefaultServeDirFallback, ServeDir, ServeFileSystemResponseBody};

pub use beneath::Beneath;

/// A file's bytes, as they are read: as many as were promised, or an error. A file may be cut short, or written to, while it is read.
pub struct FileBody {
    body: ServeFileSystemResponseBody,
    /// How many bytes are to come; none when nothing was promised.
    left: Option<u64>,
}

impl FileBody {
    /// How many bytes are to come; none when nothing was promised.
    pub fn left(&self) -> Option<u64> {
        self.left
    }
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let (Some(left), Some(Ok(frame))) = (&mut self.left, &polled) {
            *left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        Poll::Ready(match polled {
            None if self.left.take().is_some_and(|left| left > 0) => {
                let short = "the file has become shorter while it was read";
                Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, short)))
            }
            polled => polled,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none_or(|left| left == 0) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
    /// What lies at its place is a file, not a folder.
    is_single: bool,
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
        Self { mount: mount.into(), is_single: place.is_file(), served }
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
    pub async fn get(&self, inside: &str, query: Option<&str>, mut asked: HeaderMap) -> io::Result<Option<Response<FileBody>>> {
        if names::is_hidden(inside) {
            return Ok(None);
        }
        // A file has nothing inside of it.
        if self.is_single && !inside.is_empty() {
            return Ok(None);
        }
        let path = if inside.is_empty() { "/" } else { inside };
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        // Pieces of an address that was parsed parse again.
        let Ok(uri) = target.parse::<Uri>() else { return Ok(None) };
        conditions::tidy(&mut asked);
        if let Some((condition, bare)) = conditions::on_range(&asked) {
            let there = match self.ask(Method::HEAD, &uri, bare).await {
                Err(error) if is_missing(&error) => return Ok(None),
                answered => answered?,
            };
            // A range of another file than the one that is there now is no range.
            if !conditions::holds(condition, there.headers()) {
                asked.remove(RANGE);
            }
        }
        let ranged = conditions::without_range(&asked);
        let mut response = match self.ask(Method::GET, &uri, asked).await {
            Err(error) if is_missing(&error) => return Ok(None),
            answered => answered?,
        };
        if let Some((range, whole)) = ranged {
            // Of nothing there is no piece, and an end that is longer than all of it is all of it.
            let is_of_nothing = response.status() == StatusCode::PARTIAL_CONTENT && response.body().left == Some(0);
            let is_too_long = response.status() == StatusCode::RANGE_NOT_SATISFIABLE && conditions::is_end(&range);
            if is_of_nothing || is_too_long {
                response = self.ask(Method::GET, &uri, whole).await?;
            }
        }
        let has_index = !matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST);
        if has_index && inside.is_empty() && !self.is_single && !self.mount.is_empty() {
            // What a folder's index refers to is relative to the folder.
            return Ok(Some(self.with_slash(query)));
        }
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

    /// Where the folder itself is, for who asks without its slash.
    fn with_slash(&self, query: Option<&str>) -> Response<FileBody> {
        let place = query.map_or_else(|| format!("{}/", self.mount), |query| format!("{}/?{query}", self.mount));
        let mut response = Response::new(FileBody { body: ServeFileSystemResponseBody::default(), left: None });
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        // Pieces of an address that was parsed are a header's value.
        if let Ok(place) = HeaderValue::try_from(place) {
            response.headers_mut().insert(LOCATION, place);
        }
        response
    }

    async fn ask(&self, method: Method, uri: &Uri, headers: HeaderMap) -> io::Result<Response<FileBody>> {
        let mut request = Request::new(Empty::<Bytes>::new());
        let has_body = method == Method::GET;
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        let response = self.served.clone().try_call(request).await?;
        let (head, body) = response.into_parts();
        let is_sent = has_body && matches!(head.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT);
        let length = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let left = length.filter(|_| is_sent);
        Ok(Response::from_parts(head, FileBody { body, left }))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_file_that_becomes_shorter_while_it_is_read_breaks_off() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.bin");
        fs::write(&path, vec![b'a'; 8 * PIECE]).unwrap();
        let folder = Folder::new("/f", place.path().to_owned());
        let whole = folder.get("/a.bin", None, HeaderMap::new()).await.unwrap().unwrap();
        assert_eq!(whole.into_body().collect().await.unwrap().to_bytes().len(), 8 * PIECE);
        let cut = folder.get("/a.bin", None, HeaderMap::new()).await.unwrap().unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(100).unwrap();
        assert!(cut.into_body().collect().await.is_err());
        // Not even a tool that keeps the time of a file makes a short one look whole.
        fs::write(&path, vec![b'a'; 8 * PIECE]).unwrap();
        let cut = folder.get("/a.bin", None, HeaderMap::new()).await.unwrap().unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let then = file.metadata().unwrap().modified().unwrap();
        file.set_len(100).unwrap();
        file.set_modified(then).unwrap();
        let error = cut.into_body().collect().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn a_file_that_is_written_to_while_it_is_read_breaks_off_and_one_that_is_replaced_does_not() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.bin");
        fs::write(&path, vec![b'a'; 8 * PIECE]).unwrap();
        let folder = Folder::new("/f", place.path().to_owned());
        let first = async |answer: &mut Response<FileBody>| answer.body_mut().frame().await.unwrap().unwrap();
        let mut old = folder.get("/a.bin", None, HeaderMap::new()).await.unwrap().unwrap();
        assert!(first(&mut old).await.data_ref().unwrap().starts_with(b"a"));
        let next = place.path().join("next");
        fs::write(&next, vec![b'b'; 8 * PIECE]).unwrap();
        fs::rename(&next, &path).unwrap();
        let rest = old.into_body().collect().await.unwrap().to_bytes();
        assert!(rest.len() < 8 * PIECE && rest.iter().all(|byte| *byte == b'a'));
        let mut torn = folder.get("/a.bin", None, HeaderMap::new()).await.unwrap().unwrap();
        assert!(first(&mut torn).await.data_ref().unwrap().starts_with(b"b"));
        // Of the same size, as a release may be. The clock of files is coarse.
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &vec![b'c'; 8 * PIECE], 0).unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(1)).unwrap();
        let error = torn.into_body().collect().await.unwrap_err();
        assert!(error.to_string().contains("written to"), "{error}");
    }

    #[tokio::test]
    async fn a_folder_is_where_its_slash_is_and_a_file_where_it_is_not() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("index.html"), "<title>i</title>").unwrap();
        let folder = Folder::new("/f", place.path().to_owned());
        let moved = folder.get("", Some("a=1"), HeaderMap::new()).await.unwrap().unwrap();
        assert_eq!((moved.status(), moved.headers()[LOCATION].to_str().unwrap()), (StatusCode::TEMPORARY_REDIRECT, "/f/?a=1"));
        assert_eq!(folder.get("/", None, HeaderMap::new()).await.unwrap().unwrap().status(), StatusCode::OK);
        let single = Folder::new("/i", place.path().join("index.html"));
        assert_eq!(single.get("", None, HeaderMap::new()).await.unwrap().unwrap().status(), StatusCode::OK);
        assert!(single.get("/", None, HeaderMap::new()).await.unwrap().is_none());
    }
}
