//! Redis, for what several instances of the server share. It may go away at any time: whoever asks
//! gets `None` then, soon, and goes on without.
//!
//! Every command has a deadline. After a few failures in a row nobody waits for Redis any more; a
//! task of its own looks until it is back. Both are logged once.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use redis::{AsyncConnectionConfig, RedisError, RedisResult};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

pub use deadpool_redis::Connection;

/// Failures in a row after which Redis counts as gone.
const FAILURES: u32 = 3;
/// Time between two looks whether it is back, and for one of them.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://` or `rediss://` with everything that a connection needs.
    pub url: SecretString,
    /// From asking to the answer, a new connection included.
    pub command_timeout: Duration,
}

/// Why there is no Redis at a URL; quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `redis://HOST:PORT/DATABASE`, with TLS `rediss://…`")]
pub struct NoRedis;

/// A pool of connections, made when they are needed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Redis(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: Pool,
    command_timeout: Duration,
    /// What happens while it is gone, for the log.
    without: &'static str,
    failures: AtomicU32,
    gone: AtomicBool,
}

impl Redis {
    /// Connects to nothing yet. `without` says in the log what its absence means.
    pub fn new(settings: &Settings, without: &'static str) -> Result<Self, NoRedis> {
        // `rediss` panics where no provider is installed. An error says that one is already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LOOK_TIMEOUT))
            .set_response_timeout(None);
        let manager = Manager::new_with_config(settings.url.expose_secret(), config);
        let pool = Pool::builder(manager.map_err(|_| NoRedis)?)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| NoRedis)?;
        Ok(Self(Arc::new(Inner {
            pool,
            command_timeout: settings.command_timeout,
            without,
            failures: AtomicU32::new(0),
            gone: AtomicBool::new(false),
        })))
    }

    /// Whether a connection could be made from this URL, by its form.
    pub fn check(url: &SecretString) -> Result<(), NoRedis> {
        redis::Client::open(url.expose_secret()).map(drop).map_err(|_| NoRedis)
    }

    /// Whether nobody waits for it just now.
    pub fn is_gone(&self) -> bool {
        self.0.gone.load(Ordering::Relaxed)
    }

    /// Runs `work` on a connection; `None` where that failed or took too long.
    pub async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Option<T> {
        let inner = &self.0;
        if self.is_gone() {
            return None;
        }
        let answer = timeout(inner.command_timeout, async {
            let mut connection = inner.pool.get().await.map_err(Failure::Pool)?;
            work(&mut connection).await.map_err(Failure::Command)
        });
        let failure = match answer.await {
            Ok(Ok(answer)) => {
                inner.failures.store(0, Ordering::Relaxed);
                return Some(answer);
            }
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Slow,
        };
        self.failed(&failure);
        None
    }

    fn failed(&self, failure: &Failure) {
        let inner = &self.0;
        tracing::debug!("a command to Redis failed: {}", failure.why());
        let failures = inner.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures >= FAILURES && !inner.gone.swap(true, Ordering::Relaxed) {
            tracing::warn!("Redis is gone ({}): {}", failure.why(), inner.without);
            tokio::spawn(await_return(Arc::downgrade(inner)));
        }
    }
}

/// Looks until Redis answers again, or until nobody wants it any more.
async fn await_return(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        let look = async {
            let mut connection = inner.pool.get().await.ok()?;
            redis::cmd("PING").query_async::<()>(&mut connection).await.ok()
        };
        if let Ok(Some(())) = timeout(LOOK_TIMEOUT, look).await {
            inner.failures.store(0, Ordering::Relaxed);
            inner.gone.store(false, Ordering::Relaxed);
            tracing::info!("Redis is back");
            return;
        }
    }
}

enum Failure {
    Pool(PoolError),
    Command(RedisError),
    Slow,
}

impl Failure {
    /// In words that hold nothing of the URL or of what was sent.
    fn why(&self) -> String {
        match self {
            Self::Pool(PoolError::Backend(error)) | Self::Command(error) => {
                error.code().map_or_else(|| error.category().to_owned(), str::to_owned)
            }
            Self::Pool(_) => "no connection".into(),
            Self::Slow => "no answer in time".into(),
        }
    }
}
