//! Names to addresses, without those that no upstream can have, and again when they are old: a name that moves is found.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Notify;
use tokio::time::Instant;
use tower::Service;

/// For how long the addresses of a name are used before it is resolved again. The system does not tell what its servers say about that.
const FRESH: Duration = Duration::from_secs(5);

/// For how long after the last answer with an address connections to it are used: servers that give a few of many addresses at a time
/// give others the next time, and have not moved.
const GONE: Duration = Duration::from_secs(30);

/// For how long the last answer stands in while there is no other.
const STALE: Duration = Duration::from_secs(3600);

/// For how long a new answer is waited for when there is an old one.
const PATIENCE: Duration = Duration::from_millis(250);

/// Why a name leads nowhere.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NameError {
    #[error("{reason}")]
    Unknown { name: String, reason: String },
    #[error("{address} is forbidden")]
    Forbidden { name: String, address: IpAddr },
}

type Addresses = std::vec::IntoIter<SocketAddr>;
type Resolving = Pin<Box<dyn Future<Output = Result<Addresses, NameError>> + Send>>;

/// Resolves names by the system's own means, off the event loop. Clones share what they know.
///
/// Whoever controls a name could point it at the machine's metadata service. So link-local and other addresses at which no
/// backend lives are reached only by a URL that says them; loopback and private ones are where backends do live.
#[derive(Debug, Clone)]
pub(super) struct Names {
    source: Source,
    known: Arc<Mutex<HashMap<String, Arc<Known>>>>,
}

/// Who is asked.
#[derive(Debug, Clone)]
enum Source {
    System,
    /// A test; `None` never answers.
    #[cfg(test)]
    Test(Says),
}

/// What a test has names lead to, and changes.
#[cfg(test)]
type Says = Arc<Mutex<Option<Result<Vec<SocketAddr>, String>>>>;

/// What is known of one name.
struct Known {
    name: String,
    /// Held by whoever resolves it, so that many who want it at the same time ask once.
    turn: tokio::sync::Mutex<()>,
    answer: Mutex<Answer>,
    /// It is being resolved behind everybody's back.
    is_asked: AtomicBool,
    /// That is over.
    asked: Notify,
    /// The last time it could not be.
    is_failing: AtomicBool,
}

#[derive(Debug, Default)]
struct Answer {
    /// As they came last.
    addresses: Vec<SocketAddr>,
    at: Option<Instant>,
    /// When each was last in an answer.
    seen: Vec<(IpAddr, Instant)>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("name", &self.name).field("answer", &self.answer).finish_non_exhaustive()
    }
}

impl Known {
    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses, if they are no older than this.
    fn within(&self, age: Duration) -> Option<Vec<SocketAddr>> {
        let answer = self.answer();
        answer.at.is_some_and(|at| at.elapsed() < age).then(|| answer.addresses.clone())
    }

    fn keep(&self, addresses: &[SocketAddr]) {
        let now = Instant::now();
        let mut answer = self.answer();
        answer.addresses = addresses.to_vec();
        answer.at = Some(now);
        answer
            .seen
            .retain(|(ip, at)| now.saturating_duration_since(*at) < GONE && !addresses.iter().any(|found| found.ip() == *ip));
        answer.seen.extend(addresses.iter().map(|found| (found.ip(), now)));
    }
}

/// Where a connection leads, by a name that may come to lead elsewhere.
#[derive(Debug)]
pub(super) struct Whereabouts {
    names: Names,
    known: Arc<Known>,
    ip: IpAddr,
}

impl Whereabouts {
    /// Whether the name still leads there, as far as that is known. Has it resolved again, behind the caller's back, when that was long
    /// ago.
    pub(super) fn holds(&self) -> bool {
        let answer = self.known.answer();
        let is_old = answer.at.is_none_or(|at| at.elapsed() >= FRESH);
        // The last answer counts, however long nobody has asked since.
        let now = answer.at.unwrap_or_else(Instant::now);
        let holds = answer.seen.iter().any(|(ip, at)| *ip == self.ip && now.saturating_duration_since(*at) < GONE);
        drop(answer);
        if is_old {
            self.names.refresh(&self.known);
        }
        holds
    }
}

impl Names {
    pub(super) fn system() -> Self {
        Self { source: Source::System, known: Arc::default() }
    }

