//! What the service manager is told, in systemd's protocol: ready, reloading, stopping, how it goes, and that the master's loop
//! still turns.

use std::env;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, warn};

use crate::cluster::{Handle, Notice, Status};

/// The variables with the service manager's socket, and with the time within which it wants a sign of life, in microseconds.
const SOCKET: &str = "NOTIFY_SOCKET";
const WATCHDOG: &str = "WATCHDOG_USEC";

/// How often the master is looked at when no watchdog asks.
const LOOK: Duration = Duration::from_secs(10);

/// Tells the service manager how the master is.
#[derive(Debug)]
pub struct Notifier {
    /// How often the manager wants to hear of us, if it does.
    watchdog: Option<Duration>,
    said: Said,
}

/// What the manager knows.
#[derive(Debug, Default)]
struct Said {
    /// An heir is the main process now: what this one does is no business of the manager's any more.
    over: bool,
    status: String,
}

/// One assignment of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Ready,
    /// With the time, which the manager compares with that of its request.
    Reloading,
    Stopping,
    MainPid(u32),
    Status(String),
    Watchdog,
}

impl Notifier {
    /// For the service manager that the environment names; none without one. `heir` says that this master takes over from
    /// another, whose watchdog it inherits.
    pub fn from_env(heir: bool) -> Option<Self> {
        env::var_os(SOCKET)?;
        let inherited = || Some(Duration::from_micros(env::var(WATCHDOG).ok()?.parse().ok().filter(|time| *time > 0)?));
        let watchdog = if heir { inherited() } else { sd_notify::watchdog_enabled() };
        // Half the time, so that one late word is no death.
        Some(Self { watchdog: watchdog.map(|time| (time / 2).max(Duration::from_millis(1))), said: Said::default() })
    }

    /// Tells until the notices end. For a watchdog the master is asked through its own loop, so that the manager learns when
    /// that is stuck.
    pub async fn run(mut self, handle: Handle, mut notices: UnboundedReceiver<Notice>) {
        let mut ticks = interval(self.watchdog.unwrap_or(LOOK));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trouble = false;
        loop {
            tokio::select! {
                biased;
                notice = notices.recv() => match notice {
                    // At once, whatever the master is doing.
                    Some(notice) => send(self.said.hear(&notice), &mut trouble).await,
                    None => return,
                },
                _ = ticks.tick() => {
                    // A master that does not answer is not waited for while there is something to hear.
                    let status = tokio::select! {
                        biased;
                        status = handle.status() => status,
                        notice = notices.recv() => match notice {
                            Some(notice) => {
                                send(self.said.hear(&notice), &mut trouble).await;
                                ticks.reset_immediately();
                                continue;
                            }
                            None => return,
                        },
                    };
                    if let Ok(status) = status {
                        send(self.said.look(&status, self.watchdog.is_some()), &mut trouble).await;
                    }
                }
            }
        }
    }
}

impl Said {
    /// What to say of a notice.
    fn hear(&mut self, notice: &Notice) -> Vec<Word> {
        if self.over {
            return Vec::new();
        }
        match notice {
            Notice::Ready { workers } => vec![Word::Ready, Word::Status(format!("serving with {workers} workers"))],
            Notice::Reloading => vec![Word::Reloading],
            Notice::Reloaded { generation } => vec![Word::Ready, Word::Status(format!("serving generation {generation}"))],
            Notice::Kept { reason } => {
                let first = reason.lines().next().unwrap_or_default();
                vec![Word::Ready, Word::Status(format!("the reload failed, serving as before: {first}"))]
            }
            Notice::HandedOver { pid } => {
                self.over = true;
                vec![Word::MainPid(*pid)]
            }
            Notice::Stopping => vec![Word::Stopping, Word::Status("stopping".to_owned())],
        }
    }

    /// What to say after a look at the master. `beat` says that the manager wants a sign of life.
    fn look(&mut self, status: &Status, beat: bool) -> Vec<Word> {
        if self.over {
            return Vec::new();
        }
        let mut words = Vec::new();
        let line = summary(status);
        if line != self.status {
            words.push(Word::Status(line.clone()));
            self.status = line;
        }
        if beat {
            words.push(Word::Watchdog);
        }
        words
    }
}

