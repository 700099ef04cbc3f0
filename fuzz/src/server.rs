//! The endpoint before a server that answers with the name of what was called.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use axum::{body::to_bytes, extract::Request};
use http::StatusCode;
use portkey_admin_mcp::{
    auth::{Method, Principal},
    config::{self, Inputs},
    mcp::{self, Calls, Endpoint, Handler, Server},
    portkey::{Credential, Portkey},
    tools::Catalogue,
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

pub static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::new(&[]).expect("all domains")));

/// Runs what one input needs; nothing goes on between two inputs.
static RUNTIME: LazyLock<Mutex<Runtime>> = LazyLock::new(|| {
    Mutex::new(Builder::new_current_thread().enable_all().build().expect("a runtime"))
});

/// An endpoint in which each legacy request stands alone, and what it called last.
pub struct Stub {
    endpoint: Endpoint<Names>,
    called: Arc<Mutex<Option<String>>>,
}

impl Stub {
    pub fn new() -> Self {
        let called = Arc::new(Mutex::new(None));
        let names = Names { calls: Calls::default(), called: Arc::clone(&called) };
        Self { endpoint: Endpoint::before(names, settings(), None), called }
    }

    /// The answer, and the tool that was called for it.
    pub fn ask(&self, request: Request) -> (Answer, Option<String>) {
        self.called.lock().expect("no panic").take();
        let answer = block_on(async { Answer::of(self.endpoint.handle(request).await).await });
        (answer, self.called.lock().expect("no panic").take())
    }
}

/// The product's own server, with an upstream that is not there.
pub fn product() -> Endpoint {
    let Inputs { environment, .. } = inputs();
    let config = config::load(&Inputs { environment, ..Inputs::default() }).config.expect("valid");
    let key = config.api_key.expect("a key");
    let base_url = config.portkey.base_url.clone();
    let credential = Credential { name: "default".into(), key, base_url };
    let portkey = Portkey::new(&config.portkey, credential).expect("a client");
    Endpoint::before(
        Server::new(&config.mcp, Arc::clone(&CATALOGUE), portkey.into()),
        config.mcp,
        None,
    )
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    // After an input that failed, the next one is still tried.
    let runtime = RUNTIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await.expect("an answer") })
}

fn inputs() -> Inputs {
    let variables = [("PORTKEY_API_KEY", "none"), ("MCP_SESSION_MODE", "stateless")];
    let environment: BTreeMap<_, _> =
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Inputs { environment, ..Inputs::default() }
}

fn settings() -> mcp::Settings {
    config::load(&inputs()).config.expect("valid").mcp
}

/// A caller whose token has these scopes; any, where it names none.
pub fn principal(scopes: Option<&[&str]>) -> Arc<Principal> {
    let mut principal = Principal::new(Method::Clerk, "default");
    principal.identity.scopes =
        scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect());
    Arc::new(principal)
}

/// What came back: the message of a JSON body, or the last of a stream.
pub struct Answer {
    pub status: StatusCode,
    pub message: Option<Value>,
}

impl Answer {
    pub async fn of(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a whole body");
        let text = std::str::from_utf8(&bytes).expect("UTF-8");
        let kind = parts.headers.get("content-type").map(|kind| kind.to_str().expect("text"));
        let message = match kind {
            _ if parts.headers.contains_key("content-encoding") => None,
            Some(kind) if kind.starts_with("text/event-stream") => text
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .filter(|data| !data.trim().is_empty())
                .map(|data| serde_json::from_str(data).expect("JSON in a stream"))
                .next_back(),
            _ if text.is_empty() => None,
            _ => Some(serde_json::from_str(text).expect("a body that is JSON")),
        };
        Self { status: parts.status, message }
    }

    pub fn code(&self) -> Option<i64> {
        self.message.as_ref()?["error"]["code"].as_i64()
    }
}

/// A request to the endpoint that lacks its body.
pub fn post(principal: &Arc<Principal>) -> http::request::Builder {
    Request::builder()
        .method(http::Method::POST)
        .uri("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .extension(Arc::clone(principal))
}

#[derive(Clone)]
struct Names {
    calls: Calls,
    called: Arc<Mutex<Option<String>>>,
}

impl Handler for Names {
    fn catalogue(&self) -> Option<&Catalogue> {
        Some(&CATALOGUE)
    }

    fn calls(&self) -> &Calls {
        &self.calls
    }
}

impl ServerHandler for Names {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        *self.called.lock().expect("no panic") = Some(request.name.into_owned());
        Ok(CallToolResult::success(Vec::new()).into())
    }
}
