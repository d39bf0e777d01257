//! Files that lead to files: every `$ref` that names one.

use super::folder::{Folder, ReadError, relative};
use super::lines::Lines;
use super::tree::Tree;
use super::yaml;

/// Takes every file that a relative `$ref` leads to, from routes.yaml and from one file to the next. What leads out of the folder is
/// not read; whoever needs it says so, with its place.
pub(super) fn follow(tree: &Tree, folder: &mut Folder) -> Result<(), ReadError> {
    let mut ahead = Vec::new();
    gather(tree, "", &mut ahead);
    let mut seen = std::collections::BTreeSet::new();
    while let Some(name) = ahead.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        // What is missing or no document is told by whoever reads it, with its place.
        let Some(text) = folder.take(&name)?.and_then(|bytes| std::str::from_utf8(bytes).ok()) else { continue };
        // JSON is YAML as far as references go.
        let (tree, _) = yaml::read(text, &Lines::of(text));
        gather(&tree, &name, &mut ahead);
    }
    Ok(())
}

/// Adds the names of the files that a document refers to.
fn gather(tree: &Tree, from: &str, names: &mut Vec<String>) {
    tree.each_entry(&mut |entry| {
        if entry.key == "$ref"
            && let Some(Reference::File(name)) = entry.value.text().map(|text| reference(from, text))
        {
            names.push(name);
        }
    });
}

/// What a `$ref` leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A place in its own document, an address, or no reference of ours: JSON libraries of a backend have their own
    /// (`$.data[0]`, `..`, `@`).
    Elsewhere,
    /// A file, by its path beside routes.yaml.
    File(String),
    /// A file outside of the folder of routes.yaml, which is never read.
    Outside,
}

/// What a `$ref` in the file `from` leads to; routes.yaml has the empty name here.
pub fn reference(from: &str, text: &str) -> Reference {
    let (path, _) = text.split_once('#').unwrap_or((text, ""));
    let scheme = path.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    let last = path.rsplit('/').next().unwrap_or_default();
    if scheme || path.starts_with('$') || matches!(last, "" | "." | ".." | "@") {
        return Reference::Elsewhere;
    }
    relative(from, path).map_or(Reference::Outside, Reference::File)
}
