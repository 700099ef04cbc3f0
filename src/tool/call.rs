//! One call of a tool: what it may use and what bounds it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    error::{Error, Result},
    recent::Recent,
    row::{Effect, Tool},
};
use crate::{
    auth::Principal,
    json::{Json, NotJson},
    portkey::{Base, Context, Method, Portkey, Request},
};

/// How far a call has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub done: u32,
    pub total: u32,
    /// What is being done, in a few words.
    pub message: String,
}

/// What a tool works with: a client bound to a credential, the caller, and the call's bounds.
pub struct Call {
    pub principal: Arc<Principal>,
    pub(crate) portkey: Portkey,
    pub(crate) context: Context,
    pub(crate) progress: Option<mpsc::UnboundedSender<Progress>>,
    pub(crate) recent: Recent,
    pub(crate) facts: Facts,
}

/// What the row says about its requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    pub reads: bool,
    pub replayable: bool,
    pub read_back: Option<&'static str>,
    pub base: Base,
}

impl From<&Tool> for Facts {
    fn from(tool: &Tool) -> Self {
        let reads = tool.effect == Effect::Reads;
        let &Tool { replayable, read_back, base, .. } = tool;
        Self { reads, replayable, read_back, base }
    }
}

impl Call {
    pub fn new(
        principal: Arc<Principal>,
        portkey: Portkey,
        recent: Recent,
        deadline: Instant,
        cancelled: CancellationToken,
        read_only: bool,
    ) -> Self {
        let context = Context::new(deadline, cancelled, read_only);
        Self { principal, portkey, context, progress: None, recent, facts: Facts::default() }
    }

    /// Sends one request and reads its answer.
    pub async fn send(&self, method: Method, path: &str, args: Value) -> Result<Value> {
        self.send_and_read(method, path, args, |json| Value::from(json)).await
    }

    /// Sends one request and has `read` make something of its answer.
    pub(crate) async fn send_and_read<T: Send>(
        &self,
        method: Method,
        path: &str,
        args: Value,
        read: impl Fn(Json<'_>) -> T + Sync,
    ) -> Result<T> {
        self.deliver(self.request(method, path, args), read).await
    }

    async fn deliver<T: Send>(
        &self,
        request: Request<'_>,
        read: impl Fn(Json<'_>) -> T + Sync,
    ) -> Result<T> {
        let made = Mutex::new(None);
        let look = |body: &Bytes| {
            let text = std::str::from_utf8(body).map_err(|_| NotJson)?;
            let answer = read(Json::read(text)?);
            *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            Ok(())
        };
        // A request's future is large; inside every future around it, it would be moved each time.
        Box::pin(self.portkey.send_and_read(request, &self.context, &look)).await?;
        let made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
        made.ok_or_else(|| Error::Answer("nothing was read".into()))
    }

    fn request<'r>(&self, method: Method, path: &'r str, args: Value) -> Request<'r> {
        let Facts { reads, replayable, read_back, base } = self.facts;
        Request { method, path, args, reads, replayable, read_back, base }
    }

    pub async fn get(&self, path: &str, args: Value) -> Result<Value> {
        self.send(Method::Get, path, args).await
    }

    /// As [`Call::get`], from another base than the row's.
    pub async fn get_from(&self, base: Base, path: &str, args: Value) -> Result<Value> {
        let request = Request { base, ..self.request(Method::Get, path, args) };
        self.deliver(request, |json| Value::from(json)).await
    }

    pub async fn post(&self, path: &str, args: Value) -> Result<Value> {
        self.send(Method::Post, path, args).await
    }

    pub async fn put(&self, path: &str, args: Value) -> Result<Value> {
        self.send(Method::Put, path, args).await
    }

    /// Tells the caller, if it asked to be told, how far the call has come.
    pub fn progress(&self, done: u32, total: u32, message: impl Into<String>) {
        if let Some(sender) = &self.progress {
            // The caller may have gone: then nobody needs to be told.
            let _ = sender.send(Progress { done, total, message: message.into() });
        }
    }

    /// Waits, unless the call would run out of time.
    pub async fn pause(&self, duration: Duration) {
        tokio::time::sleep_until(self.context.deadline.min(Instant::now() + duration)).await;
    }
}
