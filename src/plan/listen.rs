//! Where to listen: an IP address, a socket in the file system, a socket of systemd's.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use super::compiler::Compiler;
use crate::spec::{At, ListenMapSpec, ListenSpec, OneOrMany, Problem};

const PLACE: &str = "an IP address and a port, as in 127.0.0.1:8080, 0.0.0.0:80 or [::]:8080; unix:/PATH; or systemd:NAME";
const PORT: &str = "an IP address and a port, as in 127.0.0.1:8080, 0.0.0.0:80 or [::]:8080";
const PATH: &str = "an absolute path of 107 bytes at most, as in /run/forecourt.sock";
const OWNER: &str = "a user, a group or both, as in www-data, :www-data or www-data:www-data";

/// The longest path of a socket, in bytes: `sun_path` of unix(7), without its last zero.
const LONGEST_PATH: usize = 107;
/// The longest name of a socket of systemd's, in bytes (systemd.socket(5), `FileDescriptorName=`).
const LONGEST_NAME: usize = 255;
/// The most places of one group: as many descriptors as travel to a worker in one packet.
const MOST_PLACES: usize = 16;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port.
    Tcp {
        /// Which; port 0 lets the kernel choose.
        address: SocketAddr,
        /// Whether an IPv6 address leaves IPv4 alone whatever else is listened on.
        ipv6_only: bool,
    },
    /// A socket in the file system.
    Unix {
        /// Where; absolute.
        path: PathBuf,
        /// Its permission bits; what the umask leaves when absent.
        mode: Option<u32>,
        /// The user and the group that own it, by name or number; those of the process when absent.
        owner: (Option<String>, Option<String>),
    },
    /// A socket that systemd has bound and passed on, by the name that its unit gives it.
    Systemd(String),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { address, .. } => address.fmt(f),
            Self::Unix { path, .. } => write!(f, "unix:{}", path.display()),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}

/// Why a text is no place to listen on. Displays as what belongs there and what was probably meant, to be read after the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenError {
    expected: &'static str,
    hint: Option<String>,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl std::error::Error for ListenError {}

/// Reads `127.0.0.1:8080`, `[::]:8080`, `unix:/run/forecourt.sock`, `systemd:web`.
impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix { path: socket_path(path)?, mode: None, owner: (None, None) });
        }
        if let Some(name) = text.strip_prefix("systemd:") {
            let fits = !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
            let expected = "the name of a socket, as its unit says in FileDescriptorName=, without a colon";
            return if fits { Ok(Self::Systemd(name.to_owned())) } else { Err(ListenError { expected, hint: None }) };
        }
        let address = text.parse().map_err(|_| ListenError { expected: PLACE, hint: meant(text) })?;
        Ok(Self::Tcp { address, ipv6_only: false })
    }
}

/// The path of a socket, if it can be one.
fn socket_path(text: &str) -> Result<PathBuf, ListenError> {
    let refused = |hint| Err(ListenError { expected: PATH, hint });
    let plain = text.trim_start_matches('/');
    if text.starts_with("//") && !plain.is_empty() {
        return refused(Some(format!("write unix:/{plain}")));
    }
    if !text.starts_with('/') || text.ends_with('/') || text.len() > LONGEST_PATH || text.contains('\0') {
        return refused(None);
    }
    Ok(PathBuf::from(text))
}

/// What was probably meant by a text that is no address.
fn meant(text: &str) -> Option<String> {
    let bare = text.trim_start_matches("http://").trim_start_matches("https://").trim_end_matches('/');
    let (host, port) = bare.rsplit_once(':').unwrap_or(("", bare));
    match (host, port.parse::<u16>()) {
        ("localhost", Ok(port)) => Some(format!("write 127.0.0.1:{port}")),
        ("" | "*", Ok(port)) => Some(format!("write 127.0.0.1:{port} for this machine alone, or 0.0.0.0:{port} for everybody")),
        (host, Ok(_)) if bare != text && host.parse::<IpAddr>().is_ok() => Some(format!("write {bare}")),
        _ if text.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) => Some(format!("add the port: {text}:8080")),
        _ if text.starts_with('/') => Some(format!("write unix:{text}")),
        _ => None,
    }
}

