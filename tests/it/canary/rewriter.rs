//! A server between this one and the sandbox that puts canaries into the answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use http::header;
use portkey_admin_mcp::sandbox::Sandbox;
use reqwest::Client;
use serde_json::Value;
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

use super::places::PLACES;
use crate::routes::Route;

/// What every canary begins with, and nothing else has in it.
pub const CANARY: &str = "kestrel";

/// How often a canary was put at each of the places.
pub type Planted = Arc<Vec<AtomicUsize>>;

/// What it does to the answers.
#[derive(Clone)]
pub struct Rewriter {
    pub http: Client,
    pub planted: Planted,
    /// Answers with canaries end in the middle.
    pub cuts: bool,
}

/// Ends when it is dropped.
pub struct Between {
    /// Where the API is found.
    pub base_url: Url,
    task: AbortHandle,
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Rewriter {
    /// Serves the sandbox's answers, rewritten.
    pub async fn serve(&self, sandbox: &Sandbox) -> Between {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let state = (self.clone(), sandbox.base_url());
        let app = Router::new().fallback(forward).with_state(state);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Between { base_url: base_url.parse().unwrap(), task: task.abort_handle() }
    }

    fn rewritten(&self, operation: &str, body: Bytes) -> Bytes {
        let places = PLACES.iter().enumerate().filter(|(_, place)| place.operation == operation);
        let mut places = places.peekable();
        if places.peek().is_none() {
            return body;
        }
        // An empty answer gets what it could have said.
        let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        for (number, place) in places {
            let count = place.plant(&mut answer, &format!("{CANARY}-{number}-"));
            self.planted[number].fetch_add(count, Ordering::Relaxed);
        }
        let mut text = answer.to_string();
        if self.cuts {
            text.pop();
        }
        text.into()
    }
}

async fn forward(State((rewriter, sandbox)): State<(Rewriter, Url)>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let url = sandbox.join(parts.uri.path_and_query().unwrap().as_str()).unwrap();
    parts.headers.remove(header::HOST);
    let request =
        rewriter.http.request(parts.method.clone(), url).headers(parts.headers).body(body);
    let answer = request.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for name in ["content-type", "x-request-id", "retry-after"] {
        if let Some(value) = answer.headers().get(name) {
            response = response.header(name, value);
        }
    }
    let is_success = answer.status().is_success();
    let mut body = answer.bytes().await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri.path());
    if is_success && let Some(route) = Route::of(&line) {
        body = rewriter.rewritten(route.line, body);
    }
    response.body(Body::from(body)).unwrap()
}
