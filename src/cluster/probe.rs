//! The decoder's laws, for the fuzz targets: a packet of any bytes is read or refused, and never panics.

use super::message::{MOST_DESCRIPTORS, Malformed, Message, Side};

/// What a worker might send to its master.
///
/// # Panics
/// A law of the decoder is broken.
pub fn from_worker(packet: &[u8]) {
    laws(packet, Side::Master);
}

/// What a master might send to its worker.
///
/// # Panics
/// A law of the decoder is broken.
pub fn from_master(packet: &[u8]) {
    laws(packet, Side::Worker);
}

fn laws(packet: &[u8], side: Side) {
    if let Err(malformed @ (Malformed::TooLong | Malformed::Unknown(_))) = Message::decode(packet, 0, false, side) {
        // What is no message is none, whatever comes with it.
        assert_eq!(Message::decode(packet, MOST_DESCRIPTORS, true, side), Err(malformed));
        return;
    }
    let mut counts = 0;
    for descriptors in 0..=MOST_DESCRIPTORS + 1 {
        let whole = Message::decode(packet, descriptors, false, side);
        counts += usize::from(whole.is_ok());
        for (message, truncated) in [(whole, false), (Message::decode(packet, descriptors, true, side), true)] {
            let Ok(message) = message else { continue };
            assert!(!truncated || matches!(message, Message::Connection { .. }), "only connections may be cut short");
            // An honest message may be written longer than it was read only by what JSON must escape.
            if let Ok(written) = message.encode() {
                assert_eq!(Message::decode(&written, descriptors, truncated, side), Ok(message));
            }
        }
    }
    assert!(counts <= 1, "one packet is good with several numbers of descriptors");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fuzz targets start from these, so each has to be a packet that one side takes.
    #[test]
    fn every_seed_keeps_the_laws_and_is_a_message_of_one_side() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/message");
        let mut count = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            let packet = std::fs::read(seed.unwrap().path()).unwrap();
            from_worker(&packet);
            from_master(&packet);
            let taken = |side| (0..=MOST_DESCRIPTORS).any(|count| Message::decode(&packet, count, false, side).is_ok());
            assert!(taken(Side::Master) != taken(Side::Worker), "{}", String::from_utf8_lossy(&packet));
            count += 1;
        }
        assert!(count > 0);
    }
}
