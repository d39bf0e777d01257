//! Who waits for whom: circles among calls, in which nobody could ever begin.

use std::collections::VecDeque;

/// The circles of a graph, each as the nodes on the way round, the lowest first; no node stands in two of them.
///
/// `waits` has for every node those that it waits for. A node that waits for itself is a circle of one.
pub(super) fn circles(waits: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut circles: Vec<Vec<usize>> = Vec::new();
    let mut known = vec![false; waits.len()];
    for start in 0..waits.len() {
        if known.get(start).is_none_or(|known| *known) {
            continue;
        }
        if let Some(circle) = way_back(waits, start, &known) {
            circle.iter().filter_map(|node| known.get_mut(*node).map(|known| *known = true)).for_each(drop);
            circles.push(circle);
        }
    }
    circles
}

/// The shortest way from a node back to itself that leads through no node of a known circle.
fn way_back(waits: &[Vec<usize>], start: usize, known: &[bool]) -> Option<Vec<usize>> {
    // From where each node was met first. A way for each would be as long as the graph, for every node of it.
    let mut before: Vec<Option<usize>> = vec![None; waits.len()];
    let mut next = VecDeque::from([start]);
    while let Some(node) = next.pop_front() {
        for waited in waits.get(node).into_iter().flatten() {
            if *waited == start {
                return Some(way(start, node, &before));
            }
            if let (Some(met @ None), Some(false)) = (before.get_mut(*waited), known.get(*waited)) {
                *met = Some(node);
                next.push_back(*waited);
            }
        }
    }
    None
}

/// The nodes on the way to the last one.
fn way(start: usize, last: usize, before: &[Option<usize>]) -> Vec<usize> {
    let mut way: Vec<usize> =
        std::iter::successors(Some(last), |node| before.get(*node).copied().flatten().filter(|_| *node != start)).collect();
    way.reverse();
    way
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

    #[test]
    fn a_long_chain_is_looked_through_in_no_time() {
        let chain: Vec<Vec<usize>> = (1..=4000).map(|next| if next < 4000 { vec![next] } else { Vec::new() }).collect();
        assert_eq!(circles(&chain), Vec::<Vec<usize>>::new());
        let ring: Vec<Vec<usize>> = (1..=4000).map(|next| vec![next % 4000]).collect();
        assert_eq!(circles(&ring), [(0..4000).collect::<Vec<_>>()]);
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
