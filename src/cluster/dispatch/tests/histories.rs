//! Laws over random histories, against a model that knows who has what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const WORKERS: usize = 4;

#[derive(Debug, Clone)]
enum Chance {
    Accept(usize),
    Send,
    /// Packets that go out before the channel of this worker is full.
    SendFails(usize, usize),
    Ready(usize),
    Unready(usize),
    /// It picks up so many of those it has not picked up.
    PicksUp(usize, u64),
    /// It says something about some of those it has; and about some that it may not have.
    Takes(usize, Vec<prop::sample::Index>),
    Refuses(usize, Vec<prop::sample::Index>),
    Lies(usize, u64, Vec<u64>),
    Beats(usize, u64),
    Stalls(usize),
    Dies(usize),
    Policy(usize, Vec<u32>),
    Batch(usize),
    LetGo,
    CloseQueue,
}

fn chance() -> impl Strategy<Value = Chance> {
    let which = || 0..WORKERS;
    let some = || prop::collection::vec(any::<prop::sample::Index>(), 1..30);
    prop_oneof![
        6 => (1usize..80).prop_map(Chance::Accept),
        6 => Just(Chance::Send),
        1 => (which(), 0usize..4).prop_map(|(which, packets)| Chance::SendFails(which, packets)),
        5 => which().prop_map(Chance::Ready),
        1 => which().prop_map(Chance::Unready),
        4 => (which(), 0u64..70).prop_map(|(which, count)| Chance::PicksUp(which, count)),
        5 => (which(), some()).prop_map(|(which, some)| Chance::Takes(which, some)),
        3 => (which(), some()).prop_map(|(which, some)| Chance::Refuses(which, some)),
        1 => (which(), any::<u64>(), prop::collection::vec(0u64..400, 1..9)).prop_map(|(which, seen, numbers)| Chance::Lies(which, seen, numbers)),
        3 => (which(), 0u64..50).prop_map(|(which, open)| Chance::Beats(which, open)),
        1 => which().prop_map(Chance::Stalls),
        1 => which().prop_map(Chance::Dies),
        1 => (0usize..4, prop::collection::vec(0u32..6, 0..4)).prop_map(|(policy, weights)| Chance::Policy(policy, weights)),
        1 => (0usize..20).prop_map(Chance::Batch),
        1 => Just(Chance::LetGo),
        1 => Just(Chance::CloseQueue),
    ]
}

/// What the world outside the dispatch knows.
#[derive(Default)]
struct World {
    /// For each worker: what it was sent and has neither taken nor given back.
    has: BTreeMap<Key, BTreeSet<u64>>,
    sent: BTreeMap<Key, u64>,
    seen: BTreeMap<Key, u64>,
    ready: BTreeSet<Key>,
    paused: BTreeSet<Key>,
    stalled: BTreeSet<Key>,
    refused_by: BTreeMap<u64, Key>,
    taken: BTreeSet<u64>,
}

impl World {
    /// Packets go out, all or the first few.
    fn post(&mut self, desk: &mut Desk, most: usize) -> Result<(), TestCaseError> {
        desk.dispatch.deal();
        for _ in 0..most {
            let Some(parcel) = desk.dispatch.parcel() else { break };
            let key = parcel.key;
            prop_assert!(!parcel.handoffs.is_empty() && parcel.handoffs.len() == parcel.connections.len());
            let numbers: Vec<_> = parcel.handoffs.iter().map(|handoff| handoff.number).collect();
            prop_assert!(self.ready.contains(&key) && !self.paused.contains(&key) && !self.stalled.contains(&key));
            for number in &numbers {
                prop_assert!(self.has.values().all(|has| !has.contains(number)), "{} has two owners", number);
                prop_assert!(!self.taken.contains(number), "{} was taken", number);
                let another = self.ready.iter().any(|other| *other != key);
                prop_assert!(self.refused_by.get(number) != Some(&key) || !another, "{} went back", number);
                self.has.entry(key).or_default().insert(*number);
            }
            let sent = self.sent.entry(key).or_default();
            *sent += numbers.len() as u64;
            prop_assert!(*sent - self.seen.get(&key).copied().unwrap_or_default() <= WINDOW);
            desk.dispatch.sent(key, numbers.len());
        }
        Ok(())
    }

