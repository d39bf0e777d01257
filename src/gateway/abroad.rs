//! `coalesce: machine`: what the workers of a machine bring for each other, by way of their master.
//!
//! The way itself is handed in, as [`Peers`]: the gateway knows no channel. An errand that is not answered costs its request the time
//! that it would have waited for another one's answer; it then asks for itself.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// The way to the other workers of this machine. Nothing in it waits.
pub trait Peers: fmt::Debug + Send + Sync {
    /// Asks whose turn it is to bring what has this name; the answer comes to [`super::Gateway::bring`] or [`super::Gateway::take`].
    /// False when none will.
    fn want(&self, name: &str) -> bool;

    /// Gives what was to be brought to all of them; none is nothing that they could use.
    fn brought(&self, name: String, bytes: Option<Vec<u8>>);

    /// Gives up what was to be brought: another worker is to.
    fn give_up(&self, name: String);
}

/// The errands of this worker.
#[derive(Debug)]
pub(super) struct Abroad {
    peers: Arc<dyn Peers>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By name: the number of who waits, and its ear. After a purge another one may want the same before the first has left.
    waiting: HashMap<String, (u64, oneshot::Sender<Word>)>,
    /// The number of the next one.
    next: u64,
    /// What this worker is bringing.
    duties: HashSet<String>,
}

#[derive(Debug)]
enum Word {
    Bring(Duty),
    Take(Option<Vec<u8>>),
}

/// What a request is to do.
#[derive(Debug)]
pub(super) enum Errand {
    /// Bring it, for the other workers too.
    Bring(Duty),
    /// Take this.
    Take(Vec<u8>),
    /// Bring it for this worker alone.
    Alone,
}

/// The duty to bring something. Dropped without a word it is given up.
#[derive(Debug)]
pub(super) struct Duty {
    abroad: Arc<Abroad>,
    name: Option<String>,
}

impl Abroad {
    pub(super) fn new(peers: Arc<dyn Peers>) -> Self {
        Self { peers, state: Mutex::default() }
    }

    /// Asks whose turn it is, and waits for the answer until `limit` at most.
    pub(super) async fn ask(self: &Arc<Self>, name: String, limit: Instant) -> Errand {
        let (sender, word) = oneshot::channel();
        let number = {
            let mut state = self.lock();
            let number = state.next;
            state.next += 1;
            state.waiting.insert(name.clone(), (number, sender));
            number
        };
        // A request that is dropped here waits no more.
        let waiting = Waiting { abroad: self, name, number };
        if !self.peers.want(&waiting.name) {
            return Errand::Alone;
        }
        match timeout_at(limit, word).await {
            Ok(Ok(Word::Bring(duty))) => Errand::Bring(duty),
            Ok(Ok(Word::Take(Some(bytes)))) => Errand::Take(bytes),
            Ok(Ok(Word::Take(None)) | Err(_)) | Err(_) => Errand::Alone,
        }
    }

    /// It is this worker's turn.
    pub(super) fn bring(self: &Arc<Self>, name: &str) {
        let mut state = self.lock();
        let waits = state.waiting.remove(name);
        if waits.is_none() && state.duties.contains(name) {
            return;
        }
        state.duties.insert(name.to_owned());
        drop(state);
        let duty = Duty { abroad: Arc::clone(self), name: Some(name.to_owned()) };
        // Who wanted it may be gone, now or when the word arrives: the duty is dropped then, and so given up.
        let _gone = waits.map(|(_, waits)| waits.send(Word::Bring(duty)));
    }

