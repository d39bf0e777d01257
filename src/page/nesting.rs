//! What nests deeper than anybody can go: templates in templates, branches behind branches, values in themselves. Whoever follows it, the
//! engine or we, takes some stack for each level.

use std::collections::{BTreeMap, BTreeSet};

use super::TemplateProblem;
use super::arguments::{Sort, Token, pieces};
use super::circles::Walk;
use super::place::{self, Piece, place, scan};

/// How many templates may stand in or on one another.
const TEMPLATES: usize = 50;

/// How many `elif` one `if` may have, with those that it stands behind.
const BRANCHES: usize = 500;

/// Filters that hand a list on as the list that it is.
const SAME: [&str; 4] = ["default", "sort", "reverse", "unique"];

/// Words with a value behind them.
const BEFORE_VALUES: [&str; 6] = ["if", "else", "or", "and", "not", "in"];

/// Of more templates than these the engine is not asked for circles: it goes down as deep as they lead on, once around.
const WALKED: usize = 1_000;

/// What the engine could not even read.
pub(super) fn too_deep(texts: &BTreeMap<&str, &str>, walk: &Walk<'_>) -> Vec<TemplateProblem> {
    let mut problems = chains(texts, walk);
    problems.extend(texts.iter().filter_map(|(name, text)| branches(name, text)));
    if texts.len() > WALKED {
        problems.extend(walk.problems(texts));
    }
    problems
}

/// Templates from which more than [`TEMPLATES`] others lead on, one from the other, by `include` and `extends`: each of them where it has become
/// too many. Circles are not told here.
fn chains(texts: &BTreeMap<&str, &str>, walk: &Walk<'_>) -> Vec<TemplateProblem> {
    let long = walk.heights.iter().filter(|(_, height)| **height == Some(TEMPLATES + 1));
    long.filter_map(|(name, _)| {
        let text = texts.get(name)?;
        let (word, other) = walk.longest(name)?;
        let message =
            format!("from here more than {TEMPLATES} templates lead on, one from the other: write some of them into the others");
        Some(problem(name, place::named(text, word, other)?, message))
    })
    .collect()
}

/// The first `elif` that is one too many, with those of the `if`s around it: each takes the stack of one more.
fn branches(name: &str, text: &str) -> Option<TemplateProblem> {
    let (mut open, mut count, mut found) = (Vec::new(), 0, None);
    scan(text, &mut |piece| {
        let Piece::Tag { at, word, .. } = piece else { return };
        match word {
            "if" => open.push(count),
            "endif" => count = open.pop().unwrap_or_default(),
            "elif" if !open.is_empty() => {
                count += 1;
                if count > BRANCHES && found.is_none() {
                    found = Some(at);
                }
            }
            _ => {}
        }
    });
    let message = format!(
        "an `if` has {BRANCHES} `elif` at most, with those that it stands behind: look the value up in a mapping, as in `names[code]`"
    );
    found.map(|at| problem(name, place(text, at), message))
}

/// A `set` or `set_global`.
struct Put<'t> {
    name: &'t str,
    at: usize,
    /// Whether the next turn of a loop finds it.
    stays: bool,
    /// The variables that become elements or members of what is put there.
    nested: Vec<&'t str>,
    /// The one that is put there itself.
    same: Option<&'t str>,
}

/// Variables that are put into themselves, so that each turn of a loop nests them one level deeper.
pub(super) fn knots(name: &str, text: &str) -> Vec<TemplateProblem> {
    let pieces = pieces(text);
    let puts: Vec<Put<'_>> = pieces.iter().filter_map(|piece| put(piece.tag()?, &piece.tokens)).collect();
    let edges: Vec<(&str, &str, bool)> =
        puts.iter().flat_map(|put| put.nested.iter().chain(&put.same).map(|inner| (put.name, *inner, put.stays))).collect();
    let rounds = rounds(&edges);
    let round = |name: &str, inner: &str| rounds.get(name).filter(|round| rounds.get(inner) == Some(round));
    // Around which one of them outlives a turn.
    let lasting: BTreeSet<usize> =
        edges.iter().filter(|(.., stays)| *stays).filter_map(|(name, inner, _)| round(name, inner).copied()).collect();
    let is_tied = |put: &Put<'_>, inner: &str| round(put.name, inner).is_some_and(|round| put.stays || lasting.contains(round));
    let tied = puts.iter().filter(|put| put.nested.iter().any(|inner| is_tied(put, inner)));
    tied.map(|put| {
        let own = put.name;
        let message =
            format!("`{own}` is put into itself, one level deeper each time: to add to a list write `[...{own}, element]`");
        problem(name, place(text, put.at), message)
    })
    .collect()
}

