//! The rotation of log files while everybody writes to them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::cluster::Handle;
use crate::telemetry::LogFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Watches the log files, renames those that are full or old, and has the master and its workers open new ones. Returns at once
/// when there is nothing to watch, else never.
pub async fn rotate(files: Arc<LogFiles>, handle: Handle) {
    // A trouble is told when it begins, not every second.
    let mut trouble = String::new();
    while files.rotates() {
        sleep(LOOK).await;
        let looked_at = Arc::clone(&files);
        let now = match spawn_blocking(move || looked_at.rotate(SystemTime::now())).await {
            Ok(Ok(false)) => continue,
            Ok(Ok(true)) => handle.reopen().await.map_err(|refused| refused.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(panicked) => Err(panicked.to_string()),
        };
        match now {
            Ok(()) => {
                trouble.clear();
                info!(event = "rotate", "the log files have been rotated");
            }
            Err(reason) if reason == trouble => {}
            Err(reason) => {
                warn!(event = "rotate", reason, "the log files cannot be rotated, and are written to as before");
                trouble = reason;
            }
        }
    }
}