    /// Another worker has brought it. Gives it back when nobody waits for it here.
    pub(super) fn take(&self, name: &str, bytes: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let Some((_, waits)) = self.lock().waiting.remove(name) else { return bytes };
        match waits.send(Word::Take(bytes)) {
            Err(Word::Take(bytes)) => bytes,
            Ok(()) | Err(Word::Bring(_)) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Waiting<'a> {
    abroad: &'a Abroad,
    name: String,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.abroad.lock();
        if state.waiting.get(&self.name).is_some_and(|(number, _)| *number == self.number) {
            state.waiting.remove(&self.name);
        }
    }
}

impl Duty {
    /// Gives what was brought to the other workers; none is nothing that they could use.
    pub(super) fn done(mut self, bytes: Option<Vec<u8>>) {
        if let Some(name) = self.name.take() {
            self.abroad.lock().duties.remove(&name);
            self.abroad.peers.brought(name, bytes);
        }
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.abroad.lock().duties.remove(&name);
            self.abroad.peers.give_up(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Writes down what it is told.
    #[derive(Debug, Default)]
    struct Log(Mutex<Vec<String>>);

    impl Log {
        fn add(&self, line: String) {
            self.0.lock().unwrap().push(line);
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    impl Peers for Log {
        fn want(&self, name: &str) -> bool {
            self.add(format!("want {name}"));
            name != "full"
        }

        fn brought(&self, name: String, bytes: Option<Vec<u8>>) {
            self.add(format!("brought {name} {:?}", bytes.map(|bytes| bytes.len())));
        }

        fn give_up(&self, name: String) {
            self.add(format!("gave up {name}"));
        }
    }

    fn abroad() -> (Arc<Abroad>, Arc<Log>) {
        let log = Arc::new(Log::default());
        (Arc::new(Abroad::new(Arc::clone(&log) as _)), log)
    }

    fn asking(abroad: &Arc<Abroad>, name: &str) -> tokio::task::JoinHandle<Errand> {
        let (abroad, name) = (Arc::clone(abroad), name.to_owned());
        tokio::spawn(async move { abroad.ask(name, Instant::now() + Duration::from_secs(5)).await })
    }

    #[tokio::test(start_paused = true)]
    async fn a_duty_ends_with_a_word_or_is_given_up() {
        let (abroad, log) = abroad();
        for dropped in [false, true] {
            let asking = asking(&abroad, "a");
            tokio::task::yield_now().await;
            abroad.bring("a");
            abroad.bring("a");
            let Errand::Bring(duty) = asking.await.unwrap() else { panic!("it is this worker's turn") };
            abroad.bring("a");
            assert_eq!(log.take(), ["want a"], "said again it is the same duty");
            if dropped {
                drop(duty);
                assert_eq!(log.take(), ["gave up a"]);
            } else {
                duty.done(Some(vec![1, 2]));
                assert_eq!(log.take(), ["brought a Some(2)"]);
            }
        }
        assert!(abroad.lock().duties.is_empty() && abroad.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_a_purge_waits_on_when_the_one_before_it_leaves() {
        let (abroad, _) = abroad();
        let before = asking(&abroad, "a");
        tokio::task::yield_now().await;
        let after = asking(&abroad, "a");
        assert!(matches!(before.await.unwrap(), Errand::Alone), "what it asked for is not what is wanted now");
        assert_eq!(abroad.take("a", Some(vec![7])), None);
        assert!(matches!(after.await.unwrap(), Errand::Take(bytes) if bytes == [7]));
        assert!(abroad.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_one_brings_is_taken_and_nothing_is_waited_for_in_vain() {
        let (abroad, log) = abroad();
        let takes = asking(&abroad, "a");
        let nothing = asking(&abroad, "b");
        tokio::task::yield_now().await;
        assert_eq!(abroad.take("a", Some(vec![7])), None);
        assert_eq!(abroad.take("b", None), None);
        assert!(matches!(takes.await.unwrap(), Errand::Take(bytes) if bytes == [7]));
        assert!(matches!(nothing.await.unwrap(), Errand::Alone));
        let began = Instant::now();
        assert!(matches!(asking(&abroad, "full").await.unwrap(), Errand::Alone));
        assert!(began.elapsed().is_zero());
        assert!(matches!(asking(&abroad, "late").await.unwrap(), Errand::Alone));
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        log.take();
        abroad.bring("late");
        assert_eq!(abroad.take("late", Some(vec![1])), Some(vec![1]));
        assert_eq!(log.take(), ["gave up late"]);
        assert!(abroad.lock().duties.is_empty() && abroad.lock().waiting.is_empty());
    }
}
