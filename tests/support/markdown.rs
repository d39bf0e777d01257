//! Markdown as far as the documentation uses it: fenced blocks with the words behind their fence, and tables.

#![allow(dead_code, unreachable_pub, reason = "every test binary reads its own part of a page")]

/// A fenced block: ```` ```yaml steps ````.
#[derive(Debug)]
pub struct Block {
    /// The first word behind the fence, for the reader's colours; empty when there is none.
    pub language: String,
    /// The other words, for the tests.
    pub words: Vec<String>,
    pub text: String,
    /// Of its fence, from 1.
    pub line: usize,
}

/// A table with what its cells say.
#[derive(Debug)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Of its header, from 1.
    pub line: usize,
}

impl Block {
    pub fn is(&self, language: &str, word: &str) -> bool {
        self.language == language && self.words.first().is_some_and(|first| first == word)
    }
}

/// Every fenced block of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let mut words = info.split_whitespace().map(ToOwned::to_owned);
                let language = words.next().unwrap_or_default();
                open = Some(Block { language, words: words.collect(), text: String::new(), line: number + 1 });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is never closed");
    blocks
}

/// Every table of a page.
pub fn tables(page: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut within = false;
    let mut fenced = false;
    for (number, line) in page.lines().enumerate() {
        fenced ^= line.starts_with("```");
        if fenced || !line.starts_with('|') {
            within = false;
            continue;
        }
        match tables.last_mut().filter(|_| within) {
            None => tables.push(Table { header: cells(line), rows: Vec::new(), line: number + 1 }),
            Some(_) if line.starts_with("| ---") => {}
            Some(table) => table.rows.push(cells(line)),
        }
        within = true;
    }
    tables
}

/// The code spans of a text: `` `a` ``.
pub fn codes(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

fn cells(line: &str) -> Vec<String> {
    const BAR: &str = "\u{1}";
    let line = line.replace("\\|", BAR);
    line.trim_matches('|').split('|').map(|cell| cell.trim().replace(BAR, "|")).collect()
}
