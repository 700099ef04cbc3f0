//! Where the server stands between its start and its end, and which requests it is working on.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

/// What `/ready` and the drain go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Starting,
    Serving,
    /// Told to stop; still serving.
    Draining,
}

/// Shared by the server and its routes; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    phase: Arc<AtomicU8>,
    requests: TaskTracker,
}

impl Lifecycle {
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Counts one request until the token is dropped.
    pub fn request(&self) -> TaskTrackerToken {
        self.requests.token()
    }

    /// Waits until every request has its answer; streams may still be open.
    pub async fn answered(&self) {
        self.requests.close();
        self.requests.wait().await;
    }
}
