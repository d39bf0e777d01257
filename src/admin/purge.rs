//! Dropping replies by name, in every worker.
//!
//! Workers are told by a topic, and of a topic only the newest value reaches a worker whose channel was full. So purges are told one
//! after the other, each time with all that not everybody has acknowledged yet: a worker that misses a value finds it in the next one.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use http::StatusCode;
use tokio::sync::Mutex;

use super::problem::Problem;
use crate::base::suggest;
use crate::cache::Purge;
use crate::cluster::topic::PURGE;
use crate::cluster::{Handle, Published};

/// The longest value, in bytes, that a topic takes with room to spare. More than that is told as `all`.
const LONGEST: usize = 2000;

/// The routes that a master has read since it started, those of before a reload too: what an old generation has kept is there still.
/// Clones are the same list.
#[derive(Debug, Clone, Default)]
pub struct KnownRoutes(Arc<RwLock<BTreeSet<String>>>);

impl KnownRoutes {
    /// A configuration was read that has these.
    pub fn learn<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend(names.into_iter().map(ToOwned::to_owned));
    }

    fn check(&self, name: &str) -> Result<(), Problem> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.contains(name) {
            return Ok(());
        }
        let meant = suggest(name, known.iter().map(String::as_str));
        let help = meant.map_or(": `forecourt routes` lists them".to_owned(), |meant| format!("; did you mean `{meant}`?"));
        Err(Problem::new(StatusCode::NOT_FOUND, "unknown", format!("there is no route `{name}`{help}")))
    }
}

/// The purges that not every worker has acknowledged.
#[derive(Debug)]
pub(super) struct Purges {
    told: Mutex<Vec<Purge>>,
    routes: KnownRoutes,
}

impl Purges {
    pub(super) fn of(routes: KnownRoutes) -> Self {
        Self { told: Mutex::default(), routes }
    }

    /// Tells every worker, and waits for them as long as the master does.
    pub(super) async fn tell(&self, handle: &Handle, purge: Purge) -> Result<Published, Problem> {
        if purge.to_string().len() > LONGEST {
            return Err(Problem::bad(format!("the name has more than {LONGEST} bytes")));
        }
        if let Purge::Route(name) = &purge {
            self.routes.check(name)?;
        }
        let mut told = self.told.lock().await;
        add(&mut told, purge);
        let published = handle.publish(PURGE.to_owned(), text(&told)).await?;
        if published.laggards.is_empty() {
            told.clear();
        }
        Ok(published)
    }
}

/// Adds a purge to those that are still told; when they are too many for a value, everything is dropped instead.
fn add(told: &mut Vec<Purge>, purge: Purge) {
    if !told.contains(&purge) {
        told.push(purge);
    }
    if text(told).len() > LONGEST {
        *told = vec![Purge::All];
    }
}

fn text(told: &[Purge]) -> String {
    told.iter().map(Purge::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_acknowledged_is_told_again_and_too_much_of_it_is_everything() {
        let mut told = Vec::new();
        for number in [1, 2, 1] {
            add(&mut told, Purge::Tag(format!("item-{number}")));
        }
        assert_eq!(text(&told), "tag item-1\ntag item-2");
        for number in 0..1000 {
            add(&mut told, Purge::Tag(format!("item-{number}")));
            assert!(text(&told).len() <= LONGEST);
        }
        assert_eq!(told.first(), Some(&Purge::All));
    }
}
