//! What this server wrote in the last minute: Portkey's reads can lag behind its writes, and nothing
//! may be built upon a read that does (facts.md, "Spec against reality" 14).

use std::{future::Future, time::Duration};

use moka::sync::Cache;

use super::{call::Call, error::Result};

/// How long to wait, between reads, for one that shows what was written.
const WAITS_MS: [u64; 4] = [100, 200, 400, 800];
/// So many replaced versions of one thing are remembered.
const VERSIONS: usize = 16;

/// What was written to each thing. A version is an id, or the content itself.
#[derive(Clone)]
pub struct Recent(Cache<String, Written>);

#[derive(Clone, Default)]
struct Written {
    /// Oldest first.
    replaced: Vec<String>,
    /// What was written last, where it is known.
    last: Option<String>,
}

impl Default for Recent {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(60)).build())
    }
}

impl Call {
    /// Remembers that a write to `what` replaced the version `before` by `after`.
    pub fn wrote(&self, what: &str, before: &str, after: Option<&str>) {
        let Recent(cache) = &self.recent;
        let key = self.recent_key(what);
        let Written { mut replaced, .. } = cache.get(&key).unwrap_or_default();
        replaced.push(before.to_owned());
        // What came back is not old any more.
        replaced.retain(|old| Some(old.as_str()) != after);
        let surplus = replaced.len().saturating_sub(VERSIONS);
        replaced.drain(..surplus);
        cache.insert(key, Written { replaced, last: after.map(str::to_owned) });
    }

    /// Whether `version` of `what` is one that this server has replaced in the last minute: then a
    /// read that shows it lags behind.
    pub fn is_stale(&self, what: &str, version: &str) -> bool {
        self.written(what).replaced.iter().any(|old| old == version)
    }

    /// What was written to `what` in the last minute, where a read that shows `seen` lags behind it.
    pub fn newer(&self, what: &str, seen: &str) -> Option<String> {
        let Written { replaced, last } = self.written(what);
        last.filter(|_| replaced.iter().any(|old| old == seen))
    }

    /// Repeats a read for a moment until it is `true` that it shows enough; gives the last one.
    pub async fn patiently<T, F>(&self, mut read: impl FnMut() -> F + Send) -> Result<(T, bool)>
    where
        T: Send,
        F: Future<Output = Result<(T, bool)>> + Send,
    {
        let mut waits = WAITS_MS.iter();
        loop {
            let (shown, enough) = read().await?;
            match waits.next() {
                Some(wait) if !enough => self.pause(Duration::from_millis(*wait)).await,
                _ => return Ok((shown, enough)),
            }
        }
    }

    fn written(&self, what: &str) -> Written {
        let Recent(cache) = &self.recent;
        cache.get(&self.recent_key(what)).unwrap_or_default()
    }

    fn recent_key(&self, what: &str) -> String {
        format!("{}\n{what}", self.portkey.credential_name())
    }
}
