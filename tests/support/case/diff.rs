//! Two texts side by side, line by line.

/// Up to here every pair of lines is compared; beyond it only the first difference is shown.
const MOST: usize = 2000;

/// The lines of both texts: `-` expected, `+` actual, a blank where they agree.
pub fn diff(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    if expected.len() > MOST || actual.len() > MOST {
        let at = expected.iter().zip(&actual).take_while(|(one, other)| one == other).count();
        let line = |lines: &[&str]| lines.get(at).map_or("(the end)", |line| line).chars().take(200).collect::<String>();
        return format!("from line {}:\n- {}\n+ {}", at + 1, line(&expected), line(&actual));
    }
    // common[i][j]: how many lines the rests from i and j on have in common.
    let mut common = vec![vec![0_usize; actual.len() + 1]; expected.len() + 1];
    for (i, one) in expected.iter().enumerate().rev() {
        for (j, other) in actual.iter().enumerate().rev() {
            common[i][j] = if one == other { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < expected.len() || j < actual.len() {
        let (one, other) = (expected.get(i), actual.get(j));
        if one.is_some() && one == other {
            out.push(format!("  {}", expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if other.is_none() || (one.is_some() && common[i + 1][j] >= common[i][j + 1]) {
            out.push(format!("- {}", expected[i]));
            i += 1;
        } else {
            out.push(format!("+ {}", actual[j]));
            j += 1;
        }
    }
    out.join("\n")
}

#[test]
fn a_difference_shows_both_sides_between_what_they_share() {
    assert_eq!(diff("a\nb\nc", "a\nx\nc\nd"), "  a\n- b\n+ x\n  c\n+ d");
    assert_eq!(diff("", "a"), "+ a");
}
