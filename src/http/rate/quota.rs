//! What a caller is told of its limits.
//!
//! Sources: draft-ietf-httpapi-ratelimit-headers-11 (`RateLimit-Policy: "name";q=300;w=60`,
//! `RateLimit: "name";r=299;t=1`: lists, so that several limits stand side by side), RFC 9110
//! section 10.2.3 (`Retry-After`).

use std::time::Duration;

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Rate, Taken};
use crate::http::error::{self, Error, whole_seconds};

pub const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// JSON-RPC's "internal error": the protocol allows no codes of a server's own.
const RPC_CODE: i32 = -32603;

/// What is left after a request that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    Unlimited,
    Left(Left),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    policy: &'static str,
    rate: Rate,
    left: u32,
    full_in: Duration,
}

/// A request too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    left: Left,
    /// Until one more is let through.
    pub retry_after: Duration,
}

pub(super) fn told(policy: &'static str, rate: Rate, taken: Taken) -> Result<Quota, Limited> {
    let left = Left { policy, rate, left: taken.left, full_in: taken.full_in };
    match taken.wait {
        None => Ok(Quota::Left(left)),
        Some(retry_after) => Err(Limited { left, retry_after }),
    }
}

impl Quota {
    /// Adds the headers; a second limit's stand beside the first one's.
    pub fn tell(&self, headers: &mut HeaderMap) {
        if let Self::Left(left) = self {
            left.tell(headers);
        }
    }
}

impl Left {
    fn tell(&self, headers: &mut HeaderMap) {
        let Self { policy, rate, left, full_in } = self;
        let (burst, window, reset) =
            (rate.burst, whole_seconds(rate.window()), whole_seconds(*full_in));
        let fields = [
            (POLICY, format!("\"{policy}\";q={burst};w={window}")),
            (LIMIT, format!("\"{policy}\";r={left};t={reset}")),
        ];
        for (name, text) in fields {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.append(name, value);
            }
        }
    }
}

impl Limited {
    /// `address`, `principal` or `destructive`.
    pub fn policy(&self) -> &'static str {
        self.left.policy
    }

    /// What is told to a caller.
    pub fn message(&self) -> String {
        let Left { policy, rate, .. } = self.left;
        let of_whom = match policy {
            "address" => "from this address",
            "principal" => "of this caller",
            _ => "of this caller for tools that destroy",
        };
        format!(
            "too many requests {of_whom} (at most {} in {} s): try again in {} s",
            rate.burst,
            whole_seconds(rate.window()),
            self.retry_seconds()
        )
    }

    /// For [`Self::response`] and for JSON-RPC errors that have an id.
    pub fn tell(&self, headers: &mut HeaderMap) {
        self.left.tell(headers);
        headers.insert(RETRY_AFTER, self.retry_seconds().into());
    }

    /// The `data` of a JSON-RPC error.
    pub fn data(&self) -> serde_json::Value {
        json!({ "code": "rate_limited", "limit": self.policy(), "retry_after_seconds": self.retry_seconds() })
    }

    /// 429 to a request of which nothing was read: a JSON-RPC error at the MCP endpoint, else JSON as
    /// for every other refusal.
    pub fn response(&self, request: Request) -> Response {
        let mut response = if request.uri().path() == "/mcp" {
            let (parts, body) = request.into_parts();
            error::abandon(&parts.headers, body);
            let error = json!({ "code": RPC_CODE, "message": self.message(), "data": self.data() });
            let body = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
            let json = HeaderValue::from_static("application/json");
            (StatusCode::TOO_MANY_REQUESTS, [(CONTENT_TYPE, json)], body).into_response()
        } else {
            let status = StatusCode::TOO_MANY_REQUESTS;
            error::refuse(request, Error::new(status, "rate_limited", self.message()))
        };
        self.tell(response.headers_mut());
        response
    }

    fn retry_seconds(&self) -> u64 {
        error::retry_seconds(self.retry_after)
    }
}
