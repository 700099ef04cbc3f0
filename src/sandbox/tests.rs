//! The sandbox over HTTP, as its clients meet it.

mod access;
mod analytics;
mod configs;
mod faults;
mod gateways;
mod guardrails;
mod keys;
mod logs;
mod policies;
mod prices;
mod prompts;
mod rows;

use std::{future::Future, sync::Once, time::Duration};

use jiff::Timestamp;
use reqwest::{Client, Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{Sandbox, Settings};

/// When the logs of these tests end.
const END: &str = "2026-03-31T12:00:00Z";

fn settings() -> Settings {
    let end: Timestamp = END.parse().unwrap();
    Settings { end: Some(end), ..Settings::default() }
}

async fn sandbox() -> Sandbox {
    Sandbox::start(settings()).await.unwrap()
}

/// A client with one of the seeded keys.
struct Api {
    http: Client,
    base: Url,
    key: SecretString,
}

impl Api {
    fn new(sandbox: &Sandbox, key: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        });
        let http = Client::builder().no_proxy().build().unwrap();
        Self { http, base: sandbox.base_url(), key: sandbox.key(key).unwrap() }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.base);
        let request =
            self.http.request(method, url).header("x-portkey-api-key", self.key.expose_secret());
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    /// Status and body; a body that is not JSON is a string, none is null.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.send(method, path, body).await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        if text.is_empty() {
            return (status, Value::Null);
        }
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(body)).await;
        assert_eq!(status, 200, "POST {path}: {answer}");
        answer
    }

    async fn put(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::PUT, path, Some(body)).await;
        assert_eq!(status, 200, "PUT {path}: {answer}");
        answer
    }

    async fn delete(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::DELETE, path, None).await;
        assert_eq!(status, 200, "DELETE {path}: {answer}");
        answer
    }

    /// Status and error code of a request that is refused.
    async fn refused(&self, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
        let (status, answer) = self.ask(method, path, body).await;
        assert_eq!(answer["success"], json!(false), "{path}: {answer}");
        assert!(answer["data"]["message"].is_string(), "{path}: {answer}");
        (status, answer["data"]["errorCode"].as_str().unwrap_or_default().to_owned())
    }

    /// A field of the seeded row of this name.
    async fn seeded(&self, path: &str, name: &str, field: &str) -> String {
        let list = self.get(path).await;
        let row = list["data"].as_array().unwrap().iter().find(|row| row["name"] == name);
        row.unwrap_or_else(|| panic!("no {name} in {path}"))[field].as_str().unwrap().to_owned()
    }
}

/// A refusal as [`Api::refused`] gives it.
fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Fails when the future is not done soon.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}
