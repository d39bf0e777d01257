//! State that is told to all workers, and who has acknowledged it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::super::channel::SendError;
use super::super::command::{Published, Refused, Reply, TopicStatus};
use super::super::fleet::Key;
use super::super::message::Message;
use super::super::topic::is_own;
use super::Post;

/// How long a publication waits for acknowledgements before the laggards are named.
const PATIENCE: Duration = Duration::from_secs(5);

/// Topics that may be kept beside those that workers act on.
const MOST_TOPICS: usize = 256;

/// What is known of one topic.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) epoch: u64,
    pub(crate) value: String,
}

/// A change that is not acknowledged by everybody yet.
#[derive(Debug)]
struct Publication {
    epoch: u64,
    topic: String,
    waiting: BTreeSet<Key>,
    acknowledged: usize,
    deadline: Instant,
    reply: Option<Reply<Result<Published, Refused>>>,
}

/// All topics, and the changes under way.
#[derive(Debug)]
pub(super) struct Topics {
    topics: BTreeMap<String, Topic>,
    epoch: u64,
    under_way: Vec<Publication>,
    /// Packets that a worker's full channel did not take: told again when it says something.
    unsent: BTreeMap<Key, BTreeSet<String>>,
}

impl Topics {
    /// Starts with what a predecessor kept.
    pub(super) fn new(topics: BTreeMap<String, Topic>) -> Self {
        let epoch = topics.values().map(|topic| topic.epoch).max().unwrap_or_default();
        Self { topics, epoch, under_way: Vec::new(), unsent: BTreeMap::new() }
    }

    /// Tells everybody that is there; who starts later is told at the start.
    pub(super) fn publish(
        &mut self,
        topic: String,
        value: String,
        reply: Option<Reply<Result<Published, Refused>>>,
        posts: &BTreeMap<Key, Post>,
    ) {
        let others = || self.topics.keys().filter(|topic| !is_own(topic)).count();
        if !is_own(&topic) && !self.topics.contains_key(&topic) && others() >= MOST_TOPICS {
            let reason = format!("{MOST_TOPICS} topics are kept already, `{topic}` would be one more");
            warn!(event = "error", topic, reason);
            if let Some(reply) = reply {
                let _ = reply.send(Err(Refused::Invalid(reason)));
            }
            return;
        }
        self.epoch += 1;
        let epoch = self.epoch;
        self.topics.insert(topic.clone(), Topic { epoch, value });
        let waiting: BTreeSet<Key> = posts.iter().filter(|(_, post)| post.greeted).map(|(key, _)| *key).collect();
        for key in &waiting {
            if let Some(post) = posts.get(key) {
                self.tell(*key, post, &topic);
            }
        }
        let deadline = Instant::now() + PATIENCE;
        self.under_way.push(Publication { epoch, topic, waiting, acknowledged: 0, deadline, reply });
        self.conclude(posts);
    }

    /// Tells one worker one topic; a full channel is tried again when the worker next says something.
    fn tell(&mut self, key: Key, post: &Post, topic: &str) {
        let Some(Topic { epoch, value }) = self.topics.get(topic) else { return };
        let message = Message::Deliver { epoch: *epoch, topic: topic.to_owned(), value: value.clone() };
        // A worker that cannot be reached at all is about to end, and its end is reported.
        if matches!(post.channel.try_send(&message, &[]), Err(SendError::Full)) {
            self.unsent.entry(key).or_default().insert(topic.to_owned());
        }
    }

    /// Tells a new worker everything. Its channel is empty, and so is it a channel's worth at most.
    pub(super) fn introduce(&mut self, key: Key, post: &Post) {
        for topic in self.topics.keys().cloned().collect::<Vec<_>>() {
            self.tell(key, post, &topic);
        }
    }

    /// A worker has taken in everything up to an epoch.
    pub(super) fn delivered(&mut self, key: Key, epoch: u64, posts: &BTreeMap<Key, Post>) {
        for publication in self.under_way.iter_mut().filter(|publication| publication.epoch <= epoch) {
            publication.acknowledged += usize::from(publication.waiting.remove(&key));
        }
        self.conclude(posts);
    }

    /// A worker can be told again what its channel did not take.
    pub(super) fn retry(&mut self, key: Key, post: &Post) {
        for topic in self.unsent.remove(&key).unwrap_or_default() {
            self.tell(key, post, &topic);
        }
    }

    /// A worker has ended: nobody waits for it.
    pub(super) fn forget(&mut self, key: Key, posts: &BTreeMap<Key, Post>) {
        self.unsent.remove(&key);
        for publication in &mut self.under_way {
            publication.waiting.remove(&key);
        }
        self.conclude(posts);
    }

    fn conclude(&mut self, posts: &BTreeMap<Key, Post>) {
        self.end_those(posts, |publication| publication.waiting.is_empty());
    }

    /// Names the laggards of what has waited for too long.
    pub(super) fn lose_patience(&mut self, now: Instant, posts: &BTreeMap<Key, Post>) {
        self.end_those(posts, |publication| publication.deadline <= now);
    }

    fn end_those(&mut self, posts: &BTreeMap<Key, Post>, ends: impl Fn(&Publication) -> bool) {
        for publication in self.under_way.extract_if(.., |publication| ends(publication)) {
            let Publication { epoch, topic, waiting, acknowledged, reply, .. } = publication;
            let name = |key| posts.get(key).map(|post| format!("{}/{}", post.group, post.worker));
            let laggards: Vec<String> = waiting.iter().filter_map(name).collect();
            if laggards.is_empty() {
                info!(event = "publish", topic, epoch, acknowledged);
            } else {
                warn!(
                    event = "publish",
                    topic,
                    epoch,
                    acknowledged,
                    laggards = laggards.join(" "),
                    "not everybody has acknowledged"
                );
            }
            if let Some(reply) = reply {
                let _ = reply.send(Ok(Published { epoch, acknowledged, laggards }));
            }
        }
    }

    /// When [`Topics::lose_patience`] has something to do.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.under_way.iter().map(|publication| publication.deadline).min()
    }

    /// Every topic, for the status.
    pub(super) fn status(&self) -> Vec<TopicStatus> {
        let status = |(topic, Topic { epoch, value }): (&String, &Topic)| TopicStatus {
            topic: topic.clone(),
            value: value.clone(),
            epoch: *epoch,
        };
        self.topics.iter().map(status).collect()
    }

    /// Every topic as it is told, for a successor.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> {
        self.topics.iter().map(|(topic, Topic { epoch, value })| Message::Deliver {
            epoch: *epoch,
            topic: topic.clone(),
            value: value.clone(),
        })
    }
}
