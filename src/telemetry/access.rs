//! One request as one line of JSON.

use std::time::{Duration, SystemTime};

use super::clock::Clock;
use super::escape::{VALUE_BYTES, string};
use super::redact;

/// What the access log tells of one request.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// When its head had been read.
    pub time: SystemTime,
    /// The name of the request.
    pub request_id: &'a str,
    /// Who sent it, as the socket says.
    pub peer: &'a str,
    /// Its method; empty when the head was too broken to tell.
    pub method: &'a str,
    /// Its path in the canonical form and its query; secrets are taken out here.
    pub target: &'a str,
    /// The route that matched, as routes.yaml writes it.
    pub route: Option<&'a str>,
    /// The status that was answered; before there was one, 499 when the client left and 503 when we cut it off.
    pub status: u16,
    /// Bytes of body that were handed over for sending.
    pub bytes: u64,
    /// From the head's end to the end of the answer.
    pub duration: Duration,
    /// Of which waiting for upstreams.
    pub upstream: Duration,
    /// Calls to upstreams: tries made, those of them that were made again, and calls that a breaker or a bulkhead refused.
    pub calls: [u32; 3],
    /// The stable code of the fault, when the answer is one, or why we cut it short.
    pub code: Option<&'a str>,
    /// What the cache did, for a route that has one.
    pub cache: Option<&'a str>,
    /// Values that were not what the route expects.
    pub warnings: u32,
    /// The protocol it was asked in.
    pub version: http::Version,
    /// Whether the answer was cut short, by the client or by us.
    pub cut: bool,
}

impl Entry<'_> {
    /// Appends the line, with its line feed.
    pub(super) fn write(&self, worker: u32, clock: &mut Clock, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time\":\"");
        clock.stamp(self.time, out);
        out.extend_from_slice(b"\",\"request_id\":");
        string(out, self.request_id, VALUE_BYTES);
        number(out, b",\"worker\":", worker);
        out.extend_from_slice(b",\"peer\":");
        string(out, self.peer, VALUE_BYTES);
        out.extend_from_slice(b",\"method\":");
        string(out, self.method, VALUE_BYTES);
        out.extend_from_slice(b",\"path\":");
        string(out, &redact::target(self.target), VALUE_BYTES);
        out.extend_from_slice(b",\"route\":");
        optional(out, self.route);
        number(out, b",\"status\":", self.status);
        number(out, b",\"bytes\":", self.bytes);
        number(out, b",\"duration_us\":", self.duration.as_micros());
        number(out, b",\"upstream_us\":", self.upstream.as_micros());
        let [made, again, refused] = self.calls;
        number(out, b",\"calls\":", made);
        number(out, b",\"retries\":", again);
        number(out, b",\"refused\":", refused);
        out.extend_from_slice(b",\"code\":");
        optional(out, self.code);
        out.extend_from_slice(b",\"cache\":");
        optional(out, self.cache);
        number(out, b",\"warnings\":", self.warnings);
        out.extend_from_slice(b",\"http\":\"");
        out.extend_from_slice(version(self.version).as_bytes());
        out.extend_from_slice(if self.cut { b"\",\"cut\":true}" } else { b"\",\"cut\":false}" });
        out.push(b'\n');
    }
}

fn number(out: &mut Vec<u8>, name: &[u8], value: impl itoa::Integer) {
    out.extend_from_slice(name);
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => string(out, text, VALUE_BYTES),
        None => out.extend_from_slice(b"null"),
    }
}

fn version(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_10 => "1.0",
        http::Version::HTTP_2 => "2",
        _ => "1.1",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn entry() -> Entry<'static> {
        Entry {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_762_171_200_123),
            request_id: "0199-abcd",
            peer: "10.0.0.7",
            method: "GET",
            target: "/detail/1?q=a&token=s3cret",
            route: Some("GET /detail/{id}"),
            status: 200,
            bytes: 12,
            duration: Duration::from_micros(1500),
            upstream: Duration::from_micros(1100),
            calls: [2, 1, 0],
            code: None,
            cache: Some("hit"),
            warnings: 0,
            version: http::Version::HTTP_11,
            cut: false,
        }
    }

    fn line(entry: &Entry<'_>) -> String {
        let mut out = Vec::new();
        entry.write(3, &mut Clock::default(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_is_one_line_of_json() {
        let expected = concat!(
            r#"{"time":"2025-11-03T12:00:00.123Z","request_id":"0199-abcd","worker":3,"peer":"10.0.0.7","method":"GET","#,
            r#""path":"/detail/1?q=a&token=[redacted]","route":"GET /detail/{id}","status":200,"bytes":12,"#,
            r#""duration_us":1500,"upstream_us":1100,"calls":2,"retries":1,"refused":0,"code":null,"cache":"hit","warnings":0,"http":"1.1","cut":false}"#,
            "\n"
        );
        assert_eq!(line(&entry()), expected);
    }

    #[test]
    fn hostile_text_stays_inside_its_string_and_is_cut() {
        let target = format!("/\"\n\u{1b}[31m{}", "x".repeat(5000));
        let line = line(&Entry { target: &target, code: Some("a\"b"), ..entry() });
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(read["path"].as_str().unwrap().len(), VALUE_BYTES);
        assert_eq!(read["code"], "a\"b");
        assert!(!line.contains('\u{1b}'));
    }
}
