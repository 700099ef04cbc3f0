//! What a handler answers, and Portkey's error envelope `{success:false, data:{message, errorCode}}`.

use serde_json::{Value, json};

/// A success; always status 200.
#[derive(Debug)]
pub(super) enum Answer {
    Json(Value),
    /// No body at all, as some deletions answer.
    Empty,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

pub(super) type Outcome = Result<Answer, Refusal>;

/// Stands for the gateway's envelope, which has no code of the Admin API.
const GATEWAY: &str = "gateway";

/// Stands for the form of the public routes, which is words alone.
const PUBLIC: &str = "public";

/// A request that is not carried out.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    /// Absent for what Portkey's router answers before its API does.
    pub code: Option<&'static str>,
    pub message: String,
}

const HOOKS_FAILED: &str = "hooks_failed";

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code: Some(code), message: message.into() }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "AB01", message)
    }

    pub fn not_found(title: &str) -> Self {
        Self::new(404, "AB02", format!("{title} not found"))
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "AB03", message)
    }

    pub fn unauthorised() -> Self {
        Self::new(401, "AB05", "Unauthorised Request")
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "AB07", message)
    }

    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(413, "AB01", message)
    }

    /// What the gateway answers when a guardrail denies a request or its answer.
    pub fn denied(guardrail: &str) -> Self {
        let message = format!("The guardrail checks of {guardrail} failed");
        Self { status: 446, code: Some(HOOKS_FAILED), message }
    }

    pub fn no_route(method: &str, path: &str) -> Self {
        Self { status: 404, code: None, message: format!("Cannot {method} {path}") }
    }

    /// What the gateway itself refuses, in its own envelope.
    pub fn gateway(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: Some(GATEWAY), message: message.into() }
    }

    /// What a public route does not have.
    pub fn public(message: &str) -> Self {
        Self::new(404, PUBLIC, message)
    }

    /// The body and its content type.
    pub fn body(&self) -> (&'static str, String) {
        match self.code {
            Some(GATEWAY) => {
                let error =
                    json!({ "message": self.message, "type": "limit", "code": self.status });
                ("application/json", json!({ "error": error }).to_string())
            }
            Some(PUBLIC) => ("application/json", json!({ "error": self.message }).to_string()),
            // The gateway has a form of its own.
            Some(HOOKS_FAILED) => {
                let error = json!({ "message": self.message, "type": HOOKS_FAILED, "param": null,
                    "code": null });
                ("application/json", json!({ "error": error }).to_string())
            }
            Some(code) => {
                let data = json!({ "message": self.message, "errorCode": code });
                ("application/json", json!({ "success": false, "data": data }).to_string())
            }
            None => ("text/plain; charset=utf-8", self.message.clone()),
        }
    }
}
