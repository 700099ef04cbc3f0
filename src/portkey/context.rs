//! What bounds the requests of one tool call, and what they note down.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The bounds of one tool call. All requests of the call share one.
#[derive(Debug)]
pub struct Context {
    /// When the call must be over, waits between tries included.
    pub deadline: Instant,
    /// Ends the request in flight and closes its connection or stream.
    pub cancelled: CancellationToken,
    /// Only what reads may leave.
    pub read_only: bool,
    attempts: AtomicU32,
    request_id: Mutex<Option<String>>,
}

impl Context {
    /// Bounds with nothing noted yet.
    pub fn new(deadline: Instant, cancelled: CancellationToken, read_only: bool) -> Self {
        let (attempts, request_id) = (AtomicU32::new(0), Mutex::new(None));
        Self { deadline, cancelled, read_only, attempts, request_id }
    }

    /// How many requests have left for Portkey, retries included.
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Relaxed)
    }

    /// Portkey's id of its latest answer that carried one.
    pub fn request_id(&self) -> Option<String> {
        self.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note_attempt(&self) {
        self.attempts.fetch_add(1, Relaxed);
    }

    pub(super) fn note_request_id(&self, id: &str) {
        let mut noted = self.request_id.lock().unwrap_or_else(PoisonError::into_inner);
        *noted = Some(id.to_owned());
    }
}
