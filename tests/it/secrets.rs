//! No secret leaves: not in a result, not in an error, not in a log.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
};

use http::Method;
use portkey_admin_mcp::{
    mask::SENTINEL,
    sandbox::Fault,
    tool::Effect,
    tools::{Catalogue, Entry},
};
use serde_json::{Value, json};
use tracing::{Dispatch, subscriber::NoSubscriber};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{
    arguments::least,
    process::{Ask, Server},
    support::{Account, Called, Served, serve_key, settings},
};

/// Part of every secret in these tests; nothing else holds it.
const CANARY: &str = "kestrel-7d1f";

/// A document with a secret in every place that has one.
fn document(mark: &str) -> Value {
    let secret = |place: &str| format!("{CANARY}-{mark}-{place}");
    json!({
        "provider": "openai",
        "api_key": secret("key"),
        "custom_host": format!("https://user:{}@h.example/v1?token={}&x=1", secret("userinfo"), secret("query")),
        "headers": { "Authorization": format!("Bearer {}", secret("bearer")), "x-team": secret("header") },
        "custom_headers": { "list": [secret("list"), { "deep": secret("deep") }] },
        "aws_access_key_id": secret("aws"), "aws_secret_access_key": secret("aws"),
        "aws_session_token": secret("aws"), "azure_api_key": secret("azure"),
        "azureEntraClientSecret": secret("entra"), "client_secret": secret("client"),
        "vertex_service_account_json": secret("vertex"), "password": secret("password"),
        "targets": [
            { "virtual_key": "vk", "api_key": secret("target"), "weight": 1 },
            {
                "strategy": { "mode": "fallback" },
                "targets": [
                    { "provider": "anthropic", "X-Api-Key": secret("nested"),
                      "request_headers": { "cookie": secret("cookie") } },
                    { "custom_host": format!("https://{}@h.example", secret("host")) },
                ],
            },
        ],
        "before_request_hooks": [{ "type": "webhook", "headers": { "x": secret("hook") },
            "url": format!("https://hooks.example/x?sig={}", secret("sig")) }],
        "mcp": { "auth_config": { "token_value": secret("auth"), "scopes": [secret("scope")] },
            "credentials": { "any": secret("credentials") }, "refresh_token": secret("refresh") },
        "metadata": { "signed_url": secret("signed"), "private_key": secret("private") },
    })
}

/// What is logged in this thread, as the server logs it at the finest level.
pub struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    /// While there is one subscriber alone, a line that another thread comes to first, where there
    /// is none, is off for all.
    _second: Dispatch,
}

impl Log {
    pub fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let layer = fmt::layer().with_ansi(false).with_writer(move || Sink(Arc::clone(&sink)));
        let filter = EnvFilter::new("info,rmcp=warn,hyper=warn,portkey_admin_mcp=trace");
        let subscriber = tracing_subscriber::registry().with(filter).with(layer);
        let second = Dispatch::new(NoSubscriber::new());
        (Self { lines, _second: second }, tracing::subscriber::set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.lines.lock().unwrap().clone()).unwrap()
    }
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What there is to ask about, each with secrets wherever the sandbox can store some.
struct Planted {
    config: String,
    prompt: Value,
    version: Value,
    collection: Value,
    guardrail: Value,
    log: String,
    secret_reference: Value,
    /// Of other domains: what `id` or `slug` names.
    ids: HashMap<&'static str, Value>,
    virtual_key: Value,
    api_key: Value,
}

/// Logs a request with secrets where there are some, and gives the log's id.
async fn plant_log(served: &Served) -> String {
    let secrets =
        json!({ "authorization": format!("Bearer {CANARY}"), "x": format!("{CANARY}-x") });
    let entry = json!({
        "request": { "url": format!("https://u:{CANARY}@h.example/v1?key={CANARY}"),
            "headers": secrets, "portkeyHeaders": { "x-portkey-config": format!("{CANARY}-config") },
            "body": { "model": "m", "mcp": { "headers": secrets }, "api_key": CANARY } },
        "response": { "headers": secrets, "body": { "access_token": CANARY } },
        "metadata": { "trace_id": "t-planted", "span_id": "s-planted" },
    });
    let account = served.account("workspace");
    account.post("/logs", &entry).await;
    let body = json!({ "requested_data": ["id"], "filters": { "trace_id": "t-planted" } });
    let export = account.post("/logs/exports", &body).await;
    let path = format!("/logs/exports/{}", export["id"].as_str().unwrap());
    account.post(&format!("{path}/start"), &json!({})).await;
    for _ in 0..2 {
        account.get(&path).await;
    }
    let link = account.get(&format!("{path}/download")).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let file = http.get(link["signed_url"].as_str().unwrap()).send().await.unwrap();
    let line: Value = serde_json::from_str(file.text().await.unwrap().trim()).unwrap();
    line["id"].as_str().unwrap().to_owned()
}

