//! The issuer's keys: fetched by tasks of their own, kept through an outage, looked up without
//! waiting for anybody else's fetch.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use jsonwebtoken::Validation;
use reqwest::{Client, StatusCode};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::{
    download,
    jwks::{Key, KeySet},
    settings::Pace,
};

/// Largest key set that is read; Clerk's is about 1 KiB.
const MAX_BYTES: usize = 256 * 1024;
/// First pause after a fetch that failed while there are no keys at all; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Keys of one issuer. The task that keeps them fresh ends when this is dropped.
pub struct Keys {
    shared: Arc<Shared>,
    end: DropGuard,
}

struct Shared {
    http: Client,
    url: Url,
    pace: Pace,
    set: ArcSwapOption<KeySet>,
    last: Mutex<Last>,
    /// Counts the fetches that ended.
    ended: watch::Sender<u64>,
}

/// The latest fetch.
#[derive(Default)]
struct Last {
    begun: Option<Instant>,
    ended: bool,
    /// Fetches in a row that brought nothing.
    failures: u32,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The issuer does not have it.
    Unknown,
    /// The issuer's keys are not known well enough to say so.
    Unreachable { retry_after: Duration },
}

impl Keys {
    pub fn new(http: Client, url: Url, pace: Pace) -> Self {
        let shared = Shared {
            http,
            url,
            pace,
            set: ArcSwapOption::empty(),
            last: Mutex::default(),
            ended: watch::Sender::default(),
        };
        Self { shared: Arc::new(shared), end: CancellationToken::new().drop_guard() }
    }

    /// Fetches the keys for the first time and keeps them fresh from then on.
    pub async fn start(&self) {
        let (shared, end) = (Arc::clone(&self.shared), self.end.token().clone());
        if shared.begin(Duration::ZERO) {
            shared.fetch().await;
        }
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = end.cancelled() => return,
                    () = sleep(shared.until_due()) => {}
                }
                if shared.begin(shared.pause()) {
                    shared.fetch().await;
                }
            }
        });
    }

    /// Whether there was a set at any time.
    pub fn were_there(&self) -> bool {
        self.shared.set.load().is_some()
    }

    /// Takes a document for one that was fetched just now; returns whether it has keys.
    pub fn hold(&self, document: &[u8]) -> bool {
        let Some(set) = KeySet::read(document) else { return false };
        self.shared.set.store(Some(Arc::new(set)));
        *self.shared.last() = Last { begun: Some(Instant::now()), ended: true, failures: 0 };
        true
    }

    /// The set that tokens may be verified with now.
    pub fn current(&self) -> Guard<Option<Arc<KeySet>>> {
        let set = self.shared.set.load();
        match &*set {
            Some(keys) if keys.age() >= self.shared.pace.kept => Guard::from_inner(None),
            _ => set,
        }
    }

    /// Finds a key. Only a caller who asks for a key that is not there, and for whom keys may be
    /// fetched just now, waits, and not for long.
    pub async fn find(&self, id: &str, template: &Validation) -> Result<Arc<Key>, Missing> {
        let (shared, pace) = (&self.shared, self.shared.pace);
        let known = self.current().clone();
        if let Some(set) = &known {
            // A platform that froze the process also stopped its timers.
            if set.age() >= pace.fresh {
                shared.refresh();
            }
            if let Some(key) = set.key(id, template).await {
                return Ok(key);
            }
        }
        let mut ended = shared.ended.subscribe();
        if shared.refresh() {
            let _ = timeout(pace.patience, ended.changed()).await;
            let found = self.current().clone();
            if let Some(key) = match found {
                Some(set) => set.key(id, template).await,
                None => None,
            } {
                return Ok(key);
            }
        }
        let last = shared.last();
        if last.ended && last.failures == 0 && self.current().is_some() {
            return Err(Missing::Unknown);
        }
        let since = last.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
        let wait = if last.ended { pace.cooldown.saturating_sub(since) } else { FIRST_PAUSE };
        Err(Missing::Unreachable { retry_after: wait.max(FIRST_PAUSE) })
    }
}

impl Shared {
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes leave to fetch, if nobody fetches and the latest fetch began long enough ago.
    fn begin(&self, pause: Duration) -> bool {
        let mut last = self.last();
        if let Some(begun) = last.begun {
            // One that has not ended by then was cut off.
            let pause = if last.ended { pause } else { self.pace.fetch * 2 };
            if begun.elapsed() < pause {
                return false;
            }
        }
        last.begun = Some(Instant::now());
        last.ended = false;
        true
    }

    /// Begins a fetch for a request, in a task of its own, if one may begin now.
    fn refresh(self: &Arc<Self>) -> bool {
        let may = self.begin(self.pace.cooldown);
        if may {
            let shared = Arc::clone(self);
            tokio::spawn(async move { shared.fetch().await });
        }
        may
    }

    /// How long the timer waits after a fetch that failed.
    fn pause(&self) -> Duration {
        let failures = self.last().failures;
        if failures == 0 || self.set.load().is_some() {
            return self.pace.cooldown;
        }
        let doubled = 1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX);
        FIRST_PAUSE.saturating_mul(doubled).min(self.pace.cooldown)
    }

    /// Until the timer fetches again.
    fn until_due(&self) -> Duration {
        let pause = self.pause();
        let last = self.last();
        let after = if last.failures == 0 { self.pace.fresh } else { pause };
        let since = last.begun.map_or(after, |begun| begun.elapsed());
        after.saturating_sub(since).max(Duration::from_millis(10))
    }

    async fn fetch(&self) {
        let fetched = self.download().await;
        let failures = match fetched {
            Ok(set) => {
                self.set.store(Some(Arc::new(set)));
                0
            }
            Err(why) => {
                let kept = self.set.load().is_some();
                tracing::warn!(why, kept, "the keys of `clerk.jwks_url` could not be fetched");
                self.last().failures.saturating_add(1)
            }
        };
        let mut last = self.last();
        last.failures = failures;
        last.ended = true;
        drop(last);
        self.ended.send_modify(|count| *count += 1);
    }

    async fn download(&self) -> Result<KeySet, String> {
        let request = self.http.get(self.url.clone());
        let document = download::fetch(request, MAX_BYTES, self.pace.fetch).await;
        let document = document.map_err(|failure| failure.to_string())?;
        if document.status != StatusCode::OK {
            return Err(format!("status {}", document.status.as_u16()));
        }
        KeySet::read(&document.body).ok_or_else(|| "no key set with a key to use".to_owned())
    }
}