fn put<'t>(word: &'t str, tokens: &[Token<'t>]) -> Option<Put<'t>> {
    let [tag, name, equals, value @ ..] = tokens else { return None };
    let is_put = matches!(word, "set" | "set_global") && equals.sort == Sort::Sign(b'=');
    let same = match value {
        [only] => only.word(),
        [first, pipe, filter, ..] if pipe.sort == Sort::Sign(b'|') && SAME.contains(&filter.text) => first.word(),
        _ => None,
    };
    let put = Put { name: name.word()?, at: tag.at, stays: word == "set_global", nested: nested(value), same };
    is_put.then_some(put)
}

/// The variables that stand in a list or a mapping as they are, neither spread nor a part of something else.
fn nested<'t>(value: &[Token<'t>]) -> Vec<&'t str> {
    let mut found = Vec::new();
    // For each open bracket, whether it makes a list or a mapping.
    let mut open = Vec::new();
    for (index, token) in value.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| value.get(before));
        let behind = value.get(index + 1);
        let takes_value = before.is_none_or(|before| match before.sort {
            Sort::Word => BEFORE_VALUES.contains(&before.text),
            Sort::Sign(sign) => !matches!(sign, b']' | b')' | b'}'),
            Sort::Text | Sort::Number => false,
            Sort::Equal => true,
        });
        match token.sort {
            Sort::Sign(b'[') => open.push(takes_value),
            Sort::Sign(b'{') => open.push(true),
            // Around a value there may be brackets; those of a call are around something else.
            Sort::Sign(b'(') => open.push(takes_value && open.last() == Some(&true)),
            Sort::Sign(b']' | b'}' | b')') => drop(open.pop()),
            Sort::Word if open.last() == Some(&true) => {
                let is_whole = before.is_some_and(|before| match before.sort {
                    Sort::Sign(sign) => matches!(sign, b'[' | b',' | b':' | b'('),
                    _ => matches!(before.text, "else" | "or" | "and"),
                });
                let ends = behind.is_none_or(|behind| match behind.sort {
                    Sort::Sign(b'|') => value.get(index + 2).is_some_and(|filter| SAME.contains(&filter.text)),
                    Sort::Sign(sign) => matches!(sign, b',' | b']' | b'}' | b')'),
                    Sort::Word => matches!(behind.text, "for" | "if" | "or" | "and"),
                    Sort::Text | Sort::Number | Sort::Equal => false,
                });
                if is_whole && ends {
                    found.push(token.text);
                }
            }
            _ => {}
        }
    }
    found
}

/// The variables that have one another in them, or are one another, by the number of their round: each that is led to by another one leads back to
/// it. A pass along the edges for the order in which they end, and one against them.
fn rounds<'t>(edges: &[(&'t str, &'t str, bool)]) -> BTreeMap<&'t str, usize> {
    let mut along: BTreeMap<&str, Vec<&'t str>> = BTreeMap::new();
    let mut against = along.clone();
    for (name, inner, _) in edges {
        along.entry(name).or_default().push(inner);
        against.entry(inner).or_default().push(name);
    }
    let (mut seen, mut ended) = (BTreeSet::new(), Vec::new());
    let mut open: Vec<(&str, bool)> = edges.iter().map(|(name, ..)| (*name, false)).collect();
    while let Some((name, ends)) = open.pop() {
        if ends {
            ended.push(name);
        } else if seen.insert(name) {
            open.push((name, true));
            open.extend(along.get(name).into_iter().flatten().map(|inner| (*inner, false)));
        }
    }
    let mut rounds = BTreeMap::new();
    for (round, name) in ended.into_iter().rev().enumerate() {
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if !rounds.contains_key(name) {
                rounds.insert(name, round);
                open.extend(against.get(name).into_iter().flatten());
            }
        }
    }
    rounds
}

fn problem(template: &str, (line, column): place::Place, message: String) -> TemplateProblem {
    TemplateProblem { template: template.to_owned(), line: Some(line), column: Some(column), message }
}

#[cfg(test)]
mod tests {
    use super::super::facts::AllFacts;
    use super::*;

