//! What runs beside a master: its control socket, the word to the service manager, the rotation of its log files, its pid file.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::prctl;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tracing::{info, warn};

use super::ServeArguments;
use super::control_argument::ControlArgument;
use super::exit;
use super::pid_file::PidFile;
use crate::admin::{Control, KnownRoutes, Notifier, Serving, Taking, place, rotate};
use crate::cluster::{Handle, Notice};
use crate::telemetry::LogFiles;

/// How long the service manager may take to hear the last word.
const LAST_WORD: Duration = Duration::from_millis(200);

/// Everything that runs beside a master. Dropping it ends it at once.
#[derive(Debug)]
pub(super) struct Operation {
    told: UnboundedSender<Notice>,
    beside: JoinHandle<Possessions>,
    _tasks: JoinSet<()>,
}

/// What one master at a time may have.
#[derive(Debug, Default)]
struct Possessions {
    control: Option<Serving>,
    /// Control sockets whose files have gone; they answer those who had connected.
    former: Vec<Serving>,
    pid: Option<PidFile>,
}

impl Operation {
    /// Begins, within the runtime of the master. Without a control socket the master serves all the same: somebody else may
    /// have it, or the folder may not be writable. A pid file that cannot be had is an error. An `heir` takes both over from
    /// the old master once it is ready itself: until then that one needs them.
    ///
    /// # Errors
    /// The pid file names a living master, or cannot be written.
    pub(super) fn begin(
        handle: &Handle,
        arguments: &ServeArguments,
        files: &Arc<LogFiles>,
        routes: &KnownRoutes,
        heir: bool,
    ) -> anyhow::Result<Self> {
        // Fifteen letters are all that the kernel keeps; workers are `forecourt-w1` and so on.
        let _only_for_people = prctl::set_name(c"forecourt-m");
        let mut possessions = Possessions::default();
        if !heir {
            possessions.pid = arguments.files.claim_pid(false)?;
            possessions.control = listen(handle, routes, &arguments.control, Taking::IfFree);
        }
        let mut tasks = JoinSet::new();
        if files.rotates() {
            tasks.spawn(rotate(Arc::clone(files), handle.clone()));
        }
        let (told, notices) = mpsc::unbounded_channel();
        let (handle, routes) = (handle.clone(), routes.clone());
        let beside = Beside { handle, routes, arguments: arguments.clone(), possessions, heir, owns: !heir };
        Ok(Self { told, beside: tokio::spawn(beside.run(notices)), _tasks: tasks })
    }

    /// Where the master's notices go.
    pub(super) fn notify(&self) -> impl Fn(Notice) + Send + Sync + 'static {
        let told = self.told.clone();
        // Nobody to hear it is the end of everything here.
        move |notice| drop(told.send(notice))
    }

    /// Ends, once those who are being answered have their answers. The closures of [`Operation::notify`] must be gone.
    pub(super) async fn end(self) {
        drop(self.told);
        let mut beside = self.beside;
        match timeout(LAST_WORD, &mut beside).await {
            Ok(Ok(Possessions { control: Some(control), .. })) => control.end().await,
            Ok(_) => {}
            // The service manager does not listen: a socket that is dropped is removed too.
            Err(_) => beside.abort(),
        }
    }
}

/// What follows from the master's notices.
struct Beside {
    handle: Handle,
    routes: KnownRoutes,
    arguments: ServeArguments,
    possessions: Possessions,
    heir: bool,
    /// This master is the one that may have them: no longer, or not yet, when another one serves.
    owns: bool,
}

impl Beside {
    async fn run(mut self, mut notices: UnboundedReceiver<Notice>) -> Possessions {
        let (teller, told) = mpsc::unbounded_channel();
        let manager = Notifier::from_env(self.heir).map(|notifier| tokio::spawn(notifier.run(self.handle.clone(), told)));
        while let Some(notice) = notices.recv().await {
            match &notice {
                Notice::Ready { .. } if self.heir => self.take_over(),
                Notice::Reloading if self.owns => self.mend(),
                Notice::HandedOver { .. } => self.hand_over(),
                Notice::Stopping => self.owns = false,
                _ => {}
            }
            // Without a service manager nobody hears it.
            let _ = teller.send(notice);
        }
        drop(teller);
        if let Some(manager) = manager {
            let _ended = manager.await;
        }
        self.possessions
    }

    fn take_over(&mut self) {
        self.owns = true;
        self.possessions.control = listen(&self.handle, &self.routes, &self.arguments.control, Taking::Over);
        match self.arguments.files.claim_pid(true) {
            Ok(pid) => self.possessions.pid = pid,
            // It serves already: no reason to end. The old master leaves the file alone, whatever it says.
            Err(error) => {
                let reason = exit::text(&error);
                warn!(event = "setup", reason, "the pid file names the old master still: a reload writes it again");
            }
        }
    }

    /// What an operator lacks is made again at each reload: the control socket, the pid file.
    fn mend(&mut self) {
        let possessions = &mut self.possessions;
        if !possessions.control.as_ref().is_some_and(Serving::stands)
            && let Some(control) = listen(&self.handle, &self.routes, &self.arguments.control, Taking::IfFree)
        {
            possessions.former.extend(possessions.control.replace(control));
        }
        if possessions.pid.is_none() {
            match self.arguments.files.claim_pid(false) {
                Ok(pid) => possessions.pid = pid,
                Err(error) => warn!(event = "setup", reason = exit::text(&error), "there is no pid file of this master still"),
            }
        }
    }

    /// The new master may have the pid file, or may be about to: it is no longer this one's to remove.
    fn hand_over(&mut self) {
        self.owns = false;
        if let Some(pid) = self.possessions.pid.take() {
            pid.leave();
        }
    }
}

fn listen(handle: &Handle, routes: &KnownRoutes, arguments: &ControlArgument, taking: Taking) -> Option<Serving> {
    let path = arguments.path()?;
    // A folder that the operator names is his own business.
    let folder =
        if arguments.is_derived() { place::private_folder().map(drop).map_err(|error| error.to_string()) } else { Ok(()) };
    let control = folder.and_then(|()| Control::bind(&path, taking).map_err(|error| error.to_string()));
    match control.and_then(|control| control.serve(handle.clone(), routes.clone()).map_err(|error| error.to_string())) {
        Ok(serving) => {
            info!(event = "control", path = %serving.path().display(), "`forecourt status`, `reload` and others reach this master");
            if let Some(folder) = place::open_to_others(serving.path()) {
                let reason =
                    format!("{} may be written to by others: they can put a socket of theirs in its place", folder.display());
                warn!(event = "control", reason, "the control socket is not in a folder of this user's alone");
            }
            Some(serving)
        }
        Err(reason) => {
            warn!(event = "control", reason, "there is no control socket: signals work, commands do not");
            None
        }
    }
}
