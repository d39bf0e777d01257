//! Backends: an upstream with its envelope and its decode hygiene.

use std::time::Duration;

use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::Authority;

use super::compiler::Compiler;
use crate::json::decode::{Decode, DecodeOptions, Lenient, Refs, Strip};
use crate::shape::{Action, Shape, Step};
use crate::spec::{At, DecodeSpec, HeadersSpec, LenientSpec, NameOrOff, Problem, RefsSpec, StripSpec, UpstreamSpec};
use crate::upstream::headers::settable;
use crate::upstream::{HeaderRules, Settings, Timeouts, Upstream};

/// A backend of the plan.
#[derive(Debug)]
pub struct Backend {
    upstream: Upstream,
    envelope: Option<Shape>,
    decode: Decode,
    stream_above: u64,
}

impl Backend {
    /// Where it is and how long it may take.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// What takes the payload out of each of its replies.
    pub fn envelope(&self) -> Option<&Shape> {
        self.envelope.as_ref()
    }

    /// How large a reply may be, in bytes, before it is shaped while it comes.
    pub fn stream_above(&self) -> u64 {
        self.stream_above
    }

    /// The hygiene of its replies.
    pub fn decode(&self) -> &Decode {
        &self.decode
    }
}

/// The charsets that backends are most often written in.
const CHARSETS: [&str; 11] =
    ["utf-8", "gbk", "gb2312", "gb18030", "big5", "iso-8859-1", "windows-1252", "shift_jis", "euc-jp", "euc-kr", "utf-16le"];

