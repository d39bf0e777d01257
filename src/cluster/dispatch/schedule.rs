//! Whose turn it is: the next worker by the group's policy, among those that can take a connection now.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use super::super::configuration::Policy;
use super::super::fleet::Key;
use super::hand::Hand;

/// A worker's share, and where it stands in the rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    share: u32,
    current: i64,
}

impl Default for Weight {
    fn default() -> Self {
        Self { share: 1, current: 0 }
    }
}

/// A policy, and how far it has come.
#[derive(Debug)]
pub(super) struct Schedule {
    policy: Policy,
    weights: Vec<u32>,
    /// The worker that got the last connection.
    last: Option<Key>,
}

impl Schedule {
    /// `weights` belong to the slots 1, 2 and so on; those beyond the list weigh 1.
    pub(super) fn new(policy: Policy, weights: Vec<u32>) -> Self {
        Self { policy, weights, last: None }
    }

    /// Other rules; the turn stays where it is.
    pub(super) fn set(&mut self, policy: Policy, weights: Vec<u32>) {
        (self.policy, self.weights) = (policy, weights);
    }

    /// The weight of a slot, at the start of its rotation. Nobody weighs nothing.
    pub(super) fn weight(&self, slot: u32) -> Weight {
        let place = usize::try_from(slot).ok().and_then(|slot| slot.checked_sub(1));
        let share = place.and_then(|place| self.weights.get(place)).map_or(1, |weight| (*weight).max(1));
        Weight { share, current: 0 }
    }

    /// Who gets the next connection; `except` does not. One look at each worker.
    pub(super) fn choose<C>(&mut self, hands: &mut BTreeMap<Key, Hand<C>>, except: Option<Key>) -> Option<Key> {
        let key = match self.policy {
            Policy::Weighted => by_weight(hands, except),
            // Under `shared` nothing is dealt but what was accepted before a reload brought the policy.
            Policy::RoundRobin | Policy::Shared => open(hands, self.last, except).next().map(|(key, _)| key),
            // The first of the least, so that equals have their turns.
            Policy::LeastConnections => open(hands, self.last, except).min_by_key(|(_, hand)| hand.load()).map(|(key, _)| key),
        };
        self.last = key.or(self.last);
        key
    }
}

/// Workers in turn: those after `last`, then from the first on.
pub(super) fn in_turn<C>(hands: &BTreeMap<Key, Hand<C>>, last: Option<Key>) -> impl Iterator<Item = (Key, &Hand<C>)> {
    let after = hands.range((last.map_or(Unbounded, Excluded), Unbounded));
    let before = last.map(|last| hands.range(..=last)).into_iter().flatten();
    after.chain(before).map(|(key, hand)| (*key, hand))
}

fn open<C>(hands: &BTreeMap<Key, Hand<C>>, last: Option<Key>, except: Option<Key>) -> impl Iterator<Item = (Key, &Hand<C>)> {
    in_turn(hands, last).filter(move |(key, hand)| hand.is_open() && Some(*key) != except)
}

/// nginx's smooth weighted round robin: everybody rises by its weight, the highest goes, and falls by what all rose.
/// Weights of 5, 1 and 1 give `a a b a c a a`, not `a a a a a b c`.
fn by_weight<C>(hands: &mut BTreeMap<Key, Hand<C>>, except: Option<Key>) -> Option<Key> {
    let (mut best, mut total) = (None, 0);
    for (key, hand) in hands.iter_mut().filter(|(key, hand)| hand.is_open() && Some(**key) != except) {
        let share = i64::from(hand.weight.share);
        hand.weight.current += share;
        total += share;
        if best.is_none_or(|(_, highest)| hand.weight.current > highest) {
            best = Some((*key, hand.weight.current));
        }
    }
    let (key, _) = best?;
    hands.get_mut(&key)?.weight.current -= total;
    Some(key)
}
