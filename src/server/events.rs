//! Where an event stream may end: between two events.

/// Sees the bytes of a `text/event-stream` as they leave. The end of an event is a blank line; lines end in CR LF, LF or CR.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The last bytes, the newest last.
    last: [u8; 3],
}

impl Events {
    /// These bytes left.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let newest = bytes.get(bytes.len().saturating_sub(3)..).unwrap_or_default();
        for byte in newest {
            self.last = [self.last[1], self.last[2], *byte];
        }
    }

    /// Whether what left is whole events. A client that has part of one would throw it away.
    pub(super) fn is_between(&self) -> bool {
        matches!(self.last, [0, 0, 0] | [_, b'\n', b'\n'] | [_, b'\r', b'\r'] | [b'\n' | b'\r', b'\r', b'\n'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_at_a_blank_line_however_it_is_cut() {
        for (text, between) in [
            ("", true),
            ("data: a\n\n", true),
            ("data: a\r\n\r\n", true),
            ("data: a\r\r", true),
            ("data: a\n\r\n", true),
            ("data: a\r\r\n", true),
            (": ping\n\ndata", false),
            ("data: a\n", false),
            ("data: a\r\n", false),
            ("data: a", false),
            ("d", false),
        ] {
            for size in 1..=text.len().max(1) {
                let mut events = Events::default();
                text.as_bytes().chunks(size).for_each(|piece| events.see(piece));
                assert_eq!(events.is_between(), between, "{text:?} in pieces of {size}");
            }
        }
    }
}
