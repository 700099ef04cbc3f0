//! Members of a workspace. Live answers may put `ws-` before a role and leave the id of one member
//! out (facts.md, "Spec against reality" 14).

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::WorkspaceId;
use crate::{
    json::Json,
    tool::{Call, Error, Result, Workflow, fields, unwrapped},
    tools::shared::{Paging, WorkspaceRole},
};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListMembers {
    #[serde(flatten)]
    workspace: WorkspaceId,
    role: Option<WorkspaceRole>,
    #[schemars(extend("format" = "email"))]
    email: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct MemberId {
    #[serde(flatten)]
    workspace: WorkspaceId,
    /// From list_workspace_members.
    #[schemars(extend("format" = "uuid"))]
    user_id: String,
}

/// The same; its answer is completed here.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct GetMember(MemberId);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateMember {
    #[serde(flatten)]
    member: MemberId,
    role: WorkspaceRole,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AddMembers {
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    workspace_id: String,
    /// From list_all_users.
    #[schemars(extend("format" = "uuid"))]
    user_id: Option<String>,
    role: Option<WorkspaceRole>,
    /// Several at once, instead of user_id and role.
    #[schemars(length(min = 1))]
    users: Option<Vec<Added>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Added {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    role: WorkspaceRole,
}

impl Workflow for AddMembers {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { workspace_id, user_id, role, users } = self;
        let users = match (user_id, role, users) {
            (None, None, Some(users)) => users,
            (Some(id), Some(role), None) => vec![Added { id, role }],
            (_, _, Some(_)) => {
                return Err(Error::argument(
                    "users",
                    "is given beside `user_id` or `role`: give one form",
                ));
            }
            (None, ..) => {
                return Err(Error::argument(
                    "user_id",
                    "is required, with `role`, unless `users` is given",
                ));
            }
            (Some(_), None, None) => {
                return Err(Error::argument("role", "is required with `user_id`"));
            }
        };
        let args = json!({ "workspace_id": workspace_id, "users": users });
        let answer =
            unwrapped(call.post("/admin/workspaces/{workspace_id}/users", args.clone()).await?);
        match answer {
            Value::Object(fields) if !fields.is_empty() => Ok(fields.into()),
            _ => Ok(json!({ "success": true, "workspace_id": workspace_id, "users": users })),
        }
    }
}

impl Workflow for GetMember {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let path = "/admin/workspaces/{workspace_id}/users/{user_id}";
        let mut member = Json::from(unwrapped(call.get(path, fields(&self.0)?.into()).await?));
        plain_role(&mut member);
        if let Json::Object(fields) = &mut member
            && !fields.iter().any(|(name, _)| name == "id")
        {
            fields.insert(0, (Cow::Borrowed("id"), Json::Text(self.0.user_id.into())));
        }
        Ok(member.into())
    }
}

/// Roles of the rows of a list as they are given, without prefix.
pub(super) fn with_plain_roles(list: &mut Json<'_>) {
    list.rows_mut("data").into_iter().flatten().for_each(plain_role);
}

/// The same for the members of a workspace.
pub(super) fn with_plain_users(workspace: &mut Json<'_>) {
    workspace.rows_mut("users").into_iter().flatten().for_each(plain_role);
}

fn plain_role(member: &mut Json<'_>) {
    let Json::Object(fields) = member else { return };
    for (name, value) in fields {
        if name == "role"
            && let Some(plain) = value.as_str().and_then(|role| role.strip_prefix("ws-"))
        {
            *value = Json::Text(plain.to_owned().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_lose_their_prefix_wherever_members_stand() {
        let members = json!([{ "role": "ws-admin", "org_role": "owner" }, { "role": "member" }]);
        let plain = json!([{ "role": "admin", "org_role": "owner" }, { "role": "member" }]);
        let mut list = Json::from(json!({ "total": 2, "data": members }));
        with_plain_roles(&mut list);
        assert_eq!(Value::from(list), json!({ "total": 2, "data": plain }));
        let mut workspace = Json::from(json!({ "slug": "ws-a", "users": members }));
        with_plain_users(&mut workspace);
        assert_eq!(Value::from(workspace), json!({ "slug": "ws-a", "users": plain }));
    }
}
