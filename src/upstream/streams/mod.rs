//! HTTP/2: connections that many calls share, each call a stream of its own (RFC 9113).
//!
//! Not hyper's client for it: that hides what a gateway must know. Whether a stream was refused before anything was done for it, whether
//! a reply had its end or was broken off with `CANCEL` or `NO_ERROR`, how many interim replies came, how many calls the server takes at
//! once. The frames are the `h2` crate's.

mod failure;
mod line;
mod lines;
mod send;

pub(super) use failure::{Kind, classify, kind};
pub(super) use line::{Line, Slot};
pub(super) use lines::{Lines, Origin, Protocol, Turn};
pub(super) use send::{HeadError, Hold, send};