async fn plant(served: &Served) -> Planted {
    let account = &served.account("admin");
    let config = account.config("Planted", &document("stored")).await;
    let changed = json!({ "config": document("newer") });
    account.send(Method::PUT, &format!("/configs/{config}"), &changed).await;
    let workspaces = account.get("/admin/workspaces").await;
    let workspace = &workspaces["data"][0]["id"];
    let key = json!({
        "name": "Planted", "provider": "azure-openai", "key": format!("{CANARY}-virtual-key"),
        "workspace_id": workspace, "note": format!("https://u:{CANARY}@h.example"),
        "deploymentConfig": [{ "apiKey": format!("{CANARY}-deployment"), "apiVersion": "1" }],
    });
    let virtual_key = account.post("/virtual-keys", &key).await["data"]["slug"].take();
    let reference = json!({
        "name": "Planted", "manager_type": "hashicorp_vault", "secret_path": "kv/planted",
        "auth_config": { "vault_auth_type": "token", "vault_addr": "https://vault.example.com",
            "vault_token": format!("{CANARY}-vault"), "vault_namespace": format!("{CANARY}-namespace") },
    });
    let reference = account.post("/secret-references", &reference).await;
    let key = json!({
        "name": "Planted", "scopes": [], "workspace_id": workspace,
        "description": format!("https://u:{CANARY}@h.example"),
        "defaults": { "metadata": document("defaults") },
    });
    let api_key = account.post("/api-keys/workspace/service", &key).await["id"].take();
    let prompts = account.get("/prompts").await;
    let source = &prompts["data"][0];
    let prompt = json!({
        "name": "Planted", "collection_id": source["collection_id"], "virtual_key": "vk",
        "string": "Hello {{name}}", "model": "gpt-4o",
        "parameters": document("parameters"), "template_metadata": document("metadata"),
    });
    let made = account.post("/prompts", &prompt).await;
    let id = [&made["id"], &made["data"]["id"]].into_iter().find(|id| id.is_string()).unwrap();
    let guardrail = json!({
        "name": "Planted", "workspace_id": workspace,
        "checks": [{ "id": "default.webhook", "parameters": document("check") }],
        "actions": { "deny": true, "async": false,
            "on_success": { "feedback": { "value": 1, "weight": 1, "metadata": "" } },
            "on_fail": { "feedback": { "value": 1, "weight": 1, "metadata": "" } } },
    });
    let guardrail = account.post("/guardrails", &guardrail).await["id"].clone();
    let versions = account.get(&format!("/prompts/{}/versions", id.as_str().unwrap())).await;
    let rows = versions["data"].as_array().or(versions.as_array()).unwrap();
    Planted {
        config,
        prompt: id.clone(),
        version: rows[0]["id"].clone(),
        collection: source["collection_id"].clone(),
        guardrail,
        log: plant_log(served).await,
        secret_reference: reference["id"].clone(),
        ids: plant_gateways(account, workspace).await,
        virtual_key,
        api_key,
    }
}

