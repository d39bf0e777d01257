//! What the log says of dead workers: which requests, and which idle connections, died with them.

use std::collections::BTreeSet;

use super::load::Lost;

/// Everything that obituaries name.
#[derive(Debug, Default)]
pub struct Obituaries {
    words: BTreeSet<String>,
}

impl Obituaries {
    /// Reads all lines that tell of an end.
    pub fn read(log: &[String]) -> Self {
        let ends = log.iter().filter(|line| line.contains("\"event\":\"exit\""));
        // Request ids and addresses, whatever stands around them.
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        let words = ends.flat_map(|line| line.split(move |c| !is_part(c))).filter(|word| word.len() >= 8);
        Self { words: words.map(str::to_owned).collect() }
    }

    /// Whether a loss is accounted for: its request is named, or its connection as an idle one.
    pub fn name(&self, lost: &Lost) -> bool {
        self.names(&lost.id) || lost.local.is_some_and(|local| self.names(&local.to_string()))
    }

    /// Whether this request, or the connection from this address, is named.
    pub fn names(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The requests of a load that are named.
    pub fn requests(&self) -> impl Iterator<Item = &str> {
        let kinds = ["keep-alive-", "one-each-", "upload-", "stream-"];
        self.words.iter().map(String::as_str).filter(move |word| kinds.iter().any(|kind| word.starts_with(kind)))
    }
}
