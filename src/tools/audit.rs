//! The audit trail: who wrote what, when and from where.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/audit-logs>. It demands
//! `organisation_id`, `start_time` and `end_time` and keeps its rows under `records`. Only writes are
//! in it. Bodies, queries and headers arrive as text, in which secrets may stand: here they are read,
//! so that these are masked.

mod record;
mod search;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::Paging;
use crate::tool::{Effect, Tool, run};

pub const TOOLS: &[Tool] = &[run::<ListAuditLogs>(
    "list_audit_logs",
    Effect::Reads,
    "List writes to the organisation, a page at a time: time, method, URI, body, who, from where, status.
     Without times it shows the last 7 days; the answer says which. Needs an organisation admin key.",
)
.enterprise()
.scopes(&["audit_logs.list"])
.intents(&[
    "who changed this",
    "who deleted a config",
    "audit trail of the last week",
    "what did this user do",
    "admin actions from an IP address",
    "failed admin requests",
])];

/// What is asked for; `organisation_id` and the times are filled in where they are absent.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListAuditLogs {
    /// Start, such as 2026-01-01T00:00:00Z; default: 7 days before end_time.
    #[schemars(extend("format" = "date-time"))]
    start_time: Option<String>,
    /// End; default: now.
    #[schemars(extend("format" = "date-time"))]
    end_time: Option<String>,
    /// Found by itself where a config, key or label shows it.
    organisation_id: Option<String>,
    method: Option<Method>,
    /// Path written to, such as /v1/configs/pc-x.
    uri: Option<String>,
    /// Who: a user from list_all_users, or an API key's id.
    #[schemars(extend("x-aliases" = ["actor_id"]))]
    user_id: Option<String>,
    user_type: Option<UserType>,
    /// From list_workspaces.
    workspace_id: Option<String>,
    /// Such as configs or virtual_keys.
    resource_type: Option<String>,
    /// Id or slug in URI or body; searched here, up to 1,000 entries a call.
    #[schemars(length(min = 1))]
    resource_id: Option<String>,
    /// Such as create, update or delete.
    action: Option<String>,
    #[schemars(range(min = 100, max = 599))]
    response_status_code: Option<u16>,
    client_ip: Option<String>,
    country: Option<String>,
    /// Id that Portkey gave one request.
    request_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    Post,
    Put,
    Delete,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum UserType {
    User,
    ApiKey,
}
