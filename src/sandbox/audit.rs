//! The audit trail: one entry for every write, kept for the latest thousand.
//!
//! Entries have the fields of `GET /audit-logs`.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    crud::Page,
    resource::Paging,
};

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
    /// The key, or the person.
    pub user_id: &'a str,
    pub organisation_id: &'a str,
    pub workspace_id: Option<&'a str>,
    pub status: u16,
    pub user_type: &'a str,
    /// Scope of the route: what it acts on and how.
    pub scope: &'a str,
}

impl Audit {
    pub fn note(&mut self, write: &Write<'_>) {
        let scope = write.scope.split(" | ").next().unwrap_or_default();
        let (family, action) = scope.split_once('.').unwrap_or((scope, ""));
        // The kinds of API keys differ in their scopes alone.
        let resource_type = if family.ends_with("_api_keys") { "api_keys" } else { family };
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
            "user_id": write.user_id,
            "user_type": write.user_type,
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

/// Filters that an entry's field has to equal.
const FILTERS: &[&str] = &[
    "method",
    "uri",
    "request_id",
    "user_id",
    "user_type",
    "workspace_id",
    "response_status_code",
    "resource_type",
    "action",
    "client_ip",
    "country",
];

/// `GET /audit-logs`, latest first; the organisation and both times have to be given.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let needed = |name: &str| {
        let value = call.query.get(name);
        value.ok_or_else(|| Refusal::bad_request(format!("\"{name}\" is required")))
    };
    let time = |name: &str| {
        let wrong = |_| Refusal::bad_request(format!("\"{name}\" must be in ISO 8601 date format"));
        needed(name)?.parse::<Timestamp>().map_err(wrong)
    };
    let (start, end) = (time("start_time")?, time("end_time")?);
    let organisation = needed("organisation_id")?;
    let own = call.state.organisations.get(call.caller.organisation).map(String::as_str);
    if own != Some(organisation) {
        return Err(Refusal::forbidden("the organisation is not the key's"));
    }
    let equals = |entry: &Value, name: &str| {
        let Some(wanted) = call.query.get(name) else { return true };
        match entry.get(name) {
            Some(Value::String(text)) => text == wanted,
            Some(Value::Number(number)) => number.to_string() == wanted,
            _ => false,
        }
    };
    let within = |entry: &Value| {
        let at = entry.get("timestamp").and_then(Value::as_str);
        let at = at.and_then(|at| at.parse::<Timestamp>().ok());
        at.is_some_and(|at| start <= at && at <= end)
    };
    let entries = call.state.audit.0.iter().rev().filter(|entry| {
        entry.get("organisation_id").and_then(Value::as_str) == own
            && within(entry)
            && FILTERS.iter().all(|name| equals(entry, name))
    });
    let entries: Vec<&Value> = entries.collect();
    let total = entries.len();
    let page = Page::of(&Paging::zero_based(Some(100), 100), &call.query)?;
    let records: Vec<&Value> = page.cut(entries.into_iter()).collect();
    Ok(json!({ "records": records, "total": total, "object": "analytics-graph" }).into())
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