/// Deployments and integrations.
async fn plant_gateways(account: &Account, workspace: &Value) -> HashMap<&'static str, Value> {
    let secret = |place: &str| format!("{CANARY}-{place}");
    let deployment = json!({ "name": "Planted", "deployment_config": document("deployment"),
        "auth_settings": { "gateway_base_url": format!("https://u:{}@g.example", secret("gateway")) } });
    // Served in the other version alone.
    let deployment = account.post("/../v2/deployments", &deployment).await;
    let mcp = json!({ "name": "Planted", "auth_type": "headers", "transport": "http",
        "url": format!("https://u:{}@m.example/mcp?token={}", secret("mcp"), secret("mcp")),
        "configurations": document("mcp") });
    let mcp = account.post("/mcp-integrations", &mcp).await;
    let access = json!({ "workspaces": [], "global_workspace_access": { "enabled": true } });
    let path = format!("/mcp-integrations/{}/workspaces", mcp["id"].as_str().unwrap());
    account.send(Method::PUT, &path, &access).await;
    let server =
        json!({ "name": "Planted", "mcp_integration_id": mcp["id"], "workspace_id": workspace });
    let server = account.post("/mcp-servers", &server).await;
    let integration = json!({ "name": "Planted", "ai_provider_id": "openai",
        "key": secret("provider"), "slug": "planted", "configurations": {
            "custom_host": format!("https://u:{}@llm.example", secret("host")),
            "custom_headers": { "x-any": secret("header") },
            "aws_secret_access_key": secret("aws"), "azure_entra_client_secret": secret("entra"),
            "vertex_service_account_json": { "private_key": secret("vertex") } } });
    account.post("/integrations", &integration).await;
    let model = json!({ "models": [{ "slug": "planted", "enabled": true, "is_custom": true,
        "configurations": { "custom_headers": { "x-any": secret("model") } } }] });
    account.send(Method::PUT, "/integrations/planted/models", &model).await;
    HashMap::from([
        ("integrations", json!("planted")),
        ("deployments", deployment["id"].clone()),
        ("mcp-integrations", mcp["id"].clone()),
        ("mcp-servers", server["id"].clone()),
    ])
}

/// Arguments that reach what was planted.
fn arguments(entry: &Entry, planted: &Planted) -> Value {
    let schema = json!(entry.tool.input().full);
    let mut args = least(&schema);
    let properties = schema["properties"].as_object().unwrap();
    let known = planted.ids.get(entry.domain);
    for (name, value) in [
        ("slug", known.cloned().unwrap_or_else(|| json!(planted.config))),
        ("id", known.unwrap_or(&planted.secret_reference).clone()),
        ("configurations", document("given")),
        ("deployment_config", document("given")),
        ("prompt_id", planted.prompt.clone()),
        ("source_prompt_id", planted.prompt.clone()),
        ("version_id", planted.version.clone()),
        ("collection_id", planted.collection.clone()),
        ("guardrail_id", planted.guardrail.clone()),
        ("log_id", json!(planted.log)),
        ("checks", json!([{ "id": "default.webhook", "parameters": document("given") }])),
        ("target_collection_id", planted.collection.clone()),
        ("target_name", json!("Planted copy")),
        ("label_id", json!("3fa85f64-5717-4562-b3fc-2c963f66afa6")),
        ("string", json!("Hello {{name}}, again")),
        ("model", json!("gpt-4o-mini")),
        ("config", document("given")),
        ("parameters", document("given")),
        ("page_size", json!(100)),
        ("time_of_generation_min", json!("2020-01-01T00:00:00Z")),
        ("time_of_generation_max", json!("2100-01-01T00:00:00Z")),
        ("metadata", json!({ "client_id": "c", "app": "a", "env": "e" })),
    ] {
        let analytics = entry.domain == "analytics" && name == "metadata";
        if properties.contains_key(name) && !analytics {
            args[name] = value;
        }
    }
    if entry.domain == "keys" {
        for (name, value) in [
            ("slug", planted.virtual_key.clone()),
            ("id", planted.api_key.clone()),
            ("key", json!(format!("{CANARY}-given"))),
            ("note", json!(format!("https://u:{CANARY}@h.example"))),
            ("model_config", json!({ "awsSecretAccessKey": format!("{CANARY}-given") })),
            ("defaults", json!({ "metadata": document("given") })),
        ] {
            if properties.contains_key(name) {
                args[name] = value;
            }
        }
    }
    args
}

/// Nothing that came back holds a secret, also where it is escaped or cut.
fn is_clean(called: &Called) {
    let wire = called.wire();
    assert!(!wire.contains("kestrel"), "{} leaks: {wire}", called.tool);
}

