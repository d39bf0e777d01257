//! Where replies lie: so many bytes of them, those that are asked for least go first.
//!
//! quick_cache (S3-FIFO, weights, no thread) holds them. moka was looked at: its times to live are one for each entry, where a
//! reply here has three, and its housekeeping costs every look-up something.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use ring::digest::{SHA256, digest};
use tokio::time::Instant;

use super::entry::{Entry, Standing};
use super::etag;
use super::purge::Purge;

/// How long it is remembered that a reply was for one client alone.
const ALONE: Duration = Duration::from_secs(120);

/// What a typical entry weighs, in bytes: it only sizes what the store remembers of entries that it let go.
const TYPICAL: u64 = 8 << 10;

/// Everything that an answer depends on, in one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(Arc<[u8]>);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A name for it that is short and the same everywhere.
    pub fn name(&self) -> String {
        etag::hex(digest(&SHA256, &self.0).as_ref())
    }
}

/// So that what is only looked for needs no key of its own: it is hashed and compared as its bytes are.
impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// What lies under a key.
#[derive(Debug, Clone)]
enum Slot {
    Kept(Arc<Entry>),
    /// The last reply was for one client alone.
    Alone {
        until: Instant,
    },
}

/// What a look-up finds.
#[derive(Debug, Clone)]
pub enum Found {
    /// Nothing that is good for anything.
    Nothing,
    /// Replies under this key are for one client alone: nobody should wait for another one's.
    Alone,
    /// A reply, and how good it is.
    Kept(Arc<Entry>, Standing),
}

/// What became of an entry that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Stored,
    /// It is larger than everything that may be kept.
    TooLarge,
    /// Something was dropped since it was asked for, and it may be among that.
    Purged,
}

#[derive(Debug, Clone)]
struct Weigh;

impl Weighter<Key, Slot> for Weigh {
    fn weight(&self, key: &Key, slot: &Slot) -> u64 {
        key.0.len() as u64
            + match slot {
                Slot::Kept(entry) => entry.weight(),
                Slot::Alone { .. } => 128,
            }
    }
}

/// The replies that one worker keeps.
pub struct Store {
    slots: Cache<Key, Slot, Weigh>,
    purges: AtomicU64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("entries", &self.slots.len()).field("weight", &self.slots.weight()).finish_non_exhaustive()
    }
}

impl Store {
    /// A store for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX).clamp(64, 1 << 20);
        let mut options = OptionsBuilder::new();
        // A worker has one thread as a rule; and one shard takes an entry of any size.
        let options = options.shards(1).estimated_items_capacity(items).weight_capacity(bytes).build();
        let options = options.expect("items and weight are set");
        let slots = Cache::with_options(options, Weigh, DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self { slots, purges: AtomicU64::new(0) }
    }

    /// What lies under the key with these bytes.
    pub fn find(&self, key: &[u8], now: Instant) -> Found {
        match self.slots.get(key) {
            Some(Slot::Kept(entry)) => match entry.standing(now) {
                Standing::Gone => Found::Nothing,
                standing => Found::Kept(entry, standing),
            },
            Some(Slot::Alone { until }) if now < until => Found::Alone,
            Some(Slot::Alone { .. }) | None => Found::Nothing,
        }
    }

    /// A number that changes when something is dropped; taken before an upstream is asked, and given to [`Store::keep`].
    pub fn epoch(&self) -> u64 {
        self.purges.load(Ordering::SeqCst)
    }

    /// Keeps an entry that was asked for at `epoch`. One that is not kept replaces nothing.
    pub fn keep(&self, key: &Key, entry: &Arc<Entry>, epoch: u64) -> Kept {
        let slot = Slot::Kept(Arc::clone(entry));
        if Weigh.weight(key, &slot) > self.slots.shard_capacity() {
            return Kept::TooLarge;
        }
        if self.epoch() != epoch {
            return Kept::Purged;
        }
        self.slots.insert(key.clone(), slot);
        // On several threads a purge may have gone by between the look and the insertion.
        if self.epoch() != epoch {
            self.slots.remove(key);
            return Kept::Purged;
        }
        Kept::Stored
    }

    /// Remembers for a while that replies under this key are for one client alone, instead of what lies there.
    pub fn mark_alone(&self, key: &Key, now: Instant) {
        self.slots.insert(key.clone(), Slot::Alone { until: now + ALONE });
    }