impl Compiler<'_> {
    pub(super) fn backend(&mut self, name: &str, spec: &UpstreamSpec) -> Option<Backend> {
        let at = At::root().key("upstreams").key(name);
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if !named {
            self.push(
                Problem::new(&at, format!("`{name}` cannot name an upstream"))
                    .at_key()
                    .expected("letters, digits, `_` and `-`, a letter first"),
            );
        }
        let targets = self.targets(&at, name, spec);
        let decode_at = at.key("decode");
        let none = DecodeSpec::default();
        let decode_spec = spec.decode.as_ref().unwrap_or(&none);
        let max_bytes = self.size(&decode_at.key("max_bytes"), &decode_spec.max_bytes, 8 << 20);
        let stream_above = self.size(&decode_at.key("stream_above"), &decode_spec.stream_above, 256 << 10);
        let decode = self.decode(&decode_at, decode_spec);
        let envelope = spec.envelope.as_ref().and_then(|envelope| self.upstream_envelope(&at.key("envelope"), envelope));
        let envelope = envelope.map(|unwrap| Shape::new(vec![Step { when: None, action: Action::Unwrap(unwrap) }], false));
        let below = at.key("timeout");
        let timeout = spec.timeout.clone().unwrap_or_default();
        let mut limit = |key: &str, text, default| self.limit(&below.key(key), text, Duration::from_secs(default));
        let timeouts = Timeouts {
            connect: limit("connect", timeout.connect.as_ref(), 1),
            first_byte: limit("first_byte", timeout.first_byte.as_ref(), 3),
            between_bytes: limit("between_bytes", timeout.between_bytes.as_ref(), 5),
            total: limit("total", timeout.total.as_ref(), 10),
        };
        let headers = self.headers(&at.key("headers"), spec.headers.as_ref());
        let policies = self.policies(&at, spec);
        let settings = Settings { targets: targets?, timeouts, max_bytes, headers, policies };
        Some(Backend { upstream: Upstream::new(name.to_owned(), settings), envelope, decode: decode?, stream_above })
    }

    fn decode(&mut self, at: &At, spec: &DecodeSpec) -> Option<Decode> {
        let lenient = match &spec.lenient {
            None | Some(LenientSpec::All(false)) => Lenient::default(),
            Some(LenientSpec::All(true)) => Lenient { bare_nan: true, unquoted_keys: true, single_quotes: true, comments: true },
            Some(LenientSpec::Some(forms)) => Lenient {
                bare_nan: forms.bare_nan,
                unquoted_keys: forms.unquoted_keys,
                single_quotes: forms.single_quotes,
                comments: forms.comments,
            },
        };
        let strips = |kind| spec.strip.as_ref().is_none_or(|kinds| kinds.contains(&kind));
        let options = DecodeOptions {
            charset: spec.charset.clone().filter(|label| label != "auto"),
            lenient,
            strip: Strip { bom: strips(StripSpec::Bom), jsonp: strips(StripSpec::Jsonp), prefix: strips(StripSpec::Prefix) },
            refs: match spec.refs {
                None | Some(RefsSpec::Off) => Refs::Off,
                Some(RefsSpec::Fastjson) => Refs::Fastjson,
                Some(RefsSpec::JacksonId) => Refs::JacksonId,
            },
            max_depth: self.depth(&at.key("max_depth"), spec.max_depth, 128),
        };
        match Decode::new(options) {
            Ok(decode) => Some(decode),
            Err(error) => {
                let label = spec.charset.as_deref().unwrap_or_default();
                self.push(Problem::new(at.key("charset"), error.to_string()).did_you_mean(label, CHARSETS));
                None
            }
        }
    }

    fn headers(&mut self, at: &At, spec: Option<&HeadersSpec>) -> HeaderRules {
        let mut rules = HeaderRules::default();
        let Some(spec) = spec else { return rules };
        match &spec.deadline {
            None => {}
            Some(NameOrOff::Off(_)) => rules.deadline = None,
            Some(NameOrOff::Name(name)) => {
                let at = at.key("deadline");
                if let Some(parsed) = self.header_name(&at, name, false) {
                    if let Some(reason) = unfit_for_deadline(&parsed) {
                        let message = format!("`{name}` {reason}, so it cannot tell a deadline");
                        self.expected(&at, message, "a name of its own, as in x-request-timeout-ms, or false for none");
                    }
                    rules.deadline = Some(parsed);
                }
            }
        }
        for (name, value) in &spec.set {
            let at = at.key("set").key(name);
            let Some(parsed) = self.header_name(&at, name, true) else { continue };
            let known = |message: String| Problem::new(&at, message).at_key();
            if !settable(&parsed) {
                let message = format!("`{name}` follows from the connection or the body, so it cannot be set");
                self.push(known(message).hint("remove it: every call gets the right one"));
            } else if rules.set.iter().any(|(other, _)| *other == parsed) {
                let message = format!("the header `{name}` is set twice: case does not tell names apart");
                self.push(known(message).expected("each header once"));
            }
            if parsed == HOST && (value.contains('@') || value.parse::<Authority>().is_err()) {
                let message = format!("`{value}` is no host, so it cannot be set as one");
                self.expected(&at, message, "a name or an address, with its port if need be: shop.example:8080");
            }
            match HeaderValue::from_str(value) {
                Ok(value) => rules.set.push((parsed, value)),
                Err(_) => self.expected(
                    &at,
                    format!("the value of `{name}` has a character that no header can have"),
                    "characters of ASCII, no line break",
                ),
            }
        }
        for (index, name) in spec.remove.iter().enumerate() {
            let at = at.key("remove").index(index);
            let Some(parsed) = self.header_name(&at, name, false) else { continue };
            if !settable(&parsed) || parsed == HOST {
                let message = format!("`{name}` follows from the connection, the body or the url, so it cannot be left out");
                self.push(Problem::new(&at, message).hint("remove it: every call gets the right one"));
            }
            rules.remove.push(parsed);
        }
        rules
    }

    fn header_name(&mut self, at: &At, name: &str, is_key: bool) -> Option<HeaderName> {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
        if parsed.is_none() {
            let problem = Problem::new(at, format!("`{name}` cannot name a header"));
            let problem = if is_key { problem.at_key() } else { problem };
            self.push(problem.expected("letters, digits and hyphens, as in x-client"));
        }
        parsed
    }
}

/// Why a header of this name cannot tell a deadline.
fn unfit_for_deadline(name: &HeaderName) -> Option<&'static str> {
    match name.as_str() {
        _ if !settable(name) || *name == HOST => Some("follows from the connection or the body"),
        "off" | "no" | "none" | "false" | "on" | "yes" | "true" => Some("is a word for a switch"),
        "accept" | "authorization" | "content-type" | "cookie" | "forwarded" | "traceparent" | "tracestate" | "x-request-id"
        | "x-retry-attempt" => Some("tells backends something else"),
        name if name.starts_with("x-forwarded-") => Some("tells backends something else"),
        _ => None,
    }
}