    /// Where a connection leads that was made to `host`; none for a host that is an address itself.
    pub(super) fn whereabouts(&self, host: &str, ip: IpAddr) -> Option<Whereabouts> {
        let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        (!is_address).then(|| Whereabouts { names: self.clone(), known: self.known(host), ip })
    }

    fn known(&self, name: &str) -> Arc<Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(name) {
            return Arc::clone(known);
        }
        let new = Arc::new(Known {
            name: name.to_owned(),
            turn: tokio::sync::Mutex::default(),
            answer: Mutex::default(),
            is_asked: AtomicBool::new(false),
            asked: Notify::new(),
            is_failing: AtomicBool::new(false),
        });
        known.insert(name.to_owned(), Arc::clone(&new));
        new
    }

    /// The addresses of a name. Old ones are asked for again; they stand in for an answer that does not come soon.
    async fn resolve(&self, known: &Arc<Known>) -> Result<Vec<SocketAddr>, NameError> {
        if let Some(addresses) = known.within(FRESH) {
            return Ok(addresses);
        }
        if known.within(STALE).is_some() {
            let mut asked = pin!(known.asked.notified());
            asked.as_mut().enable();
            self.refresh(known);
            let _in_time = tokio::time::timeout(PATIENCE, asked).await;
        }
        match known.within(STALE) {
            Some(addresses) => Ok(addresses),
            None => self.fetch(known).await,
        }
    }

    /// Has a name resolved by a task of its own, unless one is at it.
    fn refresh(&self, known: &Arc<Known>) {
        if known.is_asked.swap(true, Ordering::AcqRel) {
            return;
        }
        let (names, known) = (self.clone(), Arc::clone(known));
        tokio::spawn(async move {
            let failed = names.fetch(&known).await.err();
            match (&failed, known.is_failing.swap(failed.is_some(), Ordering::AcqRel)) {
                (Some(error), false) => {
                    tracing::warn!(event = "name", name = known.name, reason = %error, "a name is not resolved, its last addresses stand in");
                }
                (None, true) => tracing::info!(event = "name", name = known.name, "a name is resolved again"),
                _ => {}
            }
            known.is_asked.store(false, Ordering::Release);
            known.asked.notify_waiters();
        });
    }

    async fn fetch(&self, known: &Known) -> Result<Vec<SocketAddr>, NameError> {
        let _turn = known.turn.lock().await;
        // Who had the turn before may have asked for all who waited.
        if let Some(addresses) = known.within(FRESH) {
            return Ok(addresses);
        }
        let addresses = self.ask(&known.name).await?;
        known.keep(&addresses);
        Ok(addresses)
    }

    async fn ask(&self, name: &str) -> Result<Vec<SocketAddr>, NameError> {
        let unknown = |reason: String| NameError::Unknown { name: name.to_owned(), reason };
        let found: Vec<SocketAddr> = match &self.source {
            Source::System => tokio::net::lookup_host((name, 0)).await.map_err(|error| unknown(error.to_string()))?.collect(),
            #[cfg(test)]
            Source::Test(says) => {
                let said = says.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match said {
                    Some(found) => found.map_err(unknown)?,
                    None => std::future::pending().await,
                }
            }
        };
        let forbidden = found.iter().map(SocketAddr::ip).find(is_forbidden);
        let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| !is_forbidden(&address.ip())).collect();
        match forbidden {
            Some(address) if allowed.is_empty() => Err(NameError::Forbidden { name: name.to_owned(), address }),
            _ => Ok(allowed),
        }
    }
}

#[cfg(test)]
impl Names {
    /// As a test says; `None` never answers.
    pub(super) fn fixed(addresses: Option<Vec<SocketAddr>>) -> Self {
        Self::told(Arc::new(Mutex::new(addresses.map(Ok))))
    }

    /// As a test says at the time.
    pub(super) fn told(says: Says) -> Self {
        Self { source: Source::Test(says), known: Arc::default() }
    }
}

impl Service<Name> for Names {
    type Response = Addresses;
    type Error = NameError;
    type Future = Resolving;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NameError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let known = names.known(name.as_str());
            Ok(names.resolve(&known).await?.into_iter())
        })
    }
}

