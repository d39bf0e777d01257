//! What master and worker say to each other: one closed set, JSON, one message a packet.
//!
//! Reading is a pure function of the bytes and of the number of descriptors that came with them; it never panics and
//! accepts nothing that it does not know. The meaning of each message is written at its variant.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::listen::Address;

/// The version of this protocol. Both ends are one program, so a difference means that something is badly wrong.
pub(crate) const PROTOCOL: u32 = 3;

/// The longest packet, in bytes. The longest honest one is a `taken` of [`MOST_NUMBERS`] numbers, about 5 KiB.
pub(crate) const LONGEST_PACKET: usize = 16 * 1024;

/// The most descriptors that travel in one packet (measured: 16 cost 0.13 µs each, one alone 2 µs).
pub(crate) const MOST_DESCRIPTORS: usize = 16;

/// The most connection numbers that one `taken` or `refused` names.
pub(crate) const MOST_NUMBERS: usize = 256;

/// The longest reason, in bytes; a longer one is cut when it is sent.
const LONGEST_REASON: usize = 4096;

/// The longest topic, in bytes, of state that is told to all.
pub(crate) const LONGEST_TOPIC: usize = 64;

/// The longest value, in bytes, of state that is told to all; escaped as JSON it still fits into a packet.
pub(crate) const LONGEST_VALUE: usize = 2048;

/// The longest name, in bytes, of what one worker brings for others.
pub(crate) const LONGEST_NAME: usize = 64;

/// The most listeners that one worker may be given to accept from.
pub(crate) const MOST_LISTENERS: usize = 64;

/// A message of either direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Message {
    /// Worker: the first packet, so that the master knows that the right process is at the other end.
    Hello { protocol: u32, worker: u32, pid: u32 },
    /// Master: what to serve, as one sealed memfd of `length` bytes; then the memory in which this worker keeps its flight
    /// record. A worker beats every `beat` milliseconds.
    Generation { number: u64, length: u64, beat: u64 },
    /// Master: listeners to accept from, one descriptor each, in the same order; for the policy `shared`.
    Listeners { listeners: Vec<u32> },
    /// Worker: the generation is understood.
    Online {},
    /// Worker: connections are welcome.
    Listening {},
    /// Master: accepted connections, one descriptor each, in the same order.
    Connection { connections: Vec<Handoff> },
    /// Worker: `numbers` are about to be read from, so the master lets its copies go. `seen` counts the connections that
    /// the worker's loop has picked up since it started, and opens the window. `open` is how many it has open now.
    Taken { seen: u64, numbers: Vec<u64>, open: u64 },
    /// Worker: nothing has been read from `numbers`; somebody else may have them.
    Refused { seen: u64, numbers: Vec<u64> },
    /// Worker: it wants to leave. The master starts a replacement and answers with `disconnect` when that is ready.
    Retiring { reason: String },
    /// Worker: it is alive. Open connections now; requests, and requests that panicked, since it started.
    Beat { connections: u64, requests: u64, panics: u64 },
    /// Worker: tell all workers that `topic` has this value now.
    Publish { topic: String, value: String },
    /// Master: `topic` has this value now. Epochs only grow; a value with an older epoch than one seen is stale.
    Deliver { epoch: u64, topic: String, value: String },
    /// Master: so many workers live now, of all groups and generations, the one that is told among them.
    Workers { count: u32 },
    /// Worker: everything up to this epoch has been taken in.
    Delivered { epoch: u64 },
    /// Worker: it wants what has this name, and others of its group and generation may want it too.
    Want { name: String },
    /// Master: it is yours to bring.
    Bring { name: String },
    /// Worker: what it was to bring, as one sealed memfd of `length` bytes; no descriptor for 0 bytes, which is nothing that others
    /// could use. With `next` it gives up, and another one is to bring it.
    Brought { name: String, length: u64, next: bool },
    /// Master: what another worker has brought, as it came.
    Take { name: String, length: u64 },
    /// Master: write to these from now on, two descriptors: standard output and standard error.
    Reopen {},
    /// An old master, to the new one: listening sockets, one descriptor each, where each was wanted and where it is. After
    /// the last ones it has everything.
    Adopt { listeners: Vec<(Address, Address)>, last: bool },
    /// Master: no more connections will come; finish within the time, in milliseconds.
    Disconnect { within: u64 },
    /// Worker: the last packet. `cut` connections were still busy.
    Exit { reason: String, cut: u64 },
}

