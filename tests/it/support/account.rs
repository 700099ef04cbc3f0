//! The sandbox seen past this server: what is stored, and what reached it.

use http::Method;
use portkey_admin_mcp::sandbox::{Received, Sandbox};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Served;

/// A plain client of the sandbox's own API.
pub struct Account {
    http: reqwest::Client,
    base: String,
    key: SecretString,
}

impl Account {
    pub fn new(sandbox: &Sandbox, key: &str) -> Self {
        // reqwest wants a provider, even in clear; an error says that one is installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, base: sandbox.base_url().to_string(), key: sandbox.key(key).unwrap() }
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("x-portkey-api-key", self.key.expose_secret());
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(Method::POST, path, body).await
    }

    /// Stores a config as another client would and returns its slug.
    pub async fn config(&self, name: &str, document: &Value) -> String {
        let body = serde_json::json!({ "name": name, "config": document });
        let made = self.post("/configs", &body).await;
        let id = made["data"]["id"].as_str().unwrap();
        let row = self.get(&format!("/configs/{id}")).await;
        row["slug"].as_str().unwrap().to_owned()
    }

    /// The stored document of a config, as text: every byte of it.
    pub async fn document(&self, slug: &str) -> String {
        let row = self.get(&format!("/configs/{slug}")).await;
        row["config"].as_str().unwrap().to_owned()
    }

    /// The slugs of all configs.
    pub async fn slugs(&self) -> Vec<String> {
        let list = self.get("/configs").await;
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|row| row["slug"].as_str().unwrap().to_owned()).collect()
    }
}

/// `METHOD /path`, as it left.
pub fn line(request: &Received) -> String {
    format!("{} {}", request.method, request.path)
}

impl Served {
    pub fn account(&self, key: &str) -> Account {
        Account::new(&self.sandbox, key)
    }

    /// What this server sent since the last time, oldest first.
    pub fn sent(&self) -> Vec<Received> {
        let mut sent = self.sandbox.requests();
        self.sandbox.forget_requests();
        sent.retain(|request| {
            request.headers.get("user-agent").is_some_and(|agent| {
                agent.to_str().is_ok_and(|agent| agent.starts_with("portkey-admin-mcp/"))
            })
        });
        sent
    }

    /// The same as `METHOD /path`.
    pub fn sent_lines(&self) -> Vec<String> {
        self.sent().iter().map(line).collect()
    }
}
