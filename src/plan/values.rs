//! Texts of the mirror, read: durations, sizes, paths, literals. What cannot be read is a problem and counts as the default.

use std::time::Duration;

use super::compiler::Compiler;
use crate::base::{duration, size};
use crate::json::{Node, Path};
use crate::spec::{At, DurationText, OneOrMany, Problem, SizeText};

/// The deepest document.
const DEEPEST: usize = 512;

/// The longest duration: as good as for ever, and far from where clocks overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

impl Compiler<'_> {
    pub(super) fn duration(&mut self, at: &At, text: Option<&DurationText>, default: Duration) -> Duration {
        let Some(DurationText(text)) = text else { return default };
        match duration::parse(text) {
            Ok(duration) if duration <= LONGEST => duration,
            Ok(_) => {
                self.expected(at, format!("`{text}` is longer than anybody waits"), "366 days at most, which is 8784h");
                default
            }
            Err(error) => {
                self.problem(at, error.to_string());
                default
            }
        }
    }

    /// A duration in which something must happen, so that none at all is a slip.
    pub(super) fn limit(&mut self, at: &At, text: Option<&DurationText>, default: Duration) -> Duration {
        let duration = self.duration(at, text, default);
        if let Some(DurationText(text)) = text.filter(|_| duration.is_zero()) {
            self.expected(at, format!("`{text}` leaves no time at all"), "a duration above zero");
        }
        duration
    }

    pub(super) fn span(&mut self, at: &At, text: Option<&DurationText>, default: (Duration, Duration)) -> (Duration, Duration) {
        let Some(DurationText(text)) = text else { return default };
        match duration::parse_span(text) {
            Ok(span) if span.1 <= LONGEST => span,
            Ok(_) => {
                self.expected(at, format!("`{text}` is longer than anybody waits"), "366 days at most, which is 8784h");
                default
            }
            Err(error) => {
                self.expected(at, error.to_string(), "a shortest and a longest duration, as in 100ms..10s");
                default
            }
        }
    }

    pub(super) fn size(&mut self, at: &At, text: &Option<SizeText>, default: u64) -> u64 {
        match text {
            None => default,
            Some(SizeText::Bytes(bytes)) => *bytes,
            Some(SizeText::Text(text)) => size::parse(text).unwrap_or_else(|error| {
                self.problem(at, error.to_string());
                default
            }),
        }
    }

    /// The path that is the value at a place.
    pub(super) fn path(&mut self, at: &At, text: &str) -> Option<Path> {
        read_path(at, text).map_err(|problem| self.push(problem)).ok()
    }

    /// The path that is the key at a place.
    pub(super) fn key_path(&mut self, at: &At, text: &str) -> Option<Path> {
        read_path(at, text).map_err(|problem| self.push(problem.at_key())).ok()
    }

    /// The paths of a list; none when one of them cannot be read.
    pub(super) fn all_paths(&mut self, at: &At, texts: &[String]) -> Option<Vec<Path>> {
        let paths: Vec<Option<Path>> = texts.iter().enumerate().map(|(index, text)| self.path(&at.index(index), text)).collect();
        paths.into_iter().collect()
    }

    pub(super) fn one_or_many(&mut self, at: &At, texts: &OneOrMany<String>) -> Option<Vec<Path>> {
        match texts {
            OneOrMany::One(text) => self.path(at, text).map(|path| vec![path]),
            OneOrMany::Many(texts) => self.all_paths(at, texts),
        }
    }

    /// How deep a document may nest: rules and steps go down with it, so there is an end.
    pub(super) fn depth(&mut self, at: &At, depth: Option<usize>, default: usize) -> usize {
        match depth {
            Some(0) => self.expected(at, "nothing at all nests 0 deep".to_owned(), &format!("1 to {DEEPEST}")),
            Some(depth) if depth > DEEPEST => {
                self.expected(at, format!("{depth} is deeper than rules and steps can follow"), &format!("1 to {DEEPEST}"));
            }
            _ => {}
        }
        depth.unwrap_or(default)
    }

    /// The value at a place, numbers as they were typed.
    pub(super) fn literal(&mut self, at: &At) -> Node<'static> {
        self.source().literal(at).unwrap_or_default()
    }
}

/// A path, or what is wrong with it. Forms of other languages would be names that no document has.
fn read_path(at: &At, text: &str) -> Result<Path, Problem> {
    let otherwise = format!("a member of that name is `[\"{text}\"]`");
    if text.contains(", ") && !text.contains(['"', '\'']) {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        let problem = Problem::new(at, format!("`{text}` would be one name with a comma in it"));
        return Err(problem.hint(format!("write a list, `[{}]`; {otherwise}", names.join(", "))));
    }
    let foreign = match (text.strip_prefix('$'), text.strip_prefix('/')) {
        (Some(rest), _) if rest.starts_with(['.', '[']) => Some(("a path has no `$`", rest.trim_start_matches('.').to_owned())),
        (_, Some(rest)) if !rest.is_empty() => Some(("a path has no slash in front", dotted(rest))),
        _ => None,
    };
    if let Some((message, meant)) = foreign {
        return Err(Problem::new(at, message).hint(format!("write `{meant}`; {otherwise}")));
    }
    Path::parse(text).map_err(|error| Problem::new(at, format!("`{text}` is not a path: {error}")))
}

/// `list/0/name` as `list[0].name`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for name in pointer.split('/') {
        match name.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) if path.is_empty() => path.push_str(name),
            Err(_) => path.push_str(&format!(".{name}")),
        }
    }
    path
}
