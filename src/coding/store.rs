//! What was encoded once: so many bytes of it, found by the tag of the body that it was made of, or a name with a tag.
//!
//! A strong tag of ours is a digest of the bytes, so what is found was made of the same body, whoever asks and whatever was dropped in the
//! meantime: nothing here can be stale.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::Coding;

/// What a typical body weighs in a coding, in bytes: it only sizes what is remembered of what was let go.
const TYPICAL: u64 = 4 << 10;

/// What an entry costs beside its bytes, roughly.
const OVERHEAD: u64 = 160;

#[derive(Debug, Clone)]
struct Weigh;

impl Weighter<(Bytes, Coding), Bytes> for Weigh {
    fn weight(&self, (name, _): &(Bytes, Coding), body: &Bytes) -> u64 {
        OVERHEAD + name.len() as u64 + body.len() as u64
    }
}

/// Bodies in their codings, of one worker.
pub struct CodedStore {
    bodies: Cache<(Bytes, Coding), Bytes, Weigh>,
}

impl fmt::Debug for CodedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodedStore").field("bodies", &self.bodies.len()).field("weight", &self.bodies.weight()).finish()
    }
}

impl CodedStore {
    /// A store for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX).clamp(64, 1 << 20);
        // As in the cache of replies: one shard takes a body of any size.
        let options = OptionsBuilder::new().shards(1).estimated_items_capacity(items).weight_capacity(bytes).build();
        let options = options.expect("items and weight are set");
        Self { bodies: Cache::with_options(options, Weigh, DefaultHashBuilder::default(), DefaultLifecycle::default()) }
    }

    /// The body of this name in a coding. What is not there is made, once for all who ask at the same time; when who makes it leaves,
    /// the next one does.
    pub async fn get_or_make(&self, name: Bytes, coding: Coding, make: impl Future<Output = Bytes>) -> Bytes {
        let made = self.bodies.get_or_insert_async(&(name, coding), async { Ok::<_, Infallible>(make.await) }).await;
        match made {
            Ok(body) => body,
            Err(never) => match never {},
        }
    }

    /// How many bodies there are, and what they weigh in bytes.
    pub fn size(&self) -> (usize, u64) {
        (self.bodies.len(), self.bodies.weight())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_body_is_made_once_for_each_coding_and_never_too_much_is_held() {
        let store = CodedStore::new(64 << 10);
        let made = &AtomicUsize::new(0);
        let get = |tag: &str, coding, size: usize| {
            let tag = Bytes::copy_from_slice(tag.as_bytes());
            store.get_or_make(tag, coding, async move {
                made.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Bytes::from(vec![b'x'; size])
            })
        };
        let (first, second) = tokio::join!(get("\"a\"", Coding::Gzip, 10), get("\"a\"", Coding::Gzip, 10));
        assert_eq!((first.len(), second.len(), made.load(Ordering::Relaxed)), (10, 10, 1));
        assert_eq!(get("\"a\"", Coding::Brotli, 9).await.len(), 9);
        assert_eq!(get("\"b\"", Coding::Gzip, 8).await.len(), 8);
        assert_eq!((made.load(Ordering::Relaxed), store.size().0), (3, 3));
        for number in 0..200 {
            assert_eq!(get(&format!("\"{number}\""), Coding::Gzip, 1000).await.len(), 1000);
            assert!(store.size().1 <= 64 << 10);
        }
        assert_eq!(get("\"huge\"", Coding::Gzip, 1 << 20).await.len(), 1 << 20, "what cannot be held is given all the same");
        assert!(store.size().1 <= 64 << 10);
    }
}
