//! Members: who is in a workspace, and as what.

use portkey_admin_mcp::tools::Catalogue;
use serde_json::{Value, json};

use super::{PATH, seeded, stored};
use crate::support::{serve, serve_key, settings};

#[tokio::test]
async fn members_are_listed_past_the_first_page() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Production").await["slug"].as_str().unwrap().to_owned();
    let target = format!("GET {PATH}/{id}/users?current_page=0&page_size=20");
    let all = served
        .sends_one("list_workspace_members", json!({ "workspace_id": id }), &target, Value::Null)
        .await;
    assert_eq!(all.data()["total"], 5);
    let (mut names, mut page) = (Vec::new(), json!(0));
    while !page.is_null() {
        let args = json!({ "workspace_id": id, "current_page": page, "page_size": 2 });
        let target = format!("GET {PATH}/{id}/users?current_page={page}&page_size=2");
        let list = served.sends_one("list_workspace_members", args, &target, Value::Null).await;
        let rows = list.data()["data"].as_array().unwrap().iter();
        names.extend(rows.map(|row| row["first_name"].as_str().unwrap().to_owned()));
        page = list.data()["next_page"].clone();
    }
    assert_eq!(names, ["Mara", "Tobin", "Ines", "Oskar", "Juno"]);
    let args =
        json!({ "workspace_id": id, "role": "member", "email": "ines.callowmere@example.com" });
    let target = format!(
        "GET {PATH}/{id}/users?role=member&email=ines.callowmere%40example.com&current_page=0&page_size=20"
    );
    let list = served.sends_one("list_workspace_members", args, &target, Value::Null).await;
    assert_eq!(list.data()["total"], 1);
}

#[tokio::test]
async fn people_join_alone_or_together_and_leave() {
    let served = serve(settings()).await;
    let row = seeded(&served, "Staging").await;
    let id = row["slug"].as_str().unwrap();
    let people = served.account("admin").get("/admin/users").await;
    let person = |n: usize| people["data"][n]["id"].as_str().unwrap().to_owned();
    let (tobin, oskar, wes) = (person(1), person(3), person(5));
    let target = format!("POST {PATH}/{id}/users");
    let args = json!({ "workspace_id": id, "user_id": tobin, "role": "manager" });
    let body = json!({ "users": [{ "id": tobin, "role": "manager" }] });
    let done = served.sends_one("add_workspace_member", args.clone(), &target, body.clone()).await;
    assert_eq!(done.data()["users"], body["users"]);
    let again = served.sends_one("add_workspace_member", args, &target, body).await.error();
    assert_eq!((&again["status"], &again["code"]), (&json!(409), &json!("AB07")));
    let users = json!([{ "id": oskar, "role": "member" }, { "id": wes, "role": "admin" }]);
    let args = json!({ "workspace_id": id, "users": users });
    served.sends_one("add_workspace_member", args, &target, json!({ "users": users })).await.data();

    let member = json!({ "workspace_id": id, "user_id": wes });
    let target = format!("{PATH}/{id}/users/{wes}");
    let got = served
        .sends_one("get_workspace_member", member.clone(), &format!("GET {target}"), Value::Null)
        .await;
    assert_eq!(got.data()["role"], "admin", "without the prefix ws-");
    assert_eq!(got.data()["id"], wes, "which the live answer leaves out");

    let mut args = member.clone();
    args["role"] = "member".into();
    let done = served
        .sends_one(
            "update_workspace_member",
            args,
            &format!("PUT {target}"),
            json!({ "role": "member" }),
        )
        .await;
    assert_eq!(done.data(), &json!({ "success": true, "workspace_id": id, "user_id": wes }));
    let got = served.call("get_workspace_member", member.clone()).await;
    assert_eq!(got.data()["role"], "member");

    served
        .sends_one(
            "remove_workspace_member",
            member.clone(),
            &format!("DELETE {target}"),
            Value::Null,
        )
        .await
        .data();
    assert_eq!(served.call("get_workspace_member", member).await.error()["status"], 404);
    let users = stored(&served, &row["id"]).await["users"].as_array().unwrap().len();
    assert_eq!(users, 5, "three were there, three joined, one left");
}

#[tokio::test]
async fn the_two_forms_of_adding_exclude_each_other() {
    let served = serve(settings()).await;
    let user = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let table = [
        (json!({ "user_id": user, "users": [{ "id": user, "role": "member" }] }), "users"),
        (json!({ "role": "member", "users": [{ "id": user, "role": "member" }] }), "users"),
        (json!({ "user_id": user }), "role"),
        (json!({ "role": "member" }), "user_id"),
        (json!({}), "user_id"),
        (json!({ "user_id": "somebody", "role": "member" }), "user_id"),
        (json!({ "users": [] }), "users"),
        (json!({ "users": [{ "id": user }] }), "users[0].role"),
        (json!({ "user_id": user, "role": "ws-admin" }), "role"),
    ];
    for (mut args, named) in table {
        args["workspace_id"] = "ws".into();
        assert_eq!(served.call("add_workspace_member", args).await.complaints(), [named]);
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_key_needs_the_scope_of_what_it_does() {
    let served = serve_key(settings(), "read-only").await;
    let id = seeded(&served, "Staging").await["id"].clone();
    let people = served.account("admin").get("/admin/users").await;
    let user = &people["data"][0]["id"];
    let member = json!({ "workspace_id": id, "user_id": user });
    served.call("get_workspace_member", member.clone()).await.data();
    for tool in ["update_workspace_member", "remove_workspace_member", "add_workspace_member"] {
        let mut args = member.clone();
        if tool != "remove_workspace_member" {
            args["role"] = "member".into();
        }
        let error = served.call(tool, args).await.error();
        assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{tool}");
        let scope = Catalogue::new(&[]).unwrap().get(tool).unwrap().tool.scopes[0];
        assert!(error["likely_cause"].as_str().unwrap().contains(scope), "{tool}: {error}");
    }
}
