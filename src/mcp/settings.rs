//! Settings of the MCP side.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use http::HeaderMap;
use rmcp::model::CacheScope;
use serde::Deserialize;
use serde_json::Value;

use crate::auth::{Challenge, PrincipalId};

/// Whether legacy clients get sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionMode {
    Stateful,
    Stateless,
}

impl SessionMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stateful => "stateful",
            Self::Stateless => "stateless",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub session_mode: SessionMode,
    /// Legacy sessions in memory, over all principals.
    pub max_sessions: usize,
    /// A session that is not used for so long ends.
    pub session_timeout: Duration,
    /// Deadline of one tool call with all its requests.
    pub call_timeout: Duration,
    /// A call that is silent for so long gets its stream opened.
    pub silence: Duration,
    /// Streams of one caller that stay open by themselves.
    pub max_streams: usize,
    /// They end after so long.
    pub max_stream_age: Duration,
    /// Most bytes of a list's JSON; whole rows are kept.
    pub max_answer_bytes: usize,
    /// Deepest nesting of a message.
    pub max_json_depth: usize,
    /// Only tools that read.
    pub read_only: bool,
    /// The account is the built-in sandbox.
    pub sandbox: bool,
    /// Public only where every caller sees the same lists.
    pub cache_scope: CacheScope,
    /// What is said to a caller whose token's scopes lack something.
    pub challenge: Challenge,
}

/// Counts calls of tools that destroy, by caller.
pub type Brake = Arc<dyn Fn(PrincipalId) -> BoxFuture<'static, Result<(), TooMany>> + Send + Sync>;

/// A call too many.
#[derive(Clone, Debug)]
pub struct TooMany {
    pub message: String,
    /// The `data` of the JSON-RPC error.
    pub data: Value,
    pub headers: HeaderMap,
}
