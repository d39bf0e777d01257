//! `Accept-Encoding` (RFC 9110, 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::Coding;

/// How much a client wants each coding, 0 (not at all) to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    brotli: u16,
    zstd: u16,
    gzip: u16,
    /// None when nothing speaks of it: it is taken then, and wanted less than anything that is named.
    identity: Option<u16>,
}

impl Accepted {
    /// Reads the request's lines. Without one everything would be welcome, and nothing is encoded: who does not ask for a coding rarely
    /// knows one. A member that is no coding with a weight is passed over; of two that speak of the same coding, the lower one counts.
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut brotli, mut zstd, mut gzip, mut identity, mut rest) = (None, None, None, None, None);
        let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        for (name, weight) in lines.flat_map(|line| line.split(',')).filter_map(member) {
            let place = match name {
                "*" => &mut rest,
                name if name.eq_ignore_ascii_case("br") => &mut brotli,
                name if name.eq_ignore_ascii_case("zstd") => &mut zstd,
                name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => &mut gzip,
                name if name.eq_ignore_ascii_case("identity") => &mut identity,
                _ => continue,
            };
            *place = Some(place.map_or(weight, |known: u16| known.min(weight)));
        }
        let of = |named: Option<u16>| named.or(rest).unwrap_or(0);
        Self { brotli: of(brotli), zstd: of(zstd), gzip: of(gzip), identity: identity.or(rest) }
    }

    /// Whether a body may come in a coding.
    pub fn takes(self, coding: Coding) -> bool {
        self.weight(coding) > 0
    }

    /// Whether a body may come as it is.
    pub fn takes_plain(self) -> bool {
        self.identity != Some(0)
    }

    /// The coding that the client wants most, the earlier one of `order` where it has no preference; none when it wants a body as it is
    /// more, or takes no coding at all.
    pub fn best(self, order: [Coding; 3]) -> Option<Coding> {
        let mut best: Option<Coding> = None;
        for coding in order {
            if self.weight(coding) > best.map_or(0, |best| self.weight(best)) {
                best = Some(coding);
            }
        }
        best.filter(|best| self.weight(*best) >= self.identity.unwrap_or(0))
    }

    fn weight(self, coding: Coding) -> u16 {
        match coding {
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
            Coding::Gzip => self.gzip,
        }
    }
}

/// A coding and its weight: `gzip`, `gzip;q=0.5`.
fn member(text: &str) -> Option<(&str, u16)> {
    let (name, weight) = match text.split_once(';') {
        None => (text, 1000),
        Some((name, weight)) => {
            let value = weight.trim_matches([' ', '\t']);
            (name, thousandths(value.strip_prefix("q=").or_else(|| value.strip_prefix("Q="))?)?)
        }
    };
    let name = name.trim_matches([' ', '\t']);
    (!name.is_empty()).then_some((name, weight))
}

/// A weight (RFC 9110, 12.4.2): `0`, `1`, and up to three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepted(lines: &[&'static str]) -> Accepted {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        Accepted::of(&headers)
    }

    #[test]
    fn the_best_coding_is_the_one_with_the_highest_weight_then_the_earlier_one() {
        for (lines, best, plain) in [
            (&[][..], None, true),
            (&[""][..], None, true),
            (&["gzip"][..], Some("gzip"), true),
            (&["x-gzip"][..], Some("gzip"), true),
            (&["GZip"][..], Some("gzip"), true),
            (&["gzip, deflate, br, zstd"][..], Some("br"), true),
            (&["gzip", "zstd"][..], Some("zstd"), true),
            (&["gzip;q=1.0, br;q=0.8, zstd;q=0.9"][..], Some("gzip"), true),
            (&["gzip ; q=0.001 , br;q=0.002"][..], Some("br"), true),
            (&["br\t;\tQ=0.5"][..], Some("br"), true),
            (&["deflate"][..], None, true),
            (&["identity"][..], None, true),
            (&["*"][..], Some("br"), true),
            (&["br;q=0, *"][..], Some("zstd"), true),
            (&["*;q=0"][..], None, false),
            (&["*;q=0, gzip;q=0.1"][..], Some("gzip"), false),
            (&["*;q=0, identity"][..], None, true),
            (&["identity;q=0"][..], None, false),
            (&["identity;q=0, *;q=0.2"][..], Some("br"), false),
            (&["identity, gzip;q=0.5"][..], None, true),
            (&["identity;q=0.5, gzip;q=0.5"][..], Some("gzip"), true),
            (&["*;q=0.5, gzip;q=0.4"][..], Some("br"), true),
            (&["gzip;q=0"][..], None, true),
            (&["gzip, gzip;q=0"][..], None, true),
            // What is no weight is no wish.
            (&["gzip;q=2, br;q=-1, zstd;q=0.0001"][..], None, true),
            (&["gzip;q=1.001"][..], None, true),
            (&["gzip;q=1.000, br;q=1."][..], Some("br"), true),
            (&["gzip;level=9"][..], None, true),
            (&["gzip;q=0.5;q=1"][..], None, true),
            (&[",, ;q=1, gzip"][..], Some("gzip"), true),
        ] {
            let accepted = accepted(lines);
            assert_eq!((accepted.best(Coding::ALL).map(Coding::word), accepted.takes_plain()), (best, plain), "{lines:?}");
        }
    }

    #[test]
    fn the_order_decides_among_equals_alone() {
        let order = [Coding::Zstd, Coding::Gzip, Coding::Brotli];
        assert_eq!(accepted(&["gzip, br, zstd"]).best(order), Some(Coding::Zstd));
        assert_eq!(accepted(&["gzip, br"]).best(order), Some(Coding::Gzip));
        assert_eq!(accepted(&["gzip;q=0.9, br"]).best(order), Some(Coding::Brotli));
    }

    #[test]
    fn what_is_best_is_taken_whatever_the_lines_say() {
        let words = ["gzip", "br", "zstd", "identity", "*", "deflate", "", " "];
        let weights = ["", ";q=0", ";q=0.5", ";q=1", ";q=x", "; q=0.25 ", ";"];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let members = (0..random.usize(0..5)).map(|_| {
                let (word, weight) = (random.choice(words).unwrap(), random.choice(weights).unwrap());
                format!("{word}{weight}")
            });
            let line = members.collect::<Vec<_>>().join(",");
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(&line).unwrap())]);
            let accepted = Accepted::of(&headers);
            let best = accepted.best(Coding::ALL);
            assert!(best.is_none_or(|best| accepted.takes(best)), "{line}");
            let some = Coding::ALL.into_iter().any(|coding| accepted.takes(coding));
            assert!(best.is_some() || !some || accepted.takes_plain(), "{line}");
        }
    }
}
