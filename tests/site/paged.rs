//! A backend that answers by the request target.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

/// A reply: a status and a body; none breaks off in the middle.
pub(crate) type Reply = Option<(u16, String)>;

/// The backend, and the requests that it had.
pub(crate) struct Paged {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Paged {
    /// Answers GET for a path and query.
    pub(crate) fn start(answer: impl Fn(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (mut request, mut byte) = (Vec::new(), [0]);
                while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    request.extend(byte);
                }
                let text = String::from_utf8_lossy(&request);
                let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
                let reply = answer(&target);
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(target);
                let (status, body, missing) = match &reply {
                    Some((status, body)) => (*status, body.as_str(), 0),
                    None => (200, "{\"list\":[{\"id\":1}", 9),
                };
                let length = body.len() + missing;
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The targets so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