/// The line that `systemctl status` shows.
fn summary(status: &Status) -> String {
    let (mut ready, mut workers, mut given_up) = (0, 0, 0);
    for group in &status.groups {
        ready += group.ready;
        workers += group.workers;
        given_up += group.given_up.len();
    }
    let mut line = format!("{}, generation {}, {ready} of {workers} workers ready", status.state, status.generation);
    if given_up > 0 {
        line.push_str(&format!(", {given_up} given up"));
    }
    line
}

/// Sends words in one datagram. The manager's socket may be full, so a thread waits for it.
async fn send(words: Vec<Word>, trouble: &mut bool) {
    if words.is_empty() {
        return;
    }
    let sent = spawn_blocking(move || sd_notify::notify(&words.iter().flat_map(Word::states).collect::<Vec<_>>()));
    match sent.await {
        Ok(Ok(())) => *trouble = false,
        // Nobody listens any more, as behind `start --daemon`: told once, for it is no fault.
        Ok(Err(error)) if !*trouble => {
            *trouble = true;
            debug!(%error, "the service manager cannot be told anything");
        }
        Ok(Err(_)) => {}
        Err(panicked) => warn!(%panicked, "telling the service manager failed"),
    }
}

impl Word {
    fn states(&self) -> Vec<NotifyState<'_>> {
        match self {
            Self::Ready => vec![NotifyState::Ready],
            Self::Reloading => {
                let mut states = vec![NotifyState::Reloading];
                states.extend(NotifyState::monotonic_usec_now());
                states
            }
            Self::Stopping => vec![NotifyState::Stopping],
            Self::MainPid(pid) => vec![NotifyState::MainPid(*pid)],
            Self::Status(line) => vec![NotifyState::Status(line)],
            Self::Watchdog => vec![NotifyState::Watchdog],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tests::status;

    fn told(said: &mut Said, notices: &[Notice]) -> Vec<String> {
        let words: Vec<Word> = notices.iter().flat_map(|notice| said.hear(notice)).collect();
        let states: Vec<NotifyState<'_>> = words.iter().flat_map(Word::states).collect();
        states.iter().map(|state| state.to_string().split("_USEC=").next().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_manager_hears_ready_reloading_and_stopping_in_their_time() {
        let notices = [
            Notice::Ready { workers: 2 },
            Notice::Reloading,
            Notice::Reloaded { generation: 2 },
            Notice::Reloading,
            Notice::Kept { reason: "routes.yaml:3:1: unknown key\n  |".into() },
            Notice::Stopping,
        ];
        let expected = [
            "READY=1",
            "STATUS=serving with 2 workers",
            "RELOADING=1",
            "MONOTONIC",
            "READY=1",
            "STATUS=serving generation 2",
            "RELOADING=1",
            "MONOTONIC",
            "READY=1",
            "STATUS=the reload failed, serving as before: routes.yaml:3:1: unknown key",
            "STOPPING=1",
            "STATUS=stopping",
        ];
        assert_eq!(told(&mut Said::default(), &notices), expected);
    }

    #[test]
    fn an_heir_becomes_the_main_process_and_the_old_master_says_no_more() {
        let mut said = Said::default();
        assert_eq!(told(&mut said, &[Notice::HandedOver { pid: 77 }, Notice::Stopping]), ["MAINPID=77"]);
        assert_eq!(said.look(&status(), true), []);
    }

    #[test]
    fn a_look_tells_what_is_new_and_each_time_that_the_loop_turns() {
        let mut said = Said::default();
        let first = Word::Status("serving, generation 3, 2 of 2 workers ready".to_owned());
        assert_eq!(said.look(&status(), true), [first, Word::Watchdog]);
        assert_eq!(said.look(&status(), true), [Word::Watchdog]);
        assert_eq!(said.look(&status(), false), []);
        let mut worse = status();
        worse.groups[0].ready = 1;
        worse.groups[0].given_up.push("worker 2".to_owned());
        let line = "serving, generation 3, 1 of 2 workers ready, 1 given up".to_owned();
        assert_eq!(said.look(&worse, false), [Word::Status(line)]);
    }
}