/// Calls every tool, reads before writes and writes before deletions.
async fn call_everything(served: &Served, planted: &Planted) -> usize {
    let catalogue = Catalogue::new(&[]).unwrap();
    let order = [Effect::Reads, Effect::Adds, Effect::Replaces, Effect::Destroys];
    let mut succeeded = 0;
    for effect in order {
        for entry in catalogue.entries().iter().filter(|entry| entry.tool.effect == effect) {
            let args = arguments(entry, planted);
            for dry_run in [true, false] {
                let mut args = args.clone();
                if entry.tool.input().full["properties"].get("dry_run").is_some() {
                    args["dry_run"] = dry_run.into();
                } else if dry_run {
                    continue;
                }
                let called = served.call(entry.tool.name, args).await;
                is_clean(&called);
                succeeded += usize::from(!called.failed());
            }
        }
    }
    succeeded
}

#[tokio::test]
async fn no_tool_shows_a_stored_secret_and_no_log_has_one() {
    let (log, _guard) = Log::begin();
    for key in ["admin", "workspace", "read-only"] {
        let served = serve_key(settings(), key).await;
        let planted = plant(&served).await;
        let succeeded = call_everything(&served, &planted).await;
        assert!(succeeded >= 30, "only {succeeded} calls of {key} had something to show");
    }
    let text = log.text();
    assert!(text.contains("tool error"), "errors are logged: {text}");
    assert!(!text.contains("kestrel"), "{text}");
    assert!(!text.contains("sandbox-admin-"), "the key is logged: {text}");
}

#[tokio::test]
async fn a_masked_answer_still_says_what_is_there() {
    let served = serve_key(settings(), "admin").await;
    let planted = plant(&served).await;
    let got = served.call("get_config", json!({ "slug": planted.config })).await;
    let config = &got.data()["config"];
    assert_eq!(config["api_key"], SENTINEL);
    assert_eq!(
        config["custom_host"],
        format!("https://{SENTINEL}@h.example/v1?token={SENTINEL}&x=1")
    );
    assert_eq!(config["targets"][0]["virtual_key"], "vk");
    assert_eq!(config["custom_headers"]["list"][1]["deep"], SENTINEL);
    let versions = served.call("list_config_versions", json!({ "slug": planted.config })).await;
    assert_eq!(versions.data()["data"][1]["config"]["api_key"], SENTINEL);
}

/// Nobody gets to see a secret by what they write beside it.
#[tokio::test]
async fn a_write_does_not_unmask_what_is_stored() {
    let served = serve_key(settings(), "admin").await;
    let account = served.account("admin");
    let headers =
        json!({ "x-auth": format!("{CANARY}-header"), "api_key": format!("{CANARY}-key") });
    let document = json!({ "headers": headers, "mcp": { "auth_config": headers } });
    let slug = account.config("Probed", &document).await;
    for patch in [
        json!({ "headers": { "type": "string" } }),
        json!({ "headers": { "type": "object", "properties": {}, "description": "d" } }),
        json!({ "mcp": { "auth_config": { "type": "null" }, "type": "object" } }),
        json!({ "type": "object", "properties": { "headers": null } }),
    ] {
        let args = json!({ "slug": slug, "config": patch });
        is_clean(&served.call("update_config", args).await);
        is_clean(&served.call("get_config", json!({ "slug": slug })).await);
        is_clean(&served.call("list_config_versions", json!({ "slug": slug })).await);
    }
}

