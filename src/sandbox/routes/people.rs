//! Users, invitations, workspaces with their members, and SCIM.

use super::{
    super::{
        invites::{self, INVITES},
        members, scim,
        users::USERS,
        workspaces::WORKSPACES,
    },
    Plane::Control,
    Route,
    Run::{Create, Delete, List, Own, Read, Update},
    route,
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/admin/users/invites", "organisation_users.list", Control, List(&INVITES)),
    route("POST", "/admin/users/invites", "organisation_users.create", Control, Create(&INVITES)),
    route("GET", "/admin/users/invites/{}", "organisation_users.read", Control, Read(&INVITES)),
    route(
        "DELETE",
        "/admin/users/invites/{}",
        "organisation_users.delete",
        Control,
        Own(invites::cancel),
    ),
    route(
        "POST",
        "/admin/users/invites/{}/resend",
        "organisation_users.create",
        Control,
        Own(invites::resend),
    ),
    route("GET", "/admin/users", "organisation_users.list", Control, List(&USERS)),
    route("GET", "/admin/users/{}", "organisation_users.read", Control, Read(&USERS)),
    route("PUT", "/admin/users/{}", "organisation_users.update", Control, Update(&USERS)),
    route("DELETE", "/admin/users/{}", "organisation_users.delete", Control, Delete(&USERS)),
    route("GET", "/admin/workspaces", "workspaces.list", Control, List(&WORKSPACES)),
    route("POST", "/admin/workspaces", "workspaces.create", Control, Create(&WORKSPACES)),
    route("GET", "/admin/workspaces/{}", "workspaces.read", Control, Read(&WORKSPACES)),
    route("PUT", "/admin/workspaces/{}", "workspaces.update", Control, Update(&WORKSPACES)),
    route("DELETE", "/admin/workspaces/{}", "workspaces.delete", Control, Delete(&WORKSPACES)),
    route("GET", "/admin/workspaces/{}/users", "workspace_users.list", Control, Own(members::list)),
    route(
        "POST",
        "/admin/workspaces/{}/users",
        "workspace_users.create",
        Control,
        Own(members::add),
    ),
    route(
        "GET",
        "/admin/workspaces/{}/users/{}",
        "workspace_users.read",
        Control,
        Own(members::read),
    ),
    route(
        "PUT",
        "/admin/workspaces/{}/users/{}",
        "workspace_users.update",
        Control,
        Own(members::update),
    ),
    route(
        "DELETE",
        "/admin/workspaces/{}/users/{}",
        "workspace_users.delete",
        Control,
        Own(members::remove),
    ),
    // No scope of SCIM is documented: it is held to those of what it changes.
    route("GET", "/scim/groups", "workspaces.list", Control, Own(scim::groups)).v2(),
    route("GET", "/scim/workspaces", "workspaces.list", Control, Own(scim::mappings)),
    route("POST", "/scim/workspaces", "workspaces.update", Control, Own(scim::map)),
    route("DELETE", "/scim/workspaces/{}", "workspaces.update", Control, Own(scim::unmap)),
];
