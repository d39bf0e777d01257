//! Errands: what one worker brings for all of its kind. Who wants something first is told to bring it; who wants the same meanwhile
//! waits for it, and what is brought is passed on to all by descriptor, unread.
//!
//! Pure: what happened goes in, who is to be told what comes out, time is passed in. Workers have limits of their own for waiting, so
//! whatever is lost here costs a worker that time and one errand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::fleet::Key;

/// How long an errand may take before another worker is sent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Errands that may be under way; beyond, everybody brings for itself.
const MOST: usize = 16 << 10;

/// What is to be brought: the workers of one group and one generation mean the same by a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Errand {
    pub(crate) group: u32,
    pub(crate) generation: u64,
    pub(crate) name: String,
}

#[derive(Debug)]
struct UnderWay {
    by: Key,
    since: Instant,
    waiting: Vec<Key>,
}

/// All errands that are under way.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    under_way: BTreeMap<Errand, UnderWay>,
}

impl Errands {
    /// A worker wants something: whether it is to bring it.
    pub(crate) fn want(&mut self, errand: Errand, who: Key, now: Instant) -> bool {
        if let Some(under_way) = self.under_way.get_mut(&errand) {
            if under_way.by != who && now.saturating_duration_since(under_way.since) < PATIENCE {
                if !under_way.waiting.contains(&who) {
                    under_way.waiting.push(who);
                }
                return false;
            }
            under_way.waiting.retain(|waiting| *waiting != who);
            (under_way.by, under_way.since) = (who, now);
        } else if self.under_way.len() < MOST {
            self.under_way.insert(errand, UnderWay { by: who, since: now, waiting: Vec::new() });
        }
        true
    }

    /// A worker is back: who waits for what it brought. None, when it was not its errand any more: what it brought is for nobody.
    pub(crate) fn brought(&mut self, errand: &Errand, who: Key) -> Option<Vec<Key>> {
        self.under_way.get(errand).filter(|under_way| under_way.by == who)?;
        self.under_way.remove(errand).map(|under_way| under_way.waiting)
    }

    /// A worker gave an errand up: who is to go instead.
    pub(crate) fn gave_up(&mut self, errand: &Errand, who: Key, now: Instant) -> Option<Key> {
        let under_way = self.under_way.get_mut(errand).filter(|under_way| under_way.by == who)?;
        if under_way.waiting.is_empty() {
            self.under_way.remove(errand);
            return None;
        }
        (under_way.by, under_way.since) = (under_way.waiting.remove(0), now);
        Some(under_way.by)
    }

    /// A worker has ended: who is to bring what instead of it.
    pub(crate) fn forget(&mut self, who: Key, now: Instant) -> Vec<(Errand, Key)> {
        let its: Vec<Errand> =
            self.under_way.iter().filter(|(_, under_way)| under_way.by == who).map(|(errand, _)| errand.clone()).collect();
        for under_way in self.under_way.values_mut() {
            under_way.waiting.retain(|waiting| *waiting != who);
        }
        its.into_iter().filter_map(|errand| self.gave_up(&errand, who, now).map(|next| (errand, next))).collect()
    }

    /// What is under way is of no use to anybody any more but to who brings it: who waited in vain for what.
    pub(crate) fn part(&mut self) -> Vec<(Errand, Vec<Key>)> {
        std::mem::take(&mut self.under_way).into_iter().map(|(errand, under_way)| (errand, under_way.waiting)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> [Key; 3] {
        [1, 2, 3].map(Key::numbered)
    }

    fn errand(name: &str) -> Errand {
        Errand { group: 0, generation: 1, name: name.to_owned() }
    }

    #[test]
    fn the_first_one_goes_and_what_it_brings_is_for_all_who_wait() {
        let ([a, b, c], now) = (keys(), Instant::now());
        let mut errands = Errands::default();
        assert!(errands.want(errand("x"), a, now));
        assert!(!errands.want(errand("x"), b, now) && !errands.want(errand("x"), c, now) && !errands.want(errand("x"), b, now));
        assert!(errands.want(errand("y"), b, now));
        assert!(errands.want(Errand { generation: 2, ..errand("x") }, b, now), "another generation means something else by it");
        assert_eq!(errands.brought(&errand("x"), b), None, "that was not its to bring");
        assert_eq!(errands.brought(&errand("x"), a), Some(vec![b, c]));
        assert_eq!(errands.brought(&errand("x"), a), None);
        assert!(errands.want(errand("x"), c, now));
    }

    #[test]
    fn who_gives_up_or_dies_is_replaced_by_who_has_waited_longest() {
        let ([a, b, c], now) = (keys(), Instant::now());
        let mut errands = Errands::default();
        for who in [a, b, c] {
            errands.want(errand("x"), who, now);
        }
        assert_eq!(errands.gave_up(&errand("x"), b, now), None);
        assert_eq!(errands.gave_up(&errand("x"), a, now), Some(b));
        assert_eq!(errands.forget(b, now), [(errand("x"), c)]);
        assert_eq!(errands.forget(c, now), []);
        assert!(errands.under_way.is_empty());
    }

    #[test]
    fn an_errand_that_takes_too_long_is_somebody_elses() {
        let ([a, b, c], now) = (keys(), Instant::now());
        let mut errands = Errands::default();
        errands.want(errand("x"), a, now);
        assert!(!errands.want(errand("x"), c, now));
        assert!(errands.want(errand("x"), b, now + PATIENCE));
        assert_eq!(errands.brought(&errand("x"), a), None, "too late");
        assert_eq!(errands.brought(&errand("x"), b), Some(vec![c]));
    }

    #[test]
    fn after_a_parting_nobody_gets_what_was_under_way_and_too_many_errands_are_nobodys() {
        let ([a, b, c], now) = (keys(), Instant::now());
        let mut errands = Errands::default();
        errands.want(errand("x"), a, now);
        errands.want(errand("x"), b, now);
        assert_eq!(errands.part(), [(errand("x"), vec![b])]);
        assert!(errands.want(errand("x"), c, now));
        assert_eq!(errands.brought(&errand("x"), a), None);
        for number in 0..2 * MOST {
            assert!(errands.want(errand(&number.to_string()), a, now));
        }
        assert_eq!(errands.under_way.len(), MOST);
    }
}
