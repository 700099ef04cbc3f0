//! Invitations: whom to invite, with what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GivenRole;
use crate::tools::shared::{Paging, TextMap, WorkspaceRole};

/// The official description lacks the names and all of the key's details but its scopes; the
/// reference sends them.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct InviteUser {
    #[schemars(extend("format" = "email"))]
    email: String,
    /// In the organisation.
    role: GivenRole,
    /// May be empty.
    workspaces: Vec<Place>,
    /// Makes an API key in each workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_api_key_details: Option<KeyDetails>,
    #[schemars(extend("x-hidden" = true))]
    first_name: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    last_name: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Place {
    /// Slug, from list_workspaces.
    id: String,
    role: WorkspaceRole,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct KeyDetails {
    /// Such as completions.write.
    scopes: Vec<String>,
    #[schemars(extend("x-hidden" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<TextMap>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListInvites {
    role: Option<GivenRole>,
    #[schemars(extend("format" = "email"))]
    email: Option<String>,
    status: Option<Status>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pending,
    Cancelled,
    Accepted,
    Expired,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct WhereInvite {
    /// From list_user_invites.
    #[schemars(length(min = 1))]
    invite_id: String,
}
