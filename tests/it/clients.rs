//! rmcp's own client, in every revision that it and the server speak, over HTTP through the whole
//! binary and over standard input and output.

mod lists;

use std::process::Stdio;

use http::StatusCode;
use portkey_admin_mcp::tools::Catalogue;
use rmcp::{
    RoleClient, ServiceError,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, Implementation,
        ProtocolVersion,
    },
    service::{ClientLifecycleMode, ClientServiceExt, RunningService},
    transport::{
        StreamableHttpClientTransport, TokioChildProcess,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

use crate::{
    process::{Ask, Server, Variables, command},
    support::MODERN,
};

const TOKEN: &str = "a-token-of-the-tests-7f3a";
const BEARER: Variables<'static> = &[("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", TOKEN)];

/// Every revision with the way that a client begins in it.
fn revisions() -> Vec<(ProtocolVersion, ClientLifecycleMode)> {
    let modern = ProtocolVersion::V_2026_07_28;
    let mut revisions =
        vec![(modern.clone(), ClientLifecycleMode::Discover { preferred_versions: vec![modern] })];
    for legacy in [
        ProtocolVersion::V_2025_03_26,
        ProtocolVersion::V_2025_06_18,
        ProtocolVersion::V_2025_11_25,
    ] {
        revisions.push((legacy, ClientLifecycleMode::Initialize));
    }
    revisions
}

struct Client {
    running: RunningService<RoleClient, ClientConfig>,
    version: ProtocolVersion,
}

fn config(version: &ProtocolVersion) -> ClientConfig {
    let client = Implementation::new("rmcp-client", "1");
    ClientConfig::new(ClientCapabilities::default(), client).with_protocol_version(version.clone())
}

impl Client {
    async fn over_http(
        server: &Server,
        token: Option<&str>,
        (version, lifecycle): (ProtocolVersion, ClientLifecycleMode),
    ) -> Result<Self, String> {
        // reqwest wants a provider, even in clear; an error says that one is installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let uri = format!("http://{}/mcp", server.address);
        let mut settings = StreamableHttpClientTransportConfig::with_uri(uri);
        settings.auth_header = token.map(str::to_owned);
        let transport = StreamableHttpClientTransport::with_client(http, settings);
        let running = config(&version).serve_with_lifecycle(transport, lifecycle).await;
        Ok(Self { running: running.map_err(|error| error.to_string())?, version })
    }

    async fn over_stdio((version, lifecycle): (ProtocolVersion, ClientLifecycleMode)) -> Self {
        let command = command(&["stdio", "--sandbox"], &[]);
        let builder = TokioChildProcess::builder(command).stderr(Stdio::null());
        let (transport, _) = builder.spawn().unwrap();
        let running = config(&version).serve_with_lifecycle(transport, lifecycle).await.unwrap();
        Self { running, version }
    }

    async fn try_call(&self, tool: &str, args: Value) -> Result<CallToolResult, ServiceError> {
        let Value::Object(args) = args else { unreachable!() };
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(args);
        self.running.call_tool(call).await
    }

    /// The structured content of a success.
    async fn call(&self, tool: &str, args: Value) -> Value {
        let result = self.try_call(tool, args).await.unwrap();
        assert_ne!(result.is_error, Some(true), "{tool} in {}: {result:?}", self.version);
        let structured = result.structured_content.unwrap();
        let text = &result.content[0].as_text().unwrap().text;
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), structured, "{tool}");
        structured
    }

    /// Everything that a client does.
    async fn goes_through_a_day(&self) {
        let about = self.running.peer_info().unwrap();
        assert_eq!(about.server_info.clone().unwrap().name, "portkey-admin");
        assert!(about.instructions.clone().unwrap().starts_with("SANDBOX"));

        let listed = self.running.list_all_tools().await.unwrap();
        let catalogue = Catalogue::new(&[]).unwrap();
        let known: Vec<_> =
            catalogue.entries().iter().map(|entry| json!(entry.definition)).collect();
        assert_eq!(json!(listed), json!(known), "{}", self.version);

        let list = self.call("list_configs", json!({})).await;
        assert_eq!(list["total"], list["data"].as_array().unwrap().len());
        let document =
            json!({ "virtual_key": "vk", "retry": { "attempts": 1 }, "api_key": "hidden" });
        let made =
            self.call("create_config", json!({ "name": "Of a client", "config": document })).await;
        let slug = made["id"].clone();
        let change = json!({ "slug": slug, "config": { "retry": { "attempts": 2 } }, "if_version": made["version_id"] });
        let updated = self.call("update_config", change).await;
        let got = self.call("get_config", json!({ "slug": slug })).await;
        assert_eq!(got["version_id"], updated["version_id"]);
        assert_eq!(got["config"]["retry"]["attempts"], 2);
        assert_eq!(got["config"]["virtual_key"], "vk");
        assert_ne!(got["config"]["api_key"], "hidden");
        self.call("delete_config", json!({ "slug": slug })).await;

        let period = json!({
            "time_of_generation_min": "2020-01-01T00:00:00Z", "time_of_generation_max": "2100-01-01T00:00:00Z",
        });
        let cost = self.call("get_cost_analytics", period).await;
        assert!(cost["summary"]["total"].as_u64().unwrap() > 0 && cost["data_points"].is_array());
        self.promotes_a_prompt().await;
        self.meets_errors().await;
    }

    async fn promotes_a_prompt(&self) {
        let prompts = self.call("list_prompts", json!({ "page_size": 100 })).await;
        let prompts = prompts["data"].as_array().unwrap();
        let source = &prompts[0];
        let target = prompts
            .iter()
            .map(|row| &row["collection_id"])
            .find(|it| **it != source["collection_id"])
            .unwrap();
        // A name that was used moments ago counts as there, since Portkey's search lags behind.
        let name = format!("Promoted in {}", self.version);
        let args = json!({
            "source_prompt_id": source["id"], "target_collection_id": target,
            "target_env": "staging", "target_name": name, "publish": true,
        });
        let mut trial = args.clone();
        trial["dry_run"] = true.into();
        let told = self.call("promote_prompt", trial).await;
        assert_eq!(told["action"], "would_create", "{told}");
        let made = self.call("promote_prompt", args.clone()).await;
        assert_eq!(made["action"], "created", "{made}");
        let again = self.call("promote_prompt", args).await;
        assert_eq!(again["action"], "unchanged", "{again}");
        let (theirs, ours) = (
            self.call("get_prompt", json!({ "prompt_id": source["id"] })).await,
            self.call("get_prompt", json!({ "prompt_id": again["target_prompt_id"] })).await,
        );
        assert_eq!(ours["string"], theirs["string"]);
        assert_eq!(ours["name"], name);
        self.call("delete_prompt", json!({ "prompt_id": again["target_prompt_id"] })).await;
    }

    async fn meets_errors(&self) {
        let Err(ServiceError::McpError(error)) = self.try_call("list_config", json!({})).await
        else {
            panic!("a tool that is not there was called in {}", self.version);
        };
        assert_eq!(error.code.0, -32602);
        assert!(error.message.contains("`list_configs`"), "{error}");
        for (tool, args, word) in [
            ("get_config", json!({}), "`slug` is required"),
            ("get_config", json!({ "slug": "a", "slag": "b" }), "did you mean `slug`"),
            ("get_config", json!({ "slug": "pc-not-there" }), "404"),
        ] {
            let result = self.try_call(tool, args).await.unwrap();
            assert_eq!(result.is_error, Some(true), "{tool}");
            assert!(result.structured_content.is_none());
            let text = &result.content[0].as_text().unwrap().text;
            assert!(text.contains(word), "{text}");
        }
    }
}