fn is_forbidden(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect()
    }

    async fn ips(names: &Names) -> Result<Vec<String>, NameError> {
        let found = names.clone().call("backend".parse().unwrap()).await?;
        Ok(found.map(|address| address.ip().to_string()).collect())
    }

    async fn resolve(texts: &[&str]) -> Result<Vec<String>, NameError> {
        ips(&Names::fixed(Some(addresses(texts)))).await
    }

    #[tokio::test]
    async fn a_name_cannot_lead_to_where_no_backend_lives() {
        for address in
            ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"]
        {
            let refused = resolve(&[address]).await;
            assert!(matches!(refused, Err(NameError::Forbidden { .. })), "{address}");
            assert_eq!(resolve(&[address, "10.0.0.7"]).await.unwrap(), ["10.0.0.7"], "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_may_lead_home_and_into_private_networks() {
        let addresses = ["127.0.0.1", "::1", "10.1.2.3", "172.17.0.2", "192.168.1.1", "fd00::1", "203.0.113.7"];
        assert_eq!(resolve(&addresses).await.unwrap(), addresses);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_asked_for_again_when_its_answer_is_old_and_the_last_one_stands_in_for_none() {
        let says = Arc::new(Mutex::new(Some(Ok(addresses(&["10.0.0.1"])))));
        let names = Names::told(Arc::clone(&says));
        let say = |answer| *says.lock().unwrap() = Some(answer);
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.1"]);
        say(Ok(addresses(&["10.0.0.2"])));
        tokio::time::advance(FRESH - Duration::from_millis(1)).await;
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.1"]);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.2"]);
        // A server that is silent is not waited for, and one that has no answer is as good.
        *says.lock().unwrap() = None;
        tokio::time::advance(FRESH).await;
        let begun = Instant::now();
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.2"]);
        assert_eq!(begun.elapsed(), PATIENCE);
        let names = Names::told(Arc::clone(&says));
        say(Ok(addresses(&["10.0.0.2"])));
        ips(&names).await.unwrap();
        say(Err("no server answers".to_owned()));
        tokio::time::advance(FRESH).await;
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.2"]);
        tokio::time::advance(STALE).await;
        assert!(matches!(ips(&names).await, Err(NameError::Unknown { .. })));
        // Somebody has pointed it at the machine itself: that is no answer, and no reason to forget the last one.
        say(Ok(addresses(&["10.0.0.3"])));
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.3"]);
        say(Ok(addresses(&["169.254.169.254"])));
        tokio::time::advance(FRESH).await;
        assert_eq!(ips(&names).await.unwrap(), ["10.0.0.3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_used_as_long_as_its_address_is_in_an_answer_now_and_then() {
        let says = Arc::new(Mutex::new(Some(Ok(addresses(&["10.0.0.1", "10.0.0.2"])))));
        let names = Names::told(Arc::clone(&says));
        ips(&names).await.unwrap();
        let whereabouts = names.whereabouts("backend", "10.0.0.1".parse().unwrap()).unwrap();
        assert!(whereabouts.holds());
        *says.lock().unwrap() = Some(Ok(addresses(&["10.0.0.2"])));
        let mut held = Duration::ZERO;
        while whereabouts.holds() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            held += Duration::from_secs(1);
            assert!(held < GONE * 2, "it is never noticed");
        }
        assert!(held >= GONE, "{held:?}");
        *says.lock().unwrap() = Some(Ok(addresses(&["10.0.0.1"])));
        tokio::time::sleep(FRESH * 2).await;
        whereabouts.holds();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(whereabouts.holds(), "it is back");
        assert!(names.whereabouts("[::1]", "::1".parse().unwrap()).is_none(), "an address does not move");
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_want_a_name_ask_once() {
        let says = Arc::new(Mutex::new(None));
        let names = Names::told(Arc::clone(&says));
        // Nobody answers the first one, who gives up.
        let first = tokio::time::timeout(Duration::from_secs(1), ips(&names));
        let others = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            *says.lock().unwrap() = Some(Ok(addresses(&["10.0.0.1"])));
            let many = (0..100).map(|_| ips(&names));
            futures_util::future::join_all(many).await.into_iter().all(|found| found.unwrap() == ["10.0.0.1"])
        };
        let (first, others) = tokio::join!(first, others);
        assert!(first.is_err() && others);
    }
}
