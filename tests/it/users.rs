//! The tools of users and invitations, from the endpoint to what the sandbox stores.

use serde_json::{Value, json};

use crate::support::{Served, serve, serve_key, settings};

const USERS: &str = "/v1/admin/users";

/// The seeded user with this first name.
async fn user(served: &Served, name: &str) -> Value {
    let list = served.account("admin").get("/admin/users").await;
    let rows = list["data"].as_array().unwrap();
    rows.iter().find(|row| row["first_name"] == name).unwrap().clone()
}

#[tokio::test]
async fn both_lists_page_in_camel_case_and_send_every_filter() {
    let served = serve(settings()).await;
    let target = format!("GET {USERS}?currentPage=0&pageSize=20");
    let list = served.sends_one("list_all_users", json!({}), &target, Value::Null).await;
    assert_eq!(list.data()["total"], 6);
    let row = &list.data()["data"][0];
    assert!(row["workspace_ids"][0].as_str().unwrap().starts_with("ws-"), "{row}");
    let created = row["created_at"].as_str().unwrap();
    assert!(created.contains('T') && created.ends_with('Z'), "{created}");

    let args = json!({ "role": "member", "email": "ines.callowmere@example.com", "current_page": 0, "page_size": 5 });
    let target = format!(
        "GET {USERS}?role=member&email=ines.callowmere%40example.com&currentPage=0&pageSize=5"
    );
    let list = served.sends_one("list_all_users", args, &target, Value::Null).await;
    assert_eq!(
        (&list.data()["total"], &list.data()["data"][0]["first_name"]),
        (&json!(1), &json!("Ines"))
    );

    let target = format!("GET {USERS}/invites?currentPage=0&pageSize=20");
    let list = served.sends_one("list_user_invites", json!({}), &target, Value::Null).await;
    assert_eq!(list.data()["total"], 4);
    let args = json!({
        "role": "admin", "email": "rufus.emberly@example.com", "status": "pending",
        "current_page": 0, "page_size": 1,
    });
    let target = format!(
        "GET {USERS}/invites?role=admin&email=rufus.emberly%40example.com&status=pending\
         &currentPage=0&pageSize=1"
    );
    let list = served.sends_one("list_user_invites", args, &target, Value::Null).await;
    assert_eq!(list.data()["data"][0]["email"], "rufus.emberly@example.com");
}

#[tokio::test]
async fn every_user_is_reached_page_by_page() {
    let served = serve(settings()).await;
    let (mut names, mut page) = (Vec::new(), json!(0));
    while !page.is_null() {
        let args = json!({ "current_page": page, "page_size": 4 });
        let list = served.call("list_all_users", args).await;
        let rows = list.data()["data"].as_array().unwrap().iter();
        names.extend(rows.map(|row| row["first_name"].as_str().unwrap().to_owned()));
        page = list.data()["next_page"].clone();
    }
    assert_eq!(names, ["Mara", "Tobin", "Ines", "Oskar", "Juno", "Wes"]);
}

