//! Dropping replies by name, in every worker.
//!
//! Workers are told by a topic, and of a topic only the newest value reaches a worker whose channel was full. So purges are told one
//! after the other, each time with all that not everybody has acknowledged yet: a worker that misses a value finds it in the next one.

use tokio::sync::Mutex;

use super::problem::Problem;
use crate::cache::Purge;
use crate::cluster::{Handle, Published};

/// The topic by which workers are told: a purge a line.
pub const TOPIC: &str = "purge";

/// The longest value, in bytes, that a topic takes with room to spare. More than that is told as `all`.
const LONGEST: usize = 2000;

/// The purges that not every worker has acknowledged.
#[derive(Debug, Default)]
pub(super) struct Purges {
    told: Mutex<Vec<Purge>>,
}

impl Purges {
    /// Tells every worker, and waits for them as long as the master does.
    pub(super) async fn tell(&self, handle: &Handle, purge: Purge) -> Result<Published, Problem> {
        if purge.to_string().len() > LONGEST {
            return Err(Problem::bad(format!("the name has more than {LONGEST} bytes")));
        }
        let mut told = self.told.lock().await;
        add(&mut told, purge);
        let published = handle.publish(TOPIC.to_owned(), text(&told)).await?;
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
