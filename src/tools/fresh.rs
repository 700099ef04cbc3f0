//! Reads that a change is built upon: they must not lag behind what this server wrote before.
//!
//! For things whose reads carry no version's id: what a read shows stands for its version.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde_json::Value;

use crate::tool::{Call, Error, Result, unwrapped};

/// How long to wait, between reads, for one that is not stale.
const WAITS_MS: [u64; 4] = [100, 200, 400, 800];

/// One thing that is read and written.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Template of the path that shows it.
    pub path: &'static str,
    /// The path's field, and what fills it.
    pub field: &'static str,
    pub id: &'a str,
}

impl Place<'_> {
    /// What is there now, after a wait where reads lag behind a write of the last minute.
    ///
    /// # Errors
    /// Also when they still lag after it: then nothing may be built upon them.
    pub async fn read(self, call: &Call) -> Result<Value> {
        let (shown, stale) = self.look(call).await?;
        if stale {
            let message =
                "Portkey still shows a state that was replaced moments ago; nothing was written";
            return Err(Error::Stale(message.into()));
        }
        Ok(shown)
    }

    /// Remembers that a write replaced what was read, and says so if reads do not show that yet.
    pub async fn wrote(self, call: &Call, before: &Value) -> Option<&'static str> {
        call.replaced(&self.key(), &version(before));
        match self.look(call).await {
            Ok((_, false)) => None,
            Ok((_, true)) => Some("saved; Portkey's reads still show the older state"),
            Err(_) => Some("saved; it could not be read back to see that reads show it"),
        }
    }

    async fn look(self, call: &Call) -> Result<(Value, bool)> {
        let mut waits = WAITS_MS.iter();
        loop {
            let args = serde_json::json!({ self.field: self.id });
            let shown = unwrapped(call.get(self.path, args).await?);
            let stale = call.is_stale(&self.key(), &version(&shown));
            match waits.next() {
                Some(wait) if stale => call.pause(Duration::from_millis(*wait)).await,
                _ => return Ok((shown, stale)),
            }
        }
    }

    fn key(self) -> String {
        format!("{} {}", self.path, self.id)
    }
}

fn version(shown: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    shown.to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
