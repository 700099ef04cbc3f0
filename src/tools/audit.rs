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
    "List writes to the organisation: time, method, URI, body, who, status; by default of the last 7
     days. Needs an organisation admin key.",
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
    /// Default: 7 days before end_time.
    #[schemars(extend("format" = "date-time"))]
    start_time: Option<String>,
    /// Default: now.
    #[schemars(extend("format" = "date-time"))]
    end_time: Option<String>,
    organisation_id: Option<String>,
    method: Option<Method>,
    /// Such as /v1/configs/pc-x.
    uri: Option<String>,
    /// User or API key id.
    #[schemars(extend("x-aliases" = ["actor_id"]))]
    user_id: Option<String>,
    user_type: Option<UserType>,
    /// From list_workspaces.
    workspace_id: Option<String>,
    /// Such as configs or virtual_keys.
    resource_type: Option<String>,
    /// Id or slug in URI or body; searches 1,000 entries a call.
    #[schemars(length(min = 1))]
    resource_id: Option<String>,
    /// Such as create, update or delete.
    action: Option<String>,
    #[schemars(range(min = 100, max = 599))]
    response_status_code: Option<u16>,
    client_ip: Option<String>,
    country: Option<String>,
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
