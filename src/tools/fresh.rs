//! Reads that a change is built upon: they must not lag behind what this server wrote before.
//!
//! For things whose reads carry no version's id: what a read shows stands for its version.

use serde_json::{Value, json};

use crate::tool::{Call, Error, JsonObject, Result, unwrapped};

/// One thing that is read and written.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Template of the path that shows it.
    pub path: &'static str,
    /// The path's field, and what fills it.
    pub field: &'static str,
    pub id: &'a str,
    /// The fields that are written.
    pub written: &'static [&'static str],
}

impl Place<'_> {
    /// What is there now, after a wait where reads lag behind a write of the last minute.
    ///
    /// # Errors
    /// Also when they still lag after it: then nothing may be built upon them.
    pub async fn read(self, call: &Call) -> Result<Value> {
        let (shown, fresh) = self.look(call).await?;
        if !fresh {
            let message =
                "Portkey still shows a state that was replaced moments ago; nothing was written";
            return Err(Error::Stale(message.into()));
        }
        Ok(shown)
    }

    /// Remembers that a write put the fields of `body` over what was read, and says so if reads do
    /// not show that yet.
    pub async fn wrote(
        self,
        call: &Call,
        before: &Value,
        body: &JsonObject,
    ) -> Option<&'static str> {
        let field = |name: &str| body.get(name).or_else(|| before.get(name));
        let after = self.version(field);
        call.wrote(&self.key(), &self.version(|name| before.get(name)), Some(&after));
        match self.look(call).await {
            Ok((_, true)) => None,
            Ok((_, false)) => Some("saved; Portkey's reads still show the older state"),
            Err(_) => Some("saved; it could not be read back to see that reads show it"),
        }
    }

    async fn look(self, call: &Call) -> Result<(Value, bool)> {
        call.patiently(move || async move {
            let shown = unwrapped(call.get(self.path, json!({ self.field: self.id })).await?);
            let version = self.version(|name| shown.get(name));
            let fresh = !call.is_stale(&self.key(), &version);
            Ok((shown, fresh))
        })
        .await
    }

    fn key(self) -> String {
        format!("{} {}", self.path, self.id)
    }

    fn version<'v>(self, field: impl Fn(&str) -> Option<&'v Value>) -> String {
        let fields: Vec<_> = self.written.iter().map(|name| field(name)).collect();
        json!(fields).to_string()
    }
}
