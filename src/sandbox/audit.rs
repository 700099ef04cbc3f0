//! The audit trail: one entry for every write, kept for the latest thousand.
//!
//! Entries have the fields of `GET /audit-logs`.

use std::collections::VecDeque;

use serde_json::{Value, json};

const ENTRIES: usize = 1_000;
/// A body is kept up to this length.
const BODY_BYTES: usize = 2_048;

#[derive(Debug, Default)]
pub(super) struct Audit(VecDeque<Value>);

/// What one write was.
pub(super) struct Write<'a> {
    pub timestamp: String,
    pub method: &'a str,
    pub uri: &'a str,
    pub query: &'a str,
    pub request_id: &'a str,
    pub body: &'a Value,
    pub key_id: &'a str,
    pub organisation_id: &'a str,
    pub workspace_id: Option<&'a str>,
    pub status: u16,
    /// Scope of the route: what it acts on and how.
    pub scope: &'a str,
}

impl Audit {
    pub fn note(&mut self, write: &Write<'_>) {
        let scope = write.scope.split(" | ").next().unwrap_or_default();
        let (resource_type, action) = scope.split_once('.').unwrap_or((scope, ""));
        if self.0.len() == ENTRIES {
            self.0.pop_front();
        }
        self.0.push_back(json!({
            "timestamp": write.timestamp,
            "method": write.method,
            "uri": write.uri,
            "request_id": write.request_id,
            "request_body": without_secrets(write.body),
            "query_params": write.query,
            "request_headers": "{}",
            "user_id": write.key_id,
            "user_type": "api_key",
            "organisation_id": write.organisation_id,
            "workspace_id": write.workspace_id,
            "response_status_code": write.status,
            "resource_type": resource_type,
            "action": action,
            "client_ip": "127.0.0.1",
            "country": null,
        }));
    }

    /// Oldest first.
    #[cfg(test)]
    pub fn entries(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }
}

/// The body as text, without the value of any field that holds a key.
fn without_secrets(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        for (name, value) in fields.iter_mut() {
            let name = name.to_ascii_lowercase();
            let secret = name == "key" || name.contains("secret") || name.contains("accesskey");
            if secret && value.is_string() {
                *value = json!("***");
            }
        }
    }
    let mut text = body.to_string();
    if text.len() > BODY_BYTES {
        let end = (0..=BODY_BYTES).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
