//! What stands around a document: byte order mark, JSONP, prefixes against hijacking.

/// What is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// A byte order mark, also a second one.
    pub bom: bool,
    /// `callback(…);`, also behind the guard `/**/`.
    pub jsonp: bool,
    /// `)]}'`, `for(;;);`, `while(1);`, `{}&&`
    pub prefix: bool,
}

const PREFIXES: [&str; 6] = [")]}',", ")]}'", "for(;;);", "for (;;);", "while(1);", "while (1);"];

impl Strip {
    pub(super) fn strip(self, text: &str) -> &str {
        let text = if self.bom { text.trim_start_matches('\u{feff}') } else { text };
        let text = if self.prefix { without_prefix(text) } else { text };
        if self.jsonp { without_call(text).unwrap_or(text) } else { text }
    }
}

fn without_prefix(text: &str) -> &str {
    let start = text.trim_ascii_start();
    if let Some(rest) = PREFIXES.iter().find_map(|prefix| start.strip_prefix(prefix)) {
        return rest;
    }
    start.strip_prefix("{}").and_then(|rest| rest.trim_ascii_start().strip_prefix("&&")).unwrap_or(text)
}

/// The argument of a call such as `cb({…});`. No JSON ends like one, so none is taken for it.
fn without_call(text: &str) -> Option<&str> {
    let start = text.trim_ascii_start();
    let start = match start.strip_prefix("/*") {
        Some(guard) => guard.split_once("*/")?.1.trim_ascii_start(),
        None => start,
    };
    let open = start
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '[' | ']')))
        .filter(|name| *name > 0)?;
    let inner = start.get(open..)?.trim_ascii_start().strip_prefix('(')?.trim_ascii_end();
    inner.strip_suffix(';').unwrap_or(inner).trim_ascii_end().strip_suffix(')')
}