    fn some_of(&self, key: Key, some: &[prop::sample::Index]) -> Vec<u64> {
        let has: Vec<_> = self.has.get(&key).into_iter().flatten().copied().collect();
        if has.is_empty() {
            return vec![];
        }
        some.iter().map(|index| *index.get(&has)).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn play(chances: Vec<Chance>) -> Result<(), TestCaseError> {
    let (mut desk, mut keys) = (Desk::new(Policy::RoundRobin, &[]), keys(400));
    let mut spare = keys.split_off(WORKERS);
    let mut world = World::default();
    let mut given_away = 0;
    for chance in chances {
        match chance {
            Chance::Accept(count) => desk.accept(count.min(desk.dispatch.room())),
            Chance::Send => world.post(&mut desk, usize::MAX)?,
            Chance::SendFails(which, packets) => {
                world.post(&mut desk, packets)?;
                desk.dispatch.full(keys[which]);
                world.post(&mut desk, usize::MAX)?;
            }
            Chance::Ready(which) => {
                desk.dispatch.ready(keys[which], which as u32 + 1);
                if !world.stalled.contains(&keys[which]) {
                    world.ready.insert(keys[which]);
                }
            }
            Chance::Unready(which) => {
                desk.dispatch.unready(keys[which]);
                world.ready.remove(&keys[which]);
            }
            Chance::PicksUp(which, count) => {
                let sent = world.sent.get(&keys[which]).copied().unwrap_or_default();
                let seen = world.seen.entry(keys[which]).or_default();
                *seen = (*seen + count).min(sent);
                prop_assert!(desk.dispatch.seen(keys[which], *seen));
            }
            Chance::Takes(which, some) => {
                let numbers = world.some_of(keys[which], &some);
                given_away += desk.dispatch.taken(keys[which], &numbers).len();
                for number in numbers {
                    world.has.entry(keys[which]).or_default().remove(&number);
                    world.taken.insert(number);
                }
            }
            Chance::Refuses(which, some) => {
                let numbers = world.some_of(keys[which], &some);
                if numbers.is_empty() {
                    continue;
                }
                desk.dispatch.refused(keys[which], &numbers);
                world.paused.insert(keys[which]);
                for number in numbers {
                    world.has.entry(keys[which]).or_default().remove(&number);
                    world.refused_by.insert(number, keys[which]);
                }
            }
            Chance::Lies(which, seen, numbers) => {
                let has = world.has.entry(keys[which]).or_default();
                let foreign: Vec<_> = numbers.into_iter().filter(|number| !has.contains(number)).collect();
                prop_assert_eq!(desk.dispatch.taken(keys[which], &foreign).len(), 0);
                let sent = world.sent.get(&keys[which]).copied().unwrap_or_default();
                prop_assert!(
                    seen <= sent || !desk.dispatch.seen(keys[which], seen) || !desk.dispatch.hands.contains_key(&keys[which])
                );
            }
            Chance::Beats(which, open) => {
                desk.dispatch.load(keys[which], open);
                desk.dispatch.resume(keys[which]);
                world.paused.remove(&keys[which]);
            }
            Chance::Stalls(which) => {
                desk.dispatch.rescue_stalled(keys[which]);
                world.ready.remove(&keys[which]);
                world.has.remove(&keys[which]);
                world.stalled.insert(keys[which]);
            }
            Chance::Dies(which) => {
                desk.dispatch.rescue(keys[which]);
                world.has.remove(&keys[which]);
                world.ready.remove(&keys[which]);
                // its successor is another process
                keys[which] = spare.pop().expect("more processes than chances");
            }
            Chance::Policy(policy, weights) => desk.dispatch.set_policy(Policy::WORDS[policy].0, weights),
            Chance::Batch(batch) => desk.dispatch.set_batch(batch),
            Chance::LetGo => given_away += desk.dispatch.let_go(),
            Chance::CloseQueue => given_away += desk.dispatch.close_queue(),
        }
        prop_assert_eq!(desk.closed.get(), given_away);
        prop_assert_eq!(desk.accepted, given_away + desk.dispatch.owned());
        for hand in desk.dispatch.hands.values() {
            prop_assert!(hand.unseen() <= WINDOW && hand.held.len() <= SPARE + WINDOW as usize);
        }
    }
    let Desk { dispatch, closed, accepted } = desk;
    drop(dispatch);
    prop_assert_eq!(closed.get(), accepted);
    Ok(())
}

proptest! {
    #[test]
    fn every_connection_has_one_owner_or_is_closed_and_goes_where_it_may(chances in prop::collection::vec(chance(), 0..250)) {
        play(chances)?;
    }
}