/// One connection of a `connection` packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handoff {
    /// The order in which the master accepted it, from 0; stays when it is passed to another worker.
    pub(crate) number: u64,
    /// Who connected. The master says it because the kernel forgets it when a client resets early.
    pub(crate) peer: SocketAddr,
    /// Which of the master's listeners accepted it, from 0.
    pub(crate) listener: u32,
}

/// The end that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Master,
    Worker,
}

/// Why a packet is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("a packet is longer than {LONGEST_PACKET} bytes")]
    TooLong,
    #[error("a packet is not a known message: {0}")]
    Unknown(String),
    #[error("a packet should bring {expected} descriptors and brought {found}")]
    Descriptors { expected: usize, found: usize },
    #[error("a packet names {0} connections")]
    Count(usize),
    #[error("a topic has 1 to {LONGEST_TOPIC} bytes and a value at most {LONGEST_VALUE}; these have {topic} and {value}")]
    State { topic: usize, value: usize },
    #[error("a name has 1 to {LONGEST_NAME} bytes; this one has {0}")]
    Name(usize),
    #[error("a topic and a value have no control characters, such as line breaks")]
    Control,
    #[error("a `{0}` packet went the wrong way")]
    Direction(&'static str),
    #[error("a `{0}` packet came at the wrong time")]
    Untimely(&'static str),
}

impl Message {
    /// The packet's bytes.
    ///
    /// # Errors
    /// The message would not fit into a packet: it names too many connections.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let bytes = serde_json::to_vec(self).map_err(|error| Malformed::Unknown(error.to_string()))?;
        if bytes.len() > LONGEST_PACKET { Err(Malformed::TooLong) } else { Ok(bytes) }
    }

    /// Reads a packet that came with `descriptors` descriptors; `truncated` says that the kernel had to drop some.
    ///
    /// A `connection` packet with fewer descriptors than connections is good when it was truncated: the first ones arrived.
    ///
    /// # Errors
    /// It is not a message of the closed set, not one for this side, or its counts are off.
    pub(crate) fn decode(bytes: &[u8], descriptors: usize, truncated: bool, side: Side) -> Result<Self, Malformed> {
        if bytes.len() > LONGEST_PACKET {
            return Err(Malformed::TooLong);
        }
        let message: Self = serde_json::from_slice(bytes).map_err(|error| Malformed::Unknown(error.to_string()))?;
        if message.reader() != side {
            return Err(Malformed::Direction(message.name()));
        }
        let expected = match &message {
            Self::Generation { .. } | Self::Reopen {} => 2,
            Self::Listeners { listeners } => within(listeners.len(), 1, MOST_LISTENERS.min(MOST_DESCRIPTORS))?,
            Self::Adopt { listeners, .. } => within(listeners.len(), 0, MOST_DESCRIPTORS)?,
            Self::Connection { connections } => within(connections.len(), 1, MOST_DESCRIPTORS)?,
            Self::Taken { numbers, .. } => within(numbers.len(), 0, MOST_NUMBERS).map(|_| 0)?,
            Self::Refused { numbers, .. } => within(numbers.len(), 1, MOST_NUMBERS).map(|_| 0)?,
            Self::Want { name } | Self::Bring { name } => named(name).map(|()| 0)?,
            Self::Brought { name, length, .. } | Self::Take { name, length } => named(name).map(|()| usize::from(*length > 0))?,
            Self::Publish { topic, value } => told(topic, value).map(|()| 0)?,
            Self::Deliver { topic, value, .. } => state(topic, value).map(|()| 0)?,
            _ => 0,
        };
        let short = truncated && descriptors < expected && matches!(message, Self::Connection { .. });
        if descriptors == expected && !truncated || short {
            Ok(message)
        } else {
            Err(Malformed::Descriptors { expected, found: descriptors })
        }
    }

    /// Which end this message is for.
    fn reader(&self) -> Side {
        match self {
            Self::Generation { .. }
            | Self::Listeners { .. }
            | Self::Connection { .. }
            | Self::Deliver { .. }
            | Self::Workers { .. }
            | Self::Reopen {}
            | Self::Adopt { .. }
            | Self::Bring { .. }
            | Self::Take { .. }
            | Self::Disconnect { .. } => Side::Worker,
            _ => Side::Master,
        }
    }

    /// The word in the packet and in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Generation { .. } => "generation",
            Self::Online {} => "online",
            Self::Listening {} => "listening",
            Self::Connection { .. } => "connection",
            Self::Taken { .. } => "taken",
            Self::Refused { .. } => "refused",
            Self::Retiring { .. } => "retiring",
            Self::Beat { .. } => "beat",
            Self::Listeners { .. } => "listeners",
            Self::Publish { .. } => "publish",
            Self::Deliver { .. } => "deliver",
            Self::Workers { .. } => "workers",
            Self::Delivered { .. } => "delivered",
            Self::Want { .. } => "want",
            Self::Bring { .. } => "bring",
            Self::Brought { .. } => "brought",
            Self::Take { .. } => "take",
            Self::Reopen {} => "reopen",
            Self::Adopt { .. } => "adopt",
            Self::Disconnect { .. } => "disconnect",
            Self::Exit { .. } => "exit",
        }
    }
}

