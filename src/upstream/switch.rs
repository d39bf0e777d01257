//! WebSocket: a call that asks the upstream to speak another protocol, and the connection that does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::body::StreamBody;
use super::budget::Budget;
use super::coming::Coming;
use super::error::Malformed;
use super::exchange::{Order, Supply};
use super::headers::MakeHeaders;
use super::live::Repeat;
use super::tries::{self, Begun};
use super::wire::Wire;
use super::{Client, Error, Tally, Upstream, headers};
use crate::base::http1::any_lists;

const WEBSOCKET: &str = "websocket";

/// What became of the question.
#[derive(Debug)]
pub enum Opened {
    /// The upstream answered 101: its head, without what ends here, and the connection, which speaks WebSocket from here on.
    Switched(HeaderMap, Tunnel),
    /// It answered anything else, in HTTP.
    Kept(Box<Response<StreamBody>>),
}

/// A connection to an upstream that no longer speaks HTTP. Dropping it cuts it.
pub struct Tunnel {
    wire: Wire,
    /// What came right behind the head.
    early: Bytes,
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tunnel").finish_non_exhaustive()
    }
}

impl Client {
    /// Sends a WebSocket handshake (RFC 6455, section 4.1). `headers` bring the `Sec-WebSocket-` ones; `Connection` and `Upgrade` are
    /// added here. Timeouts and the silent second try are those of [`Client::open`]; `tally` counts the tries. Nothing but the handshake is sent before
    /// the upstream has agreed.
    ///
    /// # Errors
    /// As [`Client::open`]; a 101 that switches to anything else, or that lacks `Sec-WebSocket-Accept`, is malformed.
    pub async fn open_websocket(
        &self,
        upstream: &Upstream,
        path_and_query: &str,
        headers: &dyn MakeHeaders,
        (repeat, tally): (Repeat, &Tally),
        deadline: Instant,
    ) -> Result<Opened, Error> {
        let budget = Budget::begin(upstream.settings().timeouts, deadline);
        let order = Order {
            method: &Method::GET,
            path_and_query,
            headers,
            repeat,
            trailers: None,
            tally: Some(tally),
            switch_to: Some(WEBSOCKET),
        };
        let begun = self.begin(upstream, &order, Supply::Whole(Bytes::new()), budget).await?;
        // A tunnel may last for ever, so it keeps no place among the calls under way.
        let Begun { exchange, pass, permit, .. } = begun;
        if let Some(pass) = pass {
            pass.settle(tries::verdict(exchange.response.status()));
        }
        if exchange.response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return exchange.pass(upstream, permit, false).map(Box::new).map(Opened::Kept);
        }
        let (parts, coming) = exchange.response.into_parts();
        check(&parts.headers)?;
        let Coming::Switched(alone) = coming else { return Err(Malformed::Switch.into()) };
        let (wire, early) = alone.connection.into_parts();
        let mut headers = parts.headers;
        headers::strip_reply(&mut headers);
        headers.remove(header::CONTENT_LENGTH);
        Ok(Opened::Switched(headers, Tunnel { wire, early }))
    }
}

/// A 101 that says what RFC 6455, section 4.2.2, has it say. Whether the answer fits the key is the client's to check.
fn check(headers: &HeaderMap) -> Result<(), Malformed> {
    let mut protocols = headers.get_all(header::UPGRADE).iter().map(HeaderValue::as_bytes);
    let protocol = protocols.next().is_some_and(|name| name.eq_ignore_ascii_case(WEBSOCKET.as_bytes()));
    let says_so = any_lists(headers, &header::CONNECTION, b"upgrade");
    let accepts = headers.get_all(header::SEC_WEBSOCKET_ACCEPT).iter().count() == 1;
    let framed = headers.contains_key(header::TRANSFER_ENCODING);
    if protocol && protocols.next().is_none() && says_so && accepts && !framed { Ok(()) } else { Err(Malformed::Switch) }
}

impl AsyncRead for Tunnel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let taken = self.early.len().min(buf.remaining());
            buf.put_slice(&self.early.split_to(taken));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.wire).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_says_what_it_switches_to() {
        let accept = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (lines, fine) in [
            (vec![("upgrade", "websocket"), ("connection", "Upgrade"), accept], true),
            (vec![("upgrade", "WebSocket"), ("connection", "keep-alive, upgrade"), accept], true),
            (vec![("upgrade", "h2c"), ("connection", "upgrade"), accept], false),
            (vec![("upgrade", "websocket"), ("upgrade", "h2c"), ("connection", "upgrade"), accept], false),
            (vec![("connection", "upgrade"), accept], false),
            (vec![("upgrade", "websocket"), accept], false),
            (vec![("upgrade", "websocket"), ("connection", "upgrade")], false),
            (vec![("upgrade", "websocket"), ("connection", "upgrade"), ("transfer-encoding", "chunked"), accept], false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in &lines {
                headers.append(*name, HeaderValue::from_static(value));
            }
            assert_eq!(check(&headers).is_ok(), fine, "{lines:?}");
        }
    }
}
