//! Everything that is wrong with a configuration, as it is printed.

use std::collections::BTreeMap;

use crate::spec::{Problems, Report, Source};

/// Everything that is wrong with a configuration, ready to print: routes.yaml first, then the files that belong to it.
#[derive(Debug, thiserror::Error)]
#[error("{report}")]
pub struct Broken {
    report: String,
    count: usize,
}

impl Broken {
    pub(super) fn new(source: &Source, problems: Problems, beside: BTreeMap<String, (Source, Problems)>) -> Self {
        let mut files = Vec::new();
        if !problems.is_empty() {
            files.push((source.clone(), problems));
        }
        files.extend(beside.into_values());
        let count = files.iter().map(|(_, problems)| problems.len()).sum();
        let mut reports: Vec<String> = files.iter().map(|(source, problems)| Report::new(source, problems).to_string()).collect();
        match files.len() {
            0 => reports.push(format!("{}: it does not compile, and nobody says why: a defect of this program", source.file())),
            1 => {}
            several => reports.push(format!("{count} problems in {several} files")),
        }
        Self { report: reports.join("\n").trim_end().to_owned(), count }
    }

    /// How many problems there are.
    pub fn count(&self) -> usize {
        self.count
    }
}
