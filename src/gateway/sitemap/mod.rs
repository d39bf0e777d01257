//! The sitemap: made of a whole list, kept, given out in pieces. What cannot be brought to its end is never begun.
//!
//! A walk over a large list takes longer than anybody waits: it goes on behind the request that wanted it. What was made before is given out
//! until there is something newer, however long the backend fails.

mod date;
mod walk;
mod xml;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::answer::Chain;
use super::compressing::is_known;
use super::edge::Trace;
use super::fault::Fault;
use super::{Body, Gateway};
use crate::plan::Sitemap;

/// How long the files are good.
const FRESH: Duration = Duration::from_secs(3600);

/// How long after a failure the backend is let be.
const LET_BE: Duration = Duration::from_secs(30);

/// How long a request waits for a walk.
const WAIT: Duration = Duration::from_secs(10);

const XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");

/// What the last walks came to.
#[derive(Debug, Default)]
pub(super) struct Walks {
    outcome: watch::Sender<Outcome>,
    walking: AtomicBool,
}

#[derive(Debug, Clone, Default)]
struct Outcome {
    files: Option<(Arc<[File]>, Instant)>,
    /// Why the last walk failed, if it did.
    failed: Option<(Arc<Fault>, Instant)>,
    walks: u64,
}

/// One file, with its tag.
#[derive(Debug, Clone)]
struct File {
    text: Bytes,
    tag: HeaderValue,
}

/// Which file a path names: 0 for `/sitemap.xml`, 1 for `/sitemap-1.xml`.
pub(super) fn number(path: &str) -> Option<usize> {
    if path == Sitemap::PATH {
        return Some(0);
    }
    let digits = path.strip_prefix("/sitemap-")?.strip_suffix(".xml")?;
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

impl Gateway {
    /// Whether the sitemap has a file of this number by now.
    pub(super) fn has_sitemap(&self, number: usize) -> bool {
        let further = || {
            self.walks
                .outcome
                .borrow()
                .files
                .as_ref()
                .is_some_and(|(files, _)| (2..).contains(&files.len()) && number < files.len())
        };
        self.plan.sitemap().is_some() && (number == 0 || further())
    }

    /// The answer to GET or HEAD with a file of the sitemap, if the site has one.
    pub(super) async fn sitemap(&self, number: usize, parts: &Parts, trace: &mut Trace) -> Option<Response<Body>> {
        self.plan.sitemap()?;
        trace.route = Some("sitemap".into());
        let mut outcome = self.walks.outcome.subscribe();
        let known = outcome.borrow_and_update().clone();
        if known.files.as_ref().is_none_or(|(_, made)| made.elapsed() >= FRESH) {
            self.walk_behind(&known);
        }
        let known = if known.files.is_none() && self.walks.walking.load(Ordering::SeqCst) {
            match timeout(WAIT, outcome.wait_for(|outcome| outcome.walks > known.walks)).await {
                Ok(Ok(outcome)) => outcome.clone(),
                Ok(Err(_)) | Err(_) => return Some(self.faulted(parts, &Fault::Late, trace)),
            }
        } else {
            outcome.borrow().clone()
        };
        let Some((files, _)) = known.files else {
            let late = || Arc::new(Fault::Late);
            let fault = known.failed.map_or_else(late, |(fault, _)| fault);
            return Some(self.faulted(parts, &fault, trace));
        };
        let file = files.get(number).filter(|_| number == 0 || files.len() > 1);
        Some(match file {
            Some(file) => answer(file, parts),
            None => self.faulted(parts, &Fault::NoRoute, trace),
        })
    }

    /// Walks while the request goes on, unless somebody does or the backend has just failed.
    fn walk_behind(&self, known: &Outcome) {
        let has_failed = known.failed.as_ref().is_some_and(|(_, failed)| failed.elapsed() < LET_BE);
        if has_failed || self.walks.walking.swap(true, Ordering::SeqCst) {
            return;
        }
        let gateway = self.clone();
        tokio::spawn(async move {
            // Dropped in a panic too: the next request may walk again.
            let over = Over(&gateway.walks.walking);
            let (Some(sitemap), Some(origin)) = (gateway.plan.sitemap(), gateway.plan.origin()) else { return };
            let walked = gateway.walk(sitemap, origin).await;
            drop(over);
            gateway.walks.outcome.send_modify(|outcome| {
                outcome.walks += 1;
                match walked {
                    Ok(files) => {
                        let key = gateway.plan.tag_key();
                        let files = files.into_iter().map(|text| File { tag: key.tag(Some(&XML), [&text[..]]), text }).collect();
                        outcome.files = Some((files, Instant::now()));
                        outcome.failed = None;
                    }
                    Err(fault) => {
                        // Whatever a backend says of a page of its list, the sitemap is not gone.
                        let fault = match fault.status().is_client_error() {
                            true => Fault::Unavailable { fault: Box::new(fault), fallback: None },
                            false => fault,
                        };
                        let stays = outcome.files.is_some();
                        tracing::warn!(code = fault.code(), cause = %Chain(&fault), stays, "the sitemap cannot be made");
                        outcome.failed = Some((Arc::new(fault), Instant::now()));
                    }
                }
            });
        });
    }
}

struct Over<'g>(&'g AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

fn answer(file: &File, parts: &Parts) -> Response<Body> {
    let is_known = is_known(&parts.headers, &file.tag);
    let mut response = Response::new(if is_known { Body::empty() } else { Body::full(file.text.clone()) });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert(CONTENT_TYPE, XML);
    }
    response.headers_mut().insert(ETAG, file.tag.clone());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_file_has_one_name() {
        for (path, expected) in [
            ("/sitemap.xml", Some(0)),
            ("/sitemap-1.xml", Some(1)),
            ("/sitemap-12.xml", Some(12)),
            ("/sitemap-0.xml", None),
            ("/sitemap-01.xml", None),
            ("/sitemap-+1.xml", None),
            ("/sitemap-.xml", None),
            ("/sitemap-1.xml.gz", None),
            ("/sitemap-99999999999999999999.xml", None),
            ("/a/sitemap.xml", None),
        ] {
            assert_eq!(number(path), expected, "{path}");
        }
    }
}
