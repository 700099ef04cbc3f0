//! People: users of the organisation and invitations to it.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/users> and …/user-invites. Both
//! lists page by `currentPage` and `pageSize`. An invitation's link lets whoever has it join: it is
//! `invite_link` when created and `inviteLink` when sent again.

mod invite;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::Paging;
use crate::tool::{CAMEL_CASE_PAGES, Result, Tool, delete, get, post, put};
use invite::{InviteUser, ListInvites, WhereInvite};

pub const TOOLS: &[Tool] = &[
    get::<ListUsers>(
        "list_all_users",
        "/admin/users",
        "List the organisation's people: id, name, e-mail, role, workspaces. Not yet joined:
         list_user_invites. Of one workspace: list_workspace_members.",
    )
    .lists(CAMEL_CASE_PAGES)
    .enterprise()
    .scopes(&["organisation_users.list"])
    .intents(&[
        "who has access to Portkey",
        "show all users",
        "find a user by e-mail",
        "who is an organisation admin",
        "list people in the organisation",
    ]),
    post::<InviteUser>(
        "invite_user",
        "/admin/users/invites",
        "Invite a person by e-mail, with a role in the organisation and in workspaces. Returns id
         and invite_link, shown this once: whoever has it can join. An admin of the organisation
         reaches everything.",
    )
    .one_time(&["invite_link"])
    .read_back("list_user_invites")
    .scopes(&["organisation_users.create"])
    .intents(&[
        "add a person to the organisation",
        "invite someone to Portkey",
        "onboard a new colleague",
        "give somebody access",
    ]),
    get::<UserId>(
        "get_user",
        "/admin/users/{user_id}",
        "Get one user: name, e-mail, organisation role, workspaces. Roles inside a workspace:
         get_workspace_member.",
    )
    .enterprise()
    .scopes(&["organisation_users.read"])
    .intents(&["show a user", "which workspaces is a user in", "role of a user"]),
    put::<UpdateUser>(
        "update_user",
        "/admin/users/{user_id}",
        "Change a user's role in the organisation; effective at once. An admin reaches every
         workspace. Roles inside a workspace: update_workspace_member.",
    )
    .replayable()
    .read_back("get_user")
    .scopes(&["organisation_users.update"])
    .intents(&[
        "make a user an organisation admin",
        "demote an admin to member",
        "change the role of a user",
    ]),
    delete::<UserId>(
        "delete_user",
        "/admin/users/{user_id}",
        "Remove a user from the organisation and all its workspaces, for good: access ends at once.
         From one workspace only: remove_workspace_member.",
    )
    .read_back("list_all_users")
    .scopes(&["organisation_users.delete"])
    .intents(&[
        "offboard a user",
        "remove a person from the organisation",
        "revoke somebody's access",
        "an employee has left",
    ]),
    get::<ListInvites>(
        "list_user_invites",
        "/admin/users/invites",
        "List invitations: id, e-mail, role, status, expiry. Who has joined: list_all_users.",
    )
    .lists(CAMEL_CASE_PAGES)
    .enterprise()
    .scopes(&["organisation_users.list"])
    .intents(&[
        "open invitations",
        "who has not accepted yet",
        "show pending invites",
        "expired invitations",
    ]),
    get::<WhereInvite>(
        "get_user_invite",
        "/admin/users/invites/{invite_id}",
        "Get one invitation: e-mail, roles, status, expiry, sender. Its link is not shown;
         resend_user_invite makes one.",
    )
    .scopes(&["organisation_users.read"])
    .intents(&[
        "show an invitation",
        "was the invitation accepted",
        "when does an invite expire",
    ]),
    delete::<WhereInvite>(
        "delete_user_invite",
        "/admin/users/invites/{invite_id}",
        "Cancel an invitation that was not accepted: its link stops working. Who has joined is
         removed with delete_user.",
    )
    .read_back("list_user_invites")
    .scopes(&["organisation_users.delete"])
    .intents(&["cancel an invitation", "withdraw an invite", "invited the wrong person"]),
    post::<WhereInvite>(
        "resend_user_invite",
        "/admin/users/invites/{invite_id}/resend",
        "Send an invitation's e-mail again. Returns inviteLink, shown this once: whoever has it can
         join.",
    )
    .one_time(&["inviteLink"])
    .read_back("get_user_invite")
    .scopes(&["organisation_users.create"])
    .intents(&[
        "send the invitation again",
        "the invite mail did not arrive",
        "get a new invite link",
    ]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListUsers {
    role: Option<OrganisationRole>,
    #[schemars(extend("format" = "email"))]
    email: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OrganisationRole {
    Admin,
    Member,
    Owner,
}

// The roles that can be given.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum GivenRole {
    Admin,
    Member,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UserId {
    /// From list_all_users.
    #[schemars(length(min = 1))]
    user_id: String,
}

/// The official description knows only the role; the names are what the reference sends besides.
/// The model's form is [`UpdateUserArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateUserArgs")]
pub struct UpdateUser(UpdateUserArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateUserArgs {
    /// From list_all_users.
    #[schemars(length(min = 1))]
    user_id: String,
    role: Option<GivenRole>,
    #[schemars(extend("x-hidden" = true))]
    first_name: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    last_name: Option<String>,
}

impl TryFrom<UpdateUserArgs> for UpdateUser {
    type Error = String;

    fn try_from(args: UpdateUserArgs) -> Result<Self, String> {
        if args.role.is_none() && args.first_name.is_none() && args.last_name.is_none() {
            return Err("nothing to change: give `role`".into());
        }
        Ok(Self(args))
    }
}
