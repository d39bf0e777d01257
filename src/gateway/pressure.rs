//! What is given up when memory runs short, step by step: first what is only kept, then what only waits, at last new requests.
//!
//! The gateway reads no meter: what its worker holds is passed in, again and again. A worker that holds still more is its master's to replace.

use std::sync::atomic::{AtomicU8, Ordering};

use super::Gateway;

/// How short memory is, by what a worker holds of its limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// There is enough.
    #[default]
    None,
    /// From 85 % on nothing is kept any more, and what was is dropped.
    Tight,
    /// From 92 % on connections close behind their answers, and half as many requests are answered at once.
    Scarce,
    /// From 95 % on requests are refused.
    Out,
}

/// The steps, in percent of the limit.
const STEPS: [(Pressure, u64); 3] = [(Pressure::Out, 95), (Pressure::Scarce, 92), (Pressure::Tight, 85)];

/// A step is left when this much less is held, in percent: what it gave up would be back at once.
const RELIEF: u64 = 5;

impl Pressure {
    /// The next pressure, from the one before it.
    fn next(self, held: u64, limit: u64) -> Self {
        let reaches = |percent: u64| u128::from(held) * 100 >= u128::from(limit) * u128::from(percent);
        let holds = |(step, percent): &(Self, u64)| reaches(if *step <= self { percent - RELIEF } else { *percent });
        STEPS.iter().find(|step| holds(step)).map_or(Self::None, |(step, _)| *step)
    }

    /// One word for the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tight => "tight",
            Self::Scarce => "scarce",
            Self::Out => "out",
        }
    }
}

/// The pressure, as every request sees it.
#[derive(Debug, Default)]
pub(super) struct Gauge(AtomicU8);

impl Gauge {
    pub(super) fn now(&self) -> Pressure {
        let step = self.0.load(Ordering::Relaxed);
        STEPS.iter().map(|(step, _)| *step).find(|known| *known as u8 == step).unwrap_or_default()
    }
}

impl Gateway {
    /// What its worker may hold, in bytes, if that is limited.
    pub fn memory(&self) -> Option<u64> {
        self.plan.limits().memory
    }

    /// This worker holds so many bytes of its own; tells how short that is, and whether it is news.
    pub fn press(&self, held: u64) -> (Pressure, bool) {
        let Some(limit) = self.plan.limits().memory else { return (Pressure::None, false) };
        let before = self.shedding.pressure().now();
        let now = before.next(held, limit);
        self.shedding.pressure().0.store(now as u8, Ordering::Relaxed);
        if now >= Pressure::Tight {
            self.kept.empty();
        }
        (now, now != before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_step_is_taken_at_its_share_and_left_below_it() {
        use Pressure::{None, Out, Scarce, Tight};
        let mut pressure = None;
        for (held, expected) in [
            (0, None),
            (849, None),
            (850, Tight),
            (801, Tight),
            (799, None),
            (920, Scarce),
            (871, Scarce),
            (869, Tight),
            (949, Scarce),
            (950, Out),
            (2000, Out),
            (901, Out),
            (899, Scarce),
            (0, None),
        ] {
            pressure = pressure.next(held, 1000);
            assert_eq!(pressure, expected, "{held}");
        }
    }

    proptest! {
        #[test]
        fn more_memory_is_never_less_pressure(held in any::<u64>(), more in any::<u64>(), limit in 1_u64..) {
            for before in [Pressure::None, Pressure::Tight, Pressure::Scarce, Pressure::Out] {
                prop_assert!(before.next(held.saturating_add(more), limit) >= before.next(held, limit));
            }
        }
    }
}
