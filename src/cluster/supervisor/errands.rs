//! Who is told what about an errand.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use tracing::debug;

use super::super::errands::Errand;
use super::super::fleet::Key;
use super::super::message::Message;
use super::super::program::Spawn;
use super::{Post, Supervisor};

impl<S: Spawn> Supervisor<S> {
    fn errand(&self, key: Key, name: String) -> Option<Errand> {
        let post = self.posts.get(&key).filter(|post| post.greeted)?;
        Some(Errand { group: key.group, generation: post.generation, name })
    }

    /// A worker wants what others may want too.
    pub(super) fn wanted(&mut self, key: Key, name: String) {
        let Some(errand) = self.errand(key, name) else { return };
        let name = errand.name.clone();
        if self.errands.want(errand, key, Instant::now()) {
            self.tell(key, &Message::Bring { name }, None);
        }
    }

    /// A worker has brought something, or nothing that others could use.
    pub(super) fn brought(&mut self, key: Key, name: String, length: u64, next: bool, body: Option<&OwnedFd>) {
        let Some(errand) = self.errand(key, name) else { return };
        if next {
            if let Some(instead) = self.errands.gave_up(&errand, key, Instant::now()) {
                self.tell(instead, &Message::Bring { name: errand.name }, None);
            }
            return;
        }
        let Some(waiting) = self.errands.brought(&errand, key) else { return };
        // Something is for all who mean the same by its name, so that none of them has to go later; nothing, for who waits alone.
        let same = |(other, post): &(&Key, &Post)| other.group == errand.group && post.generation == errand.generation;
        let all = self.posts.iter().filter(same).map(|(other, _)| *other).filter(|other| *other != key);
        let told: Vec<Key> = if body.is_some() { all.collect() } else { waiting };
        for other in told {
            self.tell(other, &Message::Take { name: errand.name.clone(), length }, body);
        }
    }

    /// A worker has ended: others go where it was sent.
    pub(super) fn send_others(&mut self, key: Key) {
        for (errand, instead) in self.errands.forget(key, Instant::now()) {
            self.tell(instead, &Message::Bring { name: errand.name }, None);
        }
    }

    /// State has changed: what was wanted before is not given to who wants it after, and who waits goes for itself.
    pub(super) fn part(&mut self) {
        for (errand, waiting) in self.errands.part() {
            for key in waiting {
                self.tell(key, &Message::Take { name: errand.name.clone(), length: 0 }, None);
            }
        }
    }

    /// A worker that cannot be told waits until its own limit, and then goes for itself.
    fn tell(&self, key: Key, message: &Message, body: Option<&OwnedFd>) {
        let Some(post) = self.posts.get(&key) else { return };
        let body: Vec<_> = body.into_iter().map(AsFd::as_fd).collect();
        if let Err(error) = post.channel.try_send(message, &body) {
            debug!(event = "errand", group = post.group, worker = post.worker, reason = %error);
        }
    }
}