impl Listen {
    /// Whether the kernel would not have both at a time.
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp { address: a, ipv6_only: a_alone }, Self::Tcp { address: b, ipv6_only: b_alone }) => {
                let (a_any, b_any) = (a.ip().is_unspecified(), b.ip().is_unspecified());
                let meet = match (a.is_ipv6(), b.is_ipv6()) {
                    (true, true) | (false, false) => a.ip() == b.ip() || a_any || b_any,
                    // `[::]` takes IPv4 as well, unless all of IPv4 is listed beside it.
                    (true, false) => a_any && !a_alone && !b_any,
                    (false, true) => b_any && !b_alone && !a_any,
                };
                meet && a.port() == b.port() && a.port() != 0
            }
            (Self::Unix { path: a, .. }, Self::Unix { path: b, .. }) => a == b,
            (Self::Systemd(a), Self::Systemd(b)) => a == b,
            _ => false,
        }
    }
}

/// A place to listen, where it was typed, and the group that it is for.
#[derive(Debug, Clone)]
pub(super) struct Place<'g> {
    pub(super) listen: Listen,
    pub(super) at: At,
    pub(super) group: &'g str,
}

impl Place<'_> {
    /// The same place as it is among others: `[::]` leaves IPv4 alone where all of IPv4 is listed.
    fn beside(&self, others: &[Self]) -> Self {
        let mut place = self.clone();
        if let Listen::Tcp { address, ipv6_only } = &mut place.listen
            && address.is_ipv6()
        {
            *ipv6_only |= others.iter().any(|other| match other.listen {
                Listen::Tcp { address: ipv4, .. } => {
                    ipv4.is_ipv4() && ipv4.ip().is_unspecified() && ipv4.port() == address.port()
                }
                Listen::Unix { .. } | Listen::Systemd(_) => false,
            });
        }
        place
    }
}