/// A reason short enough for a packet, cut between characters.
pub(crate) fn reason(text: &str) -> String {
    let mut end = text.len().min(LONGEST_REASON);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Is this state that can be told to all?
pub(crate) fn state(topic: &str, value: &str) -> Result<(), Malformed> {
    let fits = (1..=LONGEST_TOPIC).contains(&topic.len()) && value.len() <= LONGEST_VALUE;
    if fits { Ok(()) } else { Err(Malformed::State { topic: topic.len(), value: value.len() }) }
}

fn named(name: &str) -> Result<(), Malformed> {
    if (1..=LONGEST_NAME).contains(&name.len()) { Ok(()) } else { Err(Malformed::Name(name.len())) }
}

/// The same of what is told anew: no row of a table and no line of a log may be forged by it. What another master has told before
/// is taken as it is.
pub(crate) fn told(topic: &str, value: &str) -> Result<(), Malformed> {
    state(topic, value)?;
    if topic.chars().chain(value.chars()).any(char::is_control) { Err(Malformed::Control) } else { Ok(()) }
}

fn within(count: usize, least: usize, most: usize) -> Result<usize, Malformed> {
    if (least..=most).contains(&count) { Ok(count) } else { Err(Malformed::Count(count)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn handoffs(count: u64) -> Vec<Handoff> {
        (0..count).map(|number| Handoff { number, peer: "[::1]:80".parse().unwrap(), listener: 0 }).collect()
    }

    fn every() -> Vec<(Message, usize, Side)> {
        vec![
            (Message::Hello { protocol: 1, worker: 1, pid: 2 }, 0, Side::Master),
            (Message::Generation { number: 1, length: 5, beat: 1000 }, 2, Side::Worker),
            (Message::Online {}, 0, Side::Master),
            (Message::Listening {}, 0, Side::Master),
            (Message::Connection { connections: handoffs(16) }, 16, Side::Worker),
            (Message::Taken { seen: u64::MAX, numbers: vec![u64::MAX; MOST_NUMBERS], open: u64::MAX }, 0, Side::Master),
            (Message::Refused { seen: 1, numbers: vec![1] }, 0, Side::Master),
            (Message::Retiring { reason: "memory".into() }, 0, Side::Master),
            (Message::Beat { connections: 1, requests: 2, panics: 0 }, 0, Side::Master),
            (Message::Listeners { listeners: vec![0, 1] }, 2, Side::Worker),
            (Message::Publish { topic: "ready".into(), value: "no".into() }, 0, Side::Master),
            (
                Message::Deliver { epoch: 1, topic: "t".repeat(LONGEST_TOPIC), value: "\u{1}".repeat(LONGEST_VALUE) },
                0,
                Side::Worker,
            ),
            (Message::Workers { count: 1 }, 0, Side::Worker),
            (Message::Delivered { epoch: 1 }, 0, Side::Master),
            (Message::Reopen {}, 2, Side::Worker),
            (
                Message::Adopt {
                    listeners: vec![(Address::Tcp("[::]:0".parse().unwrap()), Address::Inherited("web".into()))],
                    last: true,
                },
                1,
                Side::Worker,
            ),
            (Message::Want { name: "n".repeat(LONGEST_NAME) }, 0, Side::Master),
            (Message::Bring { name: "n".into() }, 0, Side::Worker),
            (Message::Brought { name: "n".into(), length: 7, next: false }, 1, Side::Master),
            (Message::Take { name: "n".into(), length: 7 }, 1, Side::Worker),
            (Message::Disconnect { within: 30_000 }, 0, Side::Worker),
            (Message::Exit { reason: "drained".into(), cut: 0 }, 0, Side::Master),
        ]
    }

    #[test]
    fn every_message_survives_the_trip_and_only_its_own_way() {
        for (message, descriptors, side) in every() {
            let bytes = message.encode().unwrap();
            assert_eq!(Message::decode(&bytes, descriptors, false, side), Ok(message.clone()));
            let other = if side == Side::Master { Side::Worker } else { Side::Master };
            assert_eq!(Message::decode(&bytes, descriptors, false, other), Err(Malformed::Direction(message.name())));
            assert!(String::from_utf8(bytes).unwrap().contains(&format!("\"message\":\"{}\"", message.name())));
        }
    }

    #[test]
    fn a_wrong_number_of_descriptors_is_refused() {
        for (message, descriptors, side) in every() {
            let bytes = message.encode().unwrap();
            for found in [descriptors + 1, descriptors.wrapping_sub(1)] {
                let result = Message::decode(&bytes, found, false, side);
                assert_eq!(result, Err(Malformed::Descriptors { expected: descriptors, found }));
            }
        }
    }

    #[test]
    fn only_a_connection_packet_may_arrive_short_and_only_when_the_kernel_says_so() {
        let bytes = Message::Connection { connections: handoffs(3) }.encode().unwrap();
        assert!(Message::decode(&bytes, 1, true, Side::Worker).is_ok());
        assert!(Message::decode(&bytes, 1, false, Side::Worker).is_err());
        assert!(Message::decode(&bytes, 3, true, Side::Worker).is_err());
        let bytes = Message::Generation { number: 1, length: 1, beat: 1 }.encode().unwrap();
        assert!(Message::decode(&bytes, 0, true, Side::Worker).is_err());
    }

    #[test]
    fn counts_out_of_bounds_are_refused() {
        for (message, side, count) in [
            (Message::Connection { connections: vec![] }, Side::Worker, 0),
            (Message::Connection { connections: handoffs(17) }, Side::Worker, 17),
            (Message::Refused { seen: 0, numbers: vec![] }, Side::Master, 0),
            (Message::Taken { seen: 0, numbers: vec![1; 257], open: 0 }, Side::Master, 257),
        ] {
            let bytes = serde_json::to_vec(&message).unwrap();
            assert_eq!(Message::decode(&bytes, 0, false, side), Err(Malformed::Count(count)));
        }
    }

    #[test]
    fn unknown_words_and_unknown_members_are_refused() {
        for name in [String::new(), "n".repeat(LONGEST_NAME + 1)] {
            let bytes = serde_json::to_vec(&Message::Want { name: name.clone() }).unwrap();
            assert_eq!(Message::decode(&bytes, 0, false, Side::Master), Err(Malformed::Name(name.len())));
        }
        for text in [
            "",
            "{}",
            "null",
            "[]",
            r#"{"message":"publish"}"#,
            r#"{"message":"online","more":1}"#,
            r#"{"message":"beat","connections":1,"requests":2,"panics":0,"more":3}"#,
            r#"{"message":"beat","connections":-1,"requests":2,"panics":0}"#,
            r#"{"message":"online"} x"#,
            "\u{feff}{}",
        ] {
            assert!(matches!(Message::decode(text.as_bytes(), 0, false, Side::Master), Err(Malformed::Unknown(_))), "{text}");
        }
        assert_eq!(Message::decode(&vec![b' '; LONGEST_PACKET + 1], 0, false, Side::Master), Err(Malformed::TooLong));
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(reason("short"), "short");
        assert_eq!(reason(&"ä".repeat(4000)).len(), LONGEST_REASON);
        assert_eq!(reason(&format!("x{}", "ä".repeat(4000))).len(), LONGEST_REASON - 1);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), descriptors in 0usize..20, truncated: bool) {
            for side in [Side::Master, Side::Worker] {
                let _ = Message::decode(&bytes, descriptors, truncated, side);
            }
        }

        #[test]
        fn a_damaged_message_is_read_as_a_message_or_refused(which in 0usize..22, at in 0usize..40, byte: u8, cut in 0usize..60) {
            let (message, descriptors, side) = every().swap_remove(which);
            let mut bytes = message.encode().unwrap();
            bytes.truncate(bytes.len().saturating_sub(cut).max(1));
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Message::decode(&bytes, descriptors, false, side);
        }
    }
}
