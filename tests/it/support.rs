//! A sandbox, and an endpoint before it, in this process.

mod account;
mod called;
mod exchange;
pub mod hostile;
mod recording;
mod redis;
mod seeded;

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, Method, StatusCode};
use portkey_admin_mcp::{
    auth::{self, Principal},
    mcp::{Endpoint, SessionMode, Settings},
    portkey::{self, Credential, Portkey},
    sandbox::{self, Sandbox},
    tools::Catalogue,
};
use rmcp::model::CacheScope;
use serde_json::{Value, json};
use url::Url;

pub use account::{Account, line};
pub use called::Called;
pub use exchange::{Sends, joined};
pub use recording::Recording;
pub use redis::RedisServer;

pub const MODERN: &str = "2026-07-28";

/// The endpoint with its sandbox; both end when it is dropped.
pub struct Served {
    pub endpoint: Endpoint,
    pub sandbox: Sandbox,
}

pub fn settings() -> Settings {
    Settings {
        session_mode: SessionMode::Stateful,
        max_sessions: 1000,
        session_timeout: Duration::from_secs(3600),
        call_timeout: Duration::from_secs(20),
        silence: Duration::from_secs(5),
        max_streams: 1024,
        max_stream_age: Duration::from_secs(900),
        max_answer_bytes: 98_304,
        max_json_depth: 64,
        read_only: false,
        sandbox: true,
        cache_scope: CacheScope::Public,
        challenge: auth::Challenge::default(),
    }
}

pub async fn serve(settings: Settings) -> Served {
    serve_key(settings, "admin").await
}

/// With the seeded key of that name.
pub async fn serve_key(settings: Settings, key: &str) -> Served {
    let sandbox = Sandbox::start(sandbox::Settings::default()).await.unwrap();
    let portkey = portkey_of(&sandbox, key);
    let endpoint = Endpoint::new(settings, Arc::new(Catalogue::new(&[]).unwrap()), portkey);
    Served { endpoint, sandbox }
}

/// The credential of every principal here, whatever its key.
pub const CREDENTIAL: &str = "default";

/// A client of the sandbox that does not wait long between tries.
pub fn portkey_of(sandbox: &Sandbox, key: &str) -> Portkey {
    portkey_at(sandbox.base_url(), sandbox, key, CREDENTIAL)
}

/// The same, where the sandbox is found at another address and the credential has another name.
pub fn portkey_at(base_url: Url, sandbox: &Sandbox, key: &str, name: &str) -> Portkey {
    let settings = portkey::Settings {
        retry_delay: Duration::from_millis(5),
        retry_delay_max: Duration::from_millis(10),
        ..portkey::Settings::default()
    };
    let credential = Credential { name: name.to_owned(), key: sandbox.key(key).unwrap(), base_url };
    Portkey::for_sandbox(&settings, credential).unwrap()
}

pub fn principal(name: &str) -> Arc<Principal> {
    let subject = Some(name.to_owned());
    let mut principal = Principal::new(auth::Method::Bearer, CREDENTIAL);
    principal.identity.subject = subject;
    Arc::new(principal)
}

/// What came back, with its body read: JSON, or the last event of a stream.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        let event =
            text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).next_back();
        let json = event.unwrap_or(text);
        let body = if json.is_empty() { Value::Null } else { serde_json::from_str(json).unwrap() };
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub fn code(&self) -> Option<i64> {
        self.body["error"]["code"].as_i64()
    }
}

impl Served {
    /// The same sandbox behind an endpoint of other settings.
    pub fn with(self, settings: Settings) -> Self {
        let portkey = portkey_of(&self.sandbox, "admin");
        let endpoint = Endpoint::new(settings, Arc::new(Catalogue::new(&[]).unwrap()), portkey);
        Self { endpoint, ..self }
    }

    /// Sends one request as a principal, with these headers.
    pub async fn send(
        &self,
        principal: &Arc<Principal>,
        method: Method,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .extension(Arc::clone(principal));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { body.to_string().into() };
        Answer::read(self.endpoint.handle(request.body(body).unwrap()).await).await
    }

    /// A modern request, complete in every respect.
    pub async fn modern(&self, principal: &Arc<Principal>, method: &str, params: Value) -> Answer {
        let mut headers = vec![("mcp-protocol-version", MODERN), ("mcp-method", method)];
        let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
        headers.extend(name.as_deref().map(|name| ("mcp-name", name)));
        let mut params = params;
        params["_meta"] = meta(MODERN);
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(principal, Method::POST, &headers, &body).await
    }

    /// Begins a legacy session and returns its id.
    pub async fn initialize(&self, principal: &Arc<Principal>, version: &str) -> String {
        let answer = self.send(principal, Method::POST, &[], &initialize(version)).await;
        assert_eq!(answer.body["result"]["protocolVersion"], version, "{}", answer.body);
        let session = answer.headers["mcp-session-id"].to_str().unwrap().to_owned();
        let headers = [("mcp-session-id", &*session), ("mcp-protocol-version", version)];
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(
            self.send(principal, Method::POST, &headers, &ready).await.status,
            StatusCode::ACCEPTED
        );
        session
    }
}

pub fn initialize(version: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } })
}

/// What every modern request carries.
pub fn meta(version: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
    })
}