#[tokio::test]
async fn a_user_changes_role_and_the_rest_stays() {
    let served = serve(settings()).await;
    let before = user(&served, "Ines").await;
    let id = before["id"].as_str().unwrap();
    let target = format!("{USERS}/{id}");
    let got = served
        .sends_one("get_user", json!({ "user_id": id }), &format!("GET {target}"), Value::Null)
        .await;
    assert_eq!((&got.data()["email"], &got.data()["role"]), (&before["email"], &json!("member")));
    for (args, body) in [
        (json!({ "user_id": id, "role": "admin" }), json!({ "role": "admin" })),
        (
            json!({ "user_id": id, "role": "member", "first_name": "I", "last_name": "C" }),
            json!({ "role": "member", "first_name": "I", "last_name": "C" }),
        ),
        (json!({ "user_id": id, "role": "admin" }), json!({ "role": "admin" })),
    ] {
        let done = served.sends_one("update_user", args, &format!("PUT {target}"), body).await;
        assert_eq!(done.data(), &json!({ "success": true, "user_id": id }));
    }
    let mut after = user(&served, "Ines").await;
    assert_eq!(after["role"], "admin");
    for field in ["role", "last_updated_at"] {
        after[field] = before[field].clone();
    }
    assert_eq!(after, before);
    served.sent();
    let error = served.call("update_user", json!({ "user_id": id })).await.error();
    assert!(error["message"].as_str().unwrap().contains("give `role`"), "{error}");
    assert_eq!(
        served.call("update_user", json!({ "user_id": id, "role": "owner" })).await.complaints(),
        ["role"]
    );
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_user_who_is_removed_is_in_no_workspace() {
    let served = serve(settings()).await;
    let ines = user(&served, "Ines").await;
    let id = ines["id"].as_str().unwrap();
    let target = format!("DELETE {USERS}/{id}");
    let done =
        served.sends_one("delete_user", json!({ "user_id": id }), &target, Value::Null).await;
    assert_eq!(done.data(), &json!({ "success": true, "user_id": id }));
    assert_eq!(served.call("get_user", json!({ "user_id": id })).await.error()["status"], 404);
    let workspace = ines["workspace_ids"][0].as_str().unwrap();
    let workspace = served.account("admin").get(&format!("/admin/workspaces/{workspace}")).await;
    assert!(!workspace["users"].to_string().contains(id), "{workspace}");
    let owner = user(&served, "Mara").await;
    let error = served.call("delete_user", json!({ "user_id": owner["id"] })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")));
}

#[tokio::test]
async fn an_invitation_shows_its_link_once_and_lives_until_it_is_cancelled() {
    let served = serve(settings()).await;
    let least = json!({ "email": "new.one@example.com", "role": "member", "workspaces": [] });
    let target = format!("POST {USERS}/invites");
    let made = served.sends_one("invite_user", least.clone(), &target, least).await;
    let id = made.data()["id"].as_str().unwrap();
    let link = made.data()["invite_link"].as_str().unwrap();
    assert!(link.starts_with("https://"), "{link}");
    assert!(made.data()["handling"].as_str().unwrap().contains("`invite_link`"), "{}", made.data());

    let got = served
        .sends_one(
            "get_user_invite",
            json!({ "invite_id": id }),
            &format!("GET {USERS}/invites/{id}"),
            Value::Null,
        )
        .await;
    assert_eq!(got.data()["status"], "pending");
    assert!(!got.wire().contains(link), "{}", got.wire());

    let target = format!("POST {USERS}/invites/{id}/resend");
    let again = served
        .sends_one("resend_user_invite", json!({ "invite_id": id }), &target, json!({}))
        .await;
    assert_eq!(again.data()["inviteLink"], link);
    assert!(again.data()["handling"].as_str().unwrap().contains("`inviteLink`"));

    let target = format!("DELETE {USERS}/invites/{id}");
    served
        .sends_one("delete_user_invite", json!({ "invite_id": id }), &target, Value::Null)
        .await
        .data();
    let got = served.call("get_user_invite", json!({ "invite_id": id })).await;
    assert_eq!(got.data()["status"], "cancelled");
    let error = served.call("resend_user_invite", json!({ "invite_id": id })).await.error();
    assert_eq!(error["status"], 400, "{error}");
}

#[tokio::test]
async fn an_invitation_carries_roles_and_the_scopes_of_a_key() {
    let served = serve(settings()).await;
    let workspaces = served.account("admin").get("/admin/workspaces").await;
    let slug = &workspaces["data"][1]["slug"];
    let args = json!({
        "email": "whole@example.com", "role": "admin", "first_name": "W", "last_name": "H",
        "workspaces": [{ "id": slug, "role": "manager" }],
        "workspace_api_key_details": { "scopes": ["completions.write"], "name": "own",
            "expiry": "2027-01-01", "metadata": { "team": "a" } },
    });
    let target = format!("POST {USERS}/invites");
    let made = served.sends_one("invite_user", args.clone(), &target, args).await;
    let got = served.call("get_user_invite", json!({ "invite_id": made.data()["id"] })).await;
    assert_eq!(got.data()["workspaces"], json!([{ "workspace_id": slug, "role": "manager" }]));
    let least = json!({ "email": "least@example.com", "role": "member", "workspaces": [],
        "workspace_api_key_details": { "scopes": ["logs.list"] } });
    served.sends_one("invite_user", least.clone(), &target, least.clone()).await.data();
    let error = served.call("invite_user", least).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")), "invited twice");
}

#[tokio::test]
async fn what_is_wrong_with_an_invitation_is_named_and_nothing_is_sent() {
    let served = serve(settings()).await;
    let table = [
        (json!({ "email": "no address", "role": "member", "workspaces": [] }), vec!["email"]),
        (json!({ "email": "a@example.com", "role": "owner", "workspaces": [] }), vec!["role"]),
        (
            json!({ "email": "a@example.com", "role": "member", "workspaces": [{ "id": "ws" }] }),
            vec!["workspaces[0].role"],
        ),
        (
            json!({ "email": "a@example.com", "role": "member", "workspaces": [{ "id": "ws", "role": "boss" }] }),
            vec!["workspaces[0].role"],
        ),
        (
            json!({ "email": "a@example.com", "role": "member", "workspaces": [], "workspace_api_key_details": {} }),
            vec!["workspace_api_key_details.scopes"],
        ),
        (json!({}), vec!["email", "role", "workspaces"]),
    ];
    for (args, named) in table {
        let mut complaints = served.call("invite_user", args).await.complaints();
        complaints.sort();
        assert_eq!(complaints, named);
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn other_keys_may_not_touch_people() {
    let reader = serve_key(settings(), "read-only").await;
    let args = json!({ "email": "a@example.com", "role": "member", "workspaces": [] });
    let error = reader.call("invite_user", args).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")));
    assert!(error["likely_cause"].as_str().unwrap().contains("`organisation_users.create`"));
    let workspace = serve_key(settings(), "workspace").await;
    assert_eq!(workspace.call("list_all_users", json!({})).await.error()["status"], 403);
    let other = serve_key(settings(), "other-admin").await;
    assert_eq!(other.call("list_all_users", json!({})).await.data()["total"], 2);
    assert_eq!(other.call("list_user_invites", json!({})).await.data()["total"], 1);
}

#[tokio::test]
async fn the_references_name_for_usage_by_user_still_works() {
    let served = serve(settings()).await;
    let args = json!({
        "time_of_generation_min": "2020-01-01T00:00:00Z", "time_of_generation_max": "2100-01-01T00:00:00Z",
        "status_code": "200,429", "virtual_keys": "a,b", "page_size": 5,
    });
    let target = "GET /v1/analytics/groups/users?time_of_generation_min=2020-01-01T00%3A00%3A00Z\
                  &time_of_generation_max=2100-01-01T00%3A00%3A00Z&status_code=200%2C429\
                  &virtual_keys=a%2Cb&current_page=0&page_size=5";
    served.sends_one("get_user_stats", args, target, Value::Null).await.data();
}
