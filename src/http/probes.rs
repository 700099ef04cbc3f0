//! `/health` and `/ready`: for platforms, in words alone, without Host check and authentication.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    Shared,
    lifecycle::{Lifecycle, Phase},
};

/// How long one look at Portkey holds, from its begin.
const FRESH: Duration = Duration::from_secs(10);
/// How long Portkey may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What a look at Portkey found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    Reached,
    /// With some of the keys.
    Partly,
    /// It takes none of the keys.
    KeyRefused,
    Unreachable,
}

/// Looks whether Portkey answers and takes the keys.
pub type Look = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Upstream> + Send>> + Send + Sync>;

/// What `/ready` goes by.
pub struct Readiness {
    lifecycle: Lifecycle,
    look: Option<Look>,
    last: Mutex<Option<Round>>,
    /// Whether Portkey was reached at any time.
    ever: Arc<AtomicBool>,
}

/// One look, for all who ask while it holds.
struct Round {
    begun: Instant,
    found: watch::Receiver<Option<Upstream>>,
}

impl Readiness {
    /// Without `look`, Portkey does not matter.
    pub fn new(lifecycle: Lifecycle, look: Option<Look>) -> Self {
        Self { lifecycle, look, last: Mutex::default(), ever: Arc::default() }
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
        let mut found = self.round(look);
        let upstream = found.wait_for(Option::is_some).await.ok().and_then(|found| *found);
        // Nothing is found by a look that panicked.
        match upstream.unwrap_or(Upstream::Unreachable) {
            Upstream::Reached => (StatusCode::OK, "ready"),
            Upstream::Partly => (StatusCode::OK, "degraded"),
            Upstream::Unreachable if self.ever.load(Ordering::Relaxed) => {
                (StatusCode::OK, "degraded")
            }
            Upstream::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
            Upstream::KeyRefused => (StatusCode::SERVICE_UNAVAILABLE, "key refused"),
        }
    }

    /// The look that holds, or a new one.
    fn round(&self, look: &Look) -> watch::Receiver<Option<Upstream>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(round) = last.as_ref().filter(|round| round.begun.elapsed() < FRESH) {
            return round.found.clone();
        }
        let (tell, found) = watch::channel(None);
        let (looking, ever) = (look(), Arc::clone(&self.ever));
        // A task of its own: anybody may ask, and go away to ask again.
        tokio::spawn(async move {
            let upstream = timeout(PATIENCE, looking).await.unwrap_or(Upstream::Unreachable);
            if matches!(upstream, Upstream::Reached | Upstream::Partly) {
                ever.store(true, Ordering::Relaxed);
            }
            tell.send_replace(Some(upstream));
        });
        *last = Some(Round { begun: Instant::now(), found: found.clone() });
        found
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
    use std::sync::atomic::AtomicUsize;

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
        *readiness.last.lock().unwrap() = None;
        assert_eq!(readiness.word().await, (StatusCode::OK, "degraded"));

        lifecycle.enter(Phase::Draining);
        assert_eq!(readiness.word().await, (StatusCode::SERVICE_UNAVAILABLE, "draining"));
    }

    #[tokio::test]
    async fn who_asks_and_goes_away_makes_nobody_look_again() {
        let looks = Arc::new(AtomicUsize::new(0));
        let answers = Arc::new(tokio::sync::Semaphore::new(0));
        let (counted, answer) = (Arc::clone(&looks), Arc::clone(&answers));
        let look: Look = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            Box::pin(async move {
                answer.acquire().await.unwrap().forget();
                Upstream::Reached
            })
        });
        let lifecycle = Lifecycle::default();
        lifecycle.enter(Phase::Serving);
        let readiness = Readiness::new(lifecycle, Some(look));
        for _ in 0..20 {
            assert!(timeout(Duration::ZERO, readiness.word()).await.is_err());
        }
        answers.add_permits(1);
        assert_eq!(readiness.word().await, (StatusCode::OK, "ready"), "it went on without them");
        assert_eq!(looks.load(Ordering::SeqCst), 1);
    }
}
