//! What the HTTP side answers when it refuses: one JSON shape for every error.
//!
//! `{"error":{"code":"…","message":"…"},"request_id":"…"}`

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT},
    },
    response::{IntoResponse, Response},
};
use http_body::Body as _;
use http_body_util::BodyExt;
use serde_json::json;

use super::request_id::RequestId;

/// How long the rest of a refused request is still read, so that its sender sees the answer
/// instead of a reset connection.
const LINGER: Duration = Duration::from_secs(2);

/// A refusal. As a response it stays without a body until [`render`] writes it.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: StatusCode,
    /// For programs: stable, in snake case.
    pub code: &'static str,
    /// For people: what was wrong and what to do.
    pub message: Cow<'static, str>,
    pub header: Option<(HeaderName, HeaderValue)>,
}

impl Error {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), header: None }
    }
}

impl IntoResponse for Error {
    fn into_response(mut self) -> Response {
        let mut response = self.status.into_response();
        response.headers_mut().extend(self.header.take());
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of a response that is an [`Error`]; leaves every other as it is.
pub fn render(response: &mut Response, id: &RequestId) {
    let Some(Error { code, message, .. }) = response.extensions_mut().remove::<Error>() else {
        return;
    };
    let body = json!({ "error": { "code": code, "message": message }, "request_id": id.as_str() });
    *response.body_mut() = Body::from(body.to_string());
    // The router has measured the body that was not there yet.
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
}

/// `Retry-After` (RFC 9110 section 10.2.3) in whole seconds, one at least, rounded up: who comes back
/// in time must find the door open.
pub fn retry_seconds(wait: Duration) -> u64 {
    whole_seconds(wait).max(1)
}

/// Rounded up: nobody shall come too early.
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Answers a request whose body nobody read.
pub fn refuse(request: Request, error: Error) -> Response {
    let (parts, body) = request.into_parts();
    abandon(&parts.headers, body);
    error.into_response()
}

/// Reads a body to its end for a while and forgets it.
pub fn abandon(headers: &HeaderMap, mut body: Body) {
    // Reading would make the server ask for the body of a client that waits for leave to send it.
    if body.is_end_stream() || headers.contains_key(EXPECT) {
        return;
    }
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
}

pub async fn not_found(request: Request) -> Response {
    let error = Error::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path; the MCP endpoint is exactly `/mcp`",
    );
    refuse(request, error)
}

pub async fn method_not_allowed(request: Request) -> Response {
    let error = Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not answer this method; `Allow` names those that it does",
    );
    refuse(request, error)
}