    fn files(count: usize, tag: &str) -> Vec<(String, String)> {
        let file =
            |at: usize| (format!("{at:03}"), if at < count { format!("é {{% {tag} \"{:03}\" %}}", at + 1) } else { "x".into() });
        (0..=count).map(file).collect()
    }

    fn said(problems: &[TemplateProblem]) -> Vec<String> {
        problems.iter().map(|p| format!("{}:{}:{}", p.template, p.line.unwrap(), p.column.unwrap())).collect()
    }

    fn deep(files: &[(String, String)]) -> Vec<String> {
        let texts: BTreeMap<&str, &str> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let facts = AllFacts::of(texts.clone());
        said(&too_deep(&texts, &Walk::of(&facts)))
    }

    #[test]
    fn templates_stand_in_one_another_to_a_depth() {
        for tag in ["include", "extends"] {
            assert_eq!(deep(&files(TEMPLATES, tag)), [""; 0]);
            assert_eq!(deep(&files(TEMPLATES + 1, tag)), [format!("000:1:{}", tag.len() + 7)]);
            // Of a longer chain the one place is told where it has become too long.
            assert_eq!(deep(&files(4 * TEMPLATES, tag)).len(), 1);
        }
        let mut circle = files(TEMPLATES + 5, "include");
        circle.last_mut().unwrap().1 = "{% include \"000\" %}".into();
        assert_eq!(deep(&circle), [""; 0], "the engine tells circles");
        let mut circle = files(WALKED, "include");
        circle.last_mut().unwrap().1 = "{% include \"000\" %}".into();
        assert_eq!(deep(&circle), ["000:1:14"], "but not of so many");
    }

    #[test]
    fn an_if_has_so_many_branches() {
        let text = |count: usize| format!("{{% if a %}}{}{{% endif %}}", "{% elif b %}".repeat(count));
        assert_eq!(deep(&[("t".into(), text(BRANCHES).repeat(3))]), [""; 0]);
        assert_eq!(deep(&[("t".into(), text(BRANCHES + 2))]), [format!("t:1:{}", 11 + 12 * BRANCHES)]);
        let inner = |count: usize| format!("{{% if a %}}{}{}{{% endif %}}", "{% elif b %}".repeat(BRANCHES - 9), text(count));
        assert_eq!(deep(&[("t".into(), inner(9))]), [""; 0]);
        assert_eq!(deep(&[("t".into(), inner(10))]).len(), 1, "they are counted together");
    }

    #[test]
    fn what_is_put_into_itself_is_told_where_it_is() {
        for (text, expected) in [
            ("{% set_global all = [all, x] %}", &["t:1:4"][..]),
            ("a\n{%- set_global all = [x, (all)] %}", &["t:2:5"]),
            ("{% set_global all = {\"a\": {\"b\": all}} %}", &["t:1:4"]),
            ("{% set_global all = [all | default(value=[]), x] %}", &["t:1:4"]),
            ("{% set_global all = [all for x in list] %}", &["t:1:4"]),
            ("{% set_global all = [all or x, y if z else all] %}", &["t:1:4"]),
            ("{% set_global all = [x if all else y] %}", &[]),
            ("{% set one = [all, x] %}{% set_global all = one %}", &["t:1:4"]),
            ("{% set_global a = [b] %}{% set_global b = [a] %}", &["t:1:4", "t:1:28"]),
            ("{% raw %}{% endraw %}{% set_global all = x if y else [all] %}", &["t:1:25"]),
            ("{% set_global all = [...all, x] %}", &[]),
            ("{% set_global sum = [sum[0] + x, sum[1], sum.b, b.sum, sum | length] %}", &[]),
            ("{% set_global a = all[a] %}{% set_global b = f(x=[1], y=b) %}", &[]),
            ("{% set_global a = [b] %}{% set b = [c] %}{% set_global c = [1] %}", &[]),
            ("{% set a = [b] %}{% set b = c %}{% set_global c = a | default(value=1) %}", &["t:1:4"]),
            ("{% set a = [a, b] %}{% set_global b = [c] %}{% set_global a = d %}{% set_global d = [a] %}", &["t:1:4", "t:1:70"]),
            ("{% set a = [a, x] %}", &[]),
            ("{% raw %}{% set_global all = [all] %}{% endraw %}{# {% set_global all = [all] %} #}", &[]),
            ("{% set_global all %}[all]{% endset %}{{ [all] }}", &[]),
        ] {
            assert_eq!(said(&knots("t", text)), expected, "{text}");
        }
    }
}
