//! What stands behind the endpoint: rmcp's handler, and what the endpoint asks of it besides.

use rmcp::ServerHandler;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use crate::tools::Catalogue;

/// A server for one endpoint; clones share everything.
pub trait Handler: ServerHandler + Clone {
    /// The tools that the endpoint itself lists, guards and hands their arguments, past rmcp. Without
    /// a catalogue all of that is the handler's.
    fn catalogue(&self) -> Option<&Catalogue>;

    fn calls(&self) -> &Calls;
}

/// The calls in flight.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    tracker: TaskTracker,
    stopping: CancellationToken,
}

impl Calls {
    /// Counts one call until the token is dropped.
    pub fn begin(&self) -> TaskTrackerToken {
        self.tracker.token()
    }

    pub fn in_flight(&self) -> usize {
        self.tracker.len()
    }

    /// Waits until no call is in flight.
    pub async fn idle(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }

    /// Ends the calls in flight; each says that its outcome is unknown.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Waits until the calls have to end.
    pub async fn stopped(&self) {
        self.stopping.cancelled().await;
    }
}