    /// Drops what lies under a key.
    pub fn remove(&self, key: &Key) {
        self.slots.remove(key);
    }

    /// Drops all that is covered, and what is asked for at this moment.
    pub fn purge(&self, purge: &Purge) {
        self.purges.fetch_add(1, Ordering::SeqCst);
        self.slots.retain(|_, slot| match slot {
            Slot::Kept(entry) => !purge.covers(entry.label()),
            // It has no label, and without it the next request only waits once.
            Slot::Alone { .. } => false,
        });
    }

    /// Drops everything, for its memory: what is asked for now may be kept again.
    pub fn empty(&self) {
        self.slots.clear();
    }

    /// How many entries there are, and what they weigh in bytes.
    pub fn size(&self) -> (usize, u64) {
        (self.slots.len(), self.slots.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{entry, label, times};
    use super::*;

    fn key(name: &str) -> Key {
        Key::new(name.as_bytes().to_vec())
    }

    fn kept(body: &[u8], tag: &str, now: Instant) -> Arc<Entry> {
        Arc::new(entry(body, label("GET /", "/", &[tag]), times(30, 10, 300), now))
    }

    fn body(store: &Store, name: &str, now: Instant) -> Option<Vec<u8>> {
        match store.find(name.as_bytes(), now) {
            Found::Kept(entry, _) => Some(entry.body.to_vec()),
            Found::Nothing | Found::Alone => None,
        }
    }

    #[test]
    fn what_is_kept_is_found_until_its_time_is_over() {
        let (store, now) = (Store::new(1 << 20), Instant::now());
        assert_eq!(store.keep(&key("a"), &kept(b"1", "", now), store.epoch()), Kept::Stored);
        assert!(matches!(store.find(b"a", now), Found::Kept(_, Standing::Fresh)));
        assert!(matches!(store.find(b"a", now + Duration::from_secs(35)), Found::Kept(_, Standing::Revalidate)));
        assert!(matches!(store.find(b"a", now + Duration::from_secs(400)), Found::Nothing));
        assert!(matches!(store.find(b"b", now), Found::Nothing));
    }

    #[test]
    fn a_store_never_holds_more_than_it_may() {
        let (store, now) = (Store::new(64 << 10), Instant::now());
        for number in 0..1000 {
            store.keep(&key(&number.to_string()), &kept(&[b'x'; 1000], "", now), store.epoch());
            let (entries, weight) = store.size();
            assert!(entries > 0 && weight <= 64 << 10, "{entries} entries of {weight} bytes");
        }
        assert_eq!(store.keep(&key("huge"), &kept(&[b'x'; 64 << 10], "", now), store.epoch()), Kept::TooLarge);
        assert!(matches!(store.find(b"huge", now), Found::Nothing));
    }

    #[test]
    fn a_purge_drops_what_it_covers_and_what_was_asked_for_before_it() {
        let (store, now) = (Store::new(1 << 20), Instant::now());
        let before = store.epoch();
        store.keep(&key("a"), &kept(b"1", "red", now), before);
        store.keep(&key("b"), &kept(b"2", "blue", now), before);
        store.purge(&Purge::Tag("red".to_owned()));
        assert_eq!((body(&store, "a", now), body(&store, "b", now)), (None, Some(b"2".to_vec())));
        assert_eq!(store.keep(&key("a"), &kept(b"old", "red", now), before), Kept::Purged);
        assert_eq!(body(&store, "a", now), None);
        assert_eq!(store.keep(&key("a"), &kept(b"new", "red", now), store.epoch()), Kept::Stored);
    }

    #[test]
    fn a_key_with_private_replies_is_marked_for_a_while() {
        let (store, now) = (Store::new(1 << 20), Instant::now());
        store.keep(&key("a"), &kept(b"1", "", now), store.epoch());
        store.mark_alone(&key("a"), now);
        assert!(matches!(store.find(b"a", now + Duration::from_secs(119)), Found::Alone));
        assert!(matches!(store.find(b"a", now + Duration::from_secs(120)), Found::Nothing));
        store.keep(&key("a"), &kept(b"1", "", now), store.epoch());
        assert_eq!(body(&store, "a", now), Some(b"1".to_vec()));
    }
}
