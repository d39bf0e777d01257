//! The frames of one direction of a WebSocket (RFC 6455, section 5.2): where they end, and whether one of them says goodbye.
//!
//! Nothing is changed and nothing is judged: extensions may mean what they like by their bits. A close frame is the only thing that is
//! ever added, and only where a frame may begin.

/// What leaves when a service goes and comes back (RFC 6455 and IANA: 1012, service restart).
pub(super) const RESTART: [u8; 4] = close(1012);
/// What leaves when nothing was said for too long (1001, going away).
pub(super) const AWAY: [u8; 4] = close(1001);

/// The close frame of a server, with a status and no text.
const fn close(status: u16) -> [u8; 4] {
    let [high, low] = status.to_be_bytes();
    [0x88, 2, high, low]
}

const CLOSE: u8 = 8;

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes of the header under way.
    header: [u8; 10],
    have: usize,
    /// Bytes of mask and payload that belong to the frame whose header is whole.
    left: u64,
    /// A close frame has passed whole.
    closed: bool,
    closing: bool,
}

impl Frames {
    /// Whether the next byte begins a frame.
    pub(super) fn is_between(&self) -> bool {
        self.have == 0 && self.left == 0
    }

    /// Whether a close frame has passed whole.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Takes in bytes that pass.
    pub(super) fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.step(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// How many of these bytes belong to the frame under way, if its end is among them. Takes in nothing.
    pub(super) fn rest(&self, bytes: &[u8]) -> Option<usize> {
        let mut ahead = Self { header: self.header, have: self.have, left: self.left, ..Self::default() };
        let mut taken = 0;
        while !ahead.is_between() {
            match ahead.step(bytes.get(taken..)?) {
                0 => return None,
                step => taken += step,
            }
        }
        Some(taken)
    }

    /// Takes in a part of the frame under way, one byte of its header or some of the others; tells how much.
    fn step(&mut self, bytes: &[u8]) -> usize {
        if self.left > 0 {
            let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= taken as u64;
            self.end();
            return taken;
        }
        let (Some(byte), Some(slot)) = (bytes.first(), self.header.get_mut(self.have)) else { return 0 };
        *slot = *byte;
        self.have += 1;
        if let Some(left) = self.length() {
            self.closing = self.header[0] & 0x0f == CLOSE;
            (self.left, self.have) = (left, 0);
            self.end();
        }
        1
    }

    fn end(&mut self) {
        if self.left == 0 {
            self.closed |= std::mem::take(&mut self.closing);
        }
    }

    /// What follows the header, once that is whole.
    fn length(&self) -> Option<u64> {
        let [_, second, long @ ..] = self.header;
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        let payload = match (second & 0x7f, self.have) {
            (126, 4) => u64::from(u16::from_be_bytes([long[0], long[1]])),
            (127, 10) => u64::from_be_bytes(long),
            (126 | 127, _) | (_, 0 | 1) => return None,
            (short, _) => u64::from(short),
        };
        Some(payload.saturating_add(mask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(opcode: u8, masked: bool, length: usize) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        let mask = if masked { 0x80 } else { 0 };
        match length {
            0..126 => frame.push(mask | u8::try_from(length).unwrap()),
            126..0x1_0000 => frame.extend([mask | 126].into_iter().chain(u16::try_from(length).unwrap().to_be_bytes())),
            _ => frame.extend([mask | 127].into_iter().chain((length as u64).to_be_bytes())),
        }
        frame.extend(std::iter::repeat_n(0x88, length + if masked { 4 } else { 0 }));
        frame
    }

    proptest! {
        #[test]
        fn frames_end_where_they_end_however_they_are_cut(
            sizes in prop::collection::vec((0_u8..=10, any::<bool>(), prop_oneof![0_usize..3, 120_usize..130, 65_530_usize..65_540]), 1..6),
            size in 1_usize..5000,
        ) {
            let frames: Vec<Vec<u8>> = sizes.iter().map(|(opcode, masked, length)| frame(*opcode, *masked, *length)).collect();
            let mut seen = Frames::default();
            for (frame, (opcode, ..)) in frames.iter().zip(&sizes) {
                let was_closed = seen.is_closed();
                let mut rest = &frame[..];
                while !rest.is_empty() {
                    let (piece, more) = rest.split_at(size.min(rest.len()));
                    seen.see(piece);
                    rest = more;
                    prop_assert_eq!(seen.is_between(), rest.is_empty());
                    if !rest.is_empty() {
                        let behind = [rest, &[0x81, 0x00]].concat();
                        prop_assert_eq!(seen.rest(&behind), Some(rest.len()));
                        prop_assert_eq!(seen.rest(&rest[..rest.len() - 1]), None);
                    }
                }
                prop_assert_eq!(seen.is_closed(), was_closed || *opcode == CLOSE);
            }
        }
    }

    #[test]
    fn a_length_beyond_all_measure_is_a_frame_that_does_not_end() {
        let mut frames = Frames::default();
        frames.see(&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        assert!(!frames.is_between());
    }

    #[test]
    fn the_farewell_is_a_close_frame() {
        let mut frames = Frames::default();
        frames.see(&RESTART);
        assert!(frames.is_between() && frames.is_closed());
        assert_eq!(RESTART, [0x88, 0x02, 0x03, 0xf4]);
    }
}
