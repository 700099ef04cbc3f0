//! Legacy services: one per principal, so that no session or stream of one can be reached by
//! another. rmcp itself binds nothing to a principal.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use rmcp::transport::streamable_http_server::{
    SessionId, StreamableHttpServerConfig, StreamableHttpService,
    session::local::{LocalSessionManager, SessionConfig},
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{Handler, SessionMode, Settings};
use crate::auth::PrincipalId;

/// So many principals have services at once.
const MAX_SERVICES: usize = 256;

pub(super) type Service<H> = StreamableHttpService<H, LocalSessionManager>;

/// A principal's service and its sessions.
#[derive(Clone)]
pub(super) struct Legacy<H> {
    pub service: Service<H>,
    pub sessions: Arc<LocalSessionManager>,
}

pub(super) struct Services<H> {
    settings: Settings,
    server: H,
    shutdown: CancellationToken,
    by_principal: Mutex<HashMap<PrincipalId, Legacy<H>>>,
    /// Sessions that are about to begin.
    beginning: AtomicUsize,
}

/// A place for a session that is about to begin.
pub(super) struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl<H: Handler> Services<H> {
    pub fn new(settings: Settings, server: H, shutdown: CancellationToken) -> Self {
        let (by_principal, beginning) = (Mutex::default(), AtomicUsize::new(0));
        Self { settings, server, shutdown, by_principal, beginning }
    }

    /// The principal's service; `None` when all places are taken by others with sessions.
    pub async fn of(&self, id: PrincipalId) -> Option<Legacy<H>> {
        let mut services = self.by_principal.lock().await;
        if let Some(legacy) = services.get(&id) {
            return Some(legacy.clone());
        }
        if services.len() >= MAX_SERVICES {
            let mut idle = None;
            for (id, legacy) in &*services {
                if legacy.sessions.sessions.read().await.is_empty() {
                    idle = Some(*id);
                    break;
                }
            }
            services.remove(&idle?);
        }
        let legacy = self.make();
        services.insert(id, legacy.clone());
        Some(legacy)
    }

    fn make(&self) -> Legacy<H> {
        let mut session = SessionConfig::default();
        session.keep_alive = Some(self.settings.session_timeout);
        // No stream can be resumed: a finished one's answer would only cost memory.
        session.completed_cache_ttl = Duration::ZERO;
        let mut sessions = LocalSessionManager::default();
        sessions.session_config = session;
        let sessions = Arc::new(sessions);
        let server = self.server.clone();
        let config = config(&self.shutdown)
            .with_legacy_session_mode(self.settings.session_mode == SessionMode::Stateful);
        let service =
            StreamableHttpService::new(move || Ok(server.clone()), sessions.clone(), config);
        Legacy { service, sessions }
    }

    /// A place for one more session; `None` when all are taken. Of many that come at once each
    /// counts those before it.
    pub async fn place(&self) -> Option<Place<'_>> {
        let before = self.beginning.fetch_add(1, Relaxed);
        let place = Place(&self.beginning);
        let (sessions, _) = self.counts().await;
        (sessions + before < self.settings.max_sessions).then_some(place)
    }

    /// Sessions over all principals, and how many principals have a service.
    pub async fn counts(&self) -> (usize, usize) {
        let services = self.by_principal.lock().await;
        let mut sessions = 0;
        for legacy in services.values() {
            sessions += legacy.sessions.sessions.read().await.len();
        }
        (sessions, services.len())
    }
}

impl<H> Legacy<H> {
    pub async fn has(&self, session: &SessionId) -> bool {
        self.sessions.sessions.read().await.contains_key(session)
    }
}

/// What both eras share. Host and Origin are checked by the layers before, sizes too.
pub(super) fn config(shutdown: &CancellationToken) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_json_response(true)
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(usize::MAX)
        .with_cancellation_token(shutdown.child_token())
}
