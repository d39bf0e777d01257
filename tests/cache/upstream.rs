//! An upstream that counts what it is asked, can hold its replies back, die, and come back under the same address.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The upstream. Dropping it kills it.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    change: Condvar,
}

#[derive(Default)]
struct State {
    body: String,
    lines: String,
    asked: usize,
    held: bool,
    dead: bool,
    streams: Vec<TcpStream>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.change.notify_all();
    }
}

impl Upstream {
    /// Answers this body, with these lines in the head.
    pub(crate) fn start(body: &str, lines: &str) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), body, lines)
    }

    /// As [`Upstream::start`], where another one has been.
    pub(crate) fn start_at(address: SocketAddr, body: &str, lines: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        shared.set(|state| (state.body, state.lines) = (body.to_owned(), lines.to_owned()));
        let serving = Arc::clone(&shared);
        let accepting = Some(std::thread::spawn(move || accept(&listener, &serving)));
        Self { address, shared, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers this from now on.
    pub(crate) fn answer(&self, body: &str) {
        self.shared.set(|state| body.clone_into(&mut state.body));
    }

    /// Holds replies back from now on, or sends those that it holds.
    pub(crate) fn hold(&self, held: bool) {
        self.shared.set(|state| state.held = held);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.shared.lock().asked
    }

    /// Ends, with every connection.
    pub(crate) fn kill(&mut self) {
        self.shared.set(|state| {
            state.dead = true;
            for stream in &state.streams {
                // Gone already is as good.
                let _gone = stream.shutdown(Shutdown::Both);
            }
        });
        let Some(accepting) = self.accepting.take() else { return };
        // Whoever waits for a connection sees this one, and that it is over.
        let _woken = TcpStream::connect(self.address);
        let _ended = accepting.join();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.kill();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { return };
        let mut state = shared.lock();
        if state.dead {
            return;
        }
        state.streams.extend(stream.try_clone());
        let shared = Arc::clone(shared);
        std::thread::spawn(move || serve(stream, &shared));
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.extend_from_slice(&byte),
                _ => return,
            }
        }
        shared.set(|state| state.asked += 1);
        let held = |state: &mut State| state.held && !state.dead;
        let state = shared.change.wait_while(shared.lock(), held).unwrap_or_else(PoisonError::into_inner);
        let State { body, lines, .. } = &*state;
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{lines}\r\n{body}", body.len());
        drop(state);
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}
