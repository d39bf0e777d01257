//! From an upstream to the client.

use http::{HeaderMap, HeaderName, header};

use super::{is_hop_by_hop, nominated};

/// Headers that a reply with a new body gets on its way to the client.
const ADDED: usize = 4;

/// Removes from a reply what ends here: hop-by-hop headers, those that Connection names, and what tells of the software
/// behind (Server, X-Powered-By) or invites around the gateway (Alt-Svc). Every Set-Cookie line stays on its own.
///
/// A Connection line cannot take away what the client must see of the message: cookies, caching, content, challenge.
pub fn strip_reply(headers: &mut HeaderMap) {
    // A look at every name that came costs less than a search for each that might have.
    let mut ending: [Option<HeaderName>; 4] = [const { None }; 4];
    loop {
        let mut places = ending.iter_mut();
        let mut is_all = true;
        for name in headers.keys().filter(|name| ends_here(name.as_str())) {
            match places.next() {
                Some(place) => *place = Some(name.clone()),
                None => is_all = false,
            }
        }
        for name in ending.iter_mut().filter_map(Option::take) {
            if name == header::CONNECTION {
                remove_nominated(headers);
            }
            headers.remove(name);
        }
        if is_all {
            return;
        }
    }
}

fn remove_nominated(headers: &mut HeaderMap) {
    for name in nominated(headers).iter().filter(|name| !must_arrive(name)) {
        headers.remove(name.as_str());
    }
}

fn ends_here(name: &str) -> bool {
    is_hop_by_hop(name) || matches!(name, "server" | "x-powered-by")
}

fn must_arrive(name: &str) -> bool {
    name.starts_with("content-")
        || matches!(
            name,
            "set-cookie"
                | "cache-control"
                | "expires"
                | "vary"
                | "date"
                | "age"
                | "location"
                | "retry-after"
                | "www-authenticate"
        )
        || name.starts_with("strict-transport-")
        || is_hop_by_hop(name)
}

/// The headers of a reply that gets a new body: without those that speak of the upstream's bytes, which are length, coding, validators,
/// digests and ranges. Without them no client can ask for a piece of, or a condition on, a document that it never had.
pub fn for_new_body(reply: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(reply.keys_len() + ADDED);
    for (name, value) in reply.iter().filter(|(name, _)| !speaks_of_bytes(name)) {
        headers.append(name, value.clone());
    }
    headers
}

fn speaks_of_bytes(name: &HeaderName) -> bool {
    use header::{
        ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, LAST_MODIFIED, TRAILER, TRANSFER_ENCODING,
    };
    matches!(
        *name,
        ETAG | LAST_MODIFIED | CONTENT_LENGTH | CONTENT_ENCODING | CONTENT_RANGE | ACCEPT_RANGES | TRANSFER_ENCODING | TRAILER
    ) || matches!(name.as_str(), "content-md5" | "digest" | "content-digest" | "repr-digest")
}
