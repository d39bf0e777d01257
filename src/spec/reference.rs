//! Files that lead to files: every `$ref` that names one.

use super::folder::{Folder, ReadError};
use super::lines::Lines;
use super::tree::Tree;
use super::yaml;

/// Takes every file that a relative `$ref` leads to, from routes.yaml and from one file to the next.
pub(super) fn follow(tree: &Tree, folder: &mut Folder) -> Result<(), ReadError> {
    let mut ahead = Vec::new();
    gather(tree, "", folder, &mut ahead)?;
    let mut seen = std::collections::BTreeSet::new();
    while let Some(name) = ahead.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        // What is missing or no document is told by whoever reads it, with its place.
        let Some(text) = folder.take(&name)?.and_then(|bytes| std::str::from_utf8(bytes).ok()) else { continue };
        // JSON is YAML as far as references go.
        let (tree, _) = yaml::read(text, &Lines::of(text));
        gather(&tree, &name, folder, &mut ahead)?;
    }
    Ok(())
}

/// Adds the names of the files that a document refers to.
fn gather(tree: &Tree, from: &str, folder: &Folder, names: &mut Vec<String>) -> Result<(), ReadError> {
    let mut references = Vec::new();
    tree.each_entry(&mut |entry| {
        if entry.key == "$ref"
            && let Some(path) = entry.value.text().and_then(file_of)
        {
            references.push(path);
        }
    });
    for path in references {
        names.push(folder.relative(from, path)?);
    }
    Ok(())
}

/// The file that a reference names, without its fragment; `None` for one inside of its document, for an address,
/// and for what JSON libraries of a backend call a reference (`$.data[0]`, `..`, `@`).
fn file_of(reference: &str) -> Option<&str> {
    let (path, _) = reference.split_once('#').unwrap_or((reference, ""));
    let scheme = path.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    let last = path.rsplit('/').next().unwrap_or_default();
    (!scheme && !path.starts_with('$') && !matches!(last, "" | "." | ".." | "@")).then_some(path)
}
