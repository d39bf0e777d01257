//! What a process writes, line by line, to be waited for.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long any state is waited for. A test that is right never waits for its end, however slow the machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The lines of one stream so far. Clones are the same stream.
#[derive(Clone, Default)]
pub struct Lines {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    change: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    /// Reads `stream` to its end, in a thread of its own.
    pub fn follow(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let shared = Arc::clone(&lines.shared);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
                line.clear();
                shared.state.lock().unwrap_or_else(PoisonError::into_inner).lines.push(text);
                shared.change.notify_all();
            }
            shared.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
            shared.change.notify_all();
        });
        lines
    }

    /// Everything so far.
    pub fn all(&self) -> Vec<String> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// Waits until `find` finds what it looks for in all lines so far.
    ///
    /// # Panics
    /// The stream ended without it, or patience did. `what` says what was wanted.
    pub fn wait<T>(&self, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        self.try_wait(find).unwrap_or_else(|| panic!("{what} did not come; what came:\n{}", self.all().join("\n")))
    }

    /// The same; `None` when the stream or patience ends.
    pub fn try_wait<T>(&self, find: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = find(&state.lines) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                return None;
            }
            state = self.shared.change.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the end of the stream and gives everything.
    pub fn whole(&self) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the stream did not end:\n{}", state.lines.join("\n"));
            state = self.shared.change.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.lines.clone()
    }
}