#[tokio::test]
async fn no_error_tells_a_secret_that_was_given() {
    let (log, _guard) = Log::begin();
    let served = serve_key(settings(), "admin").await;
    let planted = plant(&served).await;
    let slug = &planted.config;
    let whole = document("given");
    let with = |name: &str, value: Value| {
        let mut document = whole.clone();
        document[name] = value;
        document
    };
    let secret = json!(format!("{CANARY}-value"));
    let wrong = [
        // Refused here.
        ("create_config", json!({ "name": "", "config": whole })),
        ("create_config", json!({ "name": "x", "config": with("retry", secret.clone()) })),
        (
            "create_config",
            json!({ "name": "x", "config": with("strategy", json!({ "mode": secret })) }),
        ),
        (
            "create_config",
            json!({ "name": "x", "config": with("request_timeout", secret.clone()) }),
        ),
        (
            "create_config",
            json!({ "name": "x", "config": with("api_key", json!(format!("{CANARY}***"))) }),
        ),
        ("create_config", json!({ "name": "x", "config": secret })),
        ("create_config", json!({ "name": "x", "config": whole, "is_default": secret })),
        (
            "create_config",
            json!({ "name": "x", "config": whole, "targets": [{ "api_key": secret }] }),
        ),
        ("create_config", json!({ "name": "x", "config": whole, "cache_mode": secret })),
        ("create_config", json!({ "name": { "secret": secret }, "config": whole })),
        ("update_config", json!({ "slug": slug, "config": whole, "status": secret })),
        ("update_config", json!({ "slug": slug, "config": with("token", json!(SENTINEL)) })),
        (
            "update_config",
            json!({ "slug": slug, "config": { "custom_host": "https://x", "api_key": SENTINEL } }),
        ),
        ("update_config", json!({ "slug": slug, "config": whole, "if_version": "other" })),
        ("get_config", json!({ "slug": slug, "token": secret })),
        ("get_cost_analytics", json!({ "time_of_generation_min": secret, "cost_min": secret })),
        // Refused by the API.
        (
            "create_config",
            json!({ "name": "x", "config": with("strategy", json!({ "mode": "conditional" })) }),
        ),
        ("create_config", json!({ "name": "x", "config": whole, "workspace_id": "ws-not-there" })),
        ("update_config", json!({ "slug": slug, "config": { "strategy": { "mode": "newer" } } })),
    ];
    for (tool, args) in wrong {
        let called = served.call(tool, args).await;
        called.error();
        is_clean(&called);
    }
    let update = json!({ "slug": slug, "config": with("request_timeout", json!(77)) });
    for fault in [
        Fault::Status(500),
        Fault::Status(502),
        Fault::Truncated,
        Fault::Lost,
        Fault::Html,
        Fault::Empty,
        Fault::RateLimited { retry_after: None },
    ] {
        for (method, tool, args) in [
            (Method::GET, "get_config", json!({ "slug": slug })),
            (Method::GET, "list_config_versions", json!({ "slug": slug })),
            (Method::PUT, "update_config", update.clone()),
            (Method::POST, "create_config", json!({ "name": "x", "config": whole })),
        ] {
            served.sandbox.faults().inject(Some(method), "/configs", 9, fault);
            is_clean(&served.call(tool, args).await);
            served.sandbox.faults().clear();
        }
    }
    let text = log.text();
    assert!(text.contains("tool error") && !text.contains("kestrel"), "{text}");
}

/// The whole binary with everything logged: the layers before the tools have the arguments too.
#[tokio::test]
async fn the_binary_logs_no_secret_at_any_level() {
    for (level, format) in [("debug", "text"), ("trace", "json")] {
        let server = Server::sandbox(&[("LOG_LEVEL", level), ("LOG_FORMAT", format)]).await;
        let call = async |tool: &str, args: Value| {
            let reply = server.ask(&Ask::call(tool, args)).await;
            assert!(!reply.text().contains("kestrel"), "{tool}: {}", reply.text());
            reply.json()["result"]["structuredContent"].take()
        };
        let made =
            call("create_config", json!({ "name": "Logged", "config": document("given") })).await;
        let slug = made["id"].as_str().unwrap();
        call("get_config", json!({ "slug": slug })).await;
        call("list_config_versions", json!({ "slug": slug })).await;
        call(
            "update_config",
            json!({ "slug": slug, "config": document("other"), "dry_run": true }),
        )
        .await;
        call("update_config", json!({ "slug": slug, "config": document("other") })).await;
        call("update_config", json!({ "slug": slug, "config": document("x"), "status": CANARY }))
            .await;
        call("no_such_tool", json!({ "api_key": CANARY })).await;
        let session = server.initialize("2025-11-25").await;
        let params = json!({ "name": "create_config", "arguments": { "name": "Legacy", "config": document("legacy") } });
        let reply = server.ask(&Ask::legacy(&session, 2, "tools/call", params)).await;
        assert!(!reply.text().contains("kestrel"), "{}", reply.text());
        server.ask(&Ask::text(format!("{{\"jsonrpc\":\"2.0\",\"{CANARY}"))).await;
        call("get_config", json!({ "slug": "pc-the-last" })).await;
        let log = server.log();
        assert!(log.contains("tool error"), "{log}");
        assert!(!log.contains("kestrel"), "{log}");
    }
}
