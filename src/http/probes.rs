//! `/health` and `/ready`: for platforms, in words alone, without Host check and authentication.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};

use super::{
    Shared,
    lifecycle::{Lifecycle, Phase},
};

/// How long one look at Portkey holds.
const FRESH: Duration = Duration::from_secs(10);
/// How long Portkey may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What a look at Portkey found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    Reached,
    KeyRefused,
    Unreachable,
}

/// Looks whether Portkey answers and takes the key.
pub type Look = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Upstream> + Send>> + Send + Sync>;

/// What `/ready` goes by.
pub struct Readiness {
    lifecycle: Lifecycle,
    look: Option<Look>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    last: Option<(Instant, Upstream)>,
    /// Whether Portkey was reached at any time.
    ever: bool,
}

impl Readiness {
    /// Without `look`, Portkey does not matter.
    pub fn new(lifecycle: Lifecycle, look: Option<Look>) -> Self {
        Self { lifecycle, look, seen: Mutex::default() }
    }

    async fn word(&self) -> (StatusCode, &'static str) {
        match self.lifecycle.phase() {
            Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
            Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
            Phase::Serving => match &self.look {
                None => (StatusCode::OK, "ready"),
                Some(look) => self.upstream_word(look).await,
            },
        }
    }

    async fn upstream_word(&self, look: &Look) -> (StatusCode, &'static str) {
        // Held while looking: of many probes at once, one asks and the others wait for its answer.
        let mut seen = self.seen.lock().await;
        let fresh = seen.last.filter(|(at, _)| at.elapsed() < FRESH);
        let upstream = if let Some((_, upstream)) = fresh {
            upstream
        } else {
            let upstream = tokio::time::timeout(PATIENCE, look()).await;
            let upstream = upstream.unwrap_or(Upstream::Unreachable);
            seen.last = Some((Instant::now(), upstream));
            upstream
        };
        seen.ever |= upstream == Upstream::Reached;
        match upstream {
            Upstream::Reached => (StatusCode::OK, "ready"),
            Upstream::Unreachable if seen.ever => (StatusCode::OK, "degraded"),
            Upstream::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
            Upstream::KeyRefused => (StatusCode::SERVICE_UNAVAILABLE, "key refused"),
        }
    }
}

pub async fn health() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

pub async fn ready(State(shared): State<Shared>) -> Response {
    let (status, word) = match shared.readiness.word().await {
        (StatusCode::OK, _) if !shared.gate.is_ready() => {
            (StatusCode::SERVICE_UNAVAILABLE, "no keys to verify tokens with yet")
        }
        (StatusCode::OK, _) if shared.gate.is_degraded() || shared.limiter.is_alone() => {
            (StatusCode::OK, "degraded")
        }
        known => known,
    };
    (status, Json(json!({ "status": word }))).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn portkey_gone_after_it_was_there_is_a_degradation() {
        let reachable = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&reachable);
        let look: Look = Arc::new(move || {
            let reached = asked.load(Ordering::SeqCst);
            let seen = if reached { Upstream::Reached } else { Upstream::Unreachable };
            Box::pin(async move { seen })
        });
        let lifecycle = Lifecycle::default();
        lifecycle.enter(Phase::Serving);
        let readiness = Readiness::new(lifecycle.clone(), Some(look));
        assert_eq!(readiness.word().await, (StatusCode::OK, "ready"));

        reachable.store(false, Ordering::SeqCst);
        assert_eq!(readiness.word().await, (StatusCode::OK, "ready"), "still fresh");
        readiness.seen.lock().await.last = None;
        assert_eq!(readiness.word().await, (StatusCode::OK, "degraded"));

        lifecycle.enter(Phase::Draining);
        assert_eq!(readiness.word().await, (StatusCode::SERVICE_UNAVAILABLE, "draining"));
    }
}
