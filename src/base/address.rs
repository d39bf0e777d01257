//! IP addresses as text, without the machinery of formatting: every request needs its client's, twice.

use std::io::Write;
use std::net::IpAddr;

/// The longest: an IPv6 address that ends in an IPv4 one.
const MOST: usize = 45;

/// An address as text.
#[derive(Debug, Clone, Copy)]
pub struct AddressText {
    text: [u8; MOST],
    length: usize,
}

impl AddressText {
    /// What `to_string` would give.
    pub fn new(ip: IpAddr) -> Self {
        let mut written = Self { text: [0; MOST], length: 0 };
        match ip {
            IpAddr::V4(ip) => {
                for (index, octet) in ip.octets().into_iter().enumerate() {
                    if index > 0 {
                        written.push(b'.');
                    }
                    if octet >= 100 {
                        written.push(b'0' + octet / 100);
                    }
                    if octet >= 10 {
                        written.push(b'0' + octet / 10 % 10);
                    }
                    written.push(b'0' + octet % 10);
                }
            }
            IpAddr::V6(ip) => {
                let mut room = written.text.as_mut_slice();
                // There is room for every address.
                let _ = write!(room, "{ip}");
                written.length = MOST - room.len();
            }
        }
        written
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.text.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_address_has_room() {
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(AddressText::new(longest.parse().unwrap()).as_str(), longest);
        assert_eq!(AddressText::new("::ffff:255.255.255.255".parse().unwrap()).as_str(), "::ffff:255.255.255.255");
    }

    proptest! {
        #[test]
        fn an_address_reads_as_the_standard_library_writes_it(ip: IpAddr) {
            let text = AddressText::new(ip);
            prop_assert_eq!(text.as_str(), ip.to_string());
        }
    }
}
