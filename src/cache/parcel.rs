//! An entry as bytes, for another worker of the same generation: a line of JSON, then the body.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::entry::{Entry, Label};
use super::rules::Times;
use super::store::Key;

#[derive(Debug, Serialize, Deserialize)]
struct Parcel {
    key: Vec<u8>,
    status: u16,
    /// A byte of a value is a character here: values need not be UTF-8.
    headers: Vec<(String, String)>,
    route: String,
    address: String,
    tags: Vec<String>,
    fresh_ms: u64,
    swr_ms: u64,
    stale_if_error_ms: u64,
    age_ms: u64,
}

impl Entry {
    /// The entry and its key as bytes; none when it cannot be said in them.
    pub fn pack(&self, key: &Key, now: Instant) -> Option<Vec<u8>> {
        let (times, age, held) = self.clocks(now);
        // What is fresh for less here is fresh for less there.
        let left = |time: Duration| millis(time.saturating_sub(held));
        let headers = self.headers.iter();
        let parcel = Parcel {
            key: key.bytes().to_vec(),
            status: self.status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().iter().map(|byte| char::from(*byte)).collect()))
                .collect(),
            route: self.label().route.to_string(),
            address: self.label().address.clone(),
            tags: self.label().tags.clone(),
            fresh_ms: left(times.fresh),
            swr_ms: millis(times.swr),
            stale_if_error_ms: millis(times.stale_if_error),
            age_ms: millis(age),
        };
        let mut bytes = serde_json::to_vec(&parcel).ok()?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        Some(bytes)
    }

    /// The entry that bytes say, as one that came now, and its key; none when they say none.
    pub fn unpack(bytes: &[u8], now: Instant) -> Option<(Key, Self)> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = bytes.split_at_checked(end)?;
        let parcel: Parcel = serde_json::from_slice(head).ok()?;
        let mut headers = HeaderMap::with_capacity(parcel.headers.len());
        for (name, value) in parcel.headers {
            let value: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(&value?).ok()?);
        }
        let label = Label { route: parcel.route.into(), address: parcel.address, tags: parcel.tags };
        let times = Times {
            fresh: Duration::from_millis(parcel.fresh_ms),
            swr: Duration::from_millis(parcel.swr_ms),
            stale_if_error: Duration::from_millis(parcel.stale_if_error_ms),
        };
        let status = StatusCode::from_u16(parcel.status).ok()?;
        let age = Duration::from_millis(parcel.age_ms);
        let entry = Self::aged(status, headers, body.get(1..).unwrap_or_default(), label, times, age, now);
        Some((Key::new(parcel.key), entry))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::entry::tests::{entry, label, times};
    use super::super::{Said, Standing};
    use super::*;

    #[test]
    fn an_entry_is_the_same_behind_the_way() {
        let now = Instant::now();
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_bytes(b"caf\xe9 \"").unwrap());
        headers.append("x-a", HeaderValue::from_static("2"));
        headers.append("age", HeaderValue::from_static("7"));
        let said = Said::of(&headers);
        let label = label("GET /a", "/a?b=1", &["x"]);
        let sent = Entry::new(StatusCode::OK, headers, b"{\n\x00\xff}", label, times(30, 10, 300), &said, now);
        let later = now + Duration::from_secs(2);
        let key = Key::new(b"a\n\x00".to_vec());
        let (found, came) = Entry::unpack(&sent.pack(&key, later).unwrap(), later).unwrap();
        assert_eq!(found, key);
        assert_eq!(
            (came.status, &came.headers, &came.body, came.label()),
            (sent.status, &sent.headers, &sent.body, sent.label())
        );
        assert_eq!(came.head(later).get("age"), sent.head(later).get("age"));
        assert_eq!((came.ttl(later), came.standing(later)), (sent.ttl(later), Standing::Fresh));
    }

    proptest! {
        #[test]
        fn what_is_no_entry_is_none_and_never_a_panic(at in 0_usize..200, byte: u8, cut in 0_usize..200) {
            let now = Instant::now();
            let mut bytes = entry(b"body", label("GET /", "/", &[]), times(1, 1, 1), now).pack(&Key::new(vec![1]), now).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = Entry::unpack(&bytes, now);
        }
    }
}
