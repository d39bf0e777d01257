//! Which of several targets gets the next call. Chance is passed in.

use super::targets::One;
use tokio::time::Instant;

/// How calls are dealt out over the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// The less loaded of two that are picked at random (Mitzenmacher, "The power of two choices").
    P2c,
    /// In turn.
    RoundRobin,
    /// In turn, by weight.
    Weighted,
}

impl Balance {
    /// Picks one of `among`, which are places in `all`; none of none. `turn` is what it remembers from call to call.
    pub(super) fn pick(
        self,
        all: &mut [One],
        among: &[usize],
        turn: &mut usize,
        now: Instant,
        random: &mut fastrand::Rng,
    ) -> Option<usize> {
        if let [only] = among {
            return Some(*only);
        }
        match self {
            Self::P2c => {
                let first = random.usize(..among.len().max(1));
                let second = (first + 1 + random.usize(..among.len().saturating_sub(1).max(1))) % among.len().max(1);
                let (first, second) = (*among.get(first)?, *among.get(second)?);
                let cost = |place: usize| all.get(place).map_or(f64::INFINITY, |one| one.cost(now));
                Some(if cost(second) < cost(first) { second } else { first })
            }
            Self::RoundRobin => {
                // Those that begin slowly are passed over now and then.
                let starts = |place: &usize, random: &mut fastrand::Rng| {
                    all.get(*place).is_some_and(|one| random.f64() < one.slow_share(now))
                };
                let ring = among.iter().filter(|place| **place >= *turn).chain(among.iter().filter(|place| **place < *turn));
                let ring: Vec<usize> = ring.copied().collect();
                let next = ring.iter().find(|place| starts(place, random)).or(ring.first()).copied()?;
                *turn = next + 1;
                Some(next)
            }
            Self::Weighted => {
                // nginx's smooth form: everybody gains its weight, the richest goes and pays for all.
                let mut total = 0.0;
                let mut best: Option<(usize, f64)> = None;
                for place in among {
                    let Some(one) = all.get_mut(*place) else { continue };
                    let weight = f64::from(one.weight) * one.slow_share(now);
                    total += weight;
                    one.credit += weight;
                    if best.is_none_or(|(_, credit)| one.credit > credit) {
                        best = Some((*place, one.credit));
                    }
                }
                let (next, _) = best?;
                if let Some(one) = all.get_mut(next) {
                    one.credit -= total;
                }
                Some(next)
            }
        }
    }
}