impl Compiler<'_> {
    /// The places that a `listen` names, with where each was typed.
    pub(super) fn listen(&mut self, at: &At, spec: Option<&OneOrMany<ListenSpec>>) -> Vec<(At, Listen)> {
        let Some(spec) = spec else {
            let address = SocketAddr::from(([127, 0, 0, 1], 8080));
            return vec![(at.clone(), Listen::Tcp { address, ipv6_only: false })];
        };
        let specs = spec.as_slice();
        if specs.is_empty() {
            self.expected(at, "there is nothing to listen on".to_owned(), PLACE);
        }
        if let Some(beyond) = specs.get(MOST_PLACES).map(|_| at.index(MOST_PLACES)) {
            let most = format!("{MOST_PLACES} places at most");
            self.expected(&beyond, format!("{} places are more than a group can listen on", specs.len()), &most);
        }
        let many = matches!(spec, OneOrMany::Many(_));
        let place = |index| if many { at.index(index) } else { at.clone() };
        let listens = specs.iter().enumerate().map(|(index, spec)| match spec {
            ListenSpec::Text(text) => (place(index), self.listen_text(&place(index), text, text)),
            ListenSpec::Mapping(spec) => (place(index), self.listen_mapping(&place(index), spec)),
        });
        listens.filter_map(|(at, listen)| Some((at, listen?))).collect()
    }

    fn listen_text(&mut self, at: &At, text: &str, whole: &str) -> Option<Listen> {
        let error = match whole.parse() {
            Ok(listen) => return Some(listen),
            Err(error) => error,
        };
        let ListenError { expected, hint } = error;
        let shown = self.source().shown(at).unwrap_or(text);
        let problem = Problem::new(at, format!("`{shown}` is not an address to listen on")).expected(expected);
        // What fills a hole may be a secret.
        let several = (text.contains(',') && shown == text).then(|| {
            let addresses: Vec<&str> = text.split(',').map(str::trim).collect();
            format!("several are a list: [{}]", addresses.join(", "))
        });
        self.push(match several.or_else(|| hint.filter(|_| shown == text)) {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
        None
    }

    fn listen_mapping(&mut self, at: &At, spec: &ListenMapSpec) -> Option<Listen> {
        let (tcp, unix) = (spec.tcp.as_deref(), spec.unix.as_deref());
        for (key, stands, fits, partner) in [
            ("mode", spec.mode.is_some(), unix.is_some(), "unix"),
            ("owner", spec.owner.is_some(), unix.is_some(), "unix"),
            ("ipv6_only", spec.ipv6_only.is_some(), tcp.is_some(), "tcp"),
        ] {
            if stands && !fits && (tcp.is_some() || unix.is_some()) {
                let problem = Problem::new(at.key(key), format!("`{key}` has no say without `{partner}`")).at_key();
                self.push(problem.hint(format!("remove `{key}`")));
            }
        }
        match (tcp, unix) {
            (Some(tcp), None) => self.listen_tcp(at, tcp, spec),
            (None, Some(path)) => self.listen_unix(at, path, spec),
            (Some(_), Some(_)) => {
                let problem = Problem::new(at.key("unix"), "a listener has either `tcp` or `unix`").at_key();
                self.push(problem.hint("begin an entry of its own: `listen: [{tcp: …}, {unix: …}]`"));
                None
            }
            (None, None) => {
                self.expected(at, "this listener has no place".to_owned(), "`tcp` with an address or `unix` with a path");
                None
            }
        }
    }

    fn listen_tcp(&mut self, at: &At, text: &str, spec: &ListenMapSpec) -> Option<Listen> {
        let at = at.key("tcp");
        let Ok(address) = text.parse::<SocketAddr>() else {
            let shown = self.source().shown(&at).unwrap_or(text);
            self.expected(&at, format!("`{shown}` is not an address to listen on"), PORT);
            return None;
        };
        let ipv6_only = spec.ipv6_only.unwrap_or(false);
        if ipv6_only && address.is_ipv4() {
            let at = at.parent().unwrap_or_default().key("ipv6_only");
            self.expected(&at, format!("{address} is an IPv4 address"), "an IPv6 address in `tcp`, as in [::]:8080");
        }
        Some(Listen::Tcp { address, ipv6_only })
    }

    fn listen_unix(&mut self, at: &At, text: &str, spec: &ListenMapSpec) -> Option<Listen> {
        let path = socket_path(text).map_err(|error| {
            let at = at.key("unix");
            let shown = self.source().shown(&at).unwrap_or(text);
            self.expected(&at, format!("`{shown}` cannot be the path of a socket"), error.expected);
        });
        let mode = spec.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let owner = spec.owner.as_deref().map(|owner| (owner, split_owner(owner)));
        if let Some((typed, None)) = owner {
            let at = at.key("owner");
            let shown = self.source().shown(&at).unwrap_or(typed);
            self.expected(&at, format!("`{shown}` cannot own a socket"), OWNER);
        }
        let owner = owner.and_then(|(_, owner)| owner).unwrap_or_default();
        Some(Listen::Unix { path: path.ok()?, mode, owner })
    }

    /// Tells of places that exclude each other, whichever groups they are for.
    pub(super) fn listen_once(&mut self, places: &[Place<'_>]) {
        let places: Vec<Place<'_>> = places.iter().map(|place| place.beside(places)).collect();
        for (index, place) in places.iter().enumerate() {
            let earlier = places.iter().take(index);
            let Some(first) = earlier.rev().find(|earlier| earlier.listen.excludes(&place.listen)) else { continue };
            let Place { listen, at, group } = place;
            let same = first.listen.to_string() == listen.to_string();
            let message = match (same, first.group == *group) {
                (true, true) => format!("the address {listen} stands twice"),
                (true, false) => format!("the group `{}` listens on {listen} already", first.group),
                (false, true) => format!("{listen} and {} cannot be had together: one is a part of the other", first.listen),
                (false, false) => {
                    format!("{listen} and {} of the group `{}` cannot be had together", first.listen, first.group)
                }
            };
            let expected = if first.group == *group { "each address once" } else { "addresses of its own for each group" };
            self.expected(at, message, expected);
        }
    }
}

/// The user and the group of `user:group`; one of them at least.
fn split_owner(text: &str) -> Option<(Option<String>, Option<String>)> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let fits = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-$".contains(&b));
    let user = Some(user).filter(|user| !user.is_empty());
    let sound = user.or(group).is_some() && user.is_none_or(fits) && group.is_none_or(fits);
    sound.then(|| (user.map(ToOwned::to_owned), group.map(ToOwned::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(text: &str) -> Listen {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_displays_as_it_is_written() {
        for text in ["127.0.0.1:8080", "[::]:80", "[::1]:0", "unix:/run/forecourt.sock", "systemd:web"] {
            assert_eq!(listen(text).to_string(), text);
        }
        let longest = format!("unix:/{}", "x".repeat(106));
        assert_eq!(listen(&longest).to_string(), longest);
    }

    #[test]
    fn what_is_no_place_is_answered_with_what_was_probably_meant() {
        for (text, hint) in [
            ("8080", Some("write 127.0.0.1:8080 for this machine alone, or 0.0.0.0:8080 for everybody")),
            ("localhost:80", Some("write 127.0.0.1:80")),
            ("http://0.0.0.0:80/", Some("write 0.0.0.0:80")),
            ("10.0.0.1", Some("add the port: 10.0.0.1:8080")),
            ("/run/x.sock", Some("write unix:/run/x.sock")),
            ("unix:///run/x.sock", Some("write unix:/run/x.sock")),
            ("unix:run/x.sock", None),
            ("unix:/run/", None),
            ("unix:", None),
            ("unix:@name", None),
            ("systemd:", None),
            ("systemd:a:b", None),
            ("systemd:a b", None),
            ("shop.example:80", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap_err().hint.as_deref(), hint, "{text}");
        }
        assert!(format!("unix:/{}", "x".repeat(107)).parse::<Listen>().is_err());
    }

    #[test]
    fn places_exclude_each_other_as_the_kernel_has_it() {
        for (a, b, excluded) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("[::]:80", "[::1]:80", true),
            ("[::]:80", "127.0.0.1:80", true),
            ("[::]:80", "0.0.0.0:80", false),
            ("[::1]:80", "127.0.0.1:80", false),
            ("unix:/a", "unix:/a", true),
            ("unix:/a", "unix:/b", false),
            ("systemd:a", "systemd:a", true),
            ("systemd:a", "unix:/a", false),
        ] {
            assert_eq!(listen(a).excludes(&listen(b)), excluded, "{a} {b}");
            assert_eq!(listen(b).excludes(&listen(a)), excluded, "{b} {a}");
        }
        let alone = Listen::Tcp { address: "[::]:80".parse().unwrap(), ipv6_only: true };
        assert!(!alone.excludes(&listen("127.0.0.1:80")) && alone.excludes(&listen("[::1]:80")));
    }

    #[test]
    fn an_owner_is_a_user_a_group_or_both() {
        let owner =
            |user: &str, group: &str| Some([user, group].map(|name| Some(name.to_owned()).filter(|name| !name.is_empty())));
        for (text, expected) in [
            ("www-data", owner("www-data", "")),
            (":33", owner("", "33")),
            ("a:b", owner("a", "b")),
            ("", None),
            (":", None),
            ("a:", None),
            ("a:b:c", None),
            ("a b", None),
        ] {
            assert_eq!(split_owner(text).map(|(user, group)| [user, group]), expected, "{text}");
        }
    }
}
