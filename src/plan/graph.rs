//! Who waits for whom: circles among calls, in which nobody could ever begin.

/// The circles of a graph, each as the nodes on the way round, the lowest first; no node stands in two of them.
///
/// `waits` has for every node those that it waits for. A node that waits for itself is a circle of one.
pub(super) fn circles(waits: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut circles: Vec<Vec<usize>> = Vec::new();
    for start in 0..waits.len() {
        if circles.iter().flatten().any(|node| *node == start) {
            continue;
        }
        if let Some(circle) = way_back(waits, start, &circles) {
            circles.push(circle);
        }
    }
    circles
}

/// The shortest way from a node back to itself that leads through no node of a known circle.
fn way_back(waits: &[Vec<usize>], start: usize, known: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut met = vec![start];
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| waits.get(*last)).into_iter().flatten() {
            if *next == start {
                return Some(way);
            }
            if !met.contains(next) && !known.iter().flatten().any(|node| node == next) {
                met.push(*next);
                ways.push_back(way.iter().copied().chain([*next]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_circle_is_found_once_and_what_only_leads_to_it_is_not_part_of_it() {
        for (waits, expected) in [
            (vec![], vec![]),
            (vec![vec![], vec![0], vec![0, 1]], vec![]),
            (vec![vec![0]], vec![vec![0]]),
            (vec![vec![1], vec![0]], vec![vec![0, 1]]),
            (vec![vec![2], vec![0], vec![1]], vec![vec![0, 2, 1]]),
            (vec![vec![1], vec![2], vec![1]], vec![vec![1, 2]]),
            (vec![vec![1], vec![0], vec![3], vec![2], vec![0, 2]], vec![vec![0, 1], vec![2, 3]]),
            (vec![vec![1, 2], vec![0], vec![0]], vec![vec![0, 1]]),
            (vec![vec![], vec![0], vec![0], vec![1, 2]], vec![]),
        ] {
            assert_eq!(circles(&waits), expected, "{waits:?}");
        }
    }

    /// Whether everybody's turn comes when those go first who wait for nobody that is left.
    fn all_begin(waits: &[Vec<usize>]) -> bool {
        let mut done = vec![false; waits.len()];
        for _ in 0..waits.len() {
            for (node, waits) in waits.iter().enumerate() {
                done[node] |= waits.iter().all(|other| done[*other]);
            }
        }
        done.iter().all(|done| *done)
    }

    proptest! {
        #[test]
        fn there_is_a_circle_exactly_when_somebody_waits_for_ever(
            waits in (1_usize..7).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(0..n, 0..4), n)),
        ) {
            let found = circles(&waits);
            prop_assert_eq!(found.is_empty(), all_begin(&waits));
            for circle in &found {
                for (node, next) in circle.iter().zip(circle.iter().cycle().skip(1)) {
                    prop_assert!(waits[*node].contains(next));
                }
            }
        }
    }
}
