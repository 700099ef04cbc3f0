//! A Portkey organisation in memory, served over real HTTP on the loopback interface.
//!
//! It needs no account, key or network: it answers the routes of `sandbox/routes.rs` as Portkey's
//! Admin API does (shapes, error envelope, paging, scopes, ids), keeps state, and computes its
//! analytics from one generated log of thirty days. Everything but the keys is a function of the
//! seed and of the time at which the log ends. It is no model of Portkey's prices or speed.

mod access;
mod analytics;
mod answer;
mod api_keys;
mod audit;
mod budget;
mod call;
mod collections;
mod configs;
mod crud;
mod dates;
mod deployments;
mod enforcement;
mod faults;
mod feedback;
mod guard;
mod guardrails;
mod ids;
mod integration;
mod integration_models;
mod integration_workspaces;
mod integrations;
mod invites;
mod labels;
mod log;
mod log_exports;
mod logs;
mod mcp_access;
mod mcp_capabilities;
mod mcp_integrations;
mod mcp_servers;
mod members;
mod models;
mod partials;
mod period;
mod policies;
mod prices;
mod prompt_run;
mod prompt_versions;
mod prompts;
mod providers;
mod received;
mod reply;
mod resource;
mod routes;
mod scim;
mod secret_references;
mod seed;
mod server;
mod state;
mod store;
mod template;
mod users;
mod virtual_keys;
mod workspaces;

#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{Arc, PoisonError},
};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

use self::server::Shared;
pub use self::{
    faults::{Fault, Faults, ParseFaultError, Planned},
    received::{Answered, Received},
};

/// What a sandbox is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Chooses every id, number and time of the seeded content.
    pub seed: u64,
    /// When the generated log ends and the clock starts; the present when absent.
    pub end: Option<Timestamp>,
    /// Rows of all tables together, above which a write is refused with 413.
    pub max_rows: usize,
    /// Bytes of all rows together, above which a write is refused with 413.
    pub max_bytes: usize,
    /// Faults that are in force from the start.
    pub faults: Vec<Planned>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, end: None, max_rows: 10_000, max_bytes: 8 << 20, faults: Vec::new() }
    }
}

/// A running sandbox; dropping it closes its listener and every connection.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    base_url: Url,
    task: AbortHandle,
}

impl Sandbox {
    /// Seeds the organisations and serves them on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let base_url = Url::parse(&format!("http://{address}/v1")).map_err(io::Error::other)?;
        let shared = Arc::new(Shared::new(settings, &base_url));
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, base_url, task })
    }

    /// The base URL of the API: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> Url {
        self.base_url.clone()
    }

    /// The key of a seeded credential. It holds randomness of this process, so that no other
    /// process on the machine can use the sandbox.
    pub fn key(&self, name: &str) -> Option<SecretString> {
        self.shared.keys.secret(name)
    }

    /// The seeded credentials: `admin`, `workspace`, `staging`, `read-only`, `other-admin`.
    pub fn key_names() -> Vec<&'static str> {
        seed::callers(0).iter().map(|caller| caller.name).collect()
    }

    /// The scope that the API asks for on this route, or several of which one is enough
    /// (`a.read | b.read`); `None` where there is no such route.
    pub fn scope(method: &str, path: &str) -> Option<&'static str> {
        Some(routes::Route::find(method, path)?.0.scope)
    }

    /// Faults to inject and how stale reads are.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Everything that is stored, secrets and all: by table and id, each with `slug`,
    /// `organisation` (0 or 1), `workspace`, `fields` and `versions`.
    pub fn stored(&self) -> Value {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).store.whole()
    }

    /// The last requests with what was answered, oldest first, without their keys.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.received.all()
    }

    /// Forgets the requests received so far.
    pub fn forget_requests(&self) {
        self.shared.received.clear();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