#[tokio::test]
async fn rmcps_client_works_over_http_in_every_revision() {
    let server = Server::sandbox(BEARER).await;
    for revision in revisions() {
        let client = Client::over_http(&server, Some(TOKEN), revision).await.unwrap();
        client.goes_through_a_day().await;
        client.running.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn rmcps_client_works_without_sessions_too() {
    let server = Server::sandbox(&[("MCP_SESSION_MODE", "stateless")]).await;
    for revision in revisions() {
        let client = Client::over_http(&server, None, revision).await.unwrap();
        client.goes_through_a_day().await;
        client.running.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn rmcps_client_works_over_stdio_in_every_revision() {
    for revision in revisions() {
        let client = Client::over_stdio(revision).await;
        client.goes_through_a_day().await;
        client.running.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn without_the_token_no_client_gets_in() {
    let server = Server::sandbox(BEARER).await;
    for token in [None, Some("a-token-of-the-tests-7f3b"), Some("")] {
        for revision in revisions() {
            assert!(Client::over_http(&server, token, revision).await.is_err(), "{token:?}");
        }
        let mut ask = Ask::modern(1, "tools/list", json!({}));
        if let Some(token) = token {
            ask = ask.with("authorization", &format!("Bearer {token}"));
        }
        let reply = server.ask(&ask).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED.as_u16(), "{token:?} {MODERN}");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer"));
    }
}
