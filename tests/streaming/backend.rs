//! A backend that sends one reply in its own time.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How long a peer that takes nothing is taken for one that has stopped.
const STALL: Duration = Duration::from_secs(2);

/// The gateway, seen from the backend.
pub(crate) struct Peer {
    stream: TcpStream,
}

impl Peer {
    /// Sends all of it, or as much as is taken: a gateway that has seen enough goes away.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _gone = self.stream.write_all(bytes.as_ref());
    }

    /// Waits until the gateway goes away.
    pub(crate) fn wait_for_end(&mut self) {
        let mut rest = [0; 1024];
        while self.stream.read(&mut rest).is_ok_and(|read| read > 0) {}
    }

    /// Sends until nothing is taken for a while, or to the end; how much was taken.
    pub(crate) fn send_until_stalled(&mut self, bytes: &[u8]) -> usize {
        self.stream.set_write_timeout(Some(STALL)).expect("a socket has a timeout");
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(bytes.get(sent..).unwrap_or_default()) {
                Ok(taken) => sent += taken,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => panic!("the gateway went away: {error}"),
            }
        }
        self.stream.set_write_timeout(None).expect("a socket has a timeout");
        sent
    }
}

/// Answers each connection's one request with `answer`.
pub(crate) fn serve(mut answer: impl FnMut(&mut Peer) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut peer = Peer { stream };
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && peer.stream.read_exact(&mut byte).is_ok() {
                request.extend(byte);
            }
            answer(&mut peer);
        }
    });
    address
}
