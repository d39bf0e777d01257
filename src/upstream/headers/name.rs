//! Names of lines that a call gets here. [`FieldLines`](super::FieldLines) are lent their names, so each of these needs a place to stay.

use http::{HeaderName, header};

pub(crate) static ACCEPT: HeaderName = header::ACCEPT;
pub(in crate::upstream) static ACCEPT_ENCODING: HeaderName = header::ACCEPT_ENCODING;
pub(in crate::upstream) static CONNECTION: HeaderName = header::CONNECTION;
pub(in crate::upstream) static CONTENT_LENGTH: HeaderName = header::CONTENT_LENGTH;
pub(in crate::upstream) static COOKIE: HeaderName = header::COOKIE;
pub(in crate::upstream) static FORWARDED: HeaderName = header::FORWARDED;
pub(in crate::upstream) static HOST: HeaderName = header::HOST;
pub(in crate::upstream) static TE: HeaderName = header::TE;
pub(in crate::upstream) static TRAILER: HeaderName = header::TRAILER;
pub(in crate::upstream) static UPGRADE: HeaderName = header::UPGRADE;
pub(in crate::upstream) static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(in crate::upstream) static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(in crate::upstream) static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(in crate::upstream) static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
/// The number of the try, from 1, on every try after the first.
pub(in crate::upstream) static X_RETRY_ATTEMPT: HeaderName = HeaderName::from_static("x-retry-attempt");
