//! Answers that this service gives itself: JSON-RPC errors, and JSON in place of rmcp's plain text.

use axum::response::Response;
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use rmcp::model::{ErrorCode, ProtocolVersion};
use serde_json::{Value, json, value::RawValue};

use super::envelope::Malformed;
use crate::json as text;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON-RPC error with the id of its request, or null.
pub(super) fn error(
    status: StatusCode,
    id: Option<&RawValue>,
    code: ErrorCode,
    message: &str,
    data: Option<Value>,
) -> Response {
    json(status, error_body(id, code, message, data))
}

/// The same without HTTP.
pub(super) fn error_body(
    id: Option<&RawValue>,
    code: ErrorCode,
    message: &str,
    data: Option<Value>,
) -> String {
    let error = match data {
        Some(data) => json!({ "code": code.0, "message": message, "data": data }),
        None => json!({ "code": code.0, "message": message }),
    };
    let id = id.map_or("null", RawValue::get);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
}

/// What is told of a body that is no message.
pub(super) fn malformed(malformed: &Malformed) -> Response {
    let (code, message) = malformed.told();
    error(StatusCode::BAD_REQUEST, None, code, &message, None)
}

/// -32022 with the revisions to choose from (basic/versioning).
pub(super) fn unsupported(
    id: Option<&RawValue>,
    message: &str,
    supported: &[ProtocolVersion],
    requested: &str,
) -> Response {
    let data = json!({ "supported": supported, "requested": requested });
    let code = ErrorCode::UNSUPPORTED_PROTOCOL_VERSION;
    error(StatusCode::BAD_REQUEST, id, code, message, Some(data))
}

/// Why a message whose envelope is right cannot be read by rmcp, which does not say.
pub(super) fn unread(body: &[u8]) -> (ErrorCode, String) {
    match text::fault(body) {
        Some(fault) => (ErrorCode::PARSE_ERROR, format!("the message cannot be read: {fault}")),
        None => (ErrorCode::INVALID_REQUEST, "this is no message of the protocol".to_owned()),
    }
}

pub(super) fn json(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// 405 with the methods that are there.
pub(super) fn not_allowed(allow: &'static str) -> Response {
    let mut response = error(
        StatusCode::METHOD_NOT_ALLOWED,
        None,
        ErrorCode::INVALID_REQUEST,
        &format!("this method is not served here; there are: {allow}"),
        None,
    );
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// 503 with a time to come back.
pub(super) fn busy(id: Option<&RawValue>, message: &str) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = error(status, id, ErrorCode::INTERNAL_ERROR, message, None);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// rmcp's plain-text errors as JSON-RPC errors, in words that leak nothing of the inside; its streams
/// as ones that nobody keeps.
pub(super) fn in_json(mut response: Response, id: Option<&RawValue>, stopping: bool) -> Response {
    response.headers_mut().remove(CACHE_CONTROL);
    let status = response.status();
    let is_text = response.headers().get(CONTENT_TYPE).is_none_or(|kind| !is_structured(kind));
    if !(status.is_client_error() || status.is_server_error()) || !is_text {
        return response;
    }
    let (code, message) = match status {
        StatusCode::BAD_REQUEST => (
            ErrorCode::INVALID_REQUEST,
            "bad request: send `initialize` first and its `Mcp-Session-Id` with every request after \
             it, and an `MCP-Protocol-Version` that this server supports",
        ),
        StatusCode::NOT_FOUND => (
            ErrorCode::INVALID_REQUEST,
            "this session is not there (any more): send `initialize` again",
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            (ErrorCode::INVALID_REQUEST, "this method is not served here")
        }
        StatusCode::NOT_ACCEPTABLE => (
            ErrorCode::INVALID_REQUEST,
            "`Accept` has to name application/json and text/event-stream (GET: text/event-stream)",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            ErrorCode::INVALID_REQUEST,
            "`Content-Type` has to be application/json and the body one JSON-RPC message",
        ),
        StatusCode::CONFLICT => {
            (ErrorCode::INVALID_REQUEST, "this session has a stream of this kind already")
        }
        _ if stopping => (ErrorCode::INTERNAL_ERROR, "the server stopped; the outcome is unknown"),
        _ if status.is_client_error() => (ErrorCode::INVALID_REQUEST, "the request was refused"),
        _ => (ErrorCode::INTERNAL_ERROR, "the request failed inside the server"),
    };
    let mut told = error(status, id, code, message, None);
    if let Some(allow) = response.headers().get(ALLOW) {
        told.headers_mut().insert(ALLOW, allow.clone());
    }
    told
}

fn is_structured(kind: &HeaderValue) -> bool {
    kind.to_str().is_ok_and(|kind| {
        kind.starts_with("application/json") || kind.starts_with("text/event-stream")
    })
}

/// A body of two parts that is written without joining them.
pub(super) fn two_parts(first: Bytes, second: Bytes) -> axum::body::Body {
    axum::body::Body::new(TwoParts { first: Some(first), second: Some(second) })
}

struct TwoParts {
    first: Option<Bytes>,
    second: Option<Bytes>,
}

impl http_body::Body for TwoParts {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let part = self.first.take().or_else(|| self.second.take());
        std::task::Poll::Ready(part.map(|part| Ok(http_body::Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.second.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let length = |part: &Option<Bytes>| part.as_ref().map_or(0, |part| part.len() as u64);
        http_body::SizeHint::with_exact(length(&self.first) + length(&self.second))
    }
}

/// A response whose stream holds on to `held` until it has ended.
pub(super) fn holding<T: Send + Unpin + 'static>(response: Response, held: T) -> Response {
    let kind = response.headers().get(CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    response.map(|body| axum::body::Body::new(Held { body, _held: held }))
}

struct Held<T> {
    body: axum::body::Body,
    _held: T,
}

impl<T: Unpin> http_body::Body for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
