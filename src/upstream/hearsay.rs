//! What the workers of a machine tell each other of their health checks.
//!
//! The way itself is handed in: this knows no channel. What is told is everything that is known, each word with the time at which it was
//! found, and of two words on one target the later one holds. So it does not matter in which order words come, or whether one is left
//! out: the next one brings what it said. A worker goes on checking for itself, and tells when it finds otherwise.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// How many targets are remembered at most: those that changed last.
const MOST: usize = 128;

/// What was found of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The upstream, by its name in routes.yaml.
    pub upstream: String,
    /// The target: `scheme://authority` and its base path.
    pub target: String,
    /// Whether it passes its checks.
    pub well: bool,
    /// When that was found, in milliseconds since 1970, by the clock that all workers of a machine share.
    at: u64,
}

/// By upstream and target: whether it is well, and when that was found.
type Known = BTreeMap<(String, String), (bool, u64)>;

/// What this worker and the others have found.
pub struct Hearsay {
    known: Mutex<Known>,
    longest: usize,
    tell: Box<dyn Fn(String) + Send + Sync>,
}

impl fmt::Debug for Hearsay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hearsay").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Hearsay {
    /// Nothing is known yet; `tell` gives a word, of `longest` bytes at most, to all workers or to nobody, and does not wait.
    pub fn new(longest: usize, tell: Box<dyn Fn(String) + Send + Sync>) -> Self {
        Self { known: Mutex::default(), longest, tell }
    }

    /// This worker has found that a target is well, or is not any more: all others are told.
    pub(super) fn found(&self, upstream: &str, target: &str, well: bool) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let word = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let last = known.entry((upstream.to_owned(), target.to_owned())).or_insert((well, 0));
            // A clock that was set back must not make this word older than the one before it.
            *last = (well, u64::try_from(now).unwrap_or(u64::MAX).max(last.1.saturating_add(1)));
            forget(&mut known);
            word(&known, self.longest)
        };
        (self.tell)(word);
    }

    /// Another worker's word: what in it is news here, and differs.
    ///
    /// # Errors
    /// It is none.
    pub fn hear(&self, word: &str) -> Result<Vec<Finding>, serde_json::Error> {
        let findings: Vec<Finding> = serde_json::from_str(word)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_news = |finding: &Finding| {
            let key = (finding.upstream.clone(), finding.target.clone());
            let said = (finding.well, finding.at);
            match known.insert(key.clone(), said) {
                // Who found both at the same moment agrees with everybody else on which holds.
                Some((well, at)) if (at, well) >= (finding.at, finding.well) => {
                    known.insert(key, (well, at));
                    false
                }
                Some((well, _)) => well != finding.well,
                // A target is well until somebody says otherwise.
                None => !finding.well,
            }
        };
        let news = findings.into_iter().filter(&mut is_news).collect();
        forget(&mut known);
        Ok(news)
    }
}

/// Everything that is known, as far as it has room; what changed last comes first.
fn word(known: &Known, longest: usize) -> String {
    let finding = |((upstream, target), (well, at)): (&(String, String), &(bool, u64))| Finding {
        upstream: upstream.clone(),
        target: target.clone(),
        well: *well,
        at: *at,
    };
    let mut findings: Vec<Finding> = known.iter().map(finding).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.at));
    loop {
        let word = serde_json::to_string(&findings).unwrap_or_default();
        if word.len() <= longest || findings.pop().is_none() {
            return word;
        }
    }
}

/// Targets of earlier generations are not remembered for ever.
fn forget(known: &mut Known) {
    while known.len() > MOST {
        let Some(oldest) = known.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone()) else { return };
        known.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    const LONGEST: usize = 2048;

    /// A worker, and the words that it told.
    fn worker() -> (Hearsay, Arc<Mutex<Vec<String>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tells = Arc::clone(&told);
        (Hearsay::new(LONGEST, Box::new(move |word| tells.lock().unwrap().push(word))), told)
    }

    fn state(hearsay: &Hearsay) -> Vec<(String, bool)> {
        hearsay.known.lock().unwrap().iter().map(|((_, target), (well, _))| (target.clone(), *well)).collect()
    }

    #[test]
    fn what_one_worker_finds_the_others_know_and_hear_once() {
        let ((first, told), (second, _)) = (worker(), worker());
        first.found("shop", "http://a", false);
        let word = told.lock().unwrap().pop().unwrap();
        let news = second.hear(&word).unwrap();
        assert_eq!((news.len(), news[0].target.as_str(), news[0].well), (1, "http://a", false));
        assert!(second.hear(&word).unwrap().is_empty());
        assert!(first.hear(&word).unwrap().is_empty(), "its own word comes back");
        first.found("shop", "http://a", true);
        let word = told.lock().unwrap().pop().unwrap();
        assert_eq!(second.hear(&word).unwrap().iter().map(|finding| finding.well).collect::<Vec<_>>(), [true]);
    }

    #[test]
    fn what_is_no_word_changes_nothing() {
        let (hearsay, _) = worker();
        for word in ["", "{}", "[1]", "[{\"upstream\":\"shop\"}]"] {
            assert!(hearsay.hear(word).is_err(), "{word}");
        }
        assert!(state(&hearsay).is_empty());
    }

    #[test]
    fn no_more_is_remembered_or_told_than_fits() {
        let ((first, told), (second, _)) = (worker(), worker());
        for number in 0..MOST + 50 {
            first.found("shop", &format!("http://{number}"), number % 2 == 0);
        }
        let word = told.lock().unwrap().pop().unwrap();
        assert!(word.len() <= LONGEST && word.contains(&format!("http://{}", MOST + 49)), "{word}");
        assert_eq!(state(&first).len(), MOST);
        second.hear(&word).unwrap();
        assert!((10..MOST).contains(&state(&second).len()));
    }

    proptest! {
        /// Whatever workers find, and in whichever order words come or are left out: once all have heard the last word of each, they agree.
        #[test]
        fn workers_agree_in_the_end(
            steps in prop::collection::vec((0_usize..3, 0_usize..3, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let workers: Vec<_> = (0..3).map(|_| worker()).collect();
            for (who, target, well, is_lost) in steps {
                workers[who].0.found("shop", &format!("http://{target}"), well);
                let word = workers[who].1.lock().unwrap().last().cloned().unwrap();
                for (other, (hearsay, _)) in workers.iter().enumerate() {
                    if other != who && !is_lost {
                        hearsay.hear(&word).unwrap();
                    }
                }
            }
            let last: Vec<String> = workers.iter().filter_map(|(_, told)| told.lock().unwrap().last().cloned()).collect();
            for word in &last {
                workers.iter().for_each(|(hearsay, _)| drop(hearsay.hear(word).unwrap()));
            }
            let states: Vec<_> = workers.iter().map(|(hearsay, _)| state(hearsay)).collect();
            prop_assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", states);
        }
    }
}
