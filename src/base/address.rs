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
        let mut text = [0; MOST];
        let mut room = text.as_mut_slice();
        // There is room for every address.
        let _ = match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                [(a, &b"."[..]), (b, b"."), (c, b"."), (d, b"")].into_iter().try_for_each(|(octet, dot)| {
                    room.write_all(itoa::Buffer::new().format(octet).as_bytes())?;
                    room.write_all(dot)
                })
            }
            IpAddr::V6(ip) => write!(room, "{ip}"),
        };
        let length = MOST - room.len();
        Self { text, length }
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
